"""What a title is about is told from what it is for, in languages whose head comes last and in those where it comes first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multilingual.analysis import analyse, is_form
from multilingual.heads import HEAD_SIGN, MOST_HEADS, head_asked, heads
from multilingual.languages import LANGUAGES, UNDETERMINED


@pytest.mark.parametrize(
    ("language", "title", "about", "not_about"),
    [
        ("en", "Laptop sleeve, black", "sleeve", "laptop"),
        ("en", "Sleeve for a 15 inch laptop", "sleeve", "laptop"),
        ("en", "Acme 250 G8, laptop with mouse", "laptop", "mouse"),
        ("en", "The red chair", "chair", "red"),
        ("en", "Men's running shoes", "shoe", "men"),
        ("en", "USB-C cable 2 m", "cable", "usb"),
        ("de", "Hülle für Laptop", "Hülle", "Laptop"),
        ("de", "Schreibtisch mit Lampe", "Schreibtisch", "Lampe"),
        ("nl", "Hoes voor laptop", "hoes", "laptop"),
        ("sv", "Fodral för dator", "fodral", "dator"),
        ("fr", "Canapé d'angle en tissu", "canapé", "angle"),
        ("fr", "L'armoire blanche", "armoire", "blanche"),
        ("es", "Silla de oficina", "silla", "oficina"),
        ("it", "Lampada da tavolo", "lampada", "tavolo"),
        ("pl", "Krzesło drewniane do biurka", "krzesło", "biurka"),
        ("ru", "Чехол для ноутбука", "чехол", "ноутбука"),
        ("ar", "حقيبة لابتوب", "حقيبة", "لابتوب"),
        ("ja", "ノートパソコンケース", "ケース", "ノートパソコン"),
        ("zh", "笔记本电脑包", "电脑包", "笔记本"),
    ],
)
def test_titles_are_about_their_heads(language: str, title: str, about: str, not_about: str) -> None:
    assert HEAD_SIGN + head_asked(about, language) in heads(title, language)
    assert HEAD_SIGN + head_asked(not_about, language) not in heads(title, language)


def test_a_question_is_about_its_first_part() -> None:
    assert head_asked("laptop stand for the bed", "en") == head_asked("stands", "en")
    assert head_asked("silla de oficina", "es") == head_asked("sillas", "es")
    assert head_asked("for 12", "en") == ""
    assert head_asked("", "en") == ""


def test_of_an_unknown_language_nobody_knows_the_head() -> None:
    assert heads("laptop sleeve", UNDETERMINED) == []
    assert head_asked("laptop sleeve", UNDETERMINED) == ""


@given(st.text(), st.sampled_from(sorted(LANGUAGES)))
def test_any_text_has_few_heads_and_they_are_terms(text: str, language: str) -> None:
    found = heads(text, language)
    assert len(found) == len(set(found)) <= MOST_HEADS
    assert all(is_form(head) and head.removeprefix(HEAD_SIGN) in analyse(text, language) for head in found)
