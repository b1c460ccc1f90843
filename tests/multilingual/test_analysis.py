import pytest
from hypothesis import given
from hypothesis import strategies as st

from multilingual.analysis import LONGEST_WORD, analyse, analyse_query
from multilingual.languages import LANGUAGES, base_code
from multilingual.normalising import fold, normalise
from multilingual.segmenting import bigrams, runs


@pytest.mark.parametrize(
    ("text", "language", "terms"),
    [
        ("Running Chairs", "en", ["run", "chair"]),
        ("men's shoes", "en", ["men", "shoe"]),
        ("l'armoire de l'étagère", "fr", ["armoir", "de", "etager"]),
        ("Stühle, 3,5 m²", "de", ["stuhl", "3", "5", "m2"]),
        ("红色连衣裙 XL", "zh", ["红色", "色连", "连衣", "衣裙", "红", "色", "连", "衣", "裙", "xl"]),
        ("बड़ी कुर्सियाँ", "hi", ["बड़", "कुर्स"]),
        ("İSTANBUL", "tr", ["istanbul"]),
        ("ＡＢＣ　１２３", "und", ["abc", "123"]),
        ("chairs", "und", ["chairs"]),
        ("", "en", []),
    ],
)
def test_texts_become_terms(text: str, language: str, terms: list[str]) -> None:
    assert analyse(text, language) == terms


def test_short_runs_without_spaces_are_phrases_and_long_ones_are_not() -> None:
    assert analyse_query("连衣裙", "zh") == [("连衣", "衣裙")]
    assert analyse_query("红色连衣裙", "zh") == [("红色",), ("色连",), ("连衣",), ("衣裙",)]
    assert analyse_query("茶", "zh") == [("茶",)]


def test_repeated_words_are_asked_once() -> None:
    assert analyse_query("red red chair", "en") == [("red",), ("chair",)]


@given(st.text(max_size=60), st.sampled_from([*LANGUAGES, "und", "xx"]))
def test_whatever_is_asked_stands_in_the_index(text: str, language: str) -> None:
    terms = set(analyse(text, language))
    assert {term for phrase in analyse_query(text, language) for term in phrase} <= terms
    assert all(term and " " not in term and len(term) <= LONGEST_WORD + 8 for term in terms)


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert not any(character in once for character in "\x00\u200b\u2019")


@given(st.text())
def test_runs_are_parts_of_the_text_in_order(text: str) -> None:
    position = 0
    for run, _ in runs(text):
        position = text.index(run, position) + len(run)


def test_folding_takes_the_diacritics() -> None:
    assert fold("Sofá żółty") == "Sofa zolty"


def test_pairs_of_characters() -> None:
    assert bigrams("abc") == ["ab", "bc"]
    assert bigrams("a") == ["a"]


@pytest.mark.parametrize(
    ("tag", "code"),
    [("zh-CN", "zh"), ("pt_BR", "pt"), ("EN", "en"), ("", None), (None, None), ("x", None), ("1234", None)],
)
def test_language_tags(tag: str | None, code: str | None) -> None:
    assert base_code(tag) == code
