"""What goes wrong on a real node while a shop is open: saves go on, questions are answered or put off in words, and
index and database agree by themselves once the cause is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.core.management import call_command
from elasticsearch import Elasticsearch

from catalog.models import Product
from tests.live.gate import Gate
from tests.search.shop import Shop, _intact, draw, empty_shop  # noqa: F401
from visual_search import indexing, tasks, wiring
from visual_search.engines.elasticsearch import ElasticsearchEngine, mapping
from visual_search.models import IndexEntry, State

pytestmark = pytest.mark.live
BACKEND = "visual_search.engines.elasticsearch.ElasticsearchEngine"


@dataclass
class House:
    """A shop whose engine stands behind a gate, and a client that reaches the node past it."""

    shop: Shop
    gate: Gate
    node: Elasticsearch

    @property
    def engine(self) -> ElasticsearchEngine:
        engine = wiring.engine()
        assert isinstance(engine, ElasticsearchEngine)
        return engine

    @property
    def index(self) -> str:
        return next(iter(self.node.indices.get_alias(name=self.engine.generations.alias("products"))))

    def settings(self, **values: object) -> None:
        self.node.indices.put_settings(
            index=self.index, settings={f"index.{name}": value for name, value in values.items()}
        )

    def replace_index(self, body: dict[str, object]) -> None:
        """What a person may do by hand: another index under the same alias."""
        alias, name = self.engine.generations.alias("products"), self.index
        self.node.indices.delete(index=name)
        self.node.indices.create(index=name, **body, aliases={alias: {}}, wait_for_active_shards=0)  # type: ignore[arg-type]
        self.forget()

    def forget(self) -> None:
        """As after the few seconds for which a process believes what it knows of the index."""
        self.engine.metas.clear()

    def agrees(self) -> bool:
        self.engine.refresh("products")
        held = {item.id: item.version for item in self.engine.versions("products")}
        entries = IndexEntry.objects.filter(collection="products", deleted=False)
        return held == dict(entries.values_list("object_id", "version")) and len(held) == Product.objects.count()


@pytest.fixture
def house(empty_shop: Shop, settings, elasticsearch_url: str, prefix: str) -> Iterator[House]:  # noqa: F811
    gate = Gate(elasticsearch_url)
    options = {
        "hosts": gate.url, "index_prefix": prefix, "request_timeout": 2.0, "bulk_timeout": 4.0, "bulk_backoff": 0.01,
    }  # fmt: skip
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "ENGINE": {"BACKEND": BACKEND, "OPTIONS": options}}
    with Elasticsearch(elasticsearch_url) as node:
        empty_shop.add("A-1", "Red chair", draw("chair", "red"))
        empty_shop.index()
        yield House(empty_shop, gate, node)
    gate.flow()
    gate.cut()


# --- Faults that pass ---------------------------------------------------------------------------


def red(house: House) -> None:
    """The shard has no node. A shard that has its data is always given back to its node, so this one is new and empty."""
    body = mapping.index_body(wiring.schema("products"), bbq=False, replicas=0)
    body["settings"]["index.routing.allocation.require._name"] = "nowhere"
    house.replace_index(body)


def green(house: House) -> None:
    house.settings(**{"routing.allocation.require._name": None})
    house.node.cluster.health(index=house.index, wait_for_status="yellow", timeout="30s")


@dataclass(frozen=True)
class Fault:
    begin: Callable[[House], object]
    end: Callable[[House], object]
    answer: int  # of a search meanwhile
    reason: str  # what staff read on the entry


FAULTS = {
    "down": Fault(lambda house: house.gate.cut(), lambda house: house.gate.open(), 503, "can't be reached"),
    "slow": Fault(lambda house: house.gate.stall(), lambda house: house.gate.flow(), 503, "ConnectionTimeout"),
    "red": Fault(red, green, 503, "503"),
    "full": Fault(
        lambda house: house.settings(**{"blocks.read_only_allow_delete": True}),
        lambda house: house.settings(**{"blocks.read_only_allow_delete": None}),
        200,
        "429, cluster_block_exception",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_saves_go_on_questions_are_put_off_and_the_index_catches_up(name: str, house: House, client) -> None:
    fault = FAULTS[name]
    assert house.agrees()
    fault.begin(house)
    late = house.shop.add("A-2", "Red sofa", draw("sofa", "green"))
    assert indexing.index_pending().failed == 1
    entry = IndexEntry.objects.get(object_id=str(late.pk))
    assert entry.state == State.FAILED
    assert fault.reason in entry.error
    response = client.get("/api/v1/search", {"q": "red"})
    assert response.status_code == fault.answer
    if fault.answer == 503:
        assert int(response.headers["Retry-After"]) > 0
        assert client.get("/api/v1/health").status_code == 503
    fault.end(house)
    IndexEntry.objects.all().retry_now()  # Half a minute has passed,
    tasks.reconcile()  # and beat comes by.
    assert house.agrees()
    assert client.get("/api/v1/search", {"q": "sofa"}).json()["hits"][0]["id"] == str(late.pk)


def test_an_index_that_vanished_is_made_again_and_filled(house: House, client) -> None:
    house.node.indices.delete(index=house.index)
    house.forget()
    house.shop.add("A-2", "Red sofa", draw("sofa", "green"))
    # The question that meets it has what was lost indexed again, and doesn't pass over it in silence.
    wiring.reset()
    first = client.get("/api/v1/search", {"q": "red"})
    assert (first.status_code, first.json()["degraded"]) == (200, ["index"])
    indexing.index_pending()
    assert house.agrees()
    assert client.get("/api/v1/search", {"q": "red"}).json()["total"]["value"] == 2


# --- Faults that a person mends -----------------------------------------------------------------


def other_dimensions(house: House) -> dict[str, object]:
    body = mapping.index_body(wiring.schema("products"), bbq=False, replicas=0)
    vectors = body["mappings"]["properties"]["vectors"]["properties"]
    for space in vectors.values():
        space["properties"]["v"]["dims"] += 2
    return body


def other_types(house: House) -> dict[str, object]:
    body = mapping.index_body(wiring.schema("products"), bbq=False, replicas=0)
    body["mappings"]["properties"]["codes"] = {"type": "double"}
    return body


@pytest.mark.parametrize("body", [other_dimensions, other_types], ids=["wrong dimension", "mapping conflict"])
def test_an_index_of_another_shape_refuses_in_words_and_a_rebuild_mends_it(
    body: Callable[[House], dict[str, object]], house: House, client
) -> None:
    house.replace_index(body(house))
    late = house.shop.add("A-2", "Red sofa", draw("sofa", "green"))
    assert indexing.index_pending().failed == 1
    assert "document_parsing_exception" in IndexEntry.objects.get(object_id=str(late.pk)).error
    response = client.get("/api/v1/search", {"q": "red"})
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    call_command("visual_search", "rebuild", verbosity=0)
    house.forget()
    assert house.agrees()
    assert client.get("/api/v1/search", {"q": "sofa"}).json()["hits"][0]["id"] == str(late.pk)
