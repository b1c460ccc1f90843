"""Journey B: a shopper's question becomes an answer. `search` tells the steps in order; `rank` is the part without a database."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from django.core.exceptions import ValidationError

from multilingual.detection import detect
from multilingual.languages import UNDETERMINED
from multilingual.normalising import normalise
from visual_search import documents, embedding, registry, wiring
from visual_search.conf import conf
from visual_search.encoders.base import Encoder
from visual_search.engines.base import Engine
from visual_search.errors import BadInput, EncoderUnavailable, VisualSearchError
from visual_search.ranking.fusion import Fused, Scale, fuse
from visual_search.ranking.grades import grade
from visual_search.registry import Source
from visual_search.signals import search_served
from visual_search.types import (
    BrowseLeg,
    CodeLeg,
    CollectionSchema,
    EngineQuery,
    FacetAnswer,
    FacetKind,
    Grade,
    Hit,
    Leg,
    LegAnswer,
    NamedVector,
    Page,
    Query,
    Relation,
    Vector,
    VectorLeg,
    WordsLeg,
)

logger = logging.getLogger(__name__)

# How each kind of leg counts. The ends of the cosine scales lie near what unrelated and what equal things have with the
# offline encoder; the weights were chosen with `measure_quality` (docs/reference/quality-and-speed.md).
SCALES: Mapping[str, Scale] = {
    "photo": Scale(weight=1.0, low=0.2, high=1.0, admits=0.35),  # a photo against pictures
    "like": Scale(weight=1.0, low=0.2, high=1.0, admits=0.35),  # a product's pictures against pictures
    "like_text": Scale(weight=0.3, low=0.2, high=0.9, admits=0.6),  # a product's titles against titles
    "words": Scale(weight=0.6, admits=0.0),  # BM25
    "meaning": Scale(weight=0.5, low=0.25, high=0.85, admits=0.35),  # words against titles in any language
    "seen": Scale(weight=0.15, low=0.05, high=0.45, admits=0.6),  # words against what pictures show
    "imagined": Scale(
        weight=0.15, low=0.1, high=0.7, admits=0.6
    ),  # the picture that the words ask for, against pictures
}
LEAST_RESULTS = 24  # With fewer admitted hits, the nearest others follow, graded "nothing close": never a blank page.


@dataclass(frozen=True, slots=True)
class Ranking:
    """The one result set: everything on a page is a part of it, or counted over it."""

    hits: tuple[Hit, ...]
    total: int
    relation: Relation
    language: str | None
    warnings: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()
    photo_vectors: Mapping[str, Vector] = field(default_factory=dict)
    timings_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass
class _Clock:
    """Milliseconds by step."""

    steps: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.steps[name] = self.steps.get(name, 0.0) + (time.perf_counter() - begin) * 1000


def search(query: Query, *, context: Mapping[str, object] | None = None) -> Page:
    """Answer one question. `context` travels with the signal `search_served` (plain values, never a photo).

    Raises BadInput (a 4xx), EngineUnavailable or EncoderUnavailable (503), SchemaMismatch (503).
    """
    begin = time.perf_counter()
    clock = _Clock()
    engine, encoder, schema = wiring.engine(), wiring.encoder(), wiring.schema(query.collection)
    query = _within_limits(query)
    with clock.step("engine"):
        engine.ensure(query.collection, schema)
    with clock.step("like"):
        liked = _liked(query, encoder) if query.like else {}

    ranking = rank(query, engine=engine, encoder=encoder, schema=schema, liked=liked, clock=clock)

    with clock.step("facets"):
        facets, degraded = _facets(engine, query, schema, ranking)
    with clock.step("cards"):
        shown = ranking.hits[(query.page - 1) * query.page_size : query.page * query.page_size]
        hits = _with_cards(query, shown, ranking.language)
    page = Page(
        query_id=str(uuid4()),
        took_ms=round((time.perf_counter() - begin) * 1000, 1),
        total=ranking.total,
        relation=ranking.relation,
        hits=hits,
        facets=facets,
        page=query.page,
        page_size=query.page_size,
        language=ranking.language,
        warnings=(*ranking.warnings, *_page_warnings(query, ranking)),
        degraded=(*ranking.degraded, *degraded),
        photo_vectors=ranking.photo_vectors,
        timings_ms={name: round(value, 1) for name, value in clock.steps.items()},
    )
    for receiver, error in search_served.send_robust(sender=Query, query=query, page=page, context=dict(context or {})):
        if isinstance(error, Exception):
            logger.error("A receiver of search_served failed: %s: %r", receiver, error)
    return page


def rank(
    query: Query,
    *,
    engine: Engine,
    encoder: Encoder,
    schema: CollectionSchema,
    liked: Mapping[str, Sequence[NamedVector]] | None = None,
    clock: _Clock | None = None,
) -> Ranking:
    """The result set of a question, best first: encode, ask all legs at once, fuse, cut off, sort. Reads no database."""
    clock = clock or _Clock()
    words = normalise(query.words)
    language = detect(words, hint=query.language).language if words else query.language
    with clock.step("encoder"):
        photo, legs, degraded = _encoded_legs(query, words, language, encoder)
    legs += _liked_legs(liked or {}, encoder)
    if words:
        legs.append(WordsLeg("words", words, _languages(language, schema), conf.RANK_WINDOW))
        if found := codes_in(words):
            legs.append(CodeLeg("code", found, conf.RANK_WINDOW))
    if not legs:
        if query.like:
            raise BadInput(
                "What you want to resemble has no picture and no text in the index yet.", field="like", status=404
            )
        legs.append(_browse(query, schema))
    with clock.step("engine"):
        answer = engine.search(query.collection, EngineQuery(tuple(legs), query.filters, exclude=query.like))
    with clock.step("fusion"):
        hits = _result_set(answer.legs, explain=query.explain)
        relation = _relation(answer.legs)
        if query.sort not in ("", "relevance"):
            hits = _sorted_by(query, hits, engine, schema)
    total = len(hits)
    warnings = ("nothing_close",) if hits and all(hit.grade is Grade.DISTANT for hit in hits) else ()
    return Ranking(hits, total, relation, language, warnings, (*degraded, *answer.degraded), photo, dict(clock.steps))


# --- Asking -------------------------------------------------------------------------------------


def _within_limits(query: Query) -> Query:
    if query.page < 1:
        raise BadInput(f"page is {query.page}; pages start at 1.", field="page")
    if not 1 <= query.page_size <= conf.PAGE_SIZE_MAX:
        raise BadInput(f"page_size is {query.page_size}; 1 to {conf.PAGE_SIZE_MAX} are allowed.", field="page_size")
    return replace(query, words=query.words[: conf.QUERY_MAX_CHARS])


def _encoded_legs(
    query: Query, words: str, language: str | None, encoder: Encoder
) -> tuple[dict[str, Vector], list[Leg], tuple[str, ...]]:
    """The photo's vectors, the legs that need the encoder, and what had to be left out."""
    card, k = encoder.card, conf.RANK_WINDOW
    legs: list[Leg] = []
    photo: dict[str, Vector] = {}
    try:
        for number, picture in enumerate(query.pictures):
            vectors = dict(picture.vectors)
            if picture.image is not None:
                vectors = {card.image.name: encoder.images([picture.image]).image[0]}
            legs.append(VectorLeg(f"photo{number or ''}", card.image.name, vectors[card.image.name], k))
            photo = photo or vectors
        if words:
            texts = encoder.texts([words], role="query", language=language)
            if texts.text is not None and card.text is not None and texts.text[0].any():
                legs.append(VectorLeg("meaning", card.text.name, texts.text[0], k))
            if texts.cross is not None and card.cross is not None and texts.cross[0].any():
                legs.append(VectorLeg("seen", card.cross.name, texts.cross[0], k))
            if texts.image is not None and texts.image[0].any():
                legs.append(VectorLeg("imagined", card.image.name, texts.image[0], k))
    except EncoderUnavailable:
        # Words can still be answered by full text; a photo alone can't be answered at all.
        if not words:
            raise
        logger.exception("The encoder failed; the words are answered by full text alone.")
        return photo, legs, ("encoder",)
    return photo, legs, ()


def _liked(query: Query, encoder: Encoder) -> dict[str, list[NamedVector]]:
    """The vectors of the objects to resemble, by space: from the cache, since an engine never gives vectors back."""
    source = registry.source(query.collection)
    objects = _objects(source, query.like)
    if not objects:
        raise BadInput(
            f"There is no product '{query.like[0][:60]}'. Take an id from an earlier answer.", field="like", status=404
        )
    liked: dict[str, list[NamedVector]] = {}
    for obj in objects.values():
        reading = documents.read(source, obj)
        pictures = {documents.picture_key(reading, picture): picture for picture in reading.pictures}
        document = documents.build(
            reading,
            0,
            encoder.card,
            embedding.of_pictures(encoder, pictures),
            embedding.of_titles(encoder, reading.titles),
        )
        for space, vectors in document.vectors.items():
            liked.setdefault(space, []).extend(vectors)
    return liked


def _liked_legs(liked: Mapping[str, Sequence[NamedVector]], encoder: Encoder) -> list[Leg]:
    card = encoder.card
    legs: list[Leg] = [
        VectorLeg(f"like{number or ''}", card.image.name, item.vector, conf.RANK_WINDOW)
        for number, item in enumerate(liked.get(card.image.name, ())[:4])
    ]
    if card.text is not None and (titles := liked.get(card.text.name)):
        legs.append(VectorLeg("like_text", card.text.name, titles[0].vector, conf.RANK_WINDOW))
    return legs


def _languages(language: str | None, schema: CollectionSchema) -> tuple[str, ...]:
    """The shopper's language first, then all others: a brand or a loan word may stand in any of them."""
    first = (language,) if language else ()
    return tuple(dict.fromkeys((*first, *schema.languages, UNDETERMINED)))


_CODE = re.compile(r"[^\s]*\d[^\s]*")


def codes_in(words: str) -> tuple[str, ...]:
    """What may be a SKU or a GTIN: the whole query, and each word of at least four characters with a digit in it."""
    return tuple(dict.fromkeys((words, *(word for word in _CODE.findall(words) if len(word) >= 4))))


def _browse(query: Query, schema: CollectionSchema) -> BrowseLeg:
    order, descending = _order(query.sort, schema)
    return BrowseLeg("browse", conf.BROWSE_WINDOW, order, descending)


def _order(sort: str, schema: CollectionSchema) -> tuple[str | None, bool]:
    """'price' -> ('price', False); '-price' -> ('price', True); 'relevance' -> (None, False)."""
    if sort in ("", "relevance"):
        return None, False
    numbers = [facet.name for facet in schema.facets if facet.kind is FacetKind.NUMBER]
    name = sort.removeprefix("-")
    if name not in numbers:
        known = ", ".join(["relevance", *numbers, *(f"-{number}" for number in numbers)])
        raise BadInput(f"sort is '{sort}'; known orders are {known}.", field="sort")
    return name, sort.startswith("-")


# --- Ranking ------------------------------------------------------------------------------------


def _kind(leg: str) -> str:
    return leg.rstrip("0123456789")


def _result_set(legs: Sequence[LegAnswer], *, explain: bool) -> tuple[Hit, ...]:
    """Objects with an exact code first, then those that some leg admits; the nearest others where these are few."""
    codes = [hit.id for leg in legs if leg.name == "code" for hit in leg.hits]
    ranked = [leg for leg in legs if leg.name not in ("code", "browse")]
    fused = fuse(ranked, {leg.name: SCALES[_kind(leg.name)] for leg in ranked})
    admitted = [item for item in fused if item.admitted]
    others = [item for item in fused if not item.admitted][: max(0, LEAST_RESULTS - len(admitted))]
    looks = {
        hit.id: max(hit.score, 0.0)
        for leg in reversed(ranked)
        if _kind(leg.name) in ("photo", "like")
        for hit in leg.hits
    }
    hits = [_hit(item, looks, distant=not item.admitted, explain=explain) for item in (*admitted, *others)]
    by_id = {hit.id: hit for hit in hits}
    first = [replace(by_id.get(id, Hit(id, 1.0)), score=1.0, grade=Grade.SAME, reason="exact code") for id in codes]
    browsed = [Hit(hit.id, hit.score) for leg in legs if leg.name == "browse" for hit in leg.hits]
    return (*first, *(hit for hit in hits if hit.id not in set(codes)), *browsed)


def _hit(item: Fused, looks: Mapping[str, float], *, distant: bool, explain: bool) -> Hit:
    if distant:
        found: Grade | None = Grade.DISTANT
    else:
        # Words alone say nothing about sameness, so their hits carry no grade.
        found = grade(looks[item.id]) if item.id in looks else Grade.SIMILAR if looks else None
    return Hit(
        id=item.id,
        score=round(item.score, 6),
        grade=found,
        picture=item.key,
        legs={name: round(part, 6) for name, part in item.parts.items()} if explain else {},
    )


def _relation(legs: Sequence[LegAnswer]) -> Relation:
    """ "gte" where more matched than came back. Vector legs always return their k nearest: the cut-off decides there."""
    stopped = any(
        leg.name in ("words", "browse") and (leg.relation == "gte" or leg.total > len(leg.hits)) for leg in legs
    )
    return "gte" if stopped else "eq"


def _sorted_by(query: Query, hits: tuple[Hit, ...], engine: Engine, schema: CollectionSchema) -> tuple[Hit, ...]:
    """The same result set in the order of a number; what is nothing close isn't offered by price."""
    order, descending = _order(query.sort, schema)
    wanted = {hit.id: hit for hit in hits if hit.grade is not Grade.DISTANT} or {hit.id: hit for hit in hits}
    leg = BrowseLeg("order", len(wanted), order, descending)
    answer = engine.search(query.collection, EngineQuery((leg,), only=tuple(wanted)))
    return tuple(wanted[hit.id] for hit in answer.leg("order").hits)


# --- Showing ------------------------------------------------------------------------------------


def _facets(
    engine: Engine, query: Query, schema: CollectionSchema, ranking: Ranking
) -> tuple[tuple[FacetAnswer, ...], tuple[str, ...]]:
    """Counts over the result set; a failing count leaves the hits alone and is named."""
    fields = query.facets if query.facets is not None else tuple(facet.name for facet in schema.facets)
    try:
        return engine.facets(query.collection, [hit.id for hit in ranking.hits], fields), ()
    except BadInput:
        raise
    except VisualSearchError:
        logger.exception("Counting facets failed; the hits are served without them.")
        return (), ("facets",)


def _with_cards(query: Query, hits: Sequence[Hit], language: str | None) -> tuple[Hit, ...]:
    """One database query for all cards, order kept; objects that have vanished since are dropped."""
    source = registry.source(query.collection)
    objects = _objects(source, [hit.id for hit in hits])
    language = query.language or language
    return tuple(replace(hit, card=source.card(objects[hit.id], language)) for hit in hits if hit.id in objects)


def _objects(source: Source, ids: Sequence[str]) -> dict[str, Any]:
    """Objects by id, in one query; ids that can't be keys of this model are passed over."""
    key = source.model._meta.pk
    keys = []
    for id in ids:
        with suppress(ValidationError):
            keys.append(key.to_python(id))
    return {str(obj.pk): obj for obj in source.queryset().filter(pk__in=keys)}


def _page_warnings(query: Query, ranking: Ranking) -> tuple[str, ...]:
    if query.page > 1 and (query.page - 1) * query.page_size >= len(ranking.hits):
        return ("page_beyond_the_end",)
    return ()
