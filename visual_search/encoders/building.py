"""What encoders around other encoders share: they build the inner one from a setting, and offer its cross space."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from typing import Any

from visual_search.encoders.base import Encoder
from visual_search.errors import ConfigurationError
from visual_search.types import EncoderCard, ImageVectors, Matrix, Space


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


def cross_space(inner: EncoderCard) -> Space | None:
    """The space in which words are compared with the inner encoder's pictures, for a card with another image space.

    An encoder may compare words with its image vectors themselves. One around it stores other image vectors, so it
    stores the inner ones a second time, in a space of their own.
    """
    if inner.cross is not None and inner.cross == inner.image:
        return Space("cross", inner.cross.dims, inner.cross.fingerprint)
    return inner.cross


def cross_vectors(inner: EncoderCard, vectors: ImageVectors) -> Matrix | None:
    """The inner encoder's vectors of pictures in `cross_space(inner)`; None where it has no such space."""
    return vectors.image if inner.cross == inner.image else vectors.cross
