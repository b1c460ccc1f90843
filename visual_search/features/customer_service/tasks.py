"""What Celery's schedule and new cases run. Without a broker the subcommands do the same by hand or from cron."""

from __future__ import annotations

from celery import shared_task

from visual_search.features.customer_service import telling, tidying


@shared_task(name="visual_search.features.customer_service.tell_help_desk", ignore_result=True, acks_late=True)
def tell_help_desk() -> None:
    """After each case and reply, and every five minutes: send what waits."""
    telling.tell()


@shared_task(name="visual_search.features.customer_service.tidy_service", ignore_result=True, acks_late=True)
def tidy_service() -> None:
    """Every hour: photos whose time is over, and what is personal in old cases."""
    tidying.tidy()
