"""Promise P3, attacked: text typed by fewer than k clients is unreadable at rest, even to us."""

import secrets
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_search.privacy.thresholds import PRIME, Share, _interpolate, clients, recover, share

K = 5
KEY = b"\x07" * 32


def shares_of(text: str, how_many: int, *, k: int = K, key: bytes = KEY, scope: str = "day") -> list[Share]:
    return [share(key, text=text, client=b"client %d" % n, k=k, scope=scope) for n in range(how_many)]


def point(part: Share) -> tuple[int, int]:
    return int.from_bytes(part.x, "big"), int.from_bytes(part.y, "big")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300), st.integers(2, 6))
def test_k_clients_make_a_text_readable(text: str, k: int) -> None:
    assert recover(shares_of(text, k, k=k), k=k) == text


def test_any_k_of_more_clients_do() -> None:
    parts = shares_of("roter Schal", K + 2)
    assert all(recover(chosen, k=K) == "roter Schal" for chosen in combinations(parts, K))


def test_one_client_fewer_does_not() -> None:
    assert recover(shares_of("roter Schal", K - 1), k=K) is None


def test_one_client_a_thousand_times_does_not() -> None:
    parts = [share(KEY, text="my secret", client=b"me", k=K, scope="day") for _ in range(1000)]
    assert clients(parts) == 1
    assert recover(parts, k=K) is None


def test_fewer_than_k_parts_leave_every_key_possible() -> None:
    """Each value of a missing point gives another constant term, so k-1 parts say nothing about it."""
    known = [point(part) for part in shares_of("secret", K - 1)]
    x, _ = point(shares_of("secret", K)[-1])
    constants = {_interpolate([*known, (x, secrets.randbelow(PRIME))]) for _ in range(200)}
    assert len(constants) == 200


def test_a_forged_part_does_not_open_the_text() -> None:
    parts = shares_of("secret", K - 1)
    forged = Share(parts[0].tag, (1).to_bytes(32, "big"), secrets.token_bytes(32), parts[0].ciphertext)
    assert recover([*parts, forged], k=K) is None


def test_no_byte_of_the_text_stands_in_a_part() -> None:
    packed = shares_of("canary text of one shopper", 1)[0].pack()
    assert b"canary" not in packed
    assert b"shopper" not in packed


def test_one_clients_parts_of_different_texts_can_not_be_recognised() -> None:
    """The published sketch had one x a client and day, which ties all of a client's texts together for ever."""
    one, two = (share(KEY, text=text, client=b"me", k=K, scope="day") for text in ("shoes", "scarf"))
    assert not {one.tag, one.x, one.y, one.ciphertext} & {two.tag, two.x, two.y, two.ciphertext}


@pytest.mark.parametrize("other", [{"key": b"\x08" * 32}, {"scope": "window"}, {"k": K + 1}], ids=["key", "scope", "k"])
def test_parts_of_another_day_scope_or_k_never_meet(other: dict) -> None:
    """A change of k in the middle of a day must not let fewer parts of a lower polynomial open a higher one."""
    one, two = shares_of("shoes", 1)[0], shares_of("shoes", 1, **other)[0]
    assert one.tag != two.tag
    assert one.ciphertext != two.ciphertext


def test_a_polynomial_of_lower_degree_does_not_open_one_of_higher_degree() -> None:
    low = shares_of("shoes", 2, k=2)
    high = shares_of("shoes", 1, k=10)[0]
    mixed = [Share(high.tag, part.x, part.y, high.ciphertext) for part in low]
    assert recover(mixed, k=2) is None


def test_lengths_come_in_steps() -> None:
    lengths = {len(shares_of("x" * n, 1)[0].ciphertext) for n in range(31)}
    assert len(lengths) == 1


def test_parts_of_different_texts_are_not_mixed() -> None:
    with pytest.raises(ValueError, match="different texts"):
        recover([*shares_of("a", 1), *shares_of("b", 1)], k=2)


def test_k_of_one_hides_nothing_and_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to hide among"):
        share(KEY, text="a", client=b"c", k=1, scope="day")


@given(st.text(max_size=100))
def test_packing_keeps_a_part(text: str) -> None:
    part = share(KEY, text=text, client=b"c", k=2, scope="day")
    assert Share.unpack(part.pack()) == part


def test_a_torn_part_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        Share.unpack(b"\x00" * 90)


def test_a_book_is_no_query() -> None:
    with pytest.raises(ValueError, match="Cut it first"):
        share(KEY, text="x" * 3000, client=b"c", k=2, scope="day")
