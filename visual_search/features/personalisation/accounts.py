"""The account's copy of what a shopper's devices remember: opt-in, sealed, exported and erased on demand."""

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

KEPT_DAYS = 180  # after the last visit; older entries hardly count in the order anyway

Wire = tuple[str, str, int]  # product id, what was done, UTC day since 1970


def opted_in(user: Any) -> bool:
    return bool(user.is_authenticated) and AccountMemory.objects.filter(user_id=user.pk).exists()


def read(user: Any) -> tuple[Wire, ...]:
    """What is kept; nothing where the shopper didn't ask for it, or where its time or its key has passed."""
    sealed = AccountMemory.objects.filter(user_id=user.pk).values_list("sealed", flat=True).first()
    if not sealed:
        return ()
    try:
        return tuple((id, kind, day) for id, kind, day in json.loads(_sealer().unseal(sealed, purpose=_purpose(user))))
    except BadInput:
        return ()


def keep(user: Any, events: Iterable[Wire], *, replace: bool = False) -> tuple[Wire, ...]:
    """Opt in, or bring the copy up to date: the newest entries of both, or `events` alone. What is kept now."""
    today = int(timezone.now().timestamp() // 86_400)
    merged = dict.fromkeys([*(() if replace else read(user)), *events])
    recent = sorted((event for event in merged if today - event[2] <= KEPT_DAYS), key=lambda event: event[2])
    kept = _within_limits(recent)
    payload = json.dumps(kept, separators=(",", ":")).encode()
    sealed = _sealer().seal(payload, purpose=_purpose(user), ttl=KEPT_DAYS * 86_400)
    AccountMemory.objects.update_or_create(user_id=user.pk, defaults={"sealed": sealed})
    return kept


def erase(user: Any) -> int:
    """Opt out: nothing of it remains. How many entries were erased."""
    count = len(read(user))
    AccountMemory.objects.filter(user_id=user.pk).delete()
    return count


def expire() -> int:
    """Delete copies that nobody has touched for their time; how many."""
    return AccountMemory.objects.filter(changed__lt=timezone.now() - timedelta(days=KEPT_DAYS)).delete()[0]


def _within_limits(events: Sequence[Wire]) -> tuple[Wire, ...]:
    kept = tuple(events[-MAX_EVENTS:])
    while len(json.dumps(kept, separators=(",", ":")).encode()) > MAX_BYTES:
        kept = kept[1:]
    return kept


def _purpose(user: Any) -> str:
    # In the purpose, so that one shopper's copy never opens in another's row.
    return f"account memory {user.pk}"


def _sealer() -> Sealer:
    return Sealer([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])
