"""What features hear of a sealed day: each question once, in numbers that lead nowhere, whatever crashes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from tests.features.query_log.shop import material, page
from visual_search.features.query_log import sealing
from visual_search.features.query_log.models import LoggedQuery, QueryCount, SealedDay, VocabularyWord
from visual_search.signals import day_sealed
from visual_search.types import (
    AnyOf,
    Found,
    Grade,
    Hit,
    Not,
    Query,
    QueryPicture,
    Region,
    Scene,
    SealedEvent,
    SealedQuestion,
    SeenThing,
)

WHOLE = Region((0.0, 0.0, 1.0, 1.0))
CHAIR = Region((0.1, 0.1, 0.4, 0.4), "chair", 0.9)
VASE = Region((0.5, 0.5, 0.9, 0.9), "vase", 0.8)
UNSURE = Region((0.0, 0.5, 0.2, 0.9), "toilet", 0.2)
PERSON = Region((0.6, 0.1, 0.9, 0.9), "person", 0.9)


class Listener:
    """A receiver that keeps what it hears, and fails as often as it is told to."""

    def __init__(self) -> None:
        self.days: list[int] = []
        self.questions: list[SealedQuestion] = []
        self.counts: dict[str, int] = {}
        self.failures = 0

    def hear(self, *, day: int, questions, counts, **kwargs) -> None:
        with transaction.atomic():
            VocabularyWord.objects.create(word=f"folded{uuid4()}")
            if self.failures:
                self.failures -= 1
                raise RuntimeError("told to fail")
        self.days.append(day)
        self.questions += questions
        self.counts = dict(counts)


@pytest.fixture
def heard() -> Iterator[Listener]:
    listener = Listener()
    day_sealed.connect(listener.hear)
    yield listener
    day_sealed.disconnect(listener.hear)


def asked(shop, query: Query, client: int = 1, **more) -> UUID:
    query_id = uuid4()
    answer = replace(page(query_id, more.pop("ids", ("1", "2"))), **more)
    shop.buffer.question(query, answer, material=material(client), opted_out=False)
    return query_id


def graded(*grades: Grade | None) -> tuple[Hit, ...]:
    return tuple(Hit(f"{n}", 1.0, grade) for n, grade in enumerate(grades))


def test_a_question_is_told_with_all_that_may_be_counted_of_it(shop, heard) -> None:
    query = Query(
        words="red chair",
        words_not=("leather",),
        filters=(AnyOf("brand", ("Oak",)), Not(AnyOf("colour", ("red",)))),
        page=2,
        sort="price",
    )
    steps = {"encoder": 40.5, "engine": 7.0}
    query_id = asked(shop, query, page=2, timings_ms=steps, notes=("team:ab",), took_ms=61.5)
    for action, position in (("impression", 25), ("click", 25), ("purchase", None)):
        shop.buffer.event(query_id, action, "1", position=position, opted_out=False)
    [day] = shop.finish_day()
    assert heard.days == [day]
    [told] = heard.questions
    events, told = set(told.events), replace(told, events=())
    assert told == SealedQuestion(
        query_id=query_id,
        client=0,
        words=0,
        text=None,
        collection="products",
        language="en",
        kind="text",
        found=Found.FEW,
        facets=("brand", "colour"),
        refinements=("excluded", "filters", "page", "sorted"),
        page=2,
        took_ms=61.5,
        timings_ms=steps,
        hits=("1", "2"),
        notes=("team:ab",),
    )
    assert events == {SealedEvent("impression", "1", 25), SealedEvent("click", "1", 25), SealedEvent("purchase", "1")}


def test_numbers_tell_which_questions_belong_together_and_change_each_day(shop, heard) -> None:
    orders = set()
    for _ in range(12):
        heard.questions.clear()
        first = [asked(shop, Query(words="red chair"), client) for client in (1, 2, 1, 3)]
        other = asked(shop, Query(words="oak table"), client=1)
        personal = asked(shop, Query(words="call +49 30 901820"), client=2)
        shop.finish_day()
        told = {question.query_id: question for question in heard.questions}
        assert told[first[0]].client == told[first[2]].client == told[other].client
        assert len({told[id].client for id in first}) == 3
        assert len({told[id].words for id in first}) == 1
        assert told[other].words != told[first[0]].words
        assert told[personal].words is None
        assert {told[id].text for id in first} == {"red chair"}, "three browsers typed it"
        assert told[other].text is None
        orders.add((*(told[id].client for id in first), told[first[0]].words))
    assert len(orders) > 1


@pytest.mark.parametrize(
    ("grades", "total", "found"),
    [
        ((), 0, Found.NOTHING),
        ((Grade.DISTANT, Grade.DISTANT), 2, Found.NOTHING_CLOSE),
        ((Grade.SIMILAR, Grade.DISTANT), 10, Found.FEW),
        ((Grade.SIMILAR, Grade.DISTANT), 11, Found.MANY),
        ((None,), 9, Found.FEW),
    ],
)
def test_what_is_nothing_close_is_not_found(shop, heard, grades, total: int, found: Found) -> None:
    hits = graded(*grades)
    distant = sum(grade is Grade.DISTANT for grade in grades)
    for client in range(3):
        asked(shop, Query(words="red chair"), client, hits=hits, total=total, distant=distant)
    shop.finish_day()
    assert {question.found for question in heard.questions} == {found}
    assert {name: count for name, count in heard.counts.items() if name.startswith("found.")} == {
        f"found.{found.replace(' ', '_')}": 3
    }
    count = QueryCount.objects.get()
    assert (count.without_results, count.nothing_close) == (
        3 * (found is Found.NOTHING),
        3 * (found is Found.NOTHING_CLOSE),
    )


def test_things_in_a_photo_are_told_by_sure_names_and_whether_they_were_found(shop, heard) -> None:
    scene = Scene(WHOLE, (CHAIR, VASE, UNSURE, PERSON), WHOLE.box)
    hits = (Hit("1", 1.0, Grade.SIMILAR, thing=0), Hit("2", 0.5, Grade.DISTANT, thing=1))
    asked(shop, Query(pictures=(QueryPicture(),)), hits=hits, total=2, distant=1, pictures=(QueryPicture(scene=scene),))
    shop.finish_day()
    assert heard.questions[0].seen == (SeenThing("chair", True), SeenThing("vase", False))
    assert (heard.questions[0].kind, heard.questions[0].refinements) == ("image", ())


def test_a_thing_that_was_not_searched_says_nothing_of_the_shop(shop, heard) -> None:
    scene = Scene(WHOLE, (CHAIR, VASE), VASE.box)
    hits = (Hit("2", 0.5, Grade.DISTANT),)
    query = Query(pictures=(QueryPicture(thing=1),))
    asked(shop, query, hits=hits, total=1, distant=1, pictures=(QueryPicture(scene=scene),))
    shop.finish_day()
    assert heard.questions[0].seen == (SeenThing("chair", None), SeenThing("vase", False))
    assert heard.questions[0].refinements == ("part",)


def test_nothing_of_it_can_be_read_before_the_day_is_sealed_nor_after(shop, heard) -> None:
    scene = Scene(WHOLE, (CHAIR,), CHAIR.box)
    query = Query(pictures=(QueryPicture(),), filters=(AnyOf("canaryfacet", ("x",)),))
    asked(shop, query, pictures=(QueryPicture(scene=scene),), notes=("canarynote",), timings_ms={"canarystep": 1.0})
    shop.buffer.flush()
    marks = ("canaryfacet", "canarynote", "canarystep", "chair")
    written = [part for mark in marks for part in (mark, mark.encode().hex())]
    assert [part for part in written if part in shop.everything()] == []
    shop.finish_day()
    assert [part for part in written if part in shop.everything()] == []
    # The control: the receiver heard them all.
    told = json.dumps([str(question) for question in heard.questions])
    assert [mark for mark in marks if mark not in told] == []


def test_the_length_of_a_row_does_not_tell_what_is_in_it(shop) -> None:
    asked(shop, Query(words="red chair"))
    asked(shop, Query(words="red chair", filters=(AnyOf("a_long_name_of_a_facet", ("x",)),)), notes=("team:abab",))
    shop.buffer.flush()
    assert len({len(bytes(closed)) for closed in LoggedQuery.objects.values_list("closed", flat=True)}) == 1


# --- Whatever crashes ---------------------------------------------------------------------------


def test_a_receiver_that_fails_hears_the_day_again_and_counts_once(shop, heard) -> None:
    shop.ask(client=1)
    heard.failures = 1
    assert shop.finish_day() == []
    assert not SealedDay.objects.exists()
    assert not VocabularyWord.objects.exists()
    assert LoggedQuery.objects.exclude(closed=b"").count() == 1
    shop.later(hours=1 / 6 - 0.1)
    assert len(sealing.seal_due()) == 1
    assert (len(heard.questions), VocabularyWord.objects.count()) == (1, 1)
    assert sealing.seal_due() == []
    assert len(heard.questions) == 1


def test_a_crash_after_the_receivers_undoes_what_they_wrote(shop, heard, monkeypatch) -> None:
    shop.ask(client=1)

    def crash(*args, **kwargs) -> None:
        raise SystemExit

    with monkeypatch.context() as broken:
        broken.setattr("visual_search.features.query_log.audit.append", crash)
        with pytest.raises(SystemExit):
            shop.finish_day()
    assert not VocabularyWord.objects.exists()
    heard.questions.clear()
    assert len(sealing.seal_due()) == 1
    assert (len(heard.questions), VocabularyWord.objects.count()) == (1, 1)


def test_a_receiver_that_never_works_does_not_keep_a_day_open_for_ever(shop, heard) -> None:
    for client in range(3):
        shop.ask("red chair", client)
    heard.failures = 100
    assert shop.finish_day() == []
    shop.later(hours=0.1)
    assert len(sealing.seal_due()) == 1
    assert QueryCount.objects.get().text == "red chair"
    assert heard.questions == []


def test_a_day_without_rows_still_tells_its_counts(shop, heard) -> None:
    shop.use(MODE="counters")
    shop.ask("red chair", hits=())
    [day] = shop.finish_day()
    assert (heard.days, heard.questions) == ([day], [])
    assert (heard.counts["queries"], heard.counts["found.nothing"]) == (1, 1)
    assert sealing.seal_due() == []


def test_who_asks_not_to_be_logged_is_only_one_more_in_the_counts(shop, heard) -> None:
    shop.ask(client=1)
    shop.buffer.question(Query(words="oak"), page(uuid4(), ["1"]), material=material(2), opted_out=True)
    shop.finish_day()
    assert (len(heard.questions), heard.counts["queries"]) == (1, 2)
