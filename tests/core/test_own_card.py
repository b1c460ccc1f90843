"""What a source says by itself where the shop says nothing else."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.shop.models import Gadget
from visual_search.registry import Source
from visual_search.types import Card, Picture, Text


class Plain(Source):
    model = Gadget
    currency = "EUR"
    said: dict[str, Any] = {}

    def texts(self, obj):
        return self.said.get("texts", {"en": Text("A chair"), "zh-CN": Text("椅子"), "zh-TW": Text("凳子")})

    def pictures(self, obj):
        return (
            Picture(str(place), bytes, place, url=f"/{place}.png") for place in self.said.get("pictures", (2, 0, 1))
        )

    def facets(self, obj):
        return self.said.get("facets", {"price": Decimal("12.5"), "in_stock": False})

    def codes(self, obj):
        return self.said.get("codes", [None, "", "CHR-1", "4012345678901"])


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gadgets have a page each."""
    monkeypatch.setattr(Gadget, "get_absolute_url", lambda gadget: f"/gadgets/{gadget.pk}/", raising=False)


def card(language: str | None = None, **said: Any) -> Card:
    return type("Said", (Plain,), {"said": said})().card(Gadget(pk=7), language)


@pytest.mark.usefixtures("address")
def test_a_tile_is_made_of_what_the_source_says() -> None:
    assert card() == Card("7", "CHR-1", "A chair", "/gadgets/7/", "/0.png", "12.50 EUR", in_stock=False)


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "A chair"), ("zh", "椅子"), ("zh-TW", "椅子"), ("fr", "A chair"), ("", "A chair"), (None, "A chair")],
)
def test_the_title_is_in_the_shopper_s_language_or_in_the_shop_s(language: str | None, title: str) -> None:
    assert card(language).title == title


def test_what_is_not_said_is_left_out() -> None:
    bare = card(texts={}, pictures=(), facets={}, codes=())
    assert bare == Card("7", "", "", "", "", "", in_stock=True)
    free = card(facets={"price": 0, "in_stock": True})
    assert (free.price, free.in_stock) == ("0.00 EUR", True)
