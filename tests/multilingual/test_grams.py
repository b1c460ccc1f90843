"""Pieces of words: what stays of a text that was read badly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multilingual.grams import grams


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Valio", ["val", "ali", "lio", "vali", "alio"]),
        ("MJÖLK", ["mjo", "jol", "olk", "mjol", "jolk"]),
        ("a bc 12", []),
        ("tea TEA", ["tea"]),
        ("茉莉花", ["茉莉", "莉花", "茉", "莉", "花"]),
        ("花", ["花"]),
        ("T恤衫", ["恤衫", "恤", "衫"]),
        ("かさ", ["かさ"]),
        ("", []),
    ],
)
def test_pieces_of_words_and_pairs_of_characters(text: str, expected: list[str]) -> None:
    assert grams(text) == expected


def test_a_letter_read_wrongly_leaves_most_pieces() -> None:
    right, wrong = set(grams("mellanmjolk")), set(grams("meilanmjolk"))
    assert len(right & wrong) >= len(right) / 2


@given(st.text(st.characters(), max_size=200))
def test_no_piece_is_empty_or_has_a_space_or_comes_twice(text: str) -> None:
    pieces = grams(text)
    assert all(piece and not any(character.isspace() for character in piece) for piece in pieces)
    assert len(set(pieces)) == len(pieces)
