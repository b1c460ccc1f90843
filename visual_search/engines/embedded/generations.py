"""Which SQLite file a collection lives in. A one-line pointer names it, so a rebuild is swapped in by one rename."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

_NAME = re.compile(r"^(?P<collection>.+)-(?P<number>\d{4,})\.sqlite3$")


@dataclass(frozen=True, slots=True)
class Generation:
    """The file in use, and the one before it that `rollback` brings back."""

    current: Path
    previous: Path | None


class Generations:
    """The pointer files of one folder. The pointer is replaced atomically; readers look at it before each query."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def pointer(self, collection: str) -> Path:
        return self.folder / f"{collection}.current"

    def stamp(self, collection: str) -> tuple[int, int] | None:
        """Changes whenever the pointer is replaced; None where there is no pointer. Costs one stat call."""
        try:
            found = os.stat(self.pointer(collection))
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def read(self, collection: str) -> Generation | None:
        try:
            names = self.pointer(collection).read_text().split("\n")
        except FileNotFoundError:
            return None
        previous = self.folder / names[1] if len(names) > 1 and names[1] else None
        return Generation(self.folder / names[0], previous if previous and previous.exists() else None)

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
        temporary = self.folder / f".{collection}.{uuid4().hex}"
        temporary.write_text(f"{current.name}\n{previous.name if previous else ''}\n")
        try:
            if not only_if_new:
                os.replace(temporary, self.pointer(collection))
                return True
            try:
                os.link(temporary, self.pointer(collection))  # A link, unlike a rename, fails where the name is taken.
            except FileExistsError:
                return False
            return True
        finally:
            temporary.unlink(missing_ok=True)

    def remove_others(self, collection: str, keep: Iterator[Path | None] | tuple[Path | None, ...]) -> None:
        kept = {path.name for path in keep if path is not None}
        for match in self._files(collection):
            if match.string not in kept:
                remove(self.folder / match.string)

    def _files(self, collection: str) -> list[re.Match[str]]:
        found = (_NAME.match(path.name) for path in self.folder.glob(f"{collection}-*.sqlite3"))
        return [match for match in found if match and match["collection"] == collection]


def remove(database: Path) -> None:
    """Remove a SQLite file with its write-ahead log. Processes that have it open keep reading what they opened."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
