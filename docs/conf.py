"""The documentation as a site: `make docs` builds it into build/site."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parent

project = "django-visual-search"
extensions = ["myst_parser"]
exclude_patterns = ["examples"]
myst_heading_anchors = 4  # Links to headings are checked, too.
nitpicky = True

root_doc = "README"  # A code host shows it as the page of the folder.
html_title = project
html_theme = "pydata_sphinx_theme"
html_theme_options = {
    "navbar_center": [],  # The menu stands at the side, by kind.
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": [],
    "footer_end": [],
}
templates_path = ["_templates"]
html_sidebars = {"**": ["menu.html"]}
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system says
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False


def setup(app: Sphinx) -> None:
    """Sphinx calls this."""
    app.connect("source-read", _navigation)
    app.connect("source-read", _outside)
    app.connect("build-finished", _front_page)


def _navigation(app: Sphinx, name: str, source: list[str]) -> None:
    """The links of docs/README.md are the menu; written there as a directive, they would be no links on a code host."""
    if name == root_doc:
        parts = source[0].split("\n## ")
        source[0] = "\n## ".join([parts[0], *map(_with_menu, parts[1:])])
    elif name == "decisions/README":
        source[0] += "\n```{toctree}\n:glob:\n\n0*\n```\n"


def _with_menu(section: str) -> str:
    caption = section.partition("\n")[0]
    pages = "\n".join(re.findall(r"\]\(([\w./-]+)\.md\)", section))
    return f"{section}\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{pages}\n```\n"


def _outside(app: Sphinx, name: str, source: list[str]) -> None:
    """Of links that leave this folder, those to folders become text, and those to files are downloads."""
    here = (DOCS / name).parent

    def shown(link: re.Match[str]) -> str:
        text, address = link.groups()
        target = (here / address).resolve()
        if target.is_dir():
            return text
        # MyST takes every other file for a download by itself.
        outside = target.suffix == ".md" and target.is_file() and not target.is_relative_to(DOCS)
        return f"[{text}](path:{address})" if outside else link[0]

    source[0] = re.sub(r"\[([^\]]+)\]\(([\w./-]+)\)", shown, source[0])


def _front_page(app: Sphinx, problem: Exception | None) -> None:
    """Web servers and readers look for index.html."""
    if problem is None:
        front = Path(app.outdir) / f"{root_doc}.html"
        if front.exists():
            shutil.copy(front, front.with_name("index.html"))
