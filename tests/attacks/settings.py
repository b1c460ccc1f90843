"""The reference shop as it is, with a quick encoder, keys outside its folder, and every log at DEBUG."""

import os

from config.settings import *  # noqa: F403
from config.settings import VAR_DIR, VISUAL_SEARCH
from tests.attacks.noisy import everything_at_debug

VISUAL_SEARCH = {
    **VISUAL_SEARCH,
    "ENCODER": {"BACKEND": "tests.shop.doubles.ThumbnailEncoder", "OPTIONS": {}},
    "DETECTOR": None,
    "PROXIES": 1,  # The address that limits count is then a secret that the tests plant.
    "QUERY_LOG": {"KEY_FOLDER": os.environ["QUERY_LOG_KEY_FOLDER"], "K": 3},
}
LOGGING = everything_at_debug(VAR_DIR / "logs")
