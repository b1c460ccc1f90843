"""What Celery's schedule runs. Without a broker, `manage.py tidy_query_log` and searches themselves do the same."""

from __future__ import annotations

from celery import shared_task

from visual_search.features.query_log import sealing, vocabulary


@shared_task(name="visual_search.features.query_log.tidy", ignore_result=True)
def tidy() -> None:
    """Every ten minutes: the hour after midnight UTC is when a day can be sealed."""
    sealing.tidy()


@shared_task(name="visual_search.features.query_log.vocabulary", ignore_result=True)
def refresh_vocabulary() -> None:
    """Every night: the words that a masked question may keep."""
    vocabulary.refresh()
