"""What a shop sets in `VISUAL_SEARCH["CUSTOMER_SERVICE"]`, checked."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.signals import setting_changed
from django.core.validators import validate_email

from visual_search.conf import Setting, conf
from visual_search.errors import ConfigurationError

SETTINGS = {
    "CUSTOMER_SERVICE": Setting(
        {},
        "dictionary of options",
        "Who gets the cases that shoppers hand over, and how long they are kept; see `Options`.",
    ),
}
_TEXTS = ("webhook_url", "site", "key_folder")
_DAYS = ("photo_days", "keep_days")


@dataclass(frozen=True, slots=True)
class Options:
    """The options, each with its unit or reason. docs/how-to/customer-service.md explains them."""

    recipients: tuple[str, ...] = ()  # mail addresses of the help desk; each gets a mail of its own
    webhook_url: str = ""  # of the help desk's program, told as Standard Webhooks say
    site: str = ""  # such as https://shop.example: stands before paths in mails
    key_folder: str = ""  # where the keys of photos lie, apart from the database and its backups; "" takes no photos
    photo_days: int = 30  # after so many, a photo's key is destroyed
    keep_days: int = 180  # after so many without a change, a closed case loses words, mail address and replies
    # How near a question must be to an article (`nearness`): from the first on it is shown, from the second on it fits well. Set
    # on one half of the questions that `measure_quality` asks, with the offline encoder; others have other cosines.
    likely: float = 0.11
    close: float = 0.28
    insecure_webhooks: bool = False  # whether the webhook may go to http and to addresses of the own network


def read(given: Mapping[str, Any]) -> Options:
    """The options that these settings give. Raises ConfigurationError, which names the wrong one and what it may be."""
    known = {field.name for field in fields(Options)}
    values = {str(name).lower(): value for name, value in given.items()}
    if unknown := sorted(set(values) - known):
        raise ConfigurationError(
            f"VISUAL_SEARCH['CUSTOMER_SERVICE'] has no option '{unknown[0].upper()}'. "
            f"Known: {', '.join(sorted(name.upper() for name in known))}."
        )
    recipients = values.pop("recipients", ())
    if isinstance(recipients, str) or not all(map(_is_mail, recipients)):
        raise _wrong("RECIPIENTS", recipients, "a list of mail addresses")
    for name in _DAYS:
        value = values.get(name, 1)
        if type(value) is not int or value < 1:
            raise _wrong(name.upper(), value, "a whole number of days from 1 on")
    for name in _TEXTS:
        values[name] = values.get(name) or ""
        if not isinstance(values[name], str):
            raise _wrong(name.upper(), values[name], "a text")
    for name in ("likely", "close"):
        value = values.get(name, 0.5)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
            raise _wrong(name.upper(), value, "between 0 and 1")
    if not isinstance(values.get("insecure_webhooks", False), bool):
        raise _wrong("INSECURE_WEBHOOKS", values["insecure_webhooks"], "True or False")
    made = Options(**values, recipients=tuple(recipients))
    allowed = ("https", "http") if made.insecure_webhooks else ("https",)
    if made.webhook_url and urlsplit(made.webhook_url).scheme not in allowed:
        raise _wrong("WEBHOOK_URL", made.webhook_url, "an address that begins with https://")
    return made


def _is_mail(text: object) -> bool:
    try:
        validate_email(str(text))
    except ValidationError:
        return False
    return True


def _wrong(name: str, value: object, what: str) -> ConfigurationError:
    return ConfigurationError(f"VISUAL_SEARCH['CUSTOMER_SERVICE']['{name}'] is {value!r}; it must be {what}.")


@functools.cache
def options() -> Options:
    """The options of this shop's settings."""
    return read(conf.CUSTOMER_SERVICE)


def _changed(*, setting: str, **kwargs: Any) -> None:
    if setting == "VISUAL_SEARCH":
        options.cache_clear()


setting_changed.connect(_changed)
