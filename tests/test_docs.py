"""The docs are complete and their links lead somewhere."""

import inspect
import re
from pathlib import Path

import pytest
from django.core.management.base import BaseCommand
from django.dispatch import Signal
from django.utils.module_loading import import_string

from visual_search import signals
from visual_search.conf import SETTINGS
from visual_search.encoders.offline import OfflineEncoder
from visual_search.engines.elasticsearch import ElasticsearchEngine
from visual_search.engines.embedded import EmbeddedEngine
from visual_search.imaging.reading import LabelReader
from visual_search.management.installed import subcommands

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs/reference/settings.md").read_text(), (
        f"docs/reference/settings.md lacks `{name}`"
    )


PARTS = (EmbeddedEngine, ElasticsearchEngine, OfflineEncoder, LabelReader)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_every_option_of_a_part_is_documented(part: type) -> None:
    section = (ROOT / "docs/reference/settings.md").read_text().partition("## Options of the parts")[2]
    rows = [[cell.strip() for cell in line.split(" | ")] for line in section.splitlines() if line.startswith("| ")]
    written: dict[str, str] = {}
    owner = ""
    for backend, options, default, *_ in rows[1:]:
        owner = backend.strip("| `") or owner
        if owner.endswith(f".{part.__name__}"):
            names, values = re.findall(r"`(\w+)`", options), default.split(", ")
            written |= dict(zip(names, values * len(names) if len(values) == 1 else values, strict=True))
    assert import_string(next(row[0].strip("| `") for row in rows if f".{part.__name__}`" in row[0])) is part
    told = {
        name: "required" if option.default is option.empty else f"{option.default or 'none'}".removesuffix(".0")
        for name, option in inspect.signature(part).parameters.items()
    }
    told |= {"replicas": "0"} if "replicas" in told else {}
    assert written == told


def test_every_subcommand_is_documented_with_its_options() -> None:
    lines = (ROOT / "docs/reference/commands.md").read_text().splitlines()
    common = {option for action in BaseCommand().create_parser("", "")._actions for option in action.option_strings}
    for name, subcommand in subcommands().items():
        (row,) = [line for line in lines if re.match(rf"\| .*`{name}( \w+)?`.* \|", line.partition(" | ")[0] + " |")]
        own = {
            option for action in subcommand.load().create_parser("", name)._actions for option in action.option_strings
        }
        if "many: see" not in row:
            assert set(re.findall(r"`(--?[a-z-]+)`", row.rpartition(" | ")[2])) == own - common, name


def test_every_task_and_signal_is_documented() -> None:
    page = (ROOT / "docs/reference/commands.md").read_text()
    tasks = {
        name
        for file in (ROOT / "visual_search").rglob("tasks.py")
        for name in re.findall(r'shared_task\(name="([\w.]+)"', file.read_text())
    }
    assert len(tasks) > 5
    assert set(re.findall(r"^\| `(visual_search\.[\w.]+)` \|", page, flags=re.M)) == tasks
    sent = {name for name, value in vars(signals).items() if isinstance(value, Signal)}
    assert set(re.findall(r"^\| `(\w+)` \| ", page.partition("## Signals")[2], flags=re.M)) == sent


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", text)
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing, f"{page.relative_to(ROOT)} points to files that are not there: {missing}"


def test_readme_shows_both_commands_on_its_first_screen() -> None:
    first_screen = "\n".join((ROOT / "README.md").read_text().splitlines()[:25])
    assert "make demo" in first_screen
    assert "make test" in first_screen


def test_pictures_are_small_and_said_in_words() -> None:
    pictures = sorted((ROOT / "docs/pictures").iterdir())
    assert len(pictures) > 1
    assert sum(picture.stat().st_size for picture in pictures) < 400_000
    pages = {page: page.read_text() for page in PAGES}
    shown = {
        (page.parent / link).resolve(): words
        for page, text in pages.items()
        for words, link in re.findall(r"\[([^\]]*)\]\(([^)\s]+\.(?:webp|svg))\)", text)
    }
    assert sorted(shown) == pictures
    assert all(shown.values())
