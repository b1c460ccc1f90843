"""What the wheel and the sdist hold, and what they say of themselves."""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.metadata import Metadata
from packaging.utils import parse_sdist_filename, parse_wheel_filename

from tests.package.conftest import BESIDE, ROOMS, ROOT, built_wheel, copied_source, run, tracked

# What lies about in a checkout and belongs to no package.
STRAY = (
    "var/search/products.sqlite3",
    "build/lib/visual_search/old.py",
    "catalog/models.py",
    "config/settings.py",
    "docs/pictures/results.png",
    "tests/test_paths.py",
    "tests/browser/screenshots/page.png",
    "screenshot.png",
    "visual_search/__pycache__/apps.cpython-311.pyc",
    ".env",
)


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built in a checkout in which other things lie about."""
    folder = tmp_path_factory.mktemp("sdist")
    source = copied_source(folder / "source")
    for name in STRAY:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("stray")
    build = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
    run(sys.executable, "-c", build, folder, cwd=source)
    (built,) = folder.glob("*.tar.gz")
    return built


def of_wheel(wheel: Path) -> dict[str, bytes]:
    with ZipFile(wheel) as file:
        return {name: file.read(name) for name in file.namelist()}


def of_sdist(sdist: Path) -> dict[str, bytes]:
    with tarfile.open(sdist) as file:
        held = {item.name.partition("/")[2]: file.extractfile(item) for item in file if item.isfile()}
        return {name: content.read() for name, content in held.items() if content}


def test_the_wheel_holds_every_file_of_the_package_and_no_other(wheel: Path) -> None:
    inside = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = {name for name in tracked() if name.startswith(tuple(f"{room}/" for room in ROOMS))}
    assert sorted(wanted - inside) == []
    assert sorted(inside - wanted) == []
    assert len([name for name in wanted if not name.endswith(".py")]) > 30


def test_the_sdist_holds_what_the_package_is_made_of_and_nothing_that_lies_about(sdist: Path) -> None:
    inside = of_sdist(sdist)
    made = {name for name in inside if name in {"PKG-INFO", "setup.cfg"} or ".egg-info/" in name}
    assert sorted(set(inside) - made) == sorted(tracked())
    assert set(BESIDE) <= set(inside)
    assert inside["LICENSE"] == (ROOT / "LICENSE").read_bytes()


def test_the_sdist_builds_the_same_wheel(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    again = built_wheel(sdist, tmp_path)
    assert again.name == wheel.name
    assert of_wheel(again) == of_wheel(wheel)


def test_both_say_of_themselves_what_an_index_asks_for(sdist: Path, wheel: Path) -> None:
    (in_wheel,) = [content for name, content in of_wheel(wheel).items() if name.endswith(".dist-info/METADATA")]
    in_sdist = of_sdist(sdist)["PKG-INFO"]
    assert in_sdist == in_wheel
    said = Metadata.from_email(in_wheel, validate=True)
    assert (said.name, said.license_expression, said.license_files) == (
        "django-visual-search",
        "Apache-2.0",
        ["LICENSE"],
    )
    assert said.description_content_type == "text/markdown"
    assert said.description == (ROOT / "README.md").read_text()
    assert parse_wheel_filename(wheel.name)[:2] == parse_sdist_filename(sdist.name) == (said.name, said.version)
    assert {"reading", "elasticsearch", "neural", "production"} <= set(said.provides_extra or ())
