"""TLS with a user and with an API key; clear words for wrong credentials, a wrong address and a node that is gone."""

from __future__ import annotations

import http.server
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from elasticsearch import Elasticsearch

from tests.contracts.engine import SHOP, make_document, make_schema
from tests.live.conftest import absent
from visual_search.engines.elasticsearch import ElasticsearchEngine
from visual_search.errors import EngineUnavailable
from visual_search.types import BrowseLeg, EngineQuery

pytestmark = [pytest.mark.live, pytest.mark.slow]

START = Path(os.environ.get("ELASTICSEARCH_START", Path(__file__).resolve().parents[3] / "shared/elasticsearch/start"))
PORT = "19220"
USER = ("tester", "visual-search")


@dataclass(frozen=True)
class SecureNode:
    url: str
    ca_certs: str


@pytest.fixture(scope="module")
def node() -> Iterator[SecureNode]:
    if not START.exists():
        absent(f"no script starts a TLS node at {START}; set ELASTICSEARCH_START")
    printed = subprocess.run(
        [START, "--port", PORT, "--secure"], capture_output=True, text=True, timeout=240, check=True
    ).stdout
    found = dict(re.findall(r"^(\w+)=(\S+)$", printed, re.M))
    yield SecureNode(found["URL"], found["CA_CERTS"])
    subprocess.run([START.with_name("stop"), "--port", PORT, "--wipe"], capture_output=True, timeout=60, check=False)


@pytest.fixture
def admin(node: SecureNode) -> Iterator[Elasticsearch]:
    with Elasticsearch(node.url, ca_certs=node.ca_certs, basic_auth=USER) as client:
        yield client


@pytest.mark.parametrize("way", ["user", "api key"])
def test_it_works_over_tls(node: SecureNode, admin: Elasticsearch, way: str) -> None:
    if way == "user":
        credentials: dict[str, object] = {"basic_auth": USER}
    else:
        credentials = {"api_key": admin.security.create_api_key(name=f"test-{uuid4().hex[:8]}")["encoded"]}
    engine = ElasticsearchEngine(node.url, ca_certs=node.ca_certs, index_prefix=f"t-{uuid4().hex[:8]}-", **credentials)
    try:
        engine.ensure(SHOP, make_schema())
        engine.upsert(SHOP, [make_document("a")])
        engine.refresh(SHOP)
        assert [hit.id for hit in engine.search(SHOP, EngineQuery((BrowseLeg("all", 5),))).leg("all").hits] == ["a"]
        assert engine.health().ok
    finally:
        engine.drop(SHOP)
        engine.close()


def test_wrong_credentials_are_named_and_never_shown(node: SecureNode) -> None:
    engine = ElasticsearchEngine(node.url, ca_certs=node.ca_certs, basic_auth=("tester", "not-the-secret"))
    with pytest.raises(EngineUnavailable, match="credentials") as caught:
        engine.ensure(SHOP, make_schema())
    assert "not-the-secret" not in str(caught.value)
    health = engine.health()
    assert not health.ok
    assert "credentials" in health.detail
    engine.close()


def test_a_node_that_is_not_there_is_unavailable() -> None:
    engine = ElasticsearchEngine("http://127.0.0.1:9", request_timeout=1)
    with pytest.raises(EngineUnavailable, match="can't be reached"):
        engine.search(SHOP, EngineQuery((BrowseLeg("all", 5),)))
    assert not engine.health().ok
    engine.close()


def test_what_is_no_elasticsearch_is_named() -> None:
    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b"{}")

        do_POST = do_PUT = do_HEAD = do_GET

        def log_message(self, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        engine = ElasticsearchEngine(f"http://127.0.0.1:{server.server_port}", request_timeout=2)
        with pytest.raises(EngineUnavailable, match="isn't Elasticsearch"):
            engine.search(SHOP, EngineQuery((BrowseLeg("all", 5),)))
        engine.close()
        server.shutdown()
