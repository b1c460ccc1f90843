"""Journey B: a shopper's question becomes an answer. `search` tells the steps in order; `rank` is the part without a database."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from multilingual import spelling
from multilingual.detection import detect
from multilingual.guessing import with_guess
from multilingual.spelling import Lexicon, Spelt
from visual_search import registry, wiring
from visual_search.access import query_ids
from visual_search.conf import conf
from visual_search.content import lexicon, live_index, readings
from visual_search.content.readings import Kept, Looks
from visual_search.content.stand_ins import StandIns
from visual_search.encoders.base import Encoder
from visual_search.engines.base import Engine
from visual_search.errors import BadInput, SchemaMismatch, VisualSearchError, said
from visual_search.imaging.reading import Reader
from visual_search.imaging.regions import Detector
from visual_search.learning import calibrating
from visual_search.querying import (
    admission,
    colours,
    counting,
    families,
    kindred,
    legs,
    likes,
    naming,
    narrowing,
    parsing,
    rewriting,
    scenes,
    understanding,
)
from visual_search.querying.cards import with_cards, with_labels
from visual_search.querying.curating import Curating
from visual_search.querying.encoding import Encoded, encode
from visual_search.querying.finding import Finding, Found
from visual_search.querying.likes import Resembled
from visual_search.querying.naming import ByPictures
from visual_search.querying.remembered import Remembering
from visual_search.querying.result_set import (
    LEAST_RESULTS,
    sorted_by,
)
from visual_search.querying.timing import Clock
from visual_search.querying.yielding import Looking, aside, at_once
from visual_search.ranking import composing, shelving
from visual_search.ranking.by_category import Categories
from visual_search.ranking.calibration import UNCALIBRATED, Calibration
from visual_search.signals import search_served
from visual_search.types import (
    CollectionSchema,
    FacetAnswer,
    Grade,
    Hit,
    IdsLeg,
    KeptPicture,
    Leg,
    LegId,
    LegKind,
    Narrower,
    Page,
    Query,
    QueryPicture,
    Relation,
)

logger = logging.getLogger(__name__)


def _nothing_kept(pictures: Sequence[tuple[str, str]], keypoints: int) -> Mapping[tuple[str, str], KeptPicture]:
    return {}


def _unseen(ids: Sequence[str], colour: str) -> Mapping[str, float]:
    return {}


def _nothing_offered(query: Query) -> Sequence[str]:
    return ()


def _of_no_kind(ids: Sequence[str]) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Ranking:
    """The one result set, best first, and what the search learned about the question."""

    hits: tuple[Hit, ...]
    relation: Relation
    language: str | None
    warnings: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    pictures: tuple[QueryPicture, ...] = ()  # the question's, narrowed, with what was seen in each and without pixels
    offered: tuple[Hit, ...] = ()  # what curators may add
    by_pictures: ByPictures = field(default_factory=ByPictures)  # what pictures found
    relaxed: Mapping[str, Found] = field(default_factory=dict)  # without the filter of each facet that is counted so

    @property
    def total(self) -> int:
        return len(self.hits)

    @property
    def distant(self) -> int:
        """How many of the hits are "nothing close"."""
        return sum(hit.grade is Grade.DISTANT for hit in self.hits)


def search(query: Query, *, context: Mapping[str, object] | None = None) -> Page:
    """Answer one question. `context` travels with the signal `search_served` (plain values, never a photo).

    Raises BadInput (a 4xx), Busy (503) where too many photos come at once, EngineUnavailable or EncoderUnavailable (503),
    SchemaMismatch (503).
    """
    begin = time.perf_counter()
    clock = Clock()
    engine, encoder = wiring.engine(), Remembering(wiring.encoder())
    parsing.check_limits(query)
    with clock.step("engine"):
        serving = live_index.serving(query.collection)
    typed, query_id = query, query_ids.new()
    if query.pages_of is not None:
        query = replace(query, pages_of=query.pages_of or query_id)
    query, understood = understanding.understood(query, serving.schema, registry.source(query.collection).currency)
    with clock.step("rewriters"):
        rewritten = rewriting.rewritten(replace(query, asked=query.words))
        query, unfiltered = serving.askable(composing.simplest(rewritten.value.query))
    with clock.step("spelling"):
        query, spelt, may_be_meant = _spelt(query)
    with clock.step("like"):
        query, resembled = likes.looked_up(query, encoder)
    curators = Curating()
    with _admitted(query, clock) as looking:
        ranking = rank(
            query,
            engine=engine,
            encoder=encoder,
            schema=serving.schema,
            reader=wiring.reader(),
            detector=wiring.detector() if query.pictures else None,
            kept=readings.kept(query.collection),
            stand_ins=StandIns(query.collection),
            looks=readings.colours(query.collection),
            calibration=calibrating.current(query.collection),
            kinds=calibrating.kinds(query.collection),
            resembled=resembled,
            offers=curators.offers,
            words_of_shop=lexicon.of(query.collection) if query.words else None,
            clock=clock,
            looking=looking,
        )
    # Hooks find what was seen of a photo where everybody finds it.
    query = replace(query, pictures=ranking.pictures)
    with clock.step("rescorers"):
        rescored = wiring.rescorers().apply(
            query, ranking.hits, window=conf.RANK_WINDOW, limit_ms=conf.RESCORE_LIMIT_MS
        )
    in_turns = shelving.again_in_turns(rescored.value) if rescored.value != ranking.hits else rescored.value
    ordered, unfolded = families.as_shown(query, in_turns, engine, serving.schema)
    with clock.step("curators"):
        curated, hits, again = curators.curated(query, ordered, ranking.offered, engine, serving.schema)
    relaxed: dict[str, Sequence[Hit]] = {}
    for name, loose in ranking.relaxed.items():
        shown_so = families.as_shown(query, loose.hits, engine, serving.schema)[0]
        # What a tick would show is curated like all else.
        relaxed[name] = curators.curated(query, shown_so, loose.offered, engine, serving.schema)[1]
    ranking = replace(ranking, hits=hits)

    with clock.step("facets"):
        facets, narrower, uncounted = _facets(engine, query, serving.schema, ranking, relaxed)
    with clock.step("engine"):
        shown = ranking.hits[(query.page - 1) * query.page_size : query.page * query.page_size]
        shown, unnamed = naming.named(query.collection, shown, ranking.by_pictures, engine)
    with clock.step("cards"):
        hits = with_labels(with_cards(query, shown, ranking.language), ranking.pictures)
        hits = families.with_variants(query, hits, engine, serving.schema, ranking.language, dropped=curators.dropped)
    page = Page(
        query_id=query_id,
        took_ms=round((time.perf_counter() - begin) * 1000, 1),
        total=ranking.total,
        relation=ranking.relation,
        distant=ranking.distant,
        hits=hits,
        facets=facets,
        page=query.page,
        page_size=query.page_size,
        pages_of=(query.pages_of or "") if rescored.notes else "",
        language=ranking.language,
        warnings=(*resembled.warnings, *ranking.warnings, *_page_warnings(query, ranking)),
        degraded=(
            *rewritten.degraded,
            *unfiltered,
            *ranking.degraded,
            *rescored.degraded,
            *curated.degraded,
            *dict.fromkeys((*unfolded, *again)),
            *uncounted,
            *unnamed,
            *_filling(query, ranking),
        ),
        notes=(*rewritten.notes, *rescored.notes, *curated.notes),
        redirect=curated.value.redirect or rewritten.value.redirect,
        banners=curated.value.banners,
        timings_ms={name: round(value, 1) for name, value in clock.steps.items()},
        words=query.words,
        words_not=query.words_not,
        unlike=query.unlike,
        pictures=ranking.pictures,
        collection=query.collection,
        spelt=spelt.changes,
        typed=rewritten.value.query.words if spelt.changes else query.words,
        understood=understood,
        narrower=narrower,
        meant=may_be_meant.words if may_be_meant.changes else "",
        meant_changes=may_be_meant.changes,
    )
    # Receivers get the words that the shopper typed, not what a rewriter made of them.
    served = replace(query, words=typed.words, words_not=typed.words_not)
    for receiver, error in search_served.send_robust(
        sender=Query, query=served, page=page, context=dict(context or {})
    ):
        if isinstance(error, Exception):
            logger.error("A receiver of search_served failed: %s: %r", receiver, error)
    return page


@contextmanager
def _admitted(query: Query, clock: Clock) -> Iterator[Looking]:
    """A question with pixels waits for its turn, and is looked at aside; words, and photos that were looked at before, aren't."""
    if all(picture.image is None for picture in query.pictures):
        yield at_once
        return
    with admission.photo() as waited:
        clock.add("queue", waited)
        yield aside


def rank(
    query: Query,
    *,
    engine: Engine,
    encoder: Encoder,
    schema: CollectionSchema,
    reader: Reader | None = None,
    detector: Detector | None = None,
    kept: Kept = _nothing_kept,
    stand_ins: StandIns | None = None,
    looks: Looks = _unseen,
    calibration: Calibration = UNCALIBRATED,
    kinds: Categories = _of_no_kind,
    resembled: Resembled | None = None,
    offers: Callable[[Query], Sequence[str]] = _nothing_offered,
    words_of_shop: Lexicon | None = None,
    clock: Clock | None = None,
    looking: Looking = at_once,
) -> Ranking:
    """The result set of a question, best first: encode, ask all legs at once, fuse, cut off, sort. Reads no database.

    `schema`: what the index can be asked for. `kept` gives thumbnails and keypoints of pictures, to compare a photo with,
    `stand_ins` says which pictures stand for a missing one, `looks` how much of a picture has a colour;
    `calibration` says which grade a cosine means; `kinds` gives the category paths of objects; `offers` gives the ids that
    curators may add, once the photos were looked at; `words_of_shop` tell the language of a question, and the compounds
    that its words stand for.
    """
    clock, resembled = clock or Clock(), resembled or Resembled()
    words, warnings = parsing.written(query.words)
    with clock.step("objects"):
        query, blurred, reader = looking(partial(_taken_apart, query, encoder, detector, reader))
    votes = None
    if words_of_shop is not None:
        votes = with_guess(words_of_shop.languages(words), words, schema.languages)
    language = detect(words, hint=query.language, votes=votes).language if words else query.language
    encoded = looking(partial(encode, query, words, language, encoder, reader=reader, clock=clock))
    asked, passed_over = _legs(
        query,
        encoded,
        resembled,
        words=words,
        language=language,
        encoder=encoder,
        schema=schema,
        words_of_shop=words_of_shop,
    )
    in_colour = colours.asked(words, (language, query.language))
    if beside := in_colour.leg(language, schema):
        asked.append(beside)
    with clock.step("curators"):
        offered = offers(replace(query, pictures=tuple(encoded.pictures)))
    if offered:
        asked.append(IdsLeg(LegId(LegKind.OFFERED), tuple(offered), len(offered)))

    finding = Finding(
        asked,
        resembled,
        in_colour,
        language,
        engine,
        encoder,
        schema,
        kept,
        stand_ins,
        looks,
        calibration,
        kinds,
        clock,
    )
    # What is noted of a photo belongs to the hits that it was compared with, so each gets notes of its own.
    relaxed = {
        name: finding.within(loose, replace(encoded, pictures=list(encoded.pictures)))
        for name, loose in counting.loosened(query, schema).items()
    }
    found = finding.within(query, encoded)
    hits, query = found.hits, replace(query, pictures=tuple(encoded.pictures))
    if query.sort not in ("", "relevance"):
        with clock.step("engine"):
            hits = sorted_by(query, hits, engine, schema)
    ranking = Ranking(
        hits=hits,
        offered=found.offered,
        relation=found.relation,
        language=language,
        warnings=warnings,
        degraded=tuple(dict.fromkeys((*blurred, *encoded.degraded, *passed_over, *found.degraded))),
        timings_ms=dict(clock.steps),
        pictures=query.pictures,
        by_pictures=found.by_pictures,
        relaxed=relaxed,
    )
    warnings += tuple(
        dict.fromkeys(one.witness.nothing for one in query.pictures if one.witness and one.witness.nothing)
    )
    if ranking.hits and ranking.distant == ranking.total:
        warnings += ("nothing_close",)
    return replace(ranking, warnings=warnings)


def _spelt(query: Query) -> tuple[Query, Spelt, Spelt]:
    """The question with its unknown words as they are meant, which these are, and what else may be meant.

    The last isn't clear enough to be searched in its place.
    """
    if not (query.words and query.spell and conf.SPELLING):
        return query, Spelt(query.words), Spelt(query.words)
    known = lexicon.of(query.collection)
    meant = spelling.spelt(query.words, known, query.language, right=query.right)
    query = replace(query, words=meant.words) if meant.changes else query
    return query, meant, spelling.offered(query.words, known, query.language, right=query.right)


def _taken_apart(
    query: Query, encoder: Encoder, detector: Detector | None, reader: Reader | None
) -> tuple[Query, tuple[str, ...], Reader | None]:
    """The question with its photos taken apart, what failed, and a reader that reads meanwhile."""
    ahead = scenes.read_ahead(query.pictures, reader) if query.read and detector is not None else reader
    query, blurred = scenes.taken_apart(query, encoder, detector)
    return query, blurred, ahead


# --- Asking -------------------------------------------------------------------------------------


def _legs(
    query: Query,
    encoded: Encoded,
    resembled: Resembled,
    *,
    words: str,
    language: str | None,
    encoder: Encoder,
    schema: CollectionSchema,
    words_of_shop: Lexicon | None,
) -> tuple[list[Leg], tuple[str, ...]]:
    """All legs of the question that the index can answer, and ("encoder",) if it can't answer all.

    Raises BadInput (404) if the objects to resemble have no vectors and nothing else is asked, and SchemaMismatch if the
    index has nothing to compare a photo or these objects with.
    """
    seen = replace(query, pictures=tuple(encoded.pictures))
    asked: list[Leg] = [*encoded.legs, *likes.legs(resembled.liked, encoder.card), *kindred.legs(seen, encoder)]
    if words:
        asked.append(legs.words_leg(words, language, schema, words_of_shop, alternatives=query.alternatives))
    shown = [code for picture in encoded.pictures if picture.witness for code in picture.witness.codes]
    asked += legs.code_legs(words, shown if query.read else (), conf.RANK_WINDOW)
    askable, lacking = legs.askable(asked, schema)
    if lacking and not words and (LegKind.PHOTO in lacking or not askable):
        raise SchemaMismatch(
            f"The index of '{query.collection}' was made with another encoder, so it can't be asked by photo until "
            "`manage.py visual_search rebuild` has made the new one. Words are answered meanwhile."
        )
    if askable:
        return askable, ("encoder",) if lacking else ()
    if query.like:
        raise BadInput(
            said("What you want to resemble has no picture and no text in the index yet."), field="like", status=404
        )
    return [legs.browse(query.sort, schema)], ()


# --- Showing ------------------------------------------------------------------------------------


def _facets(
    engine: Engine, query: Query, schema: CollectionSchema, ranking: Ranking, relaxed: counting.Relaxed
) -> tuple[tuple[FacetAnswer, ...], Narrower | None, tuple[str, ...]]:
    """Counts over the result set, and the category to offer.

    If counting fails, the hits are served without, and "facets" is named as degraded.
    """
    try:
        counts = counting.counted(engine, query, ranking.hits, relaxed, schema)
        offered = narrowing.narrower(
            query, ranking.hits, counts, engine=engine, schema=schema, language=ranking.language
        )
        return counts, offered, ()
    except BadInput:
        raise
    except VisualSearchError:
        logger.exception("Counting facets failed; the hits are served without them.")
        return (), None, ("facets",)


def _filling(query: Query, ranking: Ranking) -> tuple[str, ...]:
    """("index",) if there are few hits and the index is still being filled, after an import or because it was lost."""
    few = ranking.total < LEAST_RESULTS and not query.filters
    return ("index",) if few and live_index.is_filling(query.collection) else ()


def _page_warnings(query: Query, ranking: Ranking) -> tuple[str, ...]:
    problems = (f"taste_{query.taste_problem}",) if query.taste_problem else ()
    if query.page > 1 and (query.page - 1) * query.page_size >= len(ranking.hits):
        return (*problems, "page_beyond_the_end")
    return problems
