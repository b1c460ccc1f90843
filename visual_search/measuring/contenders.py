"""Encoders by name, for tables and comparisons: the shop's own, those of this package, or any setting."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from visual_search import wiring
from visual_search.encoders.classic import DEFAULT
from visual_search.errors import BadInput, ConfigurationError

_PATH = "visual_search.encoders"
Setting = dict[str, Any]


def _offline(cache: Path) -> Setting:
    return {"BACKEND": f"{_PATH}.offline.OfflineEncoder", "OPTIONS": {"cache": cache}}


def _classic(**features: float) -> Callable[[Path], Setting]:
    return lambda cache: {
        "BACKEND": f"{_PATH}.classic.ClassicEncoder",
        "OPTIONS": {"cache": cache, "features": features},
    }


def _joined(cache: Path) -> Setting:
    return {
        "BACKEND": f"{_PATH}.joined.JoinedEncoder",
        "OPTIONS": {"main": _offline(cache), "beside": _classic(hog=1)(cache), "share": 0.3},
    }


# By name, the setting that it stands for, given the folder of learned files.
NAMED: Mapping[str, Callable[[Path], Setting]] = {
    "offline": _offline,
    "network": lambda cache: {"BACKEND": f"{_PATH}.network.NetworkEncoder", "OPTIONS": {"cache": cache}},
    "colour": _classic(hsv=1),
    "hog": _classic(hog=1),
    "texture": _classic(lbp=1, gabor=1),
    "sift-words": _classic(sift_words=1),
    "sift-vlad": _classic(sift_vlad=1),
    "dense-sift-vlad": _classic(dense_sift_vlad=1),
    "classic": _classic(**DEFAULT),
    "autoencoder": lambda cache: {"BACKEND": f"{_PATH}.autoencoder.AutoencoderEncoder", "OPTIONS": {"cache": cache}},
    "joined": _joined,
}
SHOP = "default"  # names the encoder of the settings


@dataclass(frozen=True, slots=True)
class Contender:
    """An encoder that isn't built yet."""

    name: str
    cls: type
    options: Mapping[str, Any]


def contender(text: str) -> Contender:
    """`default` (the shop's), a name of `NAMED`, or a setting as JSON or in a JSON file. Raises BadInput."""
    if text == SHOP:
        return Contender(SHOP, *wiring.resolve("ENCODER"))
    if text in NAMED:
        return Contender(text, *wiring.resolve("ENCODER", NAMED[text](_folder())))
    try:
        if text.startswith("{"):
            value, name = json.loads(text), "setting"
        elif text.endswith(".json"):
            value, name = json.loads(Path(text).read_text(encoding="utf-8")), Path(text).stem
        else:
            raise BadInput(
                f"There is no encoder '{text}'. Known: {', '.join([SHOP, *NAMED])}; or give a JSON file with BACKEND "
                "and OPTIONS.",
                field="encoder",
            )
        return Contender(name, *wiring.resolve("ENCODER", value))
    except (OSError, ValueError, ConfigurationError) as problem:
        raise BadInput(f"'{text}' names no encoder: {problem}", field="encoder") from problem


def _folder() -> Path:
    """Where the shop's encoder keeps what was learned."""
    _, options = wiring.resolve("ENCODER")
    return Path(options.get("cache") or Path(getattr(settings, "VAR_DIR", "var")) / "encoders")
