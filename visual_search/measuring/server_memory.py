"""How much memory a server on this machine takes while it is measured."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

LOCAL = ("127.0.0.1", "localhost", "::1", "[::1]")
EVERY = 1.0  # seconds


@dataclass
class Memory:
    """`processes` and the greatest sum of their resident memory, in MB. `why_not`: why it isn't known."""

    processes: int = 0
    peak_mb: float = 0.0
    why_not: str = ""

    def told(self) -> str:
        if self.why_not:
            return f"Memory of the server isn't known: {self.why_not}"
        return f"The server's processes ({self.processes}) took {self.peak_mb:.0f} MB at most, shared pages counted in each."


@contextmanager
def watched(address: str) -> Iterator[Memory]:
    """What the processes take that listen at the address, looked at each second. Behind nginx that is nginx alone."""
    memory = Memory()
    parts = urlsplit(address)
    if parts.hostname not in LOCAL:
        memory.why_not = f"{parts.hostname} is another machine."
        yield memory
        return
    try:
        import psutil  # noqa: PLC0415 - It comes with the extra `production`.
    except ImportError:
        memory.why_not = "psutil is missing. Install it: pip install psutil"
        yield memory
        return
    port = parts.port or (443 if parts.scheme == "https" else 80)
    listening = []
    for process in psutil.process_iter():
        try:
            sockets = process.net_connections(kind="tcp")
        # Other users' processes can't be looked into, and some end meanwhile.
        except psutil.Error:
            continue
        if any(socket.status == psutil.CONN_LISTEN and socket.laddr.port == port for socket in sockets):
            listening.append(process)
    if not listening:
        memory.why_not = "no process of this user listens there."
        yield memory
        return
    memory.processes = len(listening)
    ended = threading.Event()

    def look() -> None:
        while True:
            total = 0
            for process in listening:
                try:
                    total += process.memory_info().rss
                except psutil.Error:
                    continue
            memory.peak_mb = max(memory.peak_mb, total / 1e6)
            if ended.wait(EVERY):
                return

    looking = threading.Thread(target=look, name="visual-search-memory", daemon=True)
    looking.start()
    try:
        yield memory
    finally:
        ended.set()
        looking.join()
