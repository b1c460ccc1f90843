"""In a database that was never migrated each command says so in the caller's words, before it does anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, get_commands
from django.db import OperationalError

from visual_search.management import tables
from visual_search.management.installed import subcommands
from visual_search.management.tables import TablesCommand

ROOT = Path(__file__).parents[2]
OURS = ("visual_search", "catalog")
# What these measure lies in folders and a scratch index.
WITHOUT = {"visual_search", "compare_models", "demo_columns", "measure_grades", "measure_quality"}
ARGUMENTS = {
    "try_photo": ["photo.jpg"],
    "keys": ["list"],
    "interleave": ["status"],
    "import_listings": ["folder"],
    "import_links": ["links.csv"],
    "import_help_articles": ["help.json"],
    "load": ["http://127.0.0.1:1"],
    "import_catalogue": ["folder"],
    "export_query_log": ["--queries", "q.jsonl", "--events", "e.jsonl"],
    "rebuild": ["--collection", "products"],
    "receiving": ["verify"],
}
CHILD = """
import json, sys
import django
django.setup()
from django.core.management import CommandError, call_command
said = {}
for name, words in json.loads(sys.argv[1]).items():
    try:
        call_command(*words)
        said[name] = "nothing"
    except CommandError as problem:
        said[name] = str(problem)
    except Exception as problem:
        said[name] = repr(problem)
print(json.dumps(said))
"""


def test_every_command_that_needs_the_tables_asks_for_migrate(tmp_path: Path) -> None:
    words = {name: [name] for name, app in get_commands().items() if str(app).split(".", maxsplit=1)[0] in OURS}
    words |= {name: ["visual_search", name] for name in subcommands()}
    words = {name: [*parts, *ARGUMENTS.get(name, [])] for name, parts in sorted(words.items()) if name not in WITHOUT}
    assert {"bench", "rebuild", "import_catalogue", "verify_audit"} <= words.keys()
    found = subprocess.run(
        [sys.executable, "-c", CHILD, json.dumps(words)],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": "",
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "TEST_VAR_DIR": str(tmp_path),
            "TEST_DATABASE": str(tmp_path / "empty.sqlite3"),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    said = json.loads(found.stdout)
    assert said.keys() == words.keys(), "nothing was printed before the refusal"
    for name, message in said.items():
        assert message.startswith("The database 'default' lacks tables: "), f"{name}: {message}"
        assert "Run `manage.py migrate`, then this command again." in message, name


@pytest.mark.django_db
def test_a_database_that_is_away_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(connection: object) -> None:
        raise OperationalError("connection refused\n")

    monkeypatch.setattr(tables, "MigrationExecutor", away)
    with pytest.raises(
        CommandError, match="'default' can't be read: connection refused. Start it, or correct DATABASES"
    ):
        TablesCommand().check_migrations()
