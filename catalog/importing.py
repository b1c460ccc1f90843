"""Imports a folder of CSV files and pictures: row by row, each whole or not at all, and only what has changed."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction

from catalog.models import Product, ProductImage, ProductText, State
from multilingual.languages import base_code
from visual_search.conf import conf
from visual_search.errors import PictureRefused
from visual_search.imaging.decode import decode

REQUIRED = ("sku", "title")
TRANSLATION_COLUMNS = ("sku", "lang", "title")
PRODUCTS, TRANSLATIONS = "products.csv", "products_i18n.csv"
STOCK_WHERE_NOT_GIVEN = 1  # A catalogue without a stock column lists what can be bought.


class ImportRefused(Exception):
    """The folder or a file as a whole can't be imported; nothing was written."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with one row, and what to do."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.message}"


class _Faulty(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    values: dict[str, str]

    @property
    def sku(self) -> str:
        return self.values["sku"]


@dataclass
class Summary:
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    faults: list[RowFault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A folder whose files have been read and whose columns are right. Rows are checked one by one later."""

    folder: Path
    rows: tuple[Row, ...]
    translations: dict[str, tuple[Row, ...]]

    @classmethod
    def read(cls, folder: Path) -> Catalogue:
        """Raises ImportRefused, naming the file, the column or the line."""
        if not folder.is_dir():
            raise ImportRefused(f"{folder} is no folder. Give the folder that holds {PRODUCTS}.")
        rows = tuple(_read(folder / PRODUCTS, REQUIRED))
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
        return cls(folder, rows, {sku: tuple(found) for sku, found in translations.items()})


def import_rows(
    catalogue: Catalogue,
    rows: Sequence[Row],
    *,
    dry_run: bool = False,
    advanced: Callable[[], None] = lambda: None,
) -> Summary:
    """Import these rows; a faulty one is left out and reported, and the others go on. Unchanged rows cost no writing."""
    summary = Summary()
    known = dict(Product.objects.filter(sku__in=[row.sku for row in rows]).values_list("sku", "import_hash"))
    parents = _parents(catalogue.rows)
    # Heads of families come first, so that their variants can point to them.
    for row in sorted(rows, key=lambda row: row.sku in parents):
        try:
            wanted = _wanted(catalogue, row, parents)
            if known.get(row.sku) == wanted.fingerprint:
                summary.unchanged += 1
            else:
                if not dry_run:
                    _store(wanted)
                if row.sku in known:
                    summary.changed += 1
                else:
                    summary.created += 1
        except _Faulty as fault:
            summary.faults.append(RowFault(PRODUCTS, row.line, str(fault)))
        except ValidationError as error:
            summary.faults.append(RowFault(PRODUCTS, row.line, _readable(error)))
        advanced()
    return summary


# --- Reading ------------------------------------------------------------------------------------


def _read(path: Path, required: Sequence[str]) -> Iterator[Row]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ImportRefused(f"{path} isn't there. The folder needs a {path.name}.") from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ImportRefused(
            f"{path.name}, line {line}: byte {error.object[error.start]:#04x} isn't UTF-8. Save the file as UTF-8."
        ) from None
    reader = csv.DictReader(text.splitlines(keepends=True), strict=True)
    try:
        columns = reader.fieldnames or []
        if missing := [name for name in required if name not in columns]:
            raise ImportRefused(
                f"{path.name} has no column {', '.join(repr(name) for name in missing)}. Its columns are: {', '.join(columns)}."
            )
        for values in reader:
            if None in values or None in values.values():
                raise ImportRefused(
                    f"{path.name}, line {reader.line_num}: the row hasn't as many fields as the header ({len(columns)}). "
                    "Look for a missing or extra comma or quotation mark."
                )
            yield Row(reader.line_num, {name: value.strip() for name, value in values.items()})
    except csv.Error as error:
        raise ImportRefused(
            f"{path.name}, line {reader.line_num}: {error}. Look for an open quotation mark."
        ) from error


def _parents(rows: Sequence[Row]) -> dict[str, str]:
    """sku -> the sku that stands for its family: the named parent where it is a row, else the family's first row."""
    skus = {row.sku for row in rows}
    first: dict[str, str] = {}
    parents = {}
    for row in rows:
        if name := row.values.get("parent_sku", ""):
            head = name if name in skus else first.setdefault(name, row.sku)
            if head != row.sku:
                parents[row.sku] = head
    return parents


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a row says, checked as far as a row alone can be, with the bytes of its pictures."""

    fields: dict[str, Any]
    texts: tuple[dict[str, Any], ...]
    pictures: tuple[tuple[str, bytes], ...]
    parent: str | None
    fingerprint: str


def _wanted(catalogue: Catalogue, row: Row, parents: dict[str, str]) -> _Wanted:
    values = row.values
    names = [name for name in [values.get("image", ""), *values.get("extra_images", "").split("|")] if name]
    pictures = tuple((name, _picture(catalogue.folder, name)) for name in names)
    translations = catalogue.translations.get(row.sku, ())
    digest = hashlib.sha256(json.dumps([values, parents.get(row.sku)], sort_keys=True).encode())
    for translation in translations:
        digest.update(json.dumps(translation.values, sort_keys=True).encode())
    for _, data in pictures:
        digest.update(hashlib.sha256(data).digest())
    return _Wanted(
        fields={
            "sku": row.sku,
            "category": values.get("category", ""),
            "brand": values.get("brand", ""),
            "colour": values.get("color", "") or values.get("colour", ""),
            "price": _price(values.get("price", "")),
            "currency": values.get("currency", ""),
            "stock": _stock(values.get("stock", "")),
            "attributes": _attributes(values.get("attributes", "")),
            "codes": [code for code in values.get("gtin", "").split("|") if code],
            "state": State.PUBLISHED,
            "source": values.get("source", ""),
            "licence": values.get("licence", ""),
            "attribution": values.get("attribution", ""),
        },
        texts=_texts(row, translations),
        pictures=pictures,
        parent=parents.get(row.sku),
        fingerprint=digest.hexdigest(),
    )


def _texts(row: Row, translations: Sequence[Row]) -> tuple[dict[str, Any], ...]:
    keywords = [word for word in row.values.get("keywords", "").split("|") if word]
    texts = {
        "en": {
            "language": "en",
            "title": row.values["title"],
            "description": row.values.get("description", ""),
            "keywords": keywords,
        }
    }
    for translation in translations:
        language = base_code(translation.values["lang"])
        if language is None:
            raise _Faulty(
                f"{TRANSLATIONS}, line {translation.line}: lang is '{translation.values['lang']}'; "
                "give a code such as de or zh-CN."
            )
        # zh-CN and zh-TW are one language here; the first one given stays.
        texts.setdefault(
            language,
            {
                "language": language,
                "title": translation.values["title"],
                "description": translation.values.get("description", ""),
                "keywords": [],
            },
        )
    return tuple(texts.values())


def _picture(folder: Path, name: str) -> bytes:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise _Faulty(f"the picture '{name}' lies outside of the catalogue's folder. Move it there.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise _Faulty(
            f"the picture '{name}' can't be read ({error.strerror}). Correct the name or add the file."
        ) from error


def _price(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        price = Decimal(text)
    except InvalidOperation:
        raise _Faulty(f"price is '{text}'; write it as 12.50, without a currency or thousands separators.") from None
    if not price.is_finite() or price < 0:
        raise _Faulty(f"price is '{text}'; it must be 0 or more.")
    return price


def _stock(text: str) -> int:
    if not text:
        return STOCK_WHERE_NOT_GIVEN
    if not (text.isascii() and text.isdigit()):
        raise _Faulty(f"stock is '{text}'; it must be a whole number from 0.")
    return int(text)


def _attributes(text: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        raise _Faulty(f'attributes is no valid JSON ({error}). Write an object such as {{"width": "60"}}.') from error
    if not isinstance(found, dict):
        raise _Faulty(f'attributes is {text[:40]}; write an object such as {{"width": "60"}}.')
    return found


# --- Writing ------------------------------------------------------------------------------------


def _store(wanted: _Wanted) -> None:
    """One row in one transaction. Picture files of a row that fails are removed again; replaced ones after the commit."""
    saved: list[tuple[Any, str]] = []
    try:
        with transaction.atomic():
            product = Product.objects.filter(sku=wanted.fields["sku"]).first() or Product(sku=wanted.fields["sku"])
            for name, value in wanted.fields.items():
                setattr(product, name, value)
            product.parent = Product.objects.filter(sku=wanted.parent).first() if wanted.parent else None
            if wanted.parent and product.parent is None:
                raise _Faulty(f"its family's first row '{wanted.parent}' isn't in the shop. Correct that row first.")
            product.import_hash = wanted.fingerprint
            product.full_clean(validate_unique=False, validate_constraints=False)
            product.save()
            _store_texts(product, wanted.texts)
            _store_pictures(product, wanted.pictures, saved)
    except BaseException:
        for storage, name in saved:
            storage.delete(name)
        raise


def _store_texts(product: Product, texts: Sequence[dict[str, Any]]) -> None:
    product.texts.exclude(language__in=[text["language"] for text in texts]).delete()
    existing = {text.language: text for text in product.texts.all()}
    for values in texts:
        text = existing.get(values["language"]) or ProductText(product=product, language=values["language"])
        for name, value in values.items():
            setattr(text, name, value)
        text.clean_fields(exclude=["product"])
        text.save()


def _store_pictures(product: Product, pictures: Sequence[tuple[str, bytes]], saved: list[tuple[Any, str]]) -> None:
    old = list(product.images.all())
    if old and [_hash(image) for image in old] == [hashlib.sha256(data).digest() for _, data in pictures]:
        return
    for image in old:
        storage, name = image.file.storage, image.file.name
        image.delete()
        transaction.on_commit(partial(storage.delete, str(name)))
    for position, (name, data) in enumerate(pictures):
        try:
            # Opened as a shopper's photo is, so that a broken file is named now and not when it is indexed.
            decode(data, max_bytes=conf.PICTURE_MAX_BYTES, max_pixels=conf.PICTURE_MAX_PIXELS, name=name)
        except PictureRefused as error:
            raise _Faulty(str(error)) from error
        role = ProductImage.Role.MAIN if position == 0 else ProductImage.Role.VIEW
        image = ProductImage(product=product, position=position, role=role)
        image.file.save(Path(name).name, ContentFile(data), save=False)
        saved.append((image.file.storage, str(image.file.name)))
        image.save()


def _hash(image: ProductImage) -> bytes:
    try:
        return hashlib.sha256(image.read()).digest()
    except OSError:
        return b""


def _readable(error: ValidationError) -> str:
    if hasattr(error, "message_dict"):
        return "; ".join(f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items())
    return " ".join(error.messages)
