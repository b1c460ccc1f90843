"""Samples the shop's own objects, evenly spread, for the modules that learn from them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from PIL import Image

from visual_search import registry
from visual_search.conf import conf
from visual_search.content import documents
from visual_search.content.vectors import Title
from visual_search.imaging.decode import decode
from visual_search.registry import Source

logger = logging.getLogger(__name__)

T = TypeVar("T")


def main_pictures(collection: str, *, most: int) -> Iterator[tuple[str, Image.Image]]:
    """Id and main picture of at most `most` objects; those that can't be read are passed over.

    Raises ConfigurationError for a collection without a source.
    """
    source = registry.source(collection)
    for key, obj in _objects(source, most):
        try:
            picture = next(iter(documents.read(source, obj).pictures), None)
            if picture is not None:
                yield (
                    key,
                    decode(
                        picture.load(),
                        max_bytes=conf.PICTURE_MAX_BYTES,
                        max_pixels=conf.PICTURE_MAX_PIXELS,
                        name=f"the picture of {key}",
                    ),
                )
        # A shop's source and storage may raise anything.
        except Exception as problem:
            logger.warning("The picture of %s %s isn't learned from: %s", collection, key, problem)


def titles(collection: str, *, most: int) -> Iterator[tuple[str, Sequence[Title]]]:
    """Id and title, in every language that it has, of at most `most` objects; those that can't be read are passed over.

    Raises ConfigurationError for a collection without a source.
    """
    source = registry.source(collection)
    for key, obj in _objects(source, most):
        try:
            own = documents.read(source, obj).titles
        except documents.SourceFailed as problem:
            logger.warning("The title of %s %s isn't learned from: %s", collection, key, problem)
            continue
        if own:
            yield key, own


def evenly(items: Sequence[T], most: int) -> Sequence[T]:
    """At most `most` of the items, evenly spread, in their order."""
    return items[:: max(1, -(-len(items) // most))]


def _objects(source: Source, most: int) -> Iterator[tuple[str, Any]]:
    objects = source.queryset()
    keys = list(objects.order_by("pk").values_list("pk", flat=True).distinct())
    for key in evenly(keys, most):
        obj = objects.filter(pk=key).first()
        if obj is not None:  # The object may have been deleted meanwhile.
            yield str(key), obj
