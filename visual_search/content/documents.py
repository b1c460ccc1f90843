"""Makes an object's document: what its source says (texts, facets, codes, pictures) in the form that engines take."""

from __future__ import annotations

import hashlib
from bisect import insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from multilingual.languages import UNDETERMINED, base_code
from visual_search.content.objects import family_key_of
from visual_search.content.vectors import PictureVectors, Title
from visual_search.registry import Source
from visual_search.types import (
    FAMILY,
    Document,
    EncoderCard,
    FacetField,
    FacetKind,
    FacetValue,
    NamedVector,
    Picture,
    Text,
    Vector,
)
from visual_search.types.plain_text import plain_text


class SourceFailed(Exception):
    """A source couldn't describe an object; the message says which method, which object and why."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a source says about one object, cleaned; pictures not loaded yet."""

    id: str
    texts: Mapping[str, Text]
    facets: Mapping[str, FacetValue]
    codes: tuple[str, ...]
    pictures: tuple[Picture, ...]
    problem: str = ""  # why there may be more pictures than these
    family: str = ""  # what its sizes and colours share; "" where the source has no families

    @property
    def titles(self) -> tuple[Title, ...]:
        """The texts that get a vector: titles alone. Descriptions cost a hundred times more and blur the meaning."""
        return tuple(Title(text.title, language) for language, text in self.texts.items() if text.title)


def picture_key(content: Content, picture: Picture) -> str:
    """A name for this picture that no other picture of the batch has, whichever object it belongs to."""
    return f"{picture.id} of {content.id}"


def read(source: Source, obj: Any) -> Content:
    """Ask the source about an object. Raises SourceFailed; pictures that can't be told are only a `problem`."""
    step = ""
    try:
        step = "texts"
        texts = _texts(source.texts(obj))
        step = "facets"
        facets = _facets(source.facets(obj), source.schema)
        step = "codes"
        codes = tuple(dict.fromkeys(code for code in (str(item).strip() for item in source.codes(obj) if item) if code))
    # The source is the shop's code: whatever it raises is recorded beside the object and shown in the admin.
    except Exception as problem:
        raise SourceFailed(_failed(source, step, obj, problem)) from problem
    pictures, trouble = _pictures(source, obj)
    family = family_key_of(source, obj) if source.has_families else ""
    return Content(str(obj.pk), texts, facets, codes, pictures, trouble, family)


def _pictures(source: Source, obj: Any) -> tuple[tuple[Picture, ...], str]:
    """The pictures in their order, each id once, and what went wrong with those that lack."""
    pictures: list[Picture] = []
    trouble = ""
    try:
        for picture in source.pictures(obj):
            insort(pictures, picture, key=_position)
    # One row of the shop's, such as one whose file was deleted, mustn't take the object's words and other pictures along.
    except Exception as problem:
        trouble = _failed(source, "pictures", obj, problem)
    by_id = {picture.id: picture for picture in pictures}
    return tuple(by_id.values()), trouble


def _position(picture: Picture) -> int:
    return picture.position


def _failed(source: Source, step: str, obj: Any, problem: Exception) -> str:
    said = f"{type(problem).__name__}: {problem}"
    return f"{type(source).__name__}.{step}() failed for {source.model.__name__} {obj.pk}: {said}"


def build(
    content: Content,
    version: int,
    card: EncoderCard,
    pictures: PictureVectors,
    titles: Mapping[Title, Vector],
    *,
    seen: Mapping[str, str] | None = None,
) -> Document:
    """The whole document of one object. It leaves out pictures and titles that have no vector.

    `seen`: the label text of pictures, by content hash.
    """
    vectors: dict[str, list[NamedVector]] = {}
    for picture in content.pictures:
        for space, vector in pictures.vectors.get(picture_key(content, picture), {}).items():
            vectors.setdefault(space, []).append(NamedVector(picture.id, vector))
    if card.text is not None:
        for title in content.titles:
            if title in titles:
                vectors.setdefault(card.text.name, []).append(NamedVector(title.language, titles[title]))
    return Document(
        id=content.id,
        version=version,
        texts=content.texts,
        vectors={space: tuple(items) for space, items in vectors.items()},
        facets={**content.facets, FAMILY.name: content.family} if content.family else content.facets,
        codes=content.codes,
        seen_text=_seen_text(content, pictures, seen or {}),
    )


def content_hash(content: Content) -> str:
    """The same for the same content, in every process: whether an object differs from what was indexed of it.

    Pictures count by id and address: reading all files would take hours. What stands behind "?" in an address may be a
    signature that is new each time.
    """
    parts = (
        sorted(
            (language, text.title, text.description, sorted(text.keywords)) for language, text in content.texts.items()
        ),
        # A source may give a set, whose order is another one in each process.
        sorted((name, sorted(value) if isinstance(value, tuple) else value) for name, value in content.facets.items()),
        sorted(content.codes),
        sorted((picture.id, picture.url.partition("?")[0]) for picture in content.pictures),
        # As it was before there were families, so that shops without any index nothing again.
        *([content.family] if content.family else []),
    )
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def _seen_text(content: Content, pictures: PictureVectors, seen: Mapping[str, str]) -> str:
    """The label text of all pictures of an object, each word once."""
    hashes = (pictures.hashes.get(picture_key(content, picture), "") for picture in content.pictures)
    return " ".join(dict.fromkeys(word for key in hashes for word in seen.get(key, "").split()))


def _texts(texts: Mapping[str, Text]) -> dict[str, Text]:
    """Texts by ISO 639-1 code. "zh-CN" and "zh-TW" share an analyzer, so the second one's words join the first's."""
    by_language: dict[str, Text] = {}
    for tag, text in texts.items():
        language = base_code(tag) or UNDETERMINED
        clean = Text(
            title=_plain(text.title),
            description=_plain(text.description),
            keywords=tuple(plain for word in text.keywords if (plain := _plain(word))),
        )
        if not (clean.title or clean.description or clean.keywords):
            continue
        if language in by_language:
            first = by_language[language]
            more = (word for word in (clean.title, *clean.keywords) if word)
            described = dict.fromkeys(text for text in (first.description, clean.description) if text)
            by_language[language] = replace(
                first,
                title=first.title or clean.title,
                description="\n".join(described),
                keywords=tuple(dict.fromkeys((*first.keywords, *more))),
            )
        else:
            by_language[language] = clean
    return by_language


def _plain(text: object) -> str:
    return plain_text(str(text or "")).strip()


def _facets(facets: Mapping[str, Any], schema: Iterable[FacetField]) -> dict[str, FacetValue]:
    """Facet values in the types that engines take. A source may also give Decimals, lazy strings and lists."""
    fields = {field.name: field for field in schema}
    if unknown := sorted(set(facets) - set(fields)):
        raise ValueError(f"{', '.join(unknown)} isn't in the source's schema; add a FacetField or leave it out")
    clean = {name: _facet(fields[name], value) for name, value in facets.items()}
    return {name: value for name, value in clean.items() if value is not None}


def _facet(field: FacetField, value: Any) -> FacetValue:
    if value is None:
        return None
    if field.kind is FacetKind.NUMBER and isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return float(value)
    if field.kind is FacetKind.BOOLEAN and isinstance(value, bool):
        return value
    if field.kind in {FacetKind.KEYWORD, FacetKind.PATH} and not isinstance(value, bool | int | float | Decimal):
        if isinstance(value, list | tuple | set | frozenset):
            parts = tuple(dict.fromkeys(str(part).strip() for part in value if part and str(part).strip()))
            return parts or None
        return str(value).strip() or None
    raise ValueError(f"{field.name} is {value!r}, but the schema says that it is a {field.kind.value}")
