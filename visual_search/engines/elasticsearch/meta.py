"""What an index says of itself in the `_meta` of its mapping, asked now and then."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from visual_search.engines.elasticsearch import mapping
from visual_search.engines.elasticsearch.errors import readable
from visual_search.engines.elasticsearch.generations import Generations
from visual_search.engines.schema_json import schema_from_json
from visual_search.errors import SchemaMismatch
from visual_search.types import CollectionSchema

META_SECONDS = 5.0  # how long a process believes which index the alias names: another one may have swapped


@dataclass(frozen=True, slots=True)
class IndexMeta:
    """`asked`: when, on the monotonic clock; `widths`: of spaces that look wider than usual; `packed`: see mapping.meta_of."""

    asked: float
    schema: CollectionSchema
    widths: Mapping[str, float]
    packed: bool


class Metas:
    """The meta of each collection's live index, as this process knows it."""

    def __init__(self, generations: Generations) -> None:
        self.generations = generations
        self._known: dict[str, IndexMeta] = {}

    def of(self, collection: str) -> IndexMeta:
        """The meta of the live index, asked again after META_SECONDS; SchemaMismatch where its format is another one."""
        known = self._known.get(collection)
        if known is not None and time.monotonic() - known.asked < META_SECONDS:
            return known
        with readable(collection):
            client = self.generations.server.client
            mappings = next(iter(client.indices.get_mapping(index=self.generations.alias(collection)).values()))
        meta = mappings["mappings"].get("_meta", {})
        if meta.get("format") != mapping.FORMAT:
            raise SchemaMismatch(
                f"The index of '{collection}' has another format. Run `manage.py visual_search rebuild`."
            )
        known = IndexMeta(
            time.monotonic(),
            schema_from_json(meta["schema"]),
            meta.get("widths", {}),
            meta.get("packed", False),
        )
        self._known[collection] = known
        return known

    def keep_widths(self, collection: str, index: str, schema: CollectionSchema, widths: Mapping[str, float]) -> None:
        """Write into the index, for all processes, how many times the usual candidates each space compares."""
        wider = {space: width for space, width in widths.items() if width != 1.0}
        server = self.generations.server
        with readable(collection):
            meta = mapping.meta_of(schema, wider, packed=server.abilities.packed)
            server.client.indices.put_mapping(index=index, meta=meta)

    def forget(self, collection: str) -> None:
        self._known.pop(collection, None)

    def clear(self) -> None:
        self._known.clear()
