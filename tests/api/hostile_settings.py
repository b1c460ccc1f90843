"""A shop whose REST_FRAMEWORK fits its own API and nothing else."""

from config.settings import VAR_DIR
from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS, VISUAL_SEARCH

ROOT_URLCONF = "tests.api.hostile_urls"
INSTALLED_APPS = [*INSTALLED_APPS, "rest_framework", "drf_spectacular"]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.BrowsableAPIRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.FormParser"],
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.AnonRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"anon": "1/hour"},
    "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.AcceptHeaderVersioning",
    "DEFAULT_VERSION": "7",
    "ALLOWED_VERSIONS": ["7"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "tests.api.hostile_parts.NothingIsGoodEnough",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "tests.api.hostile_parts.in_the_shop_s_words",
    "UNICODE_JSON": False,
    "STRICT_JSON": False,
    "COMPACT_JSON": False,
}
SPECTACULAR_SETTINGS = {
    "SERVE_INCLUDE_SCHEMA": False,
    "TITLE": "The shop's own API",
    "VERSION": "0.7",
    "SERVERS": [{"url": "https://elsewhere.example"}],
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["tests.api.hostile_parts.shouted"],
}
VISUAL_SEARCH = {
    **VISUAL_SEARCH,
    "ENGINE": {
        "BACKEND": "visual_search.engines.embedded.EmbeddedEngine",
        "OPTIONS": {"folder": VAR_DIR / "search"},
    },
    "ENCODER": {"BACKEND": "tests.shop.doubles.ThumbnailEncoder"},
    "DETECTOR": None,
}
