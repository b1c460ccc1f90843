"""What `manage.py check` says about the places of picture files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.core.files.storage import FileSystemStorage, InvalidStorageError, storages


@register("catalog")
def check_private_storage(**kwargs: Any) -> list[CheckMessage]:
    """Pictures of drafts need a place, and one that isn't served."""
    try:
        private = storages["private"]
    except InvalidStorageError as problem:
        return [
            Error(
                f"Pictures of drafts have no place: {problem}",
                hint='Add "private" to STORAGES: a folder or a bucket that no web server serves.',
                id="catalog.E001",
            )
        ]
    public = storages["default"]
    if not (isinstance(private, FileSystemStorage) and isinstance(public, FileSystemStorage)):
        return []
    if Path(private.location).resolve().is_relative_to(Path(public.location).resolve()):
        return [
            Error(
                f"Pictures of drafts would stand in {private.location}, below {public.location}, which anybody may read.",
                hint='Give STORAGES["private"] a "location" outside of MEDIA_ROOT.',
                id="catalog.E002",
            )
        ]
    return []
