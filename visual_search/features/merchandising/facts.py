"""What conditions may ask of a question: its words, filters and time, what its photo shows, and what it found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from multilingual.detection import detect
from multilingual.normalising import fold, normalise
from multilingual.segmenting import placed_runs
from visual_search.types import AnyOf, Grade, Hit, Query, QueryPicture, path_prefixes

SURE = 0.5  # from this score of the detector on, a thing counts as seen
BEST = 5  # of the close hits: in more than half of them a category is that of the best hits
Tokens = tuple[str, ...]
Paths = Callable[[Sequence[str]], Mapping[str, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the photos show: labels of things and names of colours, in small letters, and the words of labels."""

    things: frozenset[str] = frozenset()
    colours: frozenset[str] = frozenset()
    label: Tokens = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """`filters`: facet -> values that are asked, in small letters, of a path with all its levels. `now`: aware, local.

    `variants`: what is tried on this question. `seen` is None before the photo was looked at, `paths` before the hits are there.
    """

    collection: str
    tokens: Tokens
    now: datetime
    language: str | None = None
    variants: frozenset[str] = frozenset()
    filters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    seen: Seen | None = None
    paths: frozenset[str] | None = None
    nothing_close: bool = False


def tokens(text: str) -> Tokens:
    """The words of a text without case and marks; of scripts without spaces each character.

    >>> tokens("Roter STÜHL")
    ('roter', 'stuhl')
    """
    found: list[str] = []
    for run, _start, unspaced in placed_runs(normalise(text)):
        found += list(fold(run)) if unspaced else [fold(run)]
    return tuple(found)


def replaced(text: str, phrase: Tokens, by: str) -> str:
    """The text with the first place of the phrase replaced; the text itself where it isn't there, or where the replacement
    stands already: so a text that went through here once stays.

    >>> replaced("a red couch, please", ("couch",), "sofa")
    'a red sofa, please'
    """
    text, by = normalise(text), normalise(by)
    places: list[tuple[str, int, int]] = []
    for run, start, unspaced in placed_runs(text):
        pieces = [(run[n], start + n, start + n + 1) for n in range(len(run))] if unspaced else []
        places += pieces or [(run, start, start + len(run))]
    words = tuple(fold(word) for word, _, _ in places)
    at = place_of(phrase, words)
    if at is None or place_of(tokens(by), words) is not None:
        return text
    before, after = text[: places[at][1]], text[places[at + len(phrase) - 1][2] :]
    whole = before + by + after
    # In scripts without spaces it may grow together with its neighbours into another word.
    return whole if place_of(tokens(by), tokens(whole)) is not None else f"{before} {by} {after}"


def place_of(phrase: Tokens, words: Tokens) -> int | None:
    """Where the phrase begins among the words; None where it doesn't stand there."""
    if not phrase:
        return None
    return next((n for n in range(len(words) - len(phrase) + 1) if words[n : n + len(phrase)] == phrase), None)


def of_question(query: Query, now: datetime) -> Facts:
    """What is known before the photo was looked at."""
    words = query.asked or query.words
    filters: dict[str, set[str]] = {}
    for rule in query.filters:
        if isinstance(rule, AnyOf):
            values = (str(value) for value in rule.values)
            asked = {level.casefold() for value in values for level in (value, *path_prefixes(value))}
            filters.setdefault(rule.field, set()).update(asked)
    said, language = _read(words, query.language)
    levels = {name: frozenset(values) for name, values in filters.items()}
    return Facts(query.collection, said, now, language, frozenset(query.variants), levels)


@lru_cache(maxsize=8)  # Three hooks read a question one after the other, and a few questions are asked at a time.
def _read(words: str, language: str | None) -> tuple[Tokens, str | None]:
    """The words one by one, and their language."""
    return tokens(words), language or (detect(words).language if words else None)


def seen_in(pictures: Sequence[QueryPicture]) -> Seen:
    """What these photos show, once they were looked at; those that are asked against don't count."""
    things: set[str] = set()
    colours: set[str] = set()
    label: list[str] = []
    for picture in pictures:
        if picture.weight <= 0:
            continue
        if (scene := picture.scene) is not None:
            chosen = [thing for thing in scene.things if thing.box == scene.chosen]
            things |= {thing.label.casefold() for thing in chosen or scene.things if thing.score >= SURE}
        if picture.witness is not None:
            colours |= {name.casefold() for name in picture.witness.colours}
            label += tokens(picture.witness.text)
    return Seen(frozenset(things - {""}), frozenset(colours), tuple(label))


def best_paths(hits: Sequence[Hit], paths: Paths) -> frozenset[str]:
    """The categories, with the levels above them, of more than half of the best close hits. The shopper's own order, which
    differs from person to person, doesn't decide: the scores do.
    """
    close = sorted((hit for hit in hits if hit.grade is not Grade.DISTANT), key=lambda hit: -hit.score)[:BEST]
    if not close:
        return frozenset()
    counts: Counter[str] = Counter()
    for levels in paths([hit.id for hit in close]).values():
        counts.update({level.casefold() for level in levels})
    return frozenset(level for level, count in counts.items() if count * 2 > len(close))
