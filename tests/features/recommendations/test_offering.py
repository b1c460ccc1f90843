"""The chain of sources, what is never offered, and that every product has an honest slot."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Product, State
from tests.features.recommendations.lists import link, neighbours, orders, pairs, popular
from tests.search.shop import draw
from tests.shop.doubles import BreakableEngine
from visual_search.errors import EngineUnavailable
from visual_search.features.recommendations import facts
from visual_search.features.recommendations.models import Build, Neighbour, Part
from visual_search.features.recommendations.offering import offer
from visual_search.features.recommendations.slots import Asked, Offer, Shelf, Slot, SlotKind, Source
from visual_search.ranking.calibration import STUDIO, Calibration, Limits
from visual_search.types import AnyOf, Between, TasteEvent

pytestmark = pytest.mark.django_db


def asked(*slots: Slot, **more) -> Offer:
    return offer(Asked("products", slots, "en", **more))


def shelf(shop, kind: str, *skus: str, limit: int = 8, **more) -> Shelf:
    own = {name: more.pop(name) for name in ("filters", "strict") if name in more}
    slot = Slot(kind, SlotKind(kind), tuple(shop.id(sku) for sku in skus), limit=limit, **own)
    return asked(slot, **more).shelves[0]


def skus(shown: Shelf) -> list[str]:
    return [item.card.sku for item in shown.items]


def sources(shown: Shelf) -> list[str]:
    return [item.source.value for item in shown.items]


# --- The chain -------------------------------------------------------------------------------------


def test_the_owner_comes_first_then_orders_then_what_is_borrowed(furnished) -> None:
    link(furnished, "chair-red", "mug-red", "together", position=1)
    link(furnished, "chair-red", "mug-blue", "together", pinned=True)
    orders(furnished, {"chair-red": ["sofa-red", "table-red"]})
    neighbours(furnished, Part.BORROWED, "together", "borrowed", {"chair-red": ["lamp-red"]})
    shown = shelf(furnished, "together", "chair-red")
    assert skus(shown) == ["mug-blue", "mug-red", "sofa-red", "table-red", "lamp-red"]
    assert sources(shown) == ["pinned", "curated", "orders", "orders", "borrowed"]
    assert [item.reason for item in shown.items] == [
        "Goes with Red chair", "Goes with Red chair", "Often bought with Red chair", "Often bought with Red chair",
        "Often bought with things like Red chair",
    ]  # fmt: skip
    assert [item.rank for item in shown.items] == [1, 2, 3, 4, 5]
    assert shown.fallback is Source.BORROWED
    assert shown.built_at == Build.objects.get(part=Part.TOGETHER).finished


def test_several_products_have_scores_of_their_own(furnished) -> None:
    """What goes with each of them a little, because everybody buys it, doesn't win by adding up."""
    orders(furnished, {"chair-red": ["mug-red", "lamp-red", "sofa-red"], "table-red": ["mug-red", "lamp-blue"]})
    Neighbour.objects.filter(other=furnished.id("mug-red")).update(of_several=0.1)
    assert skus(shelf(furnished, "together", "chair-red"))[0] == "mug-red"
    both = skus(shelf(furnished, "together", "chair-red", "table-red"))
    assert set(both[:3]) == {"lamp-red", "lamp-blue", "sofa-red"}
    assert both[3] == "mug-red"


def test_where_nothing_was_bought_a_category_that_goes_with_it_helps_and_looks_choose_in_it(furnished) -> None:
    pairs({"Home > Chairs": ["Home > Tables", "Home > Lamps"]})
    shown = shelf(furnished, "goes_with", "chair-red")
    assert skus(shown)[:2] == ["table-red", "lamp-red"]
    assert len([sku for sku in skus(shown) if sku.startswith("table")]) == 2, "at most two of a category"
    assert set(sources(shown)) == {"category"}
    assert shown.fallback is None, "it is what this kind promises"
    assert {item.reason for item in shown.items} == {"Goes with Red chair"}
    by_orders = shelf(furnished, "together", "chair-red")
    assert by_orders.fallback is Source.CATEGORY
    assert shelf(furnished, "together", "chair-red", strict=True).items == ()


def test_best_sellers_there_are_the_last_resort(furnished) -> None:
    pairs({"Home > Chairs": ["Home > Cupboards"]})
    made = popular(furnished, {"Home > Cupboards": ["lamp-red", "mug-red", "sofa-blue"]})
    shown = shelf(furnished, "goes_with", "chair-red")
    assert (skus(shown), set(sources(shown))) == (["lamp-red", "mug-red", "sofa-blue"], {"popular"})
    assert shown.items[0].reason == "Popular in Cupboards"
    assert (shown.fallback, shown.built_at) == (Source.POPULAR, made.finished)
    orders(furnished, {"chair-red": ["sofa-red", "table-red", "lamp-blue"]})
    assert "popular" not in sources(shelf(furnished, "goes_with", "chair-red"))


def test_fewer_than_three_are_hidden(furnished) -> None:
    orders(furnished, {"chair-red": ["sofa-red", "table-red"]})
    assert shelf(furnished, "together", "chair-red").items == ()
    assert len(shelf(furnished, "together", "chair-red", limit=2).items) == 2, "who asks for two gets two"


def test_what_completes_a_thing_lies_in_another_category(furnished) -> None:
    orders(furnished, {"chair-red": ["chair-blue", "sofa-red", "table-red", "lamp-red"]})
    assert skus(shelf(furnished, "together", "chair-red"))[0] == "chair-blue"
    assert "chair-blue" not in skus(shelf(furnished, "goes_with", "chair-red"))


def test_what_grades_call_very_similar_looks_like_it_and_completes_nothing(furnished, monkeypatch) -> None:
    orders(furnished, {"chair-red": ["sofa-red", "table-red", "lamp-red", "mug-blue"]})
    assert {item.reason for item in shelf(furnished, "similar", "chair-red").items} == {"Similar to Red chair"}
    assert "table-red" in skus(shelf(furnished, "goes_with", "chair-red"))
    learned = Calibration({STUDIO: Limits(1.01, 0.5, 0.2)})
    monkeypatch.setattr("visual_search.learning.calibrating.current", lambda collection: learned)
    assert "Looks like Red chair" in {item.reason for item in shelf(furnished, "similar", "chair-red").items}
    assert "table-red" not in skus(shelf(furnished, "goes_with", "chair-red"))


def test_a_basket_is_not_ruled_by_one_line_and_the_reason_names_the_right_one(furnished) -> None:
    orders(furnished, {
        "chair-red": ["sofa-red", "table-red", "lamp-red"],
        "mug-red": ["lamp-red", "sofa-blue", "table-red"],
    })  # fmt: skip
    shown = shelf(furnished, "together", "chair-red", "mug-red")
    assert skus(shown) == ["lamp-red", "sofa-red", "table-red", "sofa-blue"]
    assert shown.items[0].reason == "Often bought with Red mug"
    assert shown.items[1].reason == "Often bought with Red chair"


def test_alternatives_are_found_without_any_order_or_build(furnished) -> None:
    shown = shelf(furnished, "similar", "chair-red")
    assert shown.items[0].card.sku.startswith("chair")
    assert set(sources(shown)) == {"content"}
    assert {item.reason for item in shown.items} <= {"Looks like Red chair", "Similar to Red chair"}
    assert (shown.fallback, shown.built_at) == (None, None)


def test_a_list_of_alternatives_that_was_made_is_read_and_not_looked_for_again(furnished, monkeypatch) -> None:
    neighbours(furnished, Part.SIMILAR, "similar", "content", {"chair-red": ["sofa-red", "sofa-blue", "sofa-black"]})
    facts.facts("products", [str(pk) for pk in Product.objects.values_list("pk", flat=True)])
    monkeypatch.setattr(BreakableEngine, "down", True)
    assert skus(shelf(furnished, "similar", "chair-red")) == ["sofa-red", "sofa-blue", "sofa-black"]


def test_where_nothing_is_close_the_nearest_of_its_category_are_named_as_such(furnished) -> None:
    for number in range(5):
        furnished.add(f"word-{number}", f"Gift number {number}", category="Gifts", price=5, stock=1)
    furnished.index()
    odd = furnished.add("odd", "Zither", draw("mug", "green", background="black"), category="Gifts", price=5, stock=1)
    furnished.index()
    shown = shelf(furnished, "similar", "odd")
    beside = [item for item in shown.items if item.source is Source.BESIDE]
    assert {item.reason for item in beside} <= {"Also in Gifts"}
    assert str(odd.pk) not in {item.card.id for item in shown.items}


def test_every_product_of_a_shop_without_orders_has_a_slot(furnished) -> None:
    for sku in furnished.products:
        assert shelf(furnished, "similar", sku).items, sku


def test_what_is_read_of_large_builds_is_found_by_an_index(furnished) -> None:
    """A build may have a million rows: none but those of the products may be looked through."""
    orders(furnished, {"chair-red": ["sofa-red", "table-red", "lamp-red"]})
    with CaptureQueriesContext(connection) as ran:
        shelf(furnished, "together", "chair-red")
    (asked,) = (one["sql"] for one in ran.captured_queries if "recommendations_neighbour" in one["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {asked}")
        plan = " ".join(row[3] for row in cursor.fetchall())
    assert "build_id=? AND kind=? AND item=?" in plan


def test_categories_of_a_build_are_remembered_and_a_new_build_is_seen_at_once(furnished) -> None:
    popular(furnished, {"": ["mug-red", "sofa-red", "chair-red"]})
    shelf(furnished, "trending")
    with CaptureQueriesContext(connection) as ran:
        assert skus(shelf(furnished, "trending")) == ["mug-red", "sofa-red", "chair-red"]
    assert not any("recommendations_popular" in one["sql"] for one in ran.captured_queries)
    Build.objects.update(live=False)
    popular(furnished, {"": ["lamp-red", "sofa-blue", "chair-blue"]})
    assert skus(shelf(furnished, "trending")) == ["lamp-red", "sofa-blue", "chair-blue"]


# --- What is never offered -------------------------------------------------------------------------


def six_of(furnished) -> None:
    orders(furnished, {"chair-red": ["sofa-red", "table-red", "lamp-red", "mug-red", "sofa-blue", "table-blue"]})


def test_nothing_that_is_sold_out_or_no_longer_published(furnished) -> None:
    six_of(furnished)
    Product.objects.filter(sku="sofa-red").update(stock=0)  # update() tells the index nothing.
    Product.objects.filter(sku="table-red").update(state=State.ARCHIVED)
    shown = skus(shelf(furnished, "together", "chair-red"))
    assert shown == ["lamp-red", "mug-red", "sofa-blue", "table-blue"]


def test_nothing_that_is_in_the_basket_or_on_the_page(furnished) -> None:
    six_of(furnished)
    shown = skus(shelf(furnished, "together", "chair-red", without=(furnished.id("sofa-red"),)))
    assert "sofa-red" not in shown
    assert "chair-red" not in skus(shelf(furnished, "similar", "chair-red"))


def test_no_variant_of_what_is_shown(furnished) -> None:
    six_of(furnished)
    head = furnished.products["sofa-red"]
    furnished.products["chair-red"].parent = head
    furnished.products["chair-red"].save()
    furnished.index()
    facts.forget()
    assert "sofa-red" not in skus(shelf(furnished, "together", "chair-red"))


def test_no_near_copy_of_what_is_shown(furnished) -> None:
    six_of(furnished)
    again = furnished.add("copy", "Chair in red", draw("chair", "red", shift=0), category="Other", price=1, stock=1)
    furnished.index()
    link(furnished, "chair-red", "copy", "together", pinned=True)
    assert again.sku not in skus(shelf(furnished, "together", "chair-red"))


def test_nothing_sensitive_is_offered_or_starts_from(furnished, settings) -> None:
    six_of(furnished)
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "RECOMMENDATIONS_SENSITIVE": ["Home > Sofas"]}
    assert not any(sku.startswith("sofa") for sku in skus(shelf(furnished, "together", "chair-red")))
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "RECOMMENDATIONS_SENSITIVE": ["Home > Chairs"]}
    assert shelf(furnished, "together", "chair-red").items == ()
    assert shelf(furnished, "similar", "chair-red").items == ()


def test_at_most_two_of_a_category_where_variety_is_asked(furnished) -> None:
    orders(furnished, {"chair-red": ["sofa-red", "sofa-blue", "sofa-green", "table-red", "lamp-red"]})
    assert skus(shelf(furnished, "together", "chair-red")) == ["sofa-red", "sofa-blue", "table-red", "lamp-red"]


def test_the_owners_links_are_not_counted_against_variety(furnished) -> None:
    for number, colour in enumerate(("red", "blue", "green", "black")):
        link(furnished, "chair-red", f"sofa-{colour}", "together", position=number)
    assert len(shelf(furnished, "together", "chair-red").items) == 4


def test_no_product_stands_in_two_slots(furnished) -> None:
    six_of(furnished)
    ids = (furnished.id("chair-red"),)
    found = asked(
        Slot("a", SlotKind.TOGETHER, ids, limit=3), Slot("b", SlotKind.GOES_WITH, ids), Slot("c", SlotKind.SIMILAR, ids)
    )
    shown = [item.card.id for shelf in found.shelves for item in shelf.items]
    assert len(shown) == len(set(shown)) >= 6


def test_filters_hold(furnished) -> None:
    six_of(furnished)
    shown = shelf(furnished, "together", "chair-red", filters=(AnyOf("colour", ("red",)), Between("price", at_most=50)))
    assert skus(shown) == ["sofa-red", "table-red", "lamp-red", "mug-red"]


def test_what_the_shop_does_not_have_is_told(furnished) -> None:
    found = asked(Slot("a", SlotKind.SIMILAR, ("999999",)))
    assert (found.shelves[0].items, found.warnings) == ((), ("products_not_found",))


# --- By the device, and what sells -----------------------------------------------------------------


def events(shop, **kinds: str) -> tuple[TasteEvent, ...]:
    return tuple(TasteEvent(shop.id(sku.replace("_", "-")), kind) for sku, kind in kinds.items())


def test_recently_viewed_is_what_the_device_says_and_nothing_else(furnished) -> None:
    assert shelf(furnished, "recent").items == ()
    taste = (
        TasteEvent(furnished.id("chair-red"), "view", 2.0),
        TasteEvent(furnished.id("sofa-red"), "view", 0.0),
        TasteEvent(furnished.id("mug-red"), "dislike", 1.0),
        TasteEvent("no such", "view", 1.0),
    )
    shown = shelf(furnished, "recent", taste=taste)
    assert skus(shown) == ["sofa-red", "chair-red"]
    assert {item.reason for item in shown.items} == {"You looked at this"}
    assert skus(shelf(furnished, "recent", taste=taste, without=(furnished.id("sofa-red"),))) == ["chair-red"]


def test_for_you_starts_from_the_device_and_shows_nothing_that_it_knows(furnished) -> None:
    orders(furnished, {"chair-red": ["sofa-red", "table-red", "lamp-red"]})
    shown = shelf(furnished, "for_you", taste=events(furnished, chair_red="view", sofa_red="view"))
    assert skus(shown)[:2] == ["table-red", "lamp-red"]
    assert shown.items[0].reason == "Often bought with Red chair"
    assert not {"chair-red", "sofa-red"} & set(skus(shown))
    assert shelf(furnished, "for_you").items == ()
    disliked = shelf(furnished, "for_you", taste=events(furnished, chair_red="dislike"))
    assert disliked.items == ()


def test_what_sells_in_a_category_in_the_shop_and_around_a_product(furnished) -> None:
    popular(furnished, {
        "": ["mug-red", "sofa-red", "chair-red"],
        "Home > Chairs": ["chair-blue", "chair-green", "chair-black"],
        "Home > Lamps": ["lamp-red"],
    })  # fmt: skip
    assert skus(shelf(furnished, "trending")) == ["mug-red", "sofa-red", "chair-red"]
    assert shelf(furnished, "trending").items[0].reason == "Popular now"
    chairs = shelf(furnished, "trending", filters=(AnyOf("category", ("Home > Chairs",)),))
    assert (len(chairs.items), chairs.items[0].reason) == (3, "Popular in Chairs")
    # One lamp makes no shelf, so a product of lamps gets what sells in the shop; who asks for lamps gets nothing else.
    assert skus(shelf(furnished, "trending", "lamp-blue")) == ["lamp-red", "mug-red", "sofa-red", "chair-red"]
    assert shelf(furnished, "trending", filters=(AnyOf("category", ("Home > Lamps",)),)).items == ()


# --- When something is down ------------------------------------------------------------------------


def test_an_index_that_is_down_is_said_and_one_slot_that_fails_costs_only_itself(furnished, monkeypatch) -> None:
    facts.facts("products", [str(pk) for pk in Product.objects.values_list("pk", flat=True)])
    six_of(furnished)
    monkeypatch.setattr(BreakableEngine, "down", True)
    ids = (furnished.id("chair-red"),)
    found = asked(Slot("a", SlotKind.SIMILAR, ids), Slot("b", SlotKind.TOGETHER, ids))
    assert (len(found.shelves[0].items), len(found.shelves[1].items), found.degraded) == (0, 6, ("a",))
    facts.forget()
    monkeypatch.setattr(BreakableEngine, "values", _broken)
    with pytest.raises(EngineUnavailable):
        asked(Slot("a", SlotKind.SIMILAR, ids))


def _broken(*args, **kwargs):
    raise EngineUnavailable("The engine doesn't answer.")
