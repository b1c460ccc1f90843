"""What every engine checks in the same words: documents before they are stored, queries before they are run."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from multilingual.normalising import normalise
from visual_search.errors import BadInput, said
from visual_search.types import (
    FAMILY,
    AnyOf,
    Between,
    BrowseLeg,
    CollectionSchema,
    Document,
    EngineQuery,
    FacetField,
    FacetKind,
    FacetValue,
    Filter,
    IdsLeg,
    Not,
    Vector,
    VectorLeg,
    path_prefixes,
    unit,
)

LARGEST_VERSION = 2**62
SHORTEST_GTIN = 8  # digits
MOST_IDS = 10_000  # of an IdsLeg: Elasticsearch gives no more hits at once
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


def why_not(document: Document, schema: CollectionSchema) -> str | None:
    """Why this document can't be stored under this schema, in one sentence; None when it can."""
    if not document.id or len(document.id.encode("utf-8", "replace")) > 512:
        return f"The id {document.id[:40]!r} must have 1 to 512 bytes."
    if not 0 <= document.version <= LARGEST_VERSION:
        return f"The version {document.version} must lie between 0 and 2**62."
    return _characters_fault(document) or _vectors_fault(document, schema) or _facets_fault(document, schema)


def _characters_fault(document: Document) -> str | None:
    keys = (item.key for vectors in document.vectors.values() for item in vectors)
    for name, values in (("id", (document.id,)), ("key", keys), ("code", document.codes)):
        for value in values:
            if has_half_character(value):
                return f"The {name} {value!r} holds half of a surrogate pair, which is no character."
    return None


def _vectors_fault(document: Document, schema: CollectionSchema) -> str | None:
    dims = {space.name: space.dims for space in schema.spaces}
    for name, vectors in document.vectors.items():
        if name not in dims:
            return f"The space '{name}' is not in the schema. Known: {', '.join(dims)}."
        for item in vectors:
            if item.vector.shape != (dims[name],):
                return (
                    f"Vector '{item.key}' of space '{name}' has {item.vector.size} numbers, but the index holds "
                    f"{dims[name]}. Run `manage.py visual_search rebuild`."
                )
            if not np.isfinite(item.vector).all():
                return f"Vector '{item.key}' of space '{name}' has numbers that are not finite."
            if not item.vector.any():
                return f"Vector '{item.key}' of space '{name}' is zero; a cosine with it has no meaning."
    return None


def _facets_fault(document: Document, schema: CollectionSchema) -> str | None:
    fields = {field.name: field for field in schema.facets}
    for name, value in document.facets.items():
        if name not in fields:
            return f"The facet '{name}' is not in the schema. Known: {', '.join(fields) or 'none'}."
        if value is not None and not _fits(fields[name].kind, value):
            return f"The facet '{name}' is {value!r}, which is no {fields[name].kind}."
    return None


def _fits(kind: FacetKind, value: FacetValue) -> bool:
    if kind is FacetKind.BOOLEAN:
        return isinstance(value, bool)
    if kind is FacetKind.NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, str) or (isinstance(value, tuple) and all(isinstance(part, str) for part in value))


def facet_values(field: FacetField, value: FacetValue) -> tuple[str, ...]:
    """The strings under which a keyword or path is filtered and counted: a path counts on each of its levels."""
    values = (value,) if isinstance(value, str) else value if isinstance(value, tuple) else ()
    if field.kind is not FacetKind.PATH:
        return tuple(dict.fromkeys(part for part in values if part))
    return tuple(dict.fromkeys(prefix for part in values for prefix in path_prefixes(part)))


def check_query(query: EngineQuery, schema: CollectionSchema) -> None:
    """Raise BadInput, naming the part, where a query asks for what the schema doesn't have."""
    dims = {space.name: space.dims for space in schema.spaces}
    for leg in query.legs:
        if leg.k < 1:
            raise BadInput(
                said("Leg '%(name)s' asks for %(k)s objects; ask for 1 or more.", name=leg.name, k=leg.k), field="k"
            )
        if isinstance(leg, VectorLeg):
            if leg.space not in dims:
                raise BadInput(
                    said("There is no space '%(space)s'. Known: %(known)s.", space=leg.space, known=", ".join(dims)),
                    field="space",
                )
            if leg.vector.shape != (dims[leg.space],):
                raise BadInput(
                    said(
                        "The query vector has %(size)s numbers, but space '%(space)s' holds %(dims)s. Run `manage.py "
                        "visual_search rebuild` if the encoder has changed.",
                        size=leg.vector.size,
                        space=leg.space,
                        dims=dims[leg.space],
                    ),
                    field="vector",
                )
            if not np.isfinite(leg.vector).all() or not leg.vector.any():
                raise BadInput(
                    said(
                        "The query vector of leg '%(name)s' is zero or not finite, so nothing is near it.",
                        name=leg.name,
                    ),
                    field="vector",
                )
        elif isinstance(leg, IdsLeg) and len(leg.ids) > MOST_IDS:
            raise BadInput(
                said(
                    "Leg '%(name)s' names %(count)s ids; ask for at most %(most)s.",
                    name=leg.name,
                    count=len(leg.ids),
                    most=MOST_IDS,
                ),
                field="ids",
            )
        elif isinstance(leg, BrowseLeg) and leg.order_by is not None:
            numeric_field(leg.order_by, schema)
    for filter in query.filters:
        check_filter(filter, schema)


def check_filter(filter: Filter, schema: CollectionSchema) -> None:
    inner = filter.filter if isinstance(filter, Not) else filter
    if isinstance(inner, Between):
        numeric_field(inner.field, schema)
        for end in (inner.at_least, inner.at_most):
            if end is not None and math.isnan(end):
                raise BadInput(
                    said("The range of '%(field)s' ends at NaN; give a number.", field=inner.field), field=inner.field
                )
    elif isinstance(inner, AnyOf):
        field = known_field(inner.field, schema)
        for value in inner.values:
            if field.kind is FacetKind.NUMBER and not _fits(field.kind, value):
                raise BadInput(
                    said(
                        "The facet '%(name)s' is a number, but %(value)s is none.", name=field.name, value=repr(value)
                    ),
                    field=field.name,
                )


def known_field(name: str, schema: CollectionSchema) -> FacetField:
    for field in schema.facets:
        if field.name == name:
            return field
    known = ", ".join(field.name for field in schema.facets if field != FAMILY) or "none"
    raise BadInput(said("There is no facet '%(name)s'. Known: %(known)s.", name=name, known=known), field=name)


def numeric_field(name: str, schema: CollectionSchema) -> FacetField:
    field = known_field(name, schema)
    if field.kind is not FacetKind.NUMBER:
        raise BadInput(
            said(
                "The facet '%(name)s' is a %(kind)s, but a range or an order needs a number.",
                name=name,
                kind=field.kind,
            ),
            field=name,
        )
    return field


def kept_vector(vector: Vector) -> Vector:
    """The numbers that every engine compares with: of half precision, then brought back to length 1 as float32.

    Half the disk and half the reading; a cosine moves by about 1e-5. All engines compare with the same numbers, so that
    they rank alike to the sixth place. Elasticsearch takes a length that is off by less than 1e-4 for 1, hence the length.
    """
    return unit(half_precision(vector))


def half_precision(vector: Vector) -> npt.NDArray[np.float16]:
    return unit(vector).astype(np.float16)


def has_half_character(text: str) -> bool:
    """Whether it holds half of a surrogate pair, which a broken import may leave: no character that can be stored."""
    return _HALF_CHARACTER.search(text) is not None


def plain_codes(codes: Iterable[str]) -> list[str]:
    """Codes as they are kept and compared: letters and digits alone, without case; each once, and none that is empty.

    `TS-MEN-BLK-M`, `TSMENBLKM` and `"ts men blk m"` are one code. A GTIN is the same in all its lengths (8, 12, 13 and 14
    digits, https://www.gs1.org/standards/id-keys/gtin), which differ in zeros at the front.
    """
    return list(dict.fromkeys(plain for code in codes if (plain := _plain_code(code))))


def _plain_code(code: str) -> str:
    plain = "".join(character for character in normalise(code).casefold() if character.isalnum())
    if plain.isdigit() and len(plain) >= SHORTEST_GTIN:
        return plain.lstrip("0") or plain
    # A code of signs alone is kept as it is.
    return plain or code.strip().casefold()
