"""What is sent to Elasticsearch, as plain dictionaries: no server is needed to see that it is right."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.engine import DIMS, make_document, make_schema, vector
from visual_search.engines.elasticsearch import mapping, names, query
from visual_search.engines.elasticsearch.replies import leg_answer
from visual_search.engines.schema_json import schema_from_json
from visual_search.engines.terms import Asked, Clause, Counted, Wanted, asked_in, plan, read_grams
from visual_search.engines.validation import kept_vector
from visual_search.errors import ConfigurationError
from visual_search.ranking.bm25 import USUAL_WORDS, saturation
from visual_search.types import (
    AnyOf,
    Between,
    BrowseLeg,
    CodeLeg,
    EngineQuery,
    GramsLeg,
    IdsLeg,
    LegAnswer,
    LegHit,
    Not,
    Space,
    Text,
    VectorLeg,
    WordsLeg,
)

WIDE = 512
SCHEMA = replace(make_schema(), spaces=(Space("image", WIDE, "i"), Space("tiny", DIMS, "t")))
PHOTO = VectorLeg("v", "image", vector(1, WIDE), 10)


def body(leg: VectorLeg | CodeLeg | IdsLeg | BrowseLeg, *, width: float = 1.0, **asked: Any) -> dict[str, Any]:
    return query.body(leg, EngineQuery((leg,), **asked), SCHEMA, width=width)


def walk(node: Any) -> Iterator[tuple[str, Any]]:
    """Every key with its value, at any depth."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield key, value
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


# --- Mappings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("bbq", "kind"), [(True, "bbq_hnsw"), (False, "int8_hnsw")])
def test_the_index_type_of_vectors_is_named_and_depends_on_the_node(bbq: bool, kind: str) -> None:
    vectors = mapping.index_body(SCHEMA, bbq=bbq, replicas=0)["mappings"]["properties"]["vectors"]["properties"]
    wide, tiny = (vectors[name]["properties"]["v"] for name in ("image", "tiny"))
    assert vectors["image"]["type"] == "nested"
    assert (wide["dims"], wide["similarity"], wide["index_options"]["type"]) == (WIDE, "cosine", kind)
    assert tiny["index_options"]["type"] == "hnsw"  # bbq needs more than 64 dims.


def test_no_field_is_ever_guessed() -> None:
    body = mapping.index_body(SCHEMA, bbq=True, replicas=2)
    assert body["mappings"]["dynamic"] == "strict"
    assert body["settings"]["number_of_replicas"] == 2


def test_the_schema_survives_its_way_through_the_index() -> None:
    stored = json.loads(json.dumps(mapping.index_body(SCHEMA, bbq=True, replicas=0)["mappings"]["_meta"]["schema"]))
    assert schema_from_json(stored) == SCHEMA


def test_every_language_has_a_field_and_the_others_share_one() -> None:
    texts = mapping.index_body(SCHEMA, bbq=True, replicas=0)["mappings"]["properties"]["texts"]["properties"]
    assert set(texts) == {"en", "de", "zh", "ja", "und"}
    stored = mapping.source_of(make_document("a", texts={"fi": Text("tuoli"), "sv": Text("stol")}), SCHEMA)["texts"]
    assert set(stored) == {"und"}
    assert stored["und"].split() == ["tuoli"] * 4 + ["stol"] * 4  # as often as a title counts


def test_another_encoder_gives_another_fingerprint() -> None:
    fingerprints = {mapping.fingerprint_of(make_schema(fingerprint=name)) for name in "abca"}
    assert len(fingerprints) == 3
    assert all(len(fingerprint) == 8 for fingerprint in fingerprints)


def test_a_document_keeps_paths_on_every_level_and_codes_without_case() -> None:
    source = mapping.source_of(
        make_document("a", facets={"category": "Home > Office", "brand": None, "price": 3.0}, codes=(" SH-1 ", "")),
        SCHEMA,
    )
    assert source["facets"] == {"category": ["Home", "Home > Office"], "price": 3.0}
    assert source["codes"] == ["sh1"]
    assert source["deleted"] is False


def test_vectors_are_kept_as_every_engine_keeps_them() -> None:
    long = vector(1, WIDE) * 7
    stored = mapping.source_of(make_document("a", images={"p": long}), SCHEMA)["vectors"]["image"][0]["v"]
    assert np.array_equal(np.array(stored, np.float32), kept_vector(vector(1, WIDE)))
    assert np.linalg.norm(stored) == pytest.approx(1.0, abs=1e-6)
    assert float(np.array(stored) @ vector(1, WIDE)) == pytest.approx(1.0, abs=1e-6)


def test_packed_vectors_are_the_same_numbers() -> None:
    documents = make_document("a", images={"p": vector(1, WIDE)})
    plain, packed = (
        mapping.source_of(documents, SCHEMA, packed=packed)["vectors"]["image"][0]["v"] for packed in (False, True)
    )
    assert np.frombuffer(base64.b64decode(packed), ">f4").tolist() == plain


def test_a_tombstone_keeps_nothing_but_the_version() -> None:
    assert mapping.tombstone("a", 7) == {"id": "a", "version": 7, "deleted": True}


# --- Names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prefix", "collection", "alias"),
    [("", "Products", "products"), ("shop-", "genuine", "shop-genuine"), ("", "товары", "товары"), ("t-", "a-b_c", "t-a-b_c")],
)  # fmt: skip
def test_a_collection_names_its_alias(prefix: str, collection: str, alias: str) -> None:
    assert names.alias_of(prefix, collection) == alias


@pytest.mark.parametrize(
    ("prefix", "collection"),
    [("", ""), ("", "a b"), ("", "a*"), ("", "_all"), ("", "a--previous"), ("", "../a"), ("Shop-", "a"), ("s*", "a"), ("-", "a"), ("", "a" * 101)],
)  # fmt: skip
def test_what_can_name_no_index_is_a_configuration_error(prefix: str, collection: str) -> None:
    with pytest.raises(ConfigurationError, match="can't name an index"):
        names.alias_of(prefix, collection)


def test_generations_of_one_collection_are_never_those_of_another() -> None:
    mine = [names.generation_name("things", number, "0123abcd") for number in (2, 10, 10_000)]
    others = [
        names.generation_name("things-v2", 1, "0123abcd"),
        "things-v0001-notes",
        "things-v1-0123abcd",
        "logs-v2-x",
    ]
    assert names.generations("things", [*others, *reversed(mine)]) == mine
    assert [names.number_of(name) for name in mine] == [2, 10, 10_000]


def test_only_the_index_that_is_searched_has_a_served_alias() -> None:
    index = names.generation_name("things", 1, "0123abcd")
    assert names.served_alias(index, {"things": {}}) == "things"
    assert names.served_alias(index, {names.previous_alias("things"): {}}) is None
    assert names.served_alias(index, {names.building_alias(index): {}}) is None
    assert names.served_alias("logs-v2-2024", {"logs": {}}) is None


# --- Queries ------------------------------------------------------------------------------------

LEGS = [
    PHOTO,
    replace(PHOTO, exact=True),
    VectorLeg("v", "tiny", vector(1), 10),
    CodeLeg("c", ("A-1",), 10),
    IdsLeg("i", ("a", "b"), 10),
    BrowseLeg("b", 10, order_by="price"),
]


@pytest.mark.parametrize("leg", LEGS, ids=["kNN", "exact", "tiny", "code", "ids", "browse"])
def test_every_leg_filters_before_it_scores_and_returns_no_source(
    leg: VectorLeg | CodeLeg | IdsLeg | BrowseLeg,
) -> None:
    sent = body(leg, filters=(AnyOf("brand", ("Acme",)),), exclude=("x",), only=("a", "b"))
    wanted = [
        {"term": {"deleted": False}},
        {"terms": {"facets.brand": ["Acme"]}},
        {"bool": {"must_not": {"terms": {"id": ["x"]}}}},
        {"terms": {"id": ["a", "b"]}},
    ]
    assert sent["_source"] is False
    assert all(value is False for key, value in walk(sent) if key == "_source")
    assert "post_filter" not in sent
    knn = [value for key, value in walk(sent) if key == "knn"]
    if knn:
        assert knn[0]["filter"] == {"bool": {"filter": wanted}}
    else:
        lists = [value for key, value in walk(sent["query"]) if key == "filter" and isinstance(value, list)]
        assert lists[0][: len(wanted)] == wanted


def test_candidates_of_the_graph_are_scored_from_the_raw_vectors() -> None:
    found = body(PHOTO)["query"]["bool"]
    knn = found["filter"]["nested"]["query"]["knn"]
    assert knn["k"] == knn["num_candidates"] == query.SECOND_PASS
    assert "cosineSimilarity" in str(found["must"])
    assert found["must"] == body(replace(PHOTO, exact=True))["query"]["bool"]["must"]
    wider = body(PHOTO, width=4.0)["query"]["bool"]["filter"]["nested"]["query"]["knn"]
    assert wider["k"] == 4 * query.SECOND_PASS


@pytest.mark.parametrize("exact", [False, True])
def test_the_best_picture_is_fetched_only_for_a_leg_that_names_it(exact: bool) -> None:
    named, unnamed = (body(replace(PHOTO, exact=exact, named=named)) for named in (None, 0))
    inner = named["query"]["bool"]["must"]["nested"].pop("inner_hits")
    assert inner["docvalue_fields"] == ["vectors.image.key"]
    assert named == unnamed


@given(k=st.integers(1, 10**6), width=st.sampled_from((1.0, 16.0)))
def test_no_number_passes_the_servers_limits(k: int, width: float) -> None:
    sent = body(replace(PHOTO, k=k), width=width)
    knn = sent["query"]["bool"]["filter"]["nested"]["query"]["knn"]
    assert 1 <= knn["k"] <= knn["num_candidates"] <= 10_000
    assert sent["size"] <= 10_000


def test_scripts_are_the_same_for_every_question() -> None:
    def scripts(leg: VectorLeg) -> list[str]:
        return [value for key, value in walk(body(leg)) if key == "source" and isinstance(value, str)]

    assert scripts(PHOTO) == scripts(replace(PHOTO, vector=vector(2, WIDE)))  # Else each one is compiled.
    assert scripts(PHOTO)


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        (AnyOf("in_stock", (True, "true", 1.0)), {"terms": {"facets.in_stock": [True]}}),
        (AnyOf("brand", ("3", 3.0, True)), {"terms": {"facets.brand": ["3"]}}),
        (AnyOf("brand", ("a\ud800", "b")), {"terms": {"facets.brand": ["b"]}}),
        (AnyOf("price", (3, 4.5)), {"terms": {"facets.price": [3, 4.5]}}),
        (Between("price", 1, 2), {"range": {"facets.price": {"gte": 1, "lte": 2}}}),
        (Between("price"), {"exists": {"field": "facets.price"}}),
        (Between("price", at_least=math.inf), {"match_none": {}}),
        (Between("price", at_most=-math.inf), {"match_none": {}}),
        (Not(AnyOf("brand", ("b",))), {"bool": {"must_not": {"terms": {"facets.brand": ["b"]}}}}),
    ],
)
def test_filters(filter: AnyOf | Between | Not, expected: dict[str, Any]) -> None:
    assert query.filters(EngineQuery((), filters=(filter,)), SCHEMA)[1:] == [expected]


@given(
    text=st.text(st.characters(), max_size=60),
    ends=st.tuples(*[st.one_of(st.none(), st.floats(allow_nan=False), st.integers())] * 2),
)
def test_whatever_is_asked_can_be_sent(text: str, ends: tuple[float | None, float | None]) -> None:
    asked = {
        "filters": (AnyOf("brand", (text,)), Between("price", *ends)), "exclude": (text,), "only": (text,),
    }  # fmt: skip
    words = WordsLeg("w", text, ("en", "zh", "xx"), 10)
    queries = asked_in(words, SCHEMA)
    pieces = read_grams(text)
    counted = {item.language: Counted(9, dict.fromkeys(item.parts, 2), 1) for item in queries}
    whole = EngineQuery((), **asked)
    for sent in (
        body(PHOTO, **asked),
        body(CodeLeg("c", (text,), 10), **asked),
        body(IdsLeg("i", (text, "a"), 10), **asked),
        query.words_counts_body(queries),
        query.with_all_body(queries, whole, SCHEMA),
        query.words_body(words, plan(queries, counted, begun=True, enough=False), whole, SCHEMA),
        *query.grams_counts_bodies(pieces),
        query.grams_body(GramsLeg("g", text, 5), dict.fromkeys(pieces, 0.5), whole, SCHEMA),
    ):
        json.dumps(sent, ensure_ascii=False, allow_nan=False).encode("utf-8")
    json.dumps(query.facet_body([text], ["brand"], SCHEMA), ensure_ascii=False, allow_nan=False).encode("utf-8")


ASKED = (
    Asked("de", 1.0, ((("rot",), ("+rot",)), (("sof",),)), beginning="sof"),
    Asked("zh", 0.5, ((("连衣", "衣裙"),),)),
)


def test_frequencies_are_counted_in_the_order_in_which_they_are_read() -> None:
    sent = query.words_counts_body(ASKED)
    counted = sent["aggs"]["counts"]["filters"]["filters"]
    assert counted == [
        {"term": {"texts.de": "rot"}},
        {"term": {"forms.de": "+rot"}},
        {"term": {"texts.de": "sof"}},
        {"prefix": {"texts.de": "sof"}},
        {"term": {"texts.zh": "连衣"}},
        {"term": {"texts.zh": "衣裙"}},
    ]
    assert sent["size"] == 0
    reply = {
        "aggregations": {
            "languages": {"buckets": [{"key": "de", "doc_count": 9}]},
            "counts": {"buckets": [{"doc_count": n} for n in (3, 1, 0, 2, 1, 1)]},
        }
    }
    assert query.words_counted(ASKED, reply) == {"de": Counted(9, {"rot": 3, "+rot": 1, "sof": 0}, 2)}


def test_documents_with_all_words_are_counted_behind_the_filters() -> None:
    sent = query.with_all_body(ASKED, EngineQuery((), filters=(AnyOf("brand", ("Acme",)),)), SCHEMA)
    assert {"terms": {"facets.brand": ["Acme"]}} in sent["query"]["constant_score"]["filter"]["bool"]["filter"]
    whole, begun = (
        [choice["bool"]["filter"] for choice in count["bool"]["should"]]
        for count in sent["aggs"]["counts"]["filters"]["filters"]
    )
    red = {"bool": {"should": [{"term": {"texts.de": "rot"}}, {"term": {"forms.de": "+rot"}}]}}
    german = [red, {"term": {"texts.de": "sof"}}]
    chinese = [{"bool": {"filter": [{"term": {"texts.zh": "连衣"}}, {"term": {"texts.zh": "衣裙"}}]}}]
    assert whole == [german, chinese]
    # Only German has a last word that may not be finished yet; in Chinese all parts are wanted in either count.
    assert begun == [[german[0], {"prefix": {"texts.de": "sof"}}], chinese]
    reply = {"aggregations": {"counts": {"buckets": [{"doc_count": 3}, {"doc_count": 8}]}}}
    assert (query.with_all(reply, begun=False), query.with_all(reply, begun=True)) == (3, 8)


def test_pieces_of_labels_are_counted_exactly_and_read_in_their_order() -> None:
    """Without the exact total the server stops at 10,000, and a piece that half the shop has looks as rare as any."""
    assert query.grams_counts_bodies(["val", "ali"]) == [
        {"size": 0, "track_total_hits": True, "query": {"term": {"deleted": False}}},
        {"size": 0, "track_total_hits": True, "query": {"term": {"grams": "val"}}},
        {"size": 0, "track_total_hits": True, "query": {"term": {"grams": "ali"}}},
    ]
    replies = [{"hits": {"total": {"value": count, "relation": "eq"}}} for count in (90_000, 40_000, 7)]
    assert query.grams_counted(["val", "ali"], replies) == (90_000, {"val": 40_000, "ali": 7})
    with pytest.raises(ValueError, match="shorter"):
        query.grams_counted(["val", "ali"], replies[:2])


def test_words_are_scored_by_the_boosts_that_were_planned() -> None:
    dress = Clause(((("连衣", 1.0), ("衣裙", 1.5)),))
    wanted = (
        Wanted("de", (Clause(((("rot", 2.0),), (("+rot", 2.0),))), Clause(beginning=("sof", 0.5))), all_of=True),
        Wanted("zh", (dress,), all_of=False, telling=(dress,), least=1),
    )
    leg = WordsLeg("w", "rot sof", ("de", "zh"), 10)
    asked = EngineQuery((leg,), filters=(AnyOf("brand", ("Acme",)),), exclude=("x",), only=("a",))
    sent = query.words_body(leg, wanted, asked, SCHEMA)["query"]["bool"]
    german, chinese = (choice["bool"] for choice in sent["must"]["dis_max"]["queries"])
    assert german["minimum_should_match"] == 2
    assert german["should"] == [
        {
            "dis_max": {
                "queries": [
                    {"term": {"texts.de": {"value": "rot", "boost": 2.0}}},
                    {"term": {"forms.de": {"value": "+rot", "boost": 2.0}}},
                ]
            }
        },
        {"constant_score": {"filter": {"prefix": {"texts.de": "sof"}}, "boost": 0.5}},
    ]
    assert german["_name"] == "all.de"
    some = chinese["must"]["bool"]
    assert some["should"][0]["bool"]["must"][1] == {"term": {"texts.zh": {"value": "衣裙", "boost": 1.5}}}
    assert some["minimum_should_match"] == 1
    (named,) = (each["constant_score"] for each in chinese["should"])
    assert (named["_name"], named["boost"]) == ("all.zh", 0.0)
    assert named["filter"]["bool"] == {"should": some["should"], "minimum_should_match": 1}
    assert sent["filter"] == query.filters(asked, SCHEMA)
    assert query.words_body(leg, (), asked, SCHEMA)["query"]["bool"]["must"] == {"match_none": {}}


def test_titles_about_what_is_asked_get_more_if_they_have_all_the_words() -> None:
    lamp = Clause(((("lamp", 2.0),),))
    heads = ("^lamp", "^schreibtischlamp")
    wanted = (
        Wanted("de", (lamp,), all_of=True, heads=heads, bonus=0.3),
        Wanted("en", (lamp,), all_of=False, telling=(lamp,), least=1, heads=("^lamp",), bonus=0.2),
    )
    sent = query.words_body(WordsLeg("w", "lamp", ("de", "en"), 10), wanted, EngineQuery(()), SCHEMA)["query"]["bool"]
    german, english = (choice["bool"] for choice in sent["must"]["dis_max"]["queries"])
    assert german["must"]["bool"]["_name"] == "all.de"
    (more,) = (each["constant_score"] for each in german["should"])
    assert more == {"filter": {"bool": {"filter": [{"terms": {"forms.de": list(heads)}}]}}, "boost": 0.3}
    named, more = (each["constant_score"] for each in english["should"])
    assert named["_name"] == "all.en"
    assert more["boost"] == 0.2
    assert more["filter"]["bool"]["filter"] == [named["filter"], {"terms": {"forms.en": ["^lamp"]}}]


def test_the_server_scores_by_our_formula() -> None:
    script = mapping.index_body(SCHEMA, bbq=True, replicas=0)["settings"]["similarity"]["words"]["script"]["source"]
    expression = script.removeprefix("return ").removesuffix(";")
    names = {"query": SimpleNamespace(boost=2.0), "doc": SimpleNamespace(freq=4.0, length=24)}
    assert eval(expression, {}, names) == pytest.approx(2 * float(saturation(4, 24, USUAL_WORDS)))  # noqa: S307
    script = mapping.index_body(SCHEMA, bbq=True, replicas=0)["settings"]["similarity"]["forms"]["script"]["source"]
    of_forms = eval(script.removeprefix("return ").removesuffix(";"), {}, names)  # noqa: S307
    assert of_forms == pytest.approx(2 * float(saturation(4, USUAL_WORDS, USUAL_WORDS)))


def test_browsing_puts_what_has_no_number_last() -> None:
    by_price = {"facets.price": {"order": "desc", "missing": "_last"}}
    assert body(BrowseLeg("b", 5, "price", descending=True))["sort"] == [by_price, {"id": "asc"}]
    assert body(BrowseLeg("b", 5))["sort"] == [{"id": "asc"}]


def test_all_ids_are_asked_for_once_since_the_first_may_not_pass() -> None:
    sent = body(IdsLeg("i", ("b", "a", "b", "c\ud800"), 1), exclude=("b",))
    assert sent["query"]["constant_score"]["filter"]["bool"]["filter"][-1] == {"terms": {"id": ["b", "a"]}}
    assert sent["size"] == 2


def test_rows_are_put_in_the_order_of_the_ids_that_were_asked() -> None:
    rows = [{"fields": {"id": [id]}} for id in "abc"]
    answer = leg_answer(IdsLeg("i", ("c", "x", "a", "c", "b"), 2), {"hits": {"hits": rows}})
    assert answer == LegAnswer("i", (LegHit("c", 1.0), LegHit("a", 1.0)), 3, "eq")


def test_vectors_are_sent_as_plain_numbers() -> None:
    sent = next(value for key, value in walk(body(PHOTO)) if key == "query_vector")
    assert np.allclose(sent, PHOTO.vector)
    assert all(type(number) is float for number in sent)
