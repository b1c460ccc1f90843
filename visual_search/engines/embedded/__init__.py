"""The default engine: one SQLite file a collection, in this process. No server; several processes may share it."""

from visual_search.engines.embedded.engine import EmbeddedEngine

__all__ = ["EmbeddedEngine"]
