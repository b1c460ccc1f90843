"""Which collections there are, and which is asked where none is named."""

from __future__ import annotations

import pytest

from tests.shop.models import Gadget, Item
from visual_search import checks, registry
from visual_search.errors import BadInput, ConfigurationError
from visual_search.querying import parsing
from visual_search.registry import Source


class Things(Source):
    model = Gadget
    collection = "things"


class Items(Source):
    model = Item
    collection = "items"


class Products(Source):
    model = Item


class Faults(Source):
    model = Item
    collection = "faults"
    public = False


def known(monkeypatch, *sources: type[Source]) -> None:
    monkeypatch.setattr(registry, "_sources", {source.collection: source() for source in sources})


@pytest.mark.parametrize(
    ("sources", "default"),
    [
        ((Things,), "things"),
        ((Things, Items), "things"),
        ((Items, Things), "items"),
        ((Things, Products), "products"),
        ((Faults, Things), "things"),
    ],
)
def test_products_are_asked_else_the_first_that_anybody_may_ask(monkeypatch, sources, default):
    known(monkeypatch, *sources)
    assert registry.default() == default
    assert parsing.collection("") == default


@pytest.mark.parametrize("sources", [(), (Faults,)])
def test_nothing_can_be_asked(monkeypatch, sources):
    known(monkeypatch, *sources)
    with pytest.raises(ConfigurationError, match="no app of INSTALLED_APPS has a search.py with a public source"):
        registry.default()


@pytest.mark.parametrize("name", ["faults", "thing", "THINGS", "things\x00"])
def test_what_nobody_may_ask_is_not_found(monkeypatch, name):
    known(monkeypatch, Faults, Things, Items)
    with pytest.raises(BadInput) as refusal:
        parsing.collection(name)
    assert (refusal.value.status, refusal.value.code, refusal.value.field) == (404, "unknown_collection", "collection")
    assert str(refusal.value) == f"collection is {name!r}; it must be one of: things, items."


def test_a_source_says_what_its_objects_are_called(monkeypatch):
    assert Things().label == "Gadgets"
    monkeypatch.setattr(Things, "label", "Spare parts")
    assert Things().label == "Spare parts"


def test_other_collections_of_the_results_page_must_be_public(monkeypatch, settings):
    known(monkeypatch, Faults, Things)
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "ALSO_SEARCH": ["things", "faults"]}
    (message,) = [message for message in checks.check_sources() if message.id == "visual_search.E026"]
    assert "names 'faults'" in message.msg
    assert "one of: things" in message.hint
