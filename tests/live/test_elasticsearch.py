"""Elasticsearch fulfils the same contract as the embedded engine, on a real node."""

from collections.abc import Iterator

import pytest

from tests.contracts.engine import EngineContract
from visual_search.engines.elasticsearch import ElasticsearchEngine

pytestmark = pytest.mark.live


class TestElasticsearch(EngineContract):
    @pytest.fixture
    def engine(self, elasticsearch_url: str, prefix: str) -> Iterator[ElasticsearchEngine]:
        engine = ElasticsearchEngine(elasticsearch_url, index_prefix=prefix)
        engine.server._abilities = self.abilities(elasticsearch_url)
        yield engine
        engine.close()

    _probed = None

    def abilities(self, url: str):
        """Probed once for the whole class, as a process would."""
        if type(self)._probed is None:
            engine = ElasticsearchEngine(url, index_prefix="test-probe-")
            type(self)._probed = engine.server.abilities
            engine.close()
        return type(self)._probed
