"""The shop's own main pictures, for what learns from them."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from PIL import Image

from visual_search import documents, registry
from visual_search.conf import conf
from visual_search.errors import PictureRefused
from visual_search.imaging.decode import decode

logger = logging.getLogger(__name__)


def main_pictures(collection: str, *, most: int) -> Iterator[tuple[str, Image.Image]]:
    """Id and main picture of at most `most` objects, evenly spread; those that can't be read are passed over.

    Raises ConfigurationError for a collection without a source.
    """
    source = registry.source(collection)
    objects = source.queryset()
    keys = list(objects.order_by("pk").values_list("pk", flat=True).distinct())
    for key in keys[:: max(1, -(-len(keys) // most))]:
        obj = objects.filter(pk=key).first()
        if obj is None:  # It was deleted meanwhile.
            continue
        try:
            picture = next(iter(documents.read(source, obj).pictures), None)
            if picture is not None:
                yield (
                    str(key),
                    decode(
                        picture.load(),
                        max_bytes=conf.PICTURE_MAX_BYTES,
                        max_pixels=conf.PICTURE_MAX_PIXELS,
                        name=f"the picture of {key}",
                    ),
                )
        except (PictureRefused, documents.SourceFailed, OSError, ValueError) as problem:
            logger.warning("The picture of %s %s isn't learned from: %s", collection, key, problem)
