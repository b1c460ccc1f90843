"""The engine for shops that outgrew one machine: Elasticsearch 8.15 to 9, on the free (basic) licence."""

from visual_search.engines.elasticsearch.engine import ElasticsearchEngine

__all__ = ["ElasticsearchEngine"]
