"""Imports a catalogue that has been read: row by row, each whole or not at all, and only what has changed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction

from catalog import files
from catalog.languages.models import CategoryText
from catalog.models import Product, ProductImage, ProductText, State
from catalog.reading import Catalogue, Row, find
from multilingual.languages import base_code
from visual_search.errors import PictureRefused
from visual_search.imaging.cleaning import cleaned
from visual_search.imaging.decode import decode
from visual_search.models import chunks
from visual_search.signals import objects_changed
from visual_search.types import path_prefixes

STOCK_WHERE_NOT_GIVEN = 1  # A catalogue without a stock column lists what can be bought.
LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8})*")
PLAIN_NUMBER = re.compile(r"\d+(\.\d+)?")
# Each of these columns goes unchanged into the field of the same name.
UNCHANGED = ("category", "brand", "source", "licence", "attribution")


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with one row, and what to do."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.message}"


class _Faulty(Exception):
    """A row can't be imported. `row`: the line at fault, if it isn't the product's own."""

    def __init__(self, message: str, row: Row | None = None) -> None:
        super().__init__(message)
        self.row = row


@dataclass
class Summary:
    """How many rows did what, and what is wrong with the others."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    faults: list[RowFault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Picture:
    name: str
    data: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a row says, checked as far as it can be without the database. Columns that the file lacks aren't in `fields`."""

    row: Row
    fields: dict[str, Any]
    texts: tuple[tuple[Row, dict[str, Any]], ...]
    pictures: tuple[_Picture, ...] | None  # None: the file has no column for them
    parent: str | None
    fingerprint: str


def import_rows(
    catalogue: Catalogue,
    rows: Sequence[Row],
    *,
    dry_run: bool = False,
    currency: str = "",
    advanced: Callable[[], object] = lambda: None,
) -> Summary:
    """Import these rows; a faulty one is left out and reported, and the others go on. Unchanged rows cost no writing.

    `currency` is for prices whose row names none. A dry run makes the same checks and writes nothing.
    """
    summary = Summary()
    known = _fingerprints(row.sku for row in rows)
    parents = _parents(catalogue.rows)
    there = known.keys() | _fingerprints(parents.values()).keys()
    # Heads of families come first, so that their variants can point to them.
    for row in sorted(rows, key=lambda row: row.sku in parents):
        try:
            wanted = _wanted(catalogue, row, parents, currency)
            if known.get(row.sku) == wanted.fingerprint:
                summary.unchanged += 1
            else:
                if wanted.parent and wanted.parent not in there:
                    raise _Faulty(
                        f"its family's first row '{wanted.parent}' isn't in the shop. Correct that row first."
                    )
                _open(wanted)
                if dry_run:
                    _filled(wanted)
                else:
                    _store(wanted)
                there.add(row.sku)
                if row.sku in known:
                    summary.changed += 1
                else:
                    summary.created += 1
        except _Faulty as fault:
            at = fault.row or row
            summary.faults.append(RowFault(at.file, at.line, str(fault)))
        advanced()
    for row in catalogue.categories:
        try:
            _name_category(row, dry_run=dry_run)
        except _Faulty as fault:
            summary.faults.append(RowFault(row.file, row.line, str(fault)))
    return summary


def _name_category(row: Row, *, dry_run: bool) -> None:
    """Keep what a category is called in one language. Raises _Faulty."""
    tag = row.values["lang"].strip().lower().replace("_", "-")
    path = " > ".join(path_prefixes(row.values["category"])[-1:])
    text = CategoryText(path=path, language=tag, name=row.values["name"].strip())
    try:
        text.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise _Faulty(_readable(error, row)) from error
    if not dry_run:
        CategoryText.objects.update_or_create(path=path, language=tag, defaults={"name": text.name})


def _fingerprints(skus: Iterable[str]) -> dict[str, str]:
    """sku -> the fingerprint of what the last import read of it, for products that are in the shop."""
    fingerprints: dict[str, str] = {}
    for some in chunks(skus):
        fingerprints.update(Product.objects.filter(sku__in=some).values_list("sku", "import_hash"))
    return fingerprints


def _parents(rows: Sequence[Row]) -> dict[str, str]:
    """sku -> the sku that heads its family: the named parent where there is one, else the family's first row."""
    named = {name for row in rows if (name := row.values.get("parent_sku", ""))}
    there = {row.sku for row in rows} | _fingerprints(named).keys()
    first: dict[str, str] = {}
    parents = {}
    for row in rows:
        if name := row.values.get("parent_sku", ""):
            head = name if name in there else first.setdefault(name, row.sku)
            if head != row.sku:
                parents[row.sku] = head
    return parents


# --- What a row says ----------------------------------------------------------------------------


def _wanted(catalogue: Catalogue, row: Row, parents: dict[str, str], currency: str) -> _Wanted:
    translations = catalogue.translations.get(row.sku, ())
    pictures = _pictures(catalogue.folder, row)
    read: list[Any] = [row.values, parents.get(row.sku), [translation.values for translation in translations], currency]
    languages = [base_code(translation.values["lang"]) for translation in translations]
    if len({"en", *languages}) <= len(languages):
        # Earlier imports left out what was in another form of a language, so these rows must be read again.
        read.append("regions")
    digest = hashlib.sha256(json.dumps(read, sort_keys=True).encode())
    for picture in pictures or ():
        digest.update(picture.sha256.encode())
    return _Wanted(
        row,
        _fields(row.values, currency),
        _texts(row, translations),
        pictures,
        parents.get(row.sku),
        digest.hexdigest(),
    )


def _fields(values: dict[str, str], currency: str) -> dict[str, Any]:
    fields: dict[str, Any] = {name: values[name] for name in UNCHANGED if name in values}
    for name in ("color", "colour"):
        if name in values:
            fields["colour"] = values[name] or fields.get("colour", "")
    if "price" in values:
        fields["price"] = _price(values["price"])
        fields["currency"] = values.get("currency", "") or (currency if values["price"] else "")
        if values["price"] and not fields["currency"]:
            raise _Faulty(
                f"price is '{values['price']}' without a currency. Write one into the column currency, such as EUR, "
                "or run the command with --currency."
            )
    if values.get("stock"):
        fields["stock"] = _stock(values["stock"])
    if "category_picture" in values:
        fields["stands_for_category"] = _yes("category_picture", values["category_picture"])
    if "attributes" in values:
        fields["attributes"] = _attributes(values["attributes"])
    if "gtin" in values:
        fields["codes"] = _parts(values["gtin"])
    return fields


def _parts(text: str) -> list[str]:
    return [part for part in (part.strip() for part in text.split("|")) if part]


def _texts(row: Row, translations: Sequence[Row]) -> tuple[tuple[Row, dict[str, Any]], ...]:
    """The product's text in each language. Of zh-CN and zh-TW the first is the text in zh, and the other stays zh-tw."""
    tags: dict[str, Row] = {}
    for translation in translations:
        said = translation.values["lang"]
        tag = said.replace("_", "-").lower()
        if not LANGUAGE_TAG.fullmatch(tag):
            raise _Faulty(f"lang is '{said}'; give a code such as de or zh-CN.", translation)
        if tag in tags:
            raise _Faulty(f"lang '{said}' stands in line {tags[tag].line} too. Remove one of them.", translation)
        tags[tag] = translation
    if (english := tags.pop("en", None)) and not _repeats(english, row):
        raise _Faulty(
            f"lang is 'en', the language of {row.file}, where line {row.line} says otherwise. Remove one of them.",
            english,
        )
    codes = {"en": row} | {tag: line for tag, line in tags.items() if tag == _base(tag)}
    for tag, line in tags.items():
        base = _base(tag)
        codes[tag if base in codes else base] = line
    return tuple((line, _text(code, line)) for code, line in codes.items())


def _base(tag: str) -> str:
    return base_code(tag) or tag


def _repeats(translation: Row, row: Row) -> bool:
    """Whether the translation says nothing that the product's own row doesn't say."""
    names = ("title", "description", "keywords")
    return all(translation.values.get(name, "") in ("", row.values.get(name, "")) for name in names)


def _text(language: str, row: Row) -> dict[str, Any]:
    text: dict[str, Any] = {"language": language, "title": row.values["title"]}
    if "description" in row.values:
        text["description"] = row.values["description"]
    if "keywords" in row.values:
        text["keywords"] = _parts(row.values["keywords"])
    return text


def _pictures(folder: Path, row: Row) -> tuple[_Picture, ...] | None:
    columns = [row.values[column] for column in ("image", "extra_images") if column in row.values]
    if not columns:
        return None
    return tuple(_picture(folder, name) for name in _parts("|".join(columns)))


def _picture(folder: Path, name: str) -> _Picture:
    path = find(folder, name)
    if not path.resolve().is_relative_to(folder.resolve()):
        raise _Faulty(f"the picture '{name}' lies outside of the catalogue's folder. Move it there.")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _Faulty(
            f"the picture '{name}' can't be read ({error.strerror}). Correct the name or add the file."
        ) from error
    return _Picture(name, data, hashlib.sha256(data).hexdigest())


def _price(text: str) -> Decimal | None:
    if not text:
        return None
    if not PLAIN_NUMBER.fullmatch(text):
        raise _Faulty(
            f"price is '{text}'; write it as 12.50, 0 or more, without a currency or a thousands separator."
        ) from None
    return Decimal(text)


def _stock(text: str) -> int:
    # A database's integer holds nine digits and some of ten; for a larger number the model has an error message of its own.
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise _Faulty(f"stock is '{_short(text)}'; it must be a whole number from 0.")
    return int(text)


def _yes(name: str, text: str) -> bool:
    if text.lower() not in ("yes", "no", ""):
        raise _Faulty(f"{name} is '{_short(text)}'; write yes, or leave it empty.")
    return text.lower() == "yes"


def _attributes(text: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        attributes = json.loads(text, parse_constant=_no_constant)
    except ValueError as error:
        raise _Faulty(
            f'attributes is \'{_short(text)}\', no valid JSON ({error}). Write an object such as {{"width": "60"}}.'
        ) from error
    if not isinstance(attributes, dict):
        raise _Faulty(f'attributes is \'{_short(text)}\'; write an object such as {{"width": "60"}}.')
    if "\\u0000" in json.dumps(attributes):
        # PostgreSQL's JSON can't hold this character.
        raise _Faulty(f"attributes is '{_short(text)}', with a NUL character (\\u0000). Remove it.")
    return attributes


def _no_constant(name: str) -> None:
    # Python reads NaN and Infinity; JSON doesn't have them, and PostgreSQL refuses them.
    raise ValueError(f"{name} is no number in JSON")


# --- Checking -----------------------------------------------------------------------------------


def _open(wanted: _Wanted) -> None:
    """Opens the pictures as a shopper's photo is opened, so that a broken file is named now and not when it is indexed."""
    for picture in wanted.pictures or ():
        try:
            decode(picture.data, **files.limits(), name=picture.name)
        except PictureRefused as error:
            raise _Faulty(str(error)) from error


def _filled(wanted: _Wanted) -> Product:
    """The product as the row wants it, not saved and without its parent. Raises _Faulty."""
    product = Product.objects.filter(sku=wanted.row.sku).first()
    if product is None:
        # Only for new products: the next import must not overrule an owner who archived a product or counted its stock.
        product = Product(sku=wanted.row.sku, state=State.PUBLISHED, stock=STOCK_WHERE_NOT_GIVEN)
    for name, value in wanted.fields.items():
        setattr(product, name, value)
    product.import_hash = wanted.fingerprint
    try:
        product.full_clean(exclude=["parent"], validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise _Faulty(_readable(error, wanted.row)) from error
    for row, values in wanted.texts:
        try:
            ProductText(**values).clean_fields(exclude=["product"])
        except ValidationError as error:
            raise _Faulty(_readable(error, row), row) from error
    return product


# --- Writing ------------------------------------------------------------------------------------


def _store(wanted: _Wanted) -> None:
    """One row in one transaction. Picture files of a row that fails are removed again; replaced ones after the commit."""
    saved: list[tuple[Any, str]] = []
    try:
        with transaction.atomic():
            # After the commit the files belong to the product, even if something that runs later raises an error.
            transaction.on_commit(saved.clear)
            product = _filled(wanted)
            product.parent = Product.objects.get(sku=wanted.parent) if wanted.parent else None
            if product.parent is not None and product.pk is not None:
                # It was the head of its family until now. Each of them has another family in the index, then.
                moved = [str(key) for key in product.variants.values_list("pk", flat=True)]
                if moved:
                    product.variants.update(parent=product.parent)
                    objects_changed.send(Product, ids=moved, deleted=False)
            # This save notes the product for the index, so texts and pictures may be written in bulk in the same transaction.
            product.save()
            _store_texts(product, [values for _, values in wanted.texts])
            if wanted.pictures is not None:
                _store_pictures(product, wanted.pictures, saved)
    except BaseException:
        for storage, name in saved:
            storage.delete(name)
        raise


def _store_texts(product: Product, texts: Sequence[dict[str, Any]]) -> None:
    """Write these texts. Texts in other languages stay: the shop's owner wrote them."""
    existing = {text.language: text for text in product.texts.all()}
    ProductText.objects.bulk_create(
        ProductText(product=product, **values) for values in texts if values["language"] not in existing
    )
    for values in texts:
        text = existing.get(values["language"])
        if text is not None and any(getattr(text, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(text, name, value)
            text.save()


def _store_pictures(product: Product, pictures: Sequence[_Picture], saved: list[tuple[Any, str]]) -> None:
    """Write these pictures and delete those of earlier imports that the file no longer has. The owner's own pictures stay, and
    a picture that is there isn't stored again.
    """
    existing = list(product.images.all())
    by_content: dict[str, list[ProductImage]] = {}
    for image in existing:
        by_content.setdefault(image.import_hash or _sha256(image), []).append(image)
    new = []
    for position, picture in enumerate(pictures):
        same = by_content.get(picture.sha256)
        if not same and by_content:
            same = by_content.get(_as_kept(picture))
        if not same:
            role = ProductImage.Role.MAIN if position == 0 else ProductImage.Role.VIEW
            image = ProductImage(product=product, position=position, role=role, import_hash=picture.sha256)
            image.file.save(picture.name, ContentFile(picture.data), save=False)
            saved.append((image.file.storage, str(image.file.name)))
            new.append(image)
            continue
        old = same.pop(0)
        if (old.position, old.import_hash) != (position, picture.sha256):
            old.position, old.import_hash = position, picture.sha256
            old.save(update_fields=["position", "import_hash"])
    ProductImage.objects.bulk_create(new)
    for image in (image for left in by_content.values() for image in left if image.import_hash):
        image.delete()


def _as_kept(picture: _Picture) -> str:
    """What the file would have for a hash if the owner had added it: pictures are cleaned when they are kept."""
    try:
        kept = cleaned(picture.data, **files.limits())
    except PictureRefused as error:
        raise _Faulty(str(error)) from error
    return hashlib.sha256(kept.data).hexdigest()


def _sha256(image: ProductImage) -> str:
    try:
        return hashlib.sha256(image.read()).hexdigest()
    except OSError:
        return ""


def _readable(error: ValidationError, row: Row) -> str:
    """Each column with its value and what is wrong with it."""
    parts = []
    for name, messages in error.message_dict.items():
        column = next(
            (
                known
                for known in (name, {"codes": "gtin", "colour": "color", "language": "lang"}.get(name, ""))
                if known in row.values
            ),
            name,
        )
        parts.append(f"{column} is '{_short(row.values.get(column, ''))}': {' '.join(messages)}")
    return "; ".join(parts)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
