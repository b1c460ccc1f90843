"""A base for commands that need the shop's tables: without them they stop before they begin, and say what to run."""

from __future__ import annotations

from collections import defaultdict

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, router
from django.db.migrations.executor import MigrationExecutor

from visual_search import registry


class TablesCommand(BaseCommand):
    """A command that doesn't begin before the migrations of `visual_search`, its features and apps with a source are done.

    Migrations of the shop's other apps may wait.
    """

    requires_migrations_checks = True  # Django asks `check_migrations` between the system checks and `handle`.

    def needs_tables(self) -> bool:
        return True

    def check_migrations(self) -> None:
        if not self.needs_tables():
            return
        for alias, labels in _labels_by_database().items():
            try:
                executor = MigrationExecutor(connections[alias])
            except DatabaseError as problem:
                raise CommandError(
                    f"The database '{alias}' can't be read: {str(problem).strip().rstrip('.')}. "
                    "Start it, or correct DATABASES in the settings."
                ) from problem
            leaves = [node for node in executor.loader.graph.leaf_nodes() if node[0] in labels]
            waiting = [str(migration) for migration, _ in executor.migration_plan(leaves)]
            if waiting:
                where = "" if alias == DEFAULT_DB_ALIAS else f" --database {alias}"
                raise CommandError(
                    f"The database '{alias}' lacks tables: {len(waiting)} migrations wait, the first is {waiting[0]}. "
                    f"Run `manage.py migrate{where}`, then this command again."
                )


def _labels_by_database() -> dict[str, set[str]]:
    """The apps whose tables are needed, by the database that they are written to."""
    sources = {model._meta.app_label for source in registry.sources() for model in (source.model, *source.watch)}
    labels: dict[str, set[str]] = defaultdict(set)
    for config in apps.get_app_configs():
        if config.label in sources or config.name.split(".")[0] == "visual_search":
            for model in config.get_models():
                labels[router.db_for_write(model)].add(config.label)
    return labels
