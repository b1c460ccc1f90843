"""The page about django-oscar: its code makes a real Oscar shop searchable, and whatever changes there is found."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections import defaultdict
from pathlib import Path

import pytest

from tests.package.conftest import ROOT, Install, block, run

PAGE = "docs/how-to/django-oscar.md"
DEMO = ROOT / "catalog/demo"
HERE = Path(__file__).parent
# An Oscar shop as its documentation sets one up, before search is added.
SETTINGS = """
from pathlib import Path

from oscar import INSTALLED_APPS
from oscar.defaults import *

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "only for this shop, which nobody else reaches, and long enough"
ALLOWED_HOSTS = ["localhost"]
SITE_ID = 1
INSTALLED_APPS = [*INSTALLED_APPS, "sorl.thumbnail"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "db.sqlite3",
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 60},
    }
}
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "oscar.apps.basket.middleware.BasketMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "oscar.apps.search.context_processors.search_form",
                "oscar.apps.checkout.context_processors.checkout",
                "oscar.apps.communication.notifications.context_processors.notifications",
                "oscar.core.context_processors.metadata",
            ]
        },
    }
]
AUTHENTICATION_BACKENDS = ["oscar.apps.customer.auth_backends.EmailBackend"]
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
ROOT_URLCONF = "site_.urls"
STATIC_URL = "/static/"
MEDIA_URL = "/media/"
MEDIA_ROOT = BASE_DIR / "media"
"""
URLS = """
from django.apps import apps
from django.urls import include, path

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
{search}
    path("", include(apps.get_app_config("oscar").urls[0])),
]
"""
ASK = """
import json
import sys
from pathlib import Path

from django.test import Client

shopper = Client(SERVER_NAME="localhost")
found = {}
for photo in sorted(Path("pictures").glob("*.jpg")):
    with photo.open("rb") as file:
        answer = shopper.post("/api/v1/search", {"image": file}).json()
    found[photo.name] = [answer["hits"][0]["sku"], answer["degraded"]]
words = shopper.get("/api/v1/search", {"q": "armchair"}).json()["hits"][0]
hidden = shopper.get("/api/v1/search", {"q": "HIDDEN"}).json()["hits"]
page = shopper.get("/search/", {"q": "armchair"})
front = shopper.get("/catalogue/", follow=True)
pages = {"page": [page.status_code, page.content.decode()], "front": [front.status_code, front.content.decode()]}
sys.stdout.write(json.dumps({"found": found, "words": words, "hidden": [hit["sku"] for hit in hidden], **pages}))
"""


@pytest.fixture(scope="module")
def python(install: Install) -> Path:
    return install("django-oscar[sorl-thumbnail]==4.2.1")


@pytest.fixture(scope="module")
def shop(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Oscar project with the page's lines in it, a dozen products and their index."""
    folder = tmp_path_factory.mktemp("oscar")
    run(python, "-m", "django", "startproject", "site_", ".", cwd=folder)
    (folder / "site_/settings.py").write_text(SETTINGS + block(PAGE, "# settings.py"))
    lines = block(PAGE, "# urls.py").splitlines()
    search = "\n".join(f"    *{line}," for line in lines if line.startswith("("))
    (folder / "site_/urls.py").write_text(URLS.replace("{search}", search))
    (folder / "shop").mkdir()
    (folder / "shop/__init__.py").touch()
    (folder / "shop/search.py").write_text(block(PAGE, "from oscar.core.loading"))
    sold, photos = _from_the_demo()
    (folder / "sold.json").write_text(json.dumps(sold))
    for name, pictures in photos.items():
        (folder / name).mkdir()
        for picture in pictures:
            shutil.copy(picture, folder / name)
    assert "no issues" in run(python, "manage.py", "check", cwd=folder)
    migrate, *others = re.findall(r"^python manage\.py (\w+.*)$", block(PAGE, "python manage.py migrate"), flags=re.M)
    run(python, "manage.py", migrate, "--verbosity", "0", cwd=folder)
    run(python, "manage.py", "shell", "--verbosity", "0", cwd=folder, stdin=(HERE / "oscar_fill.py").read_text())
    for command in others:
        run(python, "manage.py", *command.split(), cwd=folder)
    return folder


def _from_the_demo() -> tuple[list[list[str]], dict[str, list[Path]]]:
    """Four products of each of three rooms, and pictures of four others that nobody sells yet."""
    by_room: dict[str, list[dict[str, str]]] = defaultdict(list)
    with (DEMO / "products.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["extra_images"]:
                by_room[row["category"]].append(row)
    sold = [row for room in ("Kitchen", "Bathroom", "Office") for row in by_room[f"Home > {room}"][:4]]
    pictures = [DEMO / name.strip() for row in sold for name in (row["image"], *row["extra_images"].split("|"))]
    more = [DEMO / row["image"] for row in by_room["Home > Vehicles"][:4]]
    products = [[row["sku"], row["title"], row["category"].rpartition(" > ")[2]] for row in sold]
    return products, {"pictures": pictures, "more": more}


def test_the_page_s_description_is_short() -> None:
    lines = [line for line in block(PAGE, "from oscar.core.loading").splitlines() if line.strip()]
    assert len(lines) <= 30


@pytest.mark.slow
def test_photos_and_words_find_oscar_s_products(python: Path, shop: Path) -> None:
    printed = run(python, "manage.py", "shell", "--verbosity", "0", cwd=shop, stdin=ASK)
    answered = json.loads(printed.splitlines()[-1])
    assert len(answered["found"]) == 24
    assert answered["found"] == {name: [re.split(r"_|\.", name)[0], []] for name in answered["found"]}
    words = answered["words"]
    assert (words["title"], words["price"], words["in_stock"]) == ("Armchair", "18.00 GBP", True)
    assert words["url"].startswith("/catalogue/armchair_")
    assert words["image"].startswith("/media/images/products/")
    assert "HIDDEN" not in answered["hidden"]
    assert not any(sku.endswith(("-A", "-B", "-C")) for sku in answered["hidden"])
    status, page = answered["page"]
    assert status == 200
    assert words["url"] in page
    # The box in the header of Oscar's own pages leads to these results.
    status, front = answered["front"]
    assert status == 200
    assert re.search(r'<form[^>]*method="GET"[^>]*action="/search/"', front)


@pytest.mark.slow
def test_every_change_is_found_as_the_page_s_table_says(python: Path, shop: Path, tmp_path: Path) -> None:
    # The changes happen in a copy: the other tests ask the shop as it was set up, in whichever order they run.
    mine = shutil.copytree(shop, tmp_path / "shop")
    script = (HERE / "oscar_changes.py").read_text()
    printed = run(python, "manage.py", "shell", "--verbosity", "0", cwd=mine, stdin=script)
    noticed = {name: how for name, (how, _) in json.loads(printed.splitlines()[-1]).items()}
    rows = re.findall(r"^\| (.+?) \| (.+?) \| [\d.]+ \|$", (ROOT / PAGE).read_text(), flags=re.M)
    says = {"a signal": "signal", "`objects_changed`": "announced", "`reconcile --deep`": "deep"}
    assert {name: says[how] for name, how in rows} == noticed
