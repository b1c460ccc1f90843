"""Which rules hold for a question, in which order; and that filing them loses none."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visual_search.features.merchandising.facts import Facts, Seen, best_paths, of_question, replaced, seen_in, tokens
from visual_search.features.merchandising.kinds import When
from visual_search.features.merchandising.matching import Matcher, days_of, hours_of
from visual_search.features.merchandising.rules import Condition, Rule
from visual_search.types import AnyOf, Grade, Hit, Not, Query, QueryPicture, Region, Scene, Witness

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)  # a Friday


def rule(*conditions: Condition, id: int = 1, **more) -> Rule:
    return Rule(id, f"rule {id}", "products", conditions, **more)


def holding(rules, facts: Facts, **more) -> list[int]:
    return [each.id for each in Matcher(rules).holding(facts, **more)]


def asked(words: str, **more) -> Facts:
    return Facts("products", tokens(words), NOON, **more)


def test_a_rule_that_is_tried_holds_for_its_half_of_the_questions_alone() -> None:
    tried, done = rule(id=1, experiment="summer"), rule(id=2)
    assert holding([tried, done], asked("chair")) == [2]
    assert holding([tried, done], asked("chair", variants=frozenset({"winter"}))) == [2]
    assert holding([tried, done], asked("chair", variants=frozenset({"summer"}))) == [1, 2]


@pytest.mark.parametrize(
    ("kind", "value", "words", "holds"),
    [
        (When.WORDS_ARE, "red chair", "Red  CHAIR", True),
        (When.WORDS_ARE, "red chair", "red chair, please", False),
        (When.WORDS_BEGIN, "red chair", "red chair for me", True),
        (When.WORDS_BEGIN, "chair", "red chair", False),
        (When.WORDS_CONTAIN, "chair", "a red chair", True),
        (When.WORDS_CONTAIN, "red chair", "chair red", False),
        (When.WORDS_CONTAIN, "chair", "armchairs", False),
        (When.WORDS_CONTAIN, "stuhl", "STÜHL", True),
        (When.WORDS_CONTAIN, "椅子", "木の椅子です", True),
        (When.WORDS_CONTAIN, "usb-c", "cable USB-C", True),
        (When.WORDS_ARE, "", "", False),
        (When.WORDS_CONTAIN, "", "chair", False),
    ],
)
def test_conditions_on_words(kind, value, words, holds) -> None:
    facts = asked(words)
    if not value and kind == When.WORDS_ARE:
        assert holding([rule(Condition(kind, value))], facts) == [1], "a question without words"
        return
    assert holding([rule(Condition(kind, value))], facts) == [1] * holds


def test_all_conditions_must_hold() -> None:
    both = rule(Condition(When.WORDS_CONTAIN, "chair"), Condition(When.FILTER, "Home", "category"))
    assert holding([both], asked("chair")) == []
    assert holding([both], asked("chair", filters={"category": frozenset({"home", "home > seating"})})) == [1]


def test_a_filter_is_asked_with_all_its_levels_and_not_by_what_is_excluded() -> None:
    query = Query(
        filters=(AnyOf("category", ("Home > Seating",)), Not(AnyOf("brand", ("Acme",))), AnyOf("new", (True,)))
    )
    facts = of_question(query, NOON)
    assert facts.filters == {"category": {"home", "home > seating"}, "new": {"true"}}


@pytest.mark.parametrize(
    ("more", "holds"),
    [
        ({"starts": NOON}, True),
        ({"starts": NOON + timedelta(seconds=1)}, False),
        ({"ends": NOON}, False),
        ({"ends": NOON + timedelta(seconds=1)}, True),
        ({"language": "en"}, True),
        ({"language": "de"}, False),
    ],
)
def test_time_and_language(more, holds) -> None:
    assert holding([rule(**more)], asked("chair", language="en")) == [1] * holds


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ("11:00-13:00", True),
        ("12:00-13:00", True),
        ("11:00-12:00", False),
        ("22:00-13:00", True),
        ("13:00-11:00", False),
    ],
)
def test_hours_may_go_over_midnight(value, holds) -> None:
    assert holding([rule(Condition(When.HOURS, value))], asked("")) == [1] * holds


def test_days() -> None:
    assert holding([rule(Condition(When.DAYS, "Thu, fri"))], asked("")) == [1]
    assert holding([rule(Condition(When.DAYS, "sat sun"))], asked("")) == []


@pytest.mark.parametrize("wrong", ["", "12:00", "25:00-26:00", "noon-one", "-"])
def test_what_is_no_span_of_hours_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match=r".*"):
        hours_of(wrong)


def test_what_is_no_day_is_refused() -> None:
    for wrong in (" ", "Freitag", "fri; sat"):
        with pytest.raises(ValueError, match=re.escape(wrong)):
            days_of(wrong)


def test_what_is_seen() -> None:
    whole = Region((0, 0, 1, 1))
    chair, lamp = Region((0, 0, 0.5, 1), "chair", 0.8), Region((0.5, 0, 1, 1), "Lamp", 0.6)
    faint = Region((0.2, 0, 0.4, 1), "cat", 0.4)
    witness = Witness(text="OATLY Oat-Drink", colours=("red",))
    several = QueryPicture(scene=Scene(whole, (chair, lamp, faint)), witness=witness)
    assert seen_in([several]) == Seen(frozenset({"chair", "lamp"}), frozenset({"red"}), ("oatly", "oat", "drink"))
    one = QueryPicture(scene=Scene(whole, (chair, lamp, faint), chair.box), witness=witness)
    assert seen_in([one]).things == {"chair"}
    against = QueryPicture(scene=one.scene, witness=witness, weight=-1)
    assert seen_in([against]) == Seen()


def test_rules_on_what_is_seen_wait_until_the_photo_was_looked_at() -> None:
    rules = [
        rule(Condition(When.THING, "Chair"), id=1),
        rule(Condition(When.COLOUR, "red"), id=2),
        rule(Condition(When.LABEL, "oat drink"), id=3),
        rule(Condition(When.BEST_CATEGORY, "Home"), id=4),
        rule(Condition(When.NOTHING_CLOSE), id=5),
    ]
    facts = asked("")
    assert holding(rules, facts) == []
    seen = Seen(frozenset({"chair"}), frozenset({"red"}), ("drink", "oat"))
    assert holding(rules, asked("", seen=seen)) == [1, 2, 3]
    assert holding(rules, asked("", seen=seen), may_hold=True) == [1, 2, 3, 4, 5]
    assert holding(rules, asked("", seen=seen, paths=frozenset({"home"}))) == [1, 2, 3, 4]
    assert holding(rules, asked("", seen=Seen(), paths=frozenset(), nothing_close=True)) == [5]


def test_the_category_of_the_best_hits_is_that_of_more_than_half() -> None:
    hits = [Hit(str(n), 1 - n / 10) for n in range(6)]
    paths = {
        "0": ("Home", "Home > A"),
        "1": ("Home", "Home > A"),
        "2": ("Home", "Home > A"),
        "3": ("Home",),
        "4": ("X",),
    }
    found = best_paths(hits, lambda ids: {id: paths[id] for id in ids})
    assert found == {"home", "home > a"}
    shuffled = hits[::-1]
    assert best_paths(shuffled, lambda ids: {id: paths[id] for id in ids}) == found, "whatever order a shopper has"
    assert best_paths([Hit("0", 1.0, Grade.DISTANT)], lambda ids: paths) == frozenset()


def test_priority_then_what_is_most_exact_then_age() -> None:
    rules = [
        rule(id=1),
        rule(Condition(When.FILTER, "home", "category"), id=2),
        rule(Condition(When.COLOUR, "red"), id=3),
        rule(Condition(When.WORDS_CONTAIN, "chair"), id=4),
        rule(Condition(When.WORDS_BEGIN, "chair"), id=5),
        rule(Condition(When.WORDS_ARE, "chair"), id=7),
        rule(Condition(When.WORDS_ARE, "chair"), id=6),
        rule(id=8, priority=1),
    ]
    facts = asked(
        "chair", filters={"category": frozenset({"home"})}, seen=Seen(colours=frozenset({"red"})), paths=frozenset()
    )
    assert holding(rules, facts) == [8, 6, 7, 5, 4, 3, 2, 1]


WORDS = st.sampled_from(["red", "chair", "blue", "oak", "für", "椅子", "usb-c", "x"])
PHRASES = st.lists(WORDS, min_size=0, max_size=4).map(" ".join)
CONDITIONS = st.one_of(
    st.builds(Condition, st.sampled_from([When.WORDS_ARE, When.WORDS_BEGIN, When.WORDS_CONTAIN, When.LABEL]), PHRASES),
    st.builds(Condition, st.sampled_from([When.THING, When.COLOUR, When.BEST_CATEGORY]), WORDS),
    st.builds(Condition, st.just(When.FILTER), WORDS, st.sampled_from(["category", "brand"])),
    st.just(Condition(When.NOTHING_CLOSE)),
    st.just(Condition(When.DAYS, "fri")),
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(CONDITIONS, max_size=3), max_size=12),
    PHRASES,
    st.sets(WORDS, max_size=3),
    st.booleans(),
    st.booleans(),
)
def test_filing_loses_no_rule_and_finds_none_twice(conditions, words, things, close, may_hold) -> None:
    """One matcher of all rules says the same as a matcher of each."""
    rules = [rule(*each, id=number) for number, each in enumerate(conditions, 1)]
    seen = Seen(frozenset(things), frozenset(things), tokens(" ".join(sorted(things))))
    filters = {"category": frozenset(things)}
    for facts in (
        asked(words, filters=filters),
        asked(words, filters=filters, seen=seen),
        asked(words, filters=filters, seen=seen, paths=frozenset(things), nothing_close=close),
    ):
        together = holding(rules, facts, may_hold=may_hold)
        alone = [each.id for each in rules if holding([each], facts, may_hold=may_hold)]
        assert sorted(together) == alone


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_wild_texts_raise_nothing_and_are_replaced_once(text, phrase, by) -> None:
    once = replaced(text, tokens(phrase), by)
    if tokens(by):
        assert replaced(once, tokens(phrase), by) == once
    holding([rule(Condition(When.WORDS_CONTAIN, phrase))], asked(text))


def test_words_are_replaced_in_their_place() -> None:
    assert replaced("a Red Couch, please", tokens("red couch"), "sofa") == "a sofa, please"
    assert replaced("木の椅子です", tokens("椅子"), "ソファ") == "木のソファです"
    assert replaced("couch", tokens("settee"), "sofa") == "couch"
