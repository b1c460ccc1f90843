"""Pictures of a collection that show the same: the very same file, or one saved at another size or in another compression.

What is compared are the thumbnails that indexing keeps (`imaging/copies.py`). A shop that reads no pictures has none, and then
only the very same files are found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np

from visual_search.content import readings
from visual_search.imaging import copies
from visual_search.models import PictureSight, ShownPicture

_HEADER = copies.BYTES - copies.LUMA**2 - 2 * copies.CHROMA**2
_SIDE = 8  # fields of light a side, by which pictures are looked for that are worth a close comparison
_WORTH = 100.0  # mean squared levels between two of them
_ROWS = 1_000  # pictures that are compared with all at once: 400 MB for 100,000 pictures


def alike(collection: str) -> Iterator[tuple[str, str]]:
    """(id of an object, id of another one) where both show the same picture."""
    shown = ShownPicture.objects.filter(collection=collection).order_by("pk")
    objects: dict[str, list[str]] = defaultdict(list)
    for content, id in shown.values_list("content_hash", "object_id"):
        objects[content].append(id)
    for ids in objects.values():
        yield from ((ids[0], id) for id in ids[1:])
    seen = PictureSight.objects.filter(maker=readings.maker()).order_by("pk").values_list("content_hash", "thumbnail")
    thumbnails = {content: bytes(data) for content, data in seen.iterator() if content in objects and data}
    for one, other in near(thumbnails):
        yield objects[one][0], objects[other][0]


def near(thumbnails: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Pairs of keys whose thumbnails show the same picture."""
    keys = list(thumbnails)
    if not keys:
        return
    light = np.stack([_light(data) for data in thumbnails.values()])
    squares = (light**2).sum(axis=1)
    for start in range(0, len(keys), _ROWS):
        rows = light[start : start + _ROWS]
        apart = squares[start : start + _ROWS, None] + squares[None, :] - 2 * rows @ light.T
        for row, column in np.argwhere(apart <= _WORTH * _SIDE**2):
            one, other = start + int(row), int(column)
            if one < other and copies.difference(thumbnails[keys[one]], thumbnails[keys[other]]) is not None:
                yield keys[one], keys[other]


def _light(thumbnail: bytes) -> np.ndarray:
    """(64,) float32: the mean light of 8 x 8 fields, in levels."""
    field = copies.LUMA // _SIDE
    luma = np.frombuffer(thumbnail, np.uint8, count=copies.LUMA**2, offset=_HEADER)
    return luma.reshape(_SIDE, field, _SIDE, field).mean(axis=(1, 3), dtype=np.float32).ravel()
