"""The filters of the results page, as a browser without JavaScript shows and sends them."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from tests.storefront.test_results import URL, page, text_of
from visual_search.storefront import facets


def values(response, name: str) -> list[str]:
    return page(response).choices.get(f"f.{name}", [])


# --- Several values ------------------------------------------------------------------------------


def test_ticked_values_stay_in_their_place_beside_the_others(shop, client) -> None:
    before = client.get(URL)
    colours = values(before, "colour")
    assert len(colours) > 3
    one = page(before).submit(client, ("f.colour", colours[2]))
    assert values(one, "colour") == colours
    two = page(one).submit(client, ("f.colour", colours[0]))
    assert values(two, "colour") == colours
    assert len(page(two).titles) == 2
    fields = page(two).fields
    assert {value for name, value in fields if name == "f.colour"} == {colours[0], colours[2]}


def test_the_counts_are_those_of_a_tick(shop, client) -> None:
    assert "Nordic 2" in text_of(client.get(URL, {"f.brand": "Plain"}))


def test_a_root_that_holds_everything_is_left_out(shop, client) -> None:
    everything = values(client.get(URL), "category")
    assert "Home" in everything
    at_home = client.get(URL, {"f.brand": ["Nordic", "Plain"], "f.price.gte": "40"})
    assert values(at_home, "category")[0] != "Home"
    assert "Home > Seating" in values(at_home, "category")
    assert 'vs-depth-0"><input' in at_home.content.decode().split('value="Home &gt; Seating"')[0].rsplit("<label", 1)[1]
    assert "Home" in values(client.get(URL, {"f.category": "Home", "f.price.gte": "40"}), "category"), "it was chosen"


def test_a_long_list_folds_and_keeps_all_its_values(shop, client) -> None:
    for number in range(20):
        shop.add(f"MANY-{number}", f"Thing {number}", colour=f"shade {number:02}", price=Decimal(5), stock=1)
    shop.index()
    response = client.get(URL)
    html = response.content.decode()
    assert len(values(response, "colour")) == 26
    assert "Show all 26" in text_of(response)
    folded = re.findall(r'vs-folded"><input\s+type="checkbox" name="f.colour" value="([^"]+)"', html)
    assert len(folded) == 26 - facets.UNFOLDED
    ticked = client.get(URL, {"f.colour": folded[-1]})
    assert values(ticked, "colour") == values(response, "colour")
    assert folded[-1] not in re.findall(
        r'vs-folded"><input\s+type="checkbox" name="f.colour" value="([^"]+)"', ticked.content.decode()
    )


# --- Numbers -------------------------------------------------------------------------------------


def test_a_number_has_fields_to_type_in_and_a_slider_that_sends_nothing(shop, client) -> None:
    html = client.get(URL, {"f.price.gte": "40"}).content.decode()
    assert re.search(r'<input type="number" step="any" name="f.price.gte" value="40"', html)
    assert re.search(
        r'data-vs-slider hidden>\s+<input type="range" id="vs-price-gte" min="9" max="499" step="1"\s+value="40"', html
    )
    assert not re.search(r'type="range"[^>]*\sname=', html)


@pytest.mark.parametrize(
    ("data", "titles"),
    [
        ({"f.price.gte": "9,5", "f.price.lte": "30"}, ["Gift card"]),
        ({"f.price.gte": "60", "f.price.lte": "40"}, ["Red chair", "Blue chair"]),
    ],
)
def test_ends_may_have_a_comma_or_be_exchanged(shop, client, data, titles) -> None:
    assert page(client.get(URL, data)).titles == titles


# --- What can't be used --------------------------------------------------------------------------

WRONG = {
    "f.price.gte=cheap": "“cheap” is no number, so Price isn't limited by it.",
    "f.price.lte=nan": "“nan” is no number",
    "f.price.lte=inf": "“inf” is no number",
    "f.price.gte=60&f.price.lte=40": "Price can't run from 60 to 40, so both ends were exchanged.",
    "f.in_stock=maybe": "“maybe” can't be In stock, so it is left out.",
    "f.colour=a%00b": "“ab” can't be Colour, so it is left out.",
    "f.colour=" + "x" * 600: "can't be Colour, so it is left out.",
    "f.colour=mauve": "Nothing in this shop has “mauve” as Colour.",
    "f.category=Attic": "Nothing in this shop has “Attic” as Category.",
    "f.weight=3": "There is no filter “f.weight=3” here, so it is left out.",
    "f.price=30": "There is no filter “f.price=30” here, so it is left out.",
    "price=abc": "There is no filter “price=abc” here, so it is left out.",
    "sort=colour": "There is no order “colour”, so the best matches come first.",
    "page=0": "There is no page “0”, so this is the first one.",
    "page=x": "There is no page “x”, so this is the first one.",
}


@pytest.mark.parametrize("query", WRONG)
def test_what_can_not_be_used_gets_a_word_on_the_page(shop, client, query) -> None:
    response = client.get(f"{URL}?q=chair&{query}")
    assert response.status_code == 200
    assert WRONG[query] in text_of(response)
    assert "x" * 100 not in text_of(response)


def test_what_can_be_used_says_nothing(shop, client) -> None:
    response = client.get(f"{URL}?q=chair&utm_source=mail&f.colour=red&f.colour=blue&f.price.gte=1&sort=price&page=1")
    assert "vs-faults" not in response.content.decode()


def test_a_value_that_the_shop_has_is_not_unknown_where_other_filters_leave_nothing_of_it(shop, client) -> None:
    response = client.get(URL, {"f.colour": "red", "f.brand": "Plain"})
    assert "Nothing in this shop" not in text_of(response)
    assert "Nothing matches all of this" in text_of(response)


def test_a_thousand_faults_are_told_shortly(shop, client) -> None:
    response = client.get(URL + "?" + "&".join(f"f.no{number}=1" for number in range(900)))
    assert text_of(response).count("There is no filter") == 5


def test_values_beyond_the_limit_are_told(shop, client) -> None:
    response = client.get(URL + "?" + "&".join(f"f.colour=c{number}" for number in range(300)))
    assert response.status_code == 200
    assert "Only the first 200 values of Colour are looked for." in text_of(response)


def test_unknown_values_are_nobodys_outage(shop, client, monkeypatch) -> None:
    from visual_search.errors import EngineUnavailable
    from visual_search.storefront import filters

    def down(*_):
        raise EngineUnavailable("gone")

    monkeypatch.setattr(filters, "_is_there", down)
    assert client.get(URL, {"f.colour": "mauve"}).status_code == 200
