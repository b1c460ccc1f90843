"""Every kind of page of the shop is told to search engines as it is shown, under one address a language."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import CategoryText, Product, ProductImage, ProductText, State
from catalog.prices import price_text
from tests.catalog.test_pages import make
from tests.features.seo.machines import alternates, canonical, faults, graph, is_hidden, of_type
from visual_search.features.seo import looking
from visual_search.features.seo.models import PictureText

HOST = "http://testserver"
LANGUAGES = {"en", "de", "fr", "es", "pt-br", "ar", "ja", "zh-hans"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(media) -> Product:
    """A chair in two colours with two pictures, and 30 others in its category."""
    for n in range(30):
        make(n, price=Decimal("9.50") + n, currency="EUR")
    chair = make(
        100,
        price=Decimal("1250.00"),
        currency="EUR",
        colour="red",
        licence="CC-BY-3.0",
        attribution="Ann",
        brand="Oaks",
    )
    make(101, price=Decimal(0), currency="EUR", colour="blue", parent=chair, stock=0)
    ProductText.objects.filter(product=chair, language="en").update(description="A chair of oak & <b>steel</b>.")
    first = ProductImage.objects.get(product=chair)
    ProductImage.objects.create(product=chair, position=1, role="detail", file=first.file.name)
    return chair


@pytest.fixture
def media(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def read(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


KINDS = ["/", "/c/home/office/", "/c/home/office/?page=2", "/c/home/", "/p/S-100/", "/p/S-101/", "/p/S-1/", "/credits/"]


@pytest.mark.parametrize("path", KINDS)
def test_each_kind_of_page_is_valid_in_each_language(client: Client, shop, path: str) -> None:
    for language in ("en", "de", "ar", "ja"):
        page = read(client, f"/{language}{path}")
        assert faults(page) == []
        assert graph(page) != []
        assert canonical(page) == f"{HOST}/{language}{path}"
        assert not is_hidden(page)


@pytest.mark.parametrize("path", KINDS)
def test_alternates_are_full_addresses_that_name_each_other(client: Client, shop, path: str) -> None:
    told = alternates(read(client, f"/de{path}"))
    assert told.keys() == LANGUAGES | {"x-default"}
    assert told["x-default"] == f"{HOST}{path}"
    for code, address in told.items():
        there = read(client, address.removeprefix(HOST))
        assert alternates(there) == told
        if code != "x-default":
            assert canonical(there) == address


def test_the_address_without_a_language_counts_as_the_language_that_it_is_in(client: Client, shop) -> None:
    page = client.get("/p/S-1/", headers={"accept-language": "de"}).content.decode()
    assert canonical(page) == f"{HOST}/de/p/S-1/"


def test_an_address_counts_as_the_sitemap_writes_it(client: Client, shop) -> None:
    Product.objects.filter(sku="S-1").update(sku="50% oak & ü;=+")
    part = b"".join(client.get("/sitemap-products-1.xml").streaming_content).decode()
    [address] = re.findall("<loc>([^<]+/en/p/50[^<]+)</loc>", part)
    address = address.replace("&amp;", "&")
    assert canonical(read(client, address.removeprefix(HOST))) == address


@pytest.mark.parametrize(
    ("asked", "counts"),
    [
        ("?sort=price", ""),
        ("?sort=price&page=2", ""),
        ("?utm_source=mail", ""),
        ("?page=2", "?page=2"),
        ("?page=1", ""),
        ("?page=999", "?page=2"),
        ("?page=x", ""),
        ("?page=9&page=2", "?page=2"),
    ],
)
def test_filtered_pages_count_as_the_whole_list_and_each_page_for_itself(client: Client, shop, asked, counts) -> None:
    assert canonical(read(client, f"/de/c/home/office/{asked}")) == f"{HOST}/de/c/home/office/{counts}"


def test_pages_of_a_list_are_linked_by_the_address_that_counts(client: Client, shop) -> None:
    assert 'href="?page=2"' in read(client, "/de/c/home/office/")


def test_the_price_is_the_one_that_is_shown(client: Client, shop) -> None:
    page = read(client, "/en/p/S-100/")
    [offer] = of_type(page, "Offer")
    assert price_text(Decimal(offer["price"]), offer["priceCurrency"]) in page
    assert offer["availability"] == "https://schema.org/InStock"
    assert f'<meta property="product:price:amount" content="{offer["price"]}">' in page
    german = read(client, "/de/p/S-100/")
    assert f'content="{offer["price"]}"' in german, "machines read a dot in every language"


def test_a_thing_without_a_price_has_no_offer_and_names_its_family(client: Client, shop) -> None:
    page = read(client, "/en/p/S-101/")
    assert of_type(page, "Offer") == []
    [group] = of_type(page, "ProductGroup")
    assert group["productGroupID"] == str(shop.pk)
    assert group["variesBy"] == ["https://schema.org/color"]
    assert [one["url"] for one in group["hasVariant"]] == [f"{HOST}/p/S-100/"]


def test_a_product_page_says_what_it_shows(client: Client, shop) -> None:
    page = read(client, "/de/p/S-100/")
    product = next(node for node in of_type(page, "Product") if "@id" in node)
    assert (product["name"], product["sku"], product["brand"]["name"]) == ("Stuhl 100", "S-100", "Oaks")
    first, second = of_type(page, "ImageObject")
    assert (first["license"], first["creditText"]) == ("https://creativecommons.org/licenses/by/3.0/", "Ann")
    assert first["name"] == "Stuhl 100, rot"
    assert second["name"] != first["name"]
    assert '<meta property="og:title" content="Stuhl 100">' in page
    assert f'<meta property="og:image" content="{first["contentUrl"]}">' in page
    assert "A chair of oak &amp; &lt;b&gt;steel&lt;/b&gt;." in read(client, "/en/p/S-100/")


def test_every_picture_of_a_product_page_has_a_text(client: Client, shop) -> None:
    for language in LANGUAGES:
        page = read(client, f"/{language}/p/S-100/")
        gallery = page.partition('class="gallery"')[2].partition('class="facts"')[0]
        texts = re.findall(r'<img [^>]*?alt="([^"]*)"', gallery)
        assert len(texts) == len(set(texts)) == 2
        assert all(texts)


def test_a_picture_has_the_text_that_would_be_proposed(client: Client, shop) -> None:
    """In Japanese the chair has no title: what its category is called is said better than words of another language."""
    CategoryText.objects.create(path="Home > Office", language="ja", name="椅子")
    assert looking.propose("products") > 0
    for row in PictureText.objects.filter(object_id=str(shop.pk)):
        assert f'alt="{row.text}"' in read(client, f"/{row.language}/p/S-100/")
    assert PictureText.objects.filter(object_id=str(shop.pk), text__startswith="椅子").count() == 2


def test_a_text_of_the_picture_itself_comes_first(client: Client, shop) -> None:
    ProductImage.objects.filter(product=shop, position=0).update(alt="A red chair by a window")
    assert 'alt="A red chair by a window"' in read(client, "/de/p/S-100/")


@pytest.mark.parametrize(
    "path", ["/basket/", "/search/?q=chair", "/search/", "/offline/", "/memory/", "/nothing/", "/p/nothing/"]
)
def test_pages_of_a_visitor_are_shown_by_no_search_engine(client: Client, shop, path: str) -> None:
    page = client.get(f"/de{path}").content.decode()
    assert is_hidden(page)
    assert canonical(page) == ""
    assert alternates(page) == {}
    assert "ld+json" not in page


def test_results_say_so_in_their_head_too(client: Client) -> None:
    for answer in (client.get("/search/?q=a"), client.post("/search/", {"q": "a"}), client.get("/search/?page=0")):
        assert answer["X-Robots-Tag"] == "noindex, nofollow"


def test_robots_are_told_where_the_sitemap_is_and_what_to_leave_alone(client: Client) -> None:
    answer = client.get("/robots.txt", headers={"accept-language": "de"})
    assert answer["Content-Type"].startswith("text/plain")
    lines = answer.content.decode().splitlines()
    assert f"Sitemap: {HOST}/sitemap.xml" in lines
    assert {"Disallow: /admin/", "Disallow: /basket/put/", "Disallow: /de/checkout/"} <= set(lines)
    assert not any("search" in line for line in lines), "a robot must read a page of results to learn that it is hidden"
    assert "Disallow: /" not in lines


def test_a_draft_has_no_page_in_the_sitemap(client: Client, shop) -> None:
    Product.objects.filter(sku="S-1").update(state=State.DRAFT)
    part = b"".join(client.get("/sitemap-products-1.xml").streaming_content).decode()
    assert f"<loc>{HOST}/en/p/S-2/</loc>" in part
    assert "/p/S-1/" not in part


@pytest.mark.parametrize("part", ["products-2", f"products-{10**30}", "things-1", "entrances-0"])
def test_a_part_that_is_none_is_not_there(client: Client, shop, part: str) -> None:
    assert client.get(f"/sitemap-{part}.xml").status_code == 404


def test_the_sitemap_has_every_page_in_every_language_and_they_are_there(client: Client, shop) -> None:
    index = b"".join(client.get(reverse("seo:sitemap")).streaming_content).decode()
    parts = re.findall("<loc>([^<]+)</loc>", index)
    assert parts == [f"{HOST}/sitemap-entrances-1.xml", f"{HOST}/sitemap-products-1.xml"]
    found: list[str] = []
    for part in parts:
        text = b"".join(client.get(part.removeprefix(HOST)).streaming_content).decode()
        found += re.findall("<loc>([^<]+)</loc>", text)
    assert len(found) == len(set(found)) == (Product.objects.count() + 4) * len(LANGUAGES)
    for address in found[:: len(LANGUAGES) + 3]:
        assert canonical(read(client, address.removeprefix(HOST))) == address
