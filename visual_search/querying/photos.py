"""Encodes, reads and compares a shopper's photo. Nothing here uses the database, and nothing of the photo is kept."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from visual_search.content.readings import Kept
from visual_search.encoders.base import Encoder
from visual_search.errors import PictureRefused, ReaderUnavailable, said
from visual_search.imaging import colour, copies, keypoint_matching, named_colours
from visual_search.imaging.keypoint_matching import Keypoints
from visual_search.imaging.reading import Reader, codes_of, read_photo, words_of
from visual_search.types import LegHit, Reading, Vector, unit

logger = logging.getLogger(__name__)

# A picture with a larger share of white border counts as taken in a studio. There the object fills the frame already, and
# keypoints of cloth and varnish agree by chance.
ON_WHITE = 0.15
# The share of each side that counts as the middle of a photo. The encoder sees the middle once more, because the object that the
# shopper means is there: exact@1 of 567 shop-floor photos rises from .353 to .383.
MIDDLE = 0.85
NOTHING_TO_SEE = "nothing_to_see"  # what answers to a blank picture are warned of
MUCH_OF_A_COLOUR = (
    0.3  # of the thing's pixels: as much makes a catalogue picture clearly of a colour (querying/colours.py)
)
COMPARED = 30  # nearest pictures whose keypoints are compared: half a millisecond each; of these alone a leg names the pictures


@dataclass(slots=True)
class Looked:
    """What a photo shows and says. Vectors by space name, unit length."""

    vectors: dict[str, Vector]
    text: str = ""
    codes: tuple[str, ...] = ()
    thumbnail: bytes = b""
    colours: tuple[str, ...] = ()  # see `Witness`
    keypoints: Keypoints | None = None  # None for studio pictures
    studio: bool = False  # on white, as a shop shows its goods
    nothing: str = ""  # see `Witness`
    degraded: tuple[str, ...] = ()
    timings_ms: dict[str, float] = field(default_factory=dict)


def look(
    image: Image.Image, encoder: Encoder, reader: Reader | None, *, vectors: Mapping[str, Vector] | None = None
) -> Looked:
    """Encode a photo and read it on another core. If the reader fails, `degraded` names it and the rest goes on.

    `vectors`: given if they are known already. Raises PictureRefused if the photo shows nothing, and whatever the
    encoder raises.
    """
    thumbnail = colour.thumbnail(image)
    kept = copies.thumbnail(image)
    studio = colour.white_border_share(thumbnail) > ON_WHITE
    with _reading(image, reader) as read:
        begin = time.perf_counter()
        own = dict(vectors) if vectors else _vectors(image, encoder, studio=studio)
        encoded = time.perf_counter()
        keypoints = None if studio else keypoint_matching.of_photo(image)
        compared = time.perf_counter()
        reading, degraded = read()
    return Looked(
        vectors=own,
        text=words_of(reading),
        codes=codes_of(reading.codes),
        thumbnail=kept,
        colours=_colours(kept),
        keypoints=keypoints,
        studio=studio,
        nothing=NOTHING_TO_SEE if colour.shows_nothing(thumbnail) else "",
        degraded=degraded,
        timings_ms={
            "encoder": (encoded - begin) * 1000,
            "keypoints": (compared - encoded) * 1000,
            "reader": (time.perf_counter() - compared) * 1000,
        },
    )


def _colours(thumbnail: bytes) -> tuple[str, ...]:
    shares = dict(zip(named_colours.NAMES, named_colours.shares([thumbnail])[0], strict=True))
    much = [name for name, share in shares.items() if share >= MUCH_OF_A_COLOUR]
    return tuple(sorted(much, key=lambda name: -shares[name]))


def confirm(looked: Looked, hits: Sequence[LegHit], kept: Kept) -> tuple[dict[str, float], tuple[str, ...]]:
    """Compare a photo with the pictures of its hits.

    Returns how surely keypoints say that an object is the one in the photo, by object id, in [0, 1], and the ids of the
    objects that show the very same picture, nearest first.
    """
    nearest = tuple(dict.fromkeys((hit.id, hit.key) for hit in hits))
    # A small preview's vector can lie far from its own picture's, so thumbnails are compared with all hits.
    pictures = kept(nearest, COMPARED if looked.keypoints is not None else 0)
    same = copies.copies(looked.thumbnail, {key: picture.thumbnail for key, picture in pictures.items()})
    confirmed: dict[str, float] = {}
    if looked.keypoints is not None:
        for id, key in nearest[:COMPARED]:
            picture = pictures.get((id, key))
            if picture is None:
                continue
            count = keypoint_matching.inliers(looked.keypoints, keypoint_matching.unpack(picture.keypoints))
            if sure := keypoint_matching.confidence(count):
                confirmed[id] = round(max(sure, confirmed.get(id, 0.0)), 4)
    return confirmed, tuple(dict.fromkeys(id for id, _ in same))


def alike(looked: Looked, hits: Sequence[LegHit], kept: Kept) -> tuple[str, ...]:
    """The ids of all objects that show the photo's picture, also in a version that is farther from it than another one."""
    pictures = kept(tuple(dict.fromkeys((hit.id, hit.key) for hit in hits)), 0)
    same = copies.copies(looked.thumbnail, {key: picture.thumbnail for key, picture in pictures.items()}, math.inf)
    return tuple(dict.fromkeys(id for id, _ in same))


def vectors_of(image: Image.Image, encoder: Encoder) -> dict[str, Vector]:
    """The vectors of a whole photo, by space. Raises PictureRefused if it shows nothing."""
    return _vectors(image, encoder, studio=colour.white_border_share(colour.thumbnail(image)) > ON_WHITE)


def _vectors(image: Image.Image, encoder: Encoder, *, studio: bool) -> dict[str, Vector]:
    space = encoder.card.image.name
    views = [image] if studio else [image, _middle(image)]
    vectors = encoder.images(views).image
    if not np.isfinite(vectors).all() or not vectors[0].any():
        raise PictureRefused(
            said("There is nothing to recognise in the photo. Take one that shows the thing."),
            field="image",
            code="nothing_to_see",
            status=422,
        )
    return {space: unit(vectors.sum(axis=0))}


def _middle(image: Image.Image) -> Image.Image:
    margin = (1 - MIDDLE) / 2
    width, height = image.size
    box = (int(width * margin), int(height * margin), int(width * (1 - margin)), int(height * (1 - margin)))
    # A picture one pixel wide has no middle.
    return image.crop(box) if box[2] > box[0] and box[3] > box[1] else image


@contextmanager
def _reading(image: Image.Image, reader: Reader | None) -> Iterator[Callable[[], tuple[Reading, tuple[str, ...]]]]:
    """Read the photo in a thread of its own while the caller encodes it. Yields a function that waits for the result."""
    result: list[Reading] = []
    degraded: list[str] = []

    def work(used: Reader) -> None:
        try:
            result.append(read_photo(used, image))
            if not result[0].whole:
                degraded.append("reader")
        # A reader runs foreign code over strangers' pictures; what it raises isn't known. It may quote what it read,
        # so that only its type is logged.
        except Exception as problem:
            said = str(problem) if isinstance(problem, ReaderUnavailable) else type(problem).__name__
            logger.error("The photo couldn't be read: %s", said)
            degraded.append("reader")

    thread = threading.Thread(target=work, args=(reader,), name="visual-search-reader", daemon=True)
    if reader is not None:
        thread.start()

    def wait() -> tuple[Reading, tuple[str, ...]]:
        if reader is not None:
            thread.join()
        return (result[0] if result else Reading()), tuple(degraded)

    try:
        yield wait
    finally:
        wait()
