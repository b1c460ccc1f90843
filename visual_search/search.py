"""Journey B: a shopper's question becomes an answer. `search` tells the steps in order; `rank` is the part without a database."""

from __future__ import annotations

import logging
import re
import time
import traceback
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, zip_longest
from typing import Any
from uuid import uuid4

from multilingual.detection import detect
from multilingual.grams import grams
from multilingual.languages import UNDETERMINED
from multilingual.normalising import normalise
from visual_search import registry, wiring
from visual_search.conf import conf
from visual_search.content import documents, live_index, readings, vectors
from visual_search.content.objects import keys_of, objects_by_id
from visual_search.encoders.base import Encoder
from visual_search.engines.base import Engine
from visual_search.errors import BadInput, EncoderUnavailable, VisualSearchError
from visual_search.imaging.reading import Reader
from visual_search.imaging.regions import Detector
from visual_search.learning import calibrating
from visual_search.querying import negatives, scenes
from visual_search.querying.legs import words_legs
from visual_search.querying.photos import Kept, Looked, confirm, look
from visual_search.ranking import composing
from visual_search.ranking.by_category import Categories
from visual_search.ranking.calibration import (
    PHOTO,
    STUDIO,
    UNCALIBRATED,
    Calibration,
    Limits,
    better,
    grade_by_keypoints,
)
from visual_search.ranking.fusion import Fused, Scale, admits_more, cut_short, fuse
from visual_search.registry import Source
from visual_search.signals import search_served
from visual_search.types import (
    BrowseLeg,
    Card,
    CodeLeg,
    CollectionSchema,
    EngineAnswer,
    EngineQuery,
    FacetAnswer,
    FacetKind,
    Grade,
    GramsLeg,
    Hit,
    Leg,
    LegAnswer,
    LegHit,
    NamedVector,
    Page,
    Query,
    QueryPicture,
    Relation,
    SeenPicture,
    Vector,
    VectorLeg,
    Witness,
    WordsLeg,
)

logger = logging.getLogger(__name__)

# How each kind of leg counts. Ends and limits of the legs over texts are what `calibrate` learned with the offline encoder of
# a public catalogue; a shop that has calibrated has its own. The weights are set by judgement: a photo decides, full text and
# meaning follow, words against pictures only break ties. `measure_quality` shows what they give
# (docs/reference/quality-and-speed.md).
SCALES: Mapping[str, Scale] = {
    "photo": Scale(weight=1.0, low=0.0, high=1.0),  # a photo against pictures; what has a grade is admitted
    "label": Scale(weight=0.6, low=0.0, high=1.0, admits=0.3),  # what a photo's label says, against labels and titles
    "confirmed": Scale(weight=0.4, low=0.0, high=1.0, admits=0.5),  # keypoints of a photo against those of pictures
    "like": Scale(weight=1.0, low=0.0, high=1.0),  # a product's pictures against pictures; so is this
    "like_text": Scale(weight=0.3, low=0.22, high=1.0, admits=0.34),  # a product's titles against titles
    "words": Scale(weight=0.6, admits=0.0),  # BM25
    "meaning": Scale(weight=0.5, low=0.22, high=0.92, admits=0.32),  # words against titles in any language
    "seen": Scale(weight=0.15, low=0.34, high=0.86, admits=0.74),  # words against what pictures show
    "imagined": Scale(weight=0.15, low=0.1, high=0.7, admits=0.6),  # the picture that words ask for, against pictures
}
PICTURE_LEGS = ("photo", "like", "seen", "imagined")  # whose best vector is a picture; the first to find one names it
LIKED = 8  # objects or pictures to resemble: each is one more leg
CLEARLY = {"label": 0.6, "confirmed": 0.7}  # what these legs need to admit alone, where a photo shows nothing close
SAYS_ALL = 10  # different pieces of letters from which on a label counts in full
LABEL_AGREES = 0.15  # of the most that a label's text could give; from there on its words are named as a reason
LEAST_RESULTS = 24  # With fewer admitted hits, the nearest others follow, graded "nothing close": never a blank page.


def _nothing_kept(pictures: Sequence[tuple[str, str]], keypoints: int) -> Mapping[tuple[str, str], SeenPicture]:
    return {}


def _of_no_kind(ids: Sequence[str]) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Ranking:
    """The one result set: everything on a page is a part of it, or counted over it."""

    hits: tuple[Hit, ...]
    total: int
    relation: Relation
    language: str | None
    distant: int = 0  # how many of them are "nothing close"
    warnings: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()
    photo_vectors: Mapping[str, Vector] = field(default_factory=dict)
    photo_witness: Witness = field(default_factory=Witness)
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    pictures: tuple[QueryPicture, ...] = ()  # the question's, narrowed and without pixels


@dataclass(slots=True)
class _Encoded:
    """What the encoder and the reader made of a question."""

    legs: list[Leg] = field(default_factory=list)
    photo_vectors: dict[str, Vector] = field(default_factory=dict)  # of the first photo
    looked: Looked | None = None  # the first photo, where it came as pixels
    witness: Witness = field(default_factory=Witness)
    vectors: dict[int, dict[str, Vector]] = field(default_factory=dict)  # of each photo, by its place
    studio: frozenset[int] = frozenset()  # the places of photos on white
    degraded: tuple[str, ...] = ()


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
        live_index.ensure(query.collection)
    warnings: tuple[str, ...] = ()
    liked: Mapping[str, Sequence[NamedVector]] = {}
    disliked: Mapping[str, Sequence[NamedVector]] = {}
    query = composing.simplest(query)
    if query.like:
        with clock.step("like"):
            query, liked, warnings = _liked(query, encoder)
    if query.unlike:
        with clock.step("like"):
            query, disliked = _disliked(query, encoder)

    ranking = rank(
        query,
        engine=engine,
        encoder=encoder,
        schema=schema,
        reader=wiring.reader(),
        detector=wiring.detector() if query.pictures else None,
        kept=readings.kept(query.collection),
        calibration=calibrating.current(query.collection),
        kinds=calibrating.kinds(query.collection),
        liked=liked,
        disliked=disliked,
        clock=clock,
    )
    with clock.step("rescorers"):
        rescored = wiring.rescorers().apply(
            query, ranking.hits, window=conf.RANK_WINDOW, limit_ms=conf.RESCORE_LIMIT_MS
        )
        ranking = replace(ranking, hits=rescored.hits, degraded=(*ranking.degraded, *rescored.degraded))

    with clock.step("facets"):
        facets, degraded = _facets(engine, query, schema, ranking)
    with clock.step("cards"):
        shown = ranking.hits[(query.page - 1) * query.page_size : query.page * query.page_size]
        hits = _with_label(_with_cards(query, shown, ranking.language), ranking.photo_witness.text)
    page = Page(
        query_id=str(uuid4()),
        took_ms=round((time.perf_counter() - begin) * 1000, 1),
        total=ranking.total,
        relation=ranking.relation,
        distant=ranking.distant,
        hits=hits,
        facets=facets,
        page=query.page,
        page_size=query.page_size,
        language=ranking.language,
        warnings=(*warnings, *ranking.warnings, *_page_warnings(query, ranking)),
        degraded=(*ranking.degraded, *degraded, *_filling(query, ranking)),
        notes=rescored.notes,
        photo_vectors=ranking.photo_vectors,
        photo_witness=ranking.photo_witness,
        timings_ms={name: round(value, 1) for name, value in clock.steps.items()},
        words=query.words,
        words_not=query.words_not,
        unlike=query.unlike,
        pictures=ranking.pictures,
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
    reader: Reader | None = None,
    detector: Detector | None = None,
    kept: Kept = _nothing_kept,
    calibration: Calibration = UNCALIBRATED,
    kinds: Categories = _of_no_kind,
    liked: Mapping[str, Sequence[NamedVector]] | None = None,
    disliked: Mapping[str, Sequence[NamedVector]] | None = None,
    clock: _Clock | None = None,
) -> Ranking:
    """The result set of a question, best first: encode, ask all legs at once, fuse, cut off, sort. Reads no database.

    `kept` gives what is kept of the nearest pictures beside their vectors, to compare a photo with; `calibration` says
    what their cosines are worth, `kinds` in which category a hit is, where that matters.
    """
    clock = clock or _Clock()
    words, warnings = written(query.words)
    with clock.step("objects"):
        if query.read and detector is not None:
            reader = scenes.read_ahead(query.pictures, reader)
        query, blurred = _taken_apart(query, encoder, detector)
    language = detect(words, hint=query.language).language if words else query.language
    encoded = _encoded(query, words, language, encoder, reader=reader, clock=clock)
    legs = [*encoded.legs, *_liked_legs(liked or {}, encoder)]
    if words:
        legs.append(WordsLeg("words", words, languages_asked(language, schema), conf.RANK_WINDOW))
    shown = encoded.witness.codes if query.read else ()
    if found := (*shown, *(codes_in(words) if words else ())):
        legs.append(CodeLeg("code", tuple(dict.fromkeys(found)), conf.RANK_WINDOW))
    if not legs:
        if query.like:
            raise BadInput(
                "What you want to resemble has no picture and no text in the index yet.", field="like", status=404
            )
        legs.append(_browse(query, schema))
    with clock.step("engine"):
        exclude = (*query.like, *query.unlike)
        answer = engine.search(query.collection, EngineQuery(tuple(legs), query.filters, exclude=exclude))
        answer = replace(answer, legs=composing.gathered(answer.legs))
        lost, said = negatives.losses(
            query,
            answer.legs,
            disliked or {},
            engine=engine,
            encoder=encoder,
            languages=languages_asked(language, schema),
            meaning_of=partial(_meaning, encoder, language),
        )
    witness = encoded.witness
    if encoded.looked is not None:
        with clock.step("comparing"):
            confirmed, same = confirm(encoded.looked, answer.leg("photo").hits, kept)
            witness = replace(witness, confirmed=confirmed, copies=same)
    answers = (*answer.legs, *_confirmed_leg(witness, answer))
    limits = _limits(answers, calibration, encoded.studio)
    scales = _scales(answers, _weights(query, liked or {}, encoder), limits, _evidence(legs), calibration)
    with clock.step("fusion"):
        hits = _result_set(answers, scales, witness, lost, said, limits=limits, kinds=kinds, explain=query.explain)
    if query.sort not in ("", "relevance"):
        with clock.step("engine"):
            hits = _sorted_by(query, hits, engine, schema)
    distant = sum(hit.grade is Grade.DISTANT for hit in hits)
    return Ranking(
        hits=hits,
        total=len(hits),
        relation=_relation(answer.legs, scales),
        language=language,
        distant=distant,
        warnings=(*warnings, "nothing_close") if hits and distant == len(hits) else warnings,
        degraded=(*blurred, *encoded.degraded, *answer.degraded),
        pictures=tuple(
            replace(picture, image=None, vectors=encoded.vectors.get(number, picture.vectors))
            for number, picture in enumerate(query.pictures)
        ),
        photo_vectors=encoded.photo_vectors,
        photo_witness=witness,
        timings_ms=dict(clock.steps),
    )


# --- Asking -------------------------------------------------------------------------------------


def _taken_apart(query: Query, encoder: Encoder, detector: Detector | None) -> tuple[Query, tuple[str, ...]]:
    """The question with each photo narrowed to the part that is meant, and what had to be left out."""
    seen = [scenes.see(picture, encoder, detector, proposals=query.proposals) for picture in query.pictures]
    degraded = dict.fromkeys(name for each in seen for name in each.degraded)
    return replace(query, pictures=tuple(each.picture for each in seen)), tuple(degraded)


def _within_limits(query: Query) -> Query:
    if query.page < 1:
        raise BadInput(f"page is {query.page}; pages start at 1.", field="page")
    if not 1 <= query.page_size <= conf.PAGE_SIZE_MAX:
        raise BadInput(f"page_size is {query.page_size}; 1 to {conf.PAGE_SIZE_MAX} are allowed.", field="page_size")
    for name, given, most in (
        ("like", query.like, LIKED), ("unlike", query.unlike, negatives.MOST), ("q_not", query.words_not, negatives.MOST),
    ):  # fmt: skip
        if len(given) > most:
            raise BadInput(f"{name} has {len(given)} entries; at most {most} are allowed.", field=name)
    return query


def written(typed: str) -> tuple[str, tuple[str, ...]]:
    """The words in one written form, and a warning where they had to be cut."""
    # Cut before and after: normalising costs time, and it makes 18 letters of one Arabic ligature.
    words = normalise(typed[: conf.QUERY_MAX_CHARS])
    cut = len(typed) > conf.QUERY_MAX_CHARS or len(words) > conf.QUERY_MAX_CHARS
    return words[: conf.QUERY_MAX_CHARS].rstrip(), ("words_cut",) if cut else ()


def _encoded(
    query: Query, words: str, language: str | None, encoder: Encoder, *, reader: Reader | None, clock: _Clock
) -> _Encoded:
    """The legs that need the encoder or the reader, what a photo gave, and what had to be left out."""
    result = _Encoded()
    try:
        for number, picture in enumerate(query.pictures):
            if picture.weight > 0:
                _add_photo(result, picture, number, encoder, reader=reader if query.read else None, clock=clock)
        if words:
            with clock.step("encoder"):
                result.legs += words_legs(words, language, encoder)
    except BadInput:
        raise
    # An encoder runs foreign code over strangers' pictures: what it may raise besides EncoderUnavailable isn't known.
    except Exception as error:
        _log_encoder(error)
        # Words can still be answered by full text; a photo alone can't be answered at all.
        if not words:
            if isinstance(error, EncoderUnavailable):
                raise
            raise EncoderUnavailable(f"The encoder failed on this photo ({type(error).__name__}).") from error
        result.degraded += ("encoder",)
    return result


def _add_photo(
    result: _Encoded,
    picture: QueryPicture,
    number: int,
    encoder: Encoder,
    *,
    reader: Reader | None,
    clock: _Clock,
) -> None:
    """One photo's legs. Without a reader, what an earlier reading left in a token is kept, but doesn't count."""
    space = encoder.card.image.name
    vectors, witness = dict(picture.vectors), picture.witness or Witness()
    if picture.image is not None:
        looked = look(picture.image, encoder, reader, vectors=picture.vectors)
        vectors, witness = looked.vectors, Witness(looked.text, looked.codes, studio=looked.studio)
        result.degraded = tuple(dict.fromkeys((*result.degraded, *looked.degraded)))
        for step, taken in looked.timings_ms.items():
            clock.steps[step] = clock.steps.get(step, 0.0) + taken
        result.looked = looked if number == 0 else result.looked
    result.legs.append(VectorLeg(f"photo{number or ''}", space, vectors[space], conf.RANK_WINDOW))
    # A photo of many things is asked by each of them; `composing.gathered` makes one leg of these again.
    for part, other in enumerate(picture.others):
        result.legs.append(VectorLeg(f"photo{number or ''}/{part}", space, other[space], conf.RANK_WINDOW))
    if witness.text and reader is not None:
        result.legs.append(GramsLeg(f"label{number or ''}", witness.text, conf.RANK_WINDOW))
    result.vectors[number] = vectors
    if witness.studio:
        result.studio |= {number}
    if number == 0:
        result.photo_vectors, result.witness = vectors, witness


def _meaning(encoder: Encoder, language: str | None, phrase: str) -> Vector | None:
    """The vector of words that mustn't be meant; None where the encoder doesn't know them, or fails."""
    try:
        vectors = encoder.texts([phrase], role="query", language=language).text
    except Exception as error:
        # What says the words is still left out.
        _log_encoder(error)
        return None
    return vectors[0] if vectors is not None and vectors[0].any() else None


def _log_encoder(error: Exception) -> None:
    # Where it failed, but not what it said: a tokenizer's message may quote the shopper's words.
    said = str(error) if isinstance(error, EncoderUnavailable) else ""
    where = "".join(traceback.format_tb(error.__traceback__))
    logger.error("The encoder failed: %s %s\n%s", type(error).__name__, said, where)


def _liked(query: Query, encoder: Encoder) -> tuple[Query, dict[str, list[NamedVector]], tuple[str, ...]]:
    """The vectors of the objects to resemble, by space: from the cache, since an engine never gives vectors back.

    With them the question, whose ids are now written as the database writes them ("007" is 7), and a warning where
    some of the objects are gone.
    """
    source = registry.source(query.collection)
    objects = objects_by_id(source, query.like)
    if not objects:
        raise BadInput(
            f"There is no product '{query.like[0][:60]}'. Take an id from an earlier answer.", field="like", status=404
        )
    weights = _by_key(source, query.like_weights)
    missing = ("like_not_found",) if len(objects) < len(set(query.like)) else ()
    query = replace(query, like=tuple(objects), like_weights=weights)
    return query, _vectors_of_all(source, objects, weights, encoder), missing


def _disliked(query: Query, encoder: Encoder) -> tuple[Query, dict[str, list[NamedVector]]]:
    """The vectors of the objects not to resemble, by space. What is gone can't be resembled, so nothing is said of it."""
    source = registry.source(query.collection)
    objects = objects_by_id(source, query.unlike)
    weights = _by_key(source, query.like_weights)
    return replace(query, unlike=tuple(objects)), _vectors_of_all(source, objects, weights, encoder)


def _vectors_of_all(
    source: Source, objects: Mapping[str, Any], weights: Mapping[str, float], encoder: Encoder
) -> dict[str, list[NamedVector]]:
    each = [
        {space: [replace(item, weight=abs(weights.get(id, 1.0))) for item in items] for space, items in found.items()}
        for id, obj in objects.items()
        if (found := _vectors_of(source, obj, encoder))
    ]
    # The first picture of each, then the second of each: where legs are few, every object has its say.
    return {
        space: [item for item in chain.from_iterable(zip_longest(*(found.get(space, ()) for found in each))) if item]
        for space in dict.fromkeys(space for found in each for space in found)
    }


def _vectors_of(source: Source, obj: Any, encoder: Encoder) -> Mapping[str, Sequence[NamedVector]]:
    """All picture vectors of an object and the one of its title in the shop's main language."""
    try:
        reading = documents.read(source, obj)
    except documents.SourceFailed as problem:
        logger.warning("%s", problem)
        return {}
    pictures = {documents.picture_key(reading, picture): picture for picture in reading.pictures}
    document = documents.build(
        reading,
        0,
        encoder.card,
        vectors.of_pictures(encoder, pictures),
        vectors.of_titles(encoder, reading.titles[:1]),
    )
    return defaultdict(tuple, document.vectors)


def _liked_legs(liked: Mapping[str, Sequence[NamedVector]], encoder: Encoder) -> list[Leg]:
    return [
        VectorLeg(name, space, item.vector, conf.RANK_WINDOW, named=_kind(name) in PICTURE_LEGS)
        for name, space, item in _liked_items(liked, encoder)
    ]


def _liked_items(
    liked: Mapping[str, Sequence[NamedVector]], encoder: Encoder
) -> Iterator[tuple[str, str, NamedVector]]:
    """The name and the space of the leg for each vector of an object to resemble."""
    card = encoder.card
    for kind, space in (("like", card.image), ("like_text", card.text)):
        if space is not None:
            for number, item in enumerate(liked.get(space.name, ())[:LIKED]):
                yield f"{kind}{number or ''}", space.name, item


def languages_asked(language: str | None, schema: CollectionSchema) -> tuple[str, ...]:
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


def _confirmed_leg(witness: Witness, answer: EngineAnswer) -> Iterator[LegAnswer]:
    """What keypoints say, as one more leg: over the objects that the question found, filters and all."""
    found = {hit.id for leg in answer.legs for hit in leg.hits}
    hits = [LegHit(id, sure) for id, sure in witness.confirmed.items() if id in found]
    if hits:
        hits.sort(key=lambda hit: (-hit.score, hit.id))
        yield LegAnswer("confirmed", tuple(hits), len(hits))


def _limits(legs: Iterable[LegAnswer], calibration: Calibration, studio: Set[int]) -> dict[str, Limits | None]:
    """What the cosines of each leg over pictures are worth; None where the photo shows nothing that the shop has."""
    found: dict[str, Limits | None] = {}
    for leg in legs:
        kind = _kind(leg.name)
        if kind == "photo":
            limits = calibration.of(STUDIO if int(leg.name.removeprefix(kind) or 0) in studio else PHOTO)
            found[leg.name] = limits.within([hit.score for hit in leg.hits])
        elif kind == "like":
            found[leg.name] = calibration.of(STUDIO)
    return found


def _evidence(legs: Iterable[Leg]) -> dict[str, float]:
    """How much each label says, in (0, 1]: a scrap of three letters stands in many titles, and agrees with all of them."""
    labels = (leg for leg in legs if isinstance(leg, GramsLeg))
    return {leg.name: min(1.0, max(1, len(set(grams(leg.text)))) / SAYS_ALL) for leg in labels}


def _scales(
    legs: Iterable[LegAnswer],
    weights: Mapping[str, float],
    limits: Mapping[str, Limits | None],
    evidence: Mapping[str, float],
    calibration: Calibration,
) -> dict[str, Scale]:
    """Each leg's scale. Legs of one kind share its weight: four pictures of a product don't count more than its one."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for leg in legs:
        if _kind(leg.name) in SCALES:
            kinds[_kind(leg.name)].append(leg.name)
    scales = {kind: _learned(kind, calibration) for kind in kinds}
    return {
        name: replace(
            scales[kind], weight=scales[kind].weight * share * evidence.get(name, 1.0), **_admits(name, limits)
        )
        for kind, names in kinds.items()
        for name, share in zip(names, composing.shares([weights.get(name, 1.0) for name in names]), strict=True)
    }


def _learned(kind: str, calibration: Calibration) -> Scale:
    """The scale of this kind of leg, as the shop's own titles taught it."""
    found = calibration.texts.get(kind)
    if found is None:
        return SCALES[kind]
    admits = (found.admits - found.low) / (found.high - found.low)
    return replace(SCALES[kind], low=found.low, high=found.high, admits=admits)


def _admits(leg: str, limits: Mapping[str, Limits | None]) -> dict[str, float]:
    if found := limits.get(leg):
        return {"admits": found.similar}
    kind = _kind(leg)
    # What looks like nothing here must say or show it clearly: words of a foreign label stand on some product's, too.
    photo = leg.replace(kind, "photo", 1)
    looks_foreign = photo in limits and limits[photo] is None
    return {"admits": CLEARLY[kind]} if kind in CLEARLY and looks_foreign else {}


def _weights(query: Query, liked: Mapping[str, Sequence[NamedVector]], encoder: Encoder) -> dict[str, float]:
    """What the question's parts weigh, by the names of their legs."""
    weights = {
        f"{kind}{number or ''}": picture.weight
        for number, picture in enumerate(query.pictures)
        for kind in ("photo", "label", "confirmed")
    }
    weights |= dict.fromkeys(("words", "meaning", "seen", "imagined"), query.words_weight)
    return weights | {name: item.weight for name, _space, item in _liked_items(liked, encoder)}


def _result_set(
    legs: Sequence[LegAnswer],
    scales: Mapping[str, Scale],
    witness: Witness,
    lost: Mapping[str, float],
    refused: Set[str],
    *,
    limits: Mapping[str, Limits | None],
    kinds: Categories,
    explain: bool,
) -> tuple[Hit, ...]:
    """Objects with an exact code first, then those that show the very photo, then those that some leg admits.

    Where these are few, the nearest others follow. `lost`: what objects lose for being near to something unwanted;
    `refused`: those whose texts say what mustn't be said.
    """
    found = {hit.id for leg in legs for hit in leg.hits} - refused
    firsts = {id: "same picture" for id in witness.copies if id in found}
    codes = [hit.id for leg in legs if leg.name == "code" for hit in leg.hits if hit.id in found]
    firsts = dict.fromkeys(codes, "exact code") | firsts
    ranked = [leg for leg in legs if leg.name in scales]
    fused = [item for item in composing.without(fuse(ranked, scales), lost) if item.id in found]
    admitted = [item for item in fused if item.admitted]
    others = [item for item in fused if not item.admitted][: max(0, LEAST_RESULTS - len(admitted))]
    said = {hit.id for leg in ranked if _kind(leg.name) == "label" for hit in leg.hits if hit.score >= LABEL_AGREES}
    looks = _grades(ranked, limits, kinds)
    pictures = _pictures(ranked)
    hits = {
        item.id: replace(_hit(item, looks, pictures, explain=explain), reason="label" if item.id in said else "")
        for item in (*admitted, *others)
    }
    first = [
        replace(hits.pop(id, Hit(id, 1.0)), score=1.0, grade=Grade.SAME, reason=reason) for id, reason in firsts.items()
    ]
    browsed = [Hit(hit.id, hit.score) for leg in legs if leg.name == "browse" for hit in leg.hits if hit.id in found]
    # The order of a list stays, but what is like the unwanted goes to its end.
    browsed.sort(key=lambda hit: lost.get(hit.id, 0.0))
    return (*first, *hits.values(), *browsed)


def _grades(legs: Sequence[LegAnswer], limits: Mapping[str, Limits | None], kinds: Categories) -> dict[str, Grade]:
    """Each object's best grade by a photo that was asked with, its keypoints, or a picture of an object to resemble."""
    grades: dict[str, Grade] = {}
    near = {
        hit.id
        for leg in legs
        if (found := limits.get(leg.name))
        for hit in leg.hits
        if hit.score >= found.hangs_on_kind
    }
    kind_of = kinds(sorted(near)) if near else {}
    for leg in legs:
        if leg.name in limits or leg.name == "confirmed":
            found = limits.get(leg.name)
            for hit in leg.hits:
                given = grade_by_keypoints(hit.score) if leg.name == "confirmed" else Grade.DISTANT
                given = found.grade(hit.score, kind_of.get(hit.id, "")) if found else given
                grades[hit.id] = better(given, grades.get(hit.id, given))
    return grades


def _pictures(legs: Sequence[LegAnswer]) -> dict[str, str]:
    """The id of each object's picture that matched, as the weightiest leg over pictures found it."""
    ordered = sorted((leg for leg in legs if _kind(leg.name) in PICTURE_LEGS), key=_importance)
    return {hit.id: hit.key for leg in reversed(ordered) for hit in leg.hits}


def _importance(leg: LegAnswer) -> int:
    return PICTURE_LEGS.index(_kind(leg.name))


def _hit(item: Fused, looks: Mapping[str, Grade], pictures: Mapping[str, str], *, explain: bool) -> Hit:
    found: Grade | None = Grade.DISTANT
    if item.admitted:
        # What only its words or its meaning brought in looks as it looks: a grade would claim what nobody compared.
        found = looks.get(item.id)
        found = None if found is Grade.DISTANT else found
    return Hit(
        id=item.id,
        score=round(item.score, 6),
        grade=found,
        picture=pictures.get(item.id, ""),
        legs={name: round(part, 6) for name, part in item.parts.items()} if explain else {},
    )


def _relation(legs: Sequence[LegAnswer], scales: Mapping[str, Scale]) -> Relation:
    """ "gte" where a leg that decides over the result set stopped before everything that belongs into it was found."""
    stopped = any(admits_more(leg, scales[leg.name]) if leg.name in scales else cut_short(leg) for leg in legs)
    return "gte" if stopped else "eq"


def _sorted_by(query: Query, hits: tuple[Hit, ...], engine: Engine, schema: CollectionSchema) -> tuple[Hit, ...]:
    """The same result set in the order of a number. What is nothing close stays behind what is close, however cheap."""
    order, descending = _order(query.sort, schema)
    wanted = {hit.id: hit for hit in hits}
    leg = BrowseLeg("order", max(1, len(wanted)), order, descending)
    answer = engine.search(query.collection, EngineQuery((leg,), only=tuple(wanted)))
    ordered = [wanted[hit.id] for hit in answer.leg("order").hits]
    return tuple(sorted(ordered, key=lambda hit: hit.grade is Grade.DISTANT))


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
    ids = [hit.id for hit in hits] + [hit.because for hit in hits if hit.because]
    found = cards(query.collection, ids, query.language or language)
    shown = [replace(hit, card=found[hit.id]) for hit in hits if hit.id in found]
    return tuple(_because(hit, found) if hit.because else hit for hit in shown)


def cards(collection: str, ids: Sequence[str], language: str | None) -> dict[str, Card]:
    """What a tile shows of each of these objects that is there, by one database query."""
    source = registry.source(collection)
    found: dict[str, Card] = {}
    for id, obj in objects_by_id(source, ids).items():
        try:
            found[id] = source.card(obj, language)
        # The source is the shop's code: one product that it can't show mustn't take the whole page down.
        except Exception:
            logger.exception("%s.card() failed for %s.", type(source).__name__, id)
    return found


def _because(hit: Hit, cards: Mapping[str, Card]) -> Hit:
    """With the card of what the reason is about; without a reason where that can't be shown any more."""
    card = cards.get(hit.because)
    return replace(hit, because_card=card) if card else replace(hit, reason="", because="")


def _with_label(hits: Sequence[Hit], text: str) -> tuple[Hit, ...]:
    """Hits that the photo's label speaks for, with the words of the label that their own titles share."""
    pieces = {word: set(grams(word)) for word in text.split()}
    shown = []
    for hit in hits:
        label = ""
        if hit.reason == "label" and hit.card is not None:
            own = set(grams(f"{hit.card.title} {hit.card.subtitle}"))
            label = " ".join(word for word, found in pieces.items() if found and len(found & own) > len(found) / 2)
        shown.append(replace(hit, label=label) if label else hit)
    return tuple(shown)


def _by_key(source: Source, weights: Mapping[str, float]) -> dict[str, float]:
    """Weights by ids as the database writes them."""
    return {str(value): weights[id] for id, value in keys_of(source, weights).items()}


def _filling(query: Query, ranking: Ranking) -> tuple[str, ...]:
    """Few hits may mean that the index is still being filled, after an import or because it was lost."""
    few = ranking.total < LEAST_RESULTS and not query.filters
    return ("index",) if few and live_index.is_filling(query.collection) else ()


def _page_warnings(query: Query, ranking: Ranking) -> tuple[str, ...]:
    found = (f"taste_{query.taste_problem}",) if query.taste_problem else ()
    if query.page > 1 and (query.page - 1) * query.page_size >= len(ranking.hits):
        return (*found, "page_beyond_the_end")
    return found
