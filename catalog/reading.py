"""Reads a catalogue's CSV files and refuses those that are wrong as a whole. It writes nothing and knows no database."""

from __future__ import annotations

import csv
import io
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PRODUCTS, TRANSLATIONS, CATEGORIES = "products.csv", "products_i18n.csv", "categories_i18n.csv"
REQUIRED_COLUMNS = ("sku", "title")
OPTIONAL_COLUMNS = (
    "parent_sku", "description", "keywords", "category", "brand", "color", "colour", "price", "currency", "stock",
    "image", "extra_images", "category_picture", "attributes", "gtin", "source", "licence", "attribution",
)  # fmt: skip
TRANSLATION_COLUMNS = ("sku", "lang", "title")
CATEGORY_COLUMNS = ("category", "lang", "name")

_length = threading.Lock()


class ImportRefused(Exception):
    """The folder or a file as a whole can't be imported; nothing was written."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record. `line` is the line of the file on which it begins."""

    file: str
    line: int
    values: dict[str, str]

    @property
    def sku(self) -> str:
        return self.values["sku"]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A folder whose files have been read and whose columns are right. Rows are checked one by one later."""

    folder: Path
    rows: tuple[Row, ...]
    translations: dict[str, tuple[Row, ...]]
    categories: tuple[Row, ...] = ()  # names of categories in other languages
    unused: tuple[str, ...] = ()  # columns of products.csv that an import doesn't know

    @classmethod
    def read(cls, folder: Path) -> Catalogue:
        """Raises ImportRefused, naming the file, the column or the line."""
        if not folder.is_dir():
            raise ImportRefused(f"{folder} is no folder. Give the folder that holds {PRODUCTS}.")
        rows = _read(folder / PRODUCTS, REQUIRED_COLUMNS)
        seen: dict[str, int] = {}
        for row in rows:
            if row.sku in seen:
                raise ImportRefused(
                    f"{PRODUCTS}, line {row.line}: the sku '{row.sku}' stands in line {seen[row.sku]} too. Remove one of them."
                )
            seen[row.sku] = row.line
        translations: dict[str, list[Row]] = {}
        if (folder / TRANSLATIONS).exists():
            for row in _read(folder / TRANSLATIONS, TRANSLATION_COLUMNS):
                if row.sku not in seen:
                    raise ImportRefused(
                        f"{TRANSLATIONS}, line {row.line}: there is no sku '{row.sku}' in {PRODUCTS}. Correct or remove the line."
                    )
                translations.setdefault(row.sku, []).append(row)
        there = (folder / CATEGORIES).exists()
        categories = _read(folder / CATEGORIES, CATEGORY_COLUMNS) if there else ()
        columns = rows[0].values if rows else {}
        unused = tuple(name for name in columns if name not in (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS))
        return cls(folder, rows, {sku: tuple(lines) for sku, lines in translations.items()}, categories, unused)

    def first(self, count: int | None) -> tuple[Row, ...]:
        """The first `count` rows and the rows that head their families; all rows for None."""
        if count is None:
            return self.rows
        families = {row.values.get("parent_sku", "") for row in self.rows[:count]}
        return self.rows[:count] + tuple(row for row in self.rows[count:] if row.sku in families)


def _read(path: Path, required: Sequence[str]) -> tuple[Row, ...]:
    text = _text(path)
    with _fields_up_to(len(text)):
        return tuple(_rows(path, text, required))


@contextmanager
def _fields_up_to(length: int) -> Iterator[None]:
    """Let fields be this long. By default a description of 131,072 characters makes the whole file unreadable.

    Python keeps this limit for the whole process, so other code gets its own back, and two imports wait for each other.
    """
    with _length:
        before = csv.field_size_limit()
        csv.field_size_limit(max(before, length))
        try:
            yield
        finally:
            csv.field_size_limit(before)


def _rows(path: Path, text: str, required: Sequence[str]) -> Iterator[Row]:
    # Only line feeds and carriage returns end a line. Python's `splitlines` would also end lines at other characters that
    # pasted texts may hold (vertical tab, U+0085, U+2028), and would break their rows apart.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        columns = [name.strip() for name in next(reader, [])]
        _check_columns(path.name, columns, required)
        while True:
            line = reader.line_num + 1
            fields = next(reader, None)
            if fields is None:
                return
            if not any(field.strip() for field in fields):
                continue  # Spreadsheets leave rows of nothing but commas.
            if len(fields) != len(columns):
                raise ImportRefused(
                    f"{path.name}, line {line}: the row has {len(fields)} fields and the header {len(columns)}. "
                    "Look for a missing or extra comma or quotation mark."
                )
            values = dict(zip(columns, (field.strip() for field in fields), strict=True))
            # One of two files may have been written on a Mac, where "é" is two characters.
            values |= {name: composed(values[name]) for name in ("sku", "parent_sku") if name in values}
            yield Row(path.name, line, values)
    except csv.Error as error:
        raise ImportRefused(f"{path.name}, line {line}: {error}. Look for an open quotation mark.") from error


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except FileNotFoundError:
        raise ImportRefused(f"{path} isn't there. The folder needs a {path.name}.") from None
    except OSError as error:
        raise ImportRefused(f"{path} can't be read ({error.strerror}). Correct its permissions.") from error
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ImportRefused(
            f"{path.name}, line {line}: byte {data[error.start]:#04x} isn't UTF-8. Save the file as UTF-8."
        ) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise ImportRefused(f"{path.name}, line {line}: there is a NUL character. Save the file as UTF-8 text.")
    return text


def composed(text: str) -> str:
    """Each letter with its marks as one character where there is one (Unicode's form NFC), as most programs write them."""
    return unicodedata.normalize("NFC", text)


def find(folder: Path, name: str) -> Path:
    """The file of this name in the folder, however either of them writes letters with marks; it may not be there."""
    path = folder
    for part in Path(name).parts:
        exact = path / part
        path = exact if exact.exists() else next((one for one in _listed(path) if _same(one.name, part)), exact)
    return path


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _same(one: str, other: str) -> bool:
    return composed(one) == composed(other)


def _check_columns(name: str, columns: Sequence[str], required: Sequence[str]) -> None:
    if missing := [column for column in required if column not in columns]:
        hint = (
            " Separate the columns by commas."
            if len(columns) == 1 and any(sign in columns[0] for sign in ";\t")
            else ""
        )
        raise ImportRefused(
            f"{name} has no column {', '.join(repr(column) for column in missing)}. "
            f"Its columns are: {', '.join(columns) or 'none'}.{hint}"
        )
    if twice := sorted({column for column in columns if column and columns.count(column) > 1}):
        raise ImportRefused(f"{name} has the column '{twice[0]}' twice. Remove or rename one of them.")
