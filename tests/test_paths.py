"""What docstrings, comments and pages cite of this repository is there: files, decisions and modules."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOPS = ("visual_search", "multilingual", "catalog", "config", "docs", "tests")
FILES = {
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("*"), *(path for top in TOPS for path in (ROOT / top).rglob("*"))]
    if path.is_file() and "__pycache__" not in path.parts
}
CITING = sorted(file for file in FILES if file.endswith((".py", ".md", ".html", ".js", ".css", ".yaml", ".toml")))
NAMES = {file.rpartition("/")[2] for file in FILES}
DECISIONS = {int(Path(file).name[:4]) for file in FILES if re.match(r"docs/decisions/\d{4}-", file)}
# Celery tasks have names like those of modules, which shops write into their schedules.
TASKS = {
    name
    for file in FILES
    if file.endswith("tasks.py")
    for name in re.findall(r'shared_task\(name="([\w.]+)"', (ROOT / file).read_text(encoding="utf-8"))
}

# A path of source or text; the look-behind leaves out addresses, patterns such as `*.py`, and absolute paths.
PATH = re.compile(r"(?<![\w./*<>{}:@~-])(?:[\w-]+/)*[\w-]+\.(?:py|md|html|js|css|yaml|toml|txt|conf)\b(?![\w/*(])")
MODULE = re.compile(r"(?<![\w./@-])(?:visual_search|multilingual|catalog|config|tests)(?:\.\w+)+")
MEMBER = re.compile(
    r"(?<![\w./@-])(?:[a-z_]+/)+[a-z_]+\.(?!(?:py|md|html|js|css|yaml|toml|txt|conf|npz|csv|json|tsv)\b)\w+"
)
# Files of the shop that reads the page, of another project, or that a page asks its reader to write.
FOREIGN = {
    "TensorFlow.js",
    "x.html",
    "shop/search.py",
    "shop/base.html",
    "shop/bse.html",
    "mine.py",
    "box.html",
    "head.html",
    "test_events.py",
    "search_indexes.py",
    "index.html",
    "NEWS.md",
    "gunicorn.conf.py",
}


def said(file: str) -> str:
    """The docstrings and comments of a file; of a page its text without blocks of code and without links."""
    text = (ROOT / file).read_text(encoding="utf-8")
    if file.endswith(".py"):
        return "\n".join(_said_in_python(text))
    if file.endswith(".md"):
        return re.sub(r"\]\([^)]*\)", "]", re.sub(r"^ *```.*?^ *```", "", text, flags=re.S | re.M))
    if file.endswith((".toml", ".yaml")):
        return "\n".join(re.findall(r"(?:^|\s)#(.*)", text))
    return "\n".join(re.findall(r"\{#.*?#\}|<!--.*?-->|/\*.*?\*/|(?:^|\s)//[^\n]*", text, flags=re.S))


def _said_in_python(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""
    # Comments in neighbouring lines are one text: a sentence may go on in the next.
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string.lstrip("# ")


def is_there(path: str, citing: str = "") -> bool:
    """Whether a file's path is this one, from the root, or ends with it: `imaging/copies.py`.

    A bare name in Python means a file in the citing one's folder or in a folder above it; elsewhere, one anywhere.
    """
    if "/" in path:
        return path in FILES or any(file.endswith(f"/{path}") for file in FILES)
    if citing.endswith(".py"):
        return any((folder / path).as_posix() in FILES for folder in Path(citing).parents)
    return path in NAMES


def is_module(name: str) -> bool:
    """Whether the dotted name is a task's, or leads to a package or a module, and what follows stands in its text."""
    if name in TASKS:
        return True
    if re.fullmatch(r"visual_search\.[EW]\d{3}", name):  # A message of `manage.py check`.
        checks = [file for file in FILES if file.endswith("checks.py")]
        return any(f'"{name}"' in (ROOT / file).read_text(encoding="utf-8") for file in checks)
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        base = "/".join(parts[:length])
        module = next((file for file in (f"{base}.py", f"{base}/__init__.py") if file in FILES), None)
        if module or (ROOT / base).is_dir():
            text = (ROOT / module).read_text(encoding="utf-8") if module else ""
            return all(re.search(rf"\b{part}\b", text) for part in parts[length : length + 1])
    return False


def is_member(cited: str) -> bool:
    """`imaging/copies.thumbnail`: whether that module has the name."""
    path, _, name = cited.rpartition(".")
    modules = [file for file in FILES if file == f"{path}.py" or file.endswith(f"/{path}.py")]
    return any(re.search(rf"\b{name}\b", (ROOT / file).read_text(encoding="utf-8")) for file in modules)


@pytest.mark.parametrize("file", CITING)
def test_what_is_cited_is_there(file: str) -> None:
    text = said(file)
    gone = [path for path in PATH.findall(text) if path not in FOREIGN and not is_there(path, file)]
    gone += [name for name in MODULE.findall(text) if not is_there(name) and not is_module(name)]
    gone += [cited for cited in MEMBER.findall(text) if not is_member(cited)]
    gone += [f"decision {n}" for n in re.findall(r"\b[Dd]ecisions? (\d+)\b", text) if int(n) not in DECISIONS]
    gone += [f"decisions/{n}, without its name" for n in re.findall(r"decisions/(\d{4})(?!-)", text)]
    if file.startswith("docs/decisions/"):
        gone += [f"({n})" for n in re.findall(r"\((\d{4})\)", text) if n.startswith("00") and int(n) not in DECISIONS]
    assert not gone, f"{file} cites what isn't there: {gone}"


def test_what_is_gone_is_noticed() -> None:
    assert PATH.findall("see `a/b.py` (c.md), https://d.org/e.py, *.py, /f/g.py") == ["a/b.py", "c.md"]
    assert is_there("imaging/copies.py")
    assert is_there("docs/decisions/0001-three-lines.md")
    assert not is_there("visual_search/copies.py")
    assert not is_there("opies.py")
    assert is_there("decode.py", "visual_search/imaging/copies.py")
    assert not is_there("decode.py", "visual_search/ranking/fusion.py")
    assert is_module("visual_search.imaging.copies.thumbnail")
    assert not is_module("visual_search.imaging.copies.gone")
    assert is_module("visual_search.features.query_log.tidy")
    assert not is_module("visual_search.features.query_log.tidied")
    assert not is_module("visual_search.gone.copies")
    assert is_module("visual_search.W001")
    assert not is_module("visual_search.W999")
    assert is_member("imaging/copies.thumbnail")
    assert not is_member("imaging/copies.gone")
