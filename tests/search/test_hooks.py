"""What features hook into a search: the question changes before it is asked, and the hits at the end."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from django.core.checks import run_checks

from multilingual.analysis import Related, stem_of
from tests.search.shop import draw, picture_query
from tests.search.test_families import tees  # noqa: F401
from visual_search import search, wiring
from visual_search.errors import ConfigurationError
from visual_search.hooks import Curated, Rewritten
from visual_search.querying import tokens
from visual_search.signals import search_served
from visual_search.types import PROMOTED, AnyOf, Banner, Query

DOUBLES = "tests.hooks.doubles"


def use(shop, **hooks) -> None:
    """`CURATORS=("Placing", {"first": [...]})`"""
    named = {
        setting: [{"BACKEND": f"{DOUBLES}.{name}", "OPTIONS": options}] for setting, (name, options) in hooks.items()
    }
    shop.settings.VISUAL_SEARCH = {**shop.settings.VISUAL_SEARCH, **named}


def skus(page) -> list[str]:
    return [hit.card.sku for hit in page.hits]


# --- Rewriters ----------------------------------------------------------------------------------


def test_words_are_replaced_before_they_are_asked(shop) -> None:
    assert skus(search.search(Query(words="armchairish", language="en")))[:1] != ["SOF-GRN-03"]
    use(shop, REWRITERS=("Synonyms", {"words": {"armchairish": "green sofa"}}))
    page = search.search(Query(words="armchairish", language="en"))
    assert skus(page)[0] == "SOF-GRN-03"
    assert page.words == "green sofa"
    assert page.notes == ("synonyms:replaced",)


def test_a_filter_of_a_rewriter_holds_for_hits_facets_and_total(shop) -> None:
    use(shop, REWRITERS=("Synonyms", {"categories": {"red": "Kitchen"}}))
    page = search.search(Query(words="red", language="en"))
    assert set(skus(page)) <= {"MUG-BLK-05"}
    assert page.total == len(page.hits)
    counts = {count.value: count.count for facet in page.facets if facet.field == "category" for count in facet.counts}
    assert set(counts) <= {"Kitchen"}


def test_what_may_be_studied_is_what_the_shopper_typed(shop) -> None:
    use(shop, REWRITERS=("Synonyms", {"words": {"armchairish": "green sofa"}}))
    heard = []

    def listen(sender, query, page, context, **kwargs):
        heard.append(query.words)

    search_served.connect(listen)
    try:
        search.search(Query(words="armchairish", language="en"))
    finally:
        search_served.disconnect(listen)
    assert heard == ["armchairish"]


def test_a_question_that_a_rewriter_spoilt_is_asked_as_it_was(shop) -> None:
    use(shop, REWRITERS=("Synonyms", {"categories": {"red chair": "Home"}}))
    sources = AnyOf("no such facet", ("x",))

    page = search.search(Query(words="red chair", language="en"))
    assert page.degraded == ()
    shop.settings.VISUAL_SEARCH = {
        **shop.settings.VISUAL_SEARCH,
        "REWRITERS": [{"BACKEND": "tests.search.test_hooks.Spoiling", "OPTIONS": {}}],
    }
    Spoiling.filters = (sources,)
    page = search.search(Query(words="red chair", language="en"))
    assert skus(page)[0] == "CHR-RED-01"
    assert page.degraded == ("spoiling",)


class Spoiling:
    """Filters by something that the collection doesn't have."""

    name = "spoiling"
    filters: tuple = ()

    def rewrite(self, query, moment):
        return Rewritten(replace(query, filters=self.filters))


def test_a_redirect_is_followed_by_pages_and_told_to_programs(shop, client) -> None:
    use(shop, REWRITERS=("Synonyms", {"pages": {"returns": "/help/returns/"}}))
    answer = client.get("/search/", {"q": "returns"})
    assert (answer.status_code, answer["Location"]) == (302, "/help/returns/")
    answer = client.get("/search/", {"q": "returns"}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (200, "/help/returns/")
    assert client.get("/api/v1/search", {"q": "returns"}).json()["redirect"] == "/help/returns/"
    assert client.get("/api/v1/search", {"q": "red"}).json()["redirect"] == ""


class Knowing:
    """Knows of a word what would do in place of it, what isn't meant by it, and that it is right."""

    name = "knowing"
    query: dict = {}

    def rewrite(self, query, moment):
        return Rewritten(replace(query, **self.query))


def know(shop, **query) -> None:
    Knowing.query = query
    use_here(shop, REWRITERS="Knowing")


def use_here(shop, **hooks) -> None:
    named = {setting: [{"BACKEND": f"tests.search.test_hooks.{name}"}] for setting, name in hooks.items()}
    shop.settings.VISUAL_SEARCH = {**shop.settings.VISUAL_SEARCH, **named}


def test_a_word_is_found_by_what_would_do_in_its_place(shop) -> None:
    assert "SOF-GRN-03" not in skus(search.search(Query(words="couch", language="en", spell=False)))[:1]
    know(shop, alternatives=(Related("en", stem_of("couch", "en"), (stem_of("sofa", "en"),), 0.9),), right=("couch",))
    page = search.search(Query(words="couch", language="en"))
    assert skus(page)[0] == "SOF-GRN-03"
    assert page.hits[0].grade is None, "it has what was asked for"
    assert (page.words, page.spelt) == ("couch", ())


def test_a_word_that_is_right_stays_as_it_is_typed(shop) -> None:
    assert search.search(Query(words="chairs sofe", language="en")).spelt == (("sofe", "sofa"),)
    know(shop, right=("sofe",))
    page = search.search(Query(words="chairs sofe", language="en"))
    assert (page.spelt, page.meant) == ((), "")


def test_of_two_words_that_are_kept_apart_only_the_one_that_is_asked_is_found(shop) -> None:
    know(shop)
    both = skus(search.search(Query(words="chair sofa", language="en")))
    assert {"CHR-RED-01", "SOF-GRN-03"} <= set(both)
    know(shop, apart=(("chair", "sofa"),))
    page = search.search(Query(words="chair sofa", language="en"))
    assert "SOF-GRN-03" not in skus(page)
    assert "CHR-RED-01" in skus(page)
    assert page.words_not == (), "the shopper excluded nothing"
    know(shop, apart=(("chair", "red"),))
    assert "CHR-RED-01" in skus(search.search(Query(words="chair", language="en"))), "it says what is asked, too"


def test_hooks_see_what_was_typed_beside_what_is_asked(shop) -> None:
    use_here(shop, CURATORS="Watching")
    shop.settings.VISUAL_SEARCH = {
        **shop.settings.VISUAL_SEARCH,
        "REWRITERS": [{"BACKEND": f"{DOUBLES}.Synonyms", "OPTIONS": {"words": {"settee": "green sofa"}}}],
    }
    search.search(Query(words="settee", language="en"))
    assert [(query.asked, query.words) for query in Watching.seen] == [("settee", "green sofa")] * 2


# --- Curators -----------------------------------------------------------------------------------


def test_what_a_curator_adds_is_counted_like_everything_else(shop) -> None:
    plain = search.search(
        Query(words="chair", language="en", filters=(AnyOf("category", ("Home > Seating > Chairs",)),))
    )
    use(shop, CURATORS=("Placing", {"first": [shop.id("MUG-BLK-05"), shop.id("CHR-BLU-02")]}))
    filtered = search.search(
        Query(words="chair", language="en", filters=(AnyOf("category", ("Home > Seating > Chairs",)),))
    )
    assert skus(filtered)[0] == "CHR-BLU-02", "the mug doesn't pass the filter"
    assert filtered.total == plain.total
    page = search.search(Query(words="red chair", language="en"))
    assert skus(page)[:2] == ["MUG-BLK-05", "CHR-BLU-02"]
    assert [hit.reason for hit in page.hits][:2] == ["placed", "placed"]
    assert page.total == len(page.hits) == len(set(skus(page)))
    counts = {count.value: count.count for facet in page.facets if facet.field == "category" for count in facet.counts}
    assert counts["Kitchen"] == 1
    assert page.notes == ("placing:placed",)


def test_pages_are_cut_out_of_the_curated_hits(shop) -> None:
    use(shop, CURATORS=("Placing", {"first": [shop.id("GFT-CRD-07")], "dropped": [shop.id("CHR-RED-01")]}))
    pages = [search.search(Query(page=n, page_size=3)) for n in (1, 2)]
    together = [sku for page in pages for sku in skus(page)]
    assert together[0] == "GFT-CRD-07"
    assert sorted(together) == sorted(set(shop.products) - {"CHR-RED-01"})
    assert {page.total for page in pages} == {6}


def test_what_mustnt_be_said_isnt_added(shop) -> None:
    use(shop, CURATORS=("Placing", {"first": [shop.id("MUG-BLK-05")]}))
    assert skus(search.search(Query(words="chair", language="en")))[0] == "MUG-BLK-05"
    assert "MUG-BLK-05" not in skus(search.search(Query(words="chair", words_not=("black",), language="en")))


def test_a_product_isnt_added_to_those_that_resemble_it(shop) -> None:
    use(shop, CURATORS=("Placing", {"first": [shop.id("CHR-RED-01")]}))
    assert "CHR-RED-01" not in skus(search.search(Query(like=(shop.id("CHR-RED-01"),))))


def test_a_photo_may_be_curated(shop) -> None:
    use(shop, CURATORS=("Placing", {"first": [shop.id("GFT-CRD-07")]}))
    page = search.search(picture_query(draw("chair", "red")))
    assert skus(page)[:2] == ["GFT-CRD-07", "CHR-RED-01"]


def test_a_curator_has_the_last_word_after_rescorers_and_orders(shop) -> None:
    use(shop, CURATORS=("Placing", {"first": [shop.id("TAB-BRN-06")]}), RESCORERS=("Reversing", {}))
    page = search.search(Query(sort="price"))
    assert skus(page)[0] == "TAB-BRN-06"
    assert page.notes == ("reversing:reversed", "placing:placed")


def test_ids_of_nothing_are_nothing(shop) -> None:
    use(shop, CURATORS=("Placing", {"first": ["999999", "no such id", "x\x00y", "é" * 500]}))
    page = search.search(Query(words="red chair", language="en"))
    assert skus(page)[0] == "CHR-RED-01"
    assert page.degraded == ()


class Watching:
    """Keeps the questions that it gets, offers something for what is seen in them, and says what it is told to say."""

    name = "watching"
    seen: list = []
    says: dict = {}
    offered: tuple = ()
    dropped: tuple = ()

    def offers(self, query, moment):
        Watching.seen = [query]
        return self.offered

    def curate(self, query, hits, offered, moment):
        Watching.seen.append(query)
        return Curated(tuple(hit for hit in (*hits, *offered) if hit.id not in self.dropped), **self.says)


@pytest.fixture
def watching(shop, monkeypatch):
    for name, value in {"seen": [], "says": {}, "offered": (), "dropped": ()}.items():
        monkeypatch.setattr(Watching, name, value)
    use_here(shop, CURATORS="Watching")
    return Watching


def test_a_curator_sees_what_was_seen_in_a_photo_before_it_names_what_it_may_add(shop, watching) -> None:
    page = search.search(picture_query(draw("chair", "red")))
    assert len(watching.seen) == 2
    for query in watching.seen:
        assert query.pictures[0].witness.colours[0] == "red"
        assert query.pictures[0].image is None
    again = tokens.photo_from_token(tokens.photo_token(page.photo))
    search.search(Query(pictures=(again,)))
    assert watching.seen[0].pictures[0].witness.colours[0] == "red"


def test_a_curator_may_name_a_page_and_say_something(shop, watching, client) -> None:
    watching.says = {"redirect": "/sale/"}
    assert client.get("/search/", {"q": "chair"})["Location"] == "/sale/"
    watching.says = {"banners": (Banner("All <chairs> half price", "/sale/"), Banner("New"))}
    answer = client.get("/api/v1/search", {"q": "chair"}).json()
    assert answer["banners"] == [{"text": "All <chairs> half price", "url": "/sale/"}, {"text": "New", "url": ""}]
    page = client.get("/search/", {"q": "chair"}).content.decode()
    assert '<a href="/sale/">All &lt;chairs&gt; half price</a>' in page


def test_what_the_shop_placed_says_so_and_has_no_grade(shop, watching, client) -> None:
    use(shop, CURATORS=("Placing", {"first": [shop.id("MUG-BLK-05")], "reason": PROMOTED}))
    hit = client.get("/api/v1/search", {"q": "red chair"}).json()["hits"][0]
    assert (hit["sku"], hit["reason"], hit["grade"]) == ("MUG-BLK-05", "promoted", None)
    assert "Promoted" in client.get("/search/", {"q": "red chair"}).content.decode()


def test_what_a_tick_would_show_is_curated_too(shop, watching) -> None:
    asked = Query(filters=(AnyOf("brand", ("Nordic",)),), disjunctive=True)

    def plain() -> int:
        counts = next(facet for facet in search.search(asked).facets if facet.field == "brand").counts
        return next(count.count for count in counts if count.value == "Plain")

    before = plain()
    watching.dropped = (shop.id("SOF-GRN-03"),)
    assert plain() == before - 1


def test_what_a_curator_dropped_is_no_swatch_either(tees) -> None:  # noqa: F811
    (hit,) = (hit for hit in search.search(Query(words="t-shirt")).hits if hit.card.sku.startswith("TEE"))
    assert {variant.card.sku for variant in hit.variants} == {"TEE-S", "TEE-M", "TEE-L", "TEE-XL"}
    use(tees, CURATORS=("Hiding", {"ids": [tees.id("TEE-L")]}))
    (hit,) = (hit for hit in search.search(Query(words="t-shirt")).hits if hit.card.sku.startswith("TEE"))
    assert {variant.card.sku for variant in hit.variants} == {"TEE-S", "TEE-M", "TEE-XL"}


# --- Settings -----------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", ["REWRITERS", "CURATORS"])
@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("a.b.C", "must be a list"),
        ([{"BACKEND": "no.such.Hook"}], "can't be imported"),
        (["x"], "must be a dictionary"),
    ],
)
def test_a_wrong_setting_is_explained_by_the_check(settings, setting, value, said) -> None:
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, setting: value}
    messages = [str(message) for message in run_checks(tags=["visual_search"])]
    assert any(said in message and setting in message for message in messages)


def test_a_hook_of_another_kind_is_refused(shop) -> None:
    use(shop, REWRITERS=("Placing", {}))
    with pytest.raises(ConfigurationError, match="lacks rewrite"):
        wiring.rewriters()


def test_no_hook_leaves_no_trace(shop, client) -> None:
    answer = json.loads(client.get("/api/v1/search", {"q": "red chair"}).content)
    assert answer["notes"] == []
    assert answer["degraded"] == []
