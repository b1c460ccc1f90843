"""What Celery's schedule runs. Without a broker, `manage.py visual_search tidy_query_log` or the searches do the same."""

from __future__ import annotations

from celery import shared_task

from visual_search.features.query_log import sealing, vocabulary


@shared_task(name="visual_search.features.query_log.tidy", ignore_result=True)
def tidy() -> None:
    """Every ten minutes: a day can only be sealed in the hour after its midnight (UTC), while its key exists."""
    sealing.tidy()


@shared_task(name="visual_search.features.query_log.vocabulary", ignore_result=True)
def refresh_vocabulary() -> None:
    """Every night: read the words anew that a masked question may keep."""
    vocabulary.refresh()
