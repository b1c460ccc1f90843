"""Composed questions against a real index."""

from __future__ import annotations

import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.search.shop import PRODUCTS, draw, picture_query
from visual_search import search
from visual_search.errors import BadInput
from visual_search.querying import parsing
from visual_search.types import Query, QueryPicture


def skus(page) -> list[str]:
    return [hit.card.sku for hit in page.hits]


def scores(page) -> dict[str, float]:
    return {hit.card.sku: hit.score for hit in page.hits}


def photo(shape: str, colour: str, weight: float = 1.0) -> QueryPicture:
    return QueryPicture(image=draw(shape, colour), weight=weight)


@pytest.mark.parametrize("sku", ["CHR-RED-01", "SOF-GRN-03", "LMP-BRS-04", "MUG-BLK-05", "TAB-BRN-06"])
def test_its_own_picture_puts_a_product_first(shop, sku) -> None:
    assert skus(search.search(picture_query(draw(*PRODUCTS[sku][3:5]))))[0] == sku


def test_several_photos_in_any_order(shop) -> None:
    parts = (photo("chair", "red"), photo("sofa", "green"), photo("lamp", "brass"))
    one, other = (search.search(Query(pictures=given)) for given in (parts, parts[::-1]))
    assert scores(one) == pytest.approx(scores(other), abs=1e-6)
    assert skus(one)[0] in {"CHR-RED-01", "SOF-GRN-03", "LMP-BRS-04"}


SHOWN = [values[3:5] for values in PRODUCTS.values() if values[3]]
PARTS = st.lists(st.tuples(st.sampled_from(SHOWN), st.sampled_from([0.5, 1.0, 2.0, 10.0])), min_size=1, max_size=3)
# The shop is only read, so that examples may share it.
shared = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


@shared
@given(parts=PARTS, words=st.sampled_from(["", "chair", "green"]), data=st.data())
def test_order_does_not_matter_and_zero_is_absence(shop, parts, words, data) -> None:
    photos = [photo(*shown, weight) for shown, weight in parts]
    extra = photo(*data.draw(st.sampled_from(SHOWN)), 0)
    mixed = data.draw(st.permutations([*photos, extra]))
    one, other = (search.search(Query(pictures=tuple(given), words=words)) for given in (photos, mixed))
    assert scores(one) == pytest.approx(scores(other), abs=2e-6)  # both are rounded to six digits


@shared
@given(
    sku=st.sampled_from([sku for sku, values in PRODUCTS.items() if values[3]]),
    side=st.integers(90, 500),
    quality=st.integers(50, 95),
)
def test_its_own_picture_of_any_size_saved_again_puts_a_product_first(shop, sku, side, quality) -> None:
    buffer = io.BytesIO()
    draw(*PRODUCTS[sku][3:5], size=side).save(buffer, "JPEG", quality=quality)
    assert skus(search.search(picture_query(Image.open(buffer).convert("RGB"))))[0] == sku


def test_the_heavier_photo_decides(shop) -> None:
    for heavy, light in (("red", "blue"), ("blue", "red")):
        page = search.search(Query(pictures=(photo("chair", light), photo("chair", heavy, 3))))
        assert page.hits[0].card.title == f"{heavy.capitalize()} chair"


@pytest.mark.parametrize("where", ["photo", "words", "like"])
def test_a_weight_of_zero_is_absence(shop, where) -> None:
    alone = search.search(picture_query(draw("chair", "red")))
    more = {
        "photo": Query(pictures=(photo("chair", "red"), photo("mug", "black", 0))),
        "words": Query(pictures=(photo("chair", "red"),), words="mug", words_weight=0),
        "like": Query(
            pictures=(photo("chair", "red"),),
            like=(shop.id("MUG-BLK-05"),),
            like_weights={shop.id("MUG-BLK-05"): 0.0},
        ),
    }[where]
    assert scores(search.search(more)) == pytest.approx(scores(alone))


def test_the_weight_of_words(shop) -> None:
    query = {"pictures": (photo("chair", "red"),), "words": "sofa"}
    light, heavy = (search.search(Query(**query, words_weight=weight)) for weight in (0.1, 10))
    assert (skus(light)[0], skus(heavy)[0]) == ("CHR-RED-01", "SOF-GRN-03")


def test_less_like_this(shop) -> None:
    red = shop.id("CHR-RED-01")
    before = search.search(picture_query(draw("chair", "red")))
    after = search.search(picture_query(draw("chair", "red"), unlike=(red,)))
    assert "CHR-RED-01" not in skus(after), "itself is left out"
    assert all(score <= scores(before)[sku] + 1e-9 for sku, score in scores(after).items())
    lost = {sku: scores(before)[sku] - scores(after)[sku] for sku in skus(after)}
    assert max(lost, key=lost.get) == "CHR-BLU-02", "the other chair looks most like it"


def test_less_like_this_photo(shop) -> None:
    before = search.search(Query(words="chair"))
    after = search.search(Query(words="chair", pictures=(photo("chair", "red", -1),)))
    # Both titles say it alike, so which of them comes first means nothing.
    assert set(skus(before)[:2]) == {"CHR-RED-01", "CHR-BLU-02"}
    assert skus(after)[0] == "CHR-BLU-02"
    assert scores(after)["CHR-BLU-02"] > scores(after).get("CHR-RED-01", 0.0)


def test_what_is_not_wanted_while_browsing_goes_to_the_end(shop) -> None:
    page = search.search(Query(unlike=(shop.id("CHR-RED-01"),)))
    assert skus(page)[-1] == "CHR-BLU-02"
    assert page.total == 6


def test_what_says_it_is_left_out(shop) -> None:
    page = search.search(Query(words="chair", words_not=("red",)))
    assert "CHR-RED-01" not in skus(page)
    assert skus(page)[0] == "CHR-BLU-02"
    assert "CHR-RED-01" in skus(search.search(Query(words="chair", words_not=("red table",)))), "all words of a phrase"


def test_words_that_are_not_wanted_while_browsing(shop) -> None:
    assert "GFT-CRD-07" not in skus(search.search(Query(words_not=("gift",))))


def test_explain_adds_up_with_negatives(shop) -> None:
    page = search.search(picture_query(draw("chair", "red"), unlike=(shop.id("CHR-RED-01"),), explain=True))
    assert any("unwanted" in hit.legs for hit in page.hits)
    assert all(sum(hit.legs.values()) == pytest.approx(hit.score, abs=1e-4) for hit in page.hits)


def test_a_product_that_is_gone_is_nothing_to_avoid(shop) -> None:
    assert scores(search.search(Query(words="chair", unlike=("424242",)))) == scores(
        search.search(Query(words="chair"))
    )


def test_too_many_are_refused(shop) -> None:
    with pytest.raises(BadInput, match="unlike has 9 entries; at most 8"):
        search.search(Query(words="chair", unlike=tuple("123456789")))


@pytest.mark.parametrize("raw", ["heavy", True, "nan", -1, 11])
def test_weights_that_are_none(raw) -> None:
    with pytest.raises(BadInput, match="q_weight is"):
        parsing.weight(raw, field="q_weight")
