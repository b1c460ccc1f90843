"""From a listing to a case: what opens one, what doesn't, and what a person's decision teaches."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from tests.features.brand_protection.market import GENUINE, OTHERS, data_of, image_of, jpeg, kept, shown
from visual_search.errors import BadInput
from visual_search.features.brand_protection import cases, ledger, offers, storing, watching
from visual_search.features.brand_protection.kinds import Finding, State, What
from visual_search.features.brand_protection.models import BrandCase, CaseEvent, GenuinePicture, Listing, LookedAt
from visual_search.models import IndexEntry, Turn


def kinds(case: BrandCase) -> set[str]:
    return set(case.matches.values_list("kind", flat=True))


def test_a_mirrored_copy_opens_a_case_with_its_evidence(market) -> None:
    case = market.copy()
    match = case.matches.first()
    assert (case.state, match.kind, match.genuine.item) == (State.NEW, Finding.COPY, GENUINE[0])
    assert match.facts["mirrored"] is True
    assert match.facts["inliers"] >= 8
    assert len(match.matrix) == 2
    assert match.lines
    assert all(0 <= share <= 1 for line in match.lines for share in line)
    assert kept(case.evidence) == kept(case.listing.file)
    assert [entry.what for entry in cases.events(case)] == [What.OPENED]


def test_a_stranger_opens_none(market) -> None:
    market.offer(data_of(OTHERS[0]))
    assert market.look().looked == 1
    assert not BrandCase.objects.exists()


def test_an_allowed_seller_opens_none(market) -> None:
    market.offer(data_of(GENUINE[0]), seller="official store")
    market.look()
    assert not BrandCase.objects.exists()


def test_words_open_a_case_only_with_a_price_far_below(market) -> None:
    for number, price in enumerate(("100.00", "110.00", "95.00", "105.00", "98.00")):
        market.offer(jpeg(image_of(OTHERS[0]).rotate(number + 1)), title="Acme kettle", price=Decimal(price))
    cheap = market.offer(data_of(OTHERS[1]), title="Acme kettle", price=Decimal("20.00"))
    market.look()
    case = BrandCase.objects.get()
    assert case.listing == cheap
    assert kinds(case) == {Finding.WORDS, Finding.PRICE}
    facts = case.matches.get(kind=Finding.PRICE).facts
    assert (facts["median"], facts["limit"], facts["offers"]) == ("100.00", "50.00", 5)


def test_a_low_price_without_the_brands_words_opens_none(market) -> None:
    market.brand.price_floor, market.brand.currency = Decimal(50), "EUR"
    market.brand.save()
    market.offer(data_of(OTHERS[0]), title="Some kettle", price=Decimal("5.00"))
    market.look()
    assert not BrandCase.objects.exists()


def test_a_false_alarm_is_never_proposed_again(market) -> None:
    case = market.copy()
    cases.move(case, State.FALSE, "user 1 ann", "our own press picture")
    again = market.offer(kept(case.listing.file), seller="Another Shop")
    market.look()
    assert not BrandCase.objects.filter(listing=again).exists()
    # Another picture of the same product is another matter.
    other = market.offer(jpeg(shown(GENUINE[0], "framed")))
    market.look()
    assert BrandCase.objects.filter(listing=other).exists()


def test_a_change_is_undone_by_a_change_and_what_was_learned_is_forgotten(market) -> None:
    case = market.copy()
    cases.move(case, State.FALSE, "user 1 ann")
    assert cases.undo(case, "user 2 bob") == State.NEW
    assert BrandCase.objects.get(pk=case.pk).state == State.NEW
    again = market.offer(kept(case.listing.file), seller="Another Shop")
    market.look()
    assert BrandCase.objects.filter(listing=again).exists()
    assert [entry.facts.get("to") for entry in cases.events(case)] == [None, "false", "new"]


def test_nothing_is_undone_where_nothing_was_done(market) -> None:
    with pytest.raises(BadInput, match="nothing can be undone"):
        cases.undo(market.copy(), "user 1 ann")


def test_a_status_that_there_is_not_is_refused(market) -> None:
    case = market.copy()
    for state in ("counterfeit", "new"):
        with pytest.raises(BadInput):
            cases.move(case, state, "user 1 ann")


def test_a_closed_case_stays_closed_when_its_listing_is_looked_at_again(market) -> None:
    case = market.copy()
    cases.move(case, State.SETTLED, "user 1 ann")
    watching.look_again()
    market.look()
    assert BrandCase.objects.get().state == State.SETTLED


def test_looking_again_at_the_same_notes_nothing(market) -> None:
    market.copy()
    watching.look_again()
    market.look()
    assert CaseEvent.objects.count() == 1


def test_a_brand_that_is_surer_to_be_told_has_fewer_cases(market) -> None:
    market.brand.least_sure = 1.0
    market.brand.save()
    market.offer(jpeg(shown(GENUINE[0], "framed")))
    market.look()
    assert not BrandCase.objects.exists()


def test_a_changed_event_shows_in_the_chain(market) -> None:
    case = market.copy()
    cases.move(case, State.WATCHED, "user 1 ann")
    assert ledger.verify() == ""
    CaseEvent.objects.filter(number=1).update(actor="nobody")
    assert ledger.verify() == "Entry 1 was changed."


def test_a_run_that_is_stopped_goes_on(market) -> None:
    for name in OTHERS:
        market.offer(data_of(name))
    first = watching.watch(limit=3)
    assert (first.looked, first.left) == (3, 1)
    second = watching.watch()
    assert (second.looked, second.left) == (1, 0)


def test_two_processes_do_not_look_at_the_same_time(market) -> None:
    market.offer(data_of(OTHERS[0]))
    Turn.objects.all().take(watching.WATCHING, "another", watching.LASTS)
    assert watching.watch().others
    assert watching.waiting().count() == 1
    with pytest.raises(CommandError, match="Another process"):
        call_command("visual_search", "watch_listings")


def test_a_broken_picture_is_told_and_stops_no_others(market) -> None:
    broken = market.offer(b"\xff\xd8 no picture")
    market.offer(data_of(GENUINE[1]))
    assert market.look().looked == 2
    broken.refresh_from_db()
    assert broken.problem
    assert BrandCase.objects.count() == 1


def test_a_new_genuine_picture_is_found_without_a_rebuild(market) -> None:
    market.offer(jpeg(shown(OTHERS[0], "mirrored")))
    market.look()
    assert not BrandCase.objects.exists()
    storing.add(market.brand, data_of(OTHERS[0]), item="late")
    watching.look_again()
    market.look()
    assert BrandCase.objects.get().matches.first().genuine.item == "late"


def test_a_genuine_picture_is_kept_once(market) -> None:
    before = GenuinePicture.objects.count()
    storing.add(market.brand, data_of(GENUINE[0]))
    assert GenuinePicture.objects.count() == before


def test_offers_of_the_shop_are_taken_by_the_outbox(market, settings) -> None:
    from tests.shop.models import Gadget, GadgetImage, Maker

    settings.VISUAL_SEARCH = {
        **settings.VISUAL_SEARCH,
        "BRAND_PROTECTION": {"COLLECTIONS": ["gadgets"], "SELLER_FACET": "maker", "SITE": "https://shop.example"},
    }
    gadget = Gadget.objects.create(name="Chair", sku="G-1", price=Decimal(12), maker=Maker.objects.create(name="Barn"))
    from django.core.files.base import ContentFile

    image = GadgetImage(gadget=gadget)
    image.file.save("chair.jpg", ContentFile(jpeg(shown(GENUINE[0], "cut to 64 %"))))
    assert market.look().looked == 1
    case = BrandCase.objects.get()
    assert (case.listing.seller, case.listing.url) == ("Barn", f"https://shop.example/gadgets/{gadget.pk}/")
    assert LookedAt.objects.get().version == IndexEntry.objects.get(collection="gadgets").version
    assert market.look().looked == 0
    # The offer is gone, its case with the evidence is not.
    gadget.delete()
    market.look()
    assert kept(BrandCase.objects.get().evidence)
    assert Listing.objects.count() == 1


def test_the_catalogues_pictures_come_and_go(market, settings) -> None:
    from django.core.files.base import ContentFile

    from tests.shop.models import Gadget, GadgetImage

    market.brand.catalogue_brand, market.brand.collection = "*", "gadgets"
    market.brand.save()
    gadget = Gadget.objects.create(name="Lamp", sku="G-9")
    GadgetImage(gadget=gadget).file.save("lamp.jpg", ContentFile(data_of(OTHERS[1])))
    assert storing.add_catalogue(market.brand) == (1, 0)
    assert storing.add_catalogue(market.brand) == (0, 0)
    row = GenuinePicture.objects.get(object_id=str(gadget.pk))
    assert (row.item, bool(row.file)) == ("G-9", False)
    assert storing.picture_data(row) == data_of(OTHERS[1])
    gadget.delete()
    assert storing.add_catalogue(market.brand) == (0, 1)


def test_a_listing_is_taken_once(market) -> None:
    told = {"url": "https://market.example/1", "title": "A", "seller": "B", "price": None, "currency": ""}
    assert offers.take_picture(told, "a.jpg", data_of(OTHERS[0])).new == 1
    assert offers.take_picture(told, "a.jpg", data_of(OTHERS[0])).same == 1
    assert offers.take_picture({**told, "seller": "C"}, "a.jpg", data_of(OTHERS[0])).changed == 1
