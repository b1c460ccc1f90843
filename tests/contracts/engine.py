"""What every engine must do, whatever it is made of. Subclass `EngineContract` and give an `engine` fixture."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from multilingual.analysis import Related
from visual_search.engines.base import Ability, Engine
from visual_search.errors import BadInput, IndexMissing, SchemaMismatch
from visual_search.types import (
    ALL_WORDS,
    AnyOf,
    Between,
    BrowseLeg,
    CodeLeg,
    CollectionSchema,
    Document,
    EngineAnswer,
    EngineQuery,
    FacetCount,
    FacetField,
    FacetKind,
    FacetValue,
    Filter,
    GramsLeg,
    IdsLeg,
    Leg,
    NamedVector,
    Not,
    Rejected,
    Space,
    Text,
    Vector,
    VectorLeg,
    VersionedId,
    WordsLeg,
    unit,
)

DIMS = 8
SHOP = "things"


def make_schema(*, fingerprint: str = "a", languages: tuple[str, ...] = ("en", "de", "zh", "ja")) -> CollectionSchema:
    return CollectionSchema(
        spaces=(Space("image", DIMS, f"image-{fingerprint}"), Space("text", DIMS, f"text-{fingerprint}")),
        facets=(
            FacetField("category", FacetKind.PATH),
            FacetField("brand", FacetKind.KEYWORD),
            FacetField("tags", FacetKind.KEYWORD),
            FacetField("price", FacetKind.NUMBER),
            FacetField("in_stock", FacetKind.BOOLEAN),
        ),
        languages=languages,
    )


def vector(seed: int, dims: int = DIMS) -> Vector:
    return unit(np.random.default_rng(seed).normal(size=dims))


def make_document(
    id: str,
    *,
    version: int = 1,
    title: str | None = None,
    texts: Mapping[str, Text] | None = None,
    images: Mapping[str, Vector] | None = None,
    facets: Mapping[str, FacetValue] | None = None,
    codes: tuple[str, ...] = (),
    seen_text: str = "",
) -> Document:
    vectors: dict[str, tuple[NamedVector, ...]] = {}
    if images:
        vectors["image"] = tuple(NamedVector(key, value) for key, value in images.items())
    if texts is None:
        texts = {"en": Text(title if title is not None else f"thing {id}")}
    return Document(
        id=id, version=version, texts=texts, vectors=vectors, facets=facets or {}, codes=codes, seen_text=seen_text
    )


def hits(answer: EngineAnswer, leg: str = "leg") -> list[str]:
    return [hit.id for hit in answer.leg(leg).hits]


class EngineContract:
    """A subclass defines the fixture `engine`, which gives an engine with no collection and cleans up after itself."""

    @pytest.fixture
    def shop(self, engine: Engine) -> Engine:
        assert engine.ensure(SHOP, make_schema()) is True
        return engine

    def put(self, engine: Engine, *documents: Document) -> None:
        report = engine.upsert(SHOP, documents)
        assert report.rejected == ()
        engine.refresh(SHOP)

    def ask(
        self, engine: Engine, *legs: Leg, filters: tuple[Filter, ...] = (), exclude: tuple[str, ...] = ()
    ) -> EngineAnswer:
        return engine.search(SHOP, EngineQuery(legs=legs, filters=filters, exclude=exclude))

    def near(self, engine: Engine, query: Vector, *, k: int = 10, exact: bool = False, **more: object) -> list[str]:
        return hits(self.ask(engine, VectorLeg("leg", "image", query, k, exact=exact), **more))  # type: ignore[arg-type]

    def words(self, engine: Engine, text: str, *languages: str, k: int = 10, **more: object) -> list[str]:
        return hits(self.ask(engine, WordsLeg("leg", text, languages or ("en",), k), **more))  # type: ignore[arg-type]

    def label(self, engine: Engine, text: str, *, k: int = 10, **more: object) -> list[str]:
        return hits(self.ask(engine, GramsLeg("leg", text, k), **more))  # type: ignore[arg-type]

    def all_ids(self, engine: Engine, **more: object) -> list[str]:
        return hits(self.ask(engine, BrowseLeg("leg", 1000), **more))  # type: ignore[arg-type]

    # --- The life of a collection ---------------------------------------------------------------

    def test_it_fulfils_the_protocol(self, engine: Engine) -> None:
        assert isinstance(engine, Engine)

    def test_a_collection_that_was_never_made_is_missing(self, engine: Engine) -> None:
        with pytest.raises(IndexMissing, match="visual_search rebuild"):
            engine.upsert(SHOP, [make_document("a")])
        with pytest.raises(IndexMissing, match="visual_search rebuild"):
            self.ask(engine, BrowseLeg("leg", 10))
        with pytest.raises(IndexMissing):
            list(engine.versions(SHOP))

    def test_ensure_may_be_called_again(self, shop: Engine) -> None:
        self.put(shop, make_document("a"))
        assert shop.ensure(SHOP, make_schema()) is False
        assert self.all_ids(shop) == ["a"]

    @pytest.mark.parametrize(
        "other",
        [make_schema(fingerprint="b"), make_schema(languages=("en",)), replace(make_schema(), facets=())],
        ids=["encoder", "languages", "facets"],
    )
    def test_an_index_made_for_another_schema_is_refused(self, shop: Engine, other: CollectionSchema) -> None:
        with pytest.raises(SchemaMismatch, match="visual_search rebuild"):
            shop.ensure(SHOP, other)

    def test_the_order_of_a_schemas_parts_does_not_matter(self, shop: Engine) -> None:
        made = make_schema()
        turned = CollectionSchema(made.spaces[::-1], made.facets[::-1], made.languages[::-1])
        assert shop.ensure(SHOP, turned) is False

    def test_a_refusal_names_what_differs_and_nothing_else(self, shop: Engine) -> None:
        made = make_schema()
        other = CollectionSchema(
            spaces=(Space("image", 4, "image-b"), made.spaces[1]),
            facets=(FacetField("on_sale", FacetKind.BOOLEAN), *made.facets[1:]),
            languages=("en", "de", "nl", "ja"),
        )
        with pytest.raises(SchemaMismatch) as refused:
            shop.ensure(SHOP, other)
        assert (
            "(spaces: + image (4 numbers, image-b), - image (8 numbers, image-a); "
            "facets: + on_sale (boolean), - category (path); languages: + nl, - zh)"
        ) in str(refused.value)

    def test_it_says_what_shape_the_live_index_has(self, shop: Engine) -> None:
        assert shop.schema(SHOP) == make_schema()
        shop.rebuild(SHOP, make_schema(fingerprint="b"), [])
        assert shop.schema(SHOP) == make_schema(fingerprint="b")
        shop.rollback(SHOP)
        assert shop.schema(SHOP) == make_schema()
        with pytest.raises(IndexMissing):
            shop.schema("nothing")

    def test_an_empty_collection_answers(self, shop: Engine) -> None:
        answer = self.ask(
            shop,
            VectorLeg("v", "image", vector(1), 5),
            WordsLeg("w", "chair", ("en",), 5),
            CodeLeg("c", ("x",), 5),
            IdsLeg("i", ("x",), 5),
            BrowseLeg("b", 5),
            BrowseLeg("p", 5, order_by="price"),
        )
        assert [(leg.name, leg.hits, leg.total) for leg in answer.legs] == [(name, (), 0) for name in "vwcibp"]
        assert [facet.counts for facet in shop.facets(SHOP, [], ["brand"])] == [()]
        assert list(shop.versions(SHOP)) == []

    def test_drop_removes_it_and_may_be_called_again(self, shop: Engine) -> None:
        self.put(shop, make_document("a"))
        shop.drop(SHOP)
        shop.drop(SHOP)
        with pytest.raises(IndexMissing):
            self.ask(shop, BrowseLeg("leg", 10))
        shop.ensure(SHOP, make_schema())
        assert self.all_ids(shop) == []

    def test_collections_are_apart(self, shop: Engine) -> None:
        shop.ensure("others", make_schema())
        try:
            self.put(shop, make_document("a"))
            shop.refresh("others")
            assert hits(shop.search("others", EngineQuery((BrowseLeg("leg", 10),)))) == []
        finally:
            shop.drop("others")

    def test_health_counts_documents(self, shop: Engine) -> None:
        self.put(shop, make_document("a"), make_document("b"))
        health = shop.health()
        assert health.ok
        assert health.documents[SHOP] == 2

    # --- Writing --------------------------------------------------------------------------------

    def test_upsert_reports_what_it_stored(self, shop: Engine) -> None:
        report = shop.upsert(SHOP, [make_document("a"), make_document("b")])
        assert sorted(report.stored) == ["a", "b"]
        assert report.skipped == ()

    @pytest.mark.parametrize("late", [1, 2])
    def test_an_older_or_equal_version_is_skipped(self, shop: Engine, late: int) -> None:
        self.put(shop, make_document("a", version=2, title="new lamp"))
        report = shop.upsert(SHOP, [make_document("a", version=late, title="old lamp")])
        shop.refresh(SHOP)
        assert report.skipped == ("a",)
        assert self.words(shop, "old") == []
        assert self.words(shop, "new") == ["a"]

    def test_a_newer_version_replaces_everything(self, shop: Engine) -> None:
        old, new = vector(1), vector(2)
        self.put(
            shop,
            make_document("a", title="sofa", images={"1": old}, facets={"brand": "x", "price": 1.0}, codes=("c1",)),
            make_document("z", title="sofa", images={"1": old}),
        )
        self.put(
            shop, make_document("a", version=2, title="bench", images={"2": new}, facets={"brand": "y"}, codes=("c2",))
        )
        assert self.words(shop, "sofa") == ["z"]
        assert self.words(shop, "bench") == ["a"]
        assert hits(self.ask(shop, CodeLeg("leg", ("c1",), 5))) == []
        assert hits(self.ask(shop, CodeLeg("leg", ("c2",), 5))) == ["a"]
        assert self.all_ids(shop, filters=(AnyOf("brand", ("x",)),)) == []
        assert self.all_ids(shop, filters=(AnyOf("brand", ("y",)),)) == ["a"]
        assert self.all_ids(shop, filters=(Between("price", 0, 5),)) == []
        best = self.ask(shop, VectorLeg("leg", "image", new, 1)).leg("leg").hits[0]
        assert (best.id, best.key) == ("a", "2")
        assert self.near(shop, old, k=1) == ["z"]
        assert [(item.id, item.version) for item in shop.versions(SHOP)] == [("a", 2), ("z", 1)]

    def test_the_last_of_equal_ids_in_one_call_wins(self, shop: Engine) -> None:
        shop.upsert(SHOP, [make_document("a", version=1, title="one"), make_document("a", version=2, title="two")])
        shop.refresh(SHOP)
        assert self.words(shop, "two") == ["a"]
        assert self.words(shop, "one") == []

    def test_a_deleted_document_is_gone_from_every_leg(self, shop: Engine) -> None:
        self.put(
            shop, make_document("a", title="sofa", images={"1": vector(1)}, codes=("c",), facets={"brand": "x"}),
            make_document("b", title="sofa"),
        )  # fmt: skip
        report = shop.delete(SHOP, [VersionedId("a", 2)])
        shop.refresh(SHOP)
        assert report.stored == ("a",)
        assert self.words(shop, "sofa") == ["b"]
        assert self.near(shop, vector(1)) == []
        assert hits(self.ask(shop, CodeLeg("leg", ("c",), 5))) == []
        assert self.all_ids(shop) == ["b"]
        assert self.all_ids(shop, filters=(AnyOf("brand", ("x",)),)) == []
        assert [item.id for item in shop.versions(SHOP)] == ["b"]

    @pytest.mark.parametrize("known", [True, False], ids=["stored", "never stored"])
    def test_a_late_upsert_after_a_delete_is_skipped(self, shop: Engine, known: bool) -> None:
        if known:
            self.put(shop, make_document("a", version=1))
        shop.delete(SHOP, [VersionedId("a", 5)])
        for late in (4, 5):
            assert shop.upsert(SHOP, [make_document("a", version=late)]).skipped == ("a",)
        shop.refresh(SHOP)
        assert self.all_ids(shop) == []
        assert shop.upsert(SHOP, [make_document("a", version=6)]).stored == ("a",)
        shop.refresh(SHOP)
        assert self.all_ids(shop) == ["a"]

    def test_a_late_delete_is_skipped(self, shop: Engine) -> None:
        self.put(shop, make_document("a", version=5))
        assert shop.delete(SHOP, [VersionedId("a", 4)]).skipped == ("a",)
        shop.refresh(SHOP)
        assert self.all_ids(shop) == ["a"]

    @pytest.mark.parametrize(
        ("bad", "reason"),
        [
            (make_document("bad", images={"1": vector(1, dims=5)}), "5"),
            (make_document("bad", images={"1": np.zeros(DIMS, np.float32)}), "zero"),
            (make_document("bad", images={"1": np.full(DIMS, np.nan, np.float32)}), "finite"),
            (Document("bad", 1, vectors={"smell": (NamedVector("1", vector(1)),)}), "smell"),
            (make_document("bad", facets={"weight": 3.0}), "weight"),
            (make_document("bad", facets={"price": "cheap"}), "price"),
            (make_document("bad", facets={"price": float("inf")}), "price"),
            (make_document("bad", facets={"brand": 3.0}), "brand"),
            (make_document("bad", facets={"in_stock": "yes"}), "in_stock"),
            (Document("", 1), "id"),
            (Document("bad", -1), "version"),
            (Document("bad\ud800", 1), "surrogate"),
            (make_document("bad", codes=("c\udfff",)), "surrogate"),
            (make_document("bad", images={"\ud800": vector(1)}), "surrogate"),
        ],
        ids=["dims", "zero", "nan", "space", "facet", "price", "inf", "brand", "boolean", "no id", "version", "half an id", "half a code", "half a key"],
    )  # fmt: skip
    def test_one_bad_document_does_not_stop_the_others(self, shop: Engine, bad: Document, reason: str) -> None:
        report = shop.upsert(SHOP, [make_document("a"), bad, make_document("z")])
        shop.refresh(SHOP)
        assert [item.id for item in report.rejected] == [bad.id]
        assert reason in report.rejected[0].reason
        assert self.all_ids(shop) == ["a", "z"]

    def test_versions_come_in_order_of_code_points(self, shop: Engine) -> None:
        ids = ["10", "9", "A", "a", "ä", "中", "a b", "a/b", "x" * 200]
        self.put(shop, *[make_document(id, version=n + 1) for n, id in enumerate(ids)])
        assert list(shop.versions(SHOP)) == [VersionedId(id, ids.index(id) + 1) for id in sorted(ids)]
        assert self.all_ids(shop) == sorted(ids)

    # --- Vectors --------------------------------------------------------------------------------

    def fill(self, engine: Engine, n: int = 60) -> dict[str, Vector]:
        """n documents with one picture each; d00 ... in order, every tenth with brand x."""
        pictures = {f"d{i:02}": vector(i) for i in range(n)}
        self.put(
            engine,
            *[
                make_document(id, images={"p": value}, facets={"brand": "x" if i % 10 == 0 else "y", "price": float(i)})
                for i, (id, value) in enumerate(pictures.items())
            ],
        )
        return pictures

    @pytest.mark.parametrize("exact", [False, True])
    def test_the_nearest_come_first_with_their_cosine(self, shop: Engine, exact: bool) -> None:
        pictures = self.fill(shop)
        query = vector(1000)
        expected = sorted(pictures, key=lambda id: -float(pictures[id] @ query))[:10]
        answer = self.ask(
            shop, VectorLeg("leg", "image", query, 10, exact=exact and Ability.EXACT_KNN in shop.abilities)
        )
        assert hits(answer) == expected
        for hit in answer.leg("leg").hits:
            assert hit.score == pytest.approx(float(pictures[hit.id] @ query), abs=2e-3)
            assert -1.0 <= hit.score <= 1.0

    def test_a_vector_finds_itself_with_cosine_one(self, shop: Engine) -> None:
        pictures = self.fill(shop)
        hit = self.ask(shop, VectorLeg("leg", "image", pictures["d07"], 1)).leg("leg").hits[0]
        assert hit.id == "d07"
        assert hit.score == pytest.approx(1.0, abs=1e-3)

    def test_opposite_vectors_have_negative_cosine(self, shop: Engine) -> None:
        self.put(shop, make_document("a", images={"p": vector(1)}))
        hit = self.ask(shop, VectorLeg("leg", "image", -vector(1), 1)).leg("leg").hits[0]
        assert hit.score == pytest.approx(-1.0, abs=1e-3)

    def test_the_best_picture_of_an_object_counts_and_is_named(self, shop: Engine) -> None:
        query = vector(1)
        self.put(
            shop,
            make_document("many", images={f"far{n}": vector(100 + n) for n in range(5)} | {"best": query}),
            make_document("one", images={"p": vector(50)}),
        )
        leg = self.ask(shop, VectorLeg("leg", "image", query, 10)).leg("leg")
        assert [(hit.id, hit.key) for hit in leg.hits] == [("many", "best"), ("one", "p")]
        unnamed = self.ask(shop, VectorLeg("leg", "image", query, 10, named=0)).leg("leg")
        assert [(hit.id, hit.score, hit.key) for hit in unnamed.hits] == [(hit.id, hit.score, "") for hit in leg.hits]
        first = self.ask(shop, VectorLeg("leg", "image", query, 10, named=1)).leg("leg")
        assert [(hit.id, hit.score, hit.key) for hit in first.hits] == [
            (hit.id, hit.score, hit.key if place == 0 else "") for place, hit in enumerate(leg.hits)
        ]
        filtered = EngineQuery((VectorLeg("leg", "image", query, 10, named=5),), only=("one",))
        assert [(hit.id, hit.key) for hit in shop.search(SHOP, filtered).leg("leg").hits] == [("one", "p")]

    def test_many_pictures_of_one_object_do_not_crowd_out_others(self, shop: Engine) -> None:
        query = vector(1)
        crowd = {f"{n}": unit(query + 0.01 * vector(n + 10)) for n in range(50)}
        self.put(
            shop, make_document("crowd", images=crowd),
            *[make_document(f"d{n}", images={"p": vector(200 + n)}) for n in range(5)],
        )  # fmt: skip
        assert len(self.near(shop, query, k=6)) == 6

    def test_equal_scores_come_in_order_of_id(self, shop: Engine) -> None:
        self.put(shop, *[make_document(id, images={"p": vector(1)}) for id in ("c", "a", "d", "b")])
        assert self.near(shop, vector(1), k=4) == ["a", "b", "c", "d"]
        assert self.near(shop, vector(1), k=2) == ["a", "b"]

    def test_documents_without_a_vector_are_not_found_by_one(self, shop: Engine) -> None:
        self.put(shop, make_document("a"), make_document("b", images={"p": vector(1)}))
        assert self.near(shop, vector(1)) == ["b"]

    def test_spaces_are_apart(self, shop: Engine) -> None:
        self.put(shop, Document("a", 1, vectors={"text": (NamedVector("en", vector(1)),)}))
        leg = self.ask(shop, VectorLeg("leg", "text", vector(1), 5)).leg("leg")
        assert [(hit.id, hit.key) for hit in leg.hits] == [("a", "en")]
        assert self.near(shop, vector(1)) == []

    def test_an_unknown_space_is_bad_input(self, shop: Engine) -> None:
        with pytest.raises(BadInput, match="smell"):
            self.ask(shop, VectorLeg("leg", "smell", vector(1), 5))

    def test_a_query_of_the_wrong_length_is_bad_input(self, shop: Engine) -> None:
        self.put(shop, make_document("a", images={"p": vector(1)}))
        with pytest.raises(BadInput, match=str(DIMS)):
            self.ask(shop, VectorLeg("leg", "image", vector(1, dims=5), 5))

    @pytest.mark.parametrize("broken", [np.nan, np.inf, 0.0])
    def test_a_query_that_points_nowhere_is_bad_input(self, shop: Engine, broken: float) -> None:
        self.put(shop, make_document("a", images={"p": vector(1)}))
        with pytest.raises(BadInput, match="zero or not finite"):
            self.ask(shop, VectorLeg("leg", "image", np.full(DIMS, broken, np.float32), 5))

    def test_only_the_direction_of_a_vector_counts(self, shop: Engine) -> None:
        self.put(
            shop,
            make_document("a", images={"p": vector(1) * 100_000}),
            make_document("b", images={"p": vector(2) * 0.01}),
        )
        for scale in (1.0, 50.0, 0.001):
            hit = self.ask(shop, VectorLeg("leg", "image", vector(1) * np.float32(scale), 2)).leg("leg").hits[0]
            assert (hit.id, hit.score) == ("a", pytest.approx(1.0, abs=2e-3))

    def test_asking_for_no_hits_is_bad_input(self, shop: Engine) -> None:
        for leg in (
            VectorLeg("leg", "image", vector(1), 0),
            WordsLeg("leg", "x", ("en",), 0),
            GramsLeg("leg", "x", 0),
            IdsLeg("leg", ("x",), 0),
            BrowseLeg("leg", -1),
        ):
            with pytest.raises(BadInput, match="leg"):
                self.ask(shop, leg)

    # --- Filters --------------------------------------------------------------------------------

    def test_filters_hold_before_anything_is_scored(self, shop: Engine) -> None:
        pictures = self.fill(shop)
        query = vector(1000)
        expected = sorted((id for id in pictures if id.endswith("0")), key=lambda id: -float(pictures[id] @ query))
        assert self.near(shop, query, k=6, filters=(AnyOf("brand", ("x",)),)) == expected

    def facet_shop(self, engine: Engine) -> None:
        self.put(
            engine,
            make_document("a", facets={"category": "Home > Office > Desks", "brand": "Acme", "price": 10.0, "in_stock": True, "tags": ("new", "red")}),
            make_document("b", facets={"category": "Home > Office", "brand": "Beta", "price": 20.5, "in_stock": False, "tags": ("red",)}),
            make_document("c", facets={"category": "Home > Kitchen", "brand": "Acme", "price": 30.0, "in_stock": True}),
            make_document("d", facets={"category": "Homeware", "brand": None}),
            make_document("e"),
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ((AnyOf("brand", ("Acme",)),), "ac"),
            ((AnyOf("brand", ("Acme", "Beta")),), "abc"),
            ((AnyOf("brand", ("Nobody",)),), ""),
            ((AnyOf("brand", ()),), ""),
            ((AnyOf("tags", ("new",)),), "a"),
            ((AnyOf("tags", ("red",)),), "ab"),
            ((AnyOf("category", ("Home",)),), "abc"),
            ((AnyOf("category", ("Home > Office",)),), "ab"),
            ((AnyOf("category", ("Home > Office > Desks",)),), "a"),
            ((AnyOf("category", ("Office",)),), ""),
            ((AnyOf("in_stock", (True,)),), "ac"),
            ((AnyOf("in_stock", (False,)),), "b"),
            ((AnyOf("price", (20.5,)),), "b"),
            ((Between("price", 10, 20.5),), "ab"),
            ((Between("price", at_least=20.5),), "bc"),
            ((Between("price", at_most=10),), "a"),
            ((Between("price"),), "abc"),
            ((Between("price", 30, 10),), ""),
            ((Not(AnyOf("brand", ("Acme",))),), "bde"),
            ((Not(Between("price", at_least=20)),), "ade"),
            ((AnyOf("brand", ("Acme",)), Between("price", at_least=20)), "c"),
            ((AnyOf("category", ("Home",)), Not(AnyOf("tags", ("new",))), AnyOf("in_stock", (True,))), "c"),
        ],
    )
    def test_filters(self, shop: Engine, filters: tuple[Filter, ...], expected: str) -> None:
        self.facet_shop(shop)
        assert self.all_ids(shop, filters=filters) == list(expected)
        assert sorted(self.words(shop, "thing", filters=filters)) == list(expected)

    def test_an_unknown_filter_is_bad_input(self, shop: Engine) -> None:
        for filter in (AnyOf("weight", ("x",)), Not(AnyOf("weight", ("x",))), Between("brand", 1, 2)):
            with pytest.raises(BadInput, match="weight|brand"):
                self.ask(shop, BrowseLeg("leg", 10), filters=(filter,))
        for filter in (AnyOf("price", ("cheap",)), AnyOf("price", (True,)), Between("price", float("nan"), 2)):
            with pytest.raises(BadInput, match="price"):
                self.ask(shop, BrowseLeg("leg", 10), filters=(filter,))

    def test_excluded_ids_stay_away_from_every_leg(self, shop: Engine) -> None:
        self.put(shop, *[make_document(id, title="sofa", images={"p": vector(1)}, codes=("c",)) for id in "abc"])
        answer = self.ask(
            shop,
            VectorLeg("v", "image", vector(1), 5), WordsLeg("w", "sofa", ("en",), 5), CodeLeg("c", ("c",), 5), BrowseLeg("b", 5),
            exclude=("b", "nobody"),
        )  # fmt: skip
        assert [hits(answer, name) for name in "vwcb"] == [["a", "c"]] * 4

    def test_only_these_ids_come_back_where_only_is_given(self, shop: Engine) -> None:
        self.put(shop, *[make_document(id, title="sofa", images={"p": vector(1)}) for id in "abc"])
        legs = (VectorLeg("v", "image", vector(1), 5), WordsLeg("w", "sofa", ("en",), 5), BrowseLeg("b", 5))
        answer = shop.search(SHOP, EngineQuery(legs, only=("c", "a", "nobody"), exclude=("a",)))
        assert [hits(answer, name) for name in "vwb"] == [["c"]] * 3
        assert [leg.hits for leg in shop.search(SHOP, EngineQuery(legs, only=())).legs] == [()] * 3

    # --- Words ----------------------------------------------------------------------------------

    def test_a_word_in_the_title_beats_one_in_the_description(self, shop: Engine) -> None:
        filler = [make_document(f"f{n}", title=f"lamp {n}") for n in range(10)]
        self.put(
            shop, make_document("b", texts={"en": Text("table", "goes with any sofa")}),
            make_document("a", texts={"en": Text("sofa", "goes with any table")}), *filler,
        )  # fmt: skip
        assert self.words(shop, "sofa") == ["a", "b"]
        assert self.words(shop, "table") == ["b", "a"]

    def test_keywords_are_found(self, shop: Engine) -> None:
        self.put(shop, make_document("a", texts={"en": Text("seat", keywords=("couch", "settee"))}))
        assert self.words(shop, "settee") == ["a"]

    @pytest.mark.parametrize(
        ("language", "title", "query"),
        [
            ("en", "Running chairs", "chair"),
            ("en", "chair", "CHAIRS"),
            ("de", "Großer Stuhl mit Lehnen", "Lehne"),
            ("zh", "红色连衣裙", "连衣裙"),
            ("zh", "红色连衣裙", "红色"),
            ("ja", "木製の椅子", "椅子"),
            ("en", "café table", "cafe"),
            ("zh", "红色连衣裙", "裙"),
            ("zh", "T恤衫", "T恤"),
            ("ko", "유리컵", "컵"),
            ("tr", "Işık ve ayna", "ışık"),
            ("tr", "IŞIK", "isik"),
            ("ru", "Ёлочная игрушка", "елочная"),
            ("el", "Τραπεζάκι Καφέ", "καφε"),
            ("ar", "كُرْسِيّ مكتب", "كرسي"),
            ("und", "Størrelse 40", "storrelse ٤٠"),
            ("fi", "Tuoli", "tuoli"),
        ],
    )
    def test_words_are_found_in_their_language(self, shop: Engine, language: str, title: str, query: str) -> None:
        self.put(
            shop, make_document("a", texts={language: Text(title)}), make_document("b", texts={"en": Text("lamp")})
        )
        assert self.words(shop, query, language) == ["a"]

    def test_every_language_asked_is_searched_and_the_first_weighs_most(self, shop: Engine) -> None:
        self.put(
            shop, make_document("en", texts={"en": Text("kind of lamp")}), make_document("de", texts={"de": Text("kind mit lampe")}),
        )  # fmt: skip
        assert self.words(shop, "kind", "de", "en") == ["de", "en"]
        assert self.words(shop, "kind", "en", "de") == ["en", "de"]
        assert self.words(shop, "kind", "de") == ["de"]

    def test_the_first_text_in_another_language_is_found_at_once(self, shop: Engine) -> None:
        self.put(shop, make_document("a", texts={"en": Text("lamp")}))
        assert self.words(shop, "stuhl", "de", "en") == []
        self.put(shop, make_document("b", texts={"de": Text("Stuhl")}))
        assert self.words(shop, "stuhl", "de", "en") == ["b"]
        assert self.words(shop, "lamp", "en", "de") == ["a"]

    def test_an_object_found_in_two_languages_is_one_hit(self, shop: Engine) -> None:
        self.put(shop, make_document("a", texts={"en": Text("sofa"), "de": Text("Sofa")}))
        leg = self.ask(shop, WordsLeg("leg", "sofa", ("en", "de"), 5)).leg("leg")
        assert (hits(self.ask(shop, WordsLeg("leg", "sofa", ("en", "de"), 5))), leg.total) == (["a"], 1)

    def test_all_words_beat_some_words(self, shop: Engine) -> None:
        self.put(
            shop, make_document("both", title="red sofa"), make_document("one", title="red lamp"), make_document("two", title="blue sofa"),
            *[make_document(f"f{n}", title=f"green chair {n}") for n in range(10)],
        )  # fmt: skip
        found = self.words(shop, "red sofa")
        assert found[0] == "both"
        assert set(found) == {"both", "one", "two"}

    def test_filters_hold_before_it_is_decided_how_many_words_are_wanted(self, shop: Engine) -> None:
        both = [make_document(f"both{n:02}", title="red sofa", facets={"brand": "y"}) for n in range(12)]
        self.put(shop, *both, make_document("some", title="blue sofa", facets={"brand": "x"}))
        assert self.words(shop, "red sofa", k=10, filters=(AnyOf("brand", ("x",)),)) == ["some"]

    def test_a_text_is_found_in_no_other_language_than_its_own(self, shop: Engine) -> None:
        self.put(shop, make_document("a", texts={"de": Text("Gift")}), make_document("b", texts={"fi": Text("gift")}))
        assert self.words(shop, "gift", "en") == []
        assert self.words(shop, "gift", "sv") == ["b"]  # Neither has a field of its own, so they share one.

    def test_every_match_has_a_positive_score_however_common_the_word(self, shop: Engine) -> None:
        self.put(
            shop, *[make_document(f"d{n}", texts={"en": Text("lamp", "lamp " + "long " * 300 * n)}) for n in range(4)]
        )
        leg = self.ask(shop, WordsLeg("leg", "lamp", ("de", "en"), 5)).leg("leg")
        assert len(leg.hits) == 4
        assert all(hit.score > 0 for hit in leg.hits)

    @pytest.mark.parametrize(
        "text",
        [
            "", " ", "*", '"', "sofa\"", "sofa OR", "NOT sofa", "sofa AND (", "title:sofa", "sofa*", "^sofa", "{sofa}", "-sofa", "NEAR(sofa)",
            "sofa\x00bed", "\ud800", "🛋️", "'; DROP TABLE doc; --", "sofa " * 2000, "x" * 5000, "\u200b", "a" * 40000, "中" * 3000,
        ],
    )  # fmt: skip
    def test_no_text_breaks_it(self, shop: Engine, text: str) -> None:
        self.put(shop, make_document("a", title="sofa"))
        assert set(self.words(shop, text, "en", "zh", "xx")) <= {"a"}

    def test_scores_are_positive_and_the_total_counts_all_matches(self, shop: Engine) -> None:
        self.put(shop, *[make_document(f"d{n:02}", title="sofa " + "long " * n) for n in range(20)])
        leg = self.ask(shop, WordsLeg("leg", "sofa", ("en",), 5)).leg("leg")
        assert len(leg.hits) == 5
        assert (leg.total, leg.relation) == (20, "eq")
        scores = [hit.score for hit in leg.hits]
        assert scores == sorted(scores, reverse=True)
        assert min(scores) > 0

    @pytest.mark.parametrize(
        ("written", "asked"),
        [
            ("USB-C cable", "usbc cable"),
            ("cat5e cable", "cat 5e cable"),
            ("cat 5e cable", "cat5e cable"),
            ("bookcase", "book case"),
            ("flour 5 kg", "5000 g flour"),
            ('monitor 27"', "68.6 cm monitor"),
            ("table 60x120", "table 120 x 60"),
            ("women's coat", "woman coat"),
        ],
    )
    def test_words_meet_in_other_forms(self, shop: Engine, written: str, asked: str) -> None:
        self.put(shop, make_document("a", title=written), make_document("b", title="lamp"))
        leg = self.ask(shop, WordsLeg("leg", asked, ("en",), 5)).leg("leg")
        assert [(hit.id, hit.key) for hit in leg.hits] == [("a", ALL_WORDS)]

    def test_a_word_is_found_in_what_is_related_to_it_behind_the_word_itself(self, shop: Engine) -> None:
        titles = {"a": "Tisch", "b": "Esstisch", "c": "Stuhl und Bank", "d": "Hocker", "e": "Bank"}
        self.put(shop, *(make_document(id, texts={"de": Text(title)}) for id, title in titles.items()))
        related = (
            Related("de", "tisch", ("esstisch",), 0.5), Related("de", "tisch", ("stuhl", "bank"), 0.4),
            Related("de", "tisch", ("hock",), 0.3, whole=False), Related("en", "tisch", ("bank",), 1.0),
        )  # fmt: skip
        leg = self.ask(shop, WordsLeg("leg", "Tisch", ("de", "en"), 10, related=related)).leg("leg")
        assert [(hit.id, hit.key) for hit in leg.hits] == [
            ("a", ALL_WORDS),
            ("b", ALL_WORDS),
            ("c", ALL_WORDS),
            ("d", ""),
        ]

    def test_what_a_title_is_about_comes_before_what_it_is_for(self, shop: Engine) -> None:
        titles = {"a": "Laptop sleeve, black", "b": "Acme 250, laptop", "c": "Stand for laptop", "d": "Laptop, black"}
        self.put(shop, *(make_document(id, title=title) for id, title in titles.items()))
        for k in (2, 10):
            hits = self.ask(shop, WordsLeg("leg", "laptop", ("en",), k)).leg("leg").hits
            assert {hit.id for hit in hits[:2]} == {"b", "d"}, f"k={k}"
        assert self.words(shop, "black laptop")[:2] == ["d", "a"]
        assert self.words(shop, "laptop stand")[0] == "c"
        german = {"e": "Lampenschirm, Lampe", "f": "Schirm für Lampe"}
        self.put(shop, *(make_document(id, texts={"de": Text(title)}) for id, title in german.items()))
        assert self.words(shop, "lampe", "de") == ["e", "f"]

    def test_among_some_words_what_a_title_is_about_counts_nothing(self, shop: Engine) -> None:
        self.put(shop, make_document("a", title="red stick"), make_document("b", title="stick red"))
        first, second = self.ask(shop, WordsLeg("leg", "usb stick", ("en",), 10)).leg("leg").hits
        assert first.score == second.score

    def test_a_form_weighs_as_much_as_the_word_itself(self, shop: Engine) -> None:
        self.put(shop, make_document("a", title="usbc"), make_document("b", title="usb-c"))
        leg = self.ask(shop, WordsLeg("leg", "usbc", ("en",), 5)).leg("leg")
        assert {hit.id for hit in leg.hits} == {"a", "b"}
        assert all(hit.score > 0 for hit in leg.hits)

    def test_brands_and_categories_are_words(self, shop: Engine) -> None:
        facets = {"brand": "Fjällräven", "category": "Clothing > Jackets"}
        self.put(
            shop,
            make_document("a", texts={"en": Text("Rain coat"), "de": Text("Regenmantel")}, facets=facets),
            make_document("b", title="lamp"),
        )
        assert self.words(shop, "fjallraven") == ["a"]
        assert self.words(shop, "Regenmantel fjällräven", "de") == ["a"]
        assert self.words(shop, "jacket") == ["a"]

    def test_hits_say_whether_they_have_all_the_words(self, shop: Engine) -> None:
        titles = {"a": "red oak chair", "b": "red chair", "c": "oak table", "d": "chair for the kitchen"}
        self.put(shop, *(make_document(id, title=title) for id, title in titles.items()))

        def whole(text: str, *languages: str, k: int = 10) -> set[str]:
            leg = self.ask(shop, WordsLeg("leg", text, languages or ("en",), k)).leg("leg")
            assert {hit.key for hit in leg.hits} <= {"", ALL_WORDS}
            return {hit.id for hit in leg.hits if hit.key}

        assert whole("red chair") == {"a", "b"}
        assert whole("red chair", "de", "en") == {"a", "b"}
        assert whole("red oak chair") == {"a"}
        assert whole("a chair in the kitchen") == {"d"}
        assert whole("red oak kitchen chair") == {"a"}, "Of four words one may be lacking."
        assert whole("red sofa") == set()
        assert whole("red cha") == {"a", "b"}, "The last word may be unfinished."
        assert whole("chair", k=1) <= {"a", "b", "d"}
        assert len(whole("chair", k=1)) == 1

    def test_an_unfinished_last_word_finds_its_words_in_every_place(self, shop: Engine) -> None:
        self.put(
            shop, make_document("title", title="red armchair"), make_document("keyword", texts={"en": Text("seat", keywords=("armchair",))}),
            make_document("text", texts={"en": Text("sofa", "with an armchair")}), make_document("other", title="red table"),
        )  # fmt: skip
        assert set(self.words(shop, "armch")) == {"title", "keyword", "text"}
        assert self.words(shop, "red armch")[0] == "title"
        assert self.words(shop, "armch table") == ["other"]  # It isn't the last word, so it is finished.
        assert set(self.words(shop, "ar")) == set()  # Two letters begin too much.

    def test_a_code_may_be_unfinished_from_two_characters_on(self, shop: Engine) -> None:
        self.put(shop, make_document("m4", title="Screw M4x20"), make_document("m5", title="Screw M5x20"))
        assert self.words(shop, "m4") == ["m4"]
        assert self.words(shop, "screw m5")[0] == "m5"
        assert self.words(shop, "20") == [], "A number alone is meant as it is."

    def test_the_last_word_may_be_any_of_several(self, shop: Engine) -> None:
        self.put(
            shop, make_document("chair", title="red chair"), make_document("chain", title="red chain"), make_document("blue", title="blue chair"),
            make_document("char", title="red charcoal"), make_document("said", texts={"en": Text("red seat", "a chair")}),
            make_document("de", texts={"de": Text("rote charge")}),
        )  # fmt: skip

        def ask(text: str, *endings: tuple[str, str], filters: tuple[Filter, ...] = ()) -> list[str]:
            leg = WordsLeg("leg", text, ("en", "de"), 10, endings=endings)
            return hits(self.ask(shop, leg, filters=filters))

        either = ("en", "chair"), ("en", "chain")
        assert set(ask("", *either)) == {"chair", "chain", "blue", "said"}
        # All that have the word before it and one of the words come first.
        assert set(ask("red", *either)[:3]) == {"chair", "chain", "said"}
        assert set(ask("red", ("en", "chairs"))[:2]) == {"chair", "said"}, "It is read as a text is."
        assert ask("", ("de", "charge")) == ["de"]
        assert ask("red", ("de", "charge")) == ["de"], "No language without an ending is asked."
        assert ask("", ("en", "charge")) == []
        whole = self.ask(shop, WordsLeg("leg", "red", ("en",), 2, endings=either)).leg("leg")
        assert [hit.key for hit in whole.hits] == [ALL_WORDS] * 2

    def test_a_word_that_the_shop_has_is_finished(self, shop: Engine) -> None:
        self.put(shop, make_document("car", title="car"), make_document("carpet", title="carpet"))
        assert self.words(shop, "car") == ["car"]
        assert self.words(shop, "carp") == ["carpet"]

    def test_a_word_that_another_language_has_is_finished(self, shop: Engine) -> None:
        self.put(
            shop, make_document("a", texts={"en": Text("lamp")}), make_document("b", texts={"de": Text("Lampion")})
        )
        assert self.words(shop, "lamp", "en", "de") == ["a"]

    def test_behind_a_filter_no_object_has_all_words_then_some_are_enough(self, shop: Engine) -> None:
        self.put(
            shop,
            *[make_document(f"d{n}", title="red sofa", facets={"brand": "x"}) for n in range(6)],
            make_document("s", title="blue sofa", facets={"brand": "y"}),
        )
        assert self.words(shop, "red sofa", k=5) == [f"d{n}" for n in range(5)]
        assert self.words(shop, "red sofa", k=5, filters=(AnyOf("brand", ("y",)),)) == ["s"]

    def test_a_score_depends_on_the_object_and_not_on_how_often_others_were_saved(self, shop: Engine) -> None:
        self.put(shop, make_document("a", title="red sofa"), make_document("b", title="blue sofa with arms"))
        before = self.ask(shop, WordsLeg("leg", "red sofa", ("en",), 5)).leg("leg").hits
        for version in range(2, 6):
            self.put(shop, make_document("b", version=version, title="blue sofa with arms"))
        assert self.ask(shop, WordsLeg("leg", "red sofa", ("en",), 5)).leg("leg").hits == before

    # --- What a photo says ----------------------------------------------------------------------

    def label_shop(self, engine: Engine) -> None:
        self.put(
            engine,
            make_document("milk", title="Milk", seen_text="VALIO mellanmjölk 1,5 l", facets={"brand": "x"}),
            make_document("yoghurt", texts={"en": Text("Yoghurt", "from oats", ("havregurt",))}, facets={"brand": "x"}),
            make_document("juice", texts={"sv": Text("Apelsinjuice")}, seen_text="TROPICANA", facets={"brand": "y"}),
            make_document("tea", texts={"zh": Text("茉莉花茶")}, facets={"brand": "y"}),
            make_document("lamp", title="lamp"),
        )

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("valio", "milk"),
            ("VALlO MELLANMJÖLK", "milk"),  # One letter was read wrongly.
            ("HAVRE-GURT", "yoghurt"),
            ("TR0PICANA", "juice"),
            ("apelsin juice", "juice"),
            ("茉莉花", "tea"),
            ("花", "tea"),
            ("有茶", "tea"),
        ],
    )
    def test_what_a_label_says_finds_the_object(self, shop: Engine, text: str, found: str) -> None:
        self.label_shop(shop)
        assert self.label(shop, text)[0] == found

    def test_the_more_of_the_label_an_object_shares_the_better_it_scores(self, shop: Engine) -> None:
        self.put(
            shop, make_document("all", seen_text="valio mellanmjolk"), make_document("some", seen_text="valio grädde visp"),
            make_document("exact", texts={}, seen_text="valio mellanmjolk"),
        )  # fmt: skip
        leg = self.ask(shop, GramsLeg("leg", "valio mellanmjolk", 5)).leg("leg")
        assert [hit.id for hit in leg.hits] == ["exact", "all", "some"]
        assert leg.hits[0].score == pytest.approx(1.0, abs=1e-4)
        assert 0 < leg.hits[2].score < leg.hits[1].score < 1
        assert leg.total == 3

    def test_a_label_of_which_the_shop_knows_little_scores_little(self, shop: Engine) -> None:
        self.label_shop(shop)
        well = self.ask(shop, GramsLeg("leg", "valio", 1)).leg("leg").hits[0]
        poorly = self.ask(shop, GramsLeg("leg", "valio qqwxz zxwqk kjxqz wwzqx", 1)).leg("leg").hits[0]
        assert well.id == poorly.id == "milk"
        assert poorly.score < well.score / 2

    def test_labels_pass_filters_and_follow_changes(self, shop: Engine) -> None:
        self.label_shop(shop)
        assert self.label(shop, "valio", filters=(AnyOf("brand", ("y",)),)) == []
        assert self.label(shop, "valio", exclude=("milk",)) == []
        assert hits(shop.search(SHOP, EngineQuery((GramsLeg("leg", "valio tropicana", 5),), only=("juice",)))) == [
            "juice"
        ]
        self.put(
            shop,
            make_document("milk", version=2, title="Milk", seen_text="arla"),
            make_document("lamp", version=2, title="valio lamp"),
        )
        assert self.label(shop, "valio") == ["lamp"]
        assert self.label(shop, "arla") == ["milk"]
        shop.delete(SHOP, [VersionedId("lamp", 3)])
        shop.refresh(SHOP)
        assert self.label(shop, "valio") == []

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " ",
            "ab",
            "12",
            "*",
            '"',
            "NOT AND",
            "x" * 5000,
            "\ud800",
            "🛋️",
            "word " * 3000,
            "中" * 2000,
            "valio\x00mjölk",
        ],
    )
    def test_no_label_breaks_it(self, shop: Engine, text: str) -> None:
        self.put(shop, make_document("a", title="word", seen_text=text), make_document("b", title="sofa"))
        leg = self.ask(shop, GramsLeg("leg", text, 5)).leg("leg")
        assert all(0 < hit.score <= 1 for hit in leg.hits)
        assert self.ask(shop, GramsLeg("leg", text, 5), WordsLeg("w", "sofa", ("en",), 5)).leg("w").hits[0].id == "b"

    @pytest.mark.parametrize("long", ["x" * 32_767, "中" * 11_000], ids=["letters", "bytes"])
    def test_what_is_too_long_to_be_kept_is_found_nowhere(self, shop: Engine, long: str) -> None:
        self.put(shop, make_document("a", facets={"brand": "x"}, codes=("c",)), make_document("b"))
        assert hits(self.ask(shop, CodeLeg("leg", (long, "c"), 5))) == ["a"]
        assert self.all_ids(shop, filters=(AnyOf("brand", (long, "x")),)) == ["a"]
        assert self.all_ids(shop, filters=(Not(AnyOf("brand", (long,))),)) == ["a", "b"]
        assert self.all_ids(shop, exclude=(long, "a")) == ["b"]
        assert hits(shop.search(SHOP, EngineQuery((BrowseLeg("leg", 5),), only=(long, "a")))) == ["a"]
        assert shop.facets(SHOP, [long, "a"], ["brand"])[0].counts == (FacetCount("x", 1),)

    # --- Codes, ids and browsing ----------------------------------------------------------------

    def test_codes_match_whole_and_without_case(self, shop: Engine) -> None:
        self.put(shop, make_document("a", codes=("SH3-001", "4006381333931")), make_document("b", codes=("SH3-0012",)))
        assert hits(self.ask(shop, CodeLeg("leg", ("sh3-001",), 5))) == ["a"]
        assert hits(self.ask(shop, CodeLeg("leg", (" 4006381333931 ", "nothing"), 5))) == ["a"]
        assert hits(self.ask(shop, CodeLeg("leg", ("SH3",), 5))) == []
        assert hits(self.ask(shop, CodeLeg("leg", (), 5))) == []

    def by_ids(self, engine: Engine, *ids: str, k: int = 100, **more: object) -> list[str]:
        return hits(self.ask(engine, IdsLeg("leg", ids, k), **more))  # type: ignore[arg-type]

    def test_objects_come_in_the_order_of_their_ids(self, shop: Engine) -> None:
        self.put(shop, *[make_document(id) for id in "abcde"])
        leg = self.ask(shop, IdsLeg("leg", ("d", "nobody", "a", "d", "e", "a"), 10)).leg("leg")
        assert [(hit.id, hit.score, hit.key) for hit in leg.hits] == [("d", 1.0, ""), ("a", 1.0, ""), ("e", 1.0, "")]
        assert (leg.total, leg.relation) == (3, "eq")

    def test_of_ids_the_first_that_pass_are_hits_and_all_that_pass_are_counted(self, shop: Engine) -> None:
        self.put(shop, *[make_document(id) for id in "abcde"])
        leg = self.ask(shop, IdsLeg("leg", ("nobody", "e", "e", "b", "a", "d"), 2), exclude=("b",)).leg("leg")
        assert [hit.id for hit in leg.hits] == ["e", "a"]
        assert (leg.total, leg.relation) == (3, "eq")

    def test_ids_pass_filters(self, shop: Engine) -> None:
        self.facet_shop(shop)
        assert self.by_ids(shop, *"edcba", filters=(AnyOf("brand", ("Acme",)),)) == ["c", "a"]
        assert self.by_ids(shop, *"edcba", filters=(Not(AnyOf("brand", ("Acme",))), Between("price", 0, 99))) == ["b"]
        assert self.by_ids(shop, *"edcba", exclude=("e", "a", "nobody")) == ["d", "c", "b"]
        answer = shop.search(
            SHOP, EngineQuery((IdsLeg("leg", ("b", "d", "a"), 5),), only=("a", "b", "c"), exclude=("a",))
        )
        assert hits(answer) == ["b"]
        assert hits(shop.search(SHOP, EngineQuery((IdsLeg("leg", ("b",), 5),), only=()))) == []

    def test_no_ids_give_no_hits(self, shop: Engine) -> None:
        self.put(shop, make_document("a"))
        answer = self.ask(shop, IdsLeg("none", (), 5), IdsLeg("leg", ("a",), 5))
        assert [(leg.name, len(leg.hits), leg.total, leg.relation) for leg in answer.legs] == [
            ("none", 0, 0, "eq"), ("leg", 1, 1, "eq"),
        ]  # fmt: skip

    def test_strange_ids_are_found_whole(self, shop: Engine) -> None:
        strange = [
            "x" * 512, "a\x00b", "a\x00", "\x00", "it's", 'say "hi"', "back\\slash", "a/b?c#d", "%", "*", " ", " a", "a ",
            "'; DROP TABLE doc; --", "{}", "null", "中文", "🛋️", "e\u0301", "\u00e9", "İ", "\n", "\u2028", "\ufeff", "_id", "0",
        ]  # fmt: skip
        self.put(shop, make_document("a"), *[make_document(id) for id in strange])
        assert self.by_ids(shop, *strange) == strange
        for id in strange:
            assert self.by_ids(shop, "A", id, "x" * 511) == [id]

    def test_ids_that_nothing_can_have_are_not_there(self, shop: Engine) -> None:
        self.put(shop, make_document("a"))
        assert self.by_ids(shop, "", "x" * 40_000, "\ud800", "a\udfff", "a", "a" * 513) == ["a"]
        assert self.by_ids(shop, "\ud800") == []

    def test_deleted_objects_are_not_found_by_their_ids(self, shop: Engine) -> None:
        self.put(shop, make_document("a"), make_document("b"))
        shop.delete(SHOP, [VersionedId("a", 2), VersionedId("never", 2)])
        shop.refresh(SHOP)
        assert self.by_ids(shop, "never", "a", "b") == ["b"]
        self.put(shop, make_document("a", version=3))
        assert self.by_ids(shop, "never", "a", "b") == ["a", "b"]

    def test_ids_are_answered_beside_other_legs(self, shop: Engine) -> None:
        self.put(shop, *[make_document(id, title="sofa", images={"p": vector(n)}) for n, id in enumerate("abc")])
        answer = self.ask(
            shop,
            IdsLeg("first", ("c", "a"), 5), WordsLeg("words", "sofa", ("en",), 5), IdsLeg("same", ("c", "a"), 1),
            VectorLeg("photo", "image", vector(1), 1), GramsLeg("label", "sofa", 5), IdsLeg("second", ("b", "c"), 5),
            exclude=("nobody",),
        )  # fmt: skip
        assert [(leg.name, [hit.id for hit in leg.hits]) for leg in answer.legs] == [
            ("first", ["c", "a"]), ("words", ["a", "b", "c"]), ("same", ["c"]),
            ("photo", ["b"]), ("label", ["a", "b", "c"]), ("second", ["b", "c"]),
        ]  # fmt: skip

    def test_as_many_ids_as_an_engine_takes_and_no_more(self, shop: Engine) -> None:
        self.put(shop, make_document("a"), make_document("z"))
        ids = ("z", *(f"n{n}" for n in range(9_998)), "a")
        assert self.by_ids(shop, *ids) == ["z", "a"]
        with pytest.raises(BadInput, match="10001 ids"):
            self.by_ids(shop, "one more", *ids)

    def test_browsing_orders_by_a_number_with_missing_values_last(self, shop: Engine) -> None:
        self.facet_shop(shop)
        assert hits(self.ask(shop, BrowseLeg("leg", 10, order_by="price"))) == ["a", "b", "c", "d", "e"]
        assert hits(self.ask(shop, BrowseLeg("leg", 10, order_by="price", descending=True))) == [
            "c",
            "b",
            "a",
            "d",
            "e",
        ]
        leg = self.ask(shop, BrowseLeg("leg", 2, order_by="price")).leg("leg")
        assert ([hit.id for hit in leg.hits], leg.total, leg.relation) == (["a", "b"], 5, "eq")

    @pytest.mark.parametrize("field", ["weight", "brand"])
    def test_browsing_by_what_is_no_number_is_bad_input(self, shop: Engine, field: str) -> None:
        with pytest.raises(BadInput, match=field):
            self.ask(shop, BrowseLeg("leg", 10, order_by=field))

    def test_several_legs_are_answered_in_their_order(self, shop: Engine) -> None:
        self.put(shop, make_document("a", title="sofa", images={"p": vector(1)}), make_document("b", title="bed"))
        answer = self.ask(
            shop,
            WordsLeg("words", "bed", ("en",), 5),
            VectorLeg("photo", "image", vector(1), 5),
            WordsLeg("more", "sofa", ("en",), 5),
        )
        assert [leg.name for leg in answer.legs] == ["words", "photo", "more"]
        assert [hits(answer, leg.name) for leg in answer.legs] == [["b"], ["a"], ["a"]]

    # --- Facets ---------------------------------------------------------------------------------

    def test_facets_count_over_exactly_these_documents(self, shop: Engine) -> None:
        self.facet_shop(shop)
        fields = ["category", "brand", "tags", "price", "in_stock"]
        category, brand, tags, price, in_stock = shop.facets(SHOP, ["a", "b", "d", "nobody"], fields)
        assert [(item.value, item.count) for item in category.counts] == [
            ("Home", 2), ("Home > Office", 2), ("Home > Office > Desks", 1), ("Homeware", 1),
        ]  # fmt: skip
        assert [(item.value, item.count) for item in brand.counts] == [("Acme", 1), ("Beta", 1)]
        assert [(item.value, item.count) for item in tags.counts] == [("red", 2), ("new", 1)]
        assert (price.minimum, price.maximum, price.counts) == (10.0, 20.5, ())
        assert [(item.value, item.count) for item in in_stock.counts] == [(False, 1), (True, 1)]
        assert [item.field for item in (category, price)] == ["category", "price"]

    def test_facets_over_nothing_are_empty(self, shop: Engine) -> None:
        self.facet_shop(shop)
        brand, price = shop.facets(SHOP, [], ["brand", "price"])
        assert (brand.counts, price.minimum, price.maximum) == ((), None, None)

    def test_documents_that_share_a_value_count_once_for_each_value_that_any_has(self, shop: Engine) -> None:
        self.put(
            shop,
            make_document("s", facets={"brand": "shirt", "tags": ("red", "small"), "price": 9.0, "category": "A > B"}),
            make_document("m", facets={"brand": "shirt", "tags": ("red",), "price": 11.0, "category": "A > C"}),
            make_document("l", facets={"brand": "shirt", "tags": ("blue",), "in_stock": True}),
            make_document("k", facets={"brand": "coat", "tags": ("red",), "in_stock": True}),
            make_document("x", facets={"tags": ("red",)}),
            make_document("y", facets={"tags": ("red", "blue")}),
        )
        ids = ["s", "m", "l", "k", "x", "y"]
        tags, price, category, stock = shop.facets(SHOP, ids, ["tags", "price", "category", "in_stock"], each="brand")
        assert [(item.value, item.count) for item in tags.counts] == [("red", 4), ("blue", 2), ("small", 1)]
        assert (price.minimum, price.maximum) == (9.0, 11.0)
        assert [(item.value, item.count) for item in category.counts] == [("A", 1), ("A > B", 1), ("A > C", 1)]
        assert [(item.value, item.count) for item in stock.counts] == [(True, 2)]
        assert shop.facets(SHOP, ["m", "x"], ["tags"], each="brand")[0].counts == (FacetCount("red", 2),)
        assert shop.facets(SHOP, [], ["tags"], each="brand")[0].counts == ()

    def test_many_groups_are_counted_exactly(self, shop: Engine) -> None:
        documents = [
            make_document(f"d{n}", facets={"brand": f"b{n // 3}", "tags": ("odd" if n % 2 else "even", "all")})
            for n in range(1200)
        ]
        self.put(shop, *documents)
        (tags,) = shop.facets(SHOP, [one.id for one in documents], ["tags"], each="brand")
        assert {item.value: item.count for item in tags.counts} == {"all": 400, "even": 400, "odd": 400}

    def test_the_values_of_documents(self, shop: Engine) -> None:
        self.facet_shop(shop)
        values = shop.values(SHOP, ["b", "a", "nobody", "e"], ["category", "price", "in_stock", "tags", "brand"])
        assert values == {
            "a": {
                "category": ("Home", "Home > Office", "Home > Office > Desks"), "price": (10.0,), "in_stock": (True,),
                "tags": ("new", "red"), "brand": ("Acme",),
            },
            "b": {
                "category": ("Home", "Home > Office"), "price": (20.5,), "in_stock": (False,), "tags": ("red",),
                "brand": ("Beta",),
            },
            "e": {},
        }  # fmt: skip
        assert shop.values(SHOP, [], ["brand"]) == {}
        assert shop.values(SHOP, ["a"], []) == {"a": {}}

    def test_values_are_those_of_now(self, shop: Engine) -> None:
        self.put(shop, make_document("a", facets={"brand": "x"}), make_document("b", facets={"brand": "x"}))
        self.put(shop, make_document("a", version=2, facets={"brand": "y"}))
        shop.delete(SHOP, [VersionedId("b", 2)])
        shop.refresh(SHOP)
        assert shop.values(SHOP, ["a", "b"], ["brand"]) == {"a": {"brand": ("y",)}}

    def test_an_unknown_facet_is_bad_input(self, shop: Engine) -> None:
        with pytest.raises(BadInput, match="weight"):
            shop.facets(SHOP, ["a"], ["weight"])
        with pytest.raises(BadInput, match="weight"):
            shop.facets(SHOP, ["a"], ["brand"], each="weight")
        with pytest.raises(BadInput, match="weight"):
            shop.values(SHOP, ["a"], ["weight"])

    # --- Rebuilding -----------------------------------------------------------------------------

    def test_a_rebuild_replaces_the_index(self, shop: Engine) -> None:
        self.put(shop, make_document("old"))
        schema = make_schema(fingerprint="b")
        report = shop.rebuild(SHOP, schema, iter([make_document("a", version=3), make_document("b")]))
        shop.refresh(SHOP)
        assert report.documents == 2
        assert report.previous
        assert report.index != report.previous
        assert self.all_ids(shop) == ["a", "b"]
        shop.ensure(SHOP, schema)
        assert shop.upsert(SHOP, [make_document("a", version=2)]).skipped == ("a",)
        assert shop.upsert(SHOP, [make_document("a", version=4)]).stored == ("a",)

    def test_a_rebuild_without_an_index_makes_one(self, engine: Engine) -> None:
        report = engine.rebuild(SHOP, make_schema(), [make_document("a")])
        engine.refresh(SHOP)
        assert report.previous is None
        assert self.all_ids(engine) == ["a"]

    def test_a_rebuild_that_is_not_approved_leaves_the_old_index(self, shop: Engine) -> None:
        self.put(shop, make_document("old"))
        told: list[tuple[int, list[str]]] = []

        def refuse(documents: int, rejected: Sequence[Rejected]) -> None:
            told.append((documents, [item.id for item in rejected]))
            raise BadInput("Too few.")

        new = [make_document("new"), VersionedId("gone", 1), make_document("bad", facets={"weight": 1.0})]
        with pytest.raises(BadInput, match="Too few"):
            shop.rebuild(SHOP, make_schema(fingerprint="b"), new, refuse)
        assert told == [(1, ["bad"])]
        assert self.all_ids(shop) == ["old"]
        assert shop.schema(SHOP) == make_schema()
        with pytest.raises(IndexMissing):
            shop.rollback(SHOP)

    def test_a_rebuild_that_is_approved_is_swapped_in(self, shop: Engine) -> None:
        told: list[int] = []
        shop.rebuild(SHOP, make_schema(), [make_document("new")], lambda documents, rejected: told.append(documents))
        assert told == [1]
        assert self.all_ids(shop) == ["new"]

    def test_a_rebuild_that_fails_leaves_the_old_index(self, shop: Engine) -> None:
        def broken() -> Iterator[Document]:
            yield make_document("new")
            raise RuntimeError("the database went away")

        self.put(shop, make_document("old", title="sofa"))
        with pytest.raises(RuntimeError, match="went away"):
            shop.rebuild(SHOP, make_schema(), broken())
        shop.refresh(SHOP)
        assert self.words(shop, "sofa") == ["old"]
        shop.ensure(SHOP, make_schema())

    def test_readers_keep_the_old_index_until_the_swap(self, shop: Engine) -> None:
        seen: list[list[str]] = []

        def documents() -> Iterator[Document]:
            yield make_document("new")
            seen.append(self.all_ids(shop))

        self.put(shop, make_document("old"))
        shop.rebuild(SHOP, make_schema(), documents())
        shop.refresh(SHOP)
        assert seen == [["old"]]
        assert self.all_ids(shop) == ["new"]

    def test_deletes_and_newer_versions_in_the_stream_count(self, engine: Engine) -> None:
        stream: list[Document | VersionedId] = [
            make_document("a", version=1, title="old"), make_document("b", version=1), make_document("c", version=4),
            VersionedId("b", 2), make_document("a", version=2, title="new"), VersionedId("c", 3), make_document("b", version=1),
        ]  # fmt: skip
        engine.rebuild(SHOP, make_schema(), stream)
        engine.refresh(SHOP)
        assert list(engine.versions(SHOP)) == [VersionedId("a", 2), VersionedId("c", 4)]
        assert self.words(engine, "new") == ["a"]

    def test_a_rebuild_reports_what_it_rejected(self, engine: Engine) -> None:
        report = engine.rebuild(SHOP, make_schema(), [make_document("a"), make_document("bad", facets={"weight": 1.0})])
        assert (report.documents, [item.id for item in report.rejected]) == (1, ["bad"])

    def test_rollback_brings_the_previous_index_back(self, shop: Engine) -> None:
        self.put(shop, make_document("old"))
        report = shop.rebuild(SHOP, make_schema(), [make_document("new")])
        assert shop.rollback(SHOP) == report.previous
        shop.refresh(SHOP)
        assert self.all_ids(shop) == ["old"]
        assert shop.rollback(SHOP) == report.index
        shop.refresh(SHOP)
        assert self.all_ids(shop) == ["new"]

    def test_rollback_without_a_previous_index_is_refused(self, shop: Engine) -> None:
        with pytest.raises(IndexMissing):
            shop.rollback(SHOP)
        with pytest.raises(IndexMissing):
            shop.rollback("nothing")

    def test_only_one_previous_index_is_kept(self, shop: Engine) -> None:
        for n in range(3):
            shop.rebuild(SHOP, make_schema(), [make_document(f"d{n}")])
        shop.rollback(SHOP)
        shop.refresh(SHOP)
        assert self.all_ids(shop) == ["d1"]

    def test_no_query_fails_while_indexes_are_swapped(self, shop: Engine) -> None:
        schema = make_schema()
        self.put(shop, make_document("a", title="sofa", images={"p": vector(1)}))
        stop, errors = threading.Event(), []

        def read() -> None:
            while not stop.is_set():
                try:
                    answer = self.ask(shop, WordsLeg("w", "sofa", ("en",), 5), VectorLeg("v", "image", vector(1), 5))
                    assert [hits(answer, name) for name in "wv"] == [["a"], ["a"]]
                    assert [item.id for item in shop.versions(SHOP)] == ["a"]
                except BaseException as error:
                    errors.append(error)
                    return

        threads = [threading.Thread(target=read) for _ in range(3)]
        for thread in threads:
            thread.start()
        for n in range(4):
            shop.rebuild(SHOP, schema, [make_document("a", version=n, title="sofa", images={"p": vector(1)})])
            shop.rollback(SHOP)
        stop.set()
        for thread in threads:
            thread.join()
        assert errors == []

    # --- Threads --------------------------------------------------------------------------------

    def test_threads_write_and_read_at_once(self, shop: Engine) -> None:
        errors: list[BaseException] = []

        def work(part: Iterable[int]) -> None:
            try:
                for n in part:
                    shop.upsert(SHOP, [make_document(f"d{n:03}", title="sofa", images={"p": vector(n)})])
                    self.ask(shop, WordsLeg("w", "sofa", ("en",), 5), VectorLeg("v", "image", vector(n), 5))
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=work, args=(range(start, 60, 4),)) for start in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        shop.refresh(SHOP)
        assert errors == []
        assert self.all_ids(shop) == [f"d{n:03}" for n in range(60)]
