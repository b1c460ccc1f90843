"""Builds the engine, the encoder and the hooks that the settings name, each once per process. Building loads no weights."""

from __future__ import annotations

import difflib
import inspect
import os
import threading
from typing import Any, cast

from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from multilingual import endings
from multilingual.languages import LANGUAGES
from visual_search import extras, registry
from visual_search.conf import SETTINGS, conf
from visual_search.encoders.base import Encoder
from visual_search.engines.base import Engine
from visual_search.errors import ConfigurationError
from visual_search.hooks import FIRST_MS, Curator, Curators, Guard, Rescorer, Rescorers, Rewriter, Rewriters
from visual_search.imaging.reading import Reader
from visual_search.imaging.regions import Detector
from visual_search.types import FAMILY, CollectionSchema

# Languages in these scripts are written without spaces; their analyzer makes pairs of characters and needs no stemmer.
_UNSPACED = frozenset({"Han", "Japanese", "Hangul", "Thai", "Lao", "Khmer"})
_PROTOCOLS = {"ENGINE": Engine, "ENCODER": Encoder, "READER": Reader, "DETECTOR": Detector}
# By setting: the guard that runs this kind of hook, and the protocol that the hook must fulfil.
HOOKS: dict[str, tuple[type[Guard[Any]], Any]] = {
    "REWRITERS": (Rewriters, Rewriter),
    "RESCORERS": (Rescorers, Rescorer),
    "CURATORS": (Curators, Curator),
}
_lock = threading.RLock()
_built: dict[str, Any] = {}
_inherited: list[dict[str, Any]] = []


def engine() -> Engine:
    """The engine that `VISUAL_SEARCH["ENGINE"]` names. Raises ConfigurationError for a wrong path or option."""
    return cast(Engine, _once("ENGINE"))


def encoder() -> Encoder:
    """The encoder that `VISUAL_SEARCH["ENCODER"]` names. Raises ConfigurationError for a wrong path or option."""
    return cast(Encoder, _once("ENCODER"))


def rewriters() -> Rewriters:
    """What `VISUAL_SEARCH["REWRITERS"]` names, under guard. Raises ConfigurationError for a wrong path or option."""
    return cast(Rewriters, _once("REWRITERS"))


def rescorers() -> Rescorers:
    """What `VISUAL_SEARCH["RESCORERS"]` names, under guard. Raises ConfigurationError for a wrong path or option."""
    return cast(Rescorers, _once("RESCORERS"))


def curators() -> Curators:
    """What `VISUAL_SEARCH["CURATORS"]` names, under guard. Raises ConfigurationError for a wrong path or option."""
    return cast(Curators, _once("CURATORS"))


def reader() -> Reader | None:
    """The reader that `VISUAL_SEARCH["READER"]` names, None where it is off. Raises ConfigurationError.

    Where the setting says nothing, pictures are read if what that needs is installed.
    """
    if conf.READER is None or not (conf.names("READER") or extras.installed("reading")):
        return None
    return cast(Reader, _once("READER"))


def detector() -> Detector | None:
    """The detector that `VISUAL_SEARCH["DETECTOR"]` names; None where it is None. Raises ConfigurationError."""
    return cast(Detector, _once("DETECTOR")) if conf.DETECTOR is not None else None


def schema(collection: str) -> CollectionSchema:
    """The shape that this collection's index must have: spaces of the encoder, facets of the source, languages."""
    source = registry.source(collection)
    return CollectionSchema(
        spaces=encoder().card.spaces,
        facets=(*source.schema, *([FAMILY] if source.has_families else [])),
        languages=languages(),
    )


def languages() -> tuple[str, ...]:
    """Languages with an own text field: those of `QUERY_LANGUAGES`, or all that have an analyzer."""
    if conf.QUERY_LANGUAGES is not None:
        return tuple(conf.QUERY_LANGUAGES)
    return tuple(
        code
        for code, language in LANGUAGES.items()
        if language.stemmer or code in endings.LANGUAGES or language.script in _UNSPACED
    )


def resolve(setting: str, value: Any = None) -> tuple[type, dict[str, Any]]:
    """The class and the options that a setting names, or would with `value`, checked against each other, nothing built.

    Raises ConfigurationError that names the mistake and the mend.
    """
    value = getattr(conf, setting) if value is None else value
    return _resolve(setting, value, SETTINGS[setting].default["BACKEND"])


def resolve_hooks(setting: str) -> list[tuple[type, dict[str, Any]]]:
    """The class and the options of each hook that REWRITERS, RESCORERS or CURATORS names, nothing built.

    Raises ConfigurationError.
    """
    value = getattr(conf, setting)
    example = f"shop.search_hooks.My{HOOKS[setting][1].__name__}"
    if not isinstance(value, list | tuple):
        raise ConfigurationError(
            f"VISUAL_SEARCH['{setting}'] is {value!r}, but it must be a list such as "
            f"[{{'BACKEND': '{example}', 'OPTIONS': {{...}}}}]."
        )
    return [_resolve(setting, item, example) for item in value]


def named_hook(setting: str, kind: str, value: Any) -> Any:
    """The hook that a feature's setting names as `kind` (REWRITERS, RESCORERS, CURATORS) does. Raises ConfigurationError."""
    protocol = HOOKS[kind][1]
    cls, options = _resolve(setting, value, f"shop.search_hooks.My{protocol.__name__}")
    return _instance(setting, cls, options, protocol)


def _resolve(setting: str, value: Any, example: str) -> tuple[type, dict[str, Any]]:
    if not isinstance(value, dict) or not isinstance(value.get("BACKEND"), str):
        raise ConfigurationError(
            f"VISUAL_SEARCH['{setting}'] is {value!r}, but it must be a dictionary with the dotted path of a class: "
            f"{{'BACKEND': '{example}', 'OPTIONS': {{...}}}}."
        )
    if extra := set(value) - {"BACKEND", "OPTIONS"}:
        raise ConfigurationError(
            f"VISUAL_SEARCH['{setting}'] has the unknown keys {sorted(extra)}. "
            "It takes BACKEND and OPTIONS; what the class is built with belongs into OPTIONS."
        )
    path, options = value["BACKEND"], value.get("OPTIONS") or {}
    try:
        cls = import_string(path)
    except ImportError as problem:
        if needed := extras.of(problem.name):
            raise ConfigurationError(_lacking(setting, path, needed)) from problem
        raise ConfigurationError(
            f"VISUAL_SEARCH['{setting}']['BACKEND'] is '{path}', which can't be imported: {problem}. "
            f"Correct the path or install what it needs; the default is '{example}'."
        ) from problem
    _check_options(setting, path, cls, options)
    needed = getattr(cls, "extra", None)
    if needed and conf.names(setting) and not extras.installed(needed):
        raise ConfigurationError(_lacking(setting, path, needed))
    return cls, dict(options)


def _lacking(setting: str, path: str, extra: str) -> str:
    return f"VISUAL_SEARCH['{setting}']['BACKEND'] is '{path}', but {extras.lacking(extra)}."


def _check_options(setting: str, path: str, cls: Any, options: Any) -> None:
    if not callable(cls):
        raise ConfigurationError(f"VISUAL_SEARCH['{setting}']['BACKEND'] is '{path}', which isn't a class.")
    if not isinstance(options, dict):
        raise ConfigurationError(f"VISUAL_SEARCH['{setting}']['OPTIONS'] is {options!r}, but it must be a dictionary.")
    signature = inspect.signature(cls)
    known = list(signature.parameters)
    mistakes = [f"it has no option {name!r}{_near(name, known)}" for name in options if name not in known]
    if not mistakes or any(item.kind is item.VAR_KEYWORD for item in signature.parameters.values()):
        try:
            signature.bind(**options)
        except TypeError as problem:
            mistakes = [str(problem)]
        else:
            return
    raise ConfigurationError(
        f"VISUAL_SEARCH['{setting}']['OPTIONS'] doesn't fit {cls.__name__}: {'; '.join(mistakes)}. "
        f"Its options: {', '.join(known) or 'none'}."
    )


def _near(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def reset() -> None:
    """Close and forget what was built, so that the next call reads the settings anew."""
    with _lock:
        built = dict(_built)
        _built.clear()
    if "ENGINE" in built:
        built["ENGINE"].close()


def _once(setting: str) -> Any:
    part = _built.get(setting)
    if part is None:
        with _lock:
            part = _built.get(setting)
            if part is None:
                part = _built[setting] = _build(setting)
    return part


def _build(setting: str) -> Any:
    if setting in HOOKS:
        guard, protocol = HOOKS[setting]
        built = [_instance(setting, cls, options, protocol) for cls, options in resolve_hooks(setting)]
        try:
            return guard(built, first_ms=FIRST_MS)
        except ValueError as problem:
            raise ConfigurationError(f"VISUAL_SEARCH['{setting}']: {problem}") from problem
    cls, options = resolve(setting)
    return _instance(setting, cls, options, _PROTOCOLS[setting])


def _instance(setting: str, cls: type, options: dict[str, Any], protocol: Any) -> Any:
    try:
        part = cls(**options)
    except ValueError as problem:
        raise ConfigurationError(f"VISUAL_SEARCH['{setting}']['OPTIONS'] of {cls.__name__}: {problem}") from problem
    if not isinstance(part, protocol):
        wanted = {name for name in dir(protocol) if not name.startswith("_")}
        missing = sorted(name for name in wanted if not hasattr(part, name))
        raise ConfigurationError(
            f"VISUAL_SEARCH['{setting}']['BACKEND'] is {cls.__module__}.{cls.__qualname__}, which lacks "
            f"{', '.join(missing)}. {protocol.__module__} says what it must offer."
        )
    return part


def _after_fork() -> None:
    # Threads, sockets and database handles don't survive a fork, so the child builds its own. The parent's objects
    # stay referenced: finalising them here could close what the parent still uses.
    global _lock  # noqa: PLW0603
    _lock = threading.RLock()
    if _built:
        _inherited.append(dict(_built))
        _built.clear()


def _forget(*, setting: str, **kwargs: Any) -> None:
    if setting == "VISUAL_SEARCH":
        reset()


os.register_at_fork(after_in_child=_after_fork)
setting_changed.connect(_forget)
