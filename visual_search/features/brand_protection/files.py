"""Where pictures of brands and listings are kept: a storage of the shop that no web server serves."""

from __future__ import annotations

from typing import IO, Any

from django.core.files.base import File
from django.core.files.storage import Storage, storages
from django.db.models.fields.files import FieldFile

from visual_search.features.brand_protection.options import options


class PrivateStorage(Storage):
    """The storage that `STORAGE` of the options names. It is asked for at each use: models are made before settings are read."""

    def open(self, name: str, mode: str = "rb") -> File[Any]:
        return self._there.open(name, mode)

    def save(self, name: str | None, content: IO[Any], max_length: int | None = None) -> str:
        return self._there.save(name, content, max_length)

    def delete(self, name: str) -> None:
        self._there.delete(name)

    def exists(self, name: str) -> bool:
        return self._there.exists(name)

    def size(self, name: str) -> int:
        return self._there.size(name)

    def url(self, name: str | None) -> str:
        """None: staff see these pictures on the pages of cases. Forms ask for it, so it mustn't raise."""
        return ""

    @property
    def _there(self) -> Storage:
        return storages[options().storage]


def read(file: FieldFile) -> bytes | None:
    """The bytes of a kept picture; None where it isn't there any more."""
    try:
        with file.open("rb") as opened:
            return bytes(opened.read())
    except OSError:
        return None


def private_storage() -> Storage:
    """For the fields of models."""
    return PrivateStorage()
