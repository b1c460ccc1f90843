"""Baskets of the shop become lists that pages read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.core.conftest import GADGETS, picture
from visual_search import registry
from visual_search.errors import BadInput, ConfigurationError
from visual_search.features.recommendations import builds, options, tasks, training
from visual_search.features.recommendations.models import (
    Build,
    CategoryPair,
    CuratedLink,
    Kind,
    Neighbour,
    Part,
    Popular,
)
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
    kept = Build.objects.filter(part=Part.POPULAR)
    assert failed not in kept
    assert running in kept
    assert kept.filter(finished__isnull=False).count() == builds.KEPT
    assert kept.filter(live=True).get() == builds.latest(GADGETS, Part.POPULAR)


def beside(gadget, kind=Kind.TOGETHER, source=None) -> list[str]:
    rows = Neighbour.objects.filter(build__live=True, kind=kind, item=str(gadget.pk)).order_by("rank")
    return list((rows.filter(source=source) if source else rows).values_list("other", flat=True))


def bought_by(clients: int, *gadgets, day: int | None = None) -> list[Basket]:
    names = [f"{gadgets[0].pk}-{n}" for n in range(clients)]
    return [Basket(name, today() if day is None else day, [one.pk for one in gadgets]) for name in names]


def test_what_enough_clients_bought_together_is_listed_from_both_sides(shop, told) -> None:
    desk, chair, secret = shop.add("desk"), shop.add("chair"), shop.add("secret")
    shop.index()
    told += [*bought_by(5, desk, chair), *bought_by(4, secret, desk)]
    training.train(GADGETS)
    assert beside(desk) == [str(chair.pk)]
    assert beside(chair) == [str(desk.pk)]
    assert beside(secret, source="orders") == []
    row = Neighbour.objects.get(build__live=True, source="orders", item=str(desk.pk))
    assert 0 < row.of_several < row.score


def test_no_client_and_no_count_is_in_any_table(shop, told) -> None:
    """What is kept of baskets can't name who bought, nor how often."""
    desk, chair = shop.add("desk"), shop.add("chair")
    shop.index()
    told += [Basket(f"very secret {n}", today(), [desk.pk, chair.pk]) for n in range(7)]
    training.train(GADGETS)
    rows = [list(model.objects.values()) for model in (Build, Neighbour, CategoryPair, Popular)]
    assert "secret" not in str(rows)
    names = {field.name for model in (Neighbour, CategoryPair, Popular) for field in model._meta.fields}
    assert not names & {"count", "clients", "support", "client", "day"}


def test_lists_of_clients_change_once_a_week_and_others_each_night(shop, told) -> None:
    desk, chair, lamp = shop.add("desk"), shop.add("chair"), shop.add("lamp")
    shop.index()
    told += bought_by(5, desk, chair)
    training.train(GADGETS)
    told += bought_by(6, lamp, desk)
    parts = {build.part for build in training.train(GADGETS)}
    assert parts == {Part.BORROWED, Part.GOES_WITH, Part.POPULAR, Part.SIMILAR}
    assert beside(desk) == [str(chair.pk)]
    assert str(lamp.pk) in best()
    Build.objects.filter(part=Part.TOGETHER).update(finished=timezone.now() - timedelta(days=7))
    training.train(GADGETS)
    assert set(beside(desk)) == {str(chair.pk), str(lamp.pk)}


def test_a_shop_s_first_baskets_are_learned_from_the_next_night(shop, told) -> None:
    desk, chair = shop.add("desk"), shop.add("chair")
    shop.index()
    training.train(GADGETS)
    assert beside(desk) == []
    told += bought_by(5, desk, chair)
    training.train(GADGETS)
    assert beside(desk) == [str(chair.pk)]


def test_what_was_taken_back_does_not_return_the_same_night(shop, told) -> None:
    desk, chair = shop.add("desk"), shop.add("chair")
    shop.index()
    training.train(GADGETS)
    told += bought_by(5, desk, chair)
    call_command("visual_search", "train_recommendations", "--collection", GADGETS, "--now", verbosity=0)
    assert beside(desk) == [str(chair.pk)]
    call_command("visual_search", "train_recommendations", "--collection", GADGETS, "--back", "together")
    assert beside(desk) == []
    training.train(GADGETS)
    assert beside(desk) == []
    with pytest.raises(CommandError, match="no earlier build of 'together' in 'gadgets'"):
        call_command("visual_search", "train_recommendations", "--collection", GADGETS, "--back", "together")


def test_what_is_new_borrows_of_what_it_looks_like(shop, told) -> None:
    desk, chair = shop.add("desk", picture(1)), shop.add("chair", picture(2))
    shop.add("bed", picture(4))
    shop.index()
    told += bought_by(5, desk, chair)
    training.train(GADGETS)
    new = shop.add("desk", picture(1))
    shop.index()
    training.train(GADGETS)
    assert beside(new, source="borrowed")[0] == str(chair.pk)
    assert str(new.pk) not in beside(new)


def test_goes_with_comes_of_other_categories_that_links_name(shop, told) -> None:
    desks = [shop.add(f"oak desk {n}", category="Office > Desks") for n in range(3)]
    chairs = [shop.add(f"oak chair {n}", category="Office > Chairs") for n in range(3)]
    bath = shop.add("oak bath", category="Baths")
    shop.index()
    CuratedLink.objects.create(collection=GADGETS, item=str(desks[0].pk), other=str(chairs[0].pk))
    training.train(GADGETS)
    assert set(beside(desks[1], Kind.GOES_WITH)) == {str(chair.pk) for chair in chairs}
    assert beside(bath, Kind.GOES_WITH) == []
    pairs = CategoryPair.objects.filter(build__live=True).values_list("category", "other")
    assert list(pairs) == [("Office > Desks", "Office > Chairs")]


def test_goes_with_is_learned_of_baskets_where_no_pair_of_things_is_shared(shop, told) -> None:
    desks = [shop.add(f"desk {n}", category="Desks") for n in range(5)]
    chairs = [shop.add(f"chair {n}", category="Chairs") for n in range(5)]
    shop.index()
    told += [Basket(f"client {n}", today(), [desks[n].pk, chairs[n].pk]) for n in range(5)]
    training.train(GADGETS)
    assert beside(desks[0]) == []
    assert set(beside(desks[0], Kind.GOES_WITH)) == {str(chair.pk) for chair in chairs}


def test_a_collection_that_tells_nothing_is_left_alone(shop, monkeypatch, capsys) -> None:
    for source in registry.sources():
        monkeypatch.setattr(type(source), "baskets", registry.Source.baskets)
    call_command("visual_search", "train_recommendations")
    assert "No source tells baskets" in capsys.readouterr().out
    tasks.train()
    assert not Build.objects.exists()


def test_one_collection_without_an_index_does_not_keep_the_others(shop, told, caplog) -> None:
    """The reference shop's products tell baskets, too, and have no index here."""
    desk = shop.add("desk")
    shop.index()
    told += bought_by(1, desk)
    tasks.train()
    assert best() == [str(desk.pk)]
    assert "The lists of 'products' stay as they are: There is no index of 'products' yet." in caplog.text


@pytest.mark.parametrize(
    ("given", "read", "words"),
    [
        ({"RECOMMENDATIONS_SENSITIVE": "Health"}, options.sensitive, "is 'Health'; it is a list of categories"),
        ({"RECOMMENDATIONS_SENSITIVE": [""]}, options.sensitive, "it is a list of categories"),
        ({"RECOMMENDATIONS_CLIENTS": 4}, options.clients, "is 4; it must be a whole number from 5 on"),
        ({"RECOMMENDATIONS_MODEL": "magic"}, options.model, "is 'magic'; it must be one of popularity, co-counts"),
        ({"RECOMMENDATIONS_DAYS": "9"}, options.days, "is '9'; it must be a whole number from 1 on"),
    ],
)
def test_a_wrong_setting_is_named_with_its_mend(shop, given, read, words) -> None:
    from visual_search.features.recommendations.checks import check_recommendations

    shop.use(**given)
    with pytest.raises(ConfigurationError, match=words):
        read()
    assert [message.id for message in check_recommendations()] == ["visual_search.E161"]
