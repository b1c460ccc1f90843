"""What a shop sets for its recommendations, checked."""

from __future__ import annotations

from visual_search.conf import Setting, conf
from visual_search.errors import ConfigurationError
from visual_search.features.recommendations.counting import FEWEST_CLIENTS
from visual_search.features.recommendations.recommenders import RECOMMENDERS
from visual_search.types import PATH_SEPARATOR

SETTINGS = {
    "RECOMMENDATIONS_SENSITIVE": Setting(
        [],
        "list of categories",
        "What lies in them, and in categories below, is neither learned from nor recommended, nor has it recommendations: "
        "health, intimacy, religion.",
    ),
    "RECOMMENDATIONS_CLIENTS": Setting(
        5,
        "clients",
        "So many must have bought two things together before a list says so; fewer would tell of one of them.",
    ),
    "RECOMMENDATIONS_MODEL": Setting(
        "co-counts",
        "name of a model",
        "What learns which products are bought together: it was best of those that were compared.",
    ),
    "RECOMMENDATIONS_DAYS": Setting(
        365, "days", "So far back baskets are read: a year, so that each season counts once."
    ),
    "RECOMMENDATIONS_SERIES": Setting(
        "series",
        "name of a facet",
        "What tells the series of a product; a shop without such a facet has no shelves of series.",
    ),
    "RECOMMENDATIONS_VARIETY": Setting(
        1.0,
        "0 to 1",
        "How much relevance counts beside variety (MMR): 1 keeps the order of each list, 0.7 spreads a slot over more looks.",
    ),
}


def sensitive() -> tuple[str, ...]:
    """The categories that are left alone. Raises ConfigurationError for what is no list of texts."""
    given = conf.RECOMMENDATIONS_SENSITIVE
    if not isinstance(given, list | tuple) or not all(isinstance(one, str) and one.strip() for one in given):
        raise ConfigurationError(
            f"VISUAL_SEARCH['RECOMMENDATIONS_SENSITIVE'] is {given!r}; it is a list of categories such as "
            f"['Health', 'Home{PATH_SEPARATOR}Altars']."
        )
    return tuple(given)


def is_sensitive(category: str, given: tuple[str, ...] | None = None) -> bool:
    """Whether this category, or one above it, is to be left alone. `given`: as `sensitive()` says, read once for many."""
    above = sensitive() if given is None else given
    return any(category == one or category.startswith(one + PATH_SEPARATOR) for one in above)


def clients() -> int:
    """How many clients must share a pair. Raises ConfigurationError."""
    return _whole("RECOMMENDATIONS_CLIENTS", FEWEST_CLIENTS)


def model() -> str:
    """The model that learns what is bought together. Raises ConfigurationError."""
    name = conf.RECOMMENDATIONS_MODEL
    if not isinstance(name, str) or name not in RECOMMENDERS:
        raise ConfigurationError(
            f"VISUAL_SEARCH['RECOMMENDATIONS_MODEL'] is {name!r}; it must be one of {', '.join(RECOMMENDERS)}."
        )
    return name


def days() -> int:
    """How many days back baskets are read. Raises ConfigurationError."""
    return _whole("RECOMMENDATIONS_DAYS", 1)


def _whole(name: str, least: int) -> int:
    value = getattr(conf, name)
    if type(value) is not int or value < least:
        raise ConfigurationError(f"VISUAL_SEARCH['{name}'] is {value!r}; it must be a whole number from {least} on.")
    return value


def series() -> str:
    """The facet that tells a product's series. Raises ConfigurationError."""
    name = conf.RECOMMENDATIONS_SERIES
    if not isinstance(name, str) or not name:
        raise ConfigurationError(
            f"VISUAL_SEARCH['RECOMMENDATIONS_SERIES'] is {name!r}; it is the name of a facet such as 'series' or 'brand'."
        )
    return name


def variety() -> float:
    """What relevance counts beside variety, 0 to 1. Raises ConfigurationError."""
    value = conf.RECOMMENDATIONS_VARIETY
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ConfigurationError(f"VISUAL_SEARCH['RECOMMENDATIONS_VARIETY'] is {value!r}; it must lie between 0 and 1.")
    return float(value)
