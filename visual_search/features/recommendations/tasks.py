"""What Celery's schedule runs. Without a broker the subcommand does the same by hand or from cron."""

from __future__ import annotations

import logging

from celery import shared_task

from visual_search import registry
from visual_search.errors import VisualSearchError
from visual_search.features.recommendations import training

logger = logging.getLogger(__name__)


@shared_task(name="visual_search.features.recommendations.train", ignore_result=True)
def train() -> None:
    """Every night: the lists of each collection that are due. One collection's trouble doesn't keep the others waiting."""
    for source in registry.sources():
        try:
            if training.taught(source.collection):
                training.train(source.collection)
        except VisualSearchError as problem:
            logger.error("The lists of '%s' stay as they are: %s", source.collection, problem)
