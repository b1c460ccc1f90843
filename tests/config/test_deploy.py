"""The production environment that is documented and shipped has nothing that `check --deploy` warns of."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.docs.projects import block

ROOT = Path(__file__).resolve().parents[2]
PAGE = "how-to/production.md"
COMPOSE = yaml.safe_load((ROOT / "config/compose.yaml").read_text())["services"]["web"]["environment"]
# What stands for secrets and for certificates on the page.
OWN = {"DJANGO_SECRET_KEY": "a" * 20 + "long-random-text-of-sixty-characters", "POSTGRES_PASSWORD": "secret"}


def exported(text: str) -> dict[str, str]:
    """The variables that these lines export."""
    lines = [line.removeprefix("export ") for line in text.splitlines() if line.startswith("export ")]
    return dict(
        word.split("=", 1)
        for line in lines
        for word in shlex.split(line.replace("$(", "_").replace(")", "_"))
        if "=" in word
    )


def composed(given: dict[str, str]) -> dict[str, str]:
    """The environment that compose makes of its file and of these variables."""

    def value(found: re.Match[str]) -> str:
        return given.get(found["name"]) or found["default"] or ""

    pattern = re.compile(r"\$\{(?P<name>\w+)(?::[-?](?P<default>[^}]*))?\}")
    return {name: pattern.sub(value, text) for name, text in COMPOSE.items()}


def checked(environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    keys = {"QUERY_LOG_KEY_FOLDER": str(folder / "keys")}
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT, env={**kept, **environment, **keys, "VAR_DIR": str(folder)}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


ENVIRONMENTS = {
    "with Docker": composed({**exported(block(PAGE, "export DJANGO_ALLOWED_HOSTS")), **OWN}),
    "without Docker": {**exported(block(PAGE, "pip install -c")), **OWN},
}


@pytest.mark.parametrize("way", ENVIRONMENTS)
def test_nothing_is_warned_of(way, tmp_path) -> None:
    environment = ENVIRONMENTS[way]
    assert environment["DJANGO_DEBUG"] == "0"
    answer = checked(environment, tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert "no issues" in answer.stdout


@pytest.mark.parametrize(
    ("variable", "value", "warning"),
    [
        ("DJANGO_SECURE_COOKIES", "0", "security.W012"),
        ("DJANGO_HSTS_SECONDS", "", "security.W004"),
        ("PROXIES", "", "visual_search.W040"),
    ],
)
def test_what_lacks_is_warned_of(variable, value, warning, tmp_path) -> None:
    answer = checked({**ENVIRONMENTS["with Docker"], variable: value}, tmp_path)
    assert answer.returncode == 1
    assert warning in answer.stderr


def test_cookies_are_secure_unless_somebody_says_otherwise() -> None:
    assert composed(OWN)["DJANGO_SECURE_COOKIES"] == "1"
    assert composed({**OWN, "DJANGO_SECURE_COOKIES": "0"})["DJANGO_SECURE_COOKIES"] == "0"
