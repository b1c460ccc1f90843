"""What may be suggested: counted by a rebuild, new categories with a save, kept in memory, seen by every process."""

from __future__ import annotations

import pytest
from django.db import OperationalError

from tests.core.conftest import GADGETS, shop  # noqa: F401
from tests.shop.models import Gadget, Maker
from visual_search import rebuilding
from visual_search.content import phrases
from visual_search.models import StoredPhrase
from visual_search.signals import phrases_wanted
from visual_search.types import CATEGORY, CollectionSchema, Document, FacetField, FacetKind, Text

SCHEMA = CollectionSchema((), (CATEGORY, FacetField("maker", FacetKind.KEYWORD)), ("en", "de"))


def document(n: int, title: str, **facets) -> Document:
    return Document(str(n), 1, texts={"en": Text(title)}, facets=facets)


def kept(**more) -> dict[tuple[str, str], int]:
    rows = StoredPhrase.objects.filter(collection=GADGETS, **more)
    return {(row.language, row.text): row.objects_having for row in rows}


def queries(typed: str, language: str = "en") -> list[str]:
    return [phrase.text for phrase in phrases.of(GADGETS).queries(typed, language, most=9)]


def categories(typed: str) -> list[str]:
    return [phrase.text for phrase in phrases.of(GADGETS).categories.find(typed, "en", most=9)]


def test_a_rebuild_counts_what_several_titles_say(shop):  # noqa: F811
    maker = Maker.objects.create(name="Nord & Co")
    gadgets = [
        shop.add("Brass desk lamp", name_de="Lampe", maker=maker, category="Home > Light"),
        shop.add("Oak desk lamp", name_de="Lampe", maker=maker, category="Home > Light > Desk"),
        shop.add("Sofa", category="Home"),
    ]
    shop.index()
    assert kept(is_category=False) == {}, "Phrases are counted by a rebuild."
    rebuilding.rebuild(GADGETS)
    assert kept(is_category=False) == {("en", "desk lamp"): 2, ("de", "lampe"): 2, ("", "Nord & Co"): 2}
    assert kept(is_category=True) == {("", "Home"): 3, ("", "Home > Light"): 2, ("", "Home > Light > Desk"): 1}
    assert queries("des") == ["desk lamp"]
    assert queries("nord") == ["Nord & Co"]
    assert queries("lam", "de") == ["lampe"]
    assert queries("des", "de") == ["desk lamp"], "Other languages are told where the page's has nothing."
    assert categories("lig") == ["Home > Light"]

    Gadget.objects.filter(pk=gadgets[0].pk).delete()
    rebuilding.rebuild(GADGETS)
    assert kept(is_category=False) == {}
    assert queries("des") == []
    assert kept(is_category=True) == {("", "Home"): 2, ("", "Home > Light"): 1, ("", "Home > Light > Desk"): 1}


def test_a_save_brings_its_category_at_once(shop, django_assert_num_queries):  # noqa: F811
    assert categories("lig") == []
    shop.add("Lamp", category="Home > Light")
    shop.index()
    assert categories("lig") == ["Home > Light"]
    held = list(StoredPhrase.objects.values_list("pk", flat=True))
    shop.add("Lamp", category="Home > Light")
    shop.index()
    assert list(StoredPhrase.objects.values_list("pk", flat=True)) == held
    known = document(1, "Lamp", category="Home > Light")
    phrases.of(GADGETS)
    with django_assert_num_queries(0):
        phrases.note(GADGETS, [known], SCHEMA)


def test_what_another_process_does_is_seen_after_a_while(shop, monkeypatch):  # noqa: F811
    shop.add("Lamp", category="Home")
    shop.index()
    assert categories("hom") == ["Home"]
    other = StoredPhrase(collection=GADGETS, is_category=True, text="Garden", plain="garden")
    StoredPhrase.objects.all().add([other])
    assert categories("gar") == []
    monkeypatch.setattr(phrases, "LOOK_SECONDS", 0)
    assert categories("gar") == ["Garden"]
    # A rebuild there: nothing of before stays.
    new = StoredPhrase(collection=GADGETS, language="en", text="desk lamp", plain="desk lamp", objects_having=5)
    StoredPhrase.objects.all().renew(GADGETS, [new])
    assert (queries("des"), categories("gar"), categories("hom")) == (["desk lamp"], [], [])
    newer = StoredPhrase(collection=GADGETS, language="en", text="desk", plain="desk", objects_having=5)
    StoredPhrase.objects.all().renew(GADGETS, [newer])
    assert queries("des") == ["desk"]
    StoredPhrase.objects.all().renew(GADGETS, [])
    assert queries("des") == []


def test_what_is_read_halfway_is_read_again(shop, monkeypatch):  # noqa: F811
    rows = [StoredPhrase(collection=GADGETS, language="en", text=text, plain=text) for text in ("desk", "lamp", "sofa")]
    StoredPhrase.objects.all().renew(GADGETS, rows)
    whole = phrases.Phrase
    made = []

    def failing(*said):
        if len(made) == 1:
            raise OperationalError("the connection is gone")
        made.append(said)
        return whole(*said)

    with monkeypatch.context() as away:
        away.setattr(phrases, "Phrase", failing)
        with pytest.raises(OperationalError):
            queries("des")
    assert [queries(typed) for typed in ("des", "lam", "sof")] == [["desk"], ["lamp"], ["sofa"]]


def test_rows_that_become_visible_late_are_read(shop, monkeypatch):  # noqa: F811
    """A rebuild on PostgreSQL has taken its keys before a save's, and is committed after it."""
    monkeypatch.setattr(phrases, "LOOK_SECONDS", 0)
    StoredPhrase.objects.create(pk=900, collection=GADGETS, is_category=True, text="Home", plain="home")
    assert categories("hom") == ["Home"]
    StoredPhrase.objects.create(pk=800, collection=GADGETS, language="en", text="desk", plain="desk")
    assert (queries("des"), categories("hom")) == (["desk"], ["Home"])


def test_collections_have_phrases_of_their_own(shop):  # noqa: F811
    StoredPhrase.objects.all().add([StoredPhrase(collection="other", is_category=True, text="Garden", plain="garden")])
    assert categories("gar") == []


@pytest.mark.parametrize(("objects", "least"), [(10, 2), (600, 3), (999, 4), (1000, 5), (3000, 5)])
def test_the_larger_a_shop_the_more_titles_must_say_it(objects, least):
    counts = phrases.Counts()
    said = ["desk lamp"] * (least - 1) + ["oak table"] * least
    said += [f"{n:x}thing" for n in range(objects - len(said))]
    counts.add((document(n, title) for n, title in enumerate(said)), SCHEMA)
    assert counts.queries() == {("en", "oak table"): least}


def test_counts_stay_within_their_bounds(monkeypatch):
    monkeypatch.setattr(phrases, "MOST_PHRASES", 20)
    counts = phrases.Counts()
    for round in range(5):
        counts.add((document(round * 1000 + n, f"common thing number{n}x") for n in range(100)), SCHEMA)
    assert len(counts._counts) <= 2 * phrases.MOST_PHRASES + 10
    assert counts.queries()["en", "common thing"] > 400, "What is common is counted to the end."
    assert len(counts.queries()) <= 20


def test_what_no_facet_field_may_be_is_no_category():
    counts = phrases.Counts()
    other = CollectionSchema((), (FacetField("category", FacetKind.KEYWORD),), ("en",))
    counts.add([document(1, "Lamp", category="Home")], other)
    assert counts.categories() == {}
    several = document(2, "Lamp", category=("Home > Light", "Sale", "Home > Light"))
    counts.add([several, document(3, "Lamp", category=None)], SCHEMA)
    assert counts.categories() == {"Home": 1, "Home > Light": 1, "Sale": 1}


class Asked:
    """A feature that knows what people asked."""

    def __init__(self) -> None:
        self.said: object = {}

    def answer(self, collection: str, **kwargs: object) -> object:
        if isinstance(self.said, Exception):
            raise self.said
        return self.said if collection == GADGETS else {}


@pytest.fixture
def asked():
    receiver = Asked()
    phrases_wanted.connect(receiver.answer)
    yield receiver
    phrases_wanted.disconnect(receiver.answer)


def test_what_people_asked_comes_first_if_the_shop_has_its_words(shop, asked):  # noqa: F811
    for name in ("Brass desk lamp", "Oak desk lamp"):
        shop.add(name)
    shop.index()
    rebuilding.rebuild(GADGETS)
    asked.said = {"brass lamp": 40, "desk lamp": 30, "lamp repair": 99, "": 5, "42": 5, "x" * 500: 9}
    phrases.forget()
    assert queries("lam") == ["brass lamp", "desk lamp"]
    assert queries("br") == ["brass lamp"]


@pytest.mark.parametrize("said", [RuntimeError("away"), None, "text"])
def test_a_feature_that_fails_costs_its_own_phrases_alone(shop, asked, said):  # noqa: F811
    shop.add("Lamp", category="Home")
    shop.index()
    asked.said = said
    phrases.forget()
    assert categories("hom") == ["Home"]
