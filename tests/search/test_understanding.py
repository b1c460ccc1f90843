"""What words ask for beyond words: over REST, beside filters that were chosen by hand, and on the pages."""

from __future__ import annotations

import json

import pytest

from catalog.search import Products
from tests.storefront.test_results import page, text_of
from visual_search import registry

URL = "/api/v1/search"


@pytest.fixture
def ask(shop, client):
    """Asks by REST; gives the whole answer."""

    def ask(q: str, **more) -> dict:
        response = client.post(URL, json.dumps({"q": q, "lang": "en", **more}), content_type="application/json")
        assert response.status_code == 200, response.content
        return response.json()

    return ask


def titles(answer: dict) -> list[str]:
    return [hit["title"] for hit in answer["hits"]]


class TestRest:
    @pytest.mark.parametrize(
        ("q", "left", "text", "least", "most", "found"),
        [
            ("chair under 50 euro", "chair", "under 50 euro", None, 50, {"Red chair"}),
            ("Stuhl ab 50 €", "Stuhl", "ab 50 €", 50, None, {"Blue chair"}),
            ("chair between 49 and 59", "chair", "between 49 and 59", 49, 59, {"Red chair", "Blue chair"}),
            ("moins de 10 euros", "", "moins de 10 euros", None, 10, {"Black mug"}),
        ],
    )
    def test_a_range_is_a_filter_and_the_answer_says_so(self, ask, q, left, text, least, most, found) -> None:  # noqa: PLR0917
        answer = ask(q)
        assert answer["q"] == left
        assert answer["understood"] == [{"facet": "price", "text": text, "gte": least, "lte": most}]
        near = [hit["title"] for hit in answer["hits"] if hit["grade"] != "nothing close"]
        assert set(near) == found
        prices = next(facet["range"] for facet in answer["facets"] if facet["key"] == "price")
        assert (least or 0) <= prices["min"] <= prices["max"] <= (most or 1000)

    @pytest.mark.parametrize(
        "q", ["chair under 50 dollars", "chair under 50 cm", "chair for under 5 years", "red chair"]
    )
    def test_other_words_stay_words(self, ask, q) -> None:
        answer = ask(q)
        assert (answer["q"], answer["understood"]) == (q, [])
        assert titles(answer)[0].endswith("chair")

    def test_the_words_can_be_searched_as_they_are(self, ask) -> None:
        answer = ask("chair under 50 euro", understand=False)
        assert (answer["q"], answer["understood"]) == ("chair under 50 euro", [])
        assert "Blue chair" in titles(answer)

    def test_the_question_without_the_text_asks_for_no_range(self, ask) -> None:
        text = ask("chair under 50 euro")["understood"][0]["text"]
        answer = ask("chair under 50 euro".replace(text, ""))
        assert answer["understood"] == []
        assert titles(answer)[:2] == ["Blue chair", "Red chair"] or titles(answer)[:2] == ["Red chair", "Blue chair"]

    @pytest.mark.parametrize(
        ("q", "chosen", "understood", "found"),
        [
            ("chair under 50 euro", {"lte": 100}, [], {"Red chair", "Blue chair"}),
            ("chair under 100 euro", {"gte": 50}, [(None, 100)], {"Blue chair"}),
            ("chair between 10 and 100", {"lte": 50}, [(10, None)], {"Red chair"}),
            ("chair under 20 euro", {"gte": 50}, [], {"Blue chair"}),
            ("chair over 80 euro", {"lte": 50}, [], {"Red chair"}),
        ],
    )
    def test_what_was_chosen_by_hand_wins(self, ask, q, chosen, understood, found) -> None:
        answer = ask(q, filters={"price": chosen})
        assert answer["q"] == "chair"
        assert [(one["gte"], one["lte"]) for one in answer["understood"]] == understood
        assert {hit["title"] for hit in answer["hits"] if hit["grade"] != "nothing close"} == found

    def test_a_price_chosen_out_of_a_list_wins(self, ask) -> None:
        answer = ask("chair under 50 euro", filters={"price": [59]})
        assert (answer["understood"], titles(answer)) == ([], ["Blue chair"])

    def test_other_filters_hold_too(self, ask) -> None:
        answer = ask("chair under 100 euro", filters={"colour": ["blue"], "not": {"price": {"lte": 10}}})
        assert titles(answer) == ["Blue chair"]
        assert len(answer["understood"]) == 1

    def test_a_range_may_stand_behind_what_is_kept_out(self, ask) -> None:
        answer = ask("chair without blue under 100 euro")
        assert (answer["q"], answer["q_not"]) == ("chair", ["blue"])
        assert titles(answer)[0] == "Red chair"
        assert "Blue chair" not in titles(answer)

    def test_slips_beside_a_range_are_mended(self, ask) -> None:
        answer = ask("chairr under 50 euro")
        assert (answer["spelt"]["typed"], answer["q"]) == ("chairr", "chair")
        assert answer["understood"]

    def test_the_shop_may_switch_it_off(self, shop, ask) -> None:
        shop.use(UNDERSTANDING=False)
        assert ask("chair under 50 euro")["understood"] == []

    def test_a_shop_without_a_currency_understands_the_word_price_alone(self, shop, ask, monkeypatch) -> None:
        monkeypatch.setattr(Products, "currency", "")
        assert registry.source("products").currency == ""
        assert ask("chair under 50 euro")["understood"] == []
        assert ask("chair price under 50")["q"] == "chair"

    def test_a_collection_without_prices_has_words_alone(self, shop, ask, monkeypatch) -> None:
        schema = tuple(field for field in Products.schema if field.name != "price")
        monkeypatch.setattr(Products, "schema", schema)
        shop.index()
        assert ask("chair under 50 euro")["understood"] == []

    def test_what_is_beyond_the_longest_question_is_left_alone(self, ask) -> None:
        answer = ask("chair " * 100 + "under 50 euro")
        assert answer["understood"] == []

    def test_several_collections_each_understand_by_their_own_currency(self, shop, gadgets, client) -> None:
        answer = client.get("/api/v1/search/grouped", {"q": "chair under 50 euro", "lang": "en"}).json()
        assert [(one["collection"], len(one["understood"])) for one in answer["groups"]] == [
            ("products", 1), ("gadgets", 0),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "q", ["under 1 " * 125, "1 000 " * 160, "under " * 160 + "5", "red " * 250, "red under 9 €, " * 60]
    )
    def test_long_questions_of_such_words_are_answered(self, ask, q) -> None:
        answer = ask(q)
        assert all(one["text"] in q for one in answer["understood"])
        assert len(answer["q"]) <= len(q)


class TestPage:
    def test_the_range_is_a_chip_whose_button_takes_it_out_of_the_words(self, shop, client) -> None:
        response = client.get("/search/", {"q": "chair under 50 euro"})
        form = page(response)
        assert form.titles[0] == "Red chair"
        assert "Blue chair" not in form.titles
        assert "Price ≤ 50" in text_of(response)
        assert dict(form.fields)["q"] == "chair under 50 euro"
        chip = ("without", "read=under 50 euro")
        assert chip in form.buttons
        without = page(form.submit(client, chip))
        assert dict(without.fields)["q"] == "chair"
        assert set(without.titles[:2]) == {"Red chair", "Blue chair"}
        assert not [value for name, value in without.buttons if value.startswith("read=")]

    def test_the_words_can_be_searched_word_for_word(self, shop, client) -> None:
        form = page(client.get("/search/", {"q": "chair under 50 euro"}))
        literal = ("literal", "chair under 50 euro")
        assert literal in form.buttons
        response = form.submit(client, literal)
        again = page(response)
        assert "Blue chair" in again.titles
        assert "was read as a filter" not in text_of(response)
        # Pages and filters keep it; other words are read anew.
        assert literal in again.fields
        assert "Blue chair" in page(again.submit(client, ("f.brand", "Nordic"))).titles
        other = again.submit(client, ("q", "chair under 55 euro"), without=("q",))
        assert "Price ≤ 55" in text_of(other)

    def test_what_is_chosen_by_hand_is_the_chip(self, shop, client) -> None:
        response = client.get("/search/", {"q": "chair under 50 euro", "f.price.lte": "100"})
        assert "Price ≤ 100" in text_of(response)
        assert "Price ≤ 50" not in text_of(response)
        form = page(response)
        assert "Blue chair" in form.titles
        back = form.submit(client, ("without", "f.price.lte=100"))
        assert "Price ≤ 50" in text_of(back)

    def test_both_ends_stand_on_one_chip(self, shop, client) -> None:
        assert "Price 49 – 1059.50" in text_of(client.get("/search/", {"q": "chair between 49 and 1,059.50 euro"}))

    def test_a_photo_page_understands_too(self, shop, client) -> None:
        from tests.search.shop import photo_of
        from tests.storefront.test_results import upload

        form = page(upload(client, photo_of("chair", "red"), q="chair under 55 euro"))
        assert "Blue chair" not in form.titles
        assert ("without", "read=under 55 euro") in form.buttons
        assert "Blue chair" in page(form.submit(client, ("without", "read=under 55 euro"))).titles

    def test_markup_in_the_words_is_text(self, shop, client) -> None:
        response = client.get("/search/", {"q": '<b>"chair" under 50 euro'})
        assert b"<b>" not in response.content
        assert ("literal", '<b>"chair" under 50 euro') in page(response).buttons
