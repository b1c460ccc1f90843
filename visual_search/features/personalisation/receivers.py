"""After a rebuild the index has new versions, and perhaps another encoder, so the item vectors are made anew."""

from __future__ import annotations

from typing import Any

from visual_search.features.personalisation import tasks
from visual_search.signals import index_rebuilt


def connect() -> None:
    index_rebuilt.connect(_after_rebuild, dispatch_uid="personalisation.refresh")


def _after_rebuild(*, collection: str, **kwargs: Any) -> None:
    tasks.soon(collection)
