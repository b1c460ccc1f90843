"""What the device remembers moves what it should, and nothing else; and nothing of it stays (promise P11)."""

from __future__ import annotations

import io
import logging
from dataclasses import replace

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from tests.contracts.hooks import RescorerContract
from tests.contracts.hooks import hits as graded
from tests.core.conftest import GADGETS, picture
from visual_search.features.personalisation import item_vectors, tasks
from visual_search.features.personalisation.models import ItemVector
from visual_search.features.personalisation.rescorer import PersonalRescorer
from visual_search.hooks import Moment, Rescorers
from visual_search.types import AnyOf, Grade, Hit, Query, TasteEvent

pytestmark = pytest.mark.django_db
FOREVER = Moment(deadline=float("inf"))


def variant(seed: int) -> bytes:
    """Pictures that are variants of one thing, as the hits of one question are."""
    base = np.random.default_rng(7).integers(60, 200, (6, 6, 3))
    own = np.random.default_rng(seed).integers(-50, 50, (6, 6, 3))
    file = io.BytesIO()
    Image.fromarray((base + own).astype(np.uint8)).resize((60, 60), Image.Resampling.NEAREST).save(file, "PNG")
    return file.getvalue()


class Shelf:
    """Twenty gadgets with pictures, indexed, as hits in falling order."""

    def __init__(self, shop) -> None:
        self.gadgets = [
            shop.add(f"thing of kind {n}", variant(n), category="Health > Intimate" if n == 19 else "Home")
            for n in range(20)
        ]
        self.viewed = shop.add(
            "thing of kind 12", variant(12), category="Home"
        )  # a twin of the thirteenth, not among the hits
        self.secret = shop.add("thing of kind 12", variant(12), category="Health > Intimate")
        # Other things, so that there is a near and a far.
        for n in range(20):
            shop.add(f"other {n * 31} piece {n * 17}", picture(n))
        shop.index()
        item_vectors.refresh(GADGETS)
        self.hits = tuple(Hit(str(gadget.pk), 1 - n / 100) for n, gadget in enumerate(self.gadgets[:19]))

    def id(self, n: int) -> str:
        return str(self.gadgets[n].pk)


@pytest.fixture
def shelf(shop) -> Shelf:
    return Shelf(shop)


def ask(*events: TasteEvent, **more) -> Query:
    return Query(collection=GADGETS, words="thing", taste=events, **more)


def saw(gadget, kind: str = "view") -> TasteEvent:
    return TasteEvent(str(getattr(gadget, "pk", gadget)), kind)


def order(hits) -> list[str]:
    return [hit.id for hit in hits]


class TestContract(RescorerContract):
    """With memories and hits of which some are moved and some are left as they came."""

    @pytest.fixture
    def hook(self, shelf) -> PersonalRescorer:
        # Without the first grade of the contract's hits: a photo of the very thing is never reordered.
        close = [replace(hit, grade=None if hit.grade is Grade.SAME else hit.grade) for hit in graded(19)]
        self.hits = tuple(replace(hit, id=shelf.id(n)) for n, hit in enumerate(close))
        self.questions = (
            ask(),
            ask(saw(shelf.viewed)),
            ask(saw(shelf.id(12), "purchase"), saw(shelf.id(18), "purchase"), explain=True),
            ask(saw(shelf.viewed), page=3, page_size=6),
            ask(saw(shelf.viewed), sort="-price"),
            ask(TasteEvent("no such thing", "view")),
        )
        return PersonalRescorer(relevance=1, repeat=1)

    def test_the_questions_of_this_contract_try_it(self, hook) -> None:
        notes = [hook.rescore(query, self.hits, FOREVER).note for query in self.questions]
        assert notes == ["", "personalised", "personalised", "personalised", "sorted", "no_history"]
        assert hook.rescore(self.questions[2], self.hits, FOREVER).hits != self.hits


def test_what_resembles_something_viewed_rises_and_says_so(shelf) -> None:
    events = [saw(shelf.viewed, kind) for kind in ("view", "click", "basket")]
    after = PersonalRescorer(relevance=1).rescore(ask(*events), shelf.hits, FOREVER)
    place = order(after.hits).index(shelf.id(12))
    assert after.note == "personalised"
    assert place < 12
    assert (after.hits[place].reason, after.hits[place].because) == ("viewed", str(shelf.viewed.pk))
    assert sorted(order(after.hits)) == sorted(order(shelf.hits))


def test_what_was_bought_before_rises_and_says_so(shelf) -> None:
    after = PersonalRescorer(relevance=0, repeat=1).rescore(ask(saw(shelf.id(15), "purchase")), shelf.hits, FOREVER)
    place = order(after.hits).index(shelf.id(15))
    assert place < 15
    assert after.hits[place].reason == "bought_before"


def test_the_shops_cap_holds(shelf) -> None:
    rescorer = PersonalRescorer(repeat=50, promote_at_most=3)
    after = rescorer.rescore(ask(saw(shelf.id(15), "purchase")), shelf.hits, FOREVER)
    assert order(after.hits).index(shelf.id(15)) == 12


def test_explain_gives_all_parts_of_the_scores_that_the_order_goes_by(shelf) -> None:
    events = [saw(shelf.viewed, "basket"), saw(shelf.id(15), "purchase")]
    rescorer = PersonalRescorer(relevance=1, promote_at_most=20)
    after = rescorer.rescore(ask(*events, explain=True), shelf.hits, FOREVER)
    parts = {hit.id: {name.partition(".")[2]: value for name, value in hit.legs.items()} for hit in after.hits}
    for part in parts.values():
        assert part["base"] + part["relevance"] + part["repeat"] == pytest.approx(part["score"], abs=1e-5)
    scores = [parts[hit.id]["score"] for hit in after.hits]
    assert scores == sorted(scores, reverse=True)
    base = [parts[hit.id]["base"] for hit in shelf.hits]
    assert (np.mean(base), np.std(base)) == (pytest.approx(0, abs=1e-5), pytest.approx(1, abs=1e-4))
    assert base == sorted(base, reverse=True), "the order that everybody gets"
    assert [id for id, part in parts.items() if part["repeat"]] == [shelf.id(15)]
    assert parts[shelf.id(12)]["relevance"] > 0
    assert not any("personal.score" in hit.legs for hit in rescorer.rescore(ask(*events), shelf.hits, FOREVER).hits)


def test_no_memory_gives_the_very_same_answer_without_a_query(shelf) -> None:
    with CaptureQueriesContext(connection) as queries:
        after = PersonalRescorer().rescore(ask(), shelf.hits, FOREVER)
    assert after.hits is shelf.hits
    assert after.note == ""
    assert len(queries) == 0


@pytest.mark.parametrize("events", [[TasteEvent("no such thing", "purchase")], [TasteEvent("'; drop table", "view")]])
def test_a_memory_of_strange_things_changes_nothing(shelf, events) -> None:
    after = PersonalRescorer(relevance=1).rescore(ask(*events), shelf.hits, FOREVER)
    assert (after.hits, after.note) == (shelf.hits, "no_history")


@pytest.mark.parametrize(
    ("more", "note"),
    [
        ({"sort": "price"}, "sorted"),
        ({"filters": (AnyOf("category", ("Health > Intimate",)),)}, "sensitive"),
        ({"filters": (AnyOf("category", ("Health > Intimate > Care",)),)}, "sensitive"),
    ],
)
def test_some_questions_are_never_personal(shelf, more, note) -> None:
    rescorer = PersonalRescorer(sensitive=["Health > Intimate"])
    assert rescorer.rescore(ask(saw(shelf.viewed), **more), shelf.hits, FOREVER) == type(
        rescorer.rescore(ask(), shelf.hits, FOREVER)
    )(shelf.hits, note)


@pytest.mark.parametrize("first", [{"reason": "exact code"}, {"grade": Grade.SAME}])
def test_who_asked_for_one_thing_gets_it(shelf, first) -> None:
    hits = (Hit(shelf.id(0), 1.0, **first), *shelf.hits[1:])
    after = PersonalRescorer().rescore(ask(saw(shelf.viewed)), hits, FOREVER)
    assert (after.hits, after.note) == (hits, "exact")


def test_sensitive_things_are_not_read_from_the_memory(shelf) -> None:
    after = PersonalRescorer(sensitive=["Health"]).rescore(ask(saw(shelf.secret, "purchase")), shelf.hits, FOREVER)
    assert (after.hits, after.note) == (shelf.hits, "no_history")
    # The control: without the shop's list the same memory moves hits.
    assert PersonalRescorer().rescore(ask(saw(shelf.secret, "purchase")), shelf.hits, FOREVER).note == "personalised"


def test_sensitive_things_among_the_hits_stop_it(shelf) -> None:
    hits = (*shelf.hits, Hit(shelf.id(19), 0.1))
    after = PersonalRescorer(sensitive=["Health"]).rescore(ask(saw(shelf.viewed)), hits, FOREVER)
    assert (after.hits, after.note) == (hits, "sensitive")


def test_what_is_nothing_close_stays_behind(shelf) -> None:
    hits = tuple(
        Hit(hit.id, hit.score, Grade.DISTANT if n >= 10 else Grade.SIMILAR) for n, hit in enumerate(shelf.hits)
    )
    after = PersonalRescorer(repeat=50).rescore(ask(saw(shelf.id(12), "purchase")), hits, FOREVER)
    assert after.hits[10:] == hits[10:]


def test_before_vectors_are_made_what_was_bought_still_counts_and_vectors_are_asked_for(shelf, monkeypatch) -> None:
    ItemVector.objects.all().delete()
    asked = []
    monkeypatch.setattr(tasks, "soon", asked.append)
    after = PersonalRescorer().rescore(ask(saw(shelf.viewed)), shelf.hits, FOREVER)
    assert after.hits == shelf.hits
    assert asked == [GADGETS]


def test_nothing_of_the_memory_is_written_or_logged(shelf, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    query = ask(saw(shelf.viewed), TasteEvent("canary-4711", "purchase"))
    with CaptureQueriesContext(connection) as queries:
        Rescorers([PersonalRescorer()]).apply(query, shelf.hits, window=200, limit_ms=60_000)
    assert {sql["sql"].split()[0] for sql in queries} <= {"SELECT"}
    assert "canary-4711" not in caplog.text
    assert "canary-4711" not in repr(query)


def test_time_that_is_up_stops_it_before_the_work(shelf) -> None:
    late = Rescorers([PersonalRescorer()], clock=iter(range(100)).__next__)
    after = late.apply(ask(saw(shelf.viewed)), shelf.hits, window=200, limit_ms=1)
    assert (after.value, after.degraded) == (shelf.hits, ("personal",))


def test_it_says_what_it_takes() -> None:
    with pytest.raises(ValueError, match="weights are 0 or more"):
        PersonalRescorer(repeat=-1)
