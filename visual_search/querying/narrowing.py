"""Guesses the category that words or a photo are about, and offers it: it filters nothing by itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

from multilingual.analysis import analyse
from visual_search import registry
from visual_search.engines.base import Engine
from visual_search.types import (
    PATH_SEPARATOR,
    CollectionSchema,
    FacetAnswer,
    FacetKind,
    Grade,
    Hit,
    Narrower,
    Not,
    Query,
)

BEST = 24  # hits that say what the question is about: a page
LEAST_BEST = 5  # fewer say nothing
NEARLY_ALL = 0.9  # of these lie in one category
LEAST_LEFT_OUT = 0.1  # of the close hits; a category that keeps more helps nobody
Labels = Callable[[Collection[str], str], Mapping[str, str]]  # (paths, language) -> path -> name


def narrower(
    query: Query,
    hits: Sequence[Hit],
    counts: Sequence[FacetAnswer],
    *,
    engine: Engine,
    schema: CollectionSchema,
    language: str | None,
) -> Narrower | None:
    """The category whose name the words are, else the deepest one in which nearly all of the best hits lie, also of a photo's.

    `counts`: the facets over all of the hits, which the page shows.

    None where it would leave hardly anything out, where one is chosen already, and where the question isn't one in words alone or
    by a photo alone, or wants no counts of categories. Raises as the engine does.
    """
    field = next((facet.name for facet in schema.facets if facet.kind is FacetKind.PATH), "")
    chosen = {rule.filter.field if isinstance(rule, Not) else rule.field for rule in query.filters}
    counted = query.facets is None or field in query.facets
    if bool(query.words) is bool(query.pictures) or query.like or not field or field in chosen or not counted:
        return None
    close = [hit for hit in hits if hit.grade is not Grade.DISTANT]
    # Mostly all hits are close, and then they are counted already.
    if len(close) == len(hits):
        in_all = _paths(next(answer for answer in counts if answer.field == field))
    else:
        in_all = _counts(engine, query.collection, field, close)
    # In an order by price the best hits aren't the first ones.
    best = sorted(close, key=lambda hit: -hit.score)[:BEST]
    source = registry.source(query.collection)
    path = _named(query.words, in_all, (language, query.language), partial(source.value_labels, field)) or _of_most(
        in_all if len(best) == len(close) else _counts(engine, query.collection, field, best), len(best)
    )
    if not path or in_all[path] > (1 - LEAST_LEFT_OUT) * len(close):
        return None
    called = source.value_labels(field, [path], query.language) if query.language else {}
    return Narrower(field, path, called.get(path) or path.rpartition(PATH_SEPARATOR)[2], in_all[path])


def _counts(engine: Engine, collection: str, field: str, hits: Sequence[Hit]) -> dict[str, int]:
    if not hits:
        return {}
    return _paths(engine.facets(collection, [hit.id for hit in hits], (field,))[0])


def _paths(answer: FacetAnswer) -> dict[str, int]:
    return {str(one.value): one.count for one in answer.counts}


def _named(words: str, paths: Collection[str], languages: Iterable[str | None], labels: Labels) -> str:
    """The category of which the words are the name, in whatever form: "lamp" is "Home > Lamps", and so is "Leuchte" in German.

    "" also where several have the name, such as jackets for women and for men: which is meant can't be told.
    """
    own = {path: path.rpartition(PATH_SEPARATOR)[2] for path in paths}
    for language in dict.fromkeys(one for one in (*languages, "en") if one):
        if not (asked := sorted(analyse(words, language))):
            continue
        for names in (labels(paths, language), own):
            named = [path for path, name in names.items() if sorted(analyse(name, language)) == asked]
            if named:
                return named[0] if len(named) == 1 else ""
    return ""


def _of_most(counts: dict[str, int], total: int) -> str:
    """The deepest category that holds nearly all of so many hits."""
    holding = [path for path, count in counts.items() if total >= LEAST_BEST and count >= NEARLY_ALL * total]
    return max(holding, key=lambda path: (path.count(PATH_SEPARATOR), counts[path], path), default="")
