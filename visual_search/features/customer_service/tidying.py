"""Deletes what was kept long enough: photos with their keys, and what is personal in closed cases."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from visual_search.features.customer_service import ledger, photos
from visual_search.features.customer_service.kinds import CaseState, What
from visual_search.features.customer_service.models import CasePhoto, ServiceCase
from visual_search.features.customer_service.options import options


def tidy() -> tuple[int, int]:
    """Returns how many photos and how many cases lost what was personal."""
    over = list(CasePhoto.objects.filter(until__lte=timezone.now()).select_related("case"))
    for photo in over:
        photos.destroy(photo, ledger.SYSTEM)
    before = timezone.now() - timedelta(days=options().keep_days)
    old = ServiceCase.objects.filter(
        state__in=(CaseState.SOLVED, CaseState.CLOSED), changed_at__lt=before, forgotten_at=None
    )
    cases = list(old)
    for case in cases:
        forget(case, ledger.SYSTEM)
    return len(over), len(cases)


@transaction.atomic
def forget(case: ServiceCase, actor: str) -> None:
    """Delete the words, the mail address, the replies and the photo of a case; its number and its ledger stay."""
    photo = CasePhoto.objects.filter(case=case).first()
    if photo is not None:
        photos.destroy(photo, actor)
    case.replies.all().delete()
    case.words, case.email, case.forgotten_at = "", "", timezone.now()
    case.save(update_fields=["words", "email", "forgotten_at", "changed_at"])
    ledger.note(actor, case, What.FORGOTTEN)
