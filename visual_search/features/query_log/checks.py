"""What `manage.py check` says about the query log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.urls import NoReverseMatch, reverse

from visual_search.conf import conf
from visual_search.errors import ConfigurationError
from visual_search.features.query_log.options import Mode, read

MIDDLEWARE = "visual_search.features.query_log.consent.QueryLogMiddleware"


@register("visual_search")
def check_query_log(**kwargs: Any) -> list[CheckMessage]:
    try:
        options = read(conf.QUERY_LOG)
    except (ConfigurationError, TypeError) as problem:
        return [Error(str(problem), id="visual_search.E101")]
    if options.mode is not Mode.ANONYMOUS:
        return []
    messages: list[CheckMessage] = []
    try:
        reverse("query_log:me")
    except NoReverseMatch:
        messages.append(
            Warning(
                "The query log has no address, so nobody can send events or take back what was noted.",
                hint='Add path("", include("visual_search.features.query_log.urls")) to urlpatterns in urls.py, before the API.',
                id="visual_search.W103",
            )
        )
    if MIDDLEWARE not in settings.MIDDLEWARE:
        messages.append(
            Warning(
                "The query log counts questions but keeps no row, for it doesn't know which client asks.",
                hint=f"Add '{MIDDLEWARE}' to MIDDLEWARE, or set VISUAL_SEARCH['QUERY_LOG']['MODE'] to 'counters'.",
                id="visual_search.W101",
            )
        )
    if options.key_folder is None:
        if not settings.DEBUG:
            messages.append(
                Warning(
                    "The query log's keys live in each process alone, so a client has several pseudonyms a day.",
                    hint="Set VISUAL_SEARCH['QUERY_LOG']['KEY_FOLDER'] to a folder on tmpfs that all processes share.",
                    id="visual_search.W102",
                )
            )
    else:
        messages += _wrong_place(options.key_folder)
    return messages


def _wrong_place(folder: Path) -> list[CheckMessage]:
    """A key that lies beside the rows which it protects goes into the same backup, and then protects nothing."""
    folder = folder.resolve()
    places = {"MEDIA_ROOT": settings.MEDIA_ROOT, "STATIC_ROOT": settings.STATIC_ROOT}
    for alias, database in settings.DATABASES.items():
        if "sqlite3" in database["ENGINE"] and database.get("NAME"):
            places[f"the folder of database '{alias}'"] = Path(database["NAME"]).parent
    return [
        Error(
            f"VISUAL_SEARCH['QUERY_LOG']['KEY_FOLDER'] is {folder}, which lies in {name}.",
            hint="Take a folder on tmpfs that no backup reads, such as the service's runtime directory.",
            id="visual_search.E102",
        )
        for name, place in places.items()
        if place and folder.is_relative_to(Path(place).resolve())
    ]
