"""Installs pinned packages of npm in a folder outside of git, once for each pin, for tests that ask the shop with them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from tests.live.conftest import absent

CLIENTS = Path(__file__).resolve().parents[1] / "var/clients"


def installed(source: Path, names: Sequence[str]) -> Path:
    """A folder with these files of `source` and with what its package-lock.json pins; skips where there is no node."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm aren't here, so no JavaScript client can be asked")
    pinned = sha256((source / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = CLIENTS / pinned
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", *names):
        shutil.copy(source / name, folder / name)
    if not (folder / "installed").exists():
        options = ("--ignore-scripts", "--no-audit", "--no-fund")
        done = subprocess.run(
            ["npm", "ci", *options], cwd=folder, capture_output=True, text=True, timeout=300, check=False
        )
        if done.returncode:
            absent(f"npm can't install the JavaScript clients: {done.stderr.strip()[-300:]}")
        (folder / "installed").touch()
    return folder


def run(folder: Path, *command: str) -> str:
    """What the command writes. A proxy of the machine has nothing to do with a server on it."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={name: value for name, value in os.environ.items() if "proxy" not in name.lower()},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout
