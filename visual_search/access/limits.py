"""How often one may ask. Each request is counted for the address or the key that it comes with, in stretches of time that begin
for all at the same moment; one that is over the limit is refused before its body is read.
"""

from __future__ import annotations

import logging
import math
import re
import time
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest

from visual_search.access.addresses import network_of
from visual_search.access.counters import counter
from visual_search.conf import SETTINGS, conf
from visual_search.errors import ConfigurationError, TooOften
from visual_search.models import ApiKey
from visual_search.privacy.keys import DAY_SECONDS, EpochKeys, FolderKeyStore
from visual_search.privacy.pseudonyms import keyed_hash
from visual_search.types import Query

logger = logging.getLogger(__name__)

PHOTO = 10  # What a photo counts: it keeps two cores busy for a second, and words take milliseconds.
LINK = 10  # What a link to a photo counts beside the photo: it may hold a thread for as long as PHOTO_LINK_SECONDS.
REST_SECONDS = 10.0  # A counter that failed isn't asked for so long, so that not every question waits for it.
_SECONDS = {"s": 1, "min": 60, "h": 3600, "day": DAY_SECONDS}
_RATE = re.compile(r"([1-9]\d{0,8})/([1-9]\d{0,3})?(s|min|h|day)")
_BUCKET_CHARS = 32  # 128 bits
_rests_until = 0.0


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so many seconds."""

    most: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a limit. `reset`: seconds until it begins anew."""

    most: int
    remaining: int
    reset: int


def rate_of(name: str) -> Rate | None:
    """The rate of this limit; None where the shop has none."""
    given = conf.LIMITS
    if given is None:
        return None
    text = {**SETTINGS["LIMITS"].default, **given}[name]
    return None if text is None else read(text)


def read(text: str) -> Rate:
    """`600/min`, or `20/15min`. Raises ConfigurationError."""
    found = _RATE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ConfigurationError(f"{text!r} is no rate. Write how many in which time: '600/min', '20/15min', '20/h'.")
    most, times, unit = found.groups()
    return Rate(int(most), int(times or 1) * _SECONDS[unit])


def spend(name: str, request: HttpRequest, *, key: ApiKey | None = None, cost: int = 1) -> Left | None:
    """Count this request. Raises TooOften where a limit is used up; what is left of the one that has least, None without any.

    A program with a key counts for its key alone. A key in a page is used by many, so each of them counts for itself, too.
    """
    left = []
    network = network_of(request)
    if network and (key is None or key.origins):
        left.append(spend_for(name, network, rate_of(name), cost=cost))
    if key is not None:
        rate = rate_of("key") if key.per_minute is None else Rate(key.per_minute, 60)
        left.append(spend_for("key", str(key.pk), rate, cost=cost))
    return min((one for one in left if one is not None), key=lambda one: one.remaining, default=None)


def spend_for(name: str, who: str, rate: Rate | None, *, cost: int = 1) -> Left | None:
    """Count for one who asks: an address, a key, or a name that somebody tries. Only a keyed hash of it is kept."""
    if rate is None or cost <= 0:
        return None
    now = time.time()
    reset = max(1, math.ceil(rate.seconds - now % rate.seconds))
    # What costs more than the whole limit takes the whole: else it could never be asked.
    counted, used = _count(name, who, rate, min(cost, rate.most), now)
    if not counted:
        return None
    if used is None:
        raise TooOften(most=rate.most, seconds=rate.seconds, retry_after=reset)
    return Left(rate.most, max(0, rate.most - used), reset)


def beyond_one(query: Query, *, questions: int = 1) -> int:
    """What a question counts beside the one that was counted when it came in: its photos, and further questions."""
    photos = sum(picture.image is not None for picture in query.pictures)
    return (questions - 1) + photos * (PHOTO - 1)


def _count(name: str, who: str, rate: Rate, cost: int, now: float) -> tuple[bool, int | None]:
    """Whether it was counted, and what is used now; None if it was too much.

    A counter that doesn't answer stops nobody: a search without limits is better than none.
    """
    global _rests_until  # noqa: PLW0603 - One process asks one counter.
    if time.monotonic() < _rests_until:
        return False, None
    try:
        stretch = int(now // rate.seconds)
        # The number of the stretch is hashed, too, so that the buckets of two minutes have nothing in common.
        bucket = keyed_hash(_key(now), "limit", name, who, str(stretch)).hex()[:_BUCKET_CHARS]
        return True, counter().spend(bucket, cost, rate.most, now=now, until=(stretch + 1) * rate.seconds)
    except Exception as problem:  # Each cache has errors of its own.
        _rests_until = time.monotonic() + REST_SECONDS
        logger.warning("Limits aren't counted for %d s: %s: %s", REST_SECONDS, type(problem).__name__, problem)
        return False, None


def _key(now: float) -> bytes:
    """The key of the day. One from a folder on tmpfs is destroyed after its day; without a folder it is made of SECRET_KEY."""
    if conf.LIMITS_KEY_FOLDER is not None:
        return EpochKeys(FolderKeyStore(Path(conf.LIMITS_KEY_FOLDER)), series="limits", clock=lambda: now).current()[1]
    return keyed_hash(settings.SECRET_KEY, "limits", str(int(now // DAY_SECONDS)))
