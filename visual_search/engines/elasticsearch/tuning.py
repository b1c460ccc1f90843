"""How many candidates of the graph are compared exactly, so that enough of the nearest objects are found."""

from __future__ import annotations

from collections.abc import Sequence

from visual_search.engines.elasticsearch import searching
from visual_search.engines.elasticsearch.client import Server
from visual_search.engines.recall import Check, recall_of, widen
from visual_search.types import CollectionSchema, EngineAnswer, EngineQuery, Vector

WIDTHS = (1.0, 2.0, 4.0, 8.0, 16.0)  # how many times the usual candidates a vector leg compares exactly


def tuned(
    server: Server, collection: str, index: str, space: str, queries: Sequence[Vector], *, schema: CollectionSchema
) -> Check:
    """The least of WIDTHS with the recall that is wanted, on this index, which may not be in use yet. Keeps nothing."""

    def recall_at(width: float) -> float:
        def search(asked: EngineQuery) -> EngineAnswer:
            return searching.answer(server, collection, index, asked, schema=schema, widths={space: width})

        return recall_of(search, space, queries)

    return widen(recall_at, WIDTHS)
