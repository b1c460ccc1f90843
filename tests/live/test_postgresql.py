"""The outbox, indexing and the shop behave on PostgreSQL as on SQLite: their tests that need a database run there once more."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = ("-q", "-x", "--no-header", "-p", "no:cacheprovider", "-p", "tests.live.only_database", "--create-db")

pytestmark = [pytest.mark.live, pytest.mark.slow]


@pytest.mark.parametrize("room", ["tests/core", "tests/catalog", "tests/access"])
def test_the_rooms_with_a_database_pass_on_postgresql(postgres_url: str, room: str) -> None:
    environment = {**os.environ, "DATABASE_URL": postgres_url, "REQUIRE_LIVE": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", room, *OPTIONS],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
