"""Learns from the shop's own pictures which grade a cosine means in this shop, and gives that to the search.

It searches the live index with synthetic photos of some objects, as shoppers search with theirs. It needs no labels to judge the
answers, because it knows which object each photo shows (`ranking/calibration.py`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from visual_search import registry, wiring
from visual_search.conf import conf
from visual_search.content import live_index, objects
from visual_search.errors import BadInput
from visual_search.learning import probes, sampling
from visual_search.models import StoredCalibration
from visual_search.ranking.by_category import Categories
from visual_search.ranking.calibration import UNCALIBRATED, Calibration
from visual_search.ranking.curves import LEAST_PROBES
from visual_search.registry import Source
from visual_search.types import EncoderCard, FacetKind, LegKind

logger = logging.getLogger(__name__)

MOST_OBJECTS = 400  # asked for: with 200, limits move by .01, and a photo costs a tenth of a second
MOST_TITLES = 400  # whose words are asked: with 200, limits move by .06
KEPT_SECONDS = 60.0  # how long a process uses what it has read
_read: dict[tuple[str, str], tuple[float, Calibration]] = {}
_kinds: dict[str, tuple[float, dict[str, str]]] = {}  # since when, and categories by object id


def current(collection: str) -> Calibration:
    """What was learned of this collection with today's encoder; `UNCALIBRATED` where nothing was."""
    key = (collection, wiring.encoder().card.image.fingerprint)
    now = time.monotonic()
    known = _read.get(key)
    if known is None or now - known[0] > KEPT_SECONDS:
        row = StoredCalibration.objects.filter(collection=collection, fingerprint=key[1]).first()
        learned = (unpacked(row) if row else UNCALIBRATED).withholding(conf.GRADE_WRONG_MAX)
        spaces = _spaces(wiring.encoder().card)
        texts = {leg: scale for leg, scale in learned.texts.items() if scale.space == spaces.get(leg)}
        known = _read[key] = (now, replace(learned, texts=texts))
    return known[1]


def kinds(collection: str) -> Categories:
    """A function that gives the category paths of objects; it reads each path at most once in `KEPT_SECONDS`."""
    return partial(_known_kinds, collection)


def _known_kinds(collection: str, ids: Sequence[str]) -> Mapping[str, str]:
    source = registry.source(collection)
    now = time.monotonic()
    known = _kinds.get(collection)
    if known is None or now - known[0] > KEPT_SECONDS:
        known = _kinds[collection] = (now, {})
    if missing := [id for id in ids if id not in known[1]]:
        paths = _categories(source, _category_field(source), missing)
        known[1].update({id: paths.get(id, "") for id in missing})
    return {id: known[1].get(id, "") for id in ids}


def _category_field(source: Source) -> str:
    """The facet that holds the category path; '' where there is none."""
    return next((field.name for field in source.schema if field.kind is FacetKind.PATH), "")


def forget() -> None:
    """Read the stored limits and the categories anew at the next question."""
    _read.clear()
    _kinds.clear()


def learn(
    collection: str, *, most: int = MOST_OBJECTS, seed: int = 0, progress: Callable[[int], object] = lambda count: None
) -> Calibration:
    """Search with synthetic photos of at most `most` objects, evenly spread, and with words of titles; store what is learned.

    Raises BadInput where the shop has too few pictures, and whatever engine and encoder raise.
    """
    source = registry.source(collection)
    encoder = wiring.encoder()
    live_index.ensure(collection)
    asked = probes.Asked(wiring.engine(), encoder, collection, _category_field(source), kinds(collection), seed)
    titles = sampling.titles(collection, most=MOST_TITLES)
    learned = probes.teach(asked, sampling.main_pictures(collection, most=most), titles, progress=progress)
    if not learned.limits:
        raise BadInput(
            f"'{collection}' has fewer than {LEAST_PROBES} objects with pictures in the index, too few to learn from. "
            "Fixed limits are used until it has more."
        )
    spaces = _spaces(encoder.card)
    learned = replace(learned, texts={leg: replace(scale, space=spaces[leg]) for leg, scale in learned.texts.items()})
    StoredCalibration.objects.update_or_create(
        collection=collection, fingerprint=encoder.card.image.fingerprint, defaults={"limits": learned.as_json()}
    )
    forget()
    return learned


def _spaces(card: EncoderCard) -> dict[str, str]:
    """The fingerprints of the spaces that the legs over texts compare, by kind of leg."""
    spaces = {LegKind.MEANING: card.text, LegKind.DEPICTED: card.cross, LegKind.LIKE_TEXT: card.text}
    return {leg: space.fingerprint for leg, space in spaces.items() if space is not None}


# --- Reading the shop ---------------------------------------------------------------------------


def _categories(source: Source, field: str, ids: Sequence[str]) -> dict[str, str]:
    """Category paths by id. Ids that mean no object, and objects whose source fails, are left out."""
    if not field:
        return {}
    paths: dict[str, str] = {}
    for id, obj in objects.objects_by_id(source, ids).items():
        try:
            paths[id] = first_path(source.facets(obj).get(field))
        # The source is the shop's code. One product that it can't describe must not break searches by photo.
        except Exception:
            logger.exception(
                "%s.facets() failed for %s; its hits are graded without a category.", type(source).__name__, id
            )
    return {id: path for id, path in paths.items() if path}


def first_path(value: object) -> str:
    """The value of a path facet, '' for None. Of a set it is the same value in every process, whatever the set's order."""
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)
    if isinstance(value, list | tuple):
        value = next(iter(value), None)
    return "" if value is None else str(value)


def unpacked(row: StoredCalibration) -> Calibration:
    """The calibration that a row holds; `UNCALIBRATED` if another version stored it."""
    try:
        return Calibration.from_json(row.limits)
    except (TypeError, ValueError, AttributeError):
        logger.warning(
            "The calibration of '%s' is of another version; run manage.py visual_search calibrate.", row.collection
        )
        return UNCALIBRATED
