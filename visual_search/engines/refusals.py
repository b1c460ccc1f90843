"""What every engine says in the same words where it can't do what it is asked."""

from __future__ import annotations

from visual_search.errors import IndexMissing, SchemaMismatch
from visual_search.types import CollectionSchema


def no_index(collection: str) -> IndexMissing:
    """For a collection that was never made, or was dropped."""
    return IndexMissing(f"There is no index of '{collection}' yet. Run `manage.py visual_search rebuild`.")


def no_earlier_index(collection: str) -> IndexMissing:
    """For a rollback where no previous index is kept."""
    return IndexMissing(
        f"There is no earlier index of '{collection}' to go back to. Run `manage.py visual_search rebuild`."
    )


def refuse_other_schema(collection: str, *, indexed: CollectionSchema, wanted: CollectionSchema) -> None:
    """Raise SchemaMismatch where the index was made for another schema. Labels may change; all else may not."""
    if not _same(indexed, wanted):
        raise SchemaMismatch(
            f"The index of '{collection}' was made for {_in_words(indexed)}, but the settings now ask for "
            f"{_in_words(wanted)}. Run `manage.py visual_search rebuild`."
        )


def _same(one: CollectionSchema, other: CollectionSchema) -> bool:
    return (
        one.spaces == other.spaces
        and one.languages == other.languages
        and [(field.name, field.kind) for field in one.facets] == [(field.name, field.kind) for field in other.facets]
    )


def _in_words(schema: CollectionSchema) -> str:
    """For a message that sets two schemas side by side."""
    spaces = ", ".join(f"{space.name}[{space.dims}] {space.fingerprint[:12]}" for space in schema.spaces)
    facets = ", ".join(f"{field.name}:{field.kind}" for field in schema.facets)
    return f"spaces ({spaces}), facets ({facets}), languages ({', '.join(schema.languages)})"
