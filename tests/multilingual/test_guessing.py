"""The language of names is guessed by their letters where the extra `languages` is installed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multilingual import guessing
from multilingual.detection import detect
from multilingual.guessing import GUESS, guess, with_guess

SHOP = ("en", "de", "fr", "pl", "ru")
NAMES = {"krzesło drewniane": "pl", "chaise en bois": "fr", "wooden garden bench": "en", "Schreibtischlampe": "de"}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_told_without_a_page(name: str) -> None:
    assert guess(name, SHOP) == NAMES[name]
    assert detect(name, votes=with_guess({}, name, SHOP)).language == NAMES[name]


def test_the_page_weighs_more_and_the_shop_s_words_beside_it_most() -> None:
    votes = with_guess({}, "Schreibtischlampe", SHOP)
    assert votes == {"de": GUESS}
    assert detect("Schreibtischlampe", hint="fr", votes=votes).language == "fr"
    votes = with_guess({"de": 1.0}, "Schreibtischlampe", SHOP)
    assert detect("Schreibtischlampe", hint="fr", votes=votes).language == "de"


@pytest.mark.parametrize("text", ["", "XL-2000", "5 kg", "usb c"])
def test_codes_and_units_are_of_no_language(text: str) -> None:
    assert guess(text, SHOP) is None
    assert with_guess({"en": 0.5}, text, SHOP) == {"en": 0.5}


@given(st.text())
def test_only_languages_of_the_shop_are_guessed(text: str) -> None:
    assert guess(text, ("de", "ja")) in ("de", "ja", None)


def test_without_the_extra_nobody_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guessing, "_table", lambda: None)
    assert guess("krzesło drewniane", SHOP) is None
    assert with_guess({"pl": 1.0}, "krzesło drewniane", SHOP) == {"pl": 1.0}
