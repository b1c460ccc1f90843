"""From SQLite's and the file system's errors to ours, in words that say what to do."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from visual_search.errors import EngineUnavailable


@contextlib.contextmanager
def readable(collection: str) -> Iterator[None]:
    """Raises EngineUnavailable for whatever SQLite or the file system raises inside."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise EngineUnavailable(f"The index of '{collection}' is busy or its disk is full: {error}.") from error
    except sqlite3.DatabaseError as error:
        raise EngineUnavailable(
            f"The index of '{collection}' can't be read: {error}. Run `manage.py visual_search rebuild`.",
            retry_after=60,
        ) from error
    except OSError as error:
        raise EngineUnavailable(
            f"The folder of the index of '{collection}' can't be used: {error}. Check its rights and its disk.",
            retry_after=60,
        ) from error
