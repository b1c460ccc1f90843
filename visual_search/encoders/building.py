"""Encoders inside encoders, named as in the setting."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from typing import Any

from visual_search.encoders.base import Encoder
from visual_search.errors import ConfigurationError


def built(name: str, value: Encoder | Mapping[str, Any]) -> Encoder:
    """The encoder itself, or the one that a dictionary with BACKEND and OPTIONS names. Raises ConfigurationError.

    `name` is the option that holds it, for the message.
    """
    if not isinstance(value, Mapping):
        return value
    path = str(value.get("BACKEND", ""))
    try:
        made = pkgutil.resolve_name(path)(**(value.get("OPTIONS") or {}))
    except (ImportError, AttributeError, ValueError, TypeError) as problem:
        raise ConfigurationError(
            f"'{name}' names the encoder '{path}', which can't be built: {problem}. It needs a BACKEND, the dotted path of "
            "a class, and OPTIONS that it takes."
        ) from problem
    if not isinstance(made, Encoder):
        raise ConfigurationError(f"'{name}' names '{path}', which isn't an encoder.")
    return made
