"""What Celery's schedule runs. Without a broker the subcommand does the same by hand or from cron."""

from __future__ import annotations

from celery import shared_task

from visual_search.features.seo import looking
from visual_search.features.seo.sites import site


@shared_task(name="visual_search.features.seo.check_seo", ignore_result=True)
def check_seo() -> None:
    """Every night: look through the pages of all collections that have some."""
    for collection in site().collections:
        looking.look(collection)
