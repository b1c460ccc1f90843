"""What the how-to pages tell shops to write does what they say."""

from __future__ import annotations

from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.docs.projects import block, play
from tests.live.conftest import absent
from tests.search.shop import Shop, _intact, empty_shop, photo_of, shop  # noqa: F401

pytestmark = pytest.mark.slow

PHOTO = """
    file = models.FileField()

    def file_bytes(self):
        with self.file.open("rb") as file:
            return file.read()
"""
ADDRESS = """
    def get_absolute_url(self):
        return f"/products/{self.pk}/"
"""


# --- Variants -----------------------------------------------------------------------------------

VARIANTS = f"""
class Product(models.Model):
    name = models.CharField(max_length=100)
{ADDRESS}

class Variant(models.Model):
    product = models.ForeignKey(Product, models.CASCADE, related_name="variants")
    sku = models.CharField(max_length=20)
    colour = models.CharField(max_length=20)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    stock = models.IntegerField(default=1)


class Photo(models.Model):
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="photos")
{PHOTO}"""


def test_one_tile_for_all_variants(tmp_path: Path) -> None:
    script = """
from shop.models import Photo, Product, Variant

chair, sofa = (Product.objects.create(name=name) for name in ("Chair", "Sofa"))
for sku, product, shape, colour, price in [
    ("C-R", chair, "chair", "red", "49.00"), ("C-B", chair, "chair", "blue", "39.00"), ("S-G", sofa, "sofa", "green", "499.00"),
]:
    variant = Variant.objects.create(product=product, sku=sku, colour=colour, price=price)
    Photo.objects.create(variant=variant, file=picture(shape, colour))
hits = {colour: photographed("chair", colour)[0] for colour in ("red", "blue")}
told = {colour: [hit["title"], hit["price"], Photo.objects.get(pk=hit["picture"]).variant.colour] for colour, hit in hits.items()}
by_code = titles("c-b")[:1]
counts = {facet.field: [(count.value, count.count) for count in facet.counts] for facet in search(Query()).facets}
Variant.objects.filter(colour="blue").get().delete()
print(json.dumps([told, by_code, sorted(counts["colour"]), photographed("chair", "red")[0]["price"]]))
"""
    told, by_code, colours, price = play(
        tmp_path, models=VARIANTS, search=block("how-to/variants.md", "# shop/search.py"), script=script
    )
    assert told == {"red": ["Chair", "from 39.00 EUR", "red"], "blue": ["Chair", "from 39.00 EUR", "blue"]}
    assert by_code == ["Chair"]
    assert colours == [["blue", 1], ["green", 1], ["red", 1]]
    assert price == "from 49.00 EUR"


FAMILY = f"""
class Product(models.Model):
    name = models.CharField(max_length=100)
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")
{ADDRESS}

class Photo(models.Model):
    product = models.ForeignKey(Product, models.CASCADE, related_name="photos")
{PHOTO}"""
FAMILIES = """
from shop.models import Photo, Product
from visual_search.registry import Source, register
from visual_search.types import Card, Picture, Text


@register
class Products(Source):
    model = Product
{block}
    def pictures(self, product):
        for one in (product, *product.children.all()):
            for photo in one.photos.all():
                yield Picture(id=str(photo.pk), load=photo.file_bytes)

    def texts(self, product):
        return {{"en": Text(product.name, keywords=tuple(child.name for child in product.children.all()))}}

    def card(self, product, language=None):
        return Card(id=str(product.pk), sku="", title=product.name, url=product.get_absolute_url())
"""


def test_variants_that_are_rows_of_the_same_model(tmp_path: Path) -> None:
    script = """
from shop.models import Photo, Product

chair = Product.objects.create(name="Chair")
red = Product.objects.create(name="crimson", parent=chair)
Photo.objects.create(product=red, file=picture("chair", "red"))
found = [suggested("crimson"), [hit["title"] for hit in photographed("chair", "red")]]
red.name = "scarlet"
red.save()
print(json.dumps([*found, suggested("scarlet"), suggested("crimson")]))
"""
    page = block("how-to/variants.md", "watch = {Product")
    indented = "".join(f"    {line}" if line.strip() else line for line in page.splitlines(keepends=True))
    found = play(tmp_path, models=FAMILY, search=FAMILIES.format(block=indented), script=script)
    assert found == [["Chair"], ["Chair"], ["Chair"], []]


# --- Categories ---------------------------------------------------------------------------------

CATEGORIES = f"""
class Category(models.Model):
    name = models.CharField(max_length=100)
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")


class Product(models.Model):
    name = models.CharField(max_length=100)
    categories = models.ManyToManyField(Category, related_name="products")
{ADDRESS}"""


def test_a_tree_of_categories_is_a_path(tmp_path: Path) -> None:
    script = """
from shop.models import Category, Product

home = Category.objects.create(name="Home")
office = Category.objects.create(name="Office", parent=home)
desks = Category.objects.create(name="Desks > tables", parent=office)
desk, mug = (Product.objects.create(name=name) for name in ("Desk", "Mug"))
desk.categories.add(desks)


def below(path):
    return titles(filters=(AnyOf("category", (path,)),))


told = [below("Home"), below("Home > Office"), below("Home > Office > Desks › tables")]
mug.categories.add(office)
told.append(sorted(below("Home > Office")))
home.name = "House"
home.save()
told += [below("Home"), sorted(below("House > Office"))]
page = shopper.get("/search/?f.category=House+%3E+Office+%3E+Desks+%E2%80%BA+tables").content.decode()
print(json.dumps([*told, ["Desk" in page, "Mug" in page]]))
"""
    told = play(tmp_path, models=CATEGORIES, search=block("how-to/categories.md", "# shop/search.py"), script=script)
    assert told == [["Desk"], ["Desk"], ["Desk"], ["Desk", "Mug"], [], ["Desk", "Mug"], [True, False]]


# --- Translated models --------------------------------------------------------------------------


def test_texts_of_parler(tmp_path: Path) -> None:
    if find_spec("parler") is None:
        absent("django-parler isn't installed")
    models = f"""
from parler.models import TranslatableModel, TranslatedFields


class Product(TranslatableModel):
    translations = TranslatedFields(
        title=models.CharField(max_length=100), description=models.TextField(blank=True)
    )
{ADDRESS}"""
    script = """
from shop.models import Product

product = Product()
for language, title in (("de", "Roter Stuhl"), ("en", "Red chair")):
    product.set_current_language(language)
    product.title = title
product.save()
lamp = Product()
lamp.set_current_language("de")
lamp.title = "Messinglampe"
lamp.save()
told = [titles("chairs", language="en")[:1], titles("stühle", language="de")[:1], titles("messinglampe", language="en")[:1]]
text = product.translations.get(language_code="de")
text.title = "Roter Sessel"
text.save()
from visual_search import registry
first = list(registry.source("products").texts(Product.objects.get(pk=product.pk)))[0]
print(json.dumps([*told, suggested("sessel", "de"), first]))
"""
    told = play(
        tmp_path,
        models=models,
        search=block("how-to/translated-models.md", "# shop/search.py, with django-parler"),
        script=script,
        apps=("parler",),
        settings='PARLER_LANGUAGES = {None: ({"code": "en"}, {"code": "de"})}\n',
    )
    assert told == [["Red chair"], ["Roter Stuhl"], ["Messinglampe"], ["Roter Sessel"], "en"]


def test_texts_of_modeltranslation(tmp_path: Path) -> None:
    if find_spec("modeltranslation") is None:
        absent("django-modeltranslation isn't installed")
    models = f"""
class Product(models.Model):
    title = models.CharField(max_length=100)
    description = models.TextField(blank=True)
{ADDRESS}"""
    translation = """
from modeltranslation.translator import TranslationOptions, register
from shop.models import Product


@register(Product)
class ProductTranslation(TranslationOptions):
    fields = ("title", "description")
"""
    script = """
from shop.models import Product

chair = Product.objects.create(title_en="Red chair", title_de="Roter Stuhl")
Product.objects.create(title_en="Brass lamp")
told = [titles("chairs", language="en")[:1], titles("stühle", language="de")[:1], titles("lamp", language="de")[:1]]
chair.title_de = "Roter Sessel"
chair.save()
from visual_search import registry
print(json.dumps([*told, suggested("sessel", "de"), list(registry.source("products").texts(chair))[0]]))
"""
    told = play(
        tmp_path,
        models=models,
        search=block("how-to/translated-models.md", "# shop/search.py, with django-modeltranslation"),
        script=script,
        apps=("modeltranslation",),
        translation=translation,
        settings='LANGUAGE_CODE = MODELTRANSLATION_DEFAULT_LANGUAGE = "en"\n',
    )
    assert told == [["Red chair"], ["Roter Stuhl"], ["Brass lamp"], ["Roter Sessel"], "en"]


# --- Remote storage -----------------------------------------------------------------------------

STORAGE = """
from django.core.files.base import ContentFile
from django.core.files.storage import Storage


class Bucket(Storage):
    # Like S3's: it has no paths, and it signs its addresses anew each time.
    files, signed, down = {}, 0, False

    def _save(self, name, content):
        self.files[name] = content.read()
        return name

    def _open(self, name, mode="rb"):
        if Bucket.down:
            raise ConnectionError("The bucket doesn't answer.")
        return ContentFile(self.files[name], name=name)

    def exists(self, name):
        return name in self.files

    def url(self, name):
        Bucket.signed += 1
        return f"https://bucket.example/{name}?signature={Bucket.signed}"
"""


def test_pictures_in_a_storage_without_paths(tmp_path: Path) -> None:
    page = block("how-to/remote-storage.md", "# shop/models.py")
    models = f"""
class Thing(models.Model):
    name = models.CharField(max_length=100)


{page}"""
    search = """
from shop.models import Photo, Thing
from visual_search.registry import Source, register
from visual_search.types import Card, Picture, Text


@register
class Things(Source):
    model = Thing
    watch = {Photo: "thing"}

    def pictures(self, thing):
        return [Picture(str(photo.pk), photo.file_bytes, url=photo.file.url) for photo in thing.photos.all()]

    def texts(self, thing):
        return {"en": Text(thing.name)}

    def card(self, thing, language=None):
        return Card(id=str(thing.pk), sku="", title=thing.name, url="/", image_url=thing.photos.all()[0].file.url)
"""
    script = """
from shop.models import Photo, Thing
from shop.storages import Bucket
from visual_search import indexing

chair = Thing.objects.create(name="Chair")
photo = Photo.objects.create(thing=chair, file=picture("chair", "red"))
try:
    photo.file.path
    raise AssertionError("This storage has paths, so it proves nothing.")
except NotImplementedError:
    pass
hit = photographed("chair", "red")[0]
Bucket.down = True
lamp = Thing.objects.create(name="Lamp")
Photo.objects.create(thing=lamp, file=picture("lamp", "brass"))
entry = IndexEntry.objects.get(object_id=str(lamp.pk))
found = suggested("lamp")
Bucket.down = False
indexing.index_pending("products")
print(json.dumps([hit["title"], hit["grade"], hit["image"], found, entry.error, photographed("lamp", "brass")[0]["title"]]))
"""
    title, grade, image, without, warning, mended = play(
        tmp_path,
        models=models,
        search=search,
        script=script,
        storages=STORAGE,
        settings='STORAGES = {"default": {"BACKEND": "shop.storages.Bucket"}, "staticfiles": '
        '{"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}\n'
        'VISUAL_SEARCH["INDEX_RETRY_SECONDS"] = 0.001\n',
    )
    assert (title, grade) == ("Chair", "same item")
    assert image.startswith("https://bucket.example/red-chair.png?signature=")
    assert without == ["Lamp"]
    assert "The bucket doesn't answer." in warning
    assert mended == "Lamp"


# --- Several sites ------------------------------------------------------------------------------

SITES = f"""
class Product(models.Model):
    name = models.CharField(max_length=100)
    site = models.CharField(max_length=100)
{ADDRESS}"""


def test_each_site_shows_its_own_products(tmp_path: Path) -> None:
    page = "how-to/several-shops.md"
    script = """
from shop.models import Product

for name, site in (("Red chair", "one.example"), ("Blue chair", "two.example"), ("Green chair", "one.example")):
    Product.objects.create(name=name, site=site)
wiring.engine().refresh("products")


def asked(host, address, **parts):
    answer = shopper.get(address, parts, HTTP_HOST=host)
    assert answer.status_code == 200
    return answer.json() if address.startswith("/api") else answer.content.decode()


def seen(host, **more):
    answer = asked(host, "/api/v1/search", q="chair", **more)
    return [sorted(hit["title"] for hit in answer["hits"]), answer["total"]["value"]]


def shown(**more):
    page = asked("two.example", "/search/", q="chair", **more)
    return [title for title in ("Red chair", "Blue chair", "Green chair") if title in page]


# Nobody reaches another site by naming it in the address.
others = shown(**{"f.site": "one.example"})
told = [line["title"] for line in asked("two.example", "/api/v1/suggest", q="red")["suggestions"]]
print(json.dumps([seen("one.example"), seen("two.example"), shown(), others, told]))
"""
    one, two, in_page, others, suggested = play(
        tmp_path,
        models=SITES,
        search=block(page, "# shop/search.py"),
        middleware=block(page, "# shop/middleware.py"),
        script=script,
        settings='MIDDLEWARE = ["shop.middleware.site_of_the_host"]\n'
        + block(page, 'VISUAL_SEARCH = {"REWRITERS"').replace("VISUAL_SEARCH = {", "VISUAL_SEARCH |= {"),
    )
    assert one == [["Green chair", "Red chair"], 2]
    assert two == [["Blue chair"], 1]
    assert in_page == others == ["Blue chair"]
    assert suggested == [], "The red chair is the other site's."


def test_each_tenant_has_a_folder_or_a_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    from visual_search.engines.elasticsearch import ElasticsearchEngine
    from visual_search.engines.elasticsearch.names import alias_of

    names = {}
    for tenant in ("oak", "elm"):
        monkeypatch.setenv("TENANT", tenant)
        given: dict[str, Any] = {}
        exec(f"import os\n{block('how-to/several-shops.md', '# settings.py')}", given)  # noqa: S102
        assert given["DATABASES"]["default"]["NAME"] == f"shop_{tenant}"
        engine = ElasticsearchEngine(**given["VISUAL_SEARCH"]["ENGINE"]["OPTIONS"])
        names[tenant] = alias_of(engine.server.prefix, "products")
    assert names == {"oak": "oak-products", "elm": "elm-products"}


# --- Below a path -------------------------------------------------------------------------------

NAMED = """
class Product(models.Model):
    name = models.CharField(max_length=100)

    def get_absolute_url(self):
        from django.urls import reverse

        return reverse("product", args=[self.pk])
"""
NAMES = """
from shop.models import Product
from visual_search.registry import Source, register
from visual_search.types import Card, Text


@register
class Products(Source):
    model = Product

    def texts(self, product):
        return {"en": Text(product.name)}

    def card(self, product, language=None):
        return Card(id=str(product.pk), sku="", title=product.name, url=product.get_absolute_url())
"""


@pytest.mark.parametrize("way", ["settings", "include"])
def test_every_address_has_the_prefix(way: str, tmp_path: Path) -> None:
    page = "how-to/url-prefix.md"
    prefix, settings = ("/shop", block(page, "# settings.py")) if way == "settings" else ("", "")
    included = f"from django.urls import include, path\n{block(page, '# urls.py')}" if way == "include" else ""
    script = f"""
import re
from pathlib import Path

import django.urls

urls = {included!r} or Path("urls.py").read_text()
names = {{}}
exec(urls, names)
from django.http import HttpResponse
import urls as root

root.urlpatterns[:] = [*names["urlpatterns"], django.urls.path("shop/products/<int:pk>/", HttpResponse, name="product")]
if {prefix!r}:
    root.urlpatterns[-1] = django.urls.path("products/<int:pk>/", HttpResponse, name="product")
django.urls.clear_url_caches()
from shop.models import Product

Product.objects.create(name="Red chair")
wiring.engine().refresh("products")
below = "" if {prefix!r} else "/shop"  # The proxy has taken the prefix off.
page = shopper.get(below + "/search/", {{"q": "chair"}})
assert page.status_code == 200
text = page.content.decode()
addresses = re.findall(r'(?:href|src|action|hx-get|hx-post|data-vs-results|data-vs-suggest)="([^"#?]+)', text)
answer = shopper.get(below + "/api/v1/search", {{"q": "chair"}}).json()
document = shopper.get(below + "/api/v1/openapi.json").json()
print(json.dumps([sorted(set(addresses)), answer["hits"][0]["url"], document.get("servers"), sorted(document["paths"])]))
"""
    addresses, card, servers, paths = play(tmp_path, models=NAMED, search=NAMES, script=script, settings=settings)
    assert {"/shop/search/", "/shop/products/1/", "/shop/api/v1/suggest"} <= set(addresses)
    statics = [address for address in addresses if "static/" in address]
    assert len(statics) > 5
    assert [address for address in addresses if not address.startswith("/shop/") and address not in statics] == []
    assert [address for address in statics if not address.startswith(f"{prefix}/static/")] == []
    assert card == "/shop/products/1/"
    assert servers == ([{"url": "/shop"}] if prefix else None)
    assert ("/api/v1/search" if prefix else "/shop/api/v1/search") in paths


# --- Keys ---------------------------------------------------------------------------------------


def test_a_key_is_rotated_without_anybody_noticing(shop: Shop, settings: Any, client: Any) -> None:  # noqa: F811
    def asked(token: str) -> Any:
        return client.post("/api/v1/search", {"photo_token": token})

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "old", []
    found = client.post("/api/v1/search", {"image": BytesIO(photo_of("chair", "red"))}).json()
    token = found["photo_token"]
    # The first deployment: old processes read what those with the new key will seal.
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "old", ["new"]
    assert asked(token).json()["hits"][0]["sku"] == "CHR-RED-01"
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", ["old"]
    again = asked(token).json()
    assert again["hits"][0]["sku"] == "CHR-RED-01"
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "old", ["new"]
    assert asked(again["photo_token"]).status_code == 200
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", []
    assert asked(again["photo_token"]).status_code == 200
    refused = asked(token)
    assert refused.status_code == 400
    assert "Add the photo again." in refused.json()["detail"]


# --- Haystack -----------------------------------------------------------------------------------


def test_beside_haystack(tmp_path: Path) -> None:
    if find_spec("haystack") is None:
        absent("django-haystack isn't installed")
    page = "how-to/beside-haystack.md"
    indexes = """
from haystack import indexes
from shop.models import Product


class ProductIndex(indexes.SearchIndex, indexes.Indexable):
    text = indexes.CharField(document=True, model_attr="name")

    def get_model(self):
        return Product
"""
    search = NAMES.replace("model = Product", "model = Product\n    schema = (FacetField('brand', FacetKind.KEYWORD),)")
    search = search.replace("import Card, Text", "import Card, FacetField, FacetKind, Text").replace(
        "    def texts", "    def facets(self, product):\n        return {'brand': 'Nordic'}\n\n    def texts"
    )
    script = f"""
from contextlib import redirect_stdout
from io import StringIO

from haystack.query import SearchQuerySet
from shop.models import Product

Product.get_absolute_url = lambda product: f"/products/{{product.pk}}/"
Product.objects.create(name="Red chair")
wiring.engine().refresh("products")
call_command("rebuild_index", interactive=False, verbosity=0)
call_command("visual_search", "rebuild", stdout=StringIO())
theirs = [result.object.name for result in SearchQuerySet().filter(content="chair")]
with redirect_stdout(StringIO()) as printed:
    exec({block(page, "from visual_search.search")!r})
print(json.dumps([theirs, printed.getvalue()]))
"""
    theirs, ours = play(
        tmp_path,
        models=NAMED,
        search=search,
        search_indexes=indexes,
        script=script,
        apps=("haystack",),
        settings=block(page, "# settings.py").splitlines()[-1] + "\n",
    )
    assert theirs == ["Red chair"]
    assert ours == "Red chair /products/1/\n"
