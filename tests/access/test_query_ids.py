"""Ids of answers: a shop believes its own, for two days, and nothing that somebody made up."""

from __future__ import annotations

from random import Random
from uuid import UUID, uuid4

import pytest

from visual_search.access import query_ids
from visual_search.errors import BadInput

NOON = 20_412 * query_ids.DAY_SECONDS + 12 * 3600.0


@pytest.fixture
def clock(monkeypatch):
    """Set by `clock(days)`, counted from a noon."""

    def set_to(days: float) -> None:
        monkeypatch.setattr(query_ids.time, "time", lambda: NOON + days * query_ids.DAY_SECONDS)

    set_to(0)
    return set_to


def refused(query_id: UUID | str) -> str:
    """Why it isn't believed; '' if it is."""
    try:
        query_ids.refuse_foreign(UUID(str(query_id)), field="events.0.query_id")
    except BadInput as error:
        return error.code
    return ""


def test_a_refusal_names_the_field() -> None:
    with pytest.raises(BadInput) as refusal:
        query_ids.refuse_foreign(uuid4(), field="events.0.query_id")
    assert (refusal.value.status, refusal.value.field) == (400, "events.0.query_id")


def test_one_is_a_uuid_that_the_shop_believes(clock) -> None:
    made = [UUID(query_ids.new()) for _ in range(2000)]
    assert len(set(made)) == 2000
    assert {one.version for one in made} == {8}
    assert {one.variant for one in made} == {UUID(int=2 << 62).variant}
    assert {refused(one) for one in made} == {""}


def test_its_order_says_nothing_of_the_order_of_answers(clock) -> None:
    made = [query_ids.new() for _ in range(200)]
    assert made not in (sorted(made), sorted(made, reverse=True))


def test_no_bit_of_one_can_be_changed(clock) -> None:
    """Version and variant among them. This also tries each other day."""
    one = UUID(query_ids.new())
    assert {refused(UUID(int=one.int ^ 1 << bit)) for bit in range(128)} == {"query_id_foreign"}


def test_what_somebody_made_up_is_refused(clock) -> None:
    random = Random(4)
    guesses = [UUID(int=0), UUID(int=7), UUID(int=2**128 - 1), *(uuid4() for _ in range(500))]
    guesses += [UUID(int=random.getrandbits(128) & ~(0xF << 76) & ~(3 << 62) | 8 << 76 | 2 << 62) for _ in range(500)]
    assert {refused(guess) for guess in guesses} == {"query_id_foreign"}


def test_one_of_another_shop_is_refused(clock, settings) -> None:
    one = query_ids.new()
    settings.SECRET_KEY = "another"
    assert refused(one) == "query_id_foreign"
    settings.SECRET_KEY_FALLBACKS = ["tests-only"]
    assert refused(one) == ""


@pytest.mark.parametrize(
    ("days", "code"),
    [(0.4, ""), (0.6, ""), (1.4, ""), (1.6, "query_id_expired"), (400, "query_id_expired"), (-1, "query_id_expired")],
)
def test_one_is_believed_on_its_day_and_the_next(clock, days, code) -> None:
    one = query_ids.new()
    clock(days)
    assert refused(one) == code


def test_it_ages_where_the_bits_of_the_day_begin_anew(clock) -> None:
    to_the_turn = 2**12 - 20_412 % 2**12
    clock(to_the_turn - 1)
    one = query_ids.new()
    clock(to_the_turn)
    assert refused(one) == ""
    clock(to_the_turn + 1)
    assert refused(one) == "query_id_expired"
