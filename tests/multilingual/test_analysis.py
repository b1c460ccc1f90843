import pytest
from hypothesis import given
from hypothesis import strategies as st

from multilingual.analysis import LONGEST_WORD, analyse, analyse_query, is_form
from multilingual.languages import LANGUAGES, base_code
from multilingual.normalising import fold, normalise
from multilingual.segmenting import bigrams, runs


@pytest.mark.parametrize(
    ("text", "language", "terms"),
    [
        ("Running Chairs", "en", ["run", "chair"]),
        ("men's shoes", "en", ["man", "shoe"]),
        ("l'armoire de l'étagère", "fr", ["armoir", "de", "etager"]),
        ("Stühle, 3,5 m²", "de", ["stuhl", "3", "5", "m2", "+5m2", "=m2:104", "=x:3.5"]),
        ("红色连衣裙 XL", "zh", ["红色", "色连", "连衣", "衣裙", "红", "色", "连", "衣", "裙", "xl"]),
        ("बड़ी कुर्सियाँ", "hi", ["बड", "कुर्स"]),
        ("İSTANBUL", "tr", ["istanbul"]),
        ("ＡＢＣ　１２３", "und", ["abc", "123", "+abc123"]),
        ("chairs", "und", ["chairs"]),
        ("", "en", []),
    ],
)
def test_texts_become_terms(text: str, language: str, terms: list[str]) -> None:
    assert analyse(text, language) == terms


@pytest.mark.parametrize(
    ("written", "asked", "language"),
    [
        ("USB-C cable", "usbc cable", "en"),
        ("USBC cable", "usb-c cable", "en"),
        ("T-shirts", "tshirt", "en"),
        ("WH-1000XM4", "wh1000xm4", "en"),
        ("cat5e cable", "cat 5e cable", "en"),
        ("cat 5e cable", "cat5e cable", "en"),
        ("PlayStation 5", "PlayStation5", "en"),
        ("bookcase", "book case", "en"),
        ("Tischlampe", "Tisch Lampe", "de"),
        ("5 kg flour", "5kg", "en"),
        ("5kg flour", "5000 g flour", "en"),
        ("M4x20 screw", "M4 x 20 screw", "en"),
        ("table 60x120", "120 x 60 table", "en"),
        ("sandía", "sandia", "es"),
        ("maçã", "maca", "pt"),
        ("Fåtölj", "faatoelj", "sv"),
        ("knife", "knives", "en"),
        ("colour", "color", "en"),
        ("luz", "luces", "es"),
        ("papel", "papéis", "pt"),
        ("eléctrico", "elétrico", "pt"),
        ("yemek masası", "masa", "tr"),
        ("п'ять", "п’ять", "uk"),
        ("ソファ", "そふぁ", "ja"),
        ("27 inch", "68.6 cm", "en"),
        ("27インチ", '27"', "ja"),
        ("क़लम", "कलम", "hi"),
        ("रंग", "रङ्ग", "hi"),
        ("هاتف", "ھاتف", "ar"),
        ("น้ำ", "นํ้า", "th"),
    ],
)
def test_what_is_written_in_another_way_meets(written: str, asked: str, language: str) -> None:
    terms = set(analyse(written, language))
    for slot in analyse_query(asked, language):
        assert any(set(alternative) <= terms for alternative in slot), slot


@pytest.mark.parametrize(
    ("written", "asked", "language"),
    [
        ("27 inch", "27 cm", "en"),
        ("HDMI 2.1", "hdmi 21", "en"),
        ("pack of 2 in stock", "5 cm", "en"),
        ("1.5 l", "15 l", "en"),
        ("5 kg", "5 g", "en"),
        ("book", "bookcase", "en"),
        ("taksi", "tak", "tr"),
    ],
)
def test_what_is_something_else_stays_apart(written: str, asked: str, language: str) -> None:
    terms = set(analyse(written, language))
    slots = analyse_query(asked, language)
    assert not all(any(set(alternative) <= terms for alternative in slot) for slot in slots)


def test_other_forms_are_told_from_words() -> None:
    assert [term for term in analyse("a 5 kg USB-C cable", "en") if is_form(term)] == ["+a5", "+5kg", "+usbc", "=g:710"]


def as_typed(text: str, language: str) -> list[tuple[str, ...]]:
    return [slot[0] for slot in analyse_query(text, language)]


def test_short_runs_without_spaces_are_phrases_and_long_ones_are_not() -> None:
    assert as_typed("连衣裙", "zh") == [("连衣", "衣裙")]
    assert as_typed("红色连衣裙", "zh") == [("红色",), ("色连",), ("连衣",), ("衣裙",)]
    assert as_typed("茶", "zh") == [("茶",)]


def test_repeated_words_are_asked_once() -> None:
    assert as_typed("chair chair chair", "en") == [("chair",)]


@given(st.text(max_size=60), st.sampled_from([*LANGUAGES, "und", "xx"]))
def test_whatever_is_asked_stands_in_the_index(text: str, language: str) -> None:
    terms = set(analyse(text, language))
    assert all(set(slot[0]) <= terms for slot in analyse_query(text, language))
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
