"""Promise P2, attacked on the rows of a real day: who holds the database alone, and who holds today's key as well.

The attacker has all code, the list of all clients, and half of the day's questions with the names of those who asked; each way
to tell whose the others are is tried. The clients ask for the same things at the same time, so whatever is better than a
guess would come from what the log keeps.
"""

from __future__ import annotations

import math
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.attacks.server import CLIENTS, a_days_traffic, a_shop_in, client_headers, serving
from visual_search.features.query_log.rows import opened
from visual_search.privacy.pseudonyms import client_material, pseudonym

pytestmark = pytest.mark.slow

TABLE = "visual_search_query_log_loggedquery"


@dataclass(frozen=True)
class Row:
    """What the stolen table says; `place` is where the row lies in the file."""

    query_id: str
    place: int
    closed: bytes
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Attacked:
    folder: Path
    owners: dict[str, int]  # query id -> which client asked


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Attacked:
    folder = tmp_path_factory.mktemp("day")
    with serving(a_shop_in(folder), folder / "output.log") as address:
        return Attacked(folder, a_days_traffic(address))


@pytest.fixture
def stolen(attacked: Attacked) -> list[Row]:
    file = attacked.folder / "var/shop.sqlite3"
    fields = "hour, language, kind, results, took, object_ids, masked"
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        rows = database.execute(f"SELECT query_id, rowid, closed, {fields} FROM {TABLE} ORDER BY rowid").fetchall()  # noqa: S608
    found = [Row(row[0], row[1], bytes(row[2]), tuple(str(value) for value in row[3:])) for row in rows]
    return [row for row in found if row.query_id in attacked.owners]


def todays_key(attacked: Attacked) -> bytes:
    [file] = (attacked.folder / "keys").glob("day-*.key")
    return file.read_bytes()


def candidates(key: bytes) -> dict[bytes, int]:
    found = {}
    for number in range(CLIENTS):
        headers = client_headers(number)
        material = client_material(
            address="127.0.0.1", user_agent=headers["User-Agent"], device_id=headers["X-Device-Id"]
        )
        found[pseudonym(key, site="shop", client=material)] = number
    return found


def owner_by_key(row: Row, key: bytes) -> int | None:
    box = opened(row.closed, key)
    return None if box is None else candidates(key).get(box.client)


def test_all_of_the_days_questions_are_there(attacked: Attacked, stolen: list[Row]) -> None:
    assert {row.query_id for row in stolen} == set(attacked.owners)


def test_whoever_holds_todays_key_as_well_links_every_row(attacked: Attacked, stolen: list[Row]) -> None:
    """The control, and why the key must die: until then rows are pseudonymous, as the privacy page says."""
    key = todays_key(attacked)
    assert all(owner_by_key(row, key) == attacked.owners[row.query_id] for row in stolen)


def test_another_key_links_none(attacked: Attacked, stolen: list[Row]) -> None:
    wrong = bytes(byte ^ 1 for byte in todays_key(attacked))
    assert {owner_by_key(row, wrong) for row in stolen} == {None}


Known = Sequence[tuple[Row, int]]


def by_place(row: Row, known: Known) -> int:
    return min(known, key=lambda other: abs(other[0].place - row.place))[1]


def by_closed_bits(row: Row, known: Known) -> int:
    number = int.from_bytes(row.closed, "big")
    return min(known, key=lambda other: (int.from_bytes(other[0].closed, "big") ^ number).bit_count())[1]


def by_id_bits(row: Row, known: Known) -> int:
    return min(known, key=lambda other: (int(other[0].query_id, 16) ^ int(row.query_id, 16)).bit_count())[1]


def by_length(row: Row, known: Known) -> int:
    return min(known, key=lambda other: abs(len(other[0].closed) - len(row.closed)))[1]


def by_all_fields(row: Row, known: Known) -> int:
    """Naive Bayes over everything that stands in the row in the clear."""
    counts: dict[tuple[int, int, str], int] = defaultdict(int)
    rows = Counter(owner for _, owner in known)
    for other, owner in known:
        for n, value in enumerate(other.fields):
            counts[owner, n, value] += 1

    def likelihood(owner: int) -> float:
        return math.log(rows[owner]) + sum(
            math.log((counts[owner, n, value] + 0.5) / (rows[owner] + 1)) for n, value in enumerate(row.fields)
        )

    return max(range(CLIENTS), key=likelihood)


@pytest.mark.parametrize("attack", [by_place, by_closed_bits, by_id_bits, by_length, by_all_fields])
def test_without_the_key_knowing_half_of_the_rows_tells_nothing_of_the_others(
    attacked: Attacked,
    stolen: list[Row],
    attack: Callable[[Row, Known], int],
    record_property: Callable[[str, object], None],
) -> None:
    # By random ids, so half of everybody's.
    ordered = sorted(stolen, key=lambda row: row.query_id)
    known = [(row, attacked.owners[row.query_id]) for row in ordered[::2]]
    others = ordered[1::2]
    right = sum(attack(row, known) == attacked.owners[row.query_id] for row in others)
    chance = 1 / CLIENTS
    deviation = math.sqrt(len(others) * chance * (1 - chance))
    record_property("linked", f"{attack.__name__}: {right} of {len(others)}, by chance {len(others) * chance:.0f}")
    # One run in thirty thousand would be luckier.
    assert right <= len(others) * chance + 4 * deviation


def test_no_two_boxes_have_eight_bytes_in_common(stolen: list[Row]) -> None:
    seen: set[bytes] = set()
    for row in stolen:
        pieces = {row.closed[at : at + 8] for at in range(len(row.closed) - 8)}
        assert seen.isdisjoint(pieces)
        seen |= pieces
