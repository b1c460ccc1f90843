"""How tests write rules, and what a rule of each kind must do on every engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.search.shop import Shop, draw, picture_query
from visual_search import search
from visual_search.features.merchandising import current
from visual_search.features.merchandising.kinds import Like, Op, Then, When
from visual_search.features.merchandising.models import Action, Condition, Rule, SynonymSet
from visual_search.types import AnyOf, Between, Page, Query, Region, Scene

HOME = "visual_search.features.merchandising"
HOOKS = {
    "REWRITERS": [{"BACKEND": f"{HOME}.rewriter.MerchandisingRewriter"}],
    "RESCORERS": [{"BACKEND": f"{HOME}.rescorer.MerchandisingRescorer"}],
    "CURATORS": [{"BACKEND": f"{HOME}.curator.MerchandisingCurator"}],
    # On a busy machine a slow moment would look like a rule that doesn't hold.
    **dict.fromkeys(("REWRITE_LIMIT_MS", "RESCORE_LIMIT_MS", "CURATE_LIMIT_MS"), 60_000),
}


@pytest.fixture(autouse=True)
def no_rules_of_other_tests():
    current.forget()
    yield
    current.forget()


def rule(conditions: list[tuple], actions: list[dict[str, Any]], **more: Any) -> Rule:
    """`conditions`: (kind, value) or (kind, value, field)."""
    made = Rule.objects.create(**{"name": "a rule", "collection": "products", **more})
    for kind, value, *field in conditions:
        Condition.objects.create(rule=made, kind=kind, value=value, field="".join(field))
    for action in actions:
        Action.objects.create(rule=made, **action)
    return made


def words(phrase: str) -> list[tuple]:
    return [(When.WORDS_CONTAIN, phrase)]


def skus(page: Page) -> list[str]:
    return [hit.card.sku for hit in page.hits]


def ask(text: str = "", **more: Any) -> Page:
    page = search.search(Query(words=text, **{"language": "en", **more}))
    assert page.degraded == ()
    return page


def counts(page: Page, facet: str) -> dict[object, int]:
    answer = next(answer for answer in page.facets if answer.field == facet)
    return {count.value: count.count for count in answer.counts}


class RulesOnAnEngine:
    """A subclass gives `desk`: the shop of seven products on its engine, with the hooks of the feature."""

    @pytest.fixture
    def desk(self) -> Shop:
        raise NotImplementedError

    def pin(self, desk: Shop, sku: str, position: int = 1) -> dict[str, Any]:
        return {"kind": Then.PIN, "item": desk.id(sku), "position": position}

    def test_a_pin_stands_at_its_place_counts_and_says_so(self, desk: Shop, monkeypatch) -> None:
        # So few products would all be there, as "nothing close".
        monkeypatch.setattr("visual_search.querying.result_set.LEAST_RESULTS", 0)
        before = ask("red chair")
        assert "MUG-BLK-05" not in skus(before)
        rule(words("chair"), [self.pin(desk, "MUG-BLK-05", 2)])
        page = ask("red chair")
        assert skus(page)[:2] == ["CHR-RED-01", "MUG-BLK-05"]
        hit = page.hits[1]
        assert (hit.reason, hit.grade, hit.is_promoted) == ("promoted", None, True)
        assert page.total == before.total + 1 == len(page.hits)
        assert counts(page, "category")["Kitchen"] == 1

    def test_a_pin_obeys_filters_and_stock_and_a_lost_one_closes_its_gap(self, desk: Shop) -> None:
        pins = [self.pin(desk, sku, n) for n, sku in enumerate(("MUG-BLK-05", "LMP-BRS-04", "SOF-GRN-03"), 1)]
        rule(words("chair"), pins)
        page = ask("chair")
        assert skus(page)[:2] == ["MUG-BLK-05", "SOF-GRN-03"], "the lamp is sold out, and the sofa moves up"
        home = ask("chair", filters=(AnyOf("category", ("Home",)),))
        assert skus(home)[0] == "SOF-GRN-03"
        assert "MUG-BLK-05" not in skus(home)

    def test_a_pin_keeps_its_place_over_pages(self, desk: Shop) -> None:
        rule([(When.FILTER, "Home", "category")], [self.pin(desk, "TAB-BRN-06", 3)])
        asked = {"filters": (AnyOf("category", ("Home",)),), "page_size": 2}
        pages = [ask(page=number, **asked) for number in (1, 2, 3)]
        together = [sku for page in pages for sku in skus(page)]
        assert together[2] == "TAB-BRN-06"
        assert len(together) == len(set(together)) == pages[0].total

    def test_no_pins_where_somebody_sorts_or_names_the_very_thing(self, desk: Shop) -> None:
        rule([], [self.pin(desk, "MUG-BLK-05")])
        assert skus(ask("chair"))[0] == "MUG-BLK-05"
        assert not any(hit.is_promoted for hit in ask("chair", sort="price").hits)
        assert skus(ask("CHR-BLU-02"))[0] == "CHR-BLU-02"
        assert not any(hit.is_promoted for hit in ask("CHR-BLU-02").hits)
        photo = search.search(picture_query(draw("chair", "red"))).pictures[0]
        copy = search.search(
            Query(pictures=(replace(photo, witness=replace(photo.witness, copies=(desk.id("CHR-RED-01"),))),))
        )
        assert copy.hits[0].is_named
        assert not any(hit.is_promoted for hit in copy.hits)
        similar = search.search(Query(like=(desk.id("CHR-RED-01"),)))
        assert not any(hit.is_promoted for hit in similar.hits)

    def test_hiding_beats_pinning(self, desk: Shop) -> None:
        rule(words("chair"), [self.pin(desk, "CHR-BLU-02")], priority=5)
        rule(words("chair"), [{"kind": Then.HIDE, "item": desk.id("CHR-BLU-02")}])
        page = ask("chair")
        assert "CHR-BLU-02" not in skus(page)
        assert counts(page, "colour").get("blue", 0) == 0
        assert page.total == len(page.hits)

    def test_what_is_hidden_is_hidden_among_what_resembles_a_product(self, desk: Shop) -> None:
        red = Query(like=(desk.id("CHR-RED-01"),))
        assert "CHR-BLU-02" in skus(search.search(red))
        rule([], [{"kind": Then.HIDE, "item": desk.id("CHR-BLU-02")}])
        assert "CHR-BLU-02" not in skus(search.search(red))

    @pytest.mark.parametrize(
        "by",
        [
            {"sku": "CHR-RED-01"},
            {"field": "colour", "op": Op.IS, "value": "Red"},
            {"field": "price", "op": Op.AT_MOST, "value": "50"},
            {"field": "price", "op": Op.LESS},
            {"field": "stock", "op": Op.MORE},
        ],
        ids=["product", "facet", "number", "the less", "a merit"],
    )
    def test_a_boost_lifts_and_a_bury_lowers(self, desk: Shop, by: dict[str, str]) -> None:
        by = dict(by)
        item = {"item": desk.id(sku)} if (sku := by.pop("sku", "")) else {}

        def order() -> list[str]:
            return [sku for sku in skus(ask("chair")) if sku.startswith("CHR")]

        assert order() == ["CHR-BLU-02", "CHR-RED-01"]
        boosting = rule(words("chair"), [{"kind": Then.BOOST, "strength": 50, **item, **by}])
        assert order() == ["CHR-RED-01", "CHR-BLU-02"]
        boosting.delete()
        assert order() == ["CHR-BLU-02", "CHR-RED-01"]
        rule(words("chair"), [{"kind": Then.BURY, "strength": 50, "item": desk.id("CHR-BLU-02")}])
        assert order() == ["CHR-RED-01", "CHR-BLU-02"]

    def test_a_filter_holds_for_hits_and_facets(self, desk: Shop) -> None:
        rule(words("chair"), [{"kind": Then.FILTER, "field": "price", "op": Op.AT_MOST, "value": "50"}])
        page = ask("chair")
        assert set(skus(page)) <= {"CHR-RED-01", "MUG-BLK-05", "GFT-CRD-07"}
        assert page.total == len(page.hits)

    def test_words_are_replaced(self, desk: Shop) -> None:
        rule(words("fauteuil"), [{"kind": Then.REPLACE, "value": "chair"}])
        page = ask("blue fauteuil")
        assert page.words == "blue chair"
        assert skus(page)[0] == "CHR-BLU-02"

    def test_a_page_a_banner_and_an_order(self, desk: Shop) -> None:
        rule([(When.WORDS_ARE, "returns")], [{"kind": Then.REDIRECT, "url": "/help/"}])
        rule(words("chair"), [{"kind": Then.BANNER, "value": "Half price", "url": "/sale/"}])
        rule(words("chair"), [{"kind": Then.SORT, "value": "-price"}])
        assert ask("returns").redirect == "/help/"
        page = ask("chair")
        assert (page.redirect, [banner.text for banner in page.banners]) == ("", ["Half price"])
        assert [sku for sku in skus(page) if sku.startswith("CHR")] == ["CHR-BLU-02", "CHR-RED-01"]
        cheapest = [sku for sku in skus(ask("chair", sort="price")) if sku.startswith("CHR")]
        assert cheapest == ["CHR-RED-01", "CHR-BLU-02"], "the shopper's own order stands"

    def test_what_is_seen_in_a_photo_decides(self, desk: Shop) -> None:
        rule([(When.COLOUR, "red")], [self.pin(desk, "GFT-CRD-07")])
        red = search.search(picture_query(draw("chair", "red", shift=4, background="#f4f2ee")))
        blue = search.search(picture_query(draw("chair", "blue", shift=4, background="#f4f2ee")))
        assert [hit.is_promoted for hit in red.hits].count(True) == 1
        assert skus(red)[0] == "GFT-CRD-07"
        assert not any(hit.is_promoted for hit in blue.hits)
        photo = red.pictures[0]
        assert skus(search.search(Query(pictures=(photo,), page_size=3)))[0] == "GFT-CRD-07", "by the token, too"

    def test_the_thing_in_a_photo_decides(self, desk: Shop) -> None:
        rule([(When.THING, "chair")], [{"kind": Then.FILTER, "field": "category", "op": Op.IS, "value": "Home"}])
        rule([(When.THING, "chair")], [{"kind": Then.REDIRECT, "url": "/chairs/"}])
        seen = search.search(picture_query(draw("chair", "red", shift=4))).pictures[0]
        box = (0.1, 0.1, 0.9, 0.9)
        space = next(iter(seen.vectors))
        for label, score, redirect in (("chair", 0.8, "/chairs/"), ("chair", 0.4, ""), ("bed", 0.9, "")):
            thing = Region(box, label, score, {space: seen.vectors[space]})
            scene = Scene(Region((0.0, 0.0, 1.0, 1.0), vectors=seen.vectors), (thing,), box)
            page = search.search(Query(pictures=(replace(seen, scene=scene, box=box),)))
            assert page.redirect == redirect, (label, score)
            assert ("MUG-BLK-05" in skus(page)) is not bool(redirect)
            assert page.total == len(page.hits)

    def test_where_the_best_hits_are_decides(self, desk: Shop) -> None:
        rule([(When.BEST_CATEGORY, "home > seating")], [{"kind": Then.BANNER, "value": "Sit down"}])
        assert [banner.text for banner in ask("chair", filters=(AnyOf("brand", ("Nordic",)),)).banners] == ["Sit down"]
        assert ask("mug", filters=(AnyOf("category", ("Kitchen",)),)).banners == ()

    def test_a_rule_is_tried_on_its_half_of_the_questions(self, desk: Shop) -> None:
        rule(words("chair"), [self.pin(desk, "GFT-CRD-07")], experiment="gifts")
        assert skus(ask("chair"))[0] != "GFT-CRD-07"
        assert skus(ask("chair", variants=("gifts",)))[0] == "GFT-CRD-07"

    def test_nothing_close_decides(self, desk: Shop) -> None:
        rule([(When.NOTHING_CLOSE, "")], [self.pin(desk, "GFT-CRD-07"), {"kind": Then.BANNER, "value": "Sorry"}])
        page = ask("zebra xylophone")
        assert all(hit.grade == "nothing close" for hit in page.hits[1:])
        assert skus(page)[:1] == ["GFT-CRD-07"]
        assert [banner.text for banner in page.banners] == ["Sorry"]
        assert ask("red chair").banners == ()

    def test_an_order_by_what_is_seen(self, desk: Shop) -> None:
        rule([(When.COLOUR, "red")], [{"kind": Then.SORT, "value": "price"}])
        page = search.search(picture_query(draw("chair", "red", shift=4, background="#f4f2ee")))
        close = [hit for hit in page.hits if hit.grade != "nothing close"]
        prices = [float(hit.card.price.lstrip("€")) for hit in close]
        assert prices == sorted(prices)
        assert len(close) > 1

    def test_synonyms_find_and_replacements_replace(self, desk: Shop) -> None:
        assert not ask("couch", spell=False).hits or skus(ask("couch", spell=False))[0] != "SOF-GRN-03"
        SynonymSet.objects.create(kind=Like.TWO_WAY, language="en", words="couch, sofa, davenport desk")
        for text in ("couch", "davenport desk", "sofa"):
            page = ask(text)
            assert skus(page)[0] == "SOF-GRN-03", text
            assert page.hits[0].grade is None
            assert (page.words, page.spelt) == (text, ())
        SynonymSet.objects.create(kind=Like.ONE_WAY, language="en", words="seat", others="chair, sofa")
        assert {"CHR-RED-01", "CHR-BLU-02", "SOF-GRN-03"} <= set(skus(ask("seat")))
        assert "SOF-GRN-03" not in skus(ask("blue chair"))[:2], "one way"
        SynonymSet.objects.create(kind=Like.REPLACE, language="en", words="beaker", others="mug")
        assert ask("black beaker").words == "black mug"
        assert ask("black beaker", language="de").words == "black beaker", "of another language"

    def test_words_that_are_kept_apart(self, desk: Shop) -> None:
        assert "SOF-GRN-03" in skus(ask("green chair"))
        SynonymSet.objects.create(kind=Like.KEEP_APART, language="en", words="chair", others="sofa")
        assert "SOF-GRN-03" not in skus(ask("green chair"))
        assert "SOF-GRN-03" in skus(ask("green"))

    def test_a_thing_that_is_pinned_in_one_colour_has_one_tile(self, desk: Shop) -> None:
        head = None
        for sku, colour, stock in (("TEE-1", "white", 3), ("TEE-2", "red", 2), ("TEE-3", "black", 0)):
            made = desk.add(
                sku, f"T-shirt {colour}", brand="Tee", category="Clothing", stock=stock, price=9, parent=head
            )
            head = head or made
        desk.index()
        rule(words("t-shirt"), [self.pin(desk, "TEE-2")])
        page = ask("t-shirt")
        assert skus(page)[0] == "TEE-2"
        assert [sku for sku in skus(page) if sku.startswith("TEE")] == ["TEE-2"]
        assert {variant.card.sku for variant in page.hits[0].variants} == {"TEE-1", "TEE-2", "TEE-3"}
        rule(words("t-shirt"), [{"kind": Then.HIDE, "item": desk.id("TEE-1")}])
        page = ask("t-shirt")
        assert {variant.card.sku for variant in page.hits[0].variants} == {"TEE-2", "TEE-3"}
        sold_out = rule(words("shirt"), [self.pin(desk, "TEE-3")], priority=9)
        assert skus(ask("t-shirt"))[0] == "TEE-2", "what is sold out isn't pinned"
        sold_out.delete()

    def test_a_range_of_prices_is_none_of_the_words(self, desk: Shop) -> None:
        rule([(When.WORDS_ARE, "chair")], [{"kind": Then.BANNER, "value": "Chairs"}])
        page = ask("chair under 50 euro")
        assert [banner.text for banner in page.banners] == ["Chairs"]
        assert Between("price", at_most=50) in _filters_of(page)


def _filters_of(page: Page) -> list[Between]:
    return [Between(one.facet, one.at_least, one.at_most) for one in page.understood]
