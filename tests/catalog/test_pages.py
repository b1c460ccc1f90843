import html
import io
import re
from urllib.parse import quote, urlsplit

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from catalog.models import Product, ProductImage, ProductText, State
from tests.catalog.conftest import picture
from visual_search.models import IndexEntry

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


SKUS = [
    "A/B-12", "M4 x 20", "C++", "#12", "100%", "what?", "a&b=c;d", "50€", "ÄÖ/ß", "-7", ".5", "a\\b", "x:y@z", "'\"<b>", "a/...",
]  # fmt: skip


@pytest.mark.parametrize("sku", SKUS)
def test_a_sku_of_any_characters_has_a_page(client: Client, admin_client: Client, sku: str) -> None:
    product = make(1, sku=sku)
    product.full_clean()
    home = client.get("/").content.decode()
    (address,) = {html.unescape(found) for found in re.findall(r'href="(/p/[^"]*)"', home)}
    # An address is cut at # and ?, and ends at a space: they must stand in it quoted.
    assert urlsplit(address).path == address
    assert " " not in address
    for path in (address, f"/p/{quote(sku, safe='')}/"):
        page = client.get(path).content.decode()
        assert f"· {html.escape(sku)}</p>" in page
    listed = admin_client.get("/admin/catalog/product/", {"q": sku}).content.decode()
    assert f"/admin/catalog/product/{product.pk}/change/" in listed
    assert admin_client.get(f"/admin/catalog/product/{product.pk}/change/").status_code == 200


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
        "€5.00",
        "Chair 2",
    ):
        assert part in page, part


def test_pages_say_that_prices_are_made_up(client: Client) -> None:
    product = make(1, price="5", currency="EUR")
    for address in ("/", "/c/home/", product.get_absolute_url(), "/nothing"):
        assert "prices and stock are made up" in client.get(address).content.decode()
    assert "made-up price" in client.get(product.get_absolute_url()).content.decode()


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
    entries = IndexEntry.objects.filter(collection="products")
    for n in range(15):
        make(n)
    states = {
        0: ({"state": "indexed"}, "indexed"),
        1: ({"state": "failed", "error": "The encoder is missing."}, "failed: The encoder is missing."),
        2: ({"state": "indexed", "warning": "A picture was left out."}, "indexed: A picture was left out."),
        3: ({"state": "indexed", "deleted": True}, "not in the index"),
    }
    for n, (values, _) in states.items():
        entries.filter(object_id=str(Product.objects.get(sku=f"S-{n}").pk)).update(**values)
    entries.filter(object_id=str(Product.objects.get(sku="S-4").pk)).delete()
    with django_assert_max_num_queries(14):
        page = admin_client.get("/admin/catalog/product/").content.decode()
    shown = dict(re.findall(r'\(S-(\d+)\)".*?field-index_state">([^<]*)<', page, re.DOTALL))
    said = {n: text for n, (_, text) in states.items()} | {4: "not noted yet: run visual_search reconcile"}
    assert shown == {str(n): said.get(n, "pending") for n in range(15)}
    product = Product.objects.first()
    assert product is not None
    assert "Chair 0" in admin_client.get(f"/admin/catalog/product/{product.pk}/change/").content.decode()
    assert admin_client.get("/admin/catalog/product/?q=chair").status_code == 200
    assert admin_client.get("/admin/catalog/product/add/").status_code == 200


def test_the_admin_offers_the_forms_of_a_language_that_the_shop_has(admin_client: Client) -> None:
    product = make(1)
    text = ProductText.objects.create(product=product, language="zh-tw", title="椅子")
    address = f"/admin/catalog/product/{product.pk}/change/"
    page = admin_client.get(address).content.decode()
    assert '<option value="zh-tw" selected>Chinese (zh-tw)</option>' in page
    assert '<option value="pt">Portuguese</option>' in page
    form = {
        "sku": "S-1", "stock": "1", "state": "published", "attributes": "", "codes": "", "category": "", "currency": "",
        "images-TOTAL_FORMS": "0", "images-INITIAL_FORMS": "0", "texts-TOTAL_FORMS": "1", "texts-INITIAL_FORMS": "1",
        "texts-0-id": text.pk, "texts-0-product": product.pk, "texts-0-language": "zh-tw", "texts-0-title": "凳子",
        "texts-0-keywords": "",
    }  # fmt: skip
    assert admin_client.post(address, form).status_code == 302
    assert ProductText.objects.get(pk=text.pk).title == "凳子"


def test_a_variant_shows_the_head_of_its_family_too(client: Client) -> None:
    head = make(1)
    one, other = make(2, parent=head), make(3, parent=head)
    page = client.get(one.get_absolute_url()).content.decode()
    assert head.get_absolute_url() in page
    assert other.get_absolute_url() in page


def test_categories_with_the_same_slug_have_pages_of_their_own(client: Client) -> None:
    make(1, category="Books > C++")
    make(2, category="Books > C#")
    pages = [client.get(f"/c/books/{slug}/").content.decode() for slug in ("c", "c-2")]
    assert ["Chair 1" in page for page in pages] == [False, True]
    assert ["Chair 2" in page for page in pages] == [True, False]
    assert "/c/books/c-2/" in client.get("/p/S-1/").content.decode()


def test_a_category_borrows_no_picture_from_one_whose_name_begins_alike(client: Client) -> None:
    make(1, category="Homeware").images.get()
    bare = Product.objects.create(sku="B", category="Home", state=State.PUBLISHED)
    ProductText.objects.create(product=bare, language="en", title="Bare")
    tiles = {category.name: image for category, image in client.get("/").context["tiles"]}
    assert tiles["Home"] is None
    assert tiles["Homeware"] is not None


def test_the_chosen_product_lends_its_category_the_picture(client: Client) -> None:
    make(1)
    chosen = make(2, category="Home > Bedroom", stands_for_category=True)
    make(3, category="Home > Garden")
    make(4, category="Food")
    make(5, category="Food", stands_for_category=True, state=State.DRAFT)
    shown = {category.name: image.product.sku for category, image in client.get("/").context["tiles"]}
    assert shown == {"Home": "S-2", "Food": "S-4"}
    chosen.images.get().delete()
    shown = {category.name: image.product.sku for category, image in client.get("/").context["tiles"]}
    assert shown == {"Home": "S-3", "Food": "S-4"}


def test_measures_come_in_their_usual_order_and_licences_lead_to_their_text(client: Client) -> None:
    product = make(1, attributes={"height": "3", "material": "oak", "width": "1", "depth": "2"}, licence="CC-BY-3.0")
    page = client.get(product.get_absolute_url()).content.decode()
    places = [page.index(f"<dt>{name}</dt>") for name in ("Width", "Depth", "Height", "Material")]
    assert places == sorted(places)
    for address in (product.get_absolute_url(), "/credits/"):
        assert "https://creativecommons.org/licenses/by/3.0/" in client.get(address).content.decode()


def test_the_admin_publishes_and_archives_and_tells_the_index(admin_client: Client) -> None:
    product = make(1, state=State.DRAFT)
    address = f"/admin/catalog/product/{product.pk}/change/"
    assert "View on site" not in admin_client.get(address).content.decode()
    entry = IndexEntry.objects.get(collection="products", object_id=str(product.pk))
    admin_client.post("/admin/catalog/product/", {"action": "publish", "_selected_action": [product.pk]})
    product.refresh_from_db()
    assert product.state == State.PUBLISHED
    assert IndexEntry.objects.get(pk=entry.pk).version > entry.version
    assert "View on site" in admin_client.get(address).content.decode()
    admin_client.post("/admin/catalog/product/", {"action": "archive", "_selected_action": [product.pk]})
    assert Product.objects.published().count() == 0


def test_the_admin_refuses_a_picture_that_the_index_could_not_open(admin_client: Client) -> None:
    def form(file: SimpleUploadedFile) -> dict[str, object]:
        return {
            "sku": "N-1", "stock": "1", "state": "published", "attributes": "", "codes": "",
            "texts-TOTAL_FORMS": "1", "texts-INITIAL_FORMS": "0", "texts-0-language": "en", "texts-0-title": "Lamp", "texts-0-keywords": "",
            "images-TOTAL_FORMS": "1", "images-INITIAL_FORMS": "0", "images-0-file": file, "images-0-position": "0", "images-0-role": "main",
        }  # fmt: skip

    gif = io.BytesIO()
    Image.new("RGB", (32, 32)).save(gif, "GIF")
    page = admin_client.post("/admin/catalog/product/add/", form(SimpleUploadedFile("a.gif", gif.getvalue())))
    assert "GIF" in page.content.decode()
    assert Product.objects.count() == 0
    saved = admin_client.post("/admin/catalog/product/add/", form(SimpleUploadedFile("a.jpg", picture())))
    assert saved.status_code == 302
    assert Product.objects.get().images.get().read() == picture()


def test_a_new_product_has_no_index_state_yet(admin_client: Client) -> None:
    assert "not noted" not in admin_client.get("/admin/catalog/product/add/").content.decode()
