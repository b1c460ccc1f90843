"""Copies of public pictures in other formats and widths: made once, in the background, and only by what the shop saved.

No address makes one, so nobody can have the shop resize pictures. A page shows the picture itself until its copies are there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.core.files.base import ContentFile
from django.db import models

from catalog import files
from catalog.models import ProductImage
from visual_search.errors import PictureRefused
from visual_search.imaging.renditions import WIDTHS, render

logger = logging.getLogger(__name__)


def due() -> models.QuerySet[ProductImage]:
    """Public pictures without copies, oldest first."""
    return ProductImage.objects.shown().filter(renditions__isnull=True).order_by("pk")


def make_due(
    *,
    should_stop: Callable[[], bool] = lambda: False,
    wait: Callable[[], object] = lambda: None,
    advanced: Callable[[], object] = lambda: None,
) -> int:
    """Make the copies of all pictures that lack them, and give how many pictures got them. It may run twice at once.

    `wait` is called before each picture, and returns when there is time for one.
    """
    count, last = 0, 0
    while not should_stop() and (image := due().filter(pk__gt=last).first()) is not None:
        wait()
        count += make(image)
        last = image.pk
        advanced()
    return count


def make(image: ProductImage) -> bool:
    """Make this picture's copies and note them in its row. False where the storage doesn't answer: it is tried again."""
    name = str(image.file.name)
    made: dict[str, list[int]] = {}
    try:
        for copy in render(image.read(), **files.limits()):
            widths = made.setdefault(copy.format, [])
            widths.append(copy.width)
            _store(files.rendition_name(name, len(widths), copy.format), copy.data)
    except (FileNotFoundError, PictureRefused) as problem:
        logger.warning("There are no copies of '%s': %s", name, problem)
        made = {}
    # A storage may raise anything.
    except Exception as problem:
        logger.warning("The copies of '%s' have to wait (%s: %s).", name, type(problem).__name__, problem)
        return False
    if not ProductImage.objects.filter(pk=image.pk, file=name).update(renditions=made):
        # The picture has gone, or moved to where it isn't public, while its copies were made.
        files.forget(ProductImage, name)
    return True


def _store(name: str, data: bytes) -> None:
    """Keep a copy under exactly this name. Another process may have made it: the copies are the same."""
    assert int(name.rpartition("-")[2].partition(".")[0]) <= len(WIDTHS)
    if not files.picture_storage.exists(name):
        saved = files.picture_storage.save(name, ContentFile(data))
        if saved != name:
            files.picture_storage.delete(saved)
