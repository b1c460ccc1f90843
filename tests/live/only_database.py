"""A plugin for pytest: only tests that need a database run. The others would say the same on PostgreSQL as on SQLite."""

import pytest

DATABASES = {"db", "transactional_db", "django_db_reset_sequences", "django_db_serialized_rollback", "live_server"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    having = [item for item in items if has_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if not has_database(item)])
    items[:] = having


def has_database(item: pytest.Item) -> bool:
    """Whether the test is marked `django_db`, or one of its fixtures asks for a database."""
    return item.get_closest_marker("django_db") is not None or not DATABASES.isdisjoint(
        getattr(item, "fixturenames", ())
    )
