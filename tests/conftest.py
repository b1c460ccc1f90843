"""Fixtures that several rooms share, and how long and how freely all property tests search."""

import os
import sys
import threading
from collections.abc import Iterator

import pytest
from django.utils import translation
from hypothesis import settings

# The machine may be busy, and time is not what they test. A run that decides about a commit tries the same each time.
settings.register_profile("shop", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("shop")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """No thread works on the databases of the tests any more when they are dropped; PostgreSQL would refuse."""
    yield
    if (log := sys.modules.get("visual_search.features.query_log.collecting")) is not None:
        log.buffer.end()
    for thread in threading.enumerate():
        if thread.name.startswith(("query-log", "merchandising", "visual-search")):
            thread.join(5)


@pytest.fixture(autouse=True)
def page_language() -> Iterator[None]:
    """Each test starts in English: a request in another language leaves that language active in its thread."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _nothing_of_other_tests() -> Iterator[None]:
    """A process keeps words, categories and lists of its shop in memory, and each test has another shop, with the same ids."""
    yield
    offered = (f"features.recommendations.{name}" for name in ("facts", "lists", "nearest"))
    for name in ("content.lexicon", "content.phrases", "learning.calibrating", *offered):
        if (kept := sys.modules.get(f"visual_search.{name}")) is not None:
            kept.forget()
