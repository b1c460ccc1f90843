"""What may change the order of the best hits is named by settings, guarded, and never costs the answer."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace

import pytest
from django.core.checks import run_checks

from tests.search.shop import Shop
from visual_search import search, wiring
from visual_search.errors import ConfigurationError
from visual_search.hooks import FIRST_RUNS, Moment, Reordered
from visual_search.types import Hit, Page, Query, TasteEvent

HERE = "tests.search.test_rescoring"
URL = "/api/v1/search"
TODAY = int(time.time() // 86_400)


class Reversing:
    """Puts the window upside down for whoever remembers anything, and says whose fault it is."""

    name = "reversing"

    def __init__(self, because: str = "") -> None:
        self.because = because

    def rescore(self, query: Query, hits: tuple[Hit, ...], moment: Moment) -> Reordered:
        if not query.taste:
            return Reordered(hits)
        return Reordered(tuple(replace(hit, reason="viewed", because=self.because) for hit in hits[::-1]), "reversed")


class Failing(Reversing):
    name = "failing"

    def rescore(self, query: Query, hits: tuple[Hit, ...], moment: Moment) -> Reordered:
        raise RuntimeError(f"this was remembered: {query.taste}")


class Sleeping(Reversing):
    name = "sleeping"

    def rescore(self, query: Query, hits: tuple[Hit, ...], moment: Moment) -> Reordered:
        time.sleep(0.03)
        return Reordered(hits[::-1], "slept")


class Nameless:
    pass


def use(shop: Shop, name: str, **options) -> None:
    rescorers = [{"BACKEND": f"{HERE}.{name}", "OPTIONS": options}]
    shop.settings.VISUAL_SEARCH = {**shop.settings.VISUAL_SEARCH, "RESCORERS": rescorers}


def same(one: Page, two: Page) -> bool:
    """Byte for byte, but for what no two answers share."""
    strip = {"query_id": "", "took_ms": 0.0, "timings_ms": {}}
    return repr({**asdict(one), **strip}) == repr({**asdict(two), **strip})


REMEMBERING = Query(words="chair", taste=(TasteEvent("1", "view"),))


@pytest.fixture(autouse=True)
def none_named(settings) -> None:
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "RESCORERS": []}


def test_a_named_rescorer_orders_the_page(shop) -> None:
    base = [hit.id for hit in search.search(REMEMBERING).hits]
    use(shop, "Reversing", because=shop.id("MUG-BLK-05"))
    page = search.search(REMEMBERING)
    assert [hit.id for hit in page.hits] == base[::-1]
    assert page.notes == ("reversing:reversed",)
    assert {hit.because_card.title for hit in page.hits} == {"Black mug"}
    assert "rescorers" in page.timings_ms


def test_the_window_is_the_limit_and_pages_agree(shop) -> None:
    """The best three are put upside down, and the page on which they end goes on with the fourth."""
    browsing = replace(REMEMBERING, words="")
    base = [hit.id for hit in search.search(browsing).hits]
    use(shop, "Reversing")
    shop.settings.VISUAL_SEARCH = {**shop.settings.VISUAL_SEARCH, "RANK_WINDOW": 3}
    pages = [search.search(replace(browsing, page=n, page_size=2)).hits for n in (1, 2, 3, 4)]
    assert [len(hits) for hits in pages] == [2, 2, 2, 1]
    assert [hit.id for hits in pages for hit in hits] == [*base[2::-1], *base[3:]]


def test_nothing_remembered_is_byte_for_byte_the_base_answer(shop) -> None:
    base = search.search(Query(words="chair"))
    for name in ("Reversing", "Failing"):
        use(shop, "Reversing" if name == "Reversing" else name)
        page = search.search(Query(words="chair"))
        if name == "Failing":
            page = replace(page, degraded=())
        assert same(page, base)


@pytest.mark.parametrize("name", ["Failing", "Sleeping"])
def test_one_that_fails_or_dawdles_is_named_and_changes_nothing(shop, caplog, name) -> None:
    base = search.search(REMEMBERING)
    use(shop, name)
    shop.settings.VISUAL_SEARCH = {**shop.settings.VISUAL_SEARCH, "RESCORE_LIMIT_MS": 20}
    for _ in range(FIRST_RUNS):
        search.search(REMEMBERING)  # The first runs may load something.
    page = search.search(REMEMBERING)
    assert page.degraded == (name.lower(),)
    assert same(replace(page, degraded=()), base)
    assert "TasteEvent(" not in caplog.text


def test_a_reason_whose_object_is_gone_is_not_shown(shop) -> None:
    use(shop, "Reversing", because="987654")
    assert {(hit.reason, hit.because, hit.because_card) for hit in search.search(REMEMBERING).hits} == {("", "", None)}


@pytest.mark.parametrize(
    ("rescorers", "said"),
    [
        ("a.b.C", "must be a list"),
        ([{"BACKEND": "no.such.Rescorer"}], "can't be imported"),
        ([{"BACKEND": f"{HERE}.Reversing", "OPTIONS": {"becuse": ""}}], "did you mean 'because'"),
        (["a.b.C"], "must be a dictionary"),
    ],
)
def test_a_wrong_setting_is_explained_by_the_check(settings, rescorers, said) -> None:
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "RESCORERS": rescorers}
    assert any(said in str(message) for message in run_checks(tags=["visual_search"]))


def test_what_is_no_rescorer_and_two_of_one_name_are_refused(shop) -> None:
    use(shop, "Nameless")
    with pytest.raises(ConfigurationError, match="lacks rescore"):
        wiring.rescorers()
    twice = [{"BACKEND": f"{HERE}.Reversing"}] * 2
    shop.settings.VISUAL_SEARCH = {**shop.settings.VISUAL_SEARCH, "RESCORERS": twice}
    with pytest.raises(ConfigurationError, match="one name"):
        wiring.rescorers()


# --- Over HTTP ----------------------------------------------------------------------------------


def ask(client, body: dict):
    return client.post(URL, json.dumps(body), "application/json")


def test_the_api_takes_a_taste_by_post_alone(shop, client) -> None:
    use(shop, "Reversing", because=shop.id("MUG-BLK-05"))
    base = [hit["id"] for hit in ask(client, {"q": "chair"}).json()["hits"]]
    taste = [["1", "view", TODAY]]
    for response in (
        ask(client, {"q": "chair", "taste": taste}),
        client.post(URL, {"q": "chair", "taste": json.dumps(taste)}),
    ):
        body = response.json()
        assert response["Cache-Control"] == "private, no-store"
        assert [hit["id"] for hit in body["hits"]] == base[::-1]
        assert body["notes"] == ["reversing:reversed"]
        mug = shop.products["MUG-BLK-05"]
        assert body["hits"][0]["because"] == {"id": str(mug.pk), "title": "Black mug", "url": mug.get_absolute_url()}
    refused = client.get(URL, {"q": "chair", "taste": json.dumps(taste)})
    assert (refused.status_code, refused.json()["code"]) == (400, "post_only")


@pytest.mark.parametrize(
    ("taste", "warning"),
    [
        ("{", "taste_malformed"),
        ([["1", "stare", TODAY]], "taste_unknown_kind"),
        ([["1", "view", TODAY]] * 101, "taste_too_many"),
        ([["x" * 60, "view", TODAY]] * 90, "taste_too_large"),
    ],
)
def test_a_bad_taste_costs_nothing_but_itself(shop, client, taste, warning) -> None:
    use(shop, "Reversing")
    base = ask(client, {"q": "chair"}).json()
    body = ask(client, {"q": "chair", "taste": taste}).json()
    assert body["warnings"] == [warning]
    assert body["hits"] == base["hits"]


def test_the_results_page_takes_a_taste_by_post_alone(shop, client) -> None:
    use(shop, "Reversing", because=shop.id("MUG-BLK-05"))
    taste = json.dumps([["1", "view", TODAY]])
    response = client.post("/search/", {"q": "chair", "taste": taste})
    assert response["Cache-Control"] == "private, no-store"
    assert b"Because you viewed" in response.content
    assert b"Black mug" in response.content
    by_address = client.get("/search/", {"q": "chair", "taste": taste})
    assert b"Because you viewed" not in by_address.content
