"""A change of a rule or a synonym holds in every process, and no question waits for many of them."""

from __future__ import annotations

import time

import pytest

from tests.features.merchandising.desk import rule
from visual_search.features.merchandising import current
from visual_search.features.merchandising.kinds import Like, Then, When
from visual_search.features.merchandising.models import Action, Rule, RulesStamp, SynonymSet
from visual_search.types import Query

pytestmark = pytest.mark.django_db


def count() -> int:
    return len(current.compiled().matcher)


def test_a_change_holds_at_once_here() -> None:
    assert count() == 0
    made = rule([(When.WORDS_CONTAIN, "chair")], [{"kind": Then.HIDE, "item": "1"}])
    assert count() == 1
    Rule.objects.filter(pk=made.pk).first().actions.all().first().delete()
    assert current.saved_rules()[made.pk].actions == ()
    made.enabled = False
    made.save()
    assert count() == 0
    SynonymSet.objects.create(kind=Like.TWO_WAY, language="en", words="couch, sofa")
    applied = current.compiled().thesaurus.applied(Query(words="couch"), "en")
    assert [each.alternative for each in applied.alternatives] == [("sofa",)]


def test_a_change_of_another_process_holds_within_a_second(monkeypatch) -> None:
    assert count() == 0
    Rule.objects.bulk_create([Rule(name="a rule", collection="products")])
    RulesStamp.objects.update_or_create(pk=current.STAMP, defaults={"value": "another"})
    assert count() == 0, "it looked a moment ago"
    now = time.monotonic()
    monkeypatch.setattr(current.time, "monotonic", lambda: now + current.LOOK_SECONDS)
    assert count() == 1
    assert current.LOOK_SECONDS <= 1


def test_a_look_is_one_small_question(django_assert_num_queries, monkeypatch) -> None:
    count()
    now = time.monotonic()
    monkeypatch.setattr(current.time, "monotonic", lambda: now + current.LOOK_SECONDS)
    with django_assert_num_queries(1):
        count()
    with django_assert_num_queries(0):
        count()


@pytest.mark.django_db(transaction=True)
def test_many_rules_are_read_on_a_thread_while_the_former_answer(monkeypatch) -> None:
    monkeypatch.setattr(current, "MOST_AT_ONCE", 2)
    rule([], [])
    assert count() == 1
    made = Rule.objects.bulk_create([Rule(name=f"{n}", collection="products") for n in range(5)])
    Action.objects.bulk_create([Action(rule=each, kind=Then.HIDE, item="1") for each in made])
    current.changed()
    seen = [count()]
    end = time.monotonic() + 20
    while seen[-1] != 6 and time.monotonic() < end:
        time.sleep(0.05)
        seen.append(count())
    assert set(seen) <= {1, 6}
    assert seen[-1] == 6


def test_what_is_tried_holds_for_this_thread_alone_and_says_what_held() -> None:
    rule([], [])
    with current.trying(current.Compiled()) as told:
        assert count() == 0
        current.tell([current.PlainRule(7, "", "products"), current.PlainRule(7, "", "products")])
        assert told == [7]
    assert count() == 1


def test_what_asks_nothing_looks_at_no_table(client, django_assert_num_queries) -> None:
    current.forget()
    with django_assert_num_queries(0):
        assert client.get("/api/v1/health/live").status_code == 200


def test_lists_of_words() -> None:
    assert current.listed(" couch, settee ,, couch") == ("couch", "settee")
