"""While a shopper types: products that the unfinished words may become.

One question to the engine and one reading of cards; no encoder is asked.
What was typed so far is no question yet: no signal is sent, so nothing that listens to searches hears of it.
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
# Asked of the engine: to it all products with a word that begins so are alike, and their titles decide.
CANDIDATES = 100


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in a search box now. `language`: of the page, in which titles come."""

    words: str
    words_not: tuple[str, ...] = ()
    language: str | None = None
    limit: int = LIMIT
    collection: str = "products"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One product, by what a line of the box shows and where it leads."""

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
    """The products that these words may become, those with a code that was typed whole first.

    Then come titles that begin with what was typed, then those in which all of it begins words, then the others; of
    titles that the engine finds alike the shorter ones first.

    Raises BadInput (400) for a limit outside 1 to 20, EngineUnavailable or SchemaMismatch (503).
    """
    begin = time.perf_counter()
    if not 1 <= typed.limit <= MOST_LINES:
        raise BadInput(f"limit is {typed.limit}; 1 to {MOST_LINES} are allowed.", field="limit")
    words, warnings = parsing.written(typed.words)
    # A line would show just what the shopper is about to keep out.
    if typed.words_not or not _tells(words):
        return Suggestions(warnings=warnings)
    live_index.ensure(typed.collection)
    languages = legs.languages_asked(typed.language, wiring.schema(typed.collection))
    asked = (CodeLeg(legs.CODE, legs.codes_in(words), typed.limit), WordsLeg(legs.WORDS, words, languages, CANDIDATES))
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
    """Whether there is more than single letters; a single character of a script without spaces may be a word."""
    return any(unspaced or len(run) > 1 for run, unspaced in runs(fold(words)))


def _ids(legs: Iterable[LegAnswer]) -> Sequence[str]:
    return tuple(dict.fromkeys(hit.id for leg in legs for hit in leg.hits))


def _by_title(hits: Iterable[LegHit], cards: Mapping[str, Card], words: str) -> list[LegHit]:
    """As somebody who is still typing expects their titles; what these don't decide, the engine's score does."""
    typed = [run for run, _ in runs(words)]

    def expected(hit: LegHit) -> tuple[bool, bool, float, int, str, str]:
        title = fold(normalise(cards[hit.id].title)) if hit.id in cards else ""
        said = list(runs(title))
        # A script without spaces has no beginnings of words that could be seen.
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
