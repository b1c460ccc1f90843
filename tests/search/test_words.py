"""Questions in words, by full text alone: what they find, what comes first, and what belongs to the results."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalog.models import Product, ProductText, State
from visual_search.types import Grade

# sku -> (title, description, brand, category)
GOODS = {
    "SH-1": ("Running shoes, size 42", "", "Adidas", "Sport > Shoes"),
    "JK-1": ("Men's rain jacket, blue", "", "Fjällräven", "Clothing > Jackets"),
    "MON-27": ("Monitor 27 inch QHD", "", "Iiyama", "Electronics > Screens"),
    "DRB-38": ("Drill bit 3/8 inch", "", "Bosch", "Tools"),
    "PAN-28": ("Frying pan 28 cm", "", "Tefal", "Kitchen > Pans"),
    "DF-5": ("Dog food with chicken 5kg", "", "", "Pets"),
    "DF-15": ("Dog food with chicken 15 kg", "", "", "Pets"),
    "RAM-16": ("Memory module 16GB DDR5", "", "", "Electronics"),
    "SCR-20": ("Machine screw M4x20, steel", "", "", "Tools"),
    "SCR-30": ("Machine screw M4x30, steel", "", "", "Tools"),
    "BC-1": ("Bookcase, 5 shelves, white", "", "", "Furniture"),
    "PC-1": ("Case for iPhone 15", "", "", "Electronics"),
    "SC-1": ("Wool scarf, grey", "", "", "Clothing"),
    "MO-1": ("Wireless mouse", "", "", "Electronics"),
    "CB-1": ("USB-C cable, 1 m", "", "", "Electronics"),
    "RT-1": ("Wi-Fi router AX3000", "", "", "Electronics"),
    "CAL-25": ("Wall calendar 2025 with birds", "", "", "Office"),
    "2025": ("Garden hose 20 m", "", "", "Garden"),
    "CH-1": ("Dark chocolate with nuts", "", "", "Food"),
    "CH-2": ("Milk chocolate, nut-free", "", "", "Food"),
    "CH-0": ("White chocolate", "", "", "Food"),
    "SO-1": ("Leather sofa, brown", "", "", "Furniture > Sofas"),
    "SO-2": ("Three-seater sofa, fabric", "", "", "Furniture > Sofas"),
    "TW-1": ("Bath towel", "<p>Soft &amp; warm</p><ul><li>cotton&nbsp;terry</li></ul>", "", "Bath"),
    "PIPE": ("Water pipe 1½ inch", "", "", "Tools"),
}  # fmt: skip


@pytest.fixture
def ask(empty_shop, client):
    """Asks by REST, of an index without vectors of texts; gives sku -> whether it belongs, in order."""
    empty_shop.use()
    empty_shop.settings.VISUAL_SEARCH = {
        **empty_shop.settings.VISUAL_SEARCH,
        "ENCODER": {"BACKEND": "tests.shop.doubles.ThumbnailEncoder", "OPTIONS": {"with_text": False}},
    }
    for sku, (title, description, brand, category) in GOODS.items():
        product = Product.objects.create(
            sku=sku, state=State.PUBLISHED, currency="EUR", brand=brand, category=category, price=Decimal("9.90")
        )
        ProductText.objects.create(product=product, language="en", title=title, description=description)
        empty_shop.products[sku] = product
    empty_shop.index()

    def ask(q: str, **more: str) -> dict[str, bool]:
        response = client.get("/api/v1/search", {"q": q, "lang": "en", "page_size": "100", **more})
        assert response.status_code == 200, response.content
        return {hit["sku"]: hit["grade"] != Grade.DISTANT for hit in response.json()["hits"]}

    return ask


def test_what_says_that_it_is_free_of_something_comes_first(ask) -> None:
    assert list(ask("chocolate without nuts"))[:2] == ["CH-2", "CH-0"]
    assert next(iter(ask("chocolate"))) == "CH-0", "The shortest title does otherwise."


@pytest.mark.parametrize(
    ("q", "belongs"),
    [
        ("adidas", {"SH-1"}),
        ("fjallraven", {"JK-1"}),
        ("adidas shoes", {"SH-1"}),
        ("blue fjällräven jacket", {"JK-1"}),
        ("kitchen", {"PAN-28"}),
        ("27 inch monitor", {"MON-27"}),
        ('27" monitor', {"MON-27"}),
        ("68.6 cm monitor", {"MON-27"}),
        ("27 cm monitor", set()),
        ("dog food 5 kg", {"DF-5"}),
        ("dog food 5000 g", {"DF-5"}),
        ("16 GB memory", {"RAM-16"}),
        ("M4 x 20", {"SCR-20"}),
        ("screw m4x30", {"SCR-30"}),
        ("book case", {"BC-1"}),
        ("scarves", {"SC-1"}),
        ("wireless mice", {"MO-1"}),
        ("usbc cable", {"CB-1"}),
        ("usb -c cable", {"CB-1"}),
        ("wifi router", {"RT-1"}),
        ("wi -fi router", {"RT-1"}),
        ("water pipe 1 1/2 inch", {"PIPE"}),
        ("pipe 1.5 inch", {"PIPE"}),
        ("chocolate without nuts", {"CH-0", "CH-2"}),
        ("chocolate -nuts", {"CH-0", "CH-2"}),
        ("sofa without leather", {"SO-2"}),
        ("sofas for the home", set()),
        ("leather sofa for two", set()),
        ("a leather sofa with the brown", {"SO-1"}),
        ("soft cotton towel", {"TW-1"}),
        ("amp", set()),
        ("nbsp", set()),
        ("asdfghjkl", set()),
        ("calendar 2025", {"CAL-25"}),
        ("TSMENBLKM", set()),
    ],
)  # fmt: skip
def test_what_belongs(ask, q, belongs) -> None:
    found = ask(q)
    assert {sku for sku, does in found.items() if does} == belongs
    assert set(list(found)[: len(belongs)]) == belongs, "What belongs comes first."


def test_one_word_of_three_comes_after_but_does_not_belong(ask) -> None:
    found = ask("27 inch monitor", sort="price")
    assert next(iter(found)) == "MON-27"
    assert found["DRB-38"] is False


@pytest.mark.parametrize(
    ("q", "first"),
    [
        ("2025", "2025"),
        ("calendar 2025", "CAL-25"),
        ("hose 2025", "2025"),
        ('"MON-27"', "MON-27"),
        ("mon27", "MON-27"),
        ("scr 20", "SCR-20"),
        ("gift for scr-30", "SCR-30"),
    ],
)
def test_a_code_comes_first_where_the_question_is_the_code_or_nothing_else_has_the_words(ask, q, first) -> None:
    assert next(iter(ask(q))) == first


# sku -> language -> title
FOREIGN = {
    "TB-1": {"de": "Esstisch, Eiche", "sv": "Matbord, ek", "tr": "Meşe yemek masası"},
    "TB-2": {"de": "Stehschreibtisch", "sv": "Skrivbord"},
    "TC-1": {"de": "Tischdecke, Leinen", "sv": "Bordsduk", "tr": "Keten masa örtüsü"},
    "LP-1": {"de": "Tischlampe, Messing", "sv": "Bordslampa", "tr": "Pirinç masa lambası"},
    "GL-1": {"de": "Optischer Sensor, automatisch", "sv": "Ombordstigning"},
}


class TestCompounds:
    @pytest.fixture
    def ask(self, ask, empty_shop):
        """The same with more products, each with a title in each of its languages."""
        for sku, titles in FOREIGN.items():
            product = Product.objects.create(sku=sku, state=State.PUBLISHED, currency="EUR", price=Decimal("9.90"))
            for language, title in titles.items():
                ProductText.objects.create(product=product, language=language, title=title)
            empty_shop.products[sku] = product
        empty_shop.index()
        return ask

    @pytest.mark.parametrize(
        ("q", "lang", "belongs"),
        [
            ("Tisch", "de", {"TB-1", "TB-2"}),
            ("Tische", "de", {"TB-1", "TB-2"}),
            ("Lampe", "de", {"LP-1"}),
            ("Lampe aus Messing", "de", {"LP-1"}),
            ("bord", "sv", {"TB-1", "TB-2"}),
            ("lampor", "sv", {"LP-1"}),
            ("masa", "tr", {"TB-1", "TC-1", "LP-1"}),
            ("lamba", "tr", {"LP-1"}),
        ],
    )
    def test_a_word_finds_the_compounds_that_end_with_it(self, ask, q, lang, belongs) -> None:
        found = ask(q, lang=lang)
        assert {sku for sku, does in found.items() if does} == belongs
        assert set(list(found)[: len(belongs)]) == belongs

    def test_what_has_only_a_part_comes_after_and_does_not_belong(self, ask) -> None:
        found = ask("Kinderschreibtisch", lang="de")
        assert next(iter(found.items())) == ("TB-2", False)


class TestSpelling:
    def test_a_slip_finds_what_is_meant_and_says_so(self, ask, client) -> None:
        assert next(iter(ask("wireles mouse"))) == "MO-1"
        answer = client.get("/api/v1/search", {"q": "Lether sofa", "lang": "en"}).json()
        assert answer["spelt"] == {
            "typed": "Lether sofa", "searched": "leather sofa", "changes": {"lether": "leather"}
        }  # fmt: skip
        assert answer["hits"][0]["sku"] == "SO-1"

    def test_the_way_back(self, ask, client) -> None:
        asked = {"q": "Lether sofa", "lang": "en", "spell": "false"}
        answer = client.get("/api/v1/search", asked).json()
        assert answer["spelt"] is None
        assert answer["q"] == "Lether sofa"

    def test_known_words_stay(self, ask, client) -> None:
        assert client.get("/api/v1/search", {"q": "leather sofa", "lang": "en"}).json()["spelt"] is None

    def test_a_shop_may_switch_it_off(self, ask, client, empty_shop) -> None:
        empty_shop.settings.VISUAL_SEARCH = {**empty_shop.settings.VISUAL_SEARCH, "SPELLING": False}
        assert client.get("/api/v1/search", {"q": "lether sofa", "lang": "en"}).json()["spelt"] is None

    def test_another_layout_is_offered(self, ask, client) -> None:
        answer = client.get("/api/v1/search", {"q": "ызщкешту кувв", "lang": "en"}).json()
        assert answer["did_you_mean"] is None
        answer = client.get("/api/v1/search", {"q": "ыщаф brown", "lang": "en"}).json()
        assert answer["did_you_mean"] == {"q": "sofa brown", "changes": {"ыщаф": "sofa"}}
        assert (answer["q"], answer["spelt"]) == ("ыщаф brown", None)
        exact = client.get("/api/v1/search", {"q": "ыщаф brown", "lang": "en", "spell": "false"}).json()
        assert exact["did_you_mean"] is None

    def test_the_page_offers_it_and_searches_it_when_it_is_taken(self, ask, client) -> None:
        page = client.get("/search/", {"q": "ыщаф"}).content.decode()
        assert '<button type="submit" name="meant" value="sofa">sofa</button>' in page
        taken = client.get("/search/", {"q": "ыщаф", "meant": "sofa"}).content.decode()
        assert "Leather sofa, brown" in taken
        assert 'name="meant"' not in taken
        assert 'name="q" value="sofa"' in taken.partition('id="vs-refine"')[2].partition(">")[0]

    def test_the_page_says_so_and_leads_back(self, ask, client) -> None:
        page = client.get("/search/", {"q": "lether sofa"}).content.decode()
        assert "These are results for “leather sofa”." in page
        assert 'name="exact" value="lether sofa"' in page
        exact = client.get("/search/", {"q": "lether sofa", "exact": "lether sofa"}).content.decode()
        assert "These are results for" not in exact
        assert '<input type="hidden" name="exact" value="lether sofa">' in exact
        other = client.get("/search/", {"q": "wireles mouse", "exact": "lether sofa"}).content.decode()
        assert "These are results for “wireless mouse”." in other
