"""Journey B with the real engine, the real database and a small real encoder."""

from __future__ import annotations

import logging
from dataclasses import replace
from uuid import UUID

import pytest
from django.core.files.base import ContentFile
from PIL import Image

from catalog.models import Product, ProductText, State
from catalog.search import Products
from tests.search.shop import draw, picture_query, to_bytes
from tests.shop import doubles
from visual_search import search, wiring
from visual_search.content import readings
from visual_search.errors import BadInput, EncoderUnavailable, EngineUnavailable, PictureRefused
from visual_search.querying import encoding, legs, tokens
from visual_search.querying.photos import COMPARED
from visual_search.ranking.calibration import Calibration
from visual_search.ranking.text_scales import TextScale
from visual_search.registry import Source
from visual_search.signals import search_served
from visual_search.types import AnyOf, Between, Grade, Not, Query, QueryPicture, VectorLeg

ALL = {"CHR-RED-01", "CHR-BLU-02", "SOF-GRN-03", "LMP-BRS-04", "MUG-BLK-05", "TAB-BRN-06", "GFT-CRD-07"}


def skus(page) -> list[str]:
    return [hit.card.sku for hit in page.hits]


def close(page) -> list[str]:
    return [hit.card.sku for hit in page.hits if hit.grade is not Grade.DISTANT]


# --- Photos -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "colour", "sku"), [("chair", "red", "CHR-RED-01"), ("chair", "blue", "CHR-BLU-02"),
                                                      ("mug", "black", "MUG-BLK-05"), ("table", "brown", "TAB-BRN-06")])  # fmt: skip
def test_a_photo_finds_its_product_first(shop, shape, colour, sku) -> None:
    page = search.search(picture_query(draw(shape, colour, shift=4, background="#f4f2ee")))
    assert skus(page)[0] == sku
    assert page.hits[0].grade is Grade.SAME
    assert [hit.score for hit in page.hits] == sorted((hit.score for hit in page.hits), reverse=True)


def test_the_picture_that_matched_is_named(shop) -> None:
    product = shop.add("CHR-TWO-08", "Two chairs", draw("lamp", "green"), draw("sofa", "red"))
    shop.index()
    page = search.search(picture_query(draw("sofa", "red")))
    assert page.hits[0].id == str(product.pk)
    assert page.hits[0].picture == str(product.images.last().pk)


def test_pictures_are_named_of_what_is_compared_and_of_the_page_alone(shop, monkeypatch) -> None:
    asked: list[dict[str, int | None]] = []
    only: list[tuple[str, ...] | None] = []
    real = doubles.BreakableEngine.search

    def note(self, collection, query):
        if named := {str(leg.name): leg.named for leg in query.legs if isinstance(leg, VectorLeg)}:
            asked.append(named)
            only.append(query.only)
        return real(self, collection, query)

    monkeypatch.setattr(doubles.BreakableEngine, "search", note)
    found = search.search(
        picture_query(
            draw("chair", "red"), words="chair", words_not=("sofa",), like=(shop.id("CHR-BLU-02"),),
            unlike=(shop.id("LMP-BRS-04"),),
        )
    )  # fmt: skip
    merged = {name: named for each in asked for name, named in each.items()}
    assert merged == {
        "photo": COMPARED, "like": 0, "meaning": 0, "like_text": 0, "unlike": 0, "not_meant": 0,
    }  # fmt: skip
    assert {hit.card.sku for hit in found.hits if not hit.picture} <= {"GFT-CRD-07"}  # It has none.

    asked.clear()
    only.clear()
    monkeypatch.setattr(encoding, "COMPARED", 1)
    page = search.search(picture_query(draw("chair", "red"), page_size=3))
    assert [named["photo"] for named in asked] == [1, None]
    assert only == [None, tuple(hit.id for hit in page.hits[1:])]
    assert [(hit.id, hit.picture) for hit in page.hits] == [
        (hit.id, hit.picture) for hit in _all_named(monkeypatch).hits
    ]


def _all_named(monkeypatch):
    monkeypatch.setattr(encoding, "COMPARED", None)
    return search.search(picture_query(draw("chair", "red"), page_size=3))


def test_a_page_whose_pictures_can_not_be_named_is_served_with_main_pictures(shop, monkeypatch) -> None:
    real = doubles.BreakableEngine.search

    def failing(self, collection, query):
        if query.only is not None:
            raise EngineUnavailable("Nobody is there.")
        return real(self, collection, query)

    monkeypatch.setattr(encoding, "COMPARED", 0)
    monkeypatch.setattr(doubles.BreakableEngine, "search", failing)
    page = search.search(picture_query(draw("chair", "red")))
    assert page.degraded == ("matched_pictures",)
    assert skus(page)[0] == "CHR-RED-01"
    assert not any(hit.picture for hit in page.hits)


def test_a_copy_is_recognised_whose_picture_was_not_named(shop, monkeypatch) -> None:
    monkeypatch.setattr(encoding, "COMPARED", 0)
    product = shop.add("CHR-TWO-08", "Two chairs", draw("lamp", "green"), draw("sofa", "red"))
    shop.index()
    readings.see_pending()
    page = search.search(picture_query(draw("sofa", "red")))
    assert (page.hits[0].id, page.hits[0].reason) == (str(product.pk), "same picture")


def test_words_alone_name_no_picture_and_claim_no_likeness(shop) -> None:
    for hit in search.search(Query(words="red chair")).hits:
        assert hit.picture == ""
        assert hit.grade in (None, Grade.DISTANT)


def test_the_vectors_of_a_photo_find_the_same_without_it(shop) -> None:
    first = search.search(picture_query(draw("sofa", "green", shift=3)))
    again = search.search(Query(pictures=(QueryPicture(vectors=first.photo.vectors),)))
    assert [(hit.id, hit.score, hit.grade) for hit in again.hits] == [
        (hit.id, hit.score, hit.grade) for hit in first.hits
    ]


def test_photo_and_words_both_matter(shop) -> None:
    photo = draw("chair", "blue")
    assert skus(search.search(picture_query(photo)))[0] == "CHR-BLU-02"
    assert skus(search.search(picture_query(photo, words="red chair")))[0] == "CHR-RED-01"
    table = skus(search.search(picture_query(photo, words="table")))
    assert table.index("TAB-BRN-06") < table.index("MUG-BLK-05")


def test_what_words_brought_in_is_not_called_nothing_close(shop) -> None:
    """The photo of a dark night resembles nothing, but the word is found."""
    night = Image.new("RGB", (64, 64), (5, 5, 12))
    page = search.search(picture_query(night, words="lamp"))
    lamp = next(hit for hit in page.hits if hit.card.sku == "LMP-BRS-04")
    assert lamp.grade is None
    assert page.warnings == ()


def test_nothing_close_is_said_and_the_nearest_are_shown(shop) -> None:
    page = search.search(picture_query(Image.new("RGB", (64, 64), (5, 5, 12))))
    assert page.warnings == ("nothing_close",)
    assert {hit.grade for hit in page.hits} == {Grade.DISTANT}
    assert page.distant == page.total == len(page.hits) > 0


BLANKS = ["white", "black", "#808080", "#f6f6f4"]


@pytest.mark.parametrize("blank", BLANKS)
def test_a_blank_picture_resembles_nothing(shop, blank) -> None:
    page = search.search(picture_query(Image.new("RGB", (300, 200), blank)))
    assert page.warnings == ("nothing_to_see", "nothing_close")
    assert page.hits
    assert {hit.grade for hit in page.hits} == {Grade.DISTANT}
    # Nor does its token, which the browser keeps.
    again = search.search(Query(pictures=(tokens.photo_from_token(tokens.photo_token(page.pictures[0])),)))
    assert again.warnings == page.warnings
    assert skus(again) == skus(page)


@pytest.mark.parametrize("blank", BLANKS)
def test_a_blank_picture_changes_nothing_of_what_else_is_asked(shop, blank) -> None:
    image = Image.new("RGB", (300, 200), blank)
    for query in (
        Query(words="lamp"),
        Query(like=(shop.id("CHR-RED-01"),)),
        picture_query(draw("chair", "red")),
    ):
        plain = search.search(query)
        page = search.search(replace(query, pictures=(*query.pictures, QueryPicture(image=image))))
        assert [(hit.id, hit.grade) for hit in page.hits] == [(hit.id, hit.grade) for hit in plain.hits]
        assert page.warnings == (*plain.warnings, "nothing_to_see")


def test_a_blank_picture_is_no_copy_of_another(shop) -> None:
    shop.add("BLANK-1", "Sheet of paper", Image.new("RGB", (300, 200), "white"))
    shop.index()
    page = search.search(picture_query(Image.new("RGB", (300, 200), "white")))
    assert {hit.reason for hit in page.hits} == {""}


def test_a_photo_without_anything_is_refused(shop, monkeypatch) -> None:
    """This encoder sees a grey of 40 % as nothing at all."""
    grey = Image.new("RGB", (64, 64), (102, 102, 102))
    with pytest.raises(PictureRefused, match="nothing to recognise") as refusal:
        search.search(picture_query(grey))
    assert refusal.value.status == 422


# --- Words --------------------------------------------------------------------------------------


def test_the_exact_title_comes_first(shop) -> None:
    page = search.search(Query(words="red chair"))
    assert skus(page)[0] == "CHR-RED-01"
    assert close(page) == ["CHR-RED-01", "CHR-BLU-02"]


def test_words_of_another_language_are_found_and_answered_in_it(shop) -> None:
    page = search.search(Query(words="Messinglampe", language="de"))
    assert skus(page)[0] == "LMP-BRS-04"
    assert page.language == "de"
    assert page.hits[0].card.title == "Messinglampe"


def test_a_code_is_rank_one_and_says_so(shop) -> None:
    page = search.search(Query(words="chr-blu-02"))
    assert skus(page)[0] == "CHR-BLU-02"
    assert page.hits[0].reason == "exact code"
    mixed = search.search(Query(words="red chair like CHR-BLU-02"))
    assert skus(mixed)[0] == "CHR-BLU-02"
    assert skus(mixed).count("CHR-BLU-02") == 1


@pytest.mark.parametrize(
    ("words", "whole", "among"),
    [
        ("4006381333931", ("4006381333931",), ()),
        ("sofa", ("sofa",), ()),
        ("sofa 80x2 ab12", ("sofa 80x2 ab12",), ("80x2", "ab12")),
        ('lamp "MON-27", red', ('lamp "MON-27", red',), ("MON-27",)),
        ("", (), ()),
    ],
)
def test_codes_in_words(words, whole, among) -> None:
    asked = {leg.name: leg.codes for leg in legs.code_legs(words, (), 5)}
    assert asked == {name: codes for name, codes in ((legs.CODE, whole), (legs.CODE_AMONG, among)) if codes}


@pytest.mark.parametrize("sku", ["A/B-12", "M4 x 20", "C++7", "#12", "100%", "7&8=9"])
def test_a_sku_of_any_signs_is_found(shop, sku) -> None:
    shop.add(sku, "Sturdy thing")
    shop.index()
    page = search.search(Query(words=sku))
    assert skus(page)[0] == sku
    assert page.hits[0].reason == "exact code"


def test_a_code_outside_the_filter_is_not_shown(shop) -> None:
    page = search.search(Query(words="CHR-BLU-02", filters=(AnyOf("colour", ("red",)),)))
    assert "CHR-BLU-02" not in skus(page)


def test_long_text_is_cut_and_says_so(shop) -> None:
    page = search.search(Query(words="red chair " + "x" * 600))
    assert "words_cut" in page.warnings
    assert skus(page)[0] == "CHR-RED-01"


def test_a_fraction_behind_a_number_stays_one(shop) -> None:
    shop.add("PIP-1", 'Pipe 1 1/2"', stock=1)
    shop.add("PIP-2", 'Pipe 11/2"', stock=1)
    shop.index()
    assert [skus(search.search(Query(words=words)))[0] for words in ("pipe 1½", 'pipe 1½"', "pipr 1½")] == ["PIP-1"] * 3


def test_a_letter_that_stands_for_eighteen_does_not_get_past_the_limit(shop) -> None:
    page = search.search(Query(words="ﷺ" * 400))
    assert "words_cut" in page.warnings


@pytest.mark.parametrize(("low", "high"), [(0.2, 1.0), (-0.4, 0.6)])
def test_both_ends_of_a_learned_scale_decide_what_a_meaning_is_worth(shop, low, high) -> None:
    def worth(low: float, high: float) -> dict[str, float]:
        found = search.rank(
            Query(words="red chair", language="en", explain=True), engine=wiring.engine(), encoder=wiring.encoder(),
            schema=wiring.schema("products"),
            calibration=Calibration(texts={"meaning": TextScale(low=low, high=high, admits=high)}),
        )  # fmt: skip
        return {hit.id: hit.legs["meaning"] for hit in found.hits}

    cosines, values = worth(0.0, 1.0), worth(low, high)
    share = cosines[shop.id("CHR-RED-01")]  # of the leg in the whole: the title is what was asked, so its cosine is 1
    assert len(values) == 7
    assert values == pytest.approx(
        {id: share * (cosine / share - low) / (high - low) for id, cosine in cosines.items()}, abs=1e-5
    )


# --- Resembling a product -----------------------------------------------------------------------


def test_like_finds_others_and_never_itself(shop) -> None:
    page = search.search(Query(like=(shop.id("CHR-RED-01"),)))
    assert skus(page)[0] == "CHR-BLU-02"
    assert "CHR-RED-01" not in skus(page)


@pytest.mark.parametrize("write", ["00{}", " {}", "+{}"])
def test_like_excludes_itself_however_its_id_is_written(shop, write) -> None:
    page = search.search(Query(like=(write.format(shop.id("CHR-RED-01")),)))
    assert "CHR-RED-01" not in skus(page)


def test_every_liked_object_has_its_say(shop) -> None:
    """The first one's many pictures must not use up all legs."""
    many = shop.add("CHR-MNY-09", "Many", *[draw("chair", "red", shift=n) for n in range(10)])
    shop.index()
    liked = (str(many.pk), shop.id("MUG-BLK-05"))
    shop.add("MUG-BLU-10", "Blue cup", draw("mug", "blue"))
    shop.index()
    with_mug = search.search(Query(like=liked, explain=True))
    cup = next(hit for hit in with_mug.hits if hit.card.sku == "MUG-BLU-10")
    alone = search.search(Query(like=liked[:1], explain=True))
    cup_alone = next(hit for hit in alone.hits if hit.card.sku == "MUG-BLU-10")
    assert cup.legs["like1"] > cup_alone.legs["like1"]


def test_several_legs_of_one_kind_share_its_weight(shop) -> None:
    one = search.search(picture_query(draw("chair", "red"), words="chair", explain=True))
    two = search.search(Query(pictures=(QueryPicture(image=draw("chair", "red")),) * 2, words="chair", explain=True))
    assert [hit.id for hit in one.hits] == [hit.id for hit in two.hits]
    for first, second in zip(one.hits, two.hits, strict=True):
        assert first.score == pytest.approx(second.score, abs=1e-5)


@pytest.mark.parametrize("id", ["0", "999999", "x", "", "9" * 40, "\x00", "1e5", "\ud800", "-1"])
def test_like_of_nothing_known_is_a_404(shop, id) -> None:
    with pytest.raises(BadInput) as refusal:
        search.search(Query(like=(id,)))
    assert refusal.value.status == 404
    assert refusal.value.field == "like"


def test_some_unknown_likes_are_warned_of(shop) -> None:
    page = search.search(Query(like=(shop.id("CHR-RED-01"), "999999")))
    assert "like_not_found" in page.warnings
    assert skus(page)[0] == "CHR-BLU-02"


def test_too_many_likes_are_refused(shop) -> None:
    with pytest.raises(BadInput, match="9 entries; at most 8"):
        search.search(Query(like=tuple("123456789")))


def test_like_of_a_product_that_its_source_cannot_read_is_a_404(shop, monkeypatch) -> None:
    def broken(self, product):
        raise RuntimeError("no texts today")

    monkeypatch.setattr(Products, "texts", broken)
    with pytest.raises(BadInput) as refusal:
        search.search(Query(like=(shop.id("CHR-RED-01"),)))
    assert refusal.value.status == 404


def test_like_uses_the_cache_and_encodes_nothing(shop, monkeypatch) -> None:
    monkeypatch.setattr(doubles.ThumbnailEncoder, "down", True)
    assert skus(search.search(Query(like=(shop.id("CHR-RED-01"),))))[0] == "CHR-BLU-02"


def test_like_and_words_together(shop) -> None:
    page = search.search(Query(like=(shop.id("CHR-RED-01"),), words="sofa"))
    assert skus(page).index("SOF-GRN-03") < skus(page).index("MUG-BLK-05")


# --- One result set -----------------------------------------------------------------------------

QUESTIONS = {
    "photo": picture_query(draw("chair", "red", shift=2)),
    "words": Query(words="chair"),
    "both": picture_query(draw("sofa", "green"), words="chair"),
    "browse": Query(),
    "code": Query(words="CHR-RED-01"),
    "nothing": picture_query(Image.new("RGB", (64, 64), (5, 5, 12))),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize("filters", [(), (AnyOf("category", ("Home",)),), (Between("price", 20, 100),),
                                     (Not(AnyOf("brand", ("Nordic",))), AnyOf("in_stock", (True,)))])  # fmt: skip
def test_total_facets_and_pages_count_the_same_objects(shop, question, filters) -> None:
    whole = search.search(replace(question, filters=filters, page_size=100))
    assert whole.total == len(whole.hits)
    paged = []
    for number in range(1, 9):
        page = search.search(replace(question, filters=filters, page=number, page_size=2))
        assert page.total == whole.total
        paged += page.hits
    assert [hit.id for hit in paged] == [hit.id for hit in whole.hits]
    colours = {hit.card.sku.split("-")[1] for hit in whole.hits if hit.card.sku != "GFT-CRD-07"}
    facet = next(facet for facet in whole.facets if facet.field == "colour")
    assert sum(count.count for count in facet.counts) == len(colours)
    stock = next(facet for facet in whole.facets if facet.field == "in_stock")
    assert sum(count.count for count in stock.counts) == whole.total


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize("sort", ["price", "-price"])
def test_an_order_changes_the_order_alone(shop, question, sort) -> None:
    plain = search.search(replace(question, page_size=100))
    ordered = search.search(replace(question, page_size=100, sort=sort))
    assert {hit.id: hit.grade for hit in ordered.hits} == {hit.id: hit.grade for hit in plain.hits}
    assert (ordered.total, ordered.facets) == (plain.total, plain.facets)
    prices = {str(product.pk): product.price for product in Product.objects.all()}
    for group in (close, lambda page: [s for s in skus(page) if s not in close(page)]):
        found = [prices[shop.id(sku)] for sku in group(ordered)]
        assert found == sorted(found, reverse=sort.startswith("-"))


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("price", ["CHR-RED-01", "CHR-BLU-02", "MUG-BLK-05", "GFT-CRD-07", "LMP-BRS-04", "TAB-BRN-06", "SOF-GRN-03"]),
        ("-price", ["CHR-BLU-02", "CHR-RED-01", "SOF-GRN-03", "TAB-BRN-06", "LMP-BRS-04", "GFT-CRD-07", "MUG-BLK-05"]),
    ],
)
def test_what_is_nothing_close_stays_behind_what_is_close_however_cheap(shop, sort, expected) -> None:
    page = search.search(Query(words="chair", sort=sort))
    assert skus(page) == expected
    assert close(page) == expected[:2]
    assert page.distant == 5


def test_filters_reach_into_every_leg(shop, settings) -> None:
    """With a window of one, a filter after the search would leave nothing."""
    shop.use(RANK_WINDOW=1)
    page = search.search(picture_query(draw("chair", "red"), words="red", filters=(AnyOf("colour", ("green",)),)))
    assert skus(page) == ["SOF-GRN-03"]


def test_a_window_that_cuts_admitted_hits_makes_the_total_a_lower_bound(shop) -> None:
    shop.use(RANK_WINDOW=2)
    assert search.search(picture_query(draw("chair", "red"))).relation == "gte"
    shop.use(RANK_WINDOW=3)
    assert search.search(Query(words="chair")).relation == "eq"  # The third of each leg is far off.


def test_browsing_without_a_question(shop) -> None:
    page = search.search(Query(sort="price"))
    assert skus(page)[:2] == ["MUG-BLK-05", "GFT-CRD-07"]
    assert set(skus(page)) == ALL
    assert all(hit.grade is None for hit in page.hits)


def test_a_page_beyond_the_end_is_empty_and_says_so(shop) -> None:
    page = search.search(Query(page=50))
    assert (page.hits, page.total, page.warnings) == ((), 7, ("page_beyond_the_end",))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"page": 0}, "page"),
        ({"page_size": 0}, "page_size"),
        ({"page_size": 101}, "page_size"),
        ({"sort": "colour"}, "sort"),
        ({"sort": "--price"}, "sort"),
        ({"words": "chair", "sort": "weight"}, "sort"),
        ({"filters": (AnyOf("weight", (1.0,)),)}, "weight"),
        ({"facets": ("weight",)}, "weight"),
    ],
)  # fmt: skip
def test_what_can_not_be_honoured_is_refused(shop, wrong, field) -> None:
    with pytest.raises(BadInput) as refusal:
        search.search(Query(**wrong))
    assert refusal.value.field == field


def test_only_the_asked_facets_are_counted(shop) -> None:
    assert [facet.field for facet in search.search(Query(facets=("brand",))).facets] == ["brand"]
    assert search.search(Query(facets=())).facets == ()


# --- Showing ------------------------------------------------------------------------------------


def test_cards_take_as_many_queries_for_many_hits_as_for_one(shop, django_assert_num_queries) -> None:
    search.search(Query(words="chair"))  # The outbox and the like are read once before.
    for size in (1, 7):
        # Products with what their tiles show, and what waits for the index, since the hits are few.
        with django_assert_num_queries(2):
            search.search(Query(page_size=size))


def test_a_vanished_object_is_left_out(shop) -> None:
    Product.objects.filter(sku="CHR-RED-01").update(state=State.ARCHIVED)  # No signal: the index still has it.
    page = search.search(picture_query(draw("chair", "red")))
    assert skus(page)[0] == "CHR-BLU-02"


def test_a_product_that_can_not_be_shown_does_not_take_the_page_down(shop, monkeypatch, caplog) -> None:
    card = Products.card

    def broken(self, product, language=None):
        if product.sku == "CHR-RED-01":
            raise ZeroDivisionError
        return card(self, product, language)

    monkeypatch.setattr(Products, "card", broken)
    assert skus(search.search(picture_query(draw("chair", "red"))))[0] == "CHR-BLU-02"
    assert "Products.card() failed" in caplog.text


def test_the_reply_says_what_it_took(shop) -> None:
    one, two = search.search(Query(words="chair")), search.search(Query(words="chair"))
    assert UUID(one.query_id) != UUID(two.query_id)
    assert {"encoder", "engine", "fusion", "facets", "cards"} <= set(one.timings_ms)
    assert one.took_ms > 0


@pytest.fixture
def clock(monkeypatch):
    """Time passes only where a test lets it pass; the argument is in seconds."""
    now = [1000.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])

    def passes(seconds: float) -> None:
        now[0] += seconds

    return passes


@pytest.mark.parametrize(("sort", "asked"), [("relevance", 2), ("price", 3)])
def test_steps_are_told_in_milliseconds_and_the_order_is_the_engines_work(
    shop, monkeypatch, clock, sort, asked
) -> None:
    real_search, real_texts = doubles.BreakableEngine.search, doubles.ThumbnailEncoder.texts

    def searching(self, collection, query):
        clock(0.25)
        return real_search(self, collection, query)

    def encoding(self, texts, **more):
        clock(0.0625)
        return real_texts(self, texts, **more)

    # What is read once and kept takes no step later. Other words, since the vectors of these would be remembered.
    search.search(Query(words="sofa", sort=sort))
    monkeypatch.setattr(doubles.BreakableEngine, "search", searching)
    monkeypatch.setattr(doubles.ThumbnailEncoder, "texts", encoding)
    page = search.search(Query(words="chair", sort=sort))
    assert {name: value for name, value in page.timings_ms.items() if value} == {
        "engine": 250.0 * (asked - 1),
        "encoder": 62.5,
        "cards": 250.0,  # the sizes and colours of what is shown
    }
    assert page.took_ms == 250.0 * asked + 62.5


def test_comparing_with_kept_pictures_is_a_step_of_its_own(shop, clock) -> None:
    def kept(pictures, keypoints):
        clock(0.125)
        return {}

    found = search.rank(
        picture_query(draw("chair", "red")), engine=wiring.engine(), encoder=wiring.encoder(),
        schema=wiring.schema("products"), kept=kept,
    )  # fmt: skip
    assert {name: value for name, value in found.timings_ms.items() if value} == {"comparing": 125.0}


def test_explain_shows_the_part_of_each_leg(shop) -> None:
    page = search.search(picture_query(draw("chair", "red"), words="red chair", explain=True))
    best = page.hits[0]
    assert set(best.legs) == {"photo", "words", "meaning", "colour"}
    assert sum(best.legs.values()) == pytest.approx(best.score, abs=1e-5)
    assert all(hit.legs == {} for hit in search.search(Query(words="red chair")).hits)


# --- When a part is out of order ----------------------------------------------------------------


def test_words_are_answered_without_the_encoder(shop, monkeypatch) -> None:
    monkeypatch.setattr(doubles.ThumbnailEncoder, "down", True)
    page = search.search(Query(words="red chair"))
    assert page.degraded == ("encoder",)
    assert close(page) == ["CHR-RED-01"]  # The blue one has one word of two.
    assert skus(page)[1] == "CHR-BLU-02"
    both = search.search(picture_query(draw("sofa", "green"), words="red chair"))
    assert both.degraded == ("encoder",)
    assert skus(both)[0] == "CHR-RED-01"


def test_a_photo_can_not_be_answered_without_the_encoder(shop, monkeypatch) -> None:
    monkeypatch.setattr(doubles.ThumbnailEncoder, "down", True)
    with pytest.raises(EncoderUnavailable, match="weights"):
        search.search(picture_query(draw("sofa", "green")))


def test_an_encoder_that_fails_in_an_unforeseen_way(shop) -> None:
    poison = Image.new("RGB", (64, 64), doubles.POISON)
    page = search.search(picture_query(poison, words="red chair"))
    assert page.degraded == ("encoder",)
    assert skus(page)[0] == "CHR-RED-01"
    with pytest.raises(EncoderUnavailable, match="ArithmeticError"):
        search.search(picture_query(poison))


def test_the_log_never_quotes_the_shopper(shop, monkeypatch, caplog) -> None:
    def quoting(self, texts, *, role, language):
        raise ValueError(f"can't tokenize {texts[0]!r}")

    monkeypatch.setattr(doubles.ThumbnailEncoder, "texts", quoting)
    with caplog.at_level(logging.DEBUG):
        page = search.search(Query(words="secretword chair"))
    assert page.degraded == ("encoder",)
    assert "ValueError" in caplog.text
    assert "secretword" not in caplog.text


def test_without_the_engine_there_is_no_answer(shop, monkeypatch) -> None:
    monkeypatch.setattr(doubles.BreakableEngine, "down", True)
    with pytest.raises(EngineUnavailable) as error:
        search.search(Query(words="chair"))
    assert error.value.retry_after > 0


def test_without_facets_the_hits_are_served(shop) -> None:
    shop.use(engine="tests.search.shop.FacetlessEngine")
    page = search.search(Query(words="chair"))
    assert page.degraded == ("facets",)
    assert page.facets == ()
    assert set(close(page)) == {"CHR-RED-01", "CHR-BLU-02"}


def test_an_empty_shop_answers(empty_shop) -> None:
    for question in QUESTIONS.values():
        page = search.search(question)
        assert (page.total, page.hits) == (0, ())


# --- The signal ---------------------------------------------------------------------------------


@pytest.fixture
def served():
    heard: list[dict] = []

    def listen(sender, **arguments):
        heard.append(arguments)

    search_served.connect(listen)
    yield heard
    search_served.disconnect(listen)


def test_each_answer_is_announced(shop, served) -> None:
    page = search.search(Query(words="chair"), context={"channel": "api"})
    [heard] = [item for item in served if item["page"].query_id == page.query_id]
    assert heard["query"].words == "chair"
    assert heard["context"] == {"channel": "api"}


def test_a_receiver_that_fails_does_not_harm_the_answer(shop, caplog) -> None:
    def broken(sender, **arguments):
        raise KeyError("a receiver's bug")

    search_served.connect(broken)
    try:
        page = search.search(Query(words="privateword chair"))
    finally:
        search_served.disconnect(broken)
    assert page.hits
    assert "search_served failed" in caplog.text
    assert "privateword" not in caplog.text


def test_saving_changes_what_is_found(shop) -> None:
    product = Product.objects.get(sku="MUG-BLK-05")
    text = ProductText.objects.get(product=product, language="en")
    text.title = "Ebony beaker"
    text.save()
    product.images.first().file.save("new.png", ContentFile(to_bytes(draw("mug", "green"))))
    shop.index()
    assert skus(search.search(Query(words="beaker")))[0] == "MUG-BLK-05"
    assert skus(search.search(picture_query(draw("mug", "green"))))[0] == "MUG-BLK-05"
    assert wiring.engine().health().ok


class TestFamilies:
    @pytest.fixture
    def family(self, shop):
        """The blue chair in another colour, which looks nearly the same."""
        blue = shop.products["CHR-BLU-02"]
        variant = shop.add(
            "CHR-BLU-08", "Blue chair, dark", draw("chair", "blue", shift=1), parent=blue, colour="dark blue"
        )
        shop.index()
        return variant

    def test_other_colours_of_the_same_thing_are_not_more_like_this(self, shop, family) -> None:
        for sku in ("CHR-BLU-02", "CHR-BLU-08"):
            found = skus(search.search(Query(like=(shop.id(sku),))))
            assert {"CHR-BLU-02", "CHR-BLU-08"}.isdisjoint(found)
            assert "CHR-RED-01" in found

    def test_with_words_a_photo_or_a_filter_they_may_be_meant(self, shop, family) -> None:
        liked = (shop.id("CHR-BLU-02"),)
        assert "CHR-BLU-08" in skus(search.search(Query(like=liked, words="dark")))
        assert "CHR-BLU-08" in skus(search.search(Query(like=liked, filters=(AnyOf("colour", ("dark blue",)),))))
        assert "CHR-BLU-08" in skus(search.search(picture_query(draw("chair", "blue"), like=liked)))

    def test_a_source_without_families_leaves_out_nothing_but_the_thing(self, shop, family, monkeypatch) -> None:
        monkeypatch.setattr(Products, "family", Source.family)
        monkeypatch.setattr(Products, "family_key", Source.family_key)
        assert skus(search.search(Query(like=(shop.id("CHR-BLU-02"),))))[0] == "CHR-BLU-08"

    def test_of_another_thing_the_nearest_size_is_enough(self, shop, family) -> None:
        page = search.search(Query(like=(shop.id("CHR-RED-01"),)))
        assert {"CHR-BLU-02", "CHR-BLU-08"} & set(skus(page)) == {skus(page)[0]}
        assert page.total == len(page.hits)

    def test_sizes_of_one_thing_take_one_place_of_many(self, shop) -> None:
        for thing in range(4):
            head = None
            for size in range(6):
                added = shop.add(f"T{thing}-{size}", f"Table {thing}", draw("table", "brown", shift=thing), parent=head)
                head = head or added
        shop.index()
        found = skus(search.search(Query(like=(shop.id("TAB-BRN-06"),), page_size=12)))
        assert sorted({sku[:2] for sku in found if sku.startswith("T")} - {"TA"}) == ["T0", "T1", "T2", "T3"]
        assert len([sku for sku in found if sku[0] == "T"]) == 4

    def test_a_family_that_cannot_be_told_costs_nothing_else(self, shop, family, monkeypatch, caplog) -> None:
        def broken(self, product):
            raise ZeroDivisionError

        monkeypatch.setattr(Products, "family", broken)
        monkeypatch.setattr(Products, "family_key", Source.family_key)
        assert skus(search.search(Query(like=(shop.id("CHR-BLU-02"),))))[0] == "CHR-RED-01"
        assert "Products.family() failed for Product" in caplog.text
        assert "Products.family_key() failed for Product" in caplog.text
