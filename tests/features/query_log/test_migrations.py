"""Lists that were made before there was a ledger get their entry, and keep the time at which they were made."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime

import pytest
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

LABEL = "visual_search_query_log"


@pytest.fixture
def scratch(tmp_path, django_db_blocker) -> Iterator[str]:
    """A database of its own: the tests' has no history of migrations."""
    settings = deepcopy(connections.databases["default"])
    settings |= {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "scratch.sqlite3"), "OPTIONS": {}}
    connections.databases["scratch"] = settings
    with django_db_blocker.unblock():
        yield "scratch"
        connections["scratch"].close()
    del connections["scratch"]
    del connections.databases["scratch"]


def migrated(alias: str, name: str):
    MigrationExecutor(connections[alias]).migrate([(LABEL, name)])
    return MigrationExecutor(connections[alias]).loader.project_state([(LABEL, name)]).apps


def test_a_list_from_before_the_ledger_is_carried_over_and_back(scratch, settings) -> None:
    settings.MIGRATION_MODULES = {}
    settings.DATABASE_ROUTERS = []
    before = migrated(scratch, "0004_weeks").get_model(LABEL, "PublicRelease")
    before.objects.using(scratch).create(
        window=7, window_days=28, epsilon="1", delta="1/1000000", per_client=3, readable_from=29, threshold=73,
        counts={"red chair": 90},
    )  # fmt: skip
    before.objects.using(scratch).update(made_at=datetime(2026, 1, 2, tzinfo=UTC))
    after = migrated(scratch, "0005_ledger")
    made = after.get_model(LABEL, "PublicRelease").objects.using(scratch).select_related("entry").get()
    assert (made.counts, made.threshold, made.readable_from) == ({"red chair": 90}, 73, 29)
    entry = made.entry
    assert (entry.window, entry.name, entry.epsilon, entry.delta, entry.made_at.year) == (
        7, "texts", "1", "1/1000000", 2026,
    )  # fmt: skip
    again = migrated(scratch, "0004_weeks").get_model(LABEL, "PublicRelease")
    assert again.objects.using(scratch).get().counts == {"red chair": 90}
