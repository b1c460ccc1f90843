"""Many shoppers at once against a server that runs: how long each kind of request takes, and how many are put off.

Each shopper sends one request after the other, and waits as long as `Retry-After` says when it is put off, as a browser's
shopper would.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit
from uuid import uuid4

import numpy as np

from visual_search.errors import BadInput
from visual_search.measuring.measures import Table
from visual_search.measuring.server_memory import watched

PATIENCE = 120.0  # seconds until a shopper gives a request up; it then counts as one that nobody answered
UNANSWERED = 0  # in place of a status
PUT_OFF = (429, 503)
_COLUMNS = {
    "requests": "{:.0f}", "a second": "{:.1f}", "p50 ms": "{:.0f}", "p95 ms": "{:.0f}", "p99 ms": "{:.0f}",
    "put off": "{:.1%}", "failed": "{:.0f}",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """What a shopper sends. `path` begins behind the server's address."""

    method: str
    path: str
    body: bytes = b""
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """`seconds` until the whole answer was there."""

    status: int
    seconds: float


def shoppers(photos: Sequence[bytes], phrases: Sequence[str], numbers: Mapping[str, int]) -> dict[str, Shopper]:
    """By kind, what its shoppers send: the n-th request of each. Only kinds that have shoppers, as `numbers` says."""

    def photo(n: int) -> Request:
        return _upload("/api/v1/search", photos[n % len(photos)])

    def words(n: int) -> Request:
        return Request("GET", f"/api/v1/search?q={quote(phrases[n % len(phrases)])}")

    def page(n: int) -> Request:
        return Request("GET", f"/search/?q={quote(phrases[n % len(phrases)])}")

    def health(n: int) -> Request:
        return Request("GET", "/api/v1/health/live")

    every = {"photo": photo, "words": words, "page": page, "health": health}
    return {kind: make for kind, make in every.items() if numbers.get(kind)}


Shopper = Callable[[int], Request]


def measure(
    address: str, kinds: Mapping[str, Shopper], numbers: Mapping[str, int], seconds: float, *, memory_of: str = ""
) -> Table:
    """Let the shoppers of each kind ask the server for so many seconds. Raises BadInput if it doesn't answer at all.

    `memory_of`: the address whose processes' memory is told, where another server stands before them.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(f"The address is '{address}'; it must be like http://127.0.0.1:8000.", field="address")
    if _ask(address, Request("GET", "/api/v1/health/live")).status == UNANSWERED:
        raise BadInput(f"Nothing answers at {address}. Start the server first.", field="address")
    answers: dict[str, list[Answered]] = defaultdict(list)
    end = time.monotonic() + seconds
    threads = [
        threading.Thread(target=_shop, args=(address, make, number * 7919, end, answers[kind]))
        for kind, make in kinds.items()
        for number in range(numbers[kind])
    ]
    begin = time.monotonic()
    with watched(memory_of or address) as memory:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    took = time.monotonic() - begin
    statuses = Counter(answer.status for each in answers.values() for answer in each)
    said = ", ".join(f"{status or 'no answer'}: {count}" for status, count in sorted(statuses.items()))
    return Table(
        title=f"{sum(numbers[kind] for kind in kinds)} shoppers for {seconds:g} s at {address}",
        columns=_COLUMNS,
        rows={kind: _row(answers[kind], took) for kind in kinds},
        notes=(
            f"Answers by status: {said}.",
            "Milliseconds are of requests that were answered. put off: 429 or 503. failed: anything else but 200.",
            memory.told(),
            "The shoppers themselves need processor time; figures of one machine are worth a comparison.",
        ),
    )


def _shop(address: str, make: Shopper, first: int, end: float, answers: list[Answered]) -> None:
    n = first
    while time.monotonic() < end:
        response = _ask(address, make(n), pause_until=end)
        answers.append(response)
        n += 1


def _ask(address: str, request: Request, pause_until: float = 0.0) -> Answered:
    """Send one request and read its answer. A pause that the server asks for isn't part of the time."""
    parts = urlsplit(address)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=PATIENCE)
    headers = {"Content-Type": request.content_type} if request.content_type else {}
    begin = time.monotonic()
    try:
        connection.request(request.method, parts.path.rstrip("/") + request.path, request.body or None, headers)
        response = connection.getresponse()
        response.read()
        status, wait = response.status, response.headers.get("Retry-After", "")
    except (OSError, http.client.HTTPException):
        return Answered(UNANSWERED, time.monotonic() - begin)
    finally:
        connection.close()
    taken = time.monotonic() - begin
    if status in PUT_OFF and wait.isdigit():
        time.sleep(max(0.0, min(int(wait), pause_until - time.monotonic())))
    return Answered(status, taken)


def _upload(path: str, photo: bytes) -> Request:
    boundary = uuid4().hex
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="photo.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    body = head.encode() + photo + f"\r\n--{boundary}--\r\n".encode()
    return Request("POST", path, body, f"multipart/form-data; boundary={boundary}")


def _row(answers: Sequence[Answered], took: float) -> dict[str, float]:
    good = [answer.seconds * 1000 for answer in answers if answer.status == 200]
    p50, p95, p99 = np.percentile(good, [50, 95, 99]) if good else (np.nan,) * 3
    put_off = sum(answer.status in PUT_OFF for answer in answers)
    return {
        "requests": len(answers),
        "a second": len(good) / took,
        "p50 ms": float(p50),
        "p95 ms": float(p95),
        "p99 ms": float(p99),
        "put off": put_off / len(answers) if answers else 0.0,
        "failed": len(answers) - len(good) - put_off,
    }
