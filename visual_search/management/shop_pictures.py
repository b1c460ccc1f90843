"""The shop's own pictures for commands that learn from them."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from PIL import Image
from tqdm import tqdm

from visual_search import documents, registry
from visual_search.conf import conf
from visual_search.errors import PictureRefused
from visual_search.imaging.decode import decode


def shop_pictures(collection: str, *, most: int) -> Iterator[Image.Image]:
    """The main picture of at most `most` objects, evenly spread; those that can't be read are passed over.

    Raises ConfigurationError for a collection without a source.
    """
    source = registry.source(collection)
    objects = source.queryset()
    step = max(1, -(-objects.count() // most))
    chosen = list(objects.order_by("pk").values_list("pk", flat=True)[::step])
    for key in tqdm(chosen, desc="Pictures", disable=not sys.stderr.isatty(), leave=False):
        obj = objects.filter(pk=key).first()
        if obj is None:  # It was deleted meanwhile.
            continue
        try:
            picture = next(iter(documents.read(source, obj).pictures), None)
            if picture is not None:
                yield decode(
                    picture.load(),
                    max_bytes=conf.PICTURE_MAX_BYTES,
                    max_pixels=conf.PICTURE_MAX_PIXELS,
                    name=f"the picture of {key}",
                )
        except (PictureRefused, documents.SourceFailed, OSError, ValueError):
            continue
