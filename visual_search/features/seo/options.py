"""What a shop sets for search engines, checked."""

from __future__ import annotations

from django.utils.module_loading import import_string

from visual_search.conf import Setting, conf
from visual_search.errors import ConfigurationError

DEFAULT_SITE = "visual_search.features.seo.sites.Site"
SETTINGS = {
    "SEO": Setting(
        {},
        "dictionary of options",
        "What search engines are told of the shop: SITE is the dotted path of a class that says more than its sources do.",
    ),
}


def site_path() -> str:
    """The dotted path of the shop's site. Raises ConfigurationError for what can't be loaded, and for unknown options."""
    given = conf.SEO
    if not isinstance(given, dict) or set(given) - {"SITE"}:
        raise ConfigurationError(f"VISUAL_SEARCH['SEO'] is {given!r}; its only option is 'SITE'.")
    path = given.get("SITE", DEFAULT_SITE)
    try:
        import_string(path)
    except (ImportError, AttributeError, TypeError) as problem:
        raise ConfigurationError(
            f"VISUAL_SEARCH['SEO']['SITE'] is {path!r}, which can't be loaded ({problem}). "
            "Write the dotted path of a subclass of visual_search.features.seo.sites.Site."
        ) from problem
    return str(path)
