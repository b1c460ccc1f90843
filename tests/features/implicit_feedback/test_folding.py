"""Days are added, and what lies back counts less."""

from __future__ import annotations

import pytest

from tests.features.implicit_feedback.scripted import asked
from visual_search.features.implicit_feedback import folding
from visual_search.features.implicit_feedback.models import CollectionFeedback, ObjectFeedback
from visual_search.features.implicit_feedback.places import USUAL, steepness
from visual_search.signals import day_sealed

pytestmark = pytest.mark.django_db
DAY = 20_412


def questions(browsers: int = 5, **more):
    return [asked(client, seen="ab", clicks="b", **more) for client in range(browsers)]


def row(id: str = "b", collection: str = "products") -> ObjectFeedback:
    return ObjectFeedback.objects.get(collection=collection, object_id=id)


def test_a_sealed_day_is_counted() -> None:
    day_sealed.send_robust(sender=None, day=DAY, questions=tuple(questions()), counts={})
    assert (row().browsers, row().looks, row().choices, row().day) == (5.0, 2.5, 5.0, DAY)
    whole = CollectionFeedback.objects.get()
    assert (whole.collection, whole.browsers, whole.choices) == ("products", 10.0, 5.0)
    assert whole.looks == pytest.approx(sum(each.looks for each in ObjectFeedback.objects.all()))


def test_after_a_half_life_a_day_counts_half(settings) -> None:
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "IMPLICIT_FEEDBACK": {"HALF_LIFE_DAYS": 10}}
    folding.fold(DAY, questions())
    folding.fold(DAY + 10, questions())
    assert (row().browsers, row().choices, row().day) == (7.5, 7.5, DAY + 10)
    assert CollectionFeedback.objects.get().choices == 7.5


def test_a_day_that_is_told_late_counts_as_what_it_is_and_more_questions_of_a_day_are_added(settings) -> None:
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "IMPLICIT_FEEDBACK": {"HALF_LIFE_DAYS": 10}}
    folding.fold(DAY + 10, questions())
    folding.fold(DAY, questions())
    assert (row().browsers, row().day) == (7.5, DAY + 10)
    folding.fold(DAY + 10, questions())
    assert row().browsers == 12.5


def test_each_collection_has_sums_of_its_own() -> None:
    folding.fold(DAY, [*questions(), *questions(collection="gadgets"), *questions(4, collection="parts")])
    assert set(CollectionFeedback.objects.values_list("pk", flat=True)) == {"products", "gadgets"}
    assert row(collection="gadgets").choices == 5.0


def test_what_nobody_sees_any_more_is_forgotten(settings) -> None:
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "IMPLICIT_FEEDBACK": {"DAYS": 30}}
    folding.fold(DAY, questions())
    folding.fold(DAY + 30, [])
    assert ObjectFeedback.objects.count() == 2
    folding.fold(DAY + 31, [])
    assert not ObjectFeedback.objects.exists()
    assert not CollectionFeedback.objects.exists()


def test_the_shops_clicks_tell_the_curve_and_the_next_day_is_counted_by_it() -> None:
    """All places are clicked alike, so a look far down comes to count like one at the top."""
    day = [asked(client, seen="abcdefgh"[n:] + "abcdefgh"[:n], clicks="a") for n in range(8) for client in range(9)]
    for n in range(3):
        folding.fold(DAY + n, day)
    told = steepness(CollectionFeedback.objects.get().curve)
    assert told <= 0.1 < USUAL
    ObjectFeedback.objects.all().delete()
    folding.fold(DAY + 3, [asked(client, seen="z", first=40) for client in range(5)])
    assert row("z").looks == pytest.approx(5 * 40**-told)


def test_a_curve_that_another_version_kept_is_begun_anew() -> None:
    folding.fold(DAY, questions())
    CollectionFeedback.objects.update(curve=[1.0, 2.0])
    folding.fold(DAY + 1, questions())
    assert len(CollectionFeedback.objects.get().curve) == 41


def test_nothing_that_leads_to_a_question_is_kept() -> None:
    names = {field.name for model in (ObjectFeedback, CollectionFeedback) for field in model._meta.fields}
    assert names == {"id", "collection", "object_id", "day", "browsers", "looks", "choices", "curve"}
