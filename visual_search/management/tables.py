"""Commands that read or write the shop's database say so before they begin where its tables aren't made yet."""

from __future__ import annotations

from collections import defaultdict

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, router
from django.db.migrations.executor import MigrationExecutor

from visual_search import registry


class TablesCommand(BaseCommand):
    """A command that refuses to begin while migrations wait of `visual_search`, its features, or apps with a source.

    Those of other apps of the shop are none of its business.
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
    found: dict[str, set[str]] = defaultdict(set)
    for config in apps.get_app_configs():
        if config.label in sources or config.name.split(".")[0] == "visual_search":
            for model in config.get_models():
                found[router.db_for_write(model)].add(config.label)
    return found
