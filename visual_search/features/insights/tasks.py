"""What Celery's schedule runs. Without a broker the subcommands do the same by hand or from cron."""

from __future__ import annotations

from celery import shared_task

from visual_search import registry
from visual_search.features.insights import health, weekly


@shared_task(name="visual_search.features.insights.check_catalogue", ignore_result=True)
def check_catalogue() -> None:
    """Every night: look through all collections."""
    for source in registry.sources():
        health.look(source.collection)


@shared_task(name="visual_search.features.insights.weekly_report", ignore_result=True)
def weekly_report() -> None:
    """Once a week: mail the report to whoever the settings name."""
    weekly.send()
