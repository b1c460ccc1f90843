"""What `manage.py check` says: the mistake in a setting or a source, and the mend. No engine and no model is loaded."""

from __future__ import annotations

import difflib
import inspect
import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import router
from django.db.models import DO_NOTHING, ForeignKey, Model, QuerySet

from multilingual.languages import LANGUAGES
from visual_search import registry, watching, wiring
from visual_search.conf import SETTINGS, conf
from visual_search.errors import ConfigurationError
from visual_search.models import IndexEntry
from visual_search.registry import Source
from visual_search.types import FacetField, FacetKind

EMBEDDED = "visual_search.engines.embedded"
FEATURES = "visual_search.features."
FOLDERS = {"ENGINE": "folder", "ENCODER": "cache"}  # by setting, the option that names the folder it writes into
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@register("visual_search")
def check_settings(**kwargs: Any) -> list[CheckMessage]:
    given = getattr(settings, "VISUAL_SEARCH", {})
    if not isinstance(given, dict):
        return [Error(f"VISUAL_SEARCH is {given!r}, but it must be a dictionary.", id="visual_search.E001")]
    messages = list(_unknown_settings(given))
    messages += _wrong_values(given)
    parts = ["ENGINE", "ENCODER"]
    parts += [part for part in ("DETECTOR", "READER") if given.get(part, SETTINGS[part].default) is not None]
    resolvers: dict[str, Callable[[], object]] = {part: partial(wiring.resolve, part) for part in parts}
    resolvers |= {setting: partial(wiring.resolve_hooks, setting) for setting in wiring.HOOKS}
    for setting, resolve in resolvers.items():
        if missing := _missing_app(given.get(setting)):
            messages.append(missing)
            continue
        try:
            resolve()
        except ConfigurationError as problem:
            messages.append(Error(str(problem), id="visual_search.E003"))
    return messages


def _missing_app(value: Any) -> CheckMessage | None:
    """What a setting names of a feature that isn't installed; importing it would fail at the feature's models."""
    for named in value if isinstance(value, list | tuple) else [value]:
        path = str(named.get("BACKEND")) if isinstance(named, dict) else ""
        feature = ".".join(path.split(".")[:3])
        if feature.startswith(FEATURES) and not apps.is_installed(feature):
            return Error(
                f"VISUAL_SEARCH names '{path}', but its app isn't installed.",
                hint=f"Add '{feature}' to INSTALLED_APPS, or take the entry out of VISUAL_SEARCH.",
                id="visual_search.E004",
            )
    return None


def _unknown_settings(given: dict[str, Any]) -> Iterator[CheckMessage]:
    for name in given:
        if name not in SETTINGS:
            near = difflib.get_close_matches(str(name), SETTINGS, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(sorted(SETTINGS))}."
            hint += " The setting of a feature is known while the feature's app is in INSTALLED_APPS."
            yield Error(f"VISUAL_SEARCH has no setting '{name}'.", hint=hint, id="visual_search.E001")


def _wrong_values(given: dict[str, Any]) -> Iterator[CheckMessage]:
    for name, setting in SETTINGS.items():
        value = given.get(name, setting.default)
        number = isinstance(setting.default, int | float) and not isinstance(setting.default, bool)
        if number and (isinstance(value, bool) or not isinstance(value, int | float) or value <= 0):
            yield Error(
                f"VISUAL_SEARCH['{name}'] is {value!r}, but it must be a number of {setting.unit} above zero.",
                hint=f"The default is {setting.default}. {setting.reason}",
                id="visual_search.E002",
            )
    languages = given.get("QUERY_LANGUAGES")
    if languages is not None and not isinstance(languages, list | tuple):
        yield Error(
            f"VISUAL_SEARCH['QUERY_LANGUAGES'] is {languages!r}, but it must be a list such as ['en', 'de'], or None.",
            id="visual_search.E002",
        )
        return
    for code in languages or ():
        if code not in LANGUAGES:
            yield Error(
                f"VISUAL_SEARCH['QUERY_LANGUAGES'] names '{code}', which isn't a language that we know.",
                hint=f"Known: {', '.join(LANGUAGES)}. Texts in others are searched without an analyzer of their own.",
                id="visual_search.E002",
            )


@register("visual_search")
def check_machine(**kwargs: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    if int(np.__version__.split(".", maxsplit=1)[0]) < 2:
        messages.append(
            Error(
                f"numpy is {np.__version__}, but the vectors' bit counts need 2.0 or later.",
                hint="pip install 'numpy>=2'",
                id="visual_search.E010",
            )
        )
    value = getattr(settings, "VISUAL_SEARCH", {})
    parts = {name: value.get(name, SETTINGS[name].default) if isinstance(value, dict) else {} for name in FOLDERS}
    engine = parts["ENGINE"]
    if isinstance(engine, dict) and str(engine.get("BACKEND", "")).startswith(EMBEDDED) and not has_fts5():
        messages.append(
            Error(
                f"This Python's SQLite {sqlite3.sqlite_version} was built without FTS5, which the embedded engine needs.",
                hint="Use a Python from python.org, your distribution or conda, or set another ENGINE.",
                id="visual_search.E011",
            )
        )
    for name, part in parts.items():
        messages += _folder(name, part.get("OPTIONS") or {} if isinstance(part, dict) else {})
    return messages


def _folder(part: str, options: dict[str, Any]) -> Iterator[CheckMessage]:
    folder = options.get(FOLDERS[part])
    if isinstance(folder, str | Path) and (obstacle := why_not_writable(Path(folder))):
        yield Error(
            f"VISUAL_SEARCH['{part}']['OPTIONS']['{FOLDERS[part]}'] is '{folder}', but {obstacle}.",
            hint="Make the folder writable for the user that runs this process, or name another one.",
            id="visual_search.E012",
        )


def has_fts5() -> bool:
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE probe USING fts5(word)")
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
    return True


def why_not_writable(folder: Path) -> str:
    """What keeps us from writing there, or from making the folder; empty when nothing does."""
    for place in (folder, *folder.absolute().parents):
        if place.exists():
            if not place.is_dir():
                return f"'{place}' is a file"
            if not os.access(place, os.W_OK | os.X_OK):
                return f"'{place}' isn't writable"
            return ""
    return "no part of that path exists"


@register("visual_search")
def check_sources(**kwargs: Any) -> list[CheckMessage]:
    sources = list(registry.sources())
    if not sources:
        forgotten = described()
        return [
            Warning(
                f"{_name(forgotten[0])} isn't registered, so there is nothing to search.",
                hint="Write @register above it: from visual_search.registry import register.",
                id="visual_search.W001",
            )
            if forgotten
            else Warning(
                "No source is registered, so there is nothing to search.",
                hint="Write a search.py with a @register'ed Source in one of the INSTALLED_APPS "
                "(docs/tutorial/your-own-shop.md).",
                id="visual_search.W001",
            )
        ]
    return [*(message for source in sources for message in _source(source)), *_also()]


def _also() -> Iterator[CheckMessage]:
    public = registry.public()
    for name in conf.ALSO_SEARCH:
        if name not in public:
            yield Error(
                f"VISUAL_SEARCH['ALSO_SEARCH'] names {name!r}, a collection that nobody may ask.",
                hint=f"It must be one of: {', '.join(public) or 'none'}. A source is asked if its `public` is True.",
                id="visual_search.E026",
            )


def described() -> list[type[Source]]:
    """The classes that describe a model, whether they are registered or not."""
    return [cls for cls in Source.__subclasses__() if hasattr(cls, "model")]


def _source(source: Source) -> Iterator[CheckMessage]:
    name = _name(type(source))
    error = _error_for(source)
    if not NAME.fullmatch(source.collection):
        yield error(
            f"{name}.collection is '{source.collection}'.",
            "Use up to 63 small letters, digits and underscores, beginning with a letter.",
            "E020",
        )
    yield from _schema(name, source.schema, error)
    if not isinstance(source.watch, Mapping):
        yield error(f"{name}.watch is {source.watch!r}.", "Write {Photo: 'thing'}: related models and paths.", "E022")
    for watched, way in watching.ways(source):
        yield from _watch(name, source.model, watched, way, error)
    yield from _databases(name, source)
    yield from _silent_deletes(name, source)
    if not {"card", "texts"} & _defined(type(source)):
        yield error(
            f"{name} has neither texts() nor card(), so its tiles have no title.",
            "Write texts(), or a card() that returns what a result tile shows.",
            "E024",
        )
    if not {"pictures", "texts", "codes"} & _defined(type(source)):
        yield error(
            f"{name} gives neither pictures nor texts nor codes, so its objects can't be found.",
            "Write at least one of pictures(), texts() and codes().",
            "E025",
        )

    yield from _card_queryset(name, source, error)
    yield from _misspelt(name, source)


def _card_queryset(name: str, source: Source, error: Callable[[str, str, str], CheckMessage]) -> Iterator[CheckMessage]:
    """Every page of results reads it, so what it gives is looked at before. Making a queryset reads no database."""
    if type(source).card_queryset is Source.card_queryset:
        return
    hint = "Return a queryset of the source's model, such as self.queryset().only(...); or remove the method."
    try:
        given = source.card_queryset(None)
    except Exception as problem:  # The source is the shop's code.
        yield error(f"{name}.card_queryset(None) raises {type(problem).__name__}: {problem}.", hint, "E027")
        return
    if not isinstance(given, QuerySet) or not issubclass(given.model, source.model):
        yield error(f"{name}.card_queryset(None) gives {type(given).__name__}.", hint, "E027")


def _misspelt(name: str, source: Source) -> Iterator[CheckMessage]:
    """Names that look like one of a source's which isn't there, such as `picture`."""
    defined = {own for own in _defined(type(source)) if not own.startswith("_")}
    known = {own for own in {*vars(Source), *Source.__annotations__} if not own.startswith("_")}
    for own in sorted(defined - known):
        for near in difflib.get_close_matches(own, known - defined, n=1, cutoff=0.8):
            yield Warning(
                f"{name} has '{own}', which search doesn't use.",
                hint=f"Did you mean '{near}'? If it is a helper of your own, begin its name with an underscore.",
                obj=source.model,
                id="visual_search.W004",
            )


def _name(cls: type[Source]) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _defined(cls: type[Source]) -> set[str]:
    return {name for base in cls.__mro__ if base not in {Source, object} for name in vars(base)}


def _schema(
    name: str, schema: Iterable[FacetField], error: Callable[[str, str, str], CheckMessage]
) -> Iterator[CheckMessage]:
    seen: set[str] = set()
    for facet in schema:
        if not isinstance(facet, FacetField) or not isinstance(facet.kind, FacetKind):
            yield error(
                f"{name}.schema contains {facet!r}.", "Use FacetField('price', FacetKind.NUMBER, 'Price').", "E021"
            )
            continue
        if not NAME.fullmatch(facet.name):
            yield error(
                f"{name}.schema names a facet '{facet.name}'.",
                "Use small letters, digits and underscores, beginning with a letter: it becomes a URL parameter.",
                "E021",
            )
        if facet.name in seen:
            yield error(f"{name}.schema names the facet '{facet.name}' twice.", "Remove one of them.", "E021")
        seen.add(facet.name)


def _watch(
    name: str, model: type[Model], watched: Any, way: Any, error: Callable[[str, str, str], CheckMessage]
) -> Iterator[CheckMessage]:
    if not (isinstance(watched, type) and issubclass(watched, Model)):
        yield error(f"{name}.watch has the key {watched!r}.", "Its keys are model classes.", "E022")
        return
    if watched._meta.auto_created:
        yield error(
            f"{name}.watch has the key {watched.__name__}, the table of a many-to-many relation.",
            "Django sends no signals for its rows. Name the relation in the path of a model at one of its ends.",
            "E022",
        )
        return
    if callable(way):
        if not _takes_one(way):
            yield error(
                f"{name}.watch gives {watched.__name__} a function that can't be called with one row.",
                f"Write a function of one argument, the {watched.__name__}, that gives ids of {model.__name__} objects.",
                "E022",
            )
        return
    if not isinstance(way, str):
        yield error(
            f"{name}.watch says {watched.__name__}: {way!r}.",
            "Write a path such as 'thing', a function of the row that gives ids, or a list of these.",
            "E022",
        )
        return
    shown = f"{name}.watch says {watched.__name__}: '{way}', but"
    try:
        taken = watching.steps(watched, way)
    except watching.WrongPath as problem:
        yield error(f"{shown} {problem}", f"{problem.hint} {_leading(watched, model)}", "E022")
        return
    end = taken[-1].to
    if not watching.same_rows(end, model):
        hint = f"Go on from {end.__name__} until {model.__name__}. {_leading(end, model)}"
        yield error(f"{shown} that path doesn't lead to {model.__name__}; it ends at {end.__name__}.", hint, "E022")
        return
    homes = {router.db_for_write(step.model) for step in taken} | {router.db_for_write(end)}
    if len(homes) > 1 and not watching.says(watched, way):
        yield error(
            f"{shown} that path goes through models in several databases ({', '.join(sorted(homes))}).",
            f"No query joins them. Write a function of the {watched.__name__} that gives ids instead of the path.",
            "E022",
        )


def _leading(watched: type[Model], model: type[Model]) -> str:
    fields = watched._meta.get_fields()
    leading = [
        field.name
        for field in fields
        if isinstance(field.related_model, type) and watching.same_rows(field.related_model, model)
    ]
    return f"Fields of {watched.__name__} that lead to {model.__name__}: {', '.join(leading) or 'none'}."


def _takes_one(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind(object())
    except TypeError:
        return False
    except ValueError:
        return True  # Some functions written in C don't say what they take.
    return True


def _databases(name: str, source: Source) -> Iterator[CheckMessage]:
    """A change and its note are one transaction only where they are in one database."""
    outbox = router.db_for_write(IndexEntry)
    elsewhere: dict[str, set[str]] = {}
    for model in watching.models_of(source):
        if (home := router.db_for_write(model)) != outbox:
            elsewhere.setdefault(home, set()).add(model.__name__)
    for home, models in sorted(elsewhere.items()):
        yield Warning(
            f"{name} depends on {', '.join(sorted(models))} in the database '{home}', but changes are noted in '{outbox}', "
            f"and no transaction covers both: a crash, or a rollback in '{outbox}', can lose the note of a change.",
            hint=f"Let a router of DATABASE_ROUTERS send the app visual_search to '{home}', or run "
            "`manage.py visual_search reconcile --deep` every night.",
            obj=source.model,
            id="visual_search.W002",
        )


def _silent_deletes(name: str, source: Source) -> Iterator[CheckMessage]:
    """Rows that the database deletes or empties by itself send no signal."""
    # What a path goes along is noted when either of its ends is deleted.
    known = {getattr(step.field, "field", step.field) for step in watching.steps_of(source)}
    for model in watching.models_of(source):
        for field in model._meta.local_fields:
            if field in known or not isinstance(field, ForeignKey) or not isinstance(field.related_model, type):
                continue
            on_delete = field.remote_field.on_delete
            # From Django 6.1 on there are DB_CASCADE and its like, which aren't functions.
            by_database = on_delete is DO_NOTHING or not inspect.isroutine(on_delete)
            if by_database and not watching.same_rows(field.related_model, source.model):
                yield Warning(
                    f"{name} depends on {model.__name__}, but Django says nothing of its rows when the "
                    f"{field.related_model.__name__} that {model.__name__}.{field.name} points to is deleted: the "
                    "database does it.",
                    hint=f"Give {model.__name__}.{field.name} on_delete=models.CASCADE or models.SET_NULL, or send "
                    "`visual_search.signals.objects_changed` for the objects after such a delete.",
                    obj=source.model,
                    id="visual_search.W003",
                )


def _error_for(source: Source) -> Callable[[str, str, str], CheckMessage]:
    return lambda message, hint, id: Error(message, hint=hint, obj=source.model, id=f"visual_search.{id}")
