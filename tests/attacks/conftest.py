"""One attacked server for all tests of this folder: it is filled, sent everything, swept while it runs, and ended."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.canaries import files_under
from tests.attacks.server import FILL, ROOT, a_days_traffic, environment_of, send_everything, serving


@dataclass(frozen=True)
class Attacked:
    folder: Path
    environment: dict[str, str]
    said: dict[str, Any]
    owners: dict[str, int]  # of the day's traffic: query id -> which client asked
    while_serving: dict[str, bytes]
    afterwards: dict[str, bytes]


def python(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run([sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=180, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="session")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Attacked:
    folder = tmp_path_factory.mktemp("attacked")
    environment = environment_of(folder)
    python(environment, "manage.py", "migrate", "--verbosity", "0")
    python(environment, "-c", "import django; django.setup()\n" + FILL)
    python(environment, "manage.py", "rebuild_index", "--verbosity", "0")
    python(environment, "manage.py", "tidy_query_log", "--vocabulary", "--verbosity", "0")
    written = [folder / "var", folder / "tmp", folder / "home"]
    with serving(environment, folder / "output.log") as address:
        said = send_everything(address, questions=60)
        owners = a_days_traffic(address)
        while_serving = files_under(*written) | open_files(folder)
    return Attacked(folder, environment, said, owners, while_serving, files_under(*written) | {"output": (folder / "output.log").read_bytes()})  # fmt: skip


def open_files(folder: Path) -> dict[str, bytes]:
    """Files under this folder that some process holds open, though they may have no name any more."""
    found = {}
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(folder) in str(link.readlink()):
                found[f"{link} -> {link.readlink()}"] = link.read_bytes()
        except OSError:
            continue  # It was closed meanwhile, or isn't ours.
    return found
