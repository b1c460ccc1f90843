"""Makes docs/reference/source.md of the docstrings: `python -m tests.docs.source_page`."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from visual_search import registry
from visual_search.types import Basket, Card, FacetField, FacetKind, ImageSource, Picture, Text

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/source.md"
CLASSES: tuple[type, ...] = (registry.Source, Picture, Text, Basket, Card, ImageSource, FacetField, FacetKind)
FUNCTIONS = (
    registry.register,
    registry.unregister,
    registry.sources,
    registry.source,
    registry.public,
    registry.default,
    registry.text_in,
)
HEAD = """\
<!-- Made of the docstrings by `python -m tests.docs.source_page`. Change those, not this page. -->
# `Source`: how a shop's model is read

A `search.py` in an app of the shop holds a `Source` for each model that shoppers search; the
[tutorial](../tutorial/your-own-shop.md) builds one, and `manage.py check` names
[what is wrong in it](../how-to/when-something-is-wrong.md#the-description-of-a-model).

```python
from visual_search.registry import Source, register
from visual_search.types import Basket, Card, FacetField, FacetKind, ImageSource, Picture, Text
```
"""


@dataclass(frozen=True)
class Entry:
    """A class, or something public in it, or a function: its name, how it is written, and what its docstring says."""

    name: str
    code: str
    text: str


def entries(cls: type) -> Iterator[Entry]:
    """The class, then its public attributes, methods and properties in the order of the source."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(tree, ast.ClassDef)
    yield Entry(cls.__name__, "", _cleaned(ast.get_docstring(tree)))
    for node, following in zip(tree.body, [*tree.body[1:], ast.Pass()], strict=True):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            entry = Entry(node.name, _head(node), _cleaned(ast.get_docstring(node)))
        elif isinstance(node, ast.AnnAssign | ast.Assign):
            name = ast.unparse(node.target if isinstance(node, ast.AnnAssign) else node.targets[0])
            entry = Entry(name, _field(node), _cleaned(_literal(following)))
        else:
            continue
        if not entry.name.startswith("_"):
            yield entry


def _field(node: ast.AnnAssign | ast.Assign) -> str:
    """As it is written, with `field(default=...)` for what it comes to: the metadata are nobody's business."""
    value = node.value
    if isinstance(value, ast.Call):
        value = next(keyword.value for keyword in value.keywords if keyword.arg == "default")
    default = "" if value is None else f" = {_quoted(value)}"
    if isinstance(node, ast.Assign):
        return f"{ast.unparse(node.targets[0])}{default}"
    kind = node.annotation
    if isinstance(kind, ast.Subscript) and ast.unparse(kind.value) == "ClassVar":
        kind = kind.slice
    return f"{ast.unparse(node.target)}: {ast.unparse(kind)}{default}"


def _quoted(value: ast.expr) -> str:
    return (
        f'"{value.value}"' if isinstance(value, ast.Constant) and isinstance(value.value, str) else ast.unparse(value)
    )


def _head(node: ast.FunctionDef) -> str:
    if any(ast.unparse(decorator) == "property" for decorator in node.decorator_list):
        return f"{node.name}: {ast.unparse(node.returns) if node.returns else ''}"
    head, _, _ = ast.unparse(ast.FunctionDef(node.name, node.args, [ast.Pass()], [], node.returns, lineno=0)).partition(
        ":\n"
    )
    return head


def _literal(node: ast.stmt) -> str:
    said = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value
    return said if isinstance(said, str) else ""


def _cleaned(docstring: str | None) -> str:
    """Markdown: an indented example becomes a block of Python."""
    text = inspect.cleandoc(docstring or "")
    example = r"(?:(?<=\n\n)|\A)((?: {4}.*\n?|\n(?= {4}))+)"
    return re.sub(example, lambda found: f"```python\n{textwrap.dedent(found[1]).strip()}\n```\n", text).strip()


def _row(entry: Entry) -> str:
    """A field in a table, where a line break would end it."""
    cells = (entry.code, " ".join(entry.text.split()))
    code, text = (cell.replace("|", "\\|") for cell in cells)
    return f"| `{code}` | {text} |"


def page() -> str:
    """The whole page, as it should stand in docs/reference/source.md."""
    parts = [HEAD]
    for cls in CLASSES:
        own, *others = entries(cls)
        parts.append(f"## `{own.name}`\n\n{own.text}\n")
        if cls is registry.Source:
            parts += [f"### `{own.name}.{it.name}`\n\n```python\n{it.code}\n```\n\n{it.text}\n" for it in others]
        else:
            parts.append("\n".join(["| field | meaning |", "|---|---|", *map(_row, others), ""]))
    parts.append("## Functions\n")
    for function in FUNCTIONS:
        (node,) = ast.parse(inspect.getsource(function)).body
        assert isinstance(node, ast.FunctionDef)
        text = _cleaned(ast.get_docstring(node))
        parts.append(f"### `{node.name}()`\n\n```python\n{_head(node)}\n```\n\n{text}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page())
    sys.stdout.write(f"{PAGE} is written.\n")
