"""What `manage.py check` says about the door."""

from __future__ import annotations

import pytest

from visual_search.access import checks


def said() -> list[str]:
    return [f"{message.msg} {message.hint or ''}" for message in checks.check_access()]


def test_the_shop_as_it_is_has_no_mistake() -> None:
    assert said() == []


@pytest.mark.parametrize("sound", [None, {}, {"search": None}, {"search": "5/s", "erase": "1/2day"}])
def test_sound_limits(use, sound) -> None:
    use(LIMITS=sound)
    assert said() == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (["600/min"], "must be a dictionary such as {'search': '600/min'}, or None"),
        ({"serach": "1/min"}, "has no limit 'serach'. Known: search, suggest"),
        ({"search": "many"}, "['LIMITS']['search']: 'many' is no rate. Write how many in which time"),
        ({"search": 600}, "600 is no rate"),
    ],
)
def test_wrong_limits(use, wrong, message) -> None:
    use(LIMITS=wrong)
    (found,) = said()
    assert message in found


@pytest.mark.parametrize(
    ("backend", "message"),
    [
        ("db.DatabaseCache", "a DatabaseCache, which loses counts"),
        ("filebased.FileBasedCache", "a FileBasedCache, which loses counts"),
        ("dummy.DummyCache", "a DummyCache, which loses counts"),
        ("locmem.LocMemCache", "which each process has for itself"),
        ("redis.RedisCache", ""),
    ],
)
def test_caches(use, settings, backend, message) -> None:
    settings.CACHES = {"counts": {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": "redis://nowhere"}}
    use(LIMITS_CACHE="counts")
    found = said()
    assert (message in found[0]) if message else (found == [])


def test_a_cache_that_the_shop_does_not_have(use) -> None:
    use(LIMITS_CACHE="counts")
    (found,) = said()
    assert "names the cache 'counts', which CACHES hasn't. Known: default." in found


@pytest.mark.parametrize("wrong", [-1, True, "1", 1.5])
def test_wrong_proxies(use, wrong) -> None:
    use(PROXIES=wrong)
    (found,) = said()
    assert "must be a whole number of proxies" in found


@pytest.mark.parametrize(("values", "ids"), [({}, ["W040"]), ({"PROXIES": 0}, []), ({"LIMITS": None}, [])])
def test_before_opening_one_is_asked_for_the_proxies(use, values, ids) -> None:
    use(**{"PROXIES": None, **values})
    assert [message.id for message in checks.check_proxies_are_said()] == [f"visual_search.{id}" for id in ids]


@pytest.mark.parametrize("wrong", [None, "no", 1])
def test_a_door_is_open_or_closed(use, wrong) -> None:
    use(API_KEYS_REQUIRED=wrong)
    (found,) = said()
    assert "must be True or False" in found
