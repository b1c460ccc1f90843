"""Words beside a photo: each phrase a chip, what photo and words weigh, and what is left where one of them goes."""

from __future__ import annotations

import pytest

from tests.search.shop import photo_of
from tests.storefront.test_results import page, text_of, upload
from visual_search import search
from visual_search.storefront import forms
from visual_search.types import Query


@pytest.fixture
def photo_page(shop, client):
    return upload(client, photo_of("chair", "red"))


@pytest.fixture
def asked(monkeypatch) -> list[Query]:
    """The questions that were asked."""
    queries: list[Query] = []
    real = search.search

    def noted(query: Query):
        queries.append(query)
        return real(query)

    monkeypatch.setattr(search, "search", noted)
    return queries


def chips(form) -> list[str]:
    return list(dict.fromkeys(value for name, value in form.buttons if name == "without"))


def test_words_are_added_one_after_the_other_and_go_one_by_one(client, photo_page, asked) -> None:
    one = page(page(photo_page).submit(client, ("q", "wooden"), without=("q",)))
    two = page(one.submit(client, ("more", "brown not leather")))
    assert chips(two) == ["photo_token=", "q=wooden", "q=brown", "q_not=leather"]
    assert (asked[-1].words, asked[-1].words_not) == ("wooden brown", ("leather",))
    left = page(two.submit(client, ("without", "q=wooden")))
    assert chips(left) == ["photo_token=", "q=brown", "q_not=leather"]
    assert (asked[-1].words, len(asked[-1].pictures)) == ("brown", 1)
    without_photo = page(left.submit(client, ("without", "photo_token=")))
    assert (asked[-1].words, asked[-1].words_not, asked[-1].pictures) == ("brown", ("leather",), ())
    assert without_photo.method == "get"


def test_a_new_photo_goes_with_the_words_that_stand(client, shop, asked) -> None:
    form = page(upload(client, photo_of("chair", "red"), q="wooden", q_not="leather"))
    assert chips(form) == ["photo_token=", "q=wooden", "q_not=leather"]
    assert (asked[-1].words, asked[-1].words_not) == ("wooden", ("leather",))


def test_a_range_of_prices_goes_out_of_its_phrase(client, photo_page, asked) -> None:
    one = page(page(photo_page).submit(client, ("q", "wooden"), without=("q",)))
    two = page(one.submit(client, ("more", "under 50 euro")))
    [read] = [value for value in chips(two) if value.startswith("read=")]
    page(two.submit(client, ("without", read)))
    assert asked[-1].words == "wooden"


def test_many_phrases_are_still_one_question(client, photo_page, asked) -> None:
    sent = [("q", f"word{number}") for number in range(40)]
    form = page(page(photo_page).submit(client, *sent, without=("q",)))
    assert asked[-1].words == " ".join(text for _name, text in sent)
    assert len([value for value in chips(form) if value.startswith("q=")]) == forms.MOST_PHRASES


@pytest.mark.parametrize(
    ("mix", "weights"), [("10", (1.8, 0.2)), ("50", (1, 1)), ("80", (0.4, 1.6)), ("90", (0.2, 1.8))]
)
def test_photo_and_words_weigh_what_the_shopper_says(client, photo_page, asked, mix, weights) -> None:
    form = page(page(photo_page).submit(client, ("q", "table"), ("mix", mix), without=("q",)))
    assert (asked[-1].pictures[0].weight, asked[-1].words_weight) == pytest.approx(weights)
    assert dict(form.fields)["mix"] == mix, "the next page has the same weight"


def test_the_weight_moves_the_hits(client, photo_page) -> None:
    def first(mix: str) -> str:
        return page(page(photo_page).submit(client, ("q", "mug"), ("mix", mix), without=("q",))).titles[0]

    assert (first("10"), first("90")) == ("Red chair", "Black mug")


@pytest.mark.parametrize("mix", ["-1", "0", "91", "much", "5.5", "9" * 5000, "٣"])
def test_a_weight_that_cannot_be_is_told_and_both_weigh_the_same(client, photo_page, asked, mix) -> None:
    response = page(photo_page).submit(client, ("q", "table"), ("mix", mix), without=("q",))
    assert response.status_code == 200
    assert f"“{mix[:40]}” can't be the weight of the words" in text_of(response)
    assert (asked[-1].pictures[0].weight, asked[-1].words_weight) == (1, 1)


def test_words_or_a_photo_alone_have_no_weight(client, photo_page, asked) -> None:
    assert "mix" not in dict(page(photo_page).fields)
    client.get("/search/", {"q": "table", "mix": "10"})
    assert asked[-1].words_weight == 1


def test_beside_a_photo_what_is_not_wanted_may_stand_alone(client, photo_page, asked) -> None:
    form = page(page(photo_page).submit(client, ("more", "without leather")))
    assert chips(form) == ["photo_token=", "q_not=leather"]
    assert (asked[-1].words, asked[-1].words_not) == ("", ("leather",))
    client.get("/search/", {"q": "without leather"})
    assert asked[-1].words == "without leather", "alone it says what is wanted"
