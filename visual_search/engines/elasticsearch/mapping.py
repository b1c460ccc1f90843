"""Index settings, mappings and documents as plain dictionaries. Pure functions."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from multilingual.analysis import is_form
from multilingual.languages import UNDETERMINED
from visual_search.engines.schema_json import schema_to_json
from visual_search.engines.terms import gram_text, kept_grams, term_counts
from visual_search.engines.validation import facet_values, kept_vector, plain_codes
from visual_search.ranking.bm25 import USUAL_GRAMS, USUAL_WORDS, form_script, saturation_script
from visual_search.types import CollectionSchema, Document, FacetField, FacetKind, FacetValue, Space, Vector

FORMAT = 3  # Raise it when the mapping changes: an index of another format is refused with "run visual_search rebuild".
QUANTISED_FROM = 64  # dims; smaller vectors cost nothing whole, and bbq needs more than 64


def index_body(schema: CollectionSchema, *, bbq: bool, replicas: int, packed: bool = False) -> dict[str, Any]:
    """Settings and mappings of a new index. `bbq`: the node has bbq_hnsw. `packed`: it reads packed vectors."""
    languages = dict.fromkeys((*schema.languages, UNDETERMINED))
    return {
        "settings": {
            "number_of_shards": 1,
            "number_of_replicas": replicas,
            "refresh_interval": "1s",
            # Texts arrive as index terms, made by multilingual/ for every engine alike, and each is sent as often as it
            # counts. What is left to do is to split at spaces and to score by the formula that all engines share.
            "analysis": {"analyzer": {"terms": {"type": "custom", "tokenizer": "whitespace"}}},
            "similarity": {
                "words": {"type": "scripted", "script": {"source": saturation_script(USUAL_WORDS)}},
                "forms": {"type": "scripted", "script": {"source": form_script()}},
                "grams": {"type": "scripted", "script": {"source": saturation_script(USUAL_GRAMS)}},
            },
        },
        "mappings": {
            "dynamic": "strict",
            # Terms are of no use but to be found; the shop's database keeps the texts.
            "_source": {"excludes": ["texts", "forms", "grams"]},
            "_meta": meta_of(schema, {}, packed=packed),
            "properties": {
                "id": {"type": "keyword"},
                "version": {"type": "long"},
                "deleted": {"type": "boolean"},
                "codes": {"type": "keyword"},
                "facets": {"properties": {field.name: _facet_mapping(field) for field in schema.facets}},
                "languages": {"type": "keyword"},
                "texts": {"properties": {language: _terms_mapping("words", "freqs") for language in languages}},
                "forms": {"properties": {language: _terms_mapping("forms", "freqs") for language in languages}},
                "grams": _terms_mapping("grams", "docs"),
                "vectors": {
                    "properties": {
                        space.name: {
                            "type": "nested",
                            "properties": {"key": {"type": "keyword"}, "v": _vector_mapping(space, bbq=bbq)},
                        }
                        for space in schema.spaces
                    }
                },
            },
        },
    }


def meta_of(schema: CollectionSchema, widths: Mapping[str, float], *, packed: bool) -> dict[str, Any]:
    """What an index says about itself. `widths`: for some spaces, how many times the usual candidates are compared.

    `packed` is kept here so that a process that only writes needn't find it out by an index of its own.
    """
    return {"format": FORMAT, "schema": schema_to_json(schema), "widths": dict(widths), "packed": packed}


def _vector_mapping(space: Space, *, bbq: bool) -> dict[str, Any]:
    """The index type is always named: its default changes with the server's version."""
    kind = "hnsw" if space.dims <= QUANTISED_FROM else "bbq_hnsw" if bbq else "int8_hnsw"
    return {
        "type": "dense_vector",
        "dims": space.dims,
        "similarity": "cosine",
        "index": True,
        "index_options": {"type": kind, "m": 16, "ef_construction": 100},
    }


def _terms_mapping(similarity: str, kept: str) -> dict[str, Any]:
    """Nothing follows anything here, so no positions are kept."""
    return {
        "type": "text",
        "analyzer": "terms",
        "search_analyzer": "terms",
        "index_options": kept,
        "similarity": similarity,
    }


def _facet_mapping(field: FacetField) -> dict[str, Any]:
    return {
        FacetKind.KEYWORD: {"type": "keyword"},
        FacetKind.PATH: {"type": "keyword"},
        FacetKind.NUMBER: {"type": "double"},
        FacetKind.BOOLEAN: {"type": "boolean"},
    }[field.kind]


def source_of(document: Document, schema: CollectionSchema, *, packed: bool = False) -> dict[str, Any]:
    """What is stored of a document. `packed`: the node reads vectors that are packed, which fills five times as fast."""
    fields = {field.name: field for field in schema.facets}
    facets = {name: _facet(fields[name], value) for name, value in document.facets.items() if value is not None}
    texts = term_counts(document, schema)
    return {
        "id": document.id,
        "version": document.version,
        "deleted": False,
        "codes": plain_codes(document.codes),
        "facets": facets,
        "languages": sorted(texts),
        "texts": _written(texts, forms=False),
        "forms": _written(texts, forms=True),
        "grams": " ".join(kept_grams(gram_text(document))),
        "vectors": {
            space: [{"key": item.key, "v": _sent_vector(item.vector, packed=packed)} for item in items]
            for space, items in document.vectors.items()
            if items
        },
    }


def _written(texts: Mapping[str, Mapping[str, int]], *, forms: bool) -> dict[str, str]:
    """By language the words, or their other forms, each as often as it counts.

    Forms have a field of their own, because the server counts all terms of a field in the length of its text.
    """
    written = {
        language: " ".join(term for term, count in counts.items() if is_form(term) is forms for _ in range(count))
        for language, counts in texts.items()
    }
    return {language: text for language, text in written.items() if text}


def _sent_vector(vector: Vector, *, packed: bool) -> list[float] | str:
    kept = kept_vector(vector)
    return packed_vector(kept) if packed else kept.tolist()


def packed_vector(vector: Vector) -> str:
    """Base64 of the numbers as big-endian 32-bit floats: a quarter of the letters that JSON takes."""
    return base64.b64encode(vector.astype(">f4").tobytes()).decode()


def tombstone(id: str, version: int) -> dict[str, Any]:
    """What stays of a deleted document, so that a late save of an older version is refused for as long as the index lives.

    Elasticsearch's own memory of deletes ends after `index.gc_deletes`.
    """
    return {"id": id, "version": version, "deleted": True}


def _facet(field: FacetField, value: FacetValue) -> Any:
    if field.kind in (FacetKind.KEYWORD, FacetKind.PATH):
        return list(facet_values(field, value))
    return value


def fingerprint_of(schema: CollectionSchema) -> str:
    """Eight characters for the index name, so that a person sees which indexes belong to which encoder."""
    return hashlib.sha256(json.dumps(schema_to_json(schema), sort_keys=True).encode()).hexdigest()[:8]
