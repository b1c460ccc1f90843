"""The rules of a process, found by what a question has instead of one after the other.

Each rule is filed once, under the rarest thing that it asks for. A question looks under what it has and checks what it finds
there, so ten thousand rules cost it as little as ten.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time

from visual_search.features.merchandising.facts import Facts, Tokens, place_of, tokens
from visual_search.features.merchandising.kinds import BOOSTS, OF_HITS, SEEN, WORDS, When
from visual_search.features.merchandising.rules import Condition, Rule

Key = tuple[str, ...]
ALWAYS: Key = ("always",)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Of several rules the one that asks for the most exact thing comes first, after the shop's own priorities.
_RANKS = {
    When.WORDS_ARE: 0, When.WORDS_BEGIN: 1, When.WORDS_CONTAIN: 2, When.THING: 3, When.COLOUR: 3, When.LABEL: 3,
    When.BEST_CATEGORY: 3, When.NOTHING_CLOSE: 3, When.FILTER: 4,
}  # fmt: skip
_NOTHING_ASKED = 5


@dataclass(frozen=True, slots=True)
class _Compared:
    """A condition with its value in small letters, and with the words of it."""

    kind: str
    field: str
    value: str
    words: Tokens


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A rule with its conditions ready to be compared."""

    rule: Rule
    order: tuple[int, int, int]
    conditions: tuple[_Compared, ...]
    of_seen: bool


class Matcher:
    """All rules of a shop. It never changes, so threads share it."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        prepared = [_prepared(rule) for rule in rules]
        self._size = len(prepared)
        counts: Counter[str] = Counter()
        for one in prepared:
            counts.update(word for each in one.conditions if each.kind in WORDS for word in each.words)
        self._filed: dict[Key, list[_Prepared]] = defaultdict(list)
        for one in prepared:
            self._filed[_key(one, counts)].append(one)
        hits = (one for key, filed in self._filed.items() if key[0] in OF_HITS for one in filed)
        # Before the hits are there nobody knows which of these hold, so they are looked at in their order.
        self._by_hits = sorted(hits, key=lambda one: one.order)
        self.boosts = any(action.kind in BOOSTS for one in prepared for action in one.rule.actions)
        self.asks_for_categories = any(
            condition.kind == When.BEST_CATEGORY for one in prepared for condition in one.rule.conditions
        )

    def __len__(self) -> int:
        return self._size

    def holding(self, facts: Facts, *, may_hold: bool = False) -> tuple[Rule, ...]:
        """The rules all of whose conditions hold, first the one that counts most.

        Without `facts.seen` those that ask for what is seen are left out. With `may_hold`, a condition on hits that aren't
        there yet is taken to hold.
        """
        found = [one for one in self._candidates(facts, may_hold) if _holds(one, facts, may_hold)]
        found.sort(key=lambda one: one.order)
        return tuple(one.rule for one in found)

    def _candidates(self, facts: Facts, may_hold: bool) -> Iterator[_Prepared]:
        for key in _keys(facts):
            yield from self._filed.get(key, ())
        if may_hold and facts.paths is None:
            yield from self._by_hits


def _prepared(rule: Rule) -> _Prepared:
    conditions = tuple(
        _Compared(one.kind, one.field, one.value.strip().casefold(), tokens(one.value)) for one in rule.conditions
    )
    rank = min((_RANKS.get(When(one.kind), _NOTHING_ASKED) for one in rule.conditions), default=_NOTHING_ASKED)
    return _Prepared(rule, (-rule.priority, rank, rule.id), conditions, any(each.kind in SEEN for each in conditions))


def _key(one: _Prepared, counts: Counter[str]) -> Key:
    """Under what the rule is filed: the most telling of what it asks for."""
    keys: dict[str, Key] = {}
    for each in one.conditions:
        kind, words = each.kind, each.words
        if kind == When.WORDS_ARE:
            keys[kind] = (kind, *words)
        elif kind in WORDS and words:
            keys["word"] = ("word", min(words, key=lambda word: counts[word]))
        elif kind == When.LABEL and words:
            keys[kind] = (kind, max(words, key=len))
        elif kind == When.FILTER:
            keys[kind] = (kind, each.field, each.value)
        elif kind == When.NOTHING_CLOSE:
            keys[kind] = (kind,)
        elif kind in SEEN:
            keys[kind] = (kind, each.value)
    order = (When.WORDS_ARE, "word", When.LABEL, When.THING, When.FILTER, When.COLOUR, When.BEST_CATEGORY)
    return next((keys[kind] for kind in (*order, When.NOTHING_CLOSE) if kind in keys), ALWAYS)


def _keys(facts: Facts) -> Iterator[Key]:
    """Everything under which a rule may be filed that holds for these facts, each once."""
    yield ALWAYS
    yield (When.WORDS_ARE, *facts.tokens)
    for word in set(facts.tokens):
        yield ("word", word)
    for field, values in facts.filters.items():
        for value in values:
            yield (When.FILTER, field, value)
    if facts.seen is not None:
        yield from ((When.THING, name) for name in facts.seen.things)
        yield from ((When.COLOUR, name) for name in facts.seen.colours)
        yield from ((When.LABEL, word) for word in set(facts.seen.label))
    if facts.paths is not None:
        yield from ((When.BEST_CATEGORY, path) for path in facts.paths)
        if facts.nothing_close:
            yield (When.NOTHING_CLOSE,)


def _holds(one: _Prepared, facts: Facts, may_hold: bool) -> bool:
    rule = one.rule
    if rule.collection != facts.collection or (rule.language and rule.language != facts.language):
        return False
    if rule.experiment and rule.experiment not in facts.variants:
        return False
    if (rule.starts and facts.now < rule.starts) or (rule.ends and facts.now >= rule.ends):
        return False
    if one.of_seen and facts.seen is None:
        return False
    hits_are_there = facts.paths is not None
    for asked in one.conditions:
        is_so = _IS_SO[asked.kind](asked, facts) if hits_are_there or asked.kind not in OF_HITS else may_hold
        if not is_so:
            return False
    return True


def _contains(asked: _Compared, facts: Facts) -> bool:
    return place_of(asked.words, facts.tokens) is not None


def _begins(asked: _Compared, facts: Facts) -> bool:
    return bool(asked.words) and facts.tokens[: len(asked.words)] == asked.words


def _has_label(asked: _Compared, facts: Facts) -> bool:
    return facts.seen is not None and bool(asked.words) and set(asked.words) <= set(facts.seen.label)


_IS_SO: Mapping[str, Callable[[_Compared, Facts], bool]] = {
    When.WORDS_ARE: lambda asked, facts: facts.tokens == asked.words,
    When.WORDS_BEGIN: _begins,
    When.WORDS_CONTAIN: _contains,
    When.FILTER: lambda asked, facts: asked.value in facts.filters.get(asked.field, ()),
    When.HOURS: lambda asked, facts: _within(asked.value, facts.now),
    When.DAYS: lambda asked, facts: DAYS[facts.now.weekday()] in days_of(asked.value),
    When.THING: lambda asked, facts: facts.seen is not None and asked.value in facts.seen.things,
    When.COLOUR: lambda asked, facts: facts.seen is not None and asked.value in facts.seen.colours,
    When.LABEL: _has_label,
    When.BEST_CATEGORY: lambda asked, facts: asked.value in (facts.paths or ()),
    When.NOTHING_CLOSE: lambda asked, facts: facts.nothing_close,
}


def hours_of(value: str) -> tuple[time, time]:
    """'18:00-22:30' as two times. Raises ValueError."""
    begin, sign, end = (part.strip() for part in value.replace("\N{EN DASH}", "-").partition("-"))
    if not sign:
        raise ValueError(value)
    return time.fromisoformat(begin), time.fromisoformat(end)


def _within(value: str, now: datetime) -> bool:
    begin, end = hours_of(value)
    at = now.time()
    # From 22:00 to 06:00 goes over midnight.
    return begin <= at < end if begin < end else at >= begin or at < end


def days_of(value: str) -> frozenset[str]:
    """'sat, sun' as names of days. Raises ValueError for another word."""
    days = frozenset(part for part in value.casefold().replace(",", " ").split())
    if not days or not days <= set(DAYS):
        raise ValueError(value)
    return days


def phrase_of(rule: Rule) -> Tokens:
    """The words that the rule's first condition on words asks for; they are what a replacement replaces."""
    wanted: Iterator[Condition] = (one for one in rule.conditions if one.kind in WORDS)
    return next((tokens(one.value) for one in wanted), ())
