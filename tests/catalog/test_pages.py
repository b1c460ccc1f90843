import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from catalog.models import Product, ProductImage, ProductText, State
from tests.catalog.conftest import picture

pytestmark = pytest.mark.django_db


def make(n: int, **more: object) -> Product:
    product = Product.objects.create(
        **{"sku": f"S-{n}", "category": "Home > Office", "state": State.PUBLISHED, "stock": 1, **more}
    )
    ProductText.objects.create(product=product, language="en", title=f"Chair {n}")
    ProductText.objects.create(product=product, language="de", title=f"Stuhl {n}")
    image = ProductImage(product=product)
    image.file.save("x.jpg", ContentFile(picture()), save=True)
    return product


def test_home_shows_categories_and_new_products(client: Client) -> None:
    for n in range(3):
        make(n)
    make(9, state=State.DRAFT)
    page = client.get("/").content.decode()
    assert "Chair 2" in page
    assert "Chair 9" not in page
    assert "/c/home/office/" in page
    assert 'type="file"' in page


def test_an_empty_shop_says_how_to_fill_it(client: Client) -> None:
    assert "import_catalogue" in client.get("/").content.decode()


@pytest.mark.parametrize("address", ["/", "/c/home/office/", "/c/home/"])
def test_pages_ask_the_database_as_often_for_many_products_as_for_one(
    client: Client, django_assert_max_num_queries, address: str
) -> None:
    for n in range(20):
        make(n)
    with django_assert_max_num_queries(9):
        assert client.get(address).status_code == 200


def test_a_category_pages_and_sorts(client: Client) -> None:
    for n in range(30):
        make(n, price=100 - n, currency="EUR")
    first = client.get("/c/home/?sort=price").content.decode()
    assert first.index("Chair 29") < first.index("Chair 28")
    assert "Page 1 of 2" in first
    assert client.get("/c/home/?sort=price&page=2").status_code == 200
    assert client.get("/c/home/?sort=nonsense&page=abc").status_code == 200


@pytest.mark.parametrize("address", ["/c/nowhere/", "/p/nothing/", "/nothing"])
def test_what_is_not_there_is_a_helpful_404(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 404
    assert "Search for it above" in response.content.decode()


def test_a_draft_has_no_page(client: Client) -> None:
    product = make(1, state=State.DRAFT)
    assert client.get(product.get_absolute_url()).status_code == 404


def test_a_product_page_shows_its_facts_and_credits(client: Client, django_assert_max_num_queries) -> None:
    head = make(
        1,
        attributes={"width": "60", "unit": "cm", "tags": ["a", "b"]},
        attribution="Jane <b>",
        licence="CC-BY-3.0",
        price="5",
        currency="EUR",
    )
    make(2, parent=head)
    with django_assert_max_num_queries(9):
        page = client.get(head.get_absolute_url()).content.decode()
    for part in (
        "Chair 1",
        "Width",
        "60",
        "a, b",
        "Jane &lt;b&gt;",
        "CC-BY-3.0",
        "5.00 EUR",
        "Chair 2",
        reverse("visual_search:similar", args=[head.pk]),
    ):
        assert part in page, part


def test_products_speak_the_chosen_language(client: Client) -> None:
    product = make(1)
    client.post(reverse("catalog:set_language"), {"language": "de", "next": "/"})
    assert "Stuhl 1" in client.get(product.get_absolute_url()).content.decode()


def test_credits_name_every_author_and_licence(client: Client) -> None:
    make(1, attribution="Jane", licence="CC-BY-3.0", source="lib")
    page = client.get("/credits/").content.decode()
    assert "Jane" in page
    assert "CC-BY-3.0" in page
    assert "Changes:" in page


def test_admin_pages_work(admin_client: Client, django_assert_max_num_queries) -> None:
    for n in range(15):
        make(n)
    with django_assert_max_num_queries(14):
        page = admin_client.get("/admin/catalog/product/").content.decode()
    assert "pending" in page or "indexed" in page or "not noted" in page
    product = Product.objects.first()
    assert product is not None
    assert "Chair 0" in admin_client.get(f"/admin/catalog/product/{product.pk}/change/").content.decode()
    assert admin_client.get("/admin/catalog/product/?q=chair").status_code == 200
    assert admin_client.get("/admin/catalog/product/add/").status_code == 200
