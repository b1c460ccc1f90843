"""What features hook into a search: the question changes before it is asked, and the hits at the end."""

from __future__ import annotations

import json

import pytest
from django.core.checks import run_checks

from tests.search.shop import draw, picture_query
from visual_search import search, wiring
from visual_search.errors import ConfigurationError
from visual_search.signals import search_served
from visual_search.types import AnyOf, Query

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
        from dataclasses import replace

        from visual_search.hooks import Rewritten

        return Rewritten(replace(query, filters=self.filters))


def test_a_redirect_is_followed_by_pages_and_told_to_programs(shop, client) -> None:
    use(shop, REWRITERS=("Synonyms", {"pages": {"returns": "/help/returns/"}}))
    answer = client.get("/search/", {"q": "returns"})
    assert (answer.status_code, answer["Location"]) == (302, "/help/returns/")
    answer = client.get("/search/", {"q": "returns"}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (200, "/help/returns/")
    assert client.get("/api/v1/search", {"q": "returns"}).json()["redirect"] == "/help/returns/"
    assert client.get("/api/v1/search", {"q": "red"}).json()["redirect"] == ""


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
