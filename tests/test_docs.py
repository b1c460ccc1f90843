"""The docs are complete and their links lead somewhere."""

import re
from pathlib import Path

import pytest

from visual_search.conf import SETTINGS

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs/reference/settings.md").read_text(), (
        f"docs/reference/settings.md lacks `{name}`"
    )


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
        for words, link in re.findall(r"\[([^\]]*)\]\(([^)\s]+\.webp)\)", text)
    }
    assert sorted(shown) == pictures
    assert all(shown.values())
