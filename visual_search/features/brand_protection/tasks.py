"""What Celery's schedule and saves run. Without a broker the subcommands do the same by hand or from cron."""

from __future__ import annotations

from celery import shared_task

from visual_search.features.brand_protection import storing, telling, tidying, watching
from visual_search.features.brand_protection.models import Brand


@shared_task(name="visual_search.features.brand_protection.watch_listings", ignore_result=True, acks_late=True)
def watch_listings() -> None:
    """After saves, and every night: look at all listings that wait, then tell the brands that want it at once."""
    watching.watch()
    telling.tell_at_once()


@shared_task(name="visual_search.features.brand_protection.refresh_brands", ignore_result=True, acks_late=True)
def refresh_brands() -> None:
    """Every night: the catalogue's pictures of each brand, visual words where they are due, and what was kept too long."""
    for brand in Brand.objects.filter(active=True):
        storing.add_catalogue(brand)
    if storing.needs_words():
        storing.rebuild()
    tidying.tidy()


@shared_task(name="visual_search.features.brand_protection.tell_brands", ignore_result=True, acks_late=True)
def tell_brands() -> None:
    """Once a day: mail each brand what is new."""
    telling.tell()
