"""Learns from the shop's own pictures what a cosine is worth in it, and gives that to the search.

Synthetic photos of some objects are asked of the live index, as photos of shoppers are. What comes back is judged
without any labels: each photo's object is known (`ranking/calibration.py`).
"""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from PIL import Image

from visual_search import presence, registry, wiring
from visual_search.conf import conf
from visual_search.encoders.base import Encoder
from visual_search.encoders.probing import ProbeMaker
from visual_search.engines.base import Engine
from visual_search.errors import BadInput, PictureRefused
from visual_search.main_pictures import main_pictures
from visual_search.models import StoredCalibration
from visual_search.photos import vectors_of
from visual_search.ranking.calibration import (
    LEAST_PROBES,
    PHOTO,
    STUDIO,
    UNCALIBRATED,
    Calibration,
    Probe,
    ProbeHit,
    calibrate,
)
from visual_search.registry import Source
from visual_search.types import PATH_SEPARATOR, AnyOf, EngineQuery, FacetKind, Not, VectorLeg

logger = logging.getLogger(__name__)

MOST = 400  # objects asked for: with 200, limits move by .01, and a photo costs a tenth of a second
AT_ONCE = 100  # objects whose pictures are held in memory together
KEPT_SECONDS = 60.0  # how long a process uses what it has read
SIDE = 320  # px, of the pictures that photos are made of: photos are smaller
_read: dict[tuple[str, str], tuple[float, Calibration]] = {}

# Categories by object id, of those that have one.
Categories = Callable[[Sequence[str]], Mapping[str, str]]


def current(collection: str) -> Calibration:
    """What was learned of this collection with today's encoder; `UNCALIBRATED` where nothing was."""
    key = (collection, wiring.encoder().card.image.fingerprint)
    now = time.monotonic()
    known = _read.get(key)
    if known is None or now - known[0] > KEPT_SECONDS:
        row = StoredCalibration.objects.filter(collection=collection, fingerprint=key[1]).first()
        known = _read[key] = (now, unpacked(row) if row else UNCALIBRATED)
    return known[1]


def forget() -> None:
    """Read the stored limits anew at the next question."""
    _read.clear()


def learn(
    collection: str, *, most: int = MOST, seed: int = 0, progress: Callable[[int], object] = lambda count: None
) -> Calibration:
    """Ask synthetic photos of at most `most` objects, evenly spread, and keep what they teach.

    Raises BadInput where the shop has too few pictures, and whatever engine and encoder raise.
    """
    source = registry.source(collection)
    engine, encoder = wiring.engine(), wiring.encoder()
    presence.ensure(collection)
    field = next((field.name for field in source.schema if field.kind is FacetKind.PATH), "")
    found = calibrate(
        [
            probe
            for chunk in _chunks(_small(main_pictures(collection, most=most)), AT_ONCE)
            for probe in probes(
                chunk, engine, encoder, collection, field=field,
                categories=lambda ids: _categories(source, field, ids), seed=seed, progress=progress,
            )
        ]
    )  # fmt: skip
    if not found.limits:
        raise BadInput(
            f"'{collection}' has fewer than {LEAST_PROBES} objects with pictures in the index, too few to learn from. "
            "Fixed limits are used until it has more."
        )
    StoredCalibration.objects.update_or_create(
        collection=collection, fingerprint=encoder.card.image.fingerprint, defaults={"limits": found.as_json()}
    )
    forget()
    return found


def probes(
    pictures: Sequence[tuple[str, Image.Image]],
    engine: Engine,
    encoder: Encoder,
    collection: str,
    *,
    field: str,
    categories: Categories,
    seed: int = 0,
    progress: Callable[[int], object] = lambda count: None,
) -> Iterator[Probe]:
    """One photo and one studio view of each object (its id and its main picture), answered by the index.

    `field` names the facet that holds the category path; '' where there is none.
    """
    maker = ProbeMaker([picture for _, picture in pictures], seed)
    space = encoder.card.image.name
    for number, (id, _) in enumerate(pictures):
        for kind, made in ((PHOTO, maker.photo(number)), (STUDIO, maker.studio(number))):
            try:
                vector = vectors_of(made, encoder)[space]
            except PictureRefused:  # A white thing before a white wall.
                continue
            leg = VectorLeg("photo", space, vector, conf.RANK_WINDOW)
            hits = engine.search(collection, EngineQuery((leg,))).leg("photo").hits
            known = categories([id, *(hit.id for hit in hits)])
            category = known.get(id, "")
            department = category.split(PATH_SEPARATOR)[0]
            foreign: tuple[float, ...] = ()
            if department:
                elsewhere = EngineQuery((leg,), (Not(AnyOf(field, (department,))),))
                foreign = tuple(hit.score for hit in engine.search(collection, elsewhere).leg("photo").hits)
            if any(hit.id == id for hit in hits) or category:
                yield Probe(
                    kind,
                    id,
                    category,
                    tuple(ProbeHit(hit.id, known.get(hit.id, ""), hit.score) for hit in hits),
                    foreign,
                )
        progress(1)


# --- Reading the shop ---------------------------------------------------------------------------


def _categories(source: Source, field: str, ids: Sequence[str]) -> dict[str, str]:
    if not field:
        return {}
    found = {str(obj.pk): source.facets(obj).get(field) for obj in source.queryset().filter(pk__in=set(ids))}
    return {id: first_path(value) for id, value in found.items() if value}


def first_path(value: object) -> str:
    """A path facet's value, or the first of several."""
    if isinstance(value, list | tuple | set | frozenset):
        value = next(iter(value), "")
    return str(value)


def _small(pictures: Iterator[tuple[str, Image.Image]]) -> Iterator[tuple[str, Image.Image]]:
    for id, picture in pictures:
        picture.thumbnail((SIDE, SIDE))
        yield id, picture


def _chunks(items: Iterator[tuple[str, Image.Image]], size: int) -> Iterator[list[tuple[str, Image.Image]]]:
    while chunk := list(itertools.islice(items, size)):
        yield chunk


def unpacked(row: StoredCalibration) -> Calibration:
    """What a row holds; `UNCALIBRATED` where another version stored it."""
    try:
        return Calibration.from_json(row.limits)
    except (TypeError, ValueError, AttributeError):
        logger.warning("The calibration of '%s' is of another version; run manage.py calibrate.", row.collection)
        return UNCALIBRATED
