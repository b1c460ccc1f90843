"""What is typed and not asked leaves nothing (promise P1)."""

from __future__ import annotations

import pytest

from tests.search.shop import _intact, empty_shop  # noqa: F401
from visual_search.content import phrases
from visual_search.features.query_log.models import LedgerEntry, PublicRelease, QueryCount


@pytest.mark.parametrize("mode", ["anonymous", "counters"])
def test_half_typed_words_leave_nothing_while_a_question_is_noted(shop, empty_shop, client, mode) -> None:  # noqa: F811
    shop.use(MODE=mode)
    empty_shop.fill()
    before = shop.everything()
    for typed in ("re", "red", "red c", "red cha", "red chai"):
        answer = client.get("/api/v1/suggest", {"q": typed})
        assert answer.status_code == 200
    assert answer.json()["suggestions"]
    shop.buffer.flush()
    assert shop.everything() == before
    client.get("/api/v1/search", {"q": "red chair"})
    shop.buffer.flush()
    assert shop.everything() != before


def release(window: int, name: str = "texts", **counts: int) -> None:
    entry = LedgerEntry.objects.create(
        window=window, window_days=28, name=name, epsilon="1", delta="0.000001", per_client=3
    )
    PublicRelease.objects.create(
        entry=entry, readable_from=29, threshold=73,
        counts={text.replace("_", " "): count for text, count in counts.items()},
    )  # fmt: skip


def suggested(client, q: str) -> list[str]:
    phrases.forget()  # It asks once an hour.
    lines = client.get("/api/v1/suggest", {"q": q}).json()["suggestions"]
    return [line["title"] for line in lines if line["kind"] == "query"]


def test_the_last_public_list_is_suggested_and_nothing_else_of_the_log(shop, empty_shop, client) -> None:  # noqa: F811
    shop.use()
    empty_shop.fill()
    QueryCount.objects.create(day=1, text="blue chair", clients=40, queries=50, without_results=0)
    assert suggested(client, "cha") == []
    release(1, brass_lamp=99)
    release(2, red_chair=90, green_sofa=80, canary_chair=200)
    assert suggested(client, "cha") == ["red chair"], "What the shop has no word of finds nothing."
    assert suggested(client, "lam") == [], "An older list was true of its own window."
    shop.use(MODE="counters")
    assert suggested(client, "cha") == []
