"""Words of other alphabets that are typed in Latin letters, or with the keyboard on another layout."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multilingual.normalising import fold, normalise
from multilingual.spelling import Lexicon, offered, spelt
from multilingual.transliterating import LEAST_KEY, consonants, on_other_layouts, reading_key

WORDS = {
    "ru": "стул стулья щётка деревянный кресло чашка ящик хлеб жёлтый",
    "uk": "стілець їжа",
    "el": "καρέκλα κούπα ξύλο",
    "ar": "كرسي طاولة",
    "he": "שולחן",
    "hi": "कुर्सी",
    "ta": "நாற்காலி",
    "hy": "աթոռ",
    "ka": "სკამი",
    "en": "sofa chair",
    "zh": "椅子",
}


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    known = Lexicon()
    for language, words in WORDS.items():
        for word in words.split():
            known.add(language, fold(normalise(word)), 3, titled=True)
    return known


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("stul", "стул"), ("stulya", "стулья"), ("stulia", "стулья"), ("shchetka", "щетка"), ("schetka", "щетка"),
        ("derevyannyy", "деревянныи"), ("derevyanniy", "деревянныи"), ("kreslo", "кресло"), ("chashka", "чашка"),
        ("yashchik", "ящик"), ("hleb", "хлеб"), ("khleb", "хлеб"), ("zheltyj", "желтыи"), ("karekla", "καρεκλα"),
        ("koupa", "κουπα"), ("xylo", "ξυλο"), ("ksilo", "ξυλο"), ("kursi", "कुर्सि"), ("narkali", "நாற்காலி"), ("atorr", "աթոռ"),
        ("skami", "სკამი"), ("sofa", "sofa"), ("stol", "stol"), ("yizi", "yizi"),
    ],
)  # fmt: skip
def test_latin_letters_are_read(lexicon: Lexicon, typed: str, meant: str) -> None:
    assert spelt(typed, lexicon, "ru", slips=False).words == meant


def test_of_two_words_that_read_alike_the_page_decides() -> None:
    known = Lexicon()
    known.add("bg", "стол", 9, titled=True)
    known.add("el", "στολ", 1, titled=True)
    assert known.read("stol", "bg") == "стол"
    assert known.read("stol", "el") == "στολ"
    assert known.read("stol") == "стол"


def test_arabic_is_read_by_its_consonants() -> None:
    known = Lexicon()
    known.add("ar", "كرسي", 9, titled=True)
    assert known.read("kursi") == "كرسي"
    assert known.read("krs") == "كرسي"
    assert known.read("karbasi") is None


@pytest.mark.parametrize(
    ("typed", "language", "meant"),
    [("stul", "ru", "стул"), ("stul", "en", "stuhl"), ("stull", "ru", "стул"), ("kreslo", "en", "кресло")],
)
def test_a_slip_comes_first_on_a_latin_page_and_another_alphabet_on_others(
    typed: str, language: str, meant: str
) -> None:
    known = Lexicon()
    known.add("de", "stuhl", 9, titled=True)
    known.add("ru", "стул", 9, titled=True)
    known.add("ru", "кресло", 9, titled=True)
    assert spelt(typed, known, language).changes == ((typed, meant),)


def test_a_known_word_and_a_beginning_stay() -> None:
    known = Lexicon()
    known.add("en", "stool", 1, titled=True)
    known.add("ru", "стоол", 1, titled=True)
    assert spelt("stool", known, "ru").changes == ()
    assert spelt("stoo", known, "en").changes == ()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("cnek", "стул"), ("rhtckj", "кресло"), ("kreslo cnek", "kreslo стул"), ("ыщаф", "sofa"), ("οιστ", ""), ("sofa", ""), ("zzzz", "")],
)  # fmt: skip
def test_the_wrong_layout_is_offered_and_never_searched(lexicon: Lexicon, typed: str, meant: str) -> None:
    found = offered(typed, lexicon, "ru")
    assert (found.words if found.changes else "") == meant
    assert not any(typed == word for word, _ in spelt(typed, lexicon, "ru").changes)


def test_a_rare_word_beside_a_far_commoner_one_is_offered() -> None:
    known = Lexicon()
    for word, objects in {
        "chair": 90,
        "chain": 40,
        "chaif": 1,
        "light": 99,
        "night": 1,
        "lamps": 1,
        "lamp": 90,
    }.items():
        known.add("en", word, objects, titled=True)
    assert offered("red chaif", known, "en").changes == (("chaif", "chair"),)
    assert offered("chain", known, "en").changes == (), "It isn't rare."
    assert offered("night", known, "en").changes == (), "Another first letter is another word."
    assert offered("lamps", known, "en").changes == (), "It is a form of the same word."
    assert spelt("chaif", known, "en").changes == ()


def test_keys() -> None:
    assert reading_key("стул") == reading_key("stul") == "stul"
    assert reading_key("椅子") == reading_key("ab") == ""
    assert consonants("kursi") == "krs"
    assert consonants("aia") == ""
    assert on_other_layouts("cnek")[0] == "стул"


@given(st.text(max_size=30))
def test_whatever_is_typed(lexicon: Lexicon, text: str) -> None:
    key = reading_key(fold(normalise(text)))
    assert not key or len(key) >= LEAST_KEY
    assert text not in on_other_layouts(text)
    for found in (offered(text, lexicon, "ru"), spelt(text, lexicon, "ru", slips=False)):
        assert all(lexicon.is_titled(meant) for _, meant in found.changes)
