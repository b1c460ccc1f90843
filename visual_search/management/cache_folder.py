"""Finds the folder where commands keep what encoders learn."""

from __future__ import annotations

from pathlib import Path

from visual_search import wiring
from visual_search.errors import ConfigurationError


def cache_folder(given: Path | None) -> Path:
    """The folder that was given, or that of the ENCODER setting. Raises ConfigurationError where there is none."""
    if given is not None:
        return given
    _, options = wiring.resolve("ENCODER")
    if "cache" not in options:
        raise ConfigurationError("VISUAL_SEARCH['ENCODER']['OPTIONS'] names no 'cache' folder. Give one with --cache.")
    return Path(options["cache"])
