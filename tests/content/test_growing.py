"""The live index was made for other settings: it serves until the next one is ready, and no save is lost."""

from __future__ import annotations

import io
import threading

import pytest
from django.db import connection
from PIL import Image

from tests.core.conftest import GADGETS, picture
from tests.shop.models import Gadget
from tests.shop.search import Gadgets
from visual_search import rebuilding, reconciling, search, suggesting, wiring
from visual_search.content import live_index
from visual_search.errors import SchemaMismatch
from visual_search.models import IndexEntry, State
from visual_search.suggesting import Typed
from visual_search.types import AnyOf, Between, FacetField, FacetKind, Not, Query, QueryPicture

ON_SALE = FacetField("on_sale", FacetKind.BOOLEAN)
ENGINES = {"embedded": [], "elasticsearch": [pytest.mark.live]}


def ask(words="thing", **parts):
    return search.search(Query(collection=GADGETS, words=words, **parts))


def photo(seed: int) -> QueryPicture:
    return QueryPicture(image=Image.open(io.BytesIO(picture(seed))).convert("RGB"))


def counted(page) -> dict[str, dict]:
    return {facet.field: {item.value: item.count for item in facet.counts} for facet in page.facets}


def grow(monkeypatch) -> None:
    """The shop's programmer adds facets: whether a gadget is on sale, and its weight. Those that were there change places."""
    plain = Gadgets.facets
    schema = (ON_SALE, FacetField("weight", FacetKind.NUMBER), *reversed(Gadgets.schema))
    monkeypatch.setattr(Gadgets, "schema", schema)
    more = {"weight": 2.5}
    monkeypatch.setattr(
        Gadgets, "facets", lambda self, gadget: plain(self, gadget) | more | {"on_sale": "sale" in gadget.name}
    )


@pytest.fixture
def filled(shop):
    for n in range(6):
        shop.add(
            f"thing {n}" + (" sale" if n < 2 else ""), picture(n), category="Home > Light", price=n, sku=f"T-{n}00"
        )
    shop.index()
    return shop


def whole(shop) -> None:
    """The new index has all objects with all facets, and nothing waits."""
    assert shop.held() == shop.expected()
    assert not IndexEntry.objects.exclude(state=State.INDEXED).exists()
    page = ask(filters=(AnyOf("on_sale", (True,)),))
    sale = {str(pk) for pk in Gadget.objects.filter(name__contains="sale").values_list("pk", flat=True)}
    assert {hit.id for hit in page.hits} == sale
    assert counted(ask())["on_sale"] == {True: len(sale), False: Gadget.objects.count() - len(sale)}
    assert page.degraded == ()


class TestFacets:
    def test_another_order_is_no_other_schema(self, filled, monkeypatch):
        monkeypatch.setattr(Gadgets, "schema", tuple(reversed(Gadgets.schema)))
        page = ask()
        assert (len(page.hits), page.degraded) == (6, ())
        assert counted(page)["category"]["Home"] == 6
        filled.add("late", price=3)
        assert filled.index().indexed == 1
        assert filled.held() == filled.expected()

    def test_what_the_index_has_is_counted_and_nothing_is_amiss(self, filled, monkeypatch):
        grow(monkeypatch)
        page = ask()
        assert len(page.hits) == 6
        assert page.degraded == ()
        assert set(counted(page)) == {"category", "maker", "tags", "price"}
        assert counted(page)["category"] == {"Home": 6, "Home > Light": 6}

    @pytest.mark.parametrize(
        "parts",
        [
            {"filters": (AnyOf("on_sale", (True,)),)},
            {"filters": (Not(AnyOf("on_sale", (True,))),)},
            {"filters": (Between("weight", 100.0, None),)},
            {"sort": "-weight"},
            {"facets": ("on_sale", "price")},
        ],
        ids=["filter", "not", "range", "order", "count"],
    )
    def test_what_is_asked_of_a_facet_that_it_lacks_is_passed_over(self, filled, monkeypatch, parts):
        grow(monkeypatch)
        page = ask(**parts)
        assert len(page.hits) == 6
        assert page.degraded == ("facets",)
        assert "on_sale" not in counted(page)

    def test_the_other_filters_hold(self, filled, monkeypatch):
        grow(monkeypatch)
        page = ask(filters=(AnyOf("on_sale", (True,)), Between("price", 4.0, None)), sort="-price")
        assert [hit.card.title[:7] for hit in page.hits] == ["thing 5", "thing 4"]
        assert page.degraded == ("facets",)

    def test_saves_go_in_without_it_and_are_whole_after_the_rebuild(self, filled, monkeypatch):
        grow(monkeypatch)
        new = filled.add("thing new sale", picture(20), price=50)
        old = Gadget.objects.get(sku="T-100")
        old.price = 77
        old.save()
        Gadget.objects.get(sku="T-000").delete()
        filled.index()
        assert filled.by_words("new") == [str(new.pk)]
        assert [hit.id for hit in ask(filters=(Between("price", 40.0, None),), sort="price").hits] == [
            str(new.pk), str(old.pk),
        ]  # fmt: skip
        assert len(ask().hits) == 6
        assert filled.state(new) == State.FAILED
        assert "without on_sale, weight" in filled.entry(new).error
        rebuilding.rebuild(GADGETS)
        whole(filled)

    def test_a_worker_that_still_believes_in_the_old_index_loses_nothing(self, filled, monkeypatch):
        grow(monkeypatch)
        rebuilding.rebuild(GADGETS)
        gadget = Gadget.objects.get(sku="T-500")
        gadget.name = "thing 5 sale"
        gadget.save()
        with monkeypatch.context() as late:
            late.setattr(live_index, "ensure_for_saves", lambda collection: frozenset({"on_sale", "weight"}))
            filled.index()
        assert counted(ask())["on_sale"] == {True: 2, False: 3}
        reconciling.reconcile(GADGETS)
        whole(filled)

    def test_a_rollback_to_the_index_without_it_and_back(self, filled, monkeypatch):
        grow(monkeypatch)
        rebuilding.rebuild(GADGETS)
        filled.add("thing new sale", price=50)
        filled.index()
        rebuilding.rollback(GADGETS)
        assert len(ask().hits) == 7
        rebuilding.rollback(GADGETS)
        reconciling.reconcile(GADGETS)
        whole(filled)

    def test_saves_wait_where_the_index_has_a_facet_that_the_settings_do_not_know(self, filled, monkeypatch):
        """So have processes that run with the former settings after the rebuild."""
        monkeypatch.setattr(Gadgets, "schema", Gadgets.schema[:3])
        plain = Gadgets.facets
        monkeypatch.setattr(
            Gadgets, "facets", lambda self, gadget: {k: v for k, v in plain(self, gadget).items() if k != "price"}
        )
        page = ask()
        assert (len(page.hits), page.degraded) == (6, ())
        assert set(counted(page)) == {"category", "maker", "tags"}
        late = filled.add("thing late")
        filled.index()
        assert "facets: - price (number)" in filled.entry(late).error
        assert len(ask().hits) == 6
        rebuilding.rebuild(GADGETS)
        assert len(ask().hits) == 7
        assert filled.held() == filled.expected()

    def test_a_facet_of_another_kind_is_refused(self, filled, monkeypatch):
        monkeypatch.setattr(Gadgets, "schema", (*Gadgets.schema[:3], FacetField("price", FacetKind.KEYWORD)))
        with pytest.raises(SchemaMismatch, match=r"\(facets: \+ price \(keyword\), - price \(number\)\)"):
            ask()

    def test_suggestions_go_on(self, filled, monkeypatch):
        grow(monkeypatch)
        assert len(suggesting.suggest(Typed("thi", (), "en", 5, GADGETS)).lines) == 5


class TestLanguages:
    @pytest.mark.parametrize(("before", "after"), [(["en"], ["en", "de"]), (["en", "de"], ["de"]), (["en"], None)])
    def test_words_are_found_and_saves_go_in(self, shop, before, after):
        shop.use(QUERY_LANGUAGES=before)
        shop.add("lamp", picture(1), name_de="Lampenschirme")
        shop.index()
        shop.use(QUERY_LANGUAGES=after)
        shop.add("shade", name_de="Lampenschirme")
        assert shop.index().indexed == 1
        page = ask("Lampenschirme", language="de")
        assert (len(page.hits), page.degraded) == (2, ())
        assert len(ask("shade").hits) >= 1
        assert shop.held() == shop.expected()
        rebuilding.rebuild(GADGETS)
        assert len(ask("Lampenschirm", language="de").hits) == 2


class TestEncoders:
    def test_words_are_answered_by_full_text(self, filled):
        filled.use(options={"flavour": "b"})
        page = ask("thing sale", words_not=("3",))
        assert page.degraded == ("encoder",)
        assert {hit.card.title for hit in page.hits[:2]} == {"thing 0 sale", "thing 1 sale"}

    def test_a_photo_alone_waits(self, filled):
        filled.use(options={"flavour": "b"})
        with pytest.raises(SchemaMismatch, match="made with another encoder"):
            ask("", pictures=(photo(3),))

    def test_words_beside_a_photo_are_answered(self, filled):
        filled.use(options={"flavour": "b"})
        page = ask("sale", pictures=(photo(3),))
        assert page.degraded == ("encoder",)
        assert {hit.card.title for hit in page.hits[:2]} == {"thing 0 sale", "thing 1 sale"}

    def test_an_object_to_resemble_waits(self, filled):
        filled.use(options={"flavour": "b"})
        with pytest.raises(SchemaMismatch, match="made with another encoder"):
            ask("", like=(str(Gadget.objects.first().pk),))

    def test_browsing_and_suggestions_go_on(self, filled):
        filled.use(options={"flavour": "b"})
        assert (len(ask("").hits), ask("").degraded) == (6, ())
        assert len(suggesting.suggest(Typed("thi", (), "en", 5, GADGETS)).lines) == 5

    def test_a_space_more_or_less_keeps_photos_going(self, filled):
        filled.use(options={"with_cross": True})
        page = ask("", pictures=(photo(3),))
        assert (page.hits[0].card.title, page.degraded) == ("thing 3", ())
        filled.use(options={"with_text": False})
        assert ask("", pictures=(photo(3),)).hits[0].card.title == "thing 3"

    def test_saves_wait_and_are_there_after_the_rebuild(self, filled):
        filled.use(options={"flavour": "b"})
        late = filled.add("thing late", picture(20))
        filled.index()
        assert "- image (108 numbers, thumbnail-a)" in filled.entry(late).error
        rebuilding.rebuild(GADGETS)
        assert ask("", pictures=(photo(20),)).hits[0].id == str(late.pk)
        assert filled.held() == filled.expected()
        assert not IndexEntry.objects.exclude(state=State.INDEXED).exists()


@pytest.mark.parametrize("engine", [pytest.param(name, marks=marks) for name, marks in ENGINES.items()])
def test_no_question_fails_and_no_save_is_lost_while_facets_are_added(live_shop, monkeypatch, engine, request):
    if engine == "elasticsearch":
        url, prefix = (request.getfixturevalue(name) for name in ("elasticsearch_url", "prefix"))
        backend = "visual_search.engines.elasticsearch.ElasticsearchEngine"
        live_shop.use(ENGINE={"BACKEND": backend, "OPTIONS": {"hosts": url, "index_prefix": prefix}})
    for n in range(40):
        live_shop.add(f"thing {n}" + (" sale" if n % 4 == 0 else ""), picture(n), price=n)
    rebuilding.rebuild(GADGETS)
    stop, problems, answered, saved = threading.Event(), [], [], []

    def until_stopped(work) -> threading.Thread:
        def run() -> None:
            try:
                step = 0
                while not stop.is_set():
                    work(step)
                    step += 1
            except BaseException as problem:
                problems.append(problem)
            finally:
                connection.close()

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def question(step: int) -> None:
        filters = ((), (AnyOf("on_sale", (True,)),), (Between("price", 5.0, None),))[step % 3]
        if filters and filters[0].field == "on_sale" and Gadgets.schema[0] is not ON_SALE:
            return
        parts = {"pictures": (photo(step % 40),), "words": ""} if step % 2 else {}
        answered.append(len(ask(filters=filters, **parts).hits))

    def save(step: int) -> None:
        gadget = Gadget.objects.order_by("pk")[step * 7 % 40]
        gadget.price = 100 + step
        gadget.save()
        saved.append(gadget.pk)

    threads = [until_stopped(question), until_stopped(question), until_stopped(save)]
    try:
        while (len(answered) < 5 or len(saved) < 2) and not problems:
            stop.wait(0.05)
        grow(monkeypatch)
        for _ in range(2):
            seen = len(answered), len(saved)
            while (len(answered) < seen[0] + 5 or len(saved) < seen[1] + 2) and not problems:
                stop.wait(0.05)
            rebuilding.rebuild(GADGETS)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert problems == []
    assert min(answered) > 0
    reconciling.reconcile(GADGETS)
    wiring.engine().refresh(GADGETS)
    whole(live_shop)
    dearest = {facet.field: facet for facet in ask().facets}["price"].maximum
    assert dearest == float(max(Gadget.objects.values_list("price", flat=True)))
