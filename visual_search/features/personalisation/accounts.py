"""The account's copy of what a shopper's devices remember. Shoppers opt in, and can export and erase it; it is sealed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from visual_search.errors import BadInput
from visual_search.features.personalisation.models import AccountMemory
from visual_search.privacy.sealing import Sealer
from visual_search.ranking.taste import MAX_BYTES, MAX_EVENTS

KEPT_DAYS = 180  # after the last visit; older events hardly count in the order anyway

SentEvent = tuple[str, str, int]  # product id, what was done, UTC day since 1970


def opted_in(user: Any) -> bool:
    """Whether this user is signed in and has asked for a copy."""
    return bool(user.is_authenticated) and AccountMemory.objects.filter(user_id=user.pk).exists()


def read(user: Any) -> tuple[SentEvent, ...]:
    """The events of the copy, oldest first; () if the shopper asked for no copy, or if it or its key has expired."""
    sealed = AccountMemory.objects.filter(user_id=user.pk).values_list("sealed", flat=True).first()
    if not sealed:
        return ()
    try:
        return tuple((id, kind, day) for id, kind, day in json.loads(_sealer().unseal(sealed, purpose=_purpose(user))))
    except BadInput:
        return ()


def keep(user: Any, events: Iterable[SentEvent], *, replace: bool = False) -> tuple[SentEvent, ...]:
    """Make or update the copy; returns its events.

    The copy keeps the newest of its own events and of `events`; with `replace`, of `events` alone.
    """
    today = int(timezone.now().timestamp() // 86_400)
    merged = dict.fromkeys([*(() if replace else read(user)), *events])
    recent = sorted((event for event in merged if today - event[2] <= KEPT_DAYS), key=lambda event: event[2])
    kept = _within_limits(recent)
    payload = json.dumps(kept, separators=(",", ":")).encode()
    sealed = _sealer().seal(payload, purpose=_purpose(user), ttl=KEPT_DAYS * 86_400)
    AccountMemory.objects.update_or_create(user_id=user.pk, defaults={"sealed": sealed})
    return kept


def erase(user: Any) -> int:
    """Delete the copy, as the shopper opts out; returns how many events it held."""
    count = len(read(user))
    AccountMemory.objects.filter(user_id=user.pk).delete()
    return count


def expire() -> int:
    """Delete the copies that haven't changed for KEPT_DAYS; returns how many."""
    return AccountMemory.objects.filter(changed__lt=timezone.now() - timedelta(days=KEPT_DAYS)).delete()[0]


def _within_limits(events: Sequence[SentEvent]) -> tuple[SentEvent, ...]:
    kept = tuple(events[-MAX_EVENTS:])
    while len(json.dumps(kept, separators=(",", ":")).encode()) > MAX_BYTES:
        kept = kept[1:]
    return kept


def _purpose(user: Any) -> str:
    # The purpose names the user, so that nobody can open one shopper's copy in the row of another.
    return f"account memory {user.pk}"


def _sealer() -> Sealer:
    return Sealer([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])
