"""Deletes pictures of listings that nobody needs any more."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from visual_search.features.brand_protection.models import Listing
from visual_search.features.brand_protection.options import options


def tidy() -> int:
    """Delete the pictures of listings without a case that were looked at `KEEP_DAYS` ago; returns how many."""
    before = timezone.now() - timedelta(days=options().keep_days)
    old = Listing.objects.filter(cases=None, checked_at__lt=before).exclude(file="")
    count = 0
    for listing in old.iterator(chunk_size=200):
        listing.file.delete(save=False)
        Listing.objects.filter(pk=listing.pk).update(file="")
        count += 1
    return count
