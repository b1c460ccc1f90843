"""What else lives on a server, and what goes wrong there: neighbours, rebuilds at once, busy nodes, wrong options."""

from __future__ import annotations

import http.server
import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from elasticsearch import Elasticsearch

from tests.contracts.engine import SHOP, hits, make_document, make_schema, vector
from visual_search.engines.elasticsearch import ElasticsearchEngine, query, searching, tuning
from visual_search.engines.elasticsearch.query import Abilities
from visual_search.engines.recall import Check
from visual_search.errors import ConfigurationError, EngineUnavailable, IndexMissing
from visual_search.types import (
    AnyOf,
    Between,
    BrowseLeg,
    CodeLeg,
    Document,
    EngineQuery,
    Filter,
    Space,
    VectorLeg,
    unit,
)

pytestmark = pytest.mark.live
ALL = EngineQuery((BrowseLeg("leg", 100),))


@pytest.fixture
def engine(elasticsearch_url: str, prefix: str) -> Iterator[ElasticsearchEngine]:
    engine = ElasticsearchEngine(elasticsearch_url, index_prefix=prefix)
    engine.server._abilities = Abilities()  # What the node can do isn't asked here.
    yield engine
    engine.close()


def ids(engine: ElasticsearchEngine, collection: str = SHOP) -> list[str]:
    engine.refresh(collection)
    return hits(engine.search(collection, ALL))


def indexes(engine: ElasticsearchEngine) -> list[str]:
    return sorted(engine.server.client.indices.get(index=f"{engine.server.prefix}*"))


# --- Neighbours ---------------------------------------------------------------------------------


def test_a_collection_never_touches_one_with_a_similar_name(engine: ElasticsearchEngine) -> None:
    for collection in (SHOP, f"{SHOP}-v2"):
        engine.ensure(collection, make_schema())
        engine.upsert(collection, [make_document(collection)])
    for n in range(3):
        engine.rebuild(SHOP, make_schema(), [make_document(f"new{n}")])
    assert ids(engine, f"{SHOP}-v2") == [f"{SHOP}-v2"]
    assert engine.health().documents == {SHOP: 1, f"{SHOP}-v2": 1}
    engine.drop(SHOP)
    assert ids(engine, f"{SHOP}-v2") == [f"{SHOP}-v2"]


def test_indexes_of_others_are_neither_counted_nor_removed(engine: ElasticsearchEngine) -> None:
    foreign = f"{engine.server.prefix}{SHOP}-v0001-notes"
    engine.server.client.indices.create(index=foreign, aliases={f"{engine.server.prefix}logs": {}})
    engine.rebuild(SHOP, make_schema(), [make_document("a")])
    assert engine.health().documents == {SHOP: 1}
    engine.drop(SHOP)
    assert indexes(engine) == [foreign]


def test_an_index_under_the_name_of_the_alias_is_noticed_before_anything_is_read(engine: ElasticsearchEngine) -> None:
    def documents() -> Iterator[Document]:
        pytest.fail("the documents were read in vain")
        yield make_document("a")

    engine.server.client.indices.create(index=f"{engine.server.prefix}{SHOP}")
    with pytest.raises(ConfigurationError, match="index_prefix"):
        engine.rebuild(SHOP, make_schema(), documents())
    assert indexes(engine) == [f"{engine.server.prefix}{SHOP}"]


# --- Two rebuilds at once -----------------------------------------------------------------------


def test_a_rebuild_that_another_overtook_fails_and_the_newer_index_stays(engine: ElasticsearchEngine) -> None:
    def documents() -> Iterator[Document]:
        yield make_document("early")
        engine.rebuild(SHOP, make_schema(), [make_document("late")])
        # More than one bulk call, so that some come after the index has gone.
        yield from (make_document(f"d{n}") for n in range(300))

    engine.ensure(SHOP, make_schema())
    with pytest.raises(EngineUnavailable, match="another rebuild") as caught:
        engine.rebuild(SHOP, make_schema(), documents())
    assert not isinstance(caught.value, IndexMissing)
    assert ids(engine) == ["late"]
    mapped = engine.server.client.indices.get_mapping(index=f"{engine.server.prefix}*")
    assert all(found["mappings"]["dynamic"] == "strict" for found in mapped.values())  # None was made by guessing.


def test_a_rebuild_leaves_the_half_made_index_of_a_later_one(engine: ElasticsearchEngine) -> None:
    begun, go = threading.Event(), threading.Event()
    reports = []

    def documents() -> Iterator[Document]:
        begun.set()
        assert go.wait(60)
        yield make_document("later")

    def later() -> Iterator[Document]:
        thread.start()
        assert begun.wait(60)
        yield make_document("earlier")

    thread = threading.Thread(target=lambda: reports.append(engine.rebuild(SHOP, make_schema(), documents())))
    first = engine.rebuild(SHOP, make_schema(), later())
    assert ids(engine) == ["earlier"]
    go.set()
    thread.join(60)
    assert ids(engine) == ["later"]
    assert reports[0].previous == first.index
    assert engine.rollback(SHOP) == first.index


def test_a_rebuild_that_was_killed_leaves_nothing_for_long(engine: ElasticsearchEngine) -> None:
    name = engine.generations.next_name(SHOP, make_schema())
    engine.server.client.indices.create(index=name, aliases={f"{name}--building": {}})
    with pytest.raises(IndexMissing):
        engine.search(SHOP, ALL)
    report = engine.rebuild(SHOP, make_schema(), [make_document("a")])
    assert indexes(engine) == [report.index]


# --- Questions that JSON can't carry --------------------------------------------------------------


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        (Between("price", -math.inf, math.inf), ["a"]),
        (Between("price", math.inf), []),
        (Between("price", at_most=-math.inf), []),
        (AnyOf("brand", ("\ud800", "Acme")), ["a"]),
        (AnyOf("brand", ("\ud800",)), []),
    ],
)
def test_infinite_ends_and_half_characters_are_answered(
    engine: ElasticsearchEngine, filter: Filter, expected: list[str]
) -> None:
    engine.ensure(SHOP, make_schema())
    engine.upsert(SHOP, [make_document("a", facets={"price": 1.0, "brand": "Acme"}), make_document("b")])
    engine.refresh(SHOP)
    legs = (BrowseLeg("leg", 5), CodeLeg("code", ("\udfff",), 5), VectorLeg("v", "image", vector(1), 5))
    answer = engine.search(SHOP, EngineQuery(legs, filters=(filter,), exclude=("\ud800",)))
    assert hits(answer) == expected
    assert engine.facets(SHOP, ["a", "\ud800"], ["price"])[0].minimum == 1.0


# --- Servers that answer strangely ----------------------------------------------------------------


@contextmanager
def server(answer: Callable[[str, str], tuple[int, object]]) -> Iterator[str]:
    """A server that calls itself Elasticsearch and answers what `answer(method, path)` says."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def reply(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body = answer(self.command, self.path)
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                with suppress(BrokenPipeError):  # Who gave up doesn't listen any more.
                    self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = reply

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def failure(status: int, kind: str) -> tuple[int, object]:
    return status, {"error": {"root_cause": [{"type": kind}], "type": kind, "reason": "secret sofa"}, "status": status}


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_node_says_nothing_about_what_it_can_do(status: int) -> None:
    with server(lambda method, path: failure(status, "cluster_block_exception")) as url:
        engine = ElasticsearchEngine(url)
        for _ in range(2):  # Nothing wrong is remembered.
            with pytest.raises(EngineUnavailable, match=str(status)):
                _ = engine.server.abilities
        engine.close()


@pytest.mark.parametrize("status", [400, 403])
def test_what_a_node_refuses_is_not_used(status: int) -> None:
    with server(lambda method, path: failure(status, "security_exception")) as url:
        engine = ElasticsearchEngine(url)
        assert engine.server.abilities == Abilities()
        engine.close()


def test_a_client_of_another_major_version_is_named() -> None:
    with server(lambda method, path: failure(400, "media_type_header_exception")) as url:
        engine = ElasticsearchEngine(url)
        with pytest.raises(EngineUnavailable, match="major version") as caught:
            engine.search(SHOP, ALL)
        assert "sofa" not in str(caught.value)
        engine.close()


@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_a_write_that_is_refused_for_all_is_no_fault_of_one_document(status: int) -> None:
    meta = make_meta()

    def answer(method: str, path: str) -> tuple[int, object]:
        if path.startswith("/_bulk"):
            item = {"_id": "a", "status": status, "error": {"type": "security_exception"}}
            return 200, {"errors": True, "items": [{"index": item}]}
        return 200, {"i": {"mappings": {"_meta": meta}}}

    with server(answer) as url:
        engine = ElasticsearchEngine(url, bulk_backoff=0.01)
        with pytest.raises(EngineUnavailable, match="security_exception"):
            engine.upsert(SHOP, [make_document("a")])
        engine.close()


def make_meta() -> dict[str, object]:
    from visual_search.engines.elasticsearch import mapping

    return mapping.index_body(make_schema(), bbq=False, replicas=0)["mappings"]["_meta"]


# --- Options --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"hosts": "localhost:9200"},
        {"hosts": []},
        {"hosts": "https://es:9200", "api_key": "secret", "basic_auth": ("user", "secret")},
        {"hosts": "https://es:9200", "ca_certs": str(Path(__file__).parent / "absent.crt")},
    ],
    ids=["no scheme", "no host", "two ways in", "no certificate"],
)
def test_wrong_options_are_a_configuration_error(options: dict[str, object]) -> None:
    engine = ElasticsearchEngine(**options)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="ELASTICSEARCH_URL") as caught:
        engine.search(SHOP, ALL)
    assert "secret" not in str(caught.value)
    assert not engine.health().ok
    engine.close()


def test_the_probe_leaves_nothing_behind(elasticsearch_url: str, prefix: str) -> None:
    engine = ElasticsearchEngine(elasticsearch_url, index_prefix=prefix)
    assert isinstance(engine.server.abilities, Abilities)
    engine.close()
    with Elasticsearch(elasticsearch_url) as client:
        assert list(client.indices.get(index=f"{prefix}*")) == []


# --- Recall ---------------------------------------------------------------------------------------


def test_a_space_that_loses_neighbours_looks_wider_in_all_processes(
    engine: ElasticsearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query, "SECOND_PASS", 1)
    monkeypatch.setattr(query, "TIES", 0)
    engine.server._abilities = None
    if not engine.server.abilities.bbq:
        pytest.skip("This node keeps eight bits a number, which lose too little to test with.")
    random = np.random.default_rng(0)
    schema = replace(make_schema(), spaces=(Space("image", 96, "i"),))
    pictures = {f"d{n:03}": vector(n, 96) for n in range(300)}
    engine.rebuild(SHOP, schema, [make_document(id, images={"p": value}) for id, value in pictures.items()])
    queries = [unit(random.normal(size=96)) for _ in range(20)]
    engine.metas.keep_widths(SHOP, engine.generations.alias(SHOP), schema, {})
    engine.metas.clear()
    before = engine.recall(SHOP, "image", queries)
    found = engine.tune(SHOP, "image", queries)
    assert before < 0.95
    assert found.recall >= 0.98
    assert found.width > 1
    other = ElasticsearchEngine(engine.server.options["hosts"], index_prefix=engine.server.prefix)
    assert other.metas.of(SHOP).widths.get("image", 1.0) == found.width
    assert other.recall(SHOP, "image", queries) == found.recall
    other.close()


def test_an_index_that_finds_too_little_is_not_taken_into_use(
    engine: ElasticsearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.ensure(SHOP, make_schema())
    engine.upsert(SHOP, [make_document("old")])
    engine.refresh(SHOP)
    before = indexes(engine)
    monkeypatch.setattr(tuning, "tuned", lambda *args, **more: Check(0.7, 16.0))
    with pytest.raises(EngineUnavailable, match=r"0\.70"):
        engine.rebuild(SHOP, make_schema(), [make_document("new", images={"p": vector(1)})])
    assert indexes(engine) == before
    assert ids(engine) == ["old"]


@pytest.mark.parametrize(("failures", "found"), [(2, True), (99, False)])
def test_a_search_whose_shard_lost_its_node_is_tried_again(
    failures: int, found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "SEARCH_PAUSES", (0.01, 0.01, 0.01))
    meta = make_meta()
    asked = 0

    def answer(method: str, path: str) -> tuple[int, object]:
        nonlocal asked
        if "_msearch" not in path:
            return 200, {"i": {"mappings": {"_meta": meta}}}
        asked += 1
        if asked <= failures:
            return 200, {"responses": [failure(503, "no_shard_available_action_exception")[1]]}
        return 200, {"responses": [{"status": 200, "hits": {"total": {"value": 0, "relation": "eq"}, "hits": []}}]}

    with server(answer) as url:
        engine = ElasticsearchEngine(url)
        if found:
            assert hits(engine.search(SHOP, ALL)) == []
            assert asked == 3
        else:
            with pytest.raises(EngineUnavailable, match="no_shard_available"):
                engine.search(SHOP, ALL)
            assert asked == 4
        engine.close()


def test_a_node_that_is_slow_is_given_up_in_time() -> None:
    with server(lambda method, path: (time.sleep(3), (200, {}))[1]) as url:
        engine = ElasticsearchEngine(url, request_timeout=0.3)
        with pytest.raises(EngineUnavailable, match="ConnectionTimeout") as caught:
            engine.search(SHOP, ALL)
        assert caught.value.retry_after > 0
        engine.close()


def test_a_comparison_with_every_vector_may_take_longer_than_a_shopper_waits() -> None:
    meta = make_meta()

    def answer(method: str, path: str) -> tuple[int, object]:
        if "_msearch" not in path:
            return 200, {"i": {"mappings": {"_meta": meta}}}
        time.sleep(0.6)
        return 200, {"responses": [{"status": 200, "hits": {"total": {"value": 0, "relation": "eq"}, "hits": []}}]}

    with server(answer) as url:
        engine = ElasticsearchEngine(url, request_timeout=0.3, bulk_timeout=30)
        leg = VectorLeg("leg", "image", vector(1), 5)
        with pytest.raises(EngineUnavailable, match="ConnectionTimeout"):
            engine.search(SHOP, EngineQuery((leg,)))
        assert hits(engine.search(SHOP, EngineQuery((replace(leg, exact=True),)))) == []
        engine.close()
