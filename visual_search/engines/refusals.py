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
    """Raise SchemaMismatch where the index was made for another schema. Labels and the order may change; all else may not."""
    if differences := differences_of(indexed, wanted):
        raise SchemaMismatch(
            f"The index of '{collection}' isn't what the settings ask for ({'; '.join(differences)}). "
            "Run `manage.py visual_search rebuild`."
        )


def differences_of(indexed: CollectionSchema, wanted: CollectionSchema) -> list[str]:
    """What the settings ask for and the index lacks (+), and what the index has and nobody asks for (-), in words."""
    has, asks = _parts(indexed), _parts(wanted)
    told = []
    for part in has:
        changes = [f"+ {name}" for name in sorted(asks[part] - has[part])]
        changes += [f"- {name}" for name in sorted(has[part] - asks[part])]
        if changes:
            told.append(f"{part}: {', '.join(changes)}")
    return told


def _parts(schema: CollectionSchema) -> dict[str, set[str]]:
    return {
        "spaces": {f"{space.name} ({space.dims} numbers, {space.fingerprint})" for space in schema.spaces},
        "facets": {f"{field.name} ({field.kind})" for field in schema.facets},
        "languages": set(schema.languages),
    }
