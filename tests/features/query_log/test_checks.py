"""`manage.py check` finds keys in wrong places and a log that can't know its clients."""

from __future__ import annotations

from pathlib import Path

import pytest

from visual_search.features.query_log.checks import MIDDLEWARE, check_query_log


def ids(settings, **log) -> set[str]:
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "QUERY_LOG": log}
    return {message.id for message in check_query_log()}


def test_a_good_set_up_is_silent(settings, tmp_path) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, MIDDLEWARE]
    assert ids(settings, KEY_FOLDER=tmp_path / "keys") == set()
    assert ids(settings, MODE="counters") == set()


@pytest.mark.parametrize("place", ["MEDIA_ROOT", "database"])
def test_a_key_beside_what_it_protects_is_an_error(settings, tmp_path, place: str) -> None:

    folder = settings.MEDIA_ROOT if place == "MEDIA_ROOT" else Path(settings.DATABASES["default"]["NAME"]).parent
    if place == "database" and "sqlite3" not in settings.DATABASES["default"]["ENGINE"]:
        pytest.skip("the database isn't a file")
    assert "visual_search.E102" in ids(settings, KEY_FOLDER=Path(folder) / "keys")


def test_wrong_options_are_named(settings) -> None:
    assert ids(settings, MODE="spy") == {"visual_search.E101"}


def test_without_the_middleware_it_says_what_is_missing(settings, tmp_path) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != MIDDLEWARE]
    assert "visual_search.W101" in ids(settings, KEY_FOLDER=tmp_path)


def test_many_processes_need_one_folder(settings) -> None:
    settings.DEBUG = False
    assert "visual_search.W102" in ids(settings)
