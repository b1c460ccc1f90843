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
