"""Every string for people is marked, translated into each language, and compiled (docs/how-to/languages-of-the-page.md)."""

from __future__ import annotations

import ast
import gettext
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.template.base import Lexer, TokenType
from django.utils.translation import to_locale

from tests import messages
from tests.messages import LANGUAGES, LEFT_OUT, PACKAGES, ROOT

NAMES = {"Furnish"}  # of the shop, the same in every language
PLACE = re.compile(r"%\(\w+\)[sd]|%s|\{category\}|</?\w+>|`[^`]*`")
EVERY = [(package, language) for package in PACKAGES for language in LANGUAGES]
TEMPLATES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("templates/**/*.html"))
MODULES = sorted(
    path
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if not any(part in path.relative_to(ROOT).as_posix() for part in LEFT_OUT)
)
SCRIPTS = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.js") if path.name != "htmx.js")


def test_the_shop_offers_the_languages_that_are_translated() -> None:
    assert {to_locale(code) for code, _name in settings.LANGUAGES} == {"en", *LANGUAGES}


@pytest.mark.parametrize(("package", "language"), EVERY)
def test_nothing_waits_for_a_translator(package: str, language: str) -> None:
    kept, now = messages.read(package, language), messages.updated(package, language)
    assert [str(message.id) for message in messages.waiting(now)] == []
    assert sorted(map(str, set(_ids(now)) ^ set(_ids(kept)))) == [], "Run make messages."
    assert not kept.obsolete
    assert [str(message.id) for message in kept if message.id and message.fuzzy] == []


@pytest.mark.parametrize(("package", "language"), EVERY)
def test_what_is_compiled_is_what_was_translated(package: str, language: str) -> None:
    path = messages.po(package, language).with_suffix(".mo")
    with path.open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    wanted = gettext.GNUTranslations(io.BytesIO(messages.as_mo(messages.read(package, language))))
    without_head = [{key: text for key, text in one._catalog.items() if key} for one in (compiled, wanted)]
    assert without_head[0] == without_head[1], "Run make messages."


@pytest.mark.parametrize(("package", "language"), EVERY)
def test_places_for_values_stay_in_a_translation(package: str, language: str) -> None:
    wrong = []
    for message in messages.read(package, language):
        if message.id:
            wanted = message.id if isinstance(message.id, str) else message.id[1]
            forms = (message.string,) if isinstance(message.string, str) else message.string
            wrong += [form for form in forms if set(PLACE.findall(form)) != set(PLACE.findall(wanted))]
    assert wrong == []


def _ids(catalogue: messages.Catalog) -> Iterator[tuple[object, str | None]]:
    return ((message.id, message.context) for message in catalogue if message.id)


# --- Marked -------------------------------------------------------------------------------------


class Visible(HTMLParser):
    """The texts of a page that people read, or hear: between tags, and in these attributes."""

    ATTRIBUTES = ("title", "alt", "aria-label", "placeholder", "label")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style")
        said = [value or "" for name, value in attrs if name in self.ATTRIBUTES or name.startswith("data-vs-")]
        self.found += [value for value in said if re.search(r"^[A-Z]|[^\W\d_] [^\W\d_]", value)]

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.found.append(data)


def unmarked(source: str) -> list[str]:
    """What of a template is read by people and stands outside of tags that translate."""
    plain, inside = [], ""
    for token in Lexer(source).tokenize():
        word = token.contents.partition(" ")[0]
        if token.token_type is TokenType.BLOCK and (word in ("blocktranslate", "comment") or word == f"end{inside}"):
            inside = "" if inside else word
        if not inside:
            # A tag stands for a space, since it may part attributes, and a value for a sign that is no letter.
            plain.append({TokenType.TEXT: token.contents, TokenType.VAR: "_"}.get(token.token_type, " "))
    reader = Visible()
    reader.feed("".join(plain))
    reader.close()
    texts = (" ".join(text.split()) for text in reader.found)
    return [text for text in texts if re.search(r"[^\W\d_]", text) and text.strip(" ·") not in NAMES]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_text_of_a_template_is_unmarked(path: Path) -> None:
    assert unmarked(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>{% translate 'a' %} Hello</p>", ["Hello"]),
        ("<p>{% blocktranslate %}Hello{% endblocktranslate %}</p>", []),
        ('<img alt="A chair"><a title="{% translate "a" %}"></a>', ["A chair"]),
        ("<script>let here = 1;</script>{# Not shown #}{{ value }}, 3 % ·", []),
        ('<p data-vs-offline="Not there">{% comment %}Old{% endcomment %}</p>', ["Not there"]),
    ],
)
def test_an_unmarked_text_is_found(source: str, found: list[str]) -> None:
    assert unmarked(source) == found


SHOWN = ("description", "label", "help_text", "verbose_name", "verbose_name_plural", "empty_value_display")
# What these say of themselves is documentation, which is English: of REST in OpenAPI, of an encoder on its card.
DOCUMENTED = re.compile(r"/(api|encoders)[/.]")
REFUSING = ("BadInput", "PictureRefused", "_refused", "_refusal", "ValidationError")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_text_of_a_module_is_unmarked(path: Path) -> None:
    """What the admin, forms and refusals say. Help of REST's fields is the OpenAPI document, which is for developers."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        looked_at = [
            part.value for part in node.keywords if part.arg in SHOWN and not DOCUMENTED.search(path.as_posix())
        ]
        if called in REFUSING or called == "message_user":
            looked_at += node.args
        for value in looked_at:
            texts = [value, *(value.values if isinstance(value, ast.Dict) else ())]
            found += [ast.unparse(text) for text in texts if _is_sentence(text)]
    assert found == []


def _is_sentence(node: ast.expr) -> bool:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return any(
        isinstance(part, ast.Constant) and isinstance(part.value, str) and re.search(r"[^\W\d_] ", part.value)
        for part in parts
    )


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_show_what_templates_give_them(path: Path) -> None:
    code = re.sub(r"^\s*(//|/?\*).*$|\s// .*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert re.findall(r"""(["'`][A-Z][a-z]+ [a-z][^"'`]*["'`])""", code) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_string_means_one_thing_in_all_packages(language: str) -> None:
    assert messages.in_two_ways(language) == []
