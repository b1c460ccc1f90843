"""SQLite connections to one file, each lent to one thread at a time, and none of them ever carried through a fork."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

IDLE_CONNECTIONS = 8  # Kept open between queries: one a thread of a usual server. Each has a page cache of its own.
BUSY_SECONDS = 30.0  # How long a writer waits for another one before it gives up.
FORK_WAITS_SECONDS = 10.0  # How long a fork waits for queries of other threads; then it goes on without their end.


class Connections:
    """A pool for one file. A server may answer each request on a new thread, so connections don't belong to threads."""

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.path = path
        self.durable = durable
        self.longest_wait = 0.0  # seconds that a writer of this process has waited for the lock
        self._changed = threading.Condition()
        self._idle: list[sqlite3.Connection] = []
        self._lent: dict[sqlite3.Connection, int] = {}  # -> the thread that has it
        self._closed = False
        _pools.add(self)

    @contextlib.contextmanager
    def lent(self) -> Iterator[sqlite3.Connection]:
        """A connection for this thread. After `close` this still works, but the connection isn't kept."""
        with self._changed:
            # It is opened under the lock, so that a fork waits until it is on the list.
            connection = self._idle.pop() if self._idle else connect(self.path, durable=self.durable)
            self._lent[connection] = threading.get_ident()
        try:
            yield connection
        finally:
            with self._changed:
                # After a fork it isn't on the list any more: it is the parent's, and stays as it is.
                if self._lent.pop(connection, None) is not None:
                    if self._closed or len(self._idle) >= IDLE_CONNECTIONS:
                        connection.close()
                    else:
                        self._idle.append(connection)
                    self._changed.notify_all()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One state of the file for several queries; it is fixed by the first of them."""
        with self.lent() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that has the write lock from its begin, so that it can't fail half-way for want of it."""
        with self.lent() as connection:
            begin = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            self.longest_wait = max(self.longest_wait, time.perf_counter() - begin)
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A full disk ends the transaction by itself; then there is nothing to roll back.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close what is idle; a connection that is lent closes when it comes back."""
        with self._changed:
            self._closed = True
            self._close_idle()

    def _close_idle(self) -> None:
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    # SQLite counts the locks of a process in memory. A child that inherits an open connection believes to hold locks which
    # the operating system gave to its parent alone. When the parent then closes, it sees no other user, removes the
    # write-ahead log, and what the child has committed to it is lost. So everything is closed before a fork.

    def before_fork(self) -> None:
        self._changed.acquire()
        me = threading.get_ident()
        self._changed.wait_for(lambda: all(thread == me for thread in self._lent.values()), timeout=FORK_WAITS_SECONDS)
        self._close_idle()

    def after_fork_in_parent(self) -> None:
        self._changed.release()

    def after_fork_in_child(self) -> None:
        # What was lent to other threads of the parent must not be finalised here, so it stays referenced.
        _inherited.extend(self._lent)
        self._changed = threading.Condition()
        self._lent = {}


def connect(path: Path, *, durable: bool = True) -> sqlite3.Connection:
    """Open a file that exists; one that was removed meanwhile is an OperationalError and isn't made anew."""
    # Transactions are opened by hand (isolation_level), and the next borrower may be another thread.
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode=rw",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        # A commit that was acknowledged survives a power cut, unless the file would be thrown away then anyhow.
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        connection.execute("PRAGMA cache_size = -16000")
    except BaseException:
        connection.close()
        raise
    return connection


_pools: weakref.WeakSet[Connections] = weakref.WeakSet()
_inherited: list[sqlite3.Connection] = []
_forking: list[Connections] = []


def _before_fork() -> None:
    _forking[:] = list(_pools)
    for pool in _forking:
        pool.before_fork()


def _after_fork_in_parent() -> None:
    for pool in _forking:
        pool.after_fork_in_parent()
    _forking.clear()


def _after_fork_in_child() -> None:
    for pool in _forking:
        pool.after_fork_in_child()
    _forking.clear()


if hasattr(os, "register_at_fork"):  # Windows has no fork.
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
