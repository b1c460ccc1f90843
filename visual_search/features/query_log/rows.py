"""From an answered question to the row that may be kept: buckets, hours, masked words, and a box that only today's key opens."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from multilingual.normalising import normalise
from visual_search.features.query_log.options import Options
from visual_search.privacy import pii
from visual_search.privacy.keys import Epoch
from visual_search.privacy.pseudonyms import PSEUDONYM_BYTES, RowBox, pseudonym
from visual_search.privacy.thresholds import Share, share
from visual_search.types import Page, Query

KEPT_HITS = 10
MAX_TEXT = 200  # characters; what is longer was pasted, and no ten clients type the same
DAY, WINDOW = "day", "window"

_LENGTH = struct.Struct(">H")
_RESULTS = ((0, "0"), (9, "1-9"), (99, "10-99"))
TOOK = ("<100ms", "<300ms", "<1s", ">=1s")
_TOOK = ((100, "<100ms"), (300, "<300ms"), (1000, "<1s"))


@dataclass(frozen=True, slots=True)
class Keys:
    """The live keys of this moment, with the epochs they belong to."""

    day: Epoch
    day_key: bytes = field(repr=False)
    window: Epoch
    window_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Row:
    """What waits in memory to be written. `words` is masked at the moment of writing and never written itself; a row that
    had to wait longer holds what is left of it as `masked`.
    """

    query_id: UUID
    hour: datetime
    day: int
    values: Mapping[str, object]
    words: str = field(repr=False)
    client: bytes = field(repr=False)  # the pseudonym, so that a client's waiting rows can be taken back
    closed: bytes = field(repr=False)
    masked: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a box held: the day's pseudonym, and the shares of a text that may become readable."""

    client: bytes
    day_share: Share | None
    window_share: Share | None
    window: int


def row_of(query: Query, page: Page, *, material: str, keys: Keys, options: Options, now: float) -> Row:
    client = pseudonym(keys.day_key, site=options.site, client=material)
    words = normalise(query.words)[:MAX_TEXT]
    # A question with a phone number in it is about a person, so it never becomes readable, however many type it.
    shared = bool(words) and pii.scrub(words).clean
    day_share, window_share = (
        share(key, text=words, client=client, k=k, scope=scope) if shared else None
        for key, k, scope in (
            (keys.day_key, options.k, DAY),
            (keys.window_key, options.readable_from, WINDOW),
        )
    )
    return Row(
        query_id=UUID(page.query_id),
        hour=hour_of(now),
        day=keys.day.number,
        values={
            "application": options.site,
            "collection": query.collection,
            "language": page.language or "",
            "kind": kind_of(query),
            "results": bucket(page.total, _RESULTS, "100+"),
            "took": took_of(page.took_ms),
            "object_ids": [hit.id for hit in page.hits[:KEPT_HITS]],
        },
        words=words,
        client=client,
        closed=RowBox(keys.day_key).close(_pack(client, day_share, window_share, keys.window.number)),
    )


def opened(closed: bytes, day_key: bytes) -> Opened | None:
    """What the box holds; None with another day's key."""
    content = RowBox(day_key).open(closed)
    if content is None:
        return None
    client, window, rest = content[:PSEUDONYM_BYTES], content[PSEUDONYM_BYTES:][:4], content[PSEUDONYM_BYTES + 4 :]
    shares: list[Share | None] = []
    for _ in (DAY, WINDOW):
        length = _LENGTH.unpack_from(rest)[0]
        packed, rest = rest[_LENGTH.size :][:length], rest[_LENGTH.size + length :]
        shares.append(Share.unpack(packed) if packed else None)
    return Opened(client, shares[0], shares[1], int.from_bytes(window, "big"))


def _pack(client: bytes, day_share: Share | None, window_share: Share | None, window: int) -> bytes:
    parts = [client, window.to_bytes(4, "big")]
    for part in (day_share, window_share):
        packed = part.pack() if part is not None else b""
        parts.append(_LENGTH.pack(len(packed)) + packed)
    return b"".join(parts)


def hour_of(now: float) -> datetime:
    return datetime.fromtimestamp(now - now % 3600, tz=UTC)


def kind_of(query: Query) -> str:
    if query.pictures:
        return "hybrid" if query.words else "image"
    if query.like:
        return "similar"
    return "text" if query.words.strip() else "browse"


def took_of(milliseconds: float) -> str:
    return bucket(milliseconds, _TOOK, ">=1s")


def bucket(value: float, limits: tuple[tuple[float, str], ...], above: str) -> str:
    return next((name for limit, name in limits if value <= limit), above)
