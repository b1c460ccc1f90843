"""A key is there while its epoch lives and gone for good afterwards, with or without a scheduler."""

import stat
import threading
from pathlib import Path

import pytest

from visual_search.privacy.keys import (
    DAY_SECONDS,
    KEY_BYTES,
    EpochKeys,
    FolderKeyStore,
    KeyGone,
    KeyStore,
    MemoryKeyStore,
)

NOON = 20_000 * DAY_SECONDS + DAY_SECONDS / 2


class Clock:
    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=["memory", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> KeyStore:
    return MemoryKeyStore() if request.param == "memory" else FolderKeyStore(tmp_path / "keys")


def test_one_epoch_has_one_key(store: KeyStore) -> None:
    keys = EpochKeys(store, clock=Clock())
    epoch, key = keys.current()
    assert len(key) == KEY_BYTES
    assert keys.current() == (epoch, key)
    assert keys.key(epoch.number) == key
    assert epoch.starts <= NOON < epoch.ends


def test_the_next_day_has_another_key_and_the_old_one_dies_after_grace(store: KeyStore) -> None:
    clock = Clock()
    keys = EpochKeys(store, clock=clock, grace=3600)
    first, key = keys.current()
    clock.now = first.ends + 3599
    second, other = keys.current()
    assert other != key
    assert keys.key(first.number) == key
    clock.now = first.ends + 3600
    # No scheduler ran: the use alone ends the key.
    with pytest.raises(KeyGone, match="destroyed"):
        keys.key(first.number)
    assert store.names() == (second.name,)


def test_a_sweep_on_schedule_ends_the_keys_of_a_quiet_shop(store: KeyStore) -> None:
    clock = Clock()
    keys = EpochKeys(store, clock=clock)
    first, _ = keys.current()
    clock.now += 10 * DAY_SECONDS
    assert keys.sweep() == (first.name,)
    assert store.names() == ()


def test_never_more_than_two_keys_even_when_the_clock_jumps(store: KeyStore) -> None:
    clock = Clock()
    keys = EpochKeys(store, clock=clock)
    for jump in (0, 1, 1.01, -3, 40, -0.5, 0.51):
        clock.now += jump * DAY_SECONDS
        keys.current()
        assert len(store.names()) <= 2


def test_series_do_not_end_each_others_keys(store: KeyStore) -> None:
    clock = Clock()
    day, window = EpochKeys(store, clock=clock), EpochKeys(store, series="window", days=28, clock=clock)
    of_window = window.current()
    day.current()
    clock.now = window.epoch().ends - 1
    day.current()
    assert window.current() == of_window


def test_a_destroyed_key_is_not_made_again_for_the_past(store: KeyStore) -> None:
    keys = EpochKeys(store, clock=Clock())
    epoch, _ = keys.current()
    assert keys.destroy(epoch.number)
    assert not keys.destroy(epoch.number)
    with pytest.raises(KeyGone):
        keys.key(epoch.number)


def test_key_files_are_for_their_owner_only_and_leave_no_drafts(tmp_path: Path) -> None:
    store = FolderKeyStore(tmp_path / "keys")
    key = store.create("day-1")
    [file] = (tmp_path / "keys").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert FolderKeyStore(tmp_path / "keys").get("day-1") == key  # another process reads the same
    store.destroy("day-1")
    assert list((tmp_path / "keys").iterdir()) == []


def test_a_hard_link_to_a_destroyed_key_holds_other_bytes(tmp_path: Path) -> None:
    store = FolderKeyStore(tmp_path / "keys")
    key = store.create("day-1")
    (tmp_path / "copy").hardlink_to(tmp_path / "keys" / "day-1.key")
    store.destroy("day-1")
    assert (tmp_path / "copy").read_bytes() != key


def test_racing_processes_get_one_key(tmp_path: Path) -> None:
    found: set[bytes] = set()
    start = threading.Barrier(8)

    def use() -> None:
        start.wait()
        found.add(FolderKeyStore(tmp_path / "keys").create("day-1"))

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1


@pytest.mark.parametrize("name", ["../escape", "", "a/b", "A", ".hidden"])
def test_a_name_can_not_leave_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no key name"):
        FolderKeyStore(tmp_path).create(name)


def test_a_damaged_key_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "day-1.key").write_bytes(b"short")
    with pytest.raises(KeyGone, match="day-1"):
        FolderKeyStore(tmp_path).create("day-1")


def test_within_grace_a_key_is_made_for_what_comes_late_and_for_nothing_else(store: KeyStore) -> None:
    clock = Clock()
    keys = EpochKeys(store, clock=clock, grace=3600)
    day = keys.epoch().number
    clock.now = keys.epoch().ends + 3599
    key = keys.made(day)
    assert keys.made(day) == keys.key(day) == key
    assert keys.made(day + 1) != key
    for other in (day - 1, day + 2):
        with pytest.raises(KeyGone, match="doesn't take anything any more, or not yet"):
            keys.made(other)
    clock.now += 1
    with pytest.raises(KeyGone):
        keys.made(day)
