"""From what a caller sent to the parts of a `Query`. The REST API and the storefront read their input with the same functions."""

from __future__ import annotations

import base64
import binascii
import io
import json
import math
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from PIL import Image

from multilingual import negation
from visual_search import wiring
from visual_search.conf import conf
from visual_search.engines.validation import known_field, numeric_field
from visual_search.errors import BadInput, PictureRefused
from visual_search.imaging.decode import decode
from visual_search.imaging.regions import LEAST_SIDE
from visual_search.privacy.packing import pack_regions, unpack_regions
from visual_search.privacy.sealing import Sealer, pack_vectors, unpack_vectors
from visual_search.ranking.taste import Taste, read_taste
from visual_search.types import (
    AnyOf,
    Between,
    Box,
    CollectionSchema,
    FacetKind,
    Filter,
    Not,
    Page,
    Point,
    QueryPicture,
    Region,
    Scene,
    Space,
    Vector,
    Witness,
)

PICTURES = 4  # photos in one question: each costs the encoder and the detector once
MOST_WEIGHT = 10.0
_PURPOSE = "photo"
_SCENE_PURPOSE = "photo's objects"
SCENE_BYTES = 20_000  # as text a third more; with the photo's own part it stays far below what a form may send
LEAST_PARTS = 3  # what is chosen, the whole, and one object
_PREVIEW_SIDE = 320  # px: large enough to tap the things in it, about 12 KB
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_RANGE_KEYS = {"gte", "lte"}
_OTHER_FIELDS = 1024 * 1024  # bytes beside the photo: words, filters, token, preview
_READ_TO_THE_END = 64 * 1024 * 1024  # bytes; a larger body is refused unread, though browsers then show no answer


class PhotoUploadHandler(FileUploadHandler):
    """Keeps an uploaded photo in memory, whatever FILE_UPLOAD_HANDLERS says: it never touches a disk.

    Django's own memory handler drops a file above its limit without a word, so that a photo of 13 MB would search for
    nothing at all. This one reads on, keeps one byte too many, and `uploaded` then names the size.
    """

    chunk_size = 64 * 1024

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        if content_length > _READ_TO_THE_END:
            raise RequestDataTooBig(too_large(content_length))
        self._room = conf.PICTURE_MAX_BYTES + 1  # for all files of the request together

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._kept = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        part = raw_data[: self._room]
        self._room -= len(part)
        self._kept.write(part)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self._kept.seek(0)
        return InMemoryUploadedFile(
            file=self._kept, field_name=self.field_name, name=self.file_name, content_type=self.content_type,
            size=file_size, charset=self.charset, content_type_extra=self.content_type_extra,
        )  # fmt: skip


def too_large(size: int) -> str:
    return (
        f"What was sent has {size / 1e6:.1f} MB; a photo may have {conf.PICTURE_MAX_BYTES / 1e6:.1f} MB. "
        "Send a smaller version, or a photo at a lower resolution."
    )


def refuse_too_large(content_length: int) -> None:
    """PictureRefused (413) for a body without files that is larger than a photo in base64 and the other fields."""
    if content_length > conf.PICTURE_MAX_BYTES * 4 // 3 + _OTHER_FIELDS:
        raise PictureRefused(too_large(content_length), field="image", code="too_large", status=413)


def uploaded(file: UploadedFile[Any]) -> QueryPicture:
    """The photo in an uploaded file. Raises PictureRefused."""
    if (file.size or 0) > conf.PICTURE_MAX_BYTES:
        raise PictureRefused(too_large(file.size or 0), field="image", code="too_large", status=413)
    return photo(file.read(), name=file.name or "")


def photo(data: bytes, *, name: str = "") -> QueryPicture:
    """A photo, opened safely under the shop's limits. Raises PictureRefused."""
    with _naming("image"):
        image = decode(data, max_bytes=conf.PICTURE_MAX_BYTES, max_pixels=conf.PICTURE_MAX_PIXELS, name=name)
    return QueryPicture(image=image)


def photo_from_base64(text: str) -> QueryPicture:
    """A photo as base64, with or without `data:image/...;base64,` in front."""
    body = text.partition(",")[2] if text.startswith("data:") else text
    if len(body) * 3 // 4 > conf.PICTURE_MAX_BYTES + 3:
        raise PictureRefused(too_large(len(body) * 3 // 4), field="image", code="too_large", status=413)
    try:
        data = base64.b64decode(re.sub(r"\s+", "", body), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInput(
            f"image is no valid base64 ({error}). Encode the file's bytes with standard base64.", field="image"
        ) from error
    return photo(data)


def page_token(page: Page) -> str:
    """The whole token of an answer's first photo; '' where there was none."""
    if not page.photo_vectors:
        return ""
    sealed = seal_photo(page.photo_vectors, page.photo_witness, until=page.pictures[0].expires)
    return sealed + seal_scene(page.pictures[:1])


def token_seconds(page: Page) -> int:
    """How long the token of this answer works from now on: as long as the one that was asked with, if there was one."""
    until = page.pictures[0].expires if page.pictures else None
    whole = conf.PHOTO_TOKEN_SECONDS
    return whole if until is None else max(0, min(whole, until - math.floor(time.time())))


def seal_photo(vectors: Mapping[str, Vector], witness: Witness | None = None, *, until: int | None = None) -> str:
    """A token that the browser keeps instead of the photo; '' where there was none. The server stores nothing.

    `until`: the end of the token that the vectors came from, in seconds since 1970. No answer prolongs it.
    """
    if not vectors:
        return ""
    spaces = {space.name: space for space in wiring.encoder().card.spaces}
    packed = pack_vectors({_label(spaces[name]): vector for name, vector in vectors.items()})
    said = json.dumps(asdict(witness or Witness()), ensure_ascii=False, separators=(",", ":")).encode()
    payload = len(packed).to_bytes(4, "big") + packed + said
    return _sealer().seal(payload, purpose=_PURPOSE, ttl=conf.PHOTO_TOKEN_SECONDS, until=until)


def photo_from_token(token: str) -> QueryPicture:
    """The photo's vectors from a sealed token. Raises BadInput for one that is tampered, expired or of another encoder."""
    token, _, sealed_scene = token.partition(".")
    with _naming("photo_token"):
        opened = _sealer().open(token, purpose=_PURPOSE)
        payload, expires = opened.payload, opened.expires
        end = 4 + int.from_bytes(payload[:4], "big")
        found, witness = unpack_vectors(payload[4:end]), _witness(payload[end:])
        scene = None
        if sealed_scene:
            opened = _sealer().open(sealed_scene, purpose=_SCENE_PURPOSE)
            # The parts of two tokens fit together, so that a younger one in front must not prolong the other.
            scene, expires = _scene(opened.payload), min(expires, opened.expires)
    known = {_label(space): space for space in wiring.encoder().card.spaces}
    vectors = {
        known[label].name: vector
        for label, vector in found.items()
        if label in known and vector.size == known[label].dims
    }
    if wiring.encoder().card.image.name not in vectors:
        raise BadInput(
            "The shop's picture search has been renewed since this photo was added. Add the photo again.",
            field="photo_token",
            code="token_outdated",
        )
    return QueryPicture(vectors=vectors, witness=witness, scene=scene, expires=expires)


def _witness(packed: bytes) -> Witness:
    """What the photo said; nothing, where the token was sealed by another version."""
    try:
        said = json.loads(packed)
        return Witness(
            text=str(said["text"]),
            codes=tuple(map(str, said["codes"])),
            copies=tuple(map(str, said["copies"])),
            confirmed={str(id): float(sure) for id, sure in said["confirmed"].items()},
            studio=bool(said.get("studio")),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return Witness()


def photo_token(picture: QueryPicture) -> str:
    """The whole token of one of several photos."""
    return seal_photo(picture.vectors, until=picture.expires) + seal_scene([picture]) if picture.vectors else ""


def seal_scene(pictures: Sequence[QueryPicture]) -> str:
    """What goes behind the token of the first photo, so that its other objects can be chosen; '' where there are none."""
    scene = pictures[0].scene if pictures else None
    if scene is None or not scene.objects:
        return ""
    spaces = {space.name: space for space in wiring.encoder().card.spaces}
    parts = [
        replace(part, vectors={_label(spaces[name]): vector for name, vector in part.vectors.items()})
        for part in (Region(scene.chosen, vectors=scene.whole.vectors), scene.whole, *scene.objects)
    ]
    while len(parts) >= LEAST_PARTS:
        packed = pack_regions(parts)
        if len(packed) <= SCENE_BYTES:
            return "." + _sealer().seal(
                packed, purpose=_SCENE_PURPOSE, ttl=conf.PHOTO_TOKEN_SECONDS, until=pictures[0].expires
            )
        # Encoders with many dimensions fill the token sooner; the least sure things are left out.
        parts.pop()
    return ""


def _scene(packed: bytes) -> Scene | None:
    parts = unpack_regions(packed)
    known = {_label(space): space for space in wiring.encoder().card.spaces}
    if len(parts) < LEAST_PARTS or any(set(part.vectors) - set(known) for part in parts):
        return None
    chosen, whole, *objects = (
        replace(part, vectors={known[label].name: vector for label, vector in part.vectors.items()}) for part in parts
    )
    return Scene(whole, tuple(objects), chosen.box)


def box(raw: object, *, field: str = "box") -> Box | None:
    """A part of the photo: four numbers x1, y1, x2, y2 as shares of its width and height, as a list or with commas."""
    if raw in (None, "", []):
        return None
    try:
        x1, y1, x2, y2 = _numbers(raw, 4)
    except (TypeError, ValueError, OverflowError):
        raise BadInput(
            f"{field} is {_shown(raw)}; it must be four numbers x1, y1, x2, y2 between 0 and 1.", field=field
        ) from None
    if not (x1 >= 0 and x1 + LEAST_SIDE <= x2 <= 1 and y1 >= 0 and y1 + LEAST_SIDE <= y2 <= 1):
        raise BadInput(
            f"{field} is {_shown(raw)}; it must hold 0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1 as shares of the photo, "
            f"with sides of at least {LEAST_SIDE}.",
            field=field,
        )
    return x1, y1, x2, y2


def point(raw: object, *, field: str = "point") -> Point | None:
    """Where somebody tapped: two numbers x, y as shares of the photo's width and height, as a list or with commas."""
    if raw in (None, "", []):
        return None
    try:
        x, y = _numbers(raw, 2)
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise BadInput(
            f"{field} is {_shown(raw)}; it must be two numbers x, y between 0 and 1, as shares of the photo from the "
            "top left.",
            field=field,
        ) from None
    return x, y


def _numbers(raw: object, count: int) -> list[float]:
    """So many numbers in a list or with commas. Raises TypeError, ValueError or OverflowError for anything else."""
    numbers = raw.split(",") if isinstance(raw, str) else raw
    if (
        not isinstance(numbers, list | tuple)
        or len(numbers) != count
        or any(isinstance(part, bool) for part in numbers)
    ):
        raise ValueError
    return [float(part) for part in numbers]


def object_number(raw: object) -> int | None:
    """The place of an object among `objects` of an earlier answer, from 0."""
    if raw in (None, ""):
        return None
    if isinstance(raw, bool) or not re.fullmatch(r"\d{1,3}", str(raw)):
        raise BadInput(f"object is {_shown(raw)}; it must be the id of one of the answer's objects.", field="object")
    return int(str(raw))


def preview(image: Image.Image) -> str:
    """A small JPEG of the photo as a data URI, made from pixels alone, so that the results page can show it."""
    small = image.copy()
    small.thumbnail((_PREVIEW_SIDE, _PREVIEW_SIDE))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=75)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def words(text: str) -> str:
    """The shopper's words without control characters; cut at QUERY_MAX_CHARS by the search."""
    return _CONTROL.sub(" ", text).strip()


def words_and_not(text: str, language: str | None) -> tuple[str, tuple[str, ...]]:
    """The shopper's words, and what they say must be left out: "sofa -leather", "sofa not leather"."""
    return negation.split(words(text), language)


def weight(raw: object, *, field: str, least: float = 0.0) -> float:
    """What a part counts beside the others; 1 where nothing is said."""
    number = _number(raw, field)
    if number is None:
        return 1.0
    if not least <= number <= MOST_WEIGHT:
        raise BadInput(f"{field} is {number:g}; it must lie between {least:g} and {MOST_WEIGHT:g}.", field=field)
    return number


def weighted_ids(raw: Iterable[object], *, field: str) -> tuple[tuple[str, ...], dict[str, float]]:
    """Ids of products, each as a text or as `{"id": "12", "weight": 2}`, and the weights that were given."""
    weights: dict[str, float] = {}
    ids = []
    for item in raw:
        if isinstance(item, Mapping):
            refuse_unknown(item, ("id", "weight"))
            id = item.get("id")
            if isinstance(id, bool) or not isinstance(id, str | int) or not str(id).strip():
                raise BadInput(f'{field} has {_shown(item)}; it must be like {{"id": "12", "weight": 2}}.', field=field)
            ids.append(str(id).strip())
            weights[ids[-1]] = weight(item.get("weight"), field=f"{field}.weight")
        else:
            ids.append(str(item))
    return tuple(ids), weights


def taste(raw: object) -> Taste:
    """What the shopper's device remembers. A bad one never costs the answer: it is empty, with the problem named."""
    return read_taste(raw, today=int(time.time() // 86_400))


def whole_number(text: object, *, field: str, default: int) -> int:
    if text in (None, ""):
        return default
    if isinstance(text, bool) or not re.fullmatch(r"\d{1,6}", str(text)):
        raise BadInput(f"{field} is {str(text)[:40]!r}; it must be a whole number from 1 to 999999.", field=field)
    return int(str(text))


def filters(raw: Any, schema: CollectionSchema) -> tuple[Filter, ...]:
    """Filters from JSON: `{"category": ["Home"], "price": {"gte": 1, "lte": 9}, "in_stock": true, "not": {...}}`.

    A list means any of its values; all fields must hold. BadInput names the field and the offending value.
    """
    if raw in (None, "", {}):
        return ()
    if not isinstance(raw, Mapping):
        raise BadInput(
            f'filters is {_shown(raw)}; it must be an object such as {{"brand": ["Acme"]}}.', field="filters"
        )
    found: list[Filter] = []
    for name, value in raw.items():
        if name != "not":
            found.append(_filter(str(name), value, schema))
        elif isinstance(value, Mapping) and "not" in value:
            # Before going in, so that a thousand of them inside each other go no deeper.
            raise BadInput("filters has a 'not' inside a 'not'. Write the inner part without it.", field="filters.not")
        else:
            found += [Not(inner) for inner in filters(value, schema) if not isinstance(inner, Not)]
    return tuple(found)


def _filter(name: str, value: Any, schema: CollectionSchema) -> Filter:
    kind = known_field(name, schema).kind
    where = f"filters.{name}"
    if isinstance(value, Mapping):
        numeric_field(name, schema)
        if not value or set(value) - _RANGE_KEYS:
            raise BadInput(f"{where} is {_shown(value)}; a range has 'gte', 'lte' or both.", field=where)
        return Between(name, _number(value.get("gte"), where), _number(value.get("lte"), where))
    values = value if isinstance(value, list | tuple) else [value]
    if not values:
        raise BadInput(f"{where} is empty; leave it out or give at least one value.", field=where)
    if len(values) > 200:
        raise BadInput(f"{where} has {len(values)} values; at most 200 are allowed.", field=where)
    return AnyOf(name, tuple(_value(part, kind, where) for part in values))


def _value(value: Any, kind: FacetKind, where: str) -> str | float | bool:
    if kind is FacetKind.NUMBER:
        number = _number(value, where)
        if number is None:
            raise BadInput(f"{where} is null; give a number.", field=where)
        return number
    if kind is FacetKind.BOOLEAN:
        if isinstance(value, bool):
            return value
        if value in ("true", "false"):
            return bool(value == "true")
        raise BadInput(f"{where} is {_shown(value)}; it must be true or false.", field=where)
    if not isinstance(value, str) or not value or _CONTROL.search(value) or len(value) > 500:
        raise BadInput(
            f"{where} is {_shown(value)}; it must be a text of 1 to 500 characters without control characters.",
            field=where,
        )
    return value


def _number(value: Any, where: str) -> float | None:
    if value in (None, ""):
        return None
    try:
        number = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError):
        number = math.nan
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise BadInput(f"{where} is {_shown(value)}; it must be a number.", field=where)
    return number


def refuse_unknown(given: Iterable[str], known: Iterable[str]) -> None:
    """BadInput that names the first parameter nobody knows, so that a typing mistake isn't silently ignored."""
    allowed = list(known)
    for name in given:
        if name not in allowed:
            raise BadInput(
                f"There is no parameter '{name[:60]}'. Known: {', '.join(allowed)}.",
                field=name[:60],
                code="unknown_parameter",
            )


@contextmanager
def _naming(field: str) -> Iterator[None]:
    """Inner rooms don't know what the caller calls the thing; an error must name the parameter that was sent."""
    try:
        yield
    except BadInput as error:
        error.field = field
        raise


def _shown(value: object) -> str:
    return repr(value)[:80]


def _label(space: Space) -> str:
    return f"{space.name}:{space.fingerprint[:12]}"


def _sealer() -> Sealer:
    return Sealer([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])
