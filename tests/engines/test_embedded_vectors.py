"""One-bit codes find what exact search finds, and the engine notices where they don't."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.contracts.engine import SHOP, hits
from visual_search.engines.embedded import EmbeddedEngine, codes
from visual_search.engines.embedded.snapshot import Snapshot
from visual_search.types import (
    AnyOf,
    CollectionSchema,
    Document,
    EngineQuery,
    FacetField,
    FacetKind,
    LegAnswer,
    Matrix,
    NamedVector,
    Space,
    Vector,
    VectorLeg,
    VersionedId,
    unit,
)

DIMS = 96
SCHEMA = CollectionSchema((Space("image", DIMS, "a"),), (FacetField("brand", FacetKind.KEYWORD),), ())


def clustered(n: int, *, seed: int = 0) -> Matrix:
    """As features of real pictures: few directions carry most, all components are positive, neighbours exist."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(n // 20, 12))
    latent = centres[random.integers(len(centres), size=n)] + 0.3 * random.normal(size=(n, 12))
    mixing = np.random.default_rng(1).normal(size=(12, DIMS)) * np.linspace(2.0, 0.1, DIMS)
    return unit(np.maximum(latent @ mixing, 0) + 0.05)


def noise(n: int) -> Matrix:
    return unit(np.random.default_rng(0).normal(size=(n, DIMS)))


def documents(vectors: Matrix, *, version: int = 1) -> Iterator[Document]:
    for n, vector in enumerate(vectors):
        yield Document(
            f"d{n:05}", version, vectors={"image": (NamedVector("p", vector),)},
            facets={"brand": "rare" if n % 100 == 0 else "usual"},
        )  # fmt: skip


def near(engine: EmbeddedEngine, vector: Vector, *, k: int = 10, exact: bool = False, rare: bool = False) -> LegAnswer:
    filters = (AnyOf("brand", ("rare",)),) if rare else ()
    return engine.search(SHOP, EngineQuery((VectorLeg("leg", "image", vector, k, exact=exact),), filters)).leg("leg")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(tmp_path, exact_below=500)
    engine.ensure(SHOP, SCHEMA)
    yield engine
    engine.close()


def test_codes_are_the_same_in_every_process_and_say_how_near_two_vectors_are() -> None:
    vectors = clustered(200)
    made = codes.encode(vectors, vectors.mean(axis=0))
    assert made.shape == (200, 2)
    rotation = codes.rotation(DIMS)
    assert np.allclose(rotation @ rotation.T, np.eye(DIMS), atol=1e-5)
    found = codes.distances(made.T, made[:1])
    assert found[0] == 0
    centred = unit(vectors - vectors.mean(axis=0))
    assert np.corrcoef(found, centred @ centred[0])[0, 1] < -0.9


def test_projections_order_better_than_distances() -> None:
    vectors = clustered(2000)
    mean = vectors.mean(axis=0)
    across = codes.encode(vectors, mean).T
    found = dict.fromkeys(("distances", "projections"), 0)
    for question in vectors[:40]:
        right = set(np.argsort(-(vectors @ question))[:50].tolist())
        far = codes.distances(across, codes.encode(question[None], mean)).astype(float)
        found["distances"] += len(right & set(np.argsort(far)[:100].tolist()))
        found["projections"] += len(right & set(np.argsort(-codes.projections(across, question))[:100].tolist()))
    assert found["projections"] > found["distances"]


def test_of_equal_distances_the_first_are_the_nearest() -> None:
    distances = np.array([3, 1, 3, 0, 3, 7, 3], np.uint16)
    assert codes.nearest(distances, 4).tolist() == [0, 1, 2, 3]
    assert codes.nearest(distances, 2).tolist() == [1, 3]
    assert codes.nearest(distances, 7).tolist() == list(range(7))


def test_a_hit_found_by_codes_names_the_picture_that_is_nearest(engine: EmbeddedEngine) -> None:
    vectors = clustered(1200)
    pairs = [
        Document(f"d{n:05}", 1, vectors={"image": (NamedVector("front", vectors[n]), NamedVector("back", vectors[-n]))})
        for n in range(1, 600)
    ]
    engine.rebuild(SHOP, SCHEMA, pairs)
    for n in (3, 77, 400):
        first = {
            vectors_of: near(engine, vectors[place], k=3).hits[0] for vectors_of, place in (("front", n), ("back", -n))
        }
        assert {hit.id for hit in first.values()} == {f"d{n:05}"}
        assert {own: hit.key for own, hit in first.items()} == {"front": "front", "back": "back"}


def test_what_failed_halfway_is_read_anew(engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.upsert(SHOP, documents(clustered(600)))
    question = noise(1)[0]
    before = near(engine, question, k=600)
    with monkeypatch.context() as broken:
        broken.setattr(Snapshot, "_append_vectors", lambda *_: 1 / 0)
        engine.upsert(SHOP, [Document("new", 1, vectors={"image": (NamedVector("p", question),)})])
        with pytest.raises(ZeroDivisionError):
            near(engine, question)
    after = near(engine, question, k=601)
    assert after.hits[0].id == "new"
    assert after.hits[1:] == before.hits


def test_codes_find_what_exact_search_finds(engine: EmbeddedEngine) -> None:
    vectors = clustered(4000)
    engine.rebuild(SHOP, SCHEMA, documents(vectors))
    queries = clustered(4000, seed=0)[::200] + 0.01 * noise(20)
    found = 0
    for query in unit(queries):
        truth = np.sort(vectors @ query)[::-1][:10]
        answer = near(engine, query)
        assert [hit.score for hit in answer.hits] == sorted((hit.score for hit in answer.hits), reverse=True)
        found += sum(hit.score >= truth[-1] - 1e-3 for hit in answer.hits)
        exact = near(engine, query, exact=True)
        assert [hit.score for hit in exact.hits] == pytest.approx(truth.tolist(), abs=1e-3)
    assert found >= 0.98 * 10 * len(queries)
    assert engine.recall(SHOP, "image") >= 0.98


def test_a_narrow_filter_still_gives_all_hits(engine: EmbeddedEngine) -> None:
    vectors = clustered(4000)
    engine.rebuild(SHOP, SCHEMA, documents(vectors))
    rare = {f"d{n:05}": vectors[n] for n in range(0, 4000, 100)}
    expected = sorted(rare, key=lambda id: -float(rare[id] @ vectors[7]))[:10]
    answer = near(engine, vectors[7], rare=True)
    assert {hit.id for hit in answer.hits} == set(expected)


def test_an_index_that_grows_past_the_threshold_answers_as_before(engine: EmbeddedEngine) -> None:
    vectors = clustered(700)
    before = None
    for start in range(0, 700, 50):
        engine.upsert(SHOP, list(documents(vectors))[start : start + 50])
        answer = near(engine, vectors[3], k=5)
        assert answer.hits[0].id == "d00003"
        if start == 400:
            before = answer
    assert engine._open[SHOP].snapshot.rows[0].mean is not None  # type: ignore[union-attr]
    engine.delete(SHOP, [VersionedId(f"d{n:05}", 2) for n in range(450, 700)])
    assert [(hit.id, hit.score) for hit in near(engine, vectors[3], k=5).hits] == [
        (hit.id, pytest.approx(hit.score, abs=1e-3)) for hit in before.hits
    ]


def test_a_replaced_or_deleted_vector_is_gone_from_the_codes(engine: EmbeddedEngine) -> None:
    vectors = clustered(600)
    engine.upsert(SHOP, documents(vectors))
    assert near(engine, vectors[5], k=1).hits[0].id == "d00005"
    engine.upsert(SHOP, [Document("d00005", 2, vectors={"image": (NamedVector("q", -vectors[5]),)})])
    engine.delete(SHOP, [VersionedId("d00006", 2)])
    assert near(engine, vectors[5], k=1).hits[0].id != "d00005"
    assert (near(engine, -vectors[5], k=1).hits[0].id, near(engine, -vectors[5], k=1).hits[0].key) == ("d00005", "q")
    assert "d00006" not in [hit.id for hit in near(engine, vectors[6], k=600).hits]


def test_an_object_with_very_many_pictures_leaves_room_for_others(engine: EmbeddedEngine) -> None:
    query = noise(1)[0]
    crowd = tuple(NamedVector(f"{n}", vector) for n, vector in enumerate(unit(query + 0.05 * noise(900))))
    engine.upsert(SHOP, [Document("crowd", 1, vectors={"image": crowd}), *documents(clustered(600))])
    answer = near(engine, query, k=10)
    assert answer.hits[0].id == "crowd"
    assert len(answer.hits) == 10


def test_where_codes_lose_neighbours_more_are_scored_exactly_and_all_processes_know(
    engine: EmbeddedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "candidates_for", lambda rows, k: 12)
    monkeypatch.setattr(codes, "compared_for", lambda k: 12)
    vectors = noise(900)
    engine.rebuild(SHOP, SCHEMA, documents(vectors))
    store = engine._opened(SHOP).store
    assert store.meta("width_0", 0) > 1
    assert engine.recall(SHOP, "image") >= 0.98
    other = EmbeddedEngine(tmp_path, exact_below=500)
    assert other.recall(SHOP, "image") >= 0.98
    store.set_meta("width_0", 1.0)
    assert other.recall(SHOP, "image") < 0.98
    assert other.tune(SHOP, "image").recall >= 0.98
    other.close()


def test_noise_without_neighbours_is_compared_exactly_and_health_says_so(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "distances", lambda found, query: np.arange(found.shape[1]))  # Codes that mean nothing.
    monkeypatch.setattr(codes, "candidates_for", lambda rows, k: 12)
    monkeypatch.setattr(codes, "compared_for", lambda k: 12)
    engine.rebuild(SHOP, SCHEMA, documents(noise(800)))
    assert engine.recall(SHOP, "image") == 1.0
    assert any("compared exactly" in text for text in engine.health().advice)


def test_catching_up_reads_the_new_rows_alone(engine: EmbeddedEngine) -> None:
    engine.upsert(SHOP, documents(clustered(600)))
    near(engine, noise(1)[0])
    plans: list[str] = []
    with engine._opened(SHOP).store.lent() as connection:
        connection.set_trace_callback(plans.append)
        snapshot = engine._open[SHOP].snapshot
        assert snapshot is not None
        engine.upsert(SHOP, [Document("new", 1, vectors={"image": (NamedVector("p", noise(1)[0]),)})])
        snapshot.catch_up(connection)
        connection.set_trace_callback(None)
        (query,) = [plan for plan in plans if "FROM vec" in plan]
        steps = [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + query)]
    assert any("vec_rid" in step for step in steps)
    assert not any(step.startswith("SCAN vec") for step in steps)


def test_dead_slots_are_dropped_when_they_are_the_most(engine: EmbeddedEngine) -> None:
    vectors = clustered(1200)
    for version in (1, 2, 3):
        engine.upsert(SHOP, documents(vectors, version=version))
        near(engine, vectors[0])
    near(engine, vectors[0])  # It is noticed at the next query.
    snapshot = engine._open[SHOP].snapshot
    assert isinstance(snapshot, Snapshot)
    assert len(snapshot.ids) == 1200
    assert hits(engine.search(SHOP, EngineQuery((VectorLeg("leg", "image", vectors[9], 1),)))) == ["d00009"]
