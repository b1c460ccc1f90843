"""Every feature has the form that docs/explanation/the-house.md describes, and the core names no feature."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "visual_search"
FEATURES = sorted(path for path in (CORE / "features").iterdir() if path.is_dir() and path.name != "__pycache__")
MODULES = {"apps", "models", "options", "receivers", "tasks", "checks", "admin", "api", "views", "urls", "measuring"}
FOLDERS = {"migrations", "templates", "static", "templatetags", "management"}
STARTED_BY = {"Rewritten": "REWRITERS", "Reordered": "RESCORERS", "Curated": "CURATORS"}

each_feature = pytest.mark.parametrize("feature", FEATURES, ids=lambda path: path.name)


def docstring(feature: Path) -> str:
    return ast.get_docstring(ast.parse((feature / "__init__.py").read_text())) or ""


def line(feature: Path, name: str) -> str:
    """The line of the docstring that begins with this name; '' without one."""
    match = re.search(rf"^{name}: (.+)$", docstring(feature), re.M)
    return match[1] if match else ""


def journey(feature: Path) -> str:
    match = re.match(r"`(\w+)`", line(feature, "Journey"))
    return match[1] if match else ""


def modules_of_its_own(feature: Path) -> set[str]:
    listed = docstring(feature).partition("Modules of its own")[2]
    return set(re.findall(r"^- `(\w+)`: \w", listed, re.M))


def trees(feature: Path) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(feature.rglob("*.py")):
        if "migrations" not in path.parts:
            yield path, ast.parse(path.read_text())


def imported(feature: Path, room: str) -> set[str]:
    """The names that the feature imports from this module of the core."""
    return {
        alias.name
        for _, tree in trees(feature)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == room
        for alias in node.names
    }


def test_there_are_features_to_look_at() -> None:
    assert {"personalisation", "query_log"} <= {feature.name for feature in FEATURES}


@each_feature
def test_the_parts_that_are_always_there(feature) -> None:
    assert (feature / "apps.py").is_file()
    assert f'label = "visual_search_{feature.name}"' in (feature / "apps.py").read_text()
    assert (feature / f"{journey(feature)}.py").is_file(), "`Journey:` names the module that reads from top to bottom"
    assert list((ROOT / "tests/features" / feature.name).glob("test_*.py"))


@each_feature
def test_nothing_stands_there_that_the_form_or_its_docstring_does_not_name(feature) -> None:
    own = modules_of_its_own(feature) | {journey(feature)}
    there = {path for path in feature.iterdir() if path.name != "__pycache__"}
    names = {path.stem for path in there if path.suffix == ".py" or (path / "__init__.py").is_file()} - {"__init__"}
    assert names - MODULES - FOLDERS == own, (
        "each module that isn't of the form has a line in `__init__`, and no line is stale"
    )
    strange = {path.name for path in there if path.suffix != ".py" and path.stem not in MODULES | FOLDERS | own}
    assert strange == set()


@each_feature
def test_templates_and_static_files_lie_under_its_label(feature) -> None:
    label = f"visual_search_{feature.name}"
    for path in (path for folder in ("templates", "static") for path in (feature / folder).rglob("*.*")):
        inside = path.relative_to(feature).parts[1:]
        assert inside[0] == label or inside[:2] == ("admin", label), f"{path.name} may hide the file of another app"
    tags = {path.stem for path in (feature / "templatetags").glob("*.py")} - {"__init__"}
    assert tags <= {feature.name}


@each_feature
def test_it_adds_no_command_to_the_shops_list(feature) -> None:
    assert not (feature / "management/commands").exists(), "its subcommands lie in `management/subcommands/`"


@each_feature
def test_its_addresses_stand_under_its_name(feature) -> None:
    urls = feature / "urls.py"
    assert not urls.exists() or f'app_name = "{feature.name}"' in urls.read_text()


@each_feature
def test_its_docstring_says_what_it_uses_of_the_core(feature) -> None:
    hooks = imported(feature, "visual_search.hooks")
    uses = imported(feature, "visual_search.signals") | {STARTED_BY[name] for name in hooks & STARTED_BY.keys()}
    assert set(re.findall(r"`(\w+)`", line(feature, "From the core"))) == uses


@each_feature
def test_a_page_says_how_to_set_it_up(feature) -> None:
    pages = re.findall(r"docs/[\w./-]+\.md", line(feature, "Docs"))
    assert any(page.startswith("docs/how-to/") for page in pages)
    overview = (ROOT / "docs/README.md").read_text()
    for page in pages:
        assert (ROOT / page).is_file()
        assert page.removeprefix("docs/") in overview


# --- The core names no feature ------------------------------------------------------------------


def _strings(calls: Iterator[ast.Call], function: str) -> set[str]:
    """The first argument of each call of this function, where it is a text."""
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == function and isinstance(call.args[0], ast.Constant)
    }


def names_of(feature: Path) -> set[str]:
    """What stands for this feature and nothing else: its name, classes, template tags, addresses, and hooks.

    A class or tag of a single word, such as `Row`, may be anybody's, so only names of several words count.
    """
    names = set()
    for path, tree in trees(feature):
        nodes = list(ast.walk(tree))
        classes = [node for node in nodes if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
        names |= {item.name for item in classes if re.search(r"[a-z][A-Z]", item.name)}
        names |= {
            f"{statement.value.value}:"  # as it stands in an answer's notes
            for item in classes
            if any(
                isinstance(part, ast.FunctionDef) and part.name in ("rewrite", "rescore", "curate")
                for part in item.body
            )
            for statement in item.body
            if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
        }
        if path.parent.name == "templatetags":
            names |= {node.name for node in nodes if isinstance(node, ast.FunctionDef) and "_" in node.name.strip("_")}
        if path.name == "urls.py":
            routes = _strings((node for node in nodes if isinstance(node, ast.Call)), "path")
            names |= {route for route in routes if "/" in route}
    return names


def _pattern(feature: Path) -> re.Pattern[str]:
    # "query_log" is also "QUERY_LOG", "query log" and "QueryLog".
    name = feature.name.replace("_", "[_ -]?")
    others = "|".join(
        rf"(?<!\w){re.escape(item)}" + r"(?!\w)" * item[-1].isalnum() for item in sorted(names_of(feature))
    )
    return re.compile(f"(?i:{name})|{others}")


def _core() -> list[Path]:
    files = [path for room in (CORE, ROOT / "multilingual") for path in room.rglob("*.*")]
    files = [path for path in files if path.suffix in {".py", ".html", ".js", ".css"}]
    return sorted(path for path in files if CORE / "features" not in path.parents)


@each_feature
def test_the_core_names_no_feature(feature) -> None:
    pattern = _pattern(feature)
    named = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in _core()
        for number, text in enumerate(path.read_text().splitlines(), 1)
        if (match := pattern.search(text))
    ]
    assert named == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("query_log", 'conf.QUERY_LOG["MODE"]'),
        ("query_log", "# The query log reads this."),
        ("query_log", '"visual_search.features.query_log"'),
        ("query_log", "{% events_script %}"),
        ("query_log", "from x import LoggedQuery"),
        ("query_log", 'fetch("/api/v1/events")'),
        ("personalisation", "{% url 'personalisation:memory' %}"),
        ("personalisation", "PersonalRescorer()"),
        ("personalisation", 'notes == ("personal:exact",)'),
    ],
)
def test_a_name_in_the_core_would_be_seen(name, text) -> None:
    """The control of the test above: an empty pattern would pass it, too."""
    assert _pattern(CORE / "features" / name).search(text)
