"""`make messages`: finds all strings for people, brings the catalogues of the packages up to date and compiles them.

Templates are read by Django's own parser and Python by Babel, so no gettext tools are needed. What is new has an empty
translation, and what is gone is removed; nothing is guessed from similar strings. Ends with 1 if something waits for a translator,
or if two packages translate one string in two ways.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("visual_search", "catalog")
LANGUAGES = ("de", "fr", "es", "pt_BR", "ar", "ja", "zh_Hans")
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None, "said": (1,),
    "ngettext": (1, 2), "ngettext_lazy": (1, 2), "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2),
}  # fmt: skip
# What only developers and programs read stays English.
LEFT_OUT = ("api/openapi.py", "measuring/", "learning/", "management/", "migrations/", "checks.py", "compatibility/")


class Found(NamedTuple):
    """One string with the file in which it stands."""

    file: str
    id: str | tuple[str, str]
    context: str | None


def in_python(path: Path) -> Iterator[Found]:
    name = path.relative_to(ROOT).as_posix()
    for _line, id, _comments, context in extract("python", io.BytesIO(path.read_bytes()), keywords=KEYWORDS):
        if id:
            yield Found(name, id if isinstance(id, str) else (id[0], id[1]), context)


def in_template(path: Path) -> Iterator[Found]:
    from django.template import Engine
    from django.template.base import FilterExpression, Node, Variable
    from django.templatetags.i18n import BlockTranslateNode, TranslateNode

    name = path.relative_to(ROOT).as_posix()
    made = Engine.get_default().from_string(path.read_text(encoding="utf-8"))
    for node in made.nodelist.get_nodes_by_type(Node):
        if isinstance(node, TranslateNode):
            context = node.message_context.var if node.message_context else None
            text = node.filter_expression.var
            if isinstance(text, Variable) and isinstance(text.literal, str):
                yield Found(
                    name,
                    text.literal.replace("%", "%%"),
                    context if isinstance(context, str) else getattr(context, "literal", None),
                )
        elif isinstance(node, BlockTranslateNode):
            context = node.message_context.var if node.message_context else None
            one = node.render_token_list(node.singular)[0]
            many = node.render_token_list(node.plural)[0] if node.plural else ""
            yield Found(name, (one, many) if many else one, context if isinstance(context, str) else None)
        else:
            assert not isinstance(node, FilterExpression)


def found(package: str) -> list[Found]:
    """All strings of this package, by file."""
    strings: list[Found] = []
    for path in sorted((ROOT / package).rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        if any(part in name for part in LEFT_OUT):
            continue
        if path.suffix == ".py":
            strings += in_python(path)
        elif path.suffix == ".html" or (path.suffix == ".txt" and "templates" in path.parts):
            strings += in_template(path)
    return strings


def po(package: str, language: str) -> Path:
    return ROOT / package / "locale" / language / "LC_MESSAGES" / "django.po"


def read(package: str, language: str) -> Catalog:
    path = po(package, language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def updated(package: str, language: str) -> Catalog:
    """The catalogue with the strings of now: known translations stay, new strings wait, others are gone."""
    before = read(package, language)
    now = Catalog(
        locale=language, project="django-visual-search", version="", copyright_holder="", header_comment=f"# {package}: {language}",
        fuzzy=False, creation_date=before.creation_date, revision_date=before.creation_date, last_translator="", language_team="",
    )  # fmt: skip
    for string in found(package):
        known = before.get(string.id if isinstance(string.id, str) else string.id[0], string.context)
        kept = known.string if known is not None and known.pluralizable == isinstance(string.id, tuple) else None
        now.add(string.id, kept, [(string.file, None)], context=string.context)  # type: ignore[list-item]
    return now


def waiting(catalogue: Catalog) -> list[Message]:
    """The strings that have no translation, or none in one of the plural forms, or a doubtful one."""
    return [
        message
        for message in catalogue
        if message.id
        and (message.fuzzy or not message.string or not all(_forms(message)) or not _whole(message, catalogue))
    ]


def in_two_ways(language: str) -> list[str]:
    """Strings that the packages translate differently. Django knows one translation for all of them, so a page of one package
    would say what the other one means: such a string needs a context, or other words.
    """
    seen: dict[tuple[str | None, str], object] = {}
    differing = []
    for package in PACKAGES:
        for message in read(package, language):
            if message.id and message.string:
                id = message.id if isinstance(message.id, str) else message.id[0]
                if seen.setdefault((message.context, id), message.string) != message.string:
                    differing.append(id)
    return differing


def _forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def _whole(message: Message, catalogue: Catalog) -> bool:
    return not message.pluralizable or len(_forms(message)) == catalogue.num_plurals


def as_po(catalogue: Catalog) -> bytes:
    file = io.BytesIO()
    write_po(file, catalogue, width=0, sort_output=True, omit_header=False)
    return file.getvalue()


def as_mo(catalogue: Catalog) -> bytes:
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def main() -> int:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    left = 0
    for package in PACKAGES:
        for language in LANGUAGES:
            catalogue = updated(package, language)
            path = po(package, language)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(as_po(catalogue))
            path.with_suffix(".mo").write_bytes(as_mo(catalogue))
            open_ = waiting(catalogue)
            left += len(open_)
            sys.stdout.write(f"{package} {language}: {len(catalogue)} strings, {len(open_)} wait for a translation.\n")
    for language in LANGUAGES:
        for id in in_two_ways(language):
            left += 1
            sys.stdout.write(f"{language}: two packages translate {id!r} in two ways.\n")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
