"""A small project of its own for each recipe of the docs: the page's code as its reader would write it, run for real."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

from tests.search.shop import SHAPES, draw, photo_of, to_bytes

ROOT = Path(__file__).resolve().parents[2]

SETTINGS = """
from pathlib import Path

BASE_DIR = Path(__file__).parent
SECRET_KEY = "a recipe's own"
DEBUG = True
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "urls"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.staticfiles", *{apps!r}, "visual_search", "shop"]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [{{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}}]
STATIC_URL = "static/"
MEDIA_URL = "/media/"
MEDIA_ROOT = BASE_DIR / "media"
LANGUAGES = [("en", "English"), ("de", "German")]
USE_TZ = True
VISUAL_SEARCH = {{
    "ENGINE": {{
        "BACKEND": "visual_search.engines.embedded.EmbeddedEngine",
        "OPTIONS": {{"folder": BASE_DIR / "search"}},
    }},
    "ENCODER": {{"BACKEND": "tests.shop.doubles.ThumbnailEncoder"}},
    "READER": None,
    "DETECTOR": None,
    "INDEX_IN_BACKGROUND": False,
}}
"""
URLS = """
from django.urls import include, path

urlpatterns = [
    path("search/", include("visual_search.storefront.urls")),
    path("api/v1/", include("visual_search.api.urls")),
]
"""
# What the pages take for granted, and the questions of the tests.
BEGIN = """
import json, warnings

warnings.simplefilter("ignore")  # Of other packages; those of ours fail other tests.
import django

django.setup()
from django.core.checks import run_checks
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.test import Client

from visual_search import wiring
from visual_search.models import IndexEntry
from visual_search.search import search
from visual_search.types import AnyOf, Query

call_command("migrate", run_syncdb=True, verbosity=0)
faults = [str(message) for message in run_checks() if message.id.startswith("visual_search")]
assert faults == [], faults
shopper = Client()


def picture(shape, colour):
    name = f"{colour}-{shape}.png"
    with open(f"drawn/{name}", "rb") as file:
        return ContentFile(file.read(), name=name)


def titles(words="", **more):
    wiring.engine().refresh("products")
    failed = list(IndexEntry.objects.exclude(error="").values_list("error", flat=True))
    assert failed == [], failed
    return [hit.card.title for hit in search(Query(words=words, **more)).hits]


def suggested(words, language="en"):
    # By words alone; `titles` also gives what only means something like them.
    wiring.engine().refresh("products")
    answer = shopper.get("/api/v1/suggest", {"q": words, "lang": language}).json()
    return [line["title"] for line in answer["suggestions"] if line["kind"] == "product"]


def photographed(shape, colour):
    wiring.engine().refresh("products")
    with open(f"photos/{colour}-{shape}.jpg", "rb") as photo:
        return shopper.post("/api/v1/search", {"image": photo}).json()["hits"]
"""


def block(page: str, start: str) -> str:
    """The block of code on the page that begins so."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", (ROOT / "docs" / page).read_text(), flags=re.S | re.M)
    (found,) = [code for code in blocks if code.startswith(start)]
    return found


def play(folder: Path, *, models: str, search: str, script: str, apps: tuple[str, ...] = (), **files: str) -> Any:
    """What the script's last line prints as JSON, in a project with these files. `files`: "settings" is appended."""
    shop = folder / "shop"
    shop.mkdir()
    (shop / "__init__.py").touch()
    (folder / "settings.py").write_text(SETTINGS.format(apps=apps) + files.pop("settings", ""))
    written = {"models": "from django.db import models\n" + models, "search": search}
    for name, text in (written | files).items():
        (shop / f"{name}.py").write_text(text)
    (folder / "urls.py").write_text(URLS)
    for name in ("drawn", "photos"):
        (folder / name).mkdir()
    for shape, colour in product(SHAPES, ("red", "blue", "green", "brass")):
        (folder / f"drawn/{colour}-{shape}.png").write_bytes(to_bytes(draw(shape, colour)))
        (folder / f"photos/{colour}-{shape}.jpg").write_bytes(photo_of(shape, colour))
    (folder / "play.py").write_text(BEGIN + script)
    hidden = ("VAR_DIR", "ENCODER_CACHE")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    command = [sys.executable, "play.py"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])
