"""Takes a photo apart into things, so that the shopper can search by each of them.

The sealed token carries the vectors of each thing, so that another choice needs no second upload.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from visual_search.encoders.base import Encoder
from visual_search.errors import BadInput, PictureRefused, said
from visual_search.imaging import regions, standing_out
from visual_search.imaging.reading import Reader, read_photo
from visual_search.imaging.regions import PROPOSALS, WHOLE, Detector
from visual_search.querying import photos
from visual_search.types import Box, Query, QueryPicture, Reading, Region, Scene, Vector

logger = logging.getLogger(__name__)

SAME_THING = 0.8  # overlap (intersection over union) from which on a box means a thing that is known already


@dataclass(frozen=True, slots=True)
class Narrowed:
    """`picture`: the part that is searched, with its vectors and its scene. `degraded`: "objects" without a detector."""

    picture: QueryPicture
    degraded: tuple[str, ...] = ()


def taken_apart(query: Query, encoder: Encoder, detector: Detector | None) -> tuple[Query, tuple[str, ...]]:
    """The question with each photo narrowed to the part to search by, and what failed. Raises as `narrow`."""
    each = [narrow(picture, encoder, detector, proposals=query.proposals) for picture in query.pictures]
    degraded = dict.fromkeys(name for one in each for name in one.degraded)
    return replace(query, pictures=tuple(one.picture for one in each)), tuple(degraded)


def narrow(picture: QueryPicture, encoder: Encoder, detector: Detector | None, *, proposals: bool = False) -> Narrowed:
    """Find the things in a photo, choose the part to search by, and encode them.

    `proposals`: whether to list less sure things, too; for a tap they are always looked for. Raises BadInput for a part
    that the photo or the token doesn't have, PictureRefused for a photo that shows nothing, EncoderUnavailable.
    """
    if picture.weight == 0:
        return Narrowed(picture)
    if picture.image is None:
        return _from_token(picture)
    asked = _asked(picture)
    if detector is None and not asked and picture.weight > 0:
        # There is nothing to take apart; `photos.look` encodes the whole photo while it is read.
        return Narrowed(picture)
    helper = ThreadPoolExecutor(1, thread_name_prefix="visual-search-encoder")
    # The whole photo is encoded on another core while the things in it are found.
    whole = helper.submit(photos.vectors_of, picture.image, encoder)
    detected, degraded = _detected(picture.image, detector, faint=proposals or picture.point is not None)
    try:
        with helper:
            scene = _encoded(picture.image, whole, detected, encoder, helper)
    except BadInput:
        raise
    # `encoding.encode` meets the same failure and decides whether the words alone can answer.
    except Exception:
        logger.exception("The encoder failed on a photo's parts.")
        box = regions.tapped(picture.point, detected) if picture.point is not None else picture.box
        part = picture.image if box is None else regions.crop(picture.image, box)
        return Narrowed(replace(picture, image=part), degraded)
    box = _chosen(picture, scene)
    region = known(box, scene)
    # If the search chose the part, the whole photo is still read and compared, because the label may stand beside the thing.
    part = regions.crop(picture.image, box) if asked and box != WHOLE else picture.image
    vectors = region.vectors if region is not None else _vectors(encoder, [part])[0]
    if not vectors:
        raise PictureRefused(
            said(
                "There is nothing to recognise in this part of the photo. Choose another part, or search by the "
                "whole photo."
            ),
            field="point" if picture.point is not None else "box",
            code="nothing_to_see",
            status=422,
        )
    narrowed = replace(
        picture,
        image=part,
        vectors=vectors,
        box=box,
        scene=replace(scene, chosen=box),
        others=_others(picture, scene),
    )
    return Narrowed(narrowed, degraded)


def read_ahead(pictures: Sequence[QueryPicture], reader: Reader | None) -> Reader | None:
    """A reader that already reads the first photo on another core while the things in it are found and encoded."""
    first = pictures[0] if pictures else None
    if reader is None or first is None or first.image is None or _asked(first):
        return reader
    return _Ahead(reader, first.image)


class _Ahead:
    def __init__(self, reader: Reader, image: Image.Image) -> None:
        self._reader, self._image = reader, image
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="visual-search-reader")
        self._result = self._pool.submit(read_photo, reader, image)
        self._pool.shutdown(wait=False)

    @property
    def fingerprint(self) -> str:
        return self._reader.fingerprint

    def read(self, image: Image.Image) -> Reading:
        return self._result.result() if image is self._image else read_photo(self._reader, image)


def _detected(
    image: Image.Image, detector: Detector | None, *, faint: bool
) -> tuple[tuple[Region, ...], tuple[str, ...]]:
    if detector is None:
        return (), ()
    try:
        detected = detector.regions(image, faint=faint)
        if all(region.faint for region in detected):
            things = standing_out.things(image)
            detected = (*things, *detected[: max(0, PROPOSALS - len(things))])
        return detected, ()
    # A detector runs foreign code over strangers' pictures, so it may raise anything. Then the whole photo is searched.
    except Exception:
        logger.exception("The detector failed; the whole photo is searched.")
        return (), ("objects",)


def _encoded(
    image: Image.Image,
    whole: Future[dict[str, Vector]],
    detected: Sequence[Region],
    encoder: Encoder,
    helper: ThreadPoolExecutor,
) -> Scene:
    """The scene: the photo and its things with vectors. It leaves out things that show nothing. Raises PictureRefused.

    `helper` encodes half of the things.
    """
    sure = [region for region in detected if not region.faint]
    parts = [regions.crop(image, region.box) for region in sure]
    half = (len(parts) + 1) // 2
    others = helper.submit(_vectors, encoder, parts[half:]) if parts[half:] else None
    vectors = _vectors(encoder, parts[:half]) if parts else []
    vectors += others.result() if others else []
    things = tuple(replace(region, vectors=own) for region, own in zip(sure, vectors, strict=True) if own)
    return Scene(
        Region(WHOLE, vectors=whole.result()), things, proposals=tuple(region for region in detected if region.faint)
    )


def _vectors(encoder: Encoder, images: Sequence[Image.Image]) -> list[dict[str, Vector]]:
    """For each picture its vectors by space; empty if the picture shows nothing to the encoder."""
    space = encoder.card.image.name
    rows = encoder.images(images).image
    return [{space: row} if np.isfinite(row).all() and row.any() else {} for row in rows]


def _from_token(picture: QueryPicture) -> Narrowed:
    scene = picture.scene
    if not _asked(picture):
        if scene is None or scene.chosen != WHOLE:
            return Narrowed(picture)
        return Narrowed(replace(picture, others=_others(picture, scene)))
    if scene is None:
        raise BadInput(
            said("This photo_token holds the photo as a whole, without its objects. Send the photo again as `image`."),
            field="photo_token",
            code="box_needs_photo",
            status=422,
        )
    box = _chosen(picture, scene)
    region = known(box, scene)
    if region is None:
        name = "box" if picture.box is not None else "point"
        raise BadInput(
            said(
                "photo_token keeps the photo's objects but not its pixels, so it can't be cut anew. Choose one "
                "of the objects, or send the photo again as `image` with this %(name)s.",
                name=name,
            ),
            field=name,
            code="box_needs_photo",
            status=422,
        )
    # The witness in the token belongs to the part that was searched before.
    witness = picture.witness if region.box == scene.chosen else None
    scene = replace(scene, chosen=region.box)
    return Narrowed(replace(picture, vectors=region.vectors, witness=witness, box=region.box, scene=scene))


def _asked(picture: QueryPicture) -> bool:
    """Whether the caller chose a part of the photo, or expressly all of it."""
    return not (picture.box is None and picture.thing is None and picture.point is None)


def _chosen(picture: QueryPicture, scene: Scene) -> Box:
    if picture.box is not None:
        return picture.box
    if picture.thing is not None:
        if not 0 <= picture.thing < len(scene.things):
            count = len(scene.things)
            if count:
                raise BadInput(
                    said(
                        "object is %(thing)s; this photo has the numbers 0 to %(last)s.",
                        thing=picture.thing,
                        last=count - 1,
                    ),
                    field="object",
                )
            raise BadInput(said("object is %(thing)s; this photo has none.", thing=picture.thing), field="object")
        return scene.things[picture.thing].box
    if picture.point is not None:
        return regions.tapped(picture.point, (*scene.things, *scene.proposals))
    subject = regions.subject(scene.things)
    return subject.box if subject is not None else WHOLE


def _others(picture: QueryPicture, scene: Scene) -> tuple[Mapping[str, Vector], ...]:
    """The vectors of all things, if there are several and the caller chose none: then each counts beside the whole."""
    if _asked(picture) or not regions.is_scene(scene.things):
        return ()
    return tuple(region.vectors for region in scene.things)


def known(box: Box, scene: Scene) -> Region | None:
    """The region that this box means: the whole photo or a thing; None if the box is a part without vectors."""
    nearest = max((scene.whole, *scene.things), key=lambda region: regions.overlap(region.box, box))
    return nearest if regions.overlap(nearest.box, box) >= SAME_THING else None
