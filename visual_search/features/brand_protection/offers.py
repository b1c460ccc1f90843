"""Where listings come from: other collections of the shop, a table with pictures, a folder, an upload."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path, PurePosixPath
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.validators import URLValidator
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from visual_search import csv_tables, registry
from visual_search.conf import conf
from visual_search.content import objects
from visual_search.errors import BadInput, said
from visual_search.features.brand_protection import files
from visual_search.features.brand_protection.models import Listing, LookedAt
from visual_search.features.brand_protection.options import options
from visual_search.features.brand_protection.storing import loaded, of_object
from visual_search.imaging.decode import content_hash
from visual_search.models import IndexEntry
from visual_search.translating import in_words

FEED, UPLOAD, FOLDER, OWN = "feed", "upload", "folder", "collection:"
COLUMNS = ("url", "seller", "title", "price", "currency", "picture")
PICTURES = (".jpg", ".jpeg", ".png", ".webp")
MOST_ROWS = 100_000
_AT_ONCE = 200  # objects of a collection that are read at the same time
_MOST_FILES = 20_000  # of a ZIP file
_valid_url = URLValidator(schemes=["http", "https"])


@dataclass(slots=True)
class Taken:
    """What became of listings that came in. `faults`: lines that were left out, each with its reason."""

    new: int = 0
    changed: int = 0
    same: int = 0
    faults: list[str] = field(default_factory=list)


# --- Offers of the shop --------------------------------------------------------------------------


def take_saved() -> int:
    """Note the pictures of offers that were saved since the last time, by the index's own outbox; returns how many objects."""
    count = 0
    for collection in options().collections:
        while entries := list(_unseen(collection)[:_AT_ONCE]):
            source = registry.source(collection)
            there = objects.read_objects(source, [entry.object_id for entry in entries if not entry.deleted])
            for entry in entries:
                _take_object(source, entry, there.get(entry.object_id))
            count += len(entries)
    return count


def are_saved() -> bool:
    """Whether `take_saved` would find something."""
    return any(_unseen(collection).exists() for collection in options().collections)


def _unseen(collection: str) -> QuerySet[IndexEntry]:
    looked = LookedAt.objects.filter(
        collection=collection, object_id=OuterRef("object_id"), version=OuterRef("version")
    )
    return IndexEntry.objects.filter(~Exists(looked), collection=collection).order_by("pk")


@transaction.atomic
def _take_object(source: registry.Source, entry: IndexEntry, obj: Any) -> None:
    name, keys = f"{OWN}{source.collection}", []
    for picture in source.pictures(obj) if obj is not None else ():
        key = f"{entry.object_id}/{picture.id}"
        keys.append(key)
        data = loaded(picture)
        if data is not None:
            _keep(name, key, {**_told(source, obj), "sha256": content_hash(data)}, None, Taken())
    stale = Listing.objects.filter(source=name, key__startswith=f"{entry.object_id}/").exclude(key__in=keys)
    # A case keeps its listing, gone or not.
    stale.filter(cases=None).delete()
    LookedAt.objects.update_or_create(
        collection=source.collection, object_id=entry.object_id, defaults={"version": entry.version}
    )


def _told(source: registry.Source, obj: Any) -> dict[str, Any]:
    facets, card = source.facets(obj), source.card(obj)
    price = facets.get("price")
    seller = facets.get(options().seller_facet)
    return {
        "url": _absolute(card.url),
        "seller": str(seller or "")[:200],
        "title": card.title[:500],
        "price": None if price is None else Decimal(str(price)).quantize(Decimal("0.01")),
        "currency": source.currency,
    }


def _absolute(url: str) -> str:
    if url.startswith(("http://", "https://")):
        return url
    return f"{options().site.rstrip('/')}{url}" if options().site and url.startswith("/") else ""


# --- Tables, folders, uploads --------------------------------------------------------------------


def take_table(table: bytes, open_picture: Callable[[str], bytes | None], source: str = FEED) -> Taken:
    """Take in a table in UTF-8 whose columns are `COLUMNS`; `picture` names a file that `open_picture` gives.

    Raises BadInput for what is no such table. A line with a mistake is left out and named.
    """
    taken = Taken()
    for number, row in csv_tables.rows(table, COLUMNS, None, most=MOST_ROWS):
        try:
            told, name = _read(row), row["picture"]
            data = open_picture(name)
            if data is None:
                raise BadInput(said("There is no picture '%(name)s'.", name=name[:100]))
            _keep(source, _key(told["url"] or told["title"], name), told, data, taken)
        except BadInput as problem:
            taken.faults.append(_("line %(number)s: %(what)s") % {"number": number, "what": in_words(problem)})
    return taken


def take_folder(folder: Path) -> Taken:
    """Take in a folder: the table listings.csv in it, or else each picture as a listing of its own. Raises BadInput."""
    if not folder.is_dir():
        raise BadInput(said("There is no folder %(folder)s.", folder=folder))

    def open_picture(name: str) -> bytes | None:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()) or not path.is_file():
            return None
        return path.read_bytes()

    table = folder / "listings.csv"
    if table.is_file():
        return take_table(table.read_bytes(), open_picture)
    taken = Taken()
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in PICTURES and path.is_file():
            name = path.relative_to(folder).as_posix()
            _keep(FOLDER, name, {"title": path.stem}, path.read_bytes(), taken)
    if not (taken.new or taken.changed or taken.same):
        raise BadInput(
            said(
                "%(folder)s has neither listings.csv nor pictures (%(kinds)s).",
                folder=folder,
                kinds=", ".join(PICTURES),
            )
        )
    return taken


def take_zip(data: bytes) -> Taken:
    """Take in a ZIP file with listings.csv and the pictures that it names. Raises BadInput."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = {PurePosixPath(info.filename).as_posix(): info for info in archive.infolist()[:_MOST_FILES]}

            def open_picture(name: str) -> bytes | None:
                info = files.get(PurePosixPath(name).as_posix())
                # A small file may unpack to a huge one.
                if info is None or info.file_size > conf.PICTURE_MAX_BYTES:
                    return None
                return archive.read(info)

            table = open_picture("listings.csv")
            if table is None:
                raise BadInput(said("The ZIP file has no table listings.csv beside the pictures."), field="file")
            return take_table(table, open_picture, UPLOAD)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as problem:
        raise BadInput(said("The file is no ZIP file that can be read."), field="file") from problem


def take_picture(told: Mapping[str, Any], name: str, data: bytes) -> Taken:
    """Take in one listing that somebody typed and uploaded."""
    taken = Taken()
    _keep(UPLOAD, _key(str(told.get("url") or told.get("title") or ""), name), dict(told), data, taken)
    return taken


def picture_of(listing: Listing) -> bytes | None:
    """The bytes of the listing's picture, as it is there now; None where it isn't any more."""
    if listing.file:
        return files.read(listing.file)
    if not listing.source.startswith(OWN):
        return None
    id, _, picture_id = listing.key.partition("/")
    return of_object(listing.source.removeprefix(OWN), id, picture_id)


def _keep(source: str, key: str, told: dict[str, Any], data: bytes | None, taken: Taken) -> None:
    """Store the listing so that it waits to be looked at, unless it is there and nothing changed."""
    if data is not None:
        if len(data) > conf.PICTURE_MAX_BYTES:
            raise BadInput(
                said(
                    "The picture has %(count)s bytes; at most %(most)s are read.",
                    count=len(data),
                    most=conf.PICTURE_MAX_BYTES,
                )
            )
        told["sha256"] = content_hash(data)
    listing = Listing.objects.filter(source=source, key=key).first()
    if listing is not None and all(getattr(listing, name) == value for name, value in told.items()):
        taken.same += 1
        return
    moved = listing is None or listing.sha256 != told["sha256"]
    taken.new, taken.changed = taken.new + (listing is None), taken.changed + (listing is not None)
    listing = listing or Listing(source=source, key=key)
    for name, value in told.items():
        setattr(listing, name, value)
    listing.checked_at, listing.problem = None, ""
    if data is not None and moved:
        listing.file.save(f"{told['sha256'][:32]}.jpg", ContentFile(data), save=False)
    listing.save()


def _read(row: Mapping[str, str]) -> dict[str, Any]:
    """The line's values. Raises BadInput that names the wrong one."""
    url, price, currency = row["url"], row["price"], row["currency"].upper()
    try:
        if url:
            _valid_url(url)
    except ValidationError as problem:
        raise BadInput(said("url is '%(value)s', which is no address.", value=url[:100])) from problem
    try:
        amount = Decimal(price).quantize(Decimal("0.01")) if price else None
        if amount is not None and not amount.is_finite():
            raise InvalidOperation
    except InvalidOperation as problem:
        raise BadInput(said("price is '%(value)s'; write a number such as 19.90.", value=price[:40])) from problem
    if amount is not None and not 0 <= amount < 10**10:
        raise BadInput(said("price is '%(value)s'; it must be a positive number.", value=price[:40]))
    if currency and (len(currency) != 3 or not currency.isalpha()):
        raise BadInput(said("currency is '%(value)s'; write three letters such as EUR.", value=currency[:40]))
    return {
        "url": url[:1000],
        "seller": row["seller"][:200],
        "title": row["title"][:500],
        "price": amount,
        "currency": currency,
    }


def _key(offer: str, picture: str) -> str:
    """What names this picture of this offer; addresses may be longer than a key."""
    key = f"{offer}#{picture}"
    return key if len(key) <= 400 else f"{key[:330]}…{content_hash(key.encode())}"
