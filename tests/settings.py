"""Settings for tests: throw-away folders, fast password hashing, everything else as in production."""

import os
import tempfile
from pathlib import Path

from config.settings import *  # noqa: F403
from config.settings import BASE_DIR, DATABASES, VISUAL_SEARCH

VAR_DIR = Path(tempfile.mkdtemp(prefix="visual-search-test-"))
SECRET_KEY = "tests-only"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MEDIA_ROOT = VAR_DIR / "media"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if "sqlite3" in DATABASES["default"]["ENGINE"]:
    # A file, not memory: the browser tests' server thread and child processes read the same database.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}

VISUAL_SEARCH = {
    **VISUAL_SEARCH,
    "ENGINE": {
        "BACKEND": "visual_search.engines.embedded.EmbeddedEngine",
        "OPTIONS": {"folder": VAR_DIR / "search"},
    },
    # The encoder's graph is built once and kept between runs; it depends on the packages only.
    "ENCODER": {
        "BACKEND": "visual_search.encoders.offline.OfflineEncoder",
        "OPTIONS": {"cache": Path(os.environ.get("ENCODER_CACHE", BASE_DIR / "var" / "encoders"))},
    },
}
CELERY_BROKER_URL = ""
