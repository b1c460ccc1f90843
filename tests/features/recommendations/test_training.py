"""Baskets of the shop become lists that pages read."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests.core.conftest import GADGETS
from visual_search.errors import BadInput, ConfigurationError
from visual_search.features.recommendations import builds, options, training
from visual_search.features.recommendations.models import Build, Part, Popular
from visual_search.types import Basket

pytestmark = pytest.mark.django_db


def today() -> int:
    return (timezone.now().date() - training.EPOCH).days


def best(category: str = "") -> list[str]:
    rows = Popular.objects.filter(build__live=True, build__collection=GADGETS, category=category)
    return list(rows.order_by("rank").values_list("item", flat=True))


def test_best_sellers_of_the_shop_and_of_each_category(shop, told) -> None:
    lamp = shop.add("lamp", category="Home > Light")
    desk = shop.add("desk", category="Home > Office")
    shop.index()
    told += [Basket("ann", today(), [desk.pk, lamp.pk]), Basket("bob", today(), [desk.pk, "gone"])]
    training.train(GADGETS)
    assert best() == best("Home") == [str(desk.pk), str(lamp.pk)]
    assert best("Home > Light") == [str(lamp.pk)]


def test_what_is_sensitive_is_left_out_with_all_below_it(shop, told) -> None:
    pill, desk = shop.add("pill", category="Health > Pills"), shop.add("desk", category="Healthy desks")
    shop.index()
    told += [Basket("ann", today(), [pill.pk, desk.pk])]
    shop.use(RECOMMENDATIONS_SENSITIVE=["Health"])
    training.train(GADGETS)
    assert best() == [str(desk.pk)]


def test_a_new_build_takes_the_place_of_the_live_one_and_can_be_taken_back(shop, told) -> None:
    lamp, desk = shop.add("lamp"), shop.add("desk")
    shop.index()
    told += [Basket("ann", today(), [lamp.pk])]
    training.train(GADGETS)
    told += [Basket("ann", today(), [desk.pk]), Basket("bob", today(), [desk.pk])]
    training.train(GADGETS)
    assert best() == [str(desk.pk), str(lamp.pk)]
    builds.go_back(GADGETS, Part.POPULAR)
    assert best() == [str(lamp.pk)]
    with pytest.raises(BadInput, match="no earlier build of 'popular' in 'gadgets'"):
        builds.go_back(GADGETS, Part.POPULAR)


def test_old_builds_go_and_one_that_is_being_made_stays(shop, told) -> None:
    shop.index()
    shop.add("lamp")
    shop.index()
    failed = builds.start(GADGETS, Part.POPULAR, "popularity")
    for _ in range(builds.KEPT + 2):
        training.train(GADGETS)
    running = builds.start(GADGETS, Part.POPULAR, "popularity")
    kept = Build.objects.all()
    assert failed not in kept
    assert running in kept
    assert kept.filter(finished__isnull=False).count() == builds.KEPT
    assert kept.filter(live=True).get() == builds.latest(GADGETS, Part.POPULAR)


@pytest.mark.parametrize(
    ("given", "read", "words"),
    [
        ({"RECOMMENDATIONS_SENSITIVE": "Health"}, options.sensitive, "is 'Health'; it is a list of categories"),
        ({"RECOMMENDATIONS_SENSITIVE": [""]}, options.sensitive, "it is a list of categories"),
        ({"RECOMMENDATIONS_CLIENTS": 4}, options.clients, "is 4; it must be a whole number from 5 on"),
        ({"RECOMMENDATIONS_DAYS": "9"}, options.days, "is '9'; it must be a whole number from 1 on"),
    ],
)
def test_a_wrong_setting_is_named_with_its_mend(shop, given, read, words) -> None:
    from visual_search.features.recommendations.checks import check_recommendations

    shop.use(**given)
    with pytest.raises(ConfigurationError, match=words):
        read()
    assert [message.id for message in check_recommendations()] == ["visual_search.E161"]
