"""What the node can do, found out once a process with a real small request of each kind. A version number proves nothing:
modules may be missing and licences may forbid."""

from __future__ import annotations

import logging
from contextlib import suppress
from uuid import uuid4

import numpy as np
from elasticsearch import ApiError, Elasticsearch, TransportError

from visual_search.engines.elasticsearch.mapping import packed_vector
from visual_search.engines.elasticsearch.query import Abilities

logger = logging.getLogger(__name__)
_DIMS = 96  # more than the 64 that bbq needs


def probe(client: Elasticsearch, prefix: str) -> Abilities:
    """Makes two tiny indexes, writes and searches one vector in each, and removes them."""
    vector = [1.0] + [0.0] * (_DIMS - 1)
    abilities = Abilities(
        bbq=_works(client, f"{prefix}probe-{uuid4().hex[:12]}", "bbq_hnsw", vector),
        packed=_works(client, f"{prefix}probe-{uuid4().hex[:12]}", "hnsw", packed_vector(np.array(vector))),
    )
    logger.info("Elasticsearch abilities: %s", abilities)
    return abilities


def _works(client: Elasticsearch, index: str, kind: str, stored: list[float] | str) -> bool:
    options = {
        "type": "dense_vector",
        "dims": _DIMS,
        "similarity": "cosine",
        "index": True,
        "index_options": {"type": kind},
    }
    try:
        client.indices.create(
            index=index,
            settings={"number_of_shards": 1, "number_of_replicas": 0},
            mappings={"properties": {"v": options}},
        )
        client.index(index=index, id="1", document={"v": stored}, refresh=True)
        knn = {"field": "v", "query_vector": [1.0] + [0.0] * (_DIMS - 1), "k": 1, "num_candidates": 10}
        return len(client.search(index=index, knn=knn)["hits"]["hits"]) == 1
    except ApiError as error:
        if error.status_code not in (400, 403):
            raise  # A node that is busy or starting says nothing about its abilities; the next call asks again.
        return False  # 400: unknown here. 403: licence or rights forbid it. Either way it isn't used.
    finally:
        with suppress(ApiError, TransportError):
            client.indices.delete(index=index, ignore_unavailable=True)
