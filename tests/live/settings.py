"""The production settings with a queue, an index prefix and short leases of one test's own."""

import os

from config.settings import *  # noqa: F403
from config.settings import BASE_DIR, CELERY_BEAT_SCHEDULE, VISUAL_SEARCH

ROOT_URLCONF = "tests.live.urls"
ALLOWED_HOSTS = ["127.0.0.1"]
CELERY_TASK_DEFAULT_QUEUE = os.environ["CELERY_QUEUE"]
VISUAL_SEARCH = {
    **VISUAL_SEARCH,
    "ENGINE": {
        **VISUAL_SEARCH["ENGINE"],
        "OPTIONS": {**VISUAL_SEARCH["ENGINE"]["OPTIONS"], "index_prefix": os.environ["INDEX_PREFIX"]},
    },
    "ENCODER": {
        **VISUAL_SEARCH["ENCODER"],
        "OPTIONS": {"cache": os.environ.get("ENCODER_CACHE", BASE_DIR / "var" / "encoders")},
    },
    "INDEX_LEASE_SECONDS": 5,
    "INDEX_RETRY_SECONDS": 1,
}
if os.environ.get("LIVE_ENCODER") == "thumbnails":  # where the way of a save is tested, not what is found
    VISUAL_SEARCH["ENCODER"] = {"BACKEND": "tests.shop.doubles.ThumbnailEncoder", "OPTIONS": {"with_cross": True}}
CELERY_BEAT_SCHEDULE = {
    **CELERY_BEAT_SCHEDULE,
    "reconcile the index": {"task": "visual_search.tasks.reconcile", "schedule": 5.0},
}
