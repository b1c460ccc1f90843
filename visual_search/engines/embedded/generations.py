"""Which SQLite file a collection lives in. A small pointer file names it, so a rebuild is swapped in by one rename."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from visual_search.errors import ConfigurationError, EngineUnavailable

_NAME = re.compile(r"^(?P<collection>.+)-(?P<number>\d{4,})\.sqlite3$")
_COLLECTION = re.compile(r"^\w[\w-]{0,99}$")


@dataclass(frozen=True, slots=True)
class Generation:
    """The file in use, and the one before it that `rollback` brings back."""

    current: Path
    previous: Path | None


class Generations:
    """The pointer files of one folder. A pointer is replaced atomically; readers look at it before each query."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def pointer(self, collection: str) -> Path:
        if not _COLLECTION.match(collection):
            raise ConfigurationError(
                f"The collection {collection!r} can't name a file. Use letters, digits, '_' and '-', at most 100."
            )
        return self.folder / f"{collection}.current"

    def stamp(self, collection: str) -> tuple[int, int] | None:
        """Changes whenever the pointer is replaced; None where there is no pointer. Costs one stat call."""
        try:
            status = os.stat(self.pointer(collection))
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns

    def read(self, collection: str) -> Generation | None:
        try:
            current, previous, *_ = [*self.pointer(collection).read_text().split("\n"), "", ""]
        except FileNotFoundError:
            return None
        if not current or not (self.folder / current).is_file():
            return None
        kept = self.folder / previous if previous and (self.folder / previous).is_file() else None
        return Generation(self.folder / current, kept)

    def collections(self) -> list[str]:
        return sorted(path.stem for path in self.folder.glob("*.current"))

    def reserve(self, collection: str) -> Path:
        """An empty file under the next free number; two processes never get the same."""
        self.folder.mkdir(parents=True, exist_ok=True)
        number = max((int(match["number"]) for match in self._files(collection)), default=0)
        while True:
            number += 1
            path = self.folder / f"{collection}-{number:04}.sqlite3"
            with contextlib.suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o644))
                return path

    def publish(self, collection: str, current: Path, previous: Path | None, *, only_if_new: bool = False) -> bool:
        """Point to `current`. With `only_if_new`, give False where another process has published first."""
        pointer = self.pointer(collection)
        temporary = self.folder / f".{collection}.{uuid4().hex}"
        try:
            with temporary.open("x") as file:
                file.write(f"{current.name}\n{previous.name if previous else ''}\n")
                file.flush()
                os.fsync(file.fileno())  # Else a power cut may leave the new name with an empty file.
            if not only_if_new:
                os.replace(temporary, pointer)
                return True
            try:
                os.link(temporary, pointer)  # A link, unlike a rename, fails where the name is taken.
            except FileExistsError:
                return False
            return True
        finally:
            temporary.unlink(missing_ok=True)

    @contextlib.contextmanager
    def alone(self, collection: str) -> Iterator[None]:
        """Only one process at a time rebuilds, rolls back or drops; others get EngineUnavailable. A crash frees it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # SQLite's own locks: they work wherever the engine works, and end with the process.
        lock = sqlite3.connect(self.folder / f".{self.pointer(collection).stem}.lock", timeout=0, isolation_level=None)
        with contextlib.closing(lock):
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                raise EngineUnavailable(
                    f"Another process is rebuilding '{collection}' ({error}). Wait until it has finished.",
                    retry_after=60,
                ) from error
            yield

    def remove_others(self, collection: str, keep: Iterable[Path | None]) -> None:
        """Remove all generations but these, also what a crashed rebuild left. Call it from within `alone`."""
        kept = {path.name for path in keep if path is not None}
        for match in self._files(collection):
            if match.string not in kept:
                remove(self.folder / match.string)

    def _files(self, collection: str) -> list[re.Match[str]]:
        matches = (_NAME.match(path.name) for path in self.folder.glob(f"{collection}-*.sqlite3"))
        return [match for match in matches if match and match["collection"] == collection]


def remove(database: Path) -> None:
    """Remove a SQLite file with its write-ahead log. Processes that have it open keep reading what they opened."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
