"""The schema as every index keeps it: what was written once is read for as long as the index lives."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from tests.contracts.engine import SHOP, make_schema
from visual_search.engines.elasticsearch import mapping
from visual_search.engines.embedded import EmbeddedEngine
from visual_search.engines.schema_json import schema_from_json, schema_to_json
from visual_search.types import FacetField, FacetKind

# As indexes hold it that exist. A change here makes them unreadable: raise FORMAT of both engines with it.
WRITTEN = (
    '{"spaces": [["image", 8, "image-a"], ["text", 8, "text-a"]], "facets": [["category", "path"], ["brand", "keyword"], '
    '["tags", "keyword"], ["price", "number"], ["in_stock", "boolean"]], "languages": ["en", "de", "zh", "ja"]}'
)


def test_what_was_written_is_read() -> None:
    assert schema_from_json(json.loads(WRITTEN)) == make_schema()


def test_both_engines_write_it_to_the_letter(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path)
    engine.ensure(SHOP, make_schema())
    path = engine.generations.read(SHOP).current
    engine.close()
    with closing(sqlite3.connect(path)) as connection:
        (kept,) = connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    assert kept == WRITTEN
    meta = mapping.index_body(make_schema(), bbq=True, replicas=0)["mappings"]["_meta"]
    assert json.dumps(meta["schema"]) == WRITTEN
    assert mapping.fingerprint_of(make_schema()) == "81c0ec05"  # It is part of the names of indexes.


def test_labels_are_not_kept() -> None:
    labelled = replace(make_schema(), facets=(FacetField("brand", FacetKind.KEYWORD, label="Maker"),))
    assert schema_from_json(schema_to_json(labelled)).facets == (FacetField("brand", FacetKind.KEYWORD),)
