"""The ranking that the reference shop may try: cheaper first, within what is equally near."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from catalog.models import Product, State
from catalog.rankings import CheaperWithinGrades
from tests.contracts.hooks import FOREVER, RescorerContract
from visual_search.types import EXACT_CODE, Grade, Hit, Query


class TestCheaperWithinGrades(RescorerContract):
    @pytest.fixture
    def hook(self, transactional_db) -> CheaperWithinGrades:
        # Seen by several threads, so really written.
        Product.objects.bulk_create(
            Product(
                pk=n,
                sku=f"P-{n}",
                state=State.PUBLISHED,
                price=None if n == 5 else 100 - n % 7,
                currency="" if n == 5 else "EUR",
            )
            for n in range(1, 25)
        )
        return CheaperWithinGrades()

    def test_cheaper_ones_come_first_within_a_grade_and_no_grade_passes_another(self, hook) -> None:
        after = hook.rescore(Query(words="chair"), self.hits, FOREVER).hits
        assert [hit.grade for hit in after] == [hit.grade for hit in self.hits]
        prices = dict(Product.objects.values_list("pk", "price"))
        for grade in {hit.grade for hit in after} - {Grade.DISTANT}:
            paid = [prices[int(hit.id)] or Decimal("Infinity") for hit in after if hit.grade == grade]
            assert paid == sorted(paid)
        distant = [hit.id for hit in self.hits if hit.grade is Grade.DISTANT]
        assert [hit.id for hit in after if hit.grade is Grade.DISTANT] == distant

    def test_what_the_question_names_keeps_its_place(self, hook) -> None:
        named = (replace(self.hits[0], reason=EXACT_CODE), *self.hits[1:])
        assert hook.rescore(Query(words="P-1"), named, FOREVER).hits[0].id == named[0].id

    def test_what_was_deleted_meanwhile_is_no_trouble(self, hook) -> None:
        gone = (Hit("9999", 1.0), *self.hits)
        assert len(hook.rescore(Query(words="chair"), gone, FOREVER).hits) == len(gone)
