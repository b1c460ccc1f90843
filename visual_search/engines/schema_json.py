"""How a collection's schema is written into its index, whatever the engine. An index that exists must stay readable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from visual_search.types import CollectionSchema, FacetField, FacetKind, Space


def schema_to_json(schema: CollectionSchema) -> dict[str, Any]:
    """Plain lists and texts. Labels of facets aren't kept: they may change at any time."""
    return {
        "spaces": [[space.name, space.dims, space.fingerprint] for space in schema.spaces],
        "facets": [[field.name, field.kind.value, *(() if field.searchable else (False,))] for field in schema.facets],
        "languages": list(schema.languages),
    }


def schema_from_json(data: Mapping[str, Any]) -> CollectionSchema:
    """The schema that `schema_to_json` wrote."""
    return CollectionSchema(
        spaces=tuple(Space(name, dims, fingerprint) for name, dims, fingerprint in data["spaces"]),
        facets=tuple(FacetField(name, FacetKind(kind), searchable=not more) for name, kind, *more in data["facets"]),
        languages=tuple(data["languages"]),
    )
