"""The documentation as a site, built once."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.live.conftest import absent

ROOT = Path(__file__).resolve().parents[2]


def build(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """As `make docs` does; in a process of its own, since Sphinx changes warnings and logging for good."""
    if find_spec("sphinx") is None:
        absent("Sphinx isn't installed (pip install -e '.[docs]'), so the site can't be built")
    strictly = ("--quiet", "--fail-on-warning", "--builder", "html")
    command = [sys.executable, "-m", "sphinx", *strictly, str(source), str(target)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(ROOT / "docs", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder
