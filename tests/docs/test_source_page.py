"""docs/reference/source.md is what the docstrings say, and they say something of everything public."""

from __future__ import annotations

import dataclasses
import inspect
import re

import pytest

from tests.docs.source_page import CLASSES, FUNCTIONS, PAGE, entries, page
from visual_search import registry, types
from visual_search.registry import Source


def public(cls: type) -> set[str]:
    """By looking at the class itself, and not at its source as the page does."""
    if dataclasses.is_dataclass(cls):
        made = {name for name, member in vars(cls).items() if isinstance(member, classmethod)}
        return {field.name for field in dataclasses.fields(cls)} | made
    own = {*vars(cls), *inspect.get_annotations(cls)}
    return {name for name in own if not name.startswith("_")}


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "Run `python -m tests.docs.source_page`."


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_everything_public_has_a_docstring_and_is_on_the_page(cls: type) -> None:
    own, *others = entries(cls)
    assert {entry.name for entry in others} == public(cls)
    assert [entry.name for entry in (own, *others) if not entry.text] == []
    written = PAGE.read_text()
    assert f"\n## `{cls.__name__}`\n" in written
    assert [
        entry.name for entry in others if f"`{entry.code}`" not in written and f"\n{entry.code}\n" not in written
    ] == []


def test_every_class_that_a_source_speaks_of_is_on_the_page() -> None:
    """What its attributes and methods are declared with, and the fields of that in turn."""
    members = [Source, *(member for member in vars(Source).values() if inspect.isfunction(member))]
    said = [str(kind) for it in (*members, *CLASSES) for kind in inspect.get_annotations(it).values()]
    words = set(re.findall(r"\w+", " ".join(said)))
    named = {name for name in types.__all__ if name in words and inspect.isclass(getattr(types, name))}
    assert named == {cls.__name__ for cls in CLASSES} - {"Source"}


def test_every_function_of_the_registry_is_on_the_page() -> None:
    own = {
        name
        for name, function in vars(registry).items()
        if inspect.isfunction(function) and function.__module__ == registry.__name__ and not name.startswith("_")
    }
    assert {function.__name__ for function in FUNCTIONS} == own
    assert [function.__name__ for function in FUNCTIONS if not function.__doc__] == []
