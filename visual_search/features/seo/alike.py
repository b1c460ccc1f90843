"""Objects of a collection that show the same picture: the very same file, or one saved at another size or in another compression.

What is compared are the thumbnails that indexing keeps (`imaging/copies.py`). A shop that reads no pictures has none, and then
only the very same files are found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from visual_search.content import readings
from visual_search.imaging import copies
from visual_search.models import PictureSight, ShownPicture


def alike(collection: str) -> Iterator[list[str]]:
    """The ids of objects that show one picture."""
    shown = ShownPicture.objects.filter(collection=collection).order_by("pk")
    objects: dict[str, list[str]] = defaultdict(list)
    for content, id in shown.values_list("content_hash", "object_id"):
        objects[content].append(id)
    yield from objects.values()
    seen = PictureSight.objects.filter(maker=readings.maker()).order_by("pk").values_list("content_hash", "thumbnail")
    thumbnails = {content: bytes(data) for content, data in seen.iterator() if content in objects and data}
    for one, other in copies.pairs(thumbnails):
        yield [*objects[one], *objects[other]]
