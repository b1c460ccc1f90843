"""The journey of InstantSearch's multi-search: each request becomes a `Query`, and its page a result in the same place.

A parameter that has no effect here is named in `unsupported` of its result, and one that would leave hits out is refused: nobody
gets hits that they excluded.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from multilingual.languages import LANGUAGES, base_code
from visual_search import search, wiring
from visual_search.api import tiles
from visual_search.conf import conf
from visual_search.errors import BadInput
from visual_search.features.compatibility import expressions, named
from visual_search.features.compatibility.bodies import clean, items, shown, text
from visual_search.features.compatibility.highlighting import Marker
from visual_search.querying import legs, parsing
from visual_search.types import CollectionSchema, FacetAnswer, Hit, Page, Query, path_prefixes

LONGEST_ECHO = 4_000  # characters of a parameter that an answer repeats
MOST_NAMED = 50  # parameters that an answer names as not supported
MOST_REQUESTS = 20  # InstantSearch sends one, and one more for each facet with a choice and each level of a path
HITS, FACET_VALUES, FACET_HITS = 20, 100, 10  # where a request doesn't say how many
ANSWERED = (
    "query", "page", "hitsPerPage", "offset", "length", "facets", "maxValuesPerFacet", "sortFacetValuesBy",
    "facetFilters", "numericFilters", "filters", "attributesToRetrieve", "attributesToHighlight", "highlightPreTag",
    "highlightPostTag", "queryLanguages", "naturalLanguages", "analytics", "clickAnalytics",
)  # fmt: skip
OF_FACET_SEARCH = ("facetQuery", "maxFacetHits")
# They leave hits out, or ask another question, so an answer without them would be wrong.
REFUSED = (
    "tagFilters", "insideBoundingBox", "insidePolygon", "aroundLatLng", "aroundLatLngViaIP", "similarQuery",
)  # fmt: skip
_OUTSIDE = ("indexName", "params", "type", "facet", "facetName")
_HIGHLIGHTED = ("title",)  # where words are looked up, of what a tile shows; codes are found whole or not at all


@dataclass(frozen=True, slots=True)
class Shown:
    """What of a hit is shown, and how. `attributes` and `highlighted`: None means all."""

    attributes: tuple[str, ...] | None
    highlighted: tuple[str, ...] | None
    marks: Mapping[str, str]
    values: int  # of a facet, at most
    alphabetical: bool  # values of a facet in the order of the alphabet, not of their counts


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one request asks. `levels`: attribute as it was asked -> facet, and which level of it if it is a path."""

    query: Query
    index: str
    params: Mapping[str, Any]
    levels: Mapping[str, tuple[str, int | None]]
    shown: Shown
    size: int  # hits; 0 where only counts are wanted
    said: str  # the words as they came
    facet: str = ""  # the attribute whose values are looked up, in place of hits
    like: str = ""  # what these values must be like
    unsupported: tuple[str, ...] = ()


def answer(body: Any, language: str | None = None) -> dict[str, Any]:
    """`{"results": [...]}` for `{"requests": [...]}` or a bare list. `language`: of the page, where a request names none.

    Raises BadInput, which names the part, and what `search` raises beside it.
    """
    extra: list[str] = []
    if isinstance(body, dict):
        extra = [name for name in body if name not in ("requests", "strategy")]
        if body.get("strategy") not in (None, "none"):
            extra.append("strategy")
        body = body.get("requests")
    requests = items(body, "requests", most=MOST_REQUESTS)
    wanted = [_wanted(one, f"requests[{number}]", language) for number, one in enumerate(requests)]
    results = [_result(one) for one in wanted]
    return {"results": results, **_message(tuple(extra))}


# --- What is asked ------------------------------------------------------------------------------


def _wanted(request: Any, where: str, language: str | None) -> Wanted:
    if not isinstance(request, dict):
        raise BadInput(f"{where} is {shown(request)}; it must be an object.", field=where)
    try:
        return _read(request, language)
    except BadInput as error:
        error.field = f"{where}.{error.field}"
        raise


def _read(request: Mapping[str, Any], language: str | None) -> Wanted:
    name = text(request.get("indexName"), "indexName")
    collection, sort = _index(name)
    schema = wiring.schema(collection).told
    flat = {key: value for key, value in request.items() if key not in _OUTSIDE}
    params = {key: value for key, value in {**flat, **_params(request.get("params"))}.items() if value is not None}
    facet = _facet_search(request, params)
    params.pop("facetName", None)
    for narrowing in REFUSED:
        if params.get(narrowing) not in (None, "", [], False):
            raise BadInput(f"{narrowing} isn't offered here; leave it out.", field=narrowing)
    known = (*ANSWERED, *REFUSED, *(OF_FACET_SEARCH if facet else ()))
    unsupported = [key for key in params if key not in known]
    tongue, strange = _language(params)
    size, page, cut = _paging({"hitsPerPage": 0} if facet else params)
    levels, missing = _facets([facet] if facet else params.get("facets"), schema)
    shown_as = _shown(params, facet)
    known_attributes = (*tiles.to_json(None), "*", "objectID", "grade")
    absent = [
        f"attributesToRetrieve={one}"
        for one in shown_as.attributes or ()
        if one.removeprefix("-") not in known_attributes
    ]
    said = text(params.get("query"), "query")
    words, words_not = parsing.words_and_not(said, tongue or language)
    return Wanted(
        query=Query(
            collection=collection,
            words=words,
            words_not=words_not,
            language=tongue or language,
            filters=_filters(params, schema),
            sort=sort,
            page=page,
            page_size=max(1, size),
            facets=tuple(dict.fromkeys(field for field, _ in levels.values())),
            # Such an answer can't say which filters the words became, and nothing is filtered in silence.
            understand=False,
        ),
        index=name,
        params=params,
        levels=levels,
        shown=shown_as,
        size=size,
        said=said,
        facet=facet,
        like=text(params.get("facetQuery"), "facetQuery")[: conf.QUERY_MAX_CHARS],
        unsupported=(*unsupported, *strange, *cut, *missing, *absent),
    )


def _index(name: str) -> tuple[str, str]:
    """`products` -> ("products", "relevance"); `products_price_desc` -> ("products", "-price"). Raises BadInput (404)."""
    for known in sorted(named.names(), key=len, reverse=True):
        if name == known:
            return named.names()[known], "relevance"
        order = name.removeprefix(f"{known}_")
        field, _, direction = order.rpartition("_")
        if order != name and field and direction in ("asc", "desc"):
            collection = named.names()[known]
            sort = field if direction == "asc" else f"-{field}"
            legs.order(sort, wiring.schema(collection).told)
            return collection, sort
    known_names = ", ".join(f"{known}, {known}_FACET_asc, {known}_FACET_desc" for known in named.names())
    raise BadInput(f"There is no index '{name[:80]}' here. Known: {known_names}.", field="indexName", status=404)


def _params(raw: Any) -> dict[str, Any]:
    """The parameters of a request: an object, or text as in an address."""
    if raw is None:
        return {}
    if isinstance(raw, dict):
        return raw
    if not isinstance(raw, str):
        raise BadInput(f"params is {shown(raw)}; it must be an object, or a text as in an address.", field="params")
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, max_num_fields=200)
    except ValueError as error:
        raise BadInput(f"params can't be read: {error}.", field="params") from None
    return {name: _from_address(name, value) for name, value in pairs}


def _from_address(name: str, value: str) -> Any:
    """In an address lists are JSON, and everything else is text."""
    if name in ("analytics", "clickAnalytics", "aroundLatLngViaIP") and value in ("true", "false"):
        return value == "true"
    if not value.startswith("["):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _facet_search(request: Mapping[str, Any], params: Mapping[str, Any]) -> str:
    """The attribute whose values are looked up; "" for a search for hits. Searchkit names it among the parameters."""
    if request.get("type", "default") not in ("facet", "default"):
        raise BadInput(f"type is {shown(request['type'])}; it may be default or facet.", field="type")
    if request.get("type") == "facet":
        facet = text(request.get("facet") or params.get("facet"), "facet")
        if not facet:
            raise BadInput("facet is missing; name the one whose values are looked up.", field="facet")
        return facet
    return text(request.get("facetName") or params.get("facetName"), "facetName")


def _paging(params: Mapping[str, Any]) -> tuple[int, int, list[str]]:
    """Hits a page, the page from 1, and what of it had to be cut."""
    size = parsing.whole_number(params.get("hitsPerPage"), field="hitsPerPage", default=HITS)
    page = parsing.whole_number(params.get("page"), field="page", default=0)
    if params.get("offset") is not None or params.get("length") is not None:
        offset = parsing.whole_number(params.get("offset"), field="offset", default=0)
        size = parsing.whole_number(params.get("length"), field="length", default=size)
        if offset % max(1, size) or size > conf.PAGE_SIZE_MAX:
            raise BadInput(
                f"offset is {offset} and length {size}; offset must be a multiple of length, and length at most "
                f"{conf.PAGE_SIZE_MAX}.",
                field="offset",
            )
        page = offset // max(1, size)
    most: int = conf.PAGE_SIZE_MAX
    return min(size, most), page + 1, [f"hitsPerPage={size}"] if size > most else []


def _language(params: Mapping[str, Any]) -> tuple[str | None, list[str]]:
    """The first of the languages that is known here, and those that aren't."""
    name = "queryLanguages" if "queryLanguages" in params else "naturalLanguages"
    given = params.get(name)
    tags = items([given] if isinstance(given, str) else given, name, most=50)
    codes = {tag: base_code(tag) for tag in tags if isinstance(tag, str)}
    found = [code for code in codes.values() if code in LANGUAGES]
    strange = [
        tag if isinstance(tag, str) else shown(tag)
        for tag in tags
        if not isinstance(tag, str) or codes[tag] not in LANGUAGES
    ]
    return (found[0] if found else None), [f"{name}={tag}" for tag in strange]


def _facets(raw: Any, schema: CollectionSchema) -> tuple[dict[str, tuple[str, int | None]], list[str]]:
    """The attributes to count, and those that there aren't. A text is one attribute, or several with commas, or JSON."""
    asked = _attributes(raw, "facets") or []
    levels: dict[str, tuple[str, int | None]] = {}
    missing = []
    for name in asked:
        try:
            levels[name] = expressions.level(name, schema)
        except BadInput:
            if name == "*":
                levels |= {field.name: (field.name, None) for field in schema.facets}
            else:
                missing.append(f"facets={name}")
    return levels, missing


def _attributes(raw: Any, where: str) -> list[str] | None:
    """Names of attributes; None if nothing is said."""
    if raw is None:
        return None
    given = _from_address(where, raw) if isinstance(raw, str) else raw
    given = [part.strip() for part in given.split(",") if part.strip()] if isinstance(given, str) else given
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given) or len(given) > 100:
        raise BadInput(f"{where} is {shown(raw)}; it must be a list of at most 100 names.", field=where)
    return given


def _shown(params: Mapping[str, Any], facet: str) -> Shown:
    names = ("attributesToRetrieve", "attributesToHighlight")
    retrieved, highlighted = (_attributes(params.get(name), name) for name in names)
    tags = (("highlightPreTag", "before"), ("highlightPostTag", "after"))
    name, default = ("maxFacetHits", FACET_HITS) if facet else ("maxValuesPerFacet", FACET_VALUES)
    return Shown(
        attributes=None if retrieved is None else tuple(retrieved),
        highlighted=None if highlighted is None else tuple(highlighted),
        marks={argument: clean(text(params[name], name)) for name, argument in tags if name in params},
        values=parsing.whole_number(params.get(name), field=name, default=default),
        alphabetical=params.get("sortFacetValuesBy") == "alpha",
    )


def _filters(params: Mapping[str, Any], schema: CollectionSchema) -> tuple[Any, ...]:
    clauses: list[tuple[expressions.Clauses, str]] = []
    for name, term in (("facetFilters", expressions.of_facet), ("numericFilters", expressions.comparison)):
        if (given := params.get(name)) not in (None, ""):
            clauses.append((expressions.listed(given, term, where=name), name))
    given = text(params.get("filters"), "filters")
    clauses.append((expressions.parsed(given, expressions.comparison, where="filters"), "filters"))
    return tuple(rule for some, where in clauses for rule in expressions.rules(some, schema, where=where))


# --- What is answered ---------------------------------------------------------------------------


def _result(wanted: Wanted) -> dict[str, Any]:
    # InstantSearch asks not to be counted where it only counts facets, and values that are looked up are no question.
    log = wanted.params.get("analytics") is not False and not wanted.facet
    page = search.search(wanted.query, context={"log": log})
    exact = page.relation == "eq"
    if wanted.facet:
        return {
            "facetHits": _facet_hits(page, wanted),
            "exhaustiveFacetsCount": exact,
            "processingTimeMS": round(page.took_ms),
            **_message(wanted.unsupported),
        }
    facets, stats = _counts(page, wanted)
    most = wanted.shown.values
    marker = _marker(page.words, page, wanted)
    return {
        "hits": [_hit(hit, marker, wanted) for hit in page.hits] if wanted.size else [],
        "nbHits": page.total,
        "page": page.page - 1,
        "nbPages": math.ceil(page.total / wanted.size) if wanted.size else 0,
        "hitsPerPage": wanted.size,
        "facets": {name: dict(list(values.items())[:most]) for name, values in facets.items()},
        "facets_stats": stats,
        "exhaustiveFacetsCount": exact,
        "exhaustiveNbHits": exact,
        "exhaustive": {"facetsCount": exact, "nbHits": exact},
        "processingTimeMS": round(page.took_ms),
        "query": clean(wanted.said[:LONGEST_ECHO]),
        "params": _as_address(wanted.params),
        "index": clean(wanted.index),
        "warnings": list(page.warnings),
        "degraded": list(page.degraded),
        **({"queryID": page.query_id} if wanted.params.get("clickAnalytics") is True else {}),
        **({"renderingContent": {"redirect": {"url": page.redirect}}} if page.redirect else {}),
        **_message(wanted.unsupported),
    }


def _message(unsupported: tuple[str, ...]) -> dict[str, Any]:
    """What isn't supported, for programs and for people; nothing where everything is."""
    if not unsupported:
        return {}
    names = [clean(name[:80]) for name in list(dict.fromkeys(unsupported))[:MOST_NAMED]]
    return {"unsupported": names, "message": f"Not supported here, so without effect: {', '.join(names)}."}


def _as_address(params: Mapping[str, Any]) -> str:
    """The parameters that were read. What is sent back is short, however long what came is."""
    pairs = {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in params.items()
        if name in ANSWERED
    }
    return urlencode({name: clean(value[:LONGEST_ECHO]) for name, value in pairs.items()})


def _marker(words: str, page: Page, wanted: Wanted) -> Marker:
    return Marker.of(words, wanted.query.language or page.language, **wanted.shown.marks)


def _hit(hit: Hit, marker: Marker, wanted: Wanted) -> dict[str, Any]:
    card = {name: value for name, value in tiles.to_json(hit.card).items() if name != "id"}
    card["grade"] = hit.grade.value if hit.grade else None
    given = wanted.shown.attributes
    everything = given is None or "*" in given
    named_so = given or ()
    marked_in = wanted.shown.highlighted
    highlighted = {
        name: marker.marked(card[name])
        for name in _HIGHLIGHTED
        if marked_in is None or "*" in marked_in or name in marked_in
    }
    return {
        "objectID": hit.id,
        **{
            name: value
            for name, value in card.items()
            if (everything and f"-{name}" not in named_so) or name in named_so
        },
        **({"_highlightResult": highlighted} if highlighted else {}),
    }


def _counts(page: Page, wanted: Wanted) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, float]]]:
    """Counts by attribute and value, and the ends of numbers. Numbers have ends in place of counts."""
    by_field = {facet.field: facet for facet in page.facets}
    counts: dict[str, dict[str, int]] = {}
    stats: dict[str, dict[str, float]] = {}
    for attribute, (field, level) in wanted.levels.items():
        if field not in by_field:
            continue  # Counting failed, or the index lacks it; `degraded` says so.
        facet = by_field[field]
        values = list(_of_level(facet, level).items())
        counts[attribute] = dict(sorted(values) if wanted.shown.alphabetical else values)
        if facet.minimum is not None and facet.maximum is not None:
            stats[attribute] = {"min": facet.minimum, "max": facet.maximum}
    return counts, stats


def _of_level(facet: FacetAnswer, level: int | None) -> dict[str, int]:
    counts = {
        str(item.value).lower() if isinstance(item.value, bool) else item.value: item.count for item in facet.counts
    }
    if level is None:
        return counts
    return {value: count for value, count in counts.items() if len(path_prefixes(value)) == level + 1}


def _facet_hits(page: Page, wanted: Wanted) -> list[dict[str, Any]]:
    """The values of one facet that are like what is being typed."""
    counts, _ = _counts(page, wanted)
    asked = wanted.like.strip()
    marker = _marker(asked, page, wanted)
    found = []
    for value, count in counts.get(wanted.facet, {}).items():
        marked = marker.marked(value)
        if not asked or marked["matchLevel"] == "full" or asked.casefold() in value.casefold():
            found.append({"value": value, "highlighted": marked["value"], "count": count})
    return found[: wanted.shown.values]
