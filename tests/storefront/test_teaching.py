"""Staff say what a photo shows, and from then on such photos find it."""

from __future__ import annotations

import base64

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile

from catalog.models import ProductImage
from tests.search.shop import draw as drawn
from tests.search.shop import photo_of, to_bytes
from tests.storefront.test_results import page, text_of, upload
from visual_search import indexing


@pytest.fixture
def staff(client, db) -> User:
    user = User.objects.create_user("owner", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="change_product"))
    client.force_login(user)
    return user


@pytest.fixture
def photo_page(shop, client):
    return upload(client, photo_of("chair", "red"))


def test_shoppers_are_not_asked(photo_page) -> None:
    assert b'name="shows"' not in photo_page.content


def test_words_alone_show_nothing_to_keep(shop, client, staff) -> None:
    assert b'name="shows"' not in client.get("/search/", {"q": "chair"}).content


def test_a_kept_photo_is_a_picture_to_recognise_by_and_never_shown(shop, client, staff) -> None:
    # A lamp that looks like the sofa's colours: nothing like the pictures that the shop has of it.
    photo = to_bytes(drawn("mug", "green", background="#8080a0"), "JPEG")
    asked = upload(client, photo)
    lamp = shop.products["LMP-BRS-04"]
    assert page(asked).titles[0] != "Brass lamp"
    answer = page(asked).submit(client, ("shows", str(lamp.pk)))
    assert "Kept. In a moment, photos like this one find Brass lamp" in text_of(answer)
    indexing.index_pending("products")
    assert page(upload(client, photo)).titles[0] == "Brass lamp"
    kept = lamp.images.get(role=ProductImage.Role.PHOTO)
    lamp = type(lamp).objects.get(pk=lamp.pk)
    assert lamp.main_image().pk != kept.pk
    assert kept.file.url not in client.get(lamp.get_absolute_url()).content.decode()


def test_a_product_with_such_a_photo_alone_has_no_main_image(shop, client, staff) -> None:
    card = shop.products["GFT-CRD-07"]
    page(upload(client, photo_of("mug", "red"))).submit(client, ("shows", str(card.pk)))
    assert card.images.count() == 1
    assert type(card).objects.get(pk=card.pk).main_image() is None
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("who", ["nobody", "customer", "staff without the right"])
def test_others_are_refused(shop, client, photo_page, who) -> None:
    if who != "nobody":
        client.force_login(User.objects.create_user("somebody", is_staff=who.startswith("staff")))
    answer = page(photo_page).submit(client, ("shows", shop.id("LMP-BRS-04")))
    assert "Only staff who may change products" in text_of(answer)
    assert answer.status_code == 403
    assert not ProductImage.objects.filter(role=ProductImage.Role.PHOTO).exists()


@pytest.mark.parametrize(("wrong", "answered"), [
    (("shows", "999999"), (404, "There is no product '999999' any more.")),
    (("preview", ""), (400, "The photo is gone.")),
    (("preview", "data:image/jpeg;base64,AAAA"), (400, "The photo is gone.")),
])  # fmt: skip
@pytest.mark.usefixtures("staff")
def test_what_can_not_be_kept(shop, client, photo_page, wrong, answered) -> None:
    (field, value), (status, says) = wrong, answered
    more = [(field, value)] + ([("shows", shop.id("LMP-BRS-04"))] if field != "shows" else [])
    answer = page(photo_page).submit(client, *more, without=(field,))
    assert answer.status_code == status
    assert says in text_of(answer)
    assert not ProductImage.objects.filter(role=ProductImage.Role.PHOTO).exists()


def _preview(response) -> str:
    return dict(page(response).fields)["preview"]


@pytest.mark.usefixtures("staff")
def test_a_picture_that_staff_did_not_see_is_not_learned(shop, client) -> None:
    """Whoever gets at the form in a browser of staff can send another preview, and even a true one of another photo."""
    lamp = shop.id("LMP-BRS-04")
    asked, other = upload(client, photo_of("chair", "red")), upload(client, photo_of("mug", "green"))
    own = "data:image/jpeg;base64," + base64.b64encode(photo_of("sofa", "blue")).decode()
    for forged in (own, _preview(other), _preview(asked)[:-8] + "AAAAAAA=", _preview(asked) + " "):
        answer = page(asked).submit(client, ("preview", forged), ("shows", lamp), without=("preview",))
        assert (answer.status_code, "The photo is gone." in text_of(answer)) == (400, True)
        shown = page(asked).submit(client, ("preview", forged), without=("preview",))
        assert forged not in shown.content.decode()
    swapped = page(asked).submit(
        client, ("photo_token", dict(page(other).fields)["photo_token"]), ("shows", lamp), without=("photo_token",)
    )
    assert swapped.status_code == 400
    assert not ProductImage.objects.filter(role=ProductImage.Role.PHOTO).exists()
    # What they did see is learned, also after a filter and on the next page.
    filtered = page(asked).submit(client, ("f.in_stock", "true"))
    assert _preview(filtered) == _preview(asked)
    page(filtered).submit(client, ("shows", lamp))
    [kept] = ProductImage.objects.filter(role=ProductImage.Role.PHOTO)
    assert kept.read() == base64.b64decode(_preview(asked).partition(",")[2])


@pytest.mark.usefixtures("staff")
def test_a_photo_that_comes_with_the_word_is_not_learned_unseen(shop, client) -> None:
    photo = SimpleUploadedFile("photo.jpg", photo_of("sofa", "blue"), "image/jpeg")
    answer = client.post("/search/", {"image": photo, "shows": shop.id("LMP-BRS-04")})
    assert answer.status_code == 400
    assert not ProductImage.objects.filter(role=ProductImage.Role.PHOTO).exists()


def test_a_shop_without_a_place_for_photos_does_not_offer_it(shop, client, staff, monkeypatch) -> None:
    from catalog.search import Products

    monkeypatch.delattr(Products, "keep_photo")
    assert b'name="shows"' not in upload(client, photo_of("chair", "red")).content
