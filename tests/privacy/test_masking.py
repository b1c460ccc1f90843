"""Promise P3, second half: text that the catalogue doesn't use is never readable in a masked query."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multilingual.normalising import normalise
from multilingual.segmenting import runs
from visual_search.privacy.masking import masked, vocabulary

CATALOGUE = [
    "Red Dress",
    "Rotes Kleid",
    "红色连衣裙",
    "ワンピース",
    "Size 6 12 0",
    "SKU 7027581499",
    "чёрный шарф",
    "كرسي",
]
ALLOWED = vocabulary(CATALOGUE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RED  dress", "red dress"),
        ("red dress for Annabel", "red dress ⟨?:Latin:1-3⟩ ⟨?:Latin:7-10⟩"),
        ("чёрный шарф Анны", "чёрный шарф ⟨?:Cyrillic:4-6⟩"),
        ("红色连衣裙", "红色连衣裙"),
        ("王小明的连衣裙", "⟨?:Cjk:4-6⟩ 连衣裙"),
        ("كرسي محمد", "كرسي ⟨?:Arabic:4-6⟩"),
        ("red anna@mail.example dress", "⟨email⟩"),
        ("0 6 12 0 6 12 6", "⟨?:Number:7-10⟩"),
        ("size 6 12", "size 6 12"),
        ("7027581499", "7027581499"),
        ("", ""),
    ],
)
def test_masks(text: str, expected: str) -> None:
    assert masked(text, ALLOWED) == expected


@given(st.text(max_size=60))
def test_no_word_from_outside_the_catalogue_survives(text: str) -> None:
    kept = {run for run, _ in runs(normalise(re.sub("⟨.*?⟩", " ", masked(text, ALLOWED))))}
    assert all(word in ALLOWED or {a + b for a, b in pairwise(word)} <= ALLOWED for word in kept)


@given(st.lists(st.sampled_from(["red", "dress", "6", "12", "шарф"]), max_size=6))
def test_catalogue_words_stay_as_they_are(words: list[str]) -> None:
    digits = "".join(word for word in words if word.isdigit())
    if len(digits) <= 6:
        assert masked(" ".join(words), ALLOWED) == " ".join(words)


@given(st.text("0123456789 ", min_size=9, max_size=30))
def test_no_long_number_passes_in_pieces(text: str) -> None:
    allowed = vocabulary(["0 1 2 3 4 5 6 7 8 9 10 11 12"])
    digits = "".join(character for character in masked(text, allowed).split("⟨")[0] if character.isdigit())
    assert len(digits) <= 6
