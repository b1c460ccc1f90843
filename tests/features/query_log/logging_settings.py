"""The tests' settings with the query log switched on, for processes of their own."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import VISUAL_SEARCH

VISUAL_SEARCH = {**VISUAL_SEARCH, "QUERY_LOG": {"KEY_FOLDER": os.environ["QUERY_LOG_KEY_FOLDER"]}}
