"""Suggests products while a shopper types.

It asks the engine once and reads the cards once; it needs no encoder. It sends no signal, because half-typed words are no
question yet: nothing that listens to searches hears of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from multilingual.normalising import fold, normalise
from multilingual.segmenting import runs
from visual_search import wiring
from visual_search.content import live_index
from visual_search.errors import BadInput
from visual_search.querying import legs, parsing
from visual_search.querying.cards import cards
from visual_search.types import Card, CodeLeg, EngineQuery, LegAnswer, LegHit, WordsLeg

LIMIT = 8  # as many lines as a phone shows above its keyboard
MOST_LINES = 20  # more than fit on any screen
# hits asked of the engine. It scores all products alike that have a word with this beginning, so their titles decide here.
CANDIDATES = 100


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the search box. `language`: that of the page, in which the titles are shown."""

    words: str
    words_not: tuple[str, ...] = ()
    language: str | None = None
    limit: int = LIMIT
    collection: str = "products"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One line below the search box: the product, its title and its address."""

    id: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Best first, each title once. `warnings` and `degraded` as in a `Page`."""

    lines: tuple[Suggestion, ...] = ()
    took_ms: float = 0.0
    warnings: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()


def suggest(typed: Typed) -> Suggestions:
    """Products for these unfinished words. Those with an exact code come first.

    Then come titles that begin with what was typed, then titles in which each typed word begins a word, then the others.
    Among titles with equal scores the shorter ones come first.

    Raises BadInput (400) for a limit outside 1 to `MOST_LINES`, EngineUnavailable or SchemaMismatch (503).
    """
    begin = time.perf_counter()
    if not 1 <= typed.limit <= MOST_LINES:
        raise BadInput(f"limit is {typed.limit}; 1 to {MOST_LINES} are allowed.", field="limit")
    words, warnings = parsing.written(typed.words)
    # Suggestions would show what the shopper wants to keep out.
    if typed.words_not or not _tells(words):
        return Suggestions(warnings=warnings)
    languages = legs.languages_asked(typed.language, live_index.serving(typed.collection).schema)
    codes = CodeLeg(legs.CODE, (words, *legs.codes_in(words)), typed.limit)
    asked = (codes, WordsLeg(legs.WORDS, words, languages, CANDIDATES))
    answer = wiring.engine().search(typed.collection, EngineQuery(asked))
    shown = cards(typed.collection, _ids(answer.legs), typed.language)
    ordered = [*answer.leg(legs.CODE).hits, *_by_title(answer.leg(legs.WORDS).hits, shown, fold(words))]
    lines = _each_title_once(shown[hit.id] for hit in ordered if hit.id in shown)
    filling = ("index",) if not lines and live_index.is_filling(typed.collection) else ()
    return Suggestions(
        lines=lines[: typed.limit],
        took_ms=round((time.perf_counter() - begin) * 1000, 1),
        warnings=warnings,
        degraded=(*answer.degraded, *filling),
    )


def _tells(words: str) -> bool:
    """Whether the words say enough to suggest: more than single letters. One character of a script without spaces is enough."""
    return any(unspaced or len(run) > 1 for run, unspaced in runs(fold(words)))


def _ids(legs: Iterable[LegAnswer]) -> Sequence[str]:
    return tuple(dict.fromkeys(hit.id for leg in legs for hit in leg.hits))


def _by_title(hits: Iterable[LegHit], cards: Mapping[str, Card], words: str) -> list[LegHit]:
    """Ordered by how well the titles continue what was typed; among equals the engine's score decides."""
    typed = [run for run, _ in runs(words)]

    def expected(hit: LegHit) -> tuple[bool, bool, float, int, str, str]:
        title = fold(normalise(cards[hit.id].title)) if hit.id in cards else ""
        said = list(runs(title))
        # In a script without spaces nobody can see where a word begins, so the part may stand anywhere.
        begun = all(
            any(word.startswith(part) or (unspaced and part in word) for word, unspaced in said) for part in typed
        )
        return not title.startswith(words), not begun, -hit.score, len(title), title, hit.id

    return sorted(hits, key=expected)


def _each_title_once(cards: Iterable[Card]) -> tuple[Suggestion, ...]:
    def distinct() -> Iterator[Suggestion]:
        shown: set[str] = set()
        for card in cards:
            title = normalise(card.title)
            if title and title not in shown:
                shown.add(title)
                yield Suggestion(card.id, card.title, card.url)

    return tuple(distinct())
