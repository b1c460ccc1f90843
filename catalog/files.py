"""Where picture files stand, and how they come and go.

What anybody may see stands in the default storage, which has public addresses. All other pictures (of drafts, of archived
products, photos to recognise by) stand in the storage called "private", which has none; staff see them through the admin.
The name says which it is. Names are random, and a picture that moves gets another one, so that whoever knew a former
address has nothing. Files go after the commit that made them useless, and never while a row still names them.
"""

from __future__ import annotations

import logging
import posixpath
import re
import secrets
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, TypedDict, cast

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage, default_storage, storages
from django.db import models, transaction
from django.db.models.fields.files import ImageFieldFile
from django.urls import reverse

from visual_search.conf import conf
from visual_search.errors import PictureRefused
from visual_search.imaging.cleaning import cleaned
from visual_search.imaging.decode import examine
from visual_search.imaging.renditions import WIDTHS

logger = logging.getLogger(__name__)

PRIVATE = "private/"
FOLDER = "products"
RENDITION_FORMATS = ("avif", "webp")
_MADE_HERE = re.compile(rf"({PRIVATE})?{FOLDER}/[0-9a-f]{{2}}/[0-9a-f]{{32}}\.(jpg|png|webp)")


class Limits(TypedDict):
    max_bytes: int
    max_pixels: int


class PictureStorage(Storage):
    """The default storage, and for names that begin with "private/" the storage of that name."""

    def _of(self, name: str) -> tuple[Storage, str]:
        if is_private(name):
            return storages["private"], name.removeprefix(PRIVATE)
        return default_storage, name

    def open(self, name: str, mode: str = "rb") -> File[Any]:
        storage, inner = self._of(name)
        return storage.open(inner, mode)

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        assert name is not None
        storage, inner = self._of(name)
        before = name.removesuffix(inner)
        return before + storage.save(inner, content, max_length and max_length - len(before))

    def delete(self, name: str) -> None:
        storage, inner = self._of(name)
        storage.delete(inner)

    def exists(self, name: str) -> bool:
        storage, inner = self._of(name)
        return storage.exists(inner)

    def size(self, name: str) -> int:
        storage, inner = self._of(name)
        return storage.size(inner)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        storage, inner = self._of(path)
        folders, files = storage.listdir(inner)
        return list(folders), list(files)

    def get_modified_time(self, name: str) -> datetime:
        storage, inner = self._of(name)
        return storage.get_modified_time(inner)

    def path(self, name: str) -> str:
        storage, inner = self._of(name)
        return storage.path(inner)

    def url(self, name: str | None) -> str:
        """Where browsers get the file. Of a private one: where the browsers of staff do."""
        assert name is not None
        if is_private(name):
            return reverse("admin:catalog_product_picture", args=[name.removeprefix(PRIVATE)])
        if default_storage.__class__.url is FileSystemStorage.url:
            return _of_folder(cast(FileSystemStorage, default_storage).base_url, name)
        return default_storage.url(name)


# A tile has five addresses, and joining them takes half of its time. Those of a folder never change; other storages sign theirs.
@lru_cache(maxsize=20_000)
def _of_folder(base_url: str, name: str) -> str:
    return default_storage.url(name)


picture_storage = PictureStorage()


class PictureFile(ImageFieldFile):
    """The file of a row. What is saved in it is cleaned first; what it held before goes once the row is saved."""

    def save(self, name: str, content: File[Any], save: bool = True) -> None:
        """Keep this picture. Raises PictureRefused for a file that search couldn't open."""
        content.seek(0)
        clean = cleaned(content.read(), **limits(), name=name)
        name = f"picture{clean.extension}"
        super().save(name, ContentFile(clean.data, name), save)

    def _get_image_dimensions(self) -> tuple[int, int] | tuple[None, None]:
        """Width and height of the upright picture, read without Pillow, whose readers of other formats no file should meet."""
        self._dimensions_cache: tuple[int, int] | tuple[None, None]
        if not hasattr(self, "_dimensions_cache"):
            was_closed = self.closed
            self.open()
            try:
                self._dimensions_cache = examine(self.read(), **limits()).upright
            except PictureRefused:
                self._dimensions_cache = (None, None)
            finally:
                if was_closed:
                    self.close()
                else:
                    self.seek(0)
        return self._dimensions_cache

    def delete(self, save: bool = True) -> None:
        """The row has no file any more. The file itself goes when the row is saved, and stays if that fails."""
        if self:
            setattr(self.instance, self.field.attname, None)
            if save:
                self.instance.save()


def limits() -> Limits:
    """How large a picture may be that search opens."""
    return {"max_bytes": conf.PICTURE_MAX_BYTES, "max_pixels": conf.PICTURE_MAX_PIXELS}


def is_private(name: str) -> bool:
    return name.startswith(PRIVATE)


def is_made_here(name: str) -> bool:
    """Whether the name is one of `new_name()`: then what it names was cleaned."""
    return _MADE_HERE.fullmatch(name) is not None


def new_name(*, public: bool, extension: str) -> str:
    """128 random bits say nothing of what somebody called the file, and can't be guessed."""
    token = secrets.token_hex(16)
    return f"{'' if public else PRIVATE}{FOLDER}/{token[:2]}/{token}{extension}"


def random_name(row: Any, name: str) -> str:
    """For `upload_to`. `PictureFile` has given the name the ending of the true format."""
    return new_name(public=row.is_public, extension=posixpath.splitext(name)[1])


def rendition_name(name: str, number: int, kind: str) -> str:
    """What a picture's copy is called: by its place among the widths, so that all names are known without a row."""
    return f"{posixpath.splitext(name)[0]}-{number}.{kind}"


def rendition_names(name: str) -> list[str]:
    """What copies this picture may have. Private ones have none."""
    if is_private(name):
        return []
    return [rendition_name(name, number, kind) for kind in RENDITION_FORMATS for number in range(1, len(WIDTHS) + 1)]


def forget(model: type[models.Model], name: str) -> None:
    """Remove the file and its copies after the commit, unless a row of `model` names it then."""
    if name:
        transaction.on_commit(partial(_remove, model, name), robust=True)


def _remove(model: type[models.Model], name: str) -> None:
    try:
        if not model._default_manager.filter(file=name).exists():
            remove([name, *rendition_names(name)])
    # A storage may raise anything, and so may a database in this moment. What stays is found by `manage.py pictures`.
    except Exception as problem:
        logger.warning("The file '%s' can't be removed (%s: %s).", name, type(problem).__name__, problem)


def remove(names: Iterable[str]) -> None:
    for name in names:
        picture_storage.delete(name)


def place(rows: models.QuerySet[Any]) -> set[Any]:
    """Move the files of these rows to where they belong, and give the ids of their products, where something moved.

    A file is copied first, and its former place is cleared after the commit. One that can't be copied now stays.
    """
    moved = set()
    with transaction.atomic():
        waiting = list(rows.exclude(file="").select_for_update())
        # Read behind the lock: meanwhile another process may have published the product.
        models.prefetch_related_objects(waiting, "product")
        for row in waiting:
            if is_private(row.file.name) == row.is_public and move(row):
                moved.add(row.product_id)
    return moved


def move(row: Any, *, clean: bool = False) -> bool:
    """Copy the row's file to where it belongs, under a new name, and have the former one forgotten. Whether that was possible."""
    former = str(row.file.name)
    try:
        data = row.read()
        extension = posixpath.splitext(former)[1]
        if clean:
            made = cleaned(data, **limits())
            data, extension = made.data, made.extension
            row.width, row.height = made.width, made.height
        name = picture_storage.save(new_name(public=row.is_public, extension=extension), ContentFile(data))
    # A storage may raise anything. The product is saved all the same.
    except Exception as problem:
        logger.warning("The file '%s' can't be moved (%s: %s).", former, type(problem).__name__, problem)
        return False
    model = type(row)
    model._default_manager.filter(pk=row.pk).update(file=name, renditions=None, width=row.width, height=row.height)
    forget(model, former)
    return True
