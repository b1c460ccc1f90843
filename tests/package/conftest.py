"""The package as others get it: built, installed into environments of its own, and used by shops of other people."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.live.conftest import absent

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("visual_search", "multilingual")
BESIDE = ("pyproject.toml", "MANIFEST.in", "README.md", "LICENSE")
Install = Callable[..., Path]


def run(*command: str | Path, cwd: Path, stdin: str = "") -> str:
    """What the command printed. It sees nothing of this repository, nor of the settings that these tests run under."""
    done = tried(*command, cwd=cwd, stdin=stdin)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def tried(*command: str | Path, cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    hidden = ("PYTHONPATH", "DJANGO_SETTINGS_MODULE", "VAR_DIR", "ENCODER_CACHE")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"PYTHONNOUSERSITE": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def pip(*arguments: str | Path, cwd: Path, python: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The pip of the environment that runs these tests, for another one where `python` names it."""
    target = ("--python", python) if python else ()
    return tried(sys.executable, "-m", "pip", *target, "--disable-pip-version-check", *arguments, cwd=cwd)


def block(page: str, start: str) -> str:
    """The code of the page that begins so."""
    blocks = re.findall(r"```\w*\n(.*?)```", (ROOT / page).read_text(), flags=re.S)
    (found,) = [code for code in blocks if code.startswith(start)]
    return found


def tracked(*more: str) -> list[str]:
    """The files of the checkout that a package is made of, with those that aren't committed yet."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        absent("what the package holds is told by git, and this is no checkout of it")
    which = ("--cached", "--others", "--exclude-standard")
    listed = run("git", "ls-files", "-z", *which, *(more or (*ROOMS, *BESIDE)), cwd=ROOT)
    return [name for name in listed.split("\0") if name and (ROOT / name).exists()]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing old in build/ gets into it and nothing new into the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    return built_wheel(copied_source(folder / "source"), folder)


def copied_source(folder: Path) -> Path:
    if lacking := [name for name in ("pip", "setuptools") if find_spec(name) is None]:
        absent(f"{' and '.join(lacking)} can't be imported here, so no wheel can be built and installed")
    for name in tracked():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def built_wheel(source: Path, folder: Path) -> Path:
    """The wheel of a source tree or of an sdist, by the build tools that are installed here."""
    options = ("--quiet", "--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", folder)
    done = pip("wheel", *options, source, cwd=folder)
    assert done.returncode == 0, done.stderr[-3000:]
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def install(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Install:
    """Makes a fresh environment with the wheel, and gives its Python.

    What the wheel depends on is lent by the environment that runs these tests; what `more` names beside is installed
    from the package index. Another `python` can't borrow native code, so everything is installed for it.
    """

    def make(*more: str, python: Path | None = None) -> Path:
        folder = tmp_path_factory.mktemp("environment")
        if python is None:
            venv.create(folder, with_pip=False, symlinks=os.name != "nt")
        else:
            run(python, "-m", "venv", "--without-pip", folder, cwd=folder)
        own = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        if python is None:
            done = pip("install", "--quiet", "--no-deps", "--no-index", wheel, cwd=folder, python=own)
            assert done.returncode == 0, done.stderr[-3000:]
            # Only now: pip would find the package there, as a checkout that is installed in place. Such a checkout is
            # not importable from here, since Python reads no .pth file in folders that a .pth file names.
            lent = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
            packages = Path(
                run(own, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
            )
            (packages / "lent.pth").write_text("\n".join(lent) + "\n")
        wanted = more if python is None else (str(wheel), *more)
        if wanted:
            named = {re.split(r"[\[=<>~!]", item)[0].lower() for item in wanted}
            pinned = [
                line
                for line in (ROOT / "config/constraints.txt").read_text().splitlines()
                if re.split(r"[=<>~! ]", line)[0].lower() not in named
            ]
            (folder / "constraints.txt").write_text("\n".join(pinned) + "\n")
            done = pip("install", "--quiet", "-c", folder / "constraints.txt", *wanted, cwd=folder, python=own)
            if done.returncode:
                last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
                absent(f"pip couldn't install {', '.join(wanted)}: {last}")
        return own

    return make


def another_python(least: tuple[int, int]) -> Path | None:
    """The newest Python on this machine that is at least so new: on PATH, or one of pyenv's."""
    names = [f"python3.{minor}" for minor in range(20, least[1] - 1, -1)]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    places = [Path(found) for name in names if (found := shutil.which(name))]
    places += [path for name in names for path in pyenv.glob(f"*/bin/{name}")]
    # Without `sqlite3` and `venv` no shop runs on it; pyenv's names on PATH may also lead nowhere.
    probe = "import sqlite3, sys, venv; print(sys.version_info[:2] >= {least} and sys.version_info[3] == 'final')"
    for place in places:
        if tried(place, "-c", probe.format(least=least), cwd=ROOT).stdout.strip() == "True":
            return place
    return None
