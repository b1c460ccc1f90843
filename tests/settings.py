"""Settings for tests: throw-away folders, fast password hashing, everything else as in production."""

import os
import tempfile
from pathlib import Path

from config.settings import *  # noqa: F403
from config.settings import BASE_DIR, DATABASES, INSTALLED_APPS, VISUAL_SEARCH

# A child process of a test is told to use its parent's folder and database.
VAR_DIR = Path(os.environ.get("TEST_VAR_DIR") or tempfile.mkdtemp(prefix="visual-search-test-"))
SECRET_KEY = "tests-only"
INSTALLED_APPS = [*INSTALLED_APPS, "tests.shop"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MEDIA_ROOT = VAR_DIR / "media"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # WhiteNoise warns about a folder that is not there.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR_DIR / "private"},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Some shops keep their products in another database than the outbox.
DATABASES["other"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": VAR_DIR / "other.sqlite3"}
# Files, not memory: the browser tests' server thread and child processes read the same databases. One in memory would be lent to
# all threads of that server, and those that end after it would be refused its connection.
for alias, database in DATABASES.items():
    if "sqlite3" in database["ENGINE"]:
        database["TEST"] = {"NAME": str(VAR_DIR / f"test-{alias}.sqlite3")}
DATABASES["default"]["NAME"] = os.environ.get("TEST_DATABASE") or DATABASES["default"]["NAME"]

VISUAL_SEARCH = {
    **VISUAL_SEARCH,
    "ENGINE": {
        "BACKEND": "visual_search.engines.embedded.EmbeddedEngine",
        "OPTIONS": {"folder": VAR_DIR / "search"},
    },
    # One test's questions would be written in the middle of another; tests of the log switch it on.
    "QUERY_LOG": {"MODE": "off"},
    # A thread of its own would meet the tests' transactions; tests of the thread switch it on.
    "INDEX_IN_BACKGROUND": False,
    # Reading takes half a second a picture; tests of reading switch it on.
    "READER": None,
    # The encoder's graph is built once and kept between runs; it depends on the packages only.
    "ENCODER": {
        "BACKEND": "visual_search.encoders.offline.OfflineEncoder",
        "OPTIONS": {"cache": Path(os.environ.get("ENCODER_CACHE", BASE_DIR / "var" / "encoders"))},
    },
}
CELERY_BROKER_URL = ""
