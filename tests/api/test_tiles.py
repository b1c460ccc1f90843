"""A tile's fields in REST are those of `Card`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from tests.api.test_openapi import document
from visual_search.api import tiles
from visual_search.types import Card

KNOWN = (
    '{"id": "1", "sku": "CHR-1", "title": "Chair", "url": "/p/1/", "image": "/media/1.jpg", "price": "5 EUR", '
    '"in_stock": true'
)


@dataclass(frozen=True, slots=True)
class LongerCard(Card):
    """A card of tomorrow."""

    used: bool = field(default=False, metadata={"help": "Whether somebody had it before."})
    maker_name: str = field(default="", metadata={"rest": "maker"})
    note: str = field(default="", metadata={"rest": None})
    stars: float = 0.0
    left: int = 0


def test_what_clients_know_stays_as_it_is() -> None:
    card = Card("1", "CHR-1", "Chair", "/p/1/", image_url="/media/1.jpg", price="5 EUR", subtitle="Oak")
    assert json.dumps(tiles.to_json(card)).startswith(KNOWN)
    assert "Oak" not in tiles.to_json(card).values()


def test_without_a_card_there_are_the_same_names() -> None:
    empty = tiles.to_json(None)
    assert list(empty) == list(tiles.to_json(Card("1", "CHR-1", "Chair", "/p/1/")))
    assert (empty["sku"], empty["image"], empty["in_stock"]) == ("", "", False)


def test_a_new_field_is_in_answers_and_in_the_document_by_itself(monkeypatch, client, db) -> None:
    before = list(tiles.to_json(None))
    monkeypatch.setattr(tiles, "Card", LongerCard)
    card = LongerCard("1", "CHR-1", "Chair", "/p/1/", used=True, maker_name="Acme", note="heavy", stars=4.5, left=2)
    shown = tiles.to_json(card)
    assert list(shown) == [*before, "used", "maker", "stars", "left"]
    assert [shown[name] for name in ("used", "maker", "stars", "left")] == [True, "Acme", 4.5, 2]
    described = document(client)["components"]["schemas"]["SearchHit"]
    assert list(described["properties"])[: len(shown)] == list(shown)
    assert described["properties"]["used"] == {"type": "boolean", "description": "Whether somebody had it before."}
    assert described["properties"]["stars"] == {"type": "number", "format": "double"}
    assert described["properties"]["left"] == {"type": "integer"}
    assert set(shown) <= set(described["required"])
