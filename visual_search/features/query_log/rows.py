"""Makes the row that may be kept of an answered question: buckets, hours, and a box that only the key of its day opens."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from multilingual.normalising import normalise
from visual_search.features.query_log.facts import Facts, facts_of
from visual_search.features.query_log.options import Options
from visual_search.privacy import pii
from visual_search.privacy.keys import Epoch
from visual_search.privacy.pseudonyms import PSEUDONYM_BYTES, RowBox, pseudonym
from visual_search.privacy.thresholds import Share, share
from visual_search.types import Found, Page, Query

KEPT_HITS = 10  # Below these a shopper rarely looks.
MAX_TEXT_CHARS = 200  # A longer text was pasted, and never do enough clients type the same.
DAY_SCOPE, WINDOW_SCOPE, WEEK_SCOPE = "day", "window", "week"  # of a share: shares of two scopes never fit together

_LENGTH = struct.Struct(">H")
# Buckets: the highest value that falls into each, and its name.
_RESULTS = ((0, "0"), (9, "1-9"), (99, "10-99"))
_TOOK_MS = ((100, "<100ms"), (300, "<300ms"), (1000, "<1s"))
_SLOWEST = ">=1s"
TOOK = (*(name for _, name in _TOOK_MS), _SLOWEST)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of this moment, each with the day or the window that it belongs to."""

    day: Epoch
    day_key: bytes = field(repr=False)
    window: Epoch
    window_key: bytes = field(repr=False)
    week_key: bytes | None = field(default=None, repr=False)  # None: texts aren't read by week


@dataclass(frozen=True, slots=True)
class Row:
    """A row that waits in memory. `words` is never written: it is masked at the moment of writing. A row that must wait for
    the database holds no `words` any more, but what is left of them in `masked`.
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
    """What a box held: the client's pseudonym of the day, its shares of a text that may become readable, and what is counted."""

    client: bytes
    day_share: Share | None
    window_share: Share | None
    week_share: Share | None
    window: int
    facts: Facts


def row_of(query: Query, page: Page, *, material: str, keys: Keys, options: Options, now: float) -> Row:
    """The row of this question and its answer. `material`: what the client's pseudonym is made of."""
    client = pseudonym(keys.day_key, site=options.site, client=material)
    words = normalise(query.words)[:MAX_TEXT_CHARS]
    # A question with a phone number in it is about a person, so it never becomes readable, however many type it.
    shared = bool(words) and pii.scrub(words).clean
    day_share, window_share = (
        share(key, text=words, client=client, k=k, scope=scope) if shared else None
        for key, k, scope in (
            (keys.day_key, options.k, DAY_SCOPE),
            (keys.window_key, options.readable_from, WINDOW_SCOPE),
        )
    )
    week_share = None
    if shared and keys.week_key is not None:
        # A client has another pseudonym each day; for a week to count it once, it has one of the week in its share alone.
        of_week = pseudonym(keys.week_key, site=options.site, client=material)
        week_share = share(keys.week_key, text=words, client=of_week, k=options.k, scope=WEEK_SCOPE)
    shares = (day_share, window_share, week_share)
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
        closed=RowBox(keys.day_key).close(
            _pack(client, shares, keys.window.number, facts_of(query, page, hits=KEPT_HITS))
        ),
    )


def opened(closed: bytes, day_key: bytes) -> Opened | None:
    """What the box holds; None with another day's key."""
    content = RowBox(day_key).open(closed)
    if content is None:
        return None
    client, window, rest = content[:PSEUDONYM_BYTES], content[PSEUDONYM_BYTES:][:4], content[PSEUDONYM_BYTES + 4 :]
    shares: list[Share | None] = []
    for _ in (DAY_SCOPE, WINDOW_SCOPE, WEEK_SCOPE):
        length = _LENGTH.unpack_from(rest)[0]
        packed, rest = rest[_LENGTH.size :][:length], rest[_LENGTH.size + length :]
        shares.append(Share.unpack(packed) if packed else None)
    day_share, window_share, week_share = shares
    return Opened(client, day_share, window_share, week_share, int.from_bytes(window, "big"), Facts.unpack(rest))


def _pack(client: bytes, shares: Iterable[Share | None], window: int, facts: Facts) -> bytes:
    parts = [client, window.to_bytes(4, "big")]
    for part in shares:
        packed = part.pack() if part is not None else b""
        parts.append(_LENGTH.pack(len(packed)) + packed)
    return b"".join([*parts, facts.pack()])


def hour_of(now: float) -> datetime:
    """The beginning of the hour, in UTC."""
    return datetime.fromtimestamp(now - now % 3600, tz=UTC)


def kind_of(query: Query) -> str:
    """What was asked with: hybrid, image, similar, text or browse."""
    if query.pictures:
        return "hybrid" if query.words else "image"
    if query.like:
        return "similar"
    return "text" if query.words.strip() else "browse"


def counter_of(found: Found) -> str:
    """The name of the counter of questions that found so much: "found.nothing_close"."""
    return f"found.{found.replace(' ', '_')}"


def took_of(milliseconds: float) -> str:
    """The bucket of an answer's time."""
    return bucket(milliseconds, _TOOK_MS, _SLOWEST)


def bucket(value: float, limits: tuple[tuple[float, str], ...], above: str) -> str:
    """The name of the first bucket that the value fits into; `above` if it fits into none."""
    return next((name for limit, name in limits if value <= limit), above)
