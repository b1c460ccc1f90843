"""Logging as an operator in distress sets it: every logger there is, at DEBUG, into one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def everything_at_debug(folder: Path) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    file = {"class": "logging.FileHandler", "filename": str(folder / "debug.log"), "level": "DEBUG"}
    loud = {"handlers": ["file"], "level": "DEBUG", "propagate": False}
    # Django gives these handlers of their own, so they are named.
    named = dict.fromkeys(("django", "django.request", "django.server", "django.db.backends"), loud)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"file": file},
        "root": {"handlers": ["file"], "level": "DEBUG"},
        "loggers": named,
    }
