"""Keys that exist for one day (or one window of days) outside the database, and are then destroyed.

Deleting a row doesn't remove it from backups, but without its key nobody can read it there. So keys never enter the
database; they lie in memory or in a folder on a file system in memory (tmpfs).
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Protocol

KEY_BYTES = 32  # 256 bits, as HMAC-SHA256 and AES-256 take them
DAY_SECONDS = 24 * 3600
GRACE_SECONDS = 3600  # A key lives an hour longer than its epoch, so that the epoch's last rows can be sealed.

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*\Z")


def date_of(day: int) -> date:
    """The date (UTC) of a day that is counted since 1970, as epochs are."""
    return date(1970, 1, 1) + timedelta(days=day)


class KeyGone(LookupError):
    """The key of that epoch was destroyed, or doesn't exist yet. A destroyed key can't be restored."""


class KeyStore(Protocol):
    """Keeps named keys. `create` gives the key that is there, if another process was faster."""

    def get(self, name: str) -> bytes | None: ...
    def create(self, name: str) -> bytes: ...
    def destroy(self, name: str) -> bool: ...
    def names(self) -> tuple[str, ...]: ...


class MemoryKeyStore:
    """Keys in this process alone: one shop process, or tests. A restart costs one extra pseudonym a client."""

    def __init__(self) -> None:
        self._keys: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> bytes | None:
        return self._keys.get(name)

    def create(self, name: str) -> bytes:
        with self._lock:
            return self._keys.setdefault(name, secrets.token_bytes(KEY_BYTES))

    def destroy(self, name: str) -> bool:
        with self._lock:
            return self._keys.pop(name, None) is not None

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._keys))


class FolderKeyStore:
    """One file a key, readable by its owner only; several processes share it.

    Put the folder on tmpfs (a service's runtime directory) and keep it out of backups and snapshots.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> bytes | None:
        try:
            key = self._path(name).read_bytes()
        except FileNotFoundError:
            return None
        return key if len(key) == KEY_BYTES else None

    def create(self, name: str) -> bytes:
        path = self._path(name)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Written whole under another name (mode 0600), then linked: no process ever reads half a key, and the first wins.
        handle, draft = tempfile.mkstemp(dir=self._folder, prefix=".draft-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
        finally:
            os.unlink(draft)
        key = self.get(name)
        if key is None:
            raise KeyGone(f"The key '{name}' is not readable as {KEY_BYTES} bytes. Delete its file in the key folder.")
        return key

    def destroy(self, name: str) -> bool:
        path = self._path(name)
        try:
            # Overwritten first, for a folder that was put on a disk against the advice.
            with path.open("r+b") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
        except FileNotFoundError:
            return False
        return True

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(path.stem for path in self._folder.glob("*.key")))

    def _path(self, name: str) -> Path:
        if not _NAME.match(name):
            raise ValueError(f"'{name}' is no key name; use lower-case letters, digits and dashes.")
        return self._folder / f"{name}.key"


@dataclass(frozen=True, slots=True)
class Epoch:
    """A stretch of whole UTC days. `name` is also the key's name: 'day-20781'."""

    name: str
    number: int
    starts: float  # seconds since 1970
    ends: float


class EpochKeys:
    """The current key of a series, and during the grace hour the one before. Every use destroys what is older.

    So a dead scheduler can't keep a key alive, since the next search destroys it. A scheduled `sweep` does so in a shop
    without searches.
    """

    def __init__(
        self,
        store: KeyStore,
        *,
        series: str = "day",
        days: int = 1,
        grace: float = GRACE_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if days < 1 or not _NAME.match(series) or "-" in series:
            raise ValueError(f"A key series needs a plain name and whole days; got '{series}' and {days}.")
        self._store, self._series, self._days, self._grace, self._clock = store, series, days, grace, clock

    def epoch(self, at: float | None = None) -> Epoch:
        """The epoch that holds this moment (now)."""
        number = int((self._clock() if at is None else at) // (self._days * DAY_SECONDS))
        return self._epoch(number)

    def current(self) -> tuple[Epoch, bytes]:
        """This epoch and its key, made at the first use."""
        self.sweep()
        epoch = self.epoch()
        key = self._store.get(epoch.name)
        return epoch, self._store.create(epoch.name) if key is None else key

    def key(self, number: int) -> bytes:
        """The key of that epoch while it lives; KeyGone for a destroyed one, or one that nothing was written with."""
        self.sweep()
        epoch = self._epoch(number)
        key = self._store.get(epoch.name)
        if key is None:
            raise KeyGone(f"The key of {epoch.name} is destroyed: what it sealed is unreadable for everybody.")
        return key

    def made(self, number: int) -> bytes:
        """The key of this epoch or, within grace, the one before, made at the first use; KeyGone for any other."""
        self.sweep()
        now = self._clock()
        if number not in (self.epoch(now).number, self.epoch(now - self._grace).number):
            raise KeyGone(f"{self._epoch(number).name} doesn't take anything any more, or not yet.")
        name = self._epoch(number).name
        return self._store.get(name) or self._store.create(name)

    def destroy(self, number: int) -> bool:
        """Destroy a key early, once its rows are sealed; True when there was one."""
        return self._store.destroy(self._epoch(number).name)

    def sweep(self) -> tuple[str, ...]:
        """Destroy each key of this series but the current one and, within grace, the one before; gives their names."""
        now = self._clock()
        alive = {self.epoch(now).name, self.epoch(now - self._grace).name}
        prefix = f"{self._series}-"
        old = [name for name in self._store.names() if name.startswith(prefix) and name not in alive]
        return tuple(name for name in old if self._store.destroy(name))

    def _epoch(self, number: int) -> Epoch:
        length = self._days * DAY_SECONDS
        return Epoch(f"{self._series}-{number}", number, number * length, (number + 1) * length)
