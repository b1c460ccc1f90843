"""Brings all picture files to where and how they should be, whatever happened: an older version, a crash, an `update()`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from catalog import files
from catalog.models import Product, ProductImage
from visual_search.signals import objects_changed

logger = logging.getLogger(__name__)

# A file that no row names may belong to a save that hasn't committed yet. None of those takes a day.
LEFT_FOR = timedelta(days=1)


@dataclass
class Tidied:
    """How many files were moved (and cleaned where they hadn't been), which couldn't be, and which nobody needs."""

    moved: int = 0
    failed: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)


def tidy(
    *,
    dry_run: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
    advanced: Callable[[], object] = lambda: None,
) -> Tidied:
    """Move, clean, and remove. Each picture for itself, so that it may be stopped at any time and goes on where it was."""
    done = Tidied()
    last = 0
    while not should_stop() and (image := _after(last)) is not None:
        last = image.pk
        if not _is_right(image):
            _mend(image.pk, done, dry_run)
        advanced()
    if not should_stop():
        _remove_orphans(done, dry_run)
    return done


def _after(last: int) -> ProductImage | None:
    rows = ProductImage.objects.exclude(file="").filter(pk__gt=last).select_related("product")
    return rows.order_by("pk").first()


def _is_right(image: ProductImage) -> bool:
    name = str(image.file.name)
    return files.is_made_here(name) and files.is_private(name) != image.is_public


def _mend(pk: int, done: Tidied, dry_run: bool) -> None:
    with transaction.atomic():
        # The product is read behind the lock, with what another process has saved meanwhile.
        image = ProductImage.objects.filter(pk=pk).select_for_update().first()
        if image is None or _is_right(image):
            return
        name = str(image.file.name)
        if dry_run or files.move(image, clean=not files.is_made_here(name)):
            done.moved += 1
            if not dry_run:
                objects_changed.send(Product, ids=[image.product_id], deleted=False)
        else:
            done.failed.append(name)


def _remove_orphans(done: Tidied, dry_run: bool) -> None:
    """Files below our own folder that no row names, because a save was rolled back or a process was killed."""
    for name in _old_files():
        if not ProductImage.objects.filter(file__in=_originals(name)).exists():
            done.orphans.append(name)
            if not dry_run:
                files.remove([name])


def _old_files() -> Iterator[str]:
    before = timezone.now() - LEFT_FOR
    for top in (files.FOLDER, files.PRIVATE + files.FOLDER):
        for name in list(_walk(top)):
            try:
                if files.picture_storage.get_modified_time(name) < before:
                    yield name
            except FileNotFoundError:
                continue  # It went meanwhile.


def _walk(folder: str) -> Iterator[str]:
    try:
        folders, names = files.picture_storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{name}" for name in names)
    for inner in folders:
        yield from _walk(f"{folder}/{inner}")


def _originals(name: str) -> list[str]:
    """What a row would name that needs this file: itself, or the picture that it is a copy of."""
    stem, mark, _ = name.rpartition("-")
    endings = (".jpg", ".png", ".webp") if mark else ()
    return [name, *(stem + ending for ending in endings)]
