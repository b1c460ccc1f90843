"""Promise P2, attacked: with the day key every row leads to its client; without it no row leads anywhere."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_search.privacy.pseudonyms import RowBox, client_material, keyed_hash, pseudonym, truncated

CLIENTS = [client_material(address=f"203.0.{n}.7", user_agent=f"Browser/{n % 5}") for n in range(60)]
ROWS_EACH = 5


def rows_of(key: bytes) -> list[tuple[int, bytes]]:
    """What a day writes: (who really asked, what the row keeps), in random order."""
    box = RowBox(key)
    rows = [
        (who, box.close(pseudonym(key, site="shop", client=client)))
        for who, client in enumerate(CLIENTS)
        for _ in range(ROWS_EACH)
    ]
    secrets.SystemRandom().shuffle(rows)
    return rows


def guess(closed: bytes, key: bytes) -> int | None:
    """The attacker holds all code, all candidates and a key that may be the right one."""
    content = RowBox(key).open(closed)
    candidates = {pseudonym(key, site="shop", client=client): who for who, client in enumerate(CLIENTS)}
    return candidates.get(content) if content else None


def test_whoever_holds_the_key_links_every_row() -> None:
    """The control: it proves that the attack works, and why the key must die."""
    key = secrets.token_bytes(32)
    assert all(guess(closed, key) == who for who, closed in rows_of(key))


def test_without_the_key_no_row_is_linked_to_a_client() -> None:
    rows = rows_of(secrets.token_bytes(32))
    assert not any(guess(closed, secrets.token_bytes(32)) == who for who, closed in rows)


def test_without_the_key_no_row_is_linked_to_another_row_of_its_client() -> None:
    """Picks for each row the most similar other row; right by chance in 4 of 299 cases (expected: 4 of 300 rows)."""
    rows = rows_of(secrets.token_bytes(32))
    as_numbers = [int.from_bytes(closed, "big") for _, closed in rows]
    hits = 0
    for index, number in enumerate(as_numbers):
        nearest = min(
            (other for other in range(len(rows)) if other != index),
            key=lambda other: (number ^ as_numbers[other]).bit_count(),
        )
        hits += rows[nearest][0] == rows[index][0]
    assert hits <= 20  # binomial(300, 4/299): P(more than 20) < 1e-8
    assert len({closed for _, closed in rows}) == len(rows)


def test_pseudonyms_differ_by_day_site_and_client() -> None:
    keys = [secrets.token_bytes(32) for _ in range(2)]
    made = [pseudonym(key, site=site, client=client) for key in keys for site in ("a", "b") for client in CLIENTS[:2]]
    assert len(set(made)) == len(made)
    assert pseudonym(keys[0], site="a", client=CLIENTS[0]) == made[0]


@given(st.lists(st.text(max_size=4), max_size=4), st.lists(st.text(max_size=4), max_size=4))
def test_parts_can_not_be_moved_over_their_borders(one: list[str], two: list[str]) -> None:
    assert (keyed_hash(b"k", *one) == keyed_hash(b"k", *two)) == (one == two)


def test_neighbours_in_a_network_share_their_material() -> None:
    assert client_material(address="203.0.113.5", user_agent="x") == client_material(
        address="203.0.113.250", user_agent="x"
    )
    assert "113.5" not in client_material(address="203.0.113.5", user_agent="x")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", "unknown"),
        ("testclient", "unknown"),
    ],
)
def test_addresses_are_cut_to_their_network(address: str, expected: str) -> None:
    assert truncated(address) == expected


def test_a_device_id_stands_for_the_client_wherever_it_is() -> None:
    at_home, away = (client_material(address=a, user_agent="x", device_id="d") for a in ("1.2.3.4", "9.8.7.6"))
    assert at_home == away


def test_a_device_id_can_not_play_another_clients_network() -> None:
    real = client_material(address="203.0.113.5", user_agent="x")
    assert client_material(address="", user_agent="", device_id=real) != real


@given(st.binary(max_size=80))
def test_a_box_opens_only_what_it_closed(data: bytes) -> None:
    box = RowBox(b"k" * 32)
    assert box.open(data) is None
    assert box.open(box.close(data)) == data
    assert RowBox(b"k" * 32, purpose="other").open(box.close(data)) is None
