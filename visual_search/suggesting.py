"""Suggests questions, categories and products while a shopper types.

It asks the engine once and reads the cards once; it needs no encoder. It sends no signal, because half-typed words are no
question yet: nothing that listens to searches hears of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from multilingual import completing, spelling
from multilingual.analysis import stem_of
from multilingual.completing import Phrase, plain
from multilingual.languages import UNDETERMINED
from multilingual.normalising import fold, normalise
from multilingual.segmenting import runs
from multilingual.spelling import Lexicon, Unfinished
from visual_search import registry, wiring
from visual_search.conf import conf
from visual_search.content import lexicon, live_index, phrases
from visual_search.content.phrases import Askable
from visual_search.engines.base import Engine
from visual_search.errors import BadInput, said
from visual_search.querying import legs, parsing, rewriting
from visual_search.querying.cards import cards
from visual_search.types import (
    CATEGORY,
    PATH_SEPARATOR,
    AnyOf,
    BrowseLeg,
    Card,
    CodeLeg,
    CollectionSchema,
    EngineQuery,
    Filter,
    LegHit,
    Query,
    WordsLeg,
    path_prefixes,
)

LIMIT = 8  # as many lines as a phone shows above its keyboard
MOST_LINES = 20  # more than fit on any screen
# Of the lines at most this share are questions, and this one categories: products show best what the shop has.
QUERIES_SHARE, CATEGORIES_SHARE = 1 / 2, 1 / 4
CANDIDATES = 100  # hits asked of the engine; a title that many of them have is shown once
# Cards more than lines that are read at once, from which those are chosen whose titles go on best. A card takes .1 ms.
CARDS_MORE = 12
MOST_READINGS = 3  # of words with a slip in them, by which titles are put in order


class Kind(StrEnum):
    """What a line leads to."""

    QUERY = "query"
    CATEGORY = "category"
    PRODUCT = "product"


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
    """One line below the search box. `parts`: the title in pieces, and of each whether it was typed.

    `id` and `url` are a product's; `category` is the path of a category, whose title is its last level, and `within`
    names the levels above it.
    """

    kind: Kind
    title: str
    parts: tuple[tuple[str, bool], ...]
    id: str = ""
    url: str = ""
    category: str = ""
    within: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Questions, then categories, then products; each best first, each title once. `warnings` and `degraded` as in a `Page`."""

    lines: tuple[Suggestion, ...] = ()
    took_ms: float = 0.0
    warnings: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()


def suggest(typed: Typed) -> Suggestions:
    """What these unfinished words may lead to. A slip in them is forgiven, as in a search.

    Of products, those with an exact code come first. Then come titles that begin with what was typed, then titles in which
    it begins a word, then those in which each typed word begins one, then the others, each as the engine scores them.

    Raises BadInput (400) for a limit outside 1 to `MOST_LINES`, EngineUnavailable or SchemaMismatch (503).
    """
    begin = time.perf_counter()
    if not 1 <= typed.limit <= MOST_LINES:
        raise BadInput(
            said("limit is %(limit)s; 1 to %(most)s are allowed.", limit=typed.limit, most=MOST_LINES),
            field="limit",
        )
    words, warnings = parsing.written(typed.words)
    # Suggestions would show what the shopper wants to keep out.
    if typed.words_not or not _tells(words):
        return Suggestions(warnings=warnings)
    serving = live_index.serving(typed.collection)
    asked = Query(collection=typed.collection, words=words, language=typed.language, facets=())
    rewritten = rewriting.rewritten(asked)
    query, unfiltered = serving.askable(rewritten.value.query)
    if query.words_not:
        return Suggestions(warnings=warnings, degraded=rewritten.degraded)

    found = candidates(
        words,
        query,
        limit=typed.limit,
        engine=wiring.engine(),
        schema=serving.schema,
        known=lexicon.of(typed.collection),
        askable=phrases.of(typed.collection),
    )
    above = (*found.queries, *_in_language(found.categories, found.readings, typed))
    lines = (*above, *_products(found, typed, most=typed.limit - len(above)))
    filling = ("index",) if not lines and live_index.is_filling(typed.collection) else ()
    return Suggestions(
        lines=lines,
        took_ms=round((time.perf_counter() - begin) * 1000, 1),
        warnings=warnings,
        degraded=(*rewritten.degraded, *unfiltered, *found.degraded, *filling),
    )


@dataclass(frozen=True, slots=True)
class Candidates:
    """All but the products' titles. `readings`: what was typed as it is compared, several where a slip may mean several.

    `exact`: ids of products with an exact code; `hits`: the others.
    """

    readings: Sequence[str]
    queries: Sequence[Suggestion]
    categories: Sequence[Suggestion]
    exact: Sequence[str]
    hits: Sequence[LegHit]
    degraded: Sequence[str] = ()


def candidates(
    words: str, query: Query, *, limit: int, engine: Engine, schema: CollectionSchema, known: Lexicon, askable: Askable
) -> Candidates:
    """What may be suggested for these words, of which rewriters made `query`. Reads no database."""
    meant = spelling.unfinished(words, known, query.language, slips=conf.SPELLING)
    readings = _readings(meant)
    queries = _queries(words, readings, askable, query.language, most=int(limit * QUERIES_SHARE))
    categories: Sequence[Suggestion] = ()
    # An index that was made before the shop had categories can't be asked for them.
    if any(facet.name == CATEGORY.name for facet in schema.facets):
        categories = _categories(readings, askable, query.language, most=int(limit * CATEGORIES_SHARE))
    if query.filters:
        queries, categories = _leading_somewhere(queries, categories, query, engine, schema)

    if query.words != words:
        meant = spelling.unfinished(query.words, known, query.language, slips=conf.SPELLING)
    codes = CodeLeg(legs.CODE, (words, *legs.codes_in(words)), limit)
    answer = engine.search(
        query.collection, EngineQuery((codes, _products_leg(meant, query.language, schema)), query.filters)
    )
    return Candidates(
        readings=readings,
        queries=queries,
        categories=categories,
        exact=[hit.id for hit in answer.leg(legs.CODE).hits],
        hits=answer.leg(legs.WORDS).hits,
        degraded=answer.degraded,
    )


def _tells(words: str) -> bool:
    """Whether the words say enough to suggest: more than single letters.

    One character of a script without spaces is enough, and so is a fraction.
    """
    said = list(runs(fold(words)))
    return any(unspaced or len(run) > 1 for run, unspaced in said) or sum(run.isdigit() for run, _ in said) > 1


def _readings(meant: Unfinished) -> Sequence[str]:
    beginnings = dict.fromkeys(ending.typed for ending in meant.endings) or [""]
    return [plain(f"{meant.words} {beginning}") for beginning in beginnings]


# --- Questions and categories -------------------------------------------------------------------


def _queries(
    words: str, readings: Sequence[str], askable: Askable, language: str | None, *, most: int
) -> Sequence[Suggestion]:
    """Questions that go on as typed. Of one that differs in a word's form alone, the better stays."""
    told = {_stems(plain(words), language)}
    queries: list[Suggestion] = []
    for phrase in _going_on(readings, askable, language):
        if len(queries) == most:
            break
        stems = _stems(phrase.plain.partition("\n")[0], phrase.language or language)
        if stems not in told:
            told.add(stems)
            queries.append(Suggestion(Kind.QUERY, phrase.text, _parts(phrase.text, readings)))
    return queries


def _going_on(readings: Sequence[str], askable: Askable, language: str | None) -> Iterator[Phrase]:
    for reading in readings:
        yield from askable.queries(reading, language, most=MOST_LINES)
    # The words may stand in another order.
    for reading in readings:
        *others, last = reading.split() or [""]
        if others:
            for phrase in askable.queries(last, language, most=completing.MOST_READ):
                if all(f" {word}" in f" {phrase.plain}" for word in others):
                    yield phrase


def _stems(text: str, language: str | None) -> tuple[str, ...]:
    return tuple(stem_of(word, language or UNDETERMINED) for word in text.split())


def _categories(readings: Sequence[str], askable: Askable, language: str | None, *, most: int) -> Sequence[Suggestion]:
    found = [path for reading in readings for path in askable.categories.find(reading, language, most=most)]
    named = [(phrase.text, phrase.text.rsplit(PATH_SEPARATOR, 1)[-1]) for phrase in dict.fromkeys(found)]
    return [Suggestion(Kind.CATEGORY, name, _parts(name, readings), category=path) for path, name in named[:most]]


def _in_language(categories: Sequence[Suggestion], readings: Sequence[str], typed: Typed) -> Sequence[Suggestion]:
    """The categories as the shop calls them in the language of the page, with all levels above them."""
    levels = {line.category: path_prefixes(line.category) for line in categories}
    paths = list(dict.fromkeys(path for each in levels.values() for path in each))
    source = registry.source(typed.collection)
    called = source.value_labels(CATEGORY.name, paths, typed.language) if paths and typed.language else {}
    named = []
    for line in categories:
        *above, name = (called.get(path) or path.rpartition(PATH_SEPARATOR)[2] for path in levels[line.category])
        named.append(replace(line, title=name, parts=_parts(name, readings), within=tuple(above)))
    return named


def _leading_somewhere(
    queries: Sequence[Suggestion],
    categories: Sequence[Suggestion],
    query: Query,
    engine: Engine,
    schema: CollectionSchema,
) -> tuple[Sequence[Suggestion], Sequence[Suggestion]]:
    """Those that find something behind the filters of a rewriter, such as those of one of several shops."""
    languages = legs.languages_asked(query.language, schema)

    def found(line: Suggestion, *filters: Filter) -> bool:
        words = WordsLeg(legs.WORDS, line.title, languages, 1) if not filters else BrowseLeg(legs.WORDS, 1)
        hits = engine.search(query.collection, EngineQuery((words,), (*query.filters, *filters))).leg(legs.WORDS).hits
        return any(hit.key or filters for hit in hits)

    return (
        [line for line in queries if found(line)],
        [line for line in categories if found(line, AnyOf(CATEGORY.name, (line.category,)))],
    )


# --- Products -----------------------------------------------------------------------------------


def _products_leg(meant: Unfinished, language: str | None, schema: CollectionSchema) -> WordsLeg | BrowseLeg:
    if not (meant.words or meant.endings):
        return replace(legs.browse("relevance", schema), name=legs.WORDS, k=CANDIDATES)
    languages = legs.languages_asked(language, schema)
    endings = tuple((known, ending.word) for ending in meant.endings for known in ending.languages)
    return WordsLeg(legs.WORDS, meant.words, languages, CANDIDATES, endings=endings)


def _products(found: Candidates, typed: Typed, *, most: int) -> Sequence[Suggestion]:
    """A line for each title, once however it is written. More cards are read only where many have one title."""
    ids = tuple(dict.fromkeys((*found.exact, *(hit.id for hit in found.hits))))
    step = most + CARDS_MORE
    shown: dict[str, Card] = {}
    distinct: dict[str, Card] = {}
    for start in range(0, len(ids), step):
        shown |= cards(typed.collection, ids[start : start + step], typed.language)
        best = _by_title((hit for hit in found.hits if hit.id in shown), shown, found.readings[:MOST_READINGS])
        distinct = {}
        for id in (*found.exact, *best):
            if id in shown and (title := normalise(shown[id].title)):
                distinct.setdefault(title, shown[id])
        if len(distinct) >= most:
            break
    return [
        Suggestion(Kind.PRODUCT, card.title, _parts(card.title, found.readings), card.id, card.url)
        for card in list(distinct.values())[:most]
    ]


def _by_title(hits: Iterable[LegHit], cards: Mapping[str, Card], readings: Sequence[str]) -> list[str]:
    """Their ids, ordered by how well the titles go on as typed; among equals the engine's score decides."""

    def expected(hit: LegHit) -> tuple[tuple[bool, bool, bool], float, int, str, str]:
        title = cards[hit.id].title
        best = min(completing.goes_on(title, reading) for reading in readings)
        told = fold(normalise(title))
        return best, -hit.score, len(told), told, hit.id

    return [hit.id for hit in sorted(hits, key=expected)]


def _parts(title: str, readings: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    """The title in pieces, by the reading that it goes on best."""
    return tuple(completing.parts(title, min(readings, key=lambda reading: completing.goes_on(title, reading))))
