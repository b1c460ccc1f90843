"""One vector an object follows the index, and is handed out fast."""

from __future__ import annotations

import numpy as np
import pytest
from django.core.management import call_command

from tests.core.conftest import GADGETS, picture
from visual_search import rebuilding, wiring
from visual_search.features.personalisation import item_vectors
from visual_search.features.personalisation.item_cache import ItemCache
from visual_search.features.personalisation.models import ItemSpread, ItemVector

pytestmark = pytest.mark.django_db


def vector(gadget) -> np.ndarray:
    return ItemCache().items(GADGETS, wiring.encoder().card, [str(gadget.pk)]).vectors[0]


def test_each_indexed_object_gets_a_unit_vector_of_looks_and_title(shop) -> None:
    lamp, chair = shop.add("red lamp", picture(1), category="Home > Light"), shop.add("red chair", picture(2))
    bare = shop.add("no picture")
    shop.index()
    assert item_vectors.refresh(GADGETS) == 3
    for gadget in (lamp, chair, bare):
        assert np.linalg.norm(vector(gadget)) == pytest.approx(1, abs=1e-5)
    card = wiring.encoder().card
    items = ItemCache().items(GADGETS, card, [str(chair.pk), "strange", str(lamp.pk)])
    assert items.categories == {str(chair.pk): "", str(lamp.pk): "Home > Light"}
    assert vector(lamp).shape == (card.image.dims + card.text.dims,)
    # Without a picture only the title's part is there.
    assert not vector(bare)[: card.image.dims].any()


def test_equal_looks_are_near_and_other_looks_are_not(shop) -> None:
    one, twin, other = (shop.add("lamp", picture(seed)) for seed in (1, 1, 2))
    shop.index()
    item_vectors.refresh(GADGETS)
    near, far = (float(vector(one) @ vector(gadget)) for gadget in (twin, other))
    assert near == pytest.approx(1, abs=1e-3)
    assert far < near - 0.01


def test_only_what_changed_is_made_again(shop) -> None:
    lamp = shop.add("lamp", picture(1))
    shop.add("chair", picture(2))
    shop.index()
    assert item_vectors.refresh(GADGETS) == 2
    assert item_vectors.refresh(GADGETS) == 0
    before = vector(lamp)
    lamp.name = "something else entirely"
    lamp.save()
    # Not in the index yet: the old vector stays until the index has the new version.
    assert item_vectors.refresh(GADGETS) == 0
    shop.index()
    assert item_vectors.refresh(GADGETS) == 1
    assert not np.allclose(vector(lamp), before)


def test_the_spread_of_another_encoder_goes_with_its_last_vector(shop) -> None:
    for n in range(3):
        shop.add(f"lamp {n}", picture(n))
    shop.index()
    item_vectors.refresh(GADGETS)
    (former,) = ItemSpread.objects.values_list("fingerprint", flat=True)
    shop.use(options={"flavour": "b"})
    rebuilding.rebuild(GADGETS)
    item_vectors.refresh(GADGETS, limit=2)
    assert ItemSpread.objects.filter(fingerprint=former).exists(), "one vector of it is left"
    item_vectors.refresh(GADGETS)
    (spread,) = ItemSpread.objects.all()
    assert spread.fingerprint != former
    assert spread.spread > 0


def test_what_is_gone_from_the_shop_is_gone_here(shop) -> None:
    lamp = shop.add("lamp", picture(1))
    shop.index()
    item_vectors.refresh(GADGETS)
    lamp.delete()
    item_vectors.refresh(GADGETS)
    assert not ItemVector.objects.exists()


def test_nothing_is_encoded_twice(shop) -> None:
    shop.add("lamp", picture(1))
    shop.index()
    encoder = wiring.encoder()
    before = encoder.pictures
    item_vectors.refresh(GADGETS)
    assert encoder.pictures == before


def test_the_command_says_what_it_made(shop, capsys) -> None:
    shop.add("lamp")
    shop.index()
    call_command("visual_search", "refresh_item_vectors", collection=GADGETS)
    assert "gadgets: 1 made anew." in capsys.readouterr().out
