"""A shop of its own runs on the wheel as the tutorial says, in each Django version that the package names."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from tests.live.conftest import absent
from tests.package.conftest import Install, another_python, block, run, tried
from tests.search.shop import PRODUCTS, draw, photo_of, to_bytes
from visual_search import extras

LENT_TOO_MUCH = [
    "django_htmx",
    "drf_spectacular",
    "whitenoise",
    *(name for names in extras.MODULES.values() for name in names),
]
# What a reader of the tutorial has already: a model of their own.
MODELS = """
from django.db import models


class Thing(models.Model):
    sku = models.CharField(max_length=20)
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    category = models.CharField(max_length=100)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    stock = models.IntegerField()
    published = models.BooleanField(default=True)

    def get_absolute_url(self):
        return f"/things/{self.pk}/"


class Photo(models.Model):
    thing = models.ForeignKey(Thing, models.CASCADE, related_name="photos")
    file = models.FileField()

    def file_bytes(self):
        with self.file.open("rb") as file:
            return file.read()
"""
FILL = """
import json
from django.core.files.base import ContentFile
from shop.models import Photo, Thing

for sku, name, category, price, stock in json.load(open("things.json")):
    thing = Thing.objects.create(sku=sku, name=name, category=category, price=price, stock=stock)
    picture = open(f"drawn/{sku}.png", "rb").read()
    Photo.objects.create(thing=thing, file=ContentFile(picture, name=f"{sku}.png"))
"""
ASK = """
import json
from django.test import Client

shopper = Client(SERVER_NAME="localhost")
found = {}
for sku in json.load(open("asked.json")):
    with open(f"photos/{sku}.jpg", "rb") as photo:
        found[sku] = shopper.post("/api/v1/search", {"image": photo}).json()
page = shopper.get("/search/", {"q": "chair"})
document = shopper.get("/api/v1/openapi.json")
print(json.dumps({"found": found, "page": [page.status_code, page.content.decode()], "document": document.status_code}))
"""


# The versions that are tried; Django 6.0 runs on Python 3.12 and later.
DJANGO = {"5.2": ("Django==5.2.*", (3, 11)), "6.0": ("Django==6.0.10", (3, 12))}


def said(start: str) -> str:
    return block("docs/tutorial/your-own-shop.md", start)


@pytest.fixture(scope="module", params=DJANGO)
def python(request: pytest.FixtureRequest, install: Install) -> Path:
    """An environment with the wheel and this version of Django."""
    django, least = DJANGO[request.param]
    interpreter = None
    if sys.version_info < least:
        interpreter = another_python(least)
        if interpreter is None:
            absent(
                f"Django {request.param} needs Python {'.'.join(map(str, least))} or later, and none is on this machine"
            )
    return install(django, python=interpreter)


@pytest.fixture
def project(python: Path, tmp_path: Path) -> Path:
    """What `startproject` makes, with the tutorial's lines in the files that it names."""
    folder = tmp_path / "project"
    folder.mkdir()
    run(python, "-m", "django", "startproject", "site_", ".", cwd=folder)
    run(python, "manage.py", "startapp", "shop", cwd=folder)
    (folder / "shop/models.py").write_text(MODELS)
    (folder / "shop/search.py").write_text(said("# shop/search.py"))
    settings = folder / "site_/settings.py"
    settings.write_text(
        f"{settings.read_text()}\n"
        "before = INSTALLED_APPS\n"
        f"{said('# settings.py')}\n"
        # The tutorial's `...` are what stood there before.
        "INSTALLED_APPS[:1] = before\n"
        # The environment that lends its packages has more than a shop gets: only what the wheel asks for can be imported.
        "import sys\n"
        f"sys.modules |= dict.fromkeys({LENT_TOO_MUCH})\n"
        "MEDIA_ROOT = BASE_DIR / 'media'\n"
        "MEDIA_URL = '/media/'\n"
    )
    (folder / "site_/urls.py").write_text(said("# urls.py"))
    base = folder / "shop/templates/shop/base.html"
    base.parent.mkdir(parents=True)
    box = said("{% load visual_search %}").replace("...", "<title>A shop</title>")
    base.write_text(f"{box}{{% block content %}}{{% endblock %}}</body>")
    return folder


@pytest.mark.slow
def test_the_tutorial_s_shop_runs_on_the_wheel_alone(
    python: Path, project: Path, request: pytest.FixtureRequest
) -> None:
    django = run(python, "-m", "django", "--version", cwd=project).strip()
    assert any(f"[{version}]" in request.node.name and django.startswith(f"{version}.") for version in DJANGO)
    where = "import visual_search, multilingual; print(visual_search.__file__, multilingual.__file__)"
    assert all(Path(path).is_relative_to(python.parents[1]) for path in run(python, "-c", where, cwd=project).split())
    shop = "from importlib.util import find_spec; print(find_spec('catalog'))"
    assert run(python, "-c", shop, cwd=project).strip() == "None"

    # One of each shape: how well drawings that differ in colour alone are told apart is the encoder's matter.
    by_shape = {product[3]: sku for sku, product in reversed(PRODUCTS.items()) if product[3]}
    sold = {sku: PRODUCTS[sku] for sku in by_shape.values()}
    assert len(sold) == 5
    things = [[sku, name, category, price, stock] for sku, (name, _, category, _, _, price, stock) in sold.items()]
    (project / "things.json").write_text(json.dumps(things))
    (project / "asked.json").write_text(json.dumps(list(sold)))
    for name in ("drawn", "photos"):
        (project / name).mkdir()
    for sku, (_, _, _, shape, colour, *_) in sold.items():
        (project / f"drawn/{sku}.png").write_bytes(to_bytes(draw(shape, colour)))
        (project / f"photos/{sku}.jpg").write_bytes(photo_of(shape, colour))
    (project / "some-photo.jpg").write_bytes(photo_of("sofa", "green"))

    assert "no issues" in run(python, "manage.py", "check", cwd=project)
    run(python, "manage.py", "makemigrations", "shop", cwd=project)
    migrate, *others = re.findall(r"^python manage\.py (\w+.*?) *(?:#|$)", said("python manage.py migrate"), flags=re.M)
    run(python, "manage.py", migrate, cwd=project)
    run(python, "manage.py", "shell", cwd=project, stdin=FILL)
    others.remove("visual_search calibrate")  # It needs 30 products.
    printed = {command: run(python, "manage.py", *command.split(), cwd=project) for command in others}
    assert list(printed) == ["visual_search rebuild", "visual_search try_photo some-photo.jpg"]
    assert "SOF-GRN-03" in printed["visual_search try_photo some-photo.jpg"].splitlines()[1]

    answered = json.loads(run(python, "manage.py", "shell", cwd=project, stdin=ASK).splitlines()[-1])
    found = {sku: answer["hits"][0]["sku"] for sku, answer in answered["found"].items()}
    assert found == {sku: sku for sku in sold}
    lamp = answered["found"]["LMP-BRS-04"]["hits"][0]
    assert (lamp["image"], lamp["price"], lamp["in_stock"]) == ("/media/LMP-BRS-04.png", "89.00 EUR", False)
    assert [answer["degraded"] for answer in answered["found"].values()] == [[]] * len(sold)
    status, page = answered["page"]
    assert (status, answered["document"]) == (200, 200)
    assert "Red chair" in page
    statics = {*re.findall(r'/static/(visual_search/[^"]+)"', page)}
    assert {f"visual_search/{name}" for name in ("search.css", "search.js", "htmx.js")} <= statics
    for static in sorted(statics):
        run(python, "manage.py", "findstatic", static, cwd=project)


@pytest.mark.parametrize(
    ("setting", "path", "extra"),
    [
        ("READER", "visual_search.imaging.reading.LabelReader", "reading"),
        ("ENGINE", "visual_search.engines.elasticsearch.ElasticsearchEngine", "elasticsearch"),
        ("ENCODER", "visual_search.encoders.neural.NeuralEncoder", "neural"),
    ],
)
def test_a_part_that_a_setting_names_and_that_is_not_installed(
    python: Path, project: Path, setting: str, path: str, extra: str
) -> None:
    options = {"ENCODER": {"model": "clip", "cache": "var"}, "ENGINE": {"hosts": "http://localhost:9200"}}.get(
        setting, {}
    )
    with (project / "site_/settings.py").open("a") as file:
        file.write(f"VISUAL_SEARCH['{setting}'] = {{'BACKEND': '{path}', 'OPTIONS': {options}}}\n")
    checked = tried(python, "manage.py", "check", cwd=project)
    assert checked.returncode == 1
    assert f"VISUAL_SEARCH['{setting}']['BACKEND'] is '{path}', but " in checked.stderr
    assert f"pip install 'django-visual-search[{extra}]'" in checked.stderr
    assert "identified 1 issue" in checked.stderr
