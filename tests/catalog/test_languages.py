"""In which language a page comes, where its addresses lead, and what categories, colours and measures are called in it."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from catalog.importing import import_rows
from catalog.languages.addresses import language_in
from catalog.languages.models import AccountLanguage, CategoryText
from catalog.languages.names import category_names, colour_name
from catalog.reading import Catalogue
from tests.catalog.test_pages import make

pytestmark = pytest.mark.django_db


def language_of(response) -> str:
    (found,) = re.findall(r"<html lang=\"([^\"]+)\"", response.content.decode())
    return found


def cookie(client: Client) -> str:
    return client.cookies["django_language"].value if "django_language" in client.cookies else ""


@pytest.mark.parametrize(
    ("address", "asked", "chosen", "language"),
    [
        ("/basket/", "", "", "en"),
        ("/basket/", "de-AT,de;q=0.9,en;q=0.5", "", "de"),
        ("/basket/", "pt", "", "pt-br"),
        ("/basket/", "zh-CN", "", "zh-hans"),
        ("/basket/", "tlh", "", "en"),
        ("/basket/", "de", "ja", "ja"),
        ("/ar/basket/", "de", "ja", "ar"),
        ("/en/basket/", "de", "ja", "en"),
        ("/pt-br/basket/", "", "", "pt-br"),
    ],
)
def test_the_address_comes_first_then_the_choice_then_the_browser(
    client: Client, address: str, asked: str, chosen: str, language: str
) -> None:
    if chosen:
        client.cookies["django_language"] = chosen
    response = client.get(address, headers={"accept-language": asked})
    assert language_of(response) == response["Content-Language"] == language
    named = language_in(address)
    varies = {each.strip() for each in response.get("Vary", "").split(",")}
    assert named or {"Accept-Language", "Cookie"} <= varies


@pytest.mark.parametrize("address", ["/it/basket/", "/DE/basket/", "/de/de/basket/", "/de/api/v1/search", "/de/admin/"])
def test_nothing_else_is_a_language_and_only_pages_have_one(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404


def test_links_stay_in_the_language_and_a_form_is_answered_in_it(client: Client) -> None:
    product = make(1, price="5", currency="EUR")
    page = client.get("/de/").content.decode()
    links = re.findall(r'(?:href|action)="(/[^"]*)"', page)
    own = [link for link in links if not link.startswith("/static/")]
    assert len(own) > 8
    assert [link for link in own if not link.startswith(("/de/", "/privacy/"))] == []
    answer = client.post("/de/basket/put/", {"product": product.pk, "quantity": "1"})
    assert answer["Location"] == "/de/basket/"


def test_right_to_left_is_said_where_it_is_so(client: Client) -> None:
    assert '<html lang="ar" dir="rtl">' in client.get("/ar/").content.decode()
    assert "dir=" not in client.get("/de/").content.decode()


def test_a_page_names_itself_in_each_language(client: Client, settings) -> None:
    product = make(1)
    page = client.get(f"/de/p/{product.sku}/?a=1").content.decode()
    found = dict(re.findall(r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)">', page))
    assert set(found) == {code for code, _name in settings.LANGUAGES} | {"x-default"}
    assert found["ar"] == "http://testserver/ar/p/S-1/"
    assert found["en"] == "http://testserver/en/p/S-1/"
    assert found["x-default"] == "http://testserver/p/S-1/"
    for code, address in found.items():
        answer = client.get(address.removeprefix("http://testserver"))
        assert answer.status_code == 200
        assert code == "x-default" or language_of(answer) == code
    # An order is for whoever has its address, and a page that isn't there has no other languages.
    assert "hreflang" not in client.get("/de/nothing/").content.decode()


def test_choosing_leads_to_the_same_page_and_is_kept(client: Client) -> None:
    make(1)
    answer = client.post("/de/language/setlang/", {"language": "ja", "next": "/de/p/S-1/?page=2"})
    assert answer["Location"] == "/ja/p/S-1/?page=2"
    assert cookie(client) == "ja"
    answer = client.post("/ja/language/setlang/", {"language": "en", "next": "/ja/p/S-1/"})
    assert answer["Location"] == "/p/S-1/"
    assert language_of(client.get("/p/S-1/", headers={"accept-language": "de"})) == "en"
    assert client.post("/language/setlang/", {"language": "tlh", "next": "/"})["Location"] == "/"
    assert cookie(client) == "en"
    assert client.get("/language/setlang/").status_code == 405


def test_what_has_no_language_in_its_address_follows_the_page_that_was_read_last(client: Client) -> None:
    client.get("/de/", headers={"accept-language": "en"})
    assert cookie(client) == "de"
    assert client.get("/api/v1/search", {"page": "0"}).json()["detail"] == "page ist 0; Seiten beginnen bei 1."
    client.get("/en/")
    assert language_of(client.get("/", headers={"accept-language": "de"})) == "en"
    other = Client()
    assert "django_language" not in other.get("/de/", headers={"accept-language": "de"}).cookies


def test_an_account_keeps_its_choice_and_takes_it_to_another_browser(client: Client) -> None:
    user = get_user_model().objects.create_user("jo", password="secret", is_staff=True)
    client.force_login(user)
    client.post("/language/setlang/", {"language": "fr", "next": "/"})
    assert AccountLanguage.objects.get(user=user).language == "fr"
    client.post("/language/setlang/", {"language": "tlh", "next": "/"})
    assert AccountLanguage.objects.get(user=user).language == "fr"

    elsewhere = Client()
    answer = elsewhere.post("/admin/login/?next=/", {"username": "jo", "password": "secret"})
    assert answer.status_code == 302
    assert cookie(elsewhere) == "fr"
    assert language_of(elsewhere.get("/", headers={"accept-language": "de"})) == "fr"
    AccountLanguage.objects.all().delete()
    undecided = Client()
    undecided.post("/admin/login/?next=/", {"username": "jo", "password": "secret"})
    assert cookie(undecided) == ""


def test_an_address_of_the_api_and_of_the_admin_has_no_language() -> None:
    with override("de"):
        assert reverse("visual_search_api:search") == "/api/v1/search"
        assert reverse("admin:index") == "/admin/"
        assert reverse("visual_search:results") == "/de/search/"
    assert reverse("visual_search:results") == "/search/"


def test_categories_colours_and_measures_have_names(client: Client, django_assert_num_queries) -> None:
    CategoryText.objects.create(path="Home > Office", language="de", name="Büro")
    CategoryText.objects.create(path="Home > Office", language="de-ch", name="Bureau")
    make(1, colour="red", attributes={"width": "62.7", "unit": "cm", "seat_height": "40"})
    page = client.get("/de/p/S-1/").content.decode()
    assert "Büro" in page
    assert "<dd>rot</dd>" in page
    assert "<dt>Breite</dt><dd>62,7 cm</dd>" in page
    assert "<h1>Büro " in client.get("/de/c/home/office/").content.decode()
    assert category_names("de-CH") == {"Home > Office": "Bureau"}
    with django_assert_num_queries(0):
        assert category_names("en") == {}
    with django_assert_num_queries(1):
        assert category_names("pt-br") == {}
    assert colour_name("smoky quartz", "de") == "smoky quartz"
    assert colour_name("", "de") == ""


def test_an_import_brings_names_of_categories_and_names_their_faults(catalogue) -> None:
    folder = catalogue({"sku": "A", "category": "Home > Office"})
    lines = [
        "category,lang,name",
        "Home > Office,de,Büro",
        "Home>Office,pt-BR,Escritório",
        "Home > Office,x y,?",
        "Home > Office,fr,",
    ]
    (folder / "categories_i18n.csv").write_text("\n".join(lines), encoding="utf-8")
    read = Catalogue.read(folder)
    dry = import_rows(read, read.rows, dry_run=True)
    assert not CategoryText.objects.exists()
    summary = import_rows(read, read.rows)
    assert [str(fault) for fault in dry.faults] == [str(fault) for fault in summary.faults]
    assert [(fault.file, fault.line) for fault in summary.faults] == [
        ("categories_i18n.csv", 4),
        ("categories_i18n.csv", 5),
    ]
    import_rows(read, read.rows)
    rows = CategoryText.objects.values_list("path", "language", "name")
    assert sorted(rows) == [("Home > Office", "de", "Büro"), ("Home > Office", "pt-br", "Escritório")]


def test_the_demo_names_each_of_its_categories_in_each_language(settings) -> None:
    read = Catalogue.read(settings.BASE_DIR / "catalog" / "demo")
    paths = {row.values["category"] for row in read.rows} | {"Home"}
    named = {(row.values["category"], row.values["lang"]) for row in read.categories}
    assert named == {(path, tag) for path in paths for tag in ("de", "fr", "es", "pt-BR", "ar", "ja", "zh-CN")}
