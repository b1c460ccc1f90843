"""What makes objects hard to find is named, and what is as it should be isn't."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from catalog.models import Product, ProductImage, ProductText, State
from visual_search import wiring
from visual_search.features.insights import health
from visual_search.features.insights.models import CatalogueCheck
from visual_search.models import IndexEntry, ShownPicture, StoredCalibration
from visual_search.models.outbox import State as Indexed
from visual_search.ranking.calibration import Calibration, Limits, Rates

PAGE = "/admin/visual_search_insights/foldedday/catalogue/"

pytestmark = pytest.mark.django_db


def product(sku: str, *, title: str = "", language: str = "en", pictures: int = 0, **more) -> str:
    """A published product; its pictures are rows without a file, since a look opens none."""
    made = Product.objects.bulk_create([Product(sku=sku, state=State.PUBLISHED, **more)])[0]
    if title:
        ProductText.objects.bulk_create([ProductText(product=made, language=language, title=title)])
    ProductImage.objects.bulk_create(
        [ProductImage(product=made, position=place, file=f"{sku}-{place}.jpg") for place in range(pictures)]
    )
    return str(made.pk)


def shows(object_id: str, content: str) -> None:
    ShownPicture.objects.create(
        collection="products", object_id=object_id, picture_id=f"{object_id}-{content}", content_hash=content
    )


def found(check: CatalogueCheck) -> dict[str, list[str]]:
    return {name: each["ids"] for name, each in check.findings.items()}


def test_each_finding_names_its_objects() -> None:
    whole = product("A", title="Oak chair", pictures=1)
    bare = product("B", title="Steel desk")
    silent = product("C", pictures=1)
    product("D", title="Draft", pictures=1)
    Product.objects.filter(sku="D").update(state=State.DRAFT)
    for id, state, warning in (
        (whole, Indexed.INDEXED, ""),
        (silent, Indexed.INDEXED, "Picture 7 is broken."),
        (bare, Indexed.FAILED, ""),
    ):
        IndexEntry.objects.create(collection="products", object_id=id, version=1, state=state, warning=warning)
    check = health.look("products")
    assert check.objects_read == 3
    assert found(check) == {"no_picture": [bare], "no_text": [silent], "unreadable": [silent], "failed": [bare]}
    assert check.languages == {"en": 2}


def test_a_language_is_counted_once_for_each_object() -> None:
    id = product("A", title="Cadeira", language="pt-br")
    ProductText.objects.create(product_id=id, language="de", title="Stuhl")
    product("B", title="Mesa", language="pt")
    assert health.look("products").languages == {"pt": 2, "de": 1}


def test_one_picture_of_two_things_is_a_mistake_and_of_two_sizes_is_none() -> None:
    one, two = product("A", title="Oak chair"), product("B", title="Steel lamp")
    small = product("C", title="Rug, small")
    large = product("D", title="Rug, large", parent_id=small)
    for id, content in ((one, "x"), (two, "x"), (small, "y"), (large, "y")):
        shows(id, content)
    assert found(health.look("products"))["duplicate"] == sorted([one, two])


def test_a_picture_of_many_things_that_have_no_other_stands_for_a_missing_one() -> None:
    ids = [product(sku, title=title) for sku, title in (("A", "Oak chair"), ("B", "Steel lamp"), ("C", "Blue rug"))]
    for id in ids:
        shows(id, "no-image-available")
    check = found(health.look("products"))
    assert check["placeholder"] == sorted(ids)
    assert "duplicate" not in check


def test_a_look_replaces_the_one_before() -> None:
    id = product("A", title="Oak chair")
    assert "no_picture" in found(health.look("products"))
    ProductImage.objects.bulk_create([ProductImage(product_id=id, position=0, file="a.jpg")])
    assert found(health.look("products")) == {}


def test_grades_that_are_wrong_too_often_are_named_by_category(settings) -> None:
    good, bad, few = (Rates(asked, 0.05, wrong, 0.1, 0.02, None) for asked, wrong in ((80, 0.2), (80, 0.4), (8, 0.9)))
    limits = Limits(0.9, 0.6, 0.3, rates=good, categories={"Lamps": bad, "Chairs": good, "Odd": few})
    fingerprint = wiring.encoder().card.image.fingerprint
    learned = Calibration(limits={"photo": limits}).as_json()
    StoredCalibration.objects.create(collection="products", fingerprint=fingerprint, limits=learned)
    assert [list(row) for row in health.grades("products").rows] == [["photo", "Lamps", 80, "very similar", 0.4, ""]]
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "GRADE_WRONG_MAX": 0.35}
    assert health.grades("products").column("state") == ["withheld there"]
    assert health.calibration_note("products") == ""
    StoredCalibration.objects.update(made_at=timezone.now() - timedelta(days=120))
    assert "120 days ago" in str(health.calibration_note("products"))


def test_a_shop_that_never_learned_is_told_so() -> None:
    assert "never learned" in str(health.calibration_note("products"))


def test_staff_look_from_the_page(admin_client) -> None:
    id = product("A", title="Oak chair")
    assert "Nobody has looked" in admin_client.get(PAGE).content.decode()
    assert admin_client.post(PAGE).status_code == 302
    text = admin_client.get(PAGE).content.decode()
    assert f'href="/admin/catalog/product/{id}/change/"' in text
    assert "Oak chair" in text
    file = admin_client.get("/admin/visual_search_insights/foldedday/file/catalogue-products.csv")
    assert "No picture,1" in file.content.decode()


def test_a_large_catalogue_is_left_to_the_command(admin_client, monkeypatch) -> None:
    monkeypatch.setattr("visual_search.features.insights.admin.MOST_AT_ONCE", 0)
    product("A")
    text = admin_client.post(PAGE, follow=True).content.decode()
    assert "check_catalogue" in text
    assert not CatalogueCheck.objects.filter(collection="products").exists()


def test_the_command_says_what_it_found(capsys) -> None:
    product("A", title="Oak chair")
    call_command("visual_search", "check_catalogue", collection="products")
    assert capsys.readouterr().out == "products: 1 objects\n  no_picture: 1\n"
    with pytest.raises(CommandError, match="nowhere"):
        call_command("visual_search", "check_catalogue", collection="nowhere")
