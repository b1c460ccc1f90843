"""Ids of answers that only this shop can make, so that nobody notes events on answers that were never given.

An id is still a UUID, of version 8, whose bits its maker chooses (RFC 9562): 58 of chance, 12 of the day, and 52 of a keyed
hash over both. Who guesses needs 2^51 requests for one that is believed. Nothing is stored, and the day is no secret: the
row of the answer has its hour.
"""

from __future__ import annotations

import secrets
import time
from uuid import UUID

from django.conf import settings

from visual_search.errors import BadInput, said
from visual_search.privacy.keys import DAY_SECONDS
from visual_search.privacy.pseudonyms import keyed_hash

DAYS = 2  # An id is believed on its day (UTC) and the next one; rows of answers aren't kept longer, either.
_CHANCE, _DAY, _MARK = 58, 12, 52  # bits
_PLAIN = _CHANCE + _DAY
_VERSION, _VARIANT = 8, 2


def new() -> str:
    """The id of an answer that is given now."""
    plain = secrets.randbits(_CHANCE) << _DAY | _today() % 2**_DAY
    return str(_uuid(plain << _MARK | _mark(settings.SECRET_KEY, plain)))


def refuse_foreign(query_id: UUID, *, field: str) -> None:
    """Raise BadInput for an id that this shop didn't make, or made too long ago."""
    number = _number(query_id)
    plain, mark = number >> _MARK, number % 2**_MARK
    ours = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    # Compared as texts of one length, in a time that doesn't tell how much of a guess was right.
    if not any(secrets.compare_digest(f"{mark:x}", f"{_mark(key, plain):x}") for key in ours):
        raise BadInput(said("query_id is of no answer that this shop gave."), field=field, code="query_id_foreign")
    if (_today() - plain) % 2**_DAY >= DAYS:
        raise BadInput(
            said("query_id is of an answer that was given more than %(days)s days ago; ask anew.", days=DAYS),
            field=field,
            code="query_id_expired",
        )


def _today() -> int:
    return int(time.time() // DAY_SECONDS)


def _mark(key: str | bytes, plain: int) -> int:
    digest = keyed_hash(key, "query id", plain.to_bytes((_PLAIN + 7) // 8, "big"))
    return int.from_bytes(digest, "big") % 2**_MARK


def _uuid(number: int) -> UUID:
    """122 bits around the version and the variant, which stand in the midst of a UUID."""
    first, middle, last = number >> 74, number >> 62 & 0xFFF, number & 2**62 - 1
    return UUID(int=first << 80 | _VERSION << 76 | middle << 64 | _VARIANT << 62 | last)


def _number(query_id: UUID) -> int:
    """Those bits; of a UUID of another version, which we never make, some that no mark fits."""
    value = query_id.int
    if value >> 76 & 0xF != _VERSION or value >> 62 & 3 != _VARIANT:
        return 0
    return value >> 80 << 74 | (value >> 64 & 0xFFF) << 62 | value & 2**62 - 1
