"""Unknown words are taken for those that are meant; known ones, codes and numbers never change."""

from __future__ import annotations

import itertools
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multilingual.spelling import MOST_BEGUN, Lexicon, Unfinished, spelt, unfinished, words_of

ENGLISH = {"chair": 50, "chairs": 20, "sofa": 30, "lamp": 40, "dining": 9, "desk": 12, "wooden": 8, "keyboard": 5, "cushion": 4,
           "armchair": 6, "cover": 3, "carpet": 7, "usbc": 2, "box": 90, "xbox": 3}  # fmt: skip
GERMAN = {"stuhl": 30, "lampe": 20, "tisch": 25, "esszimmer": 5}


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    known = Lexicon()
    for language, words in (("en", ENGLISH), ("de", GERMAN)):
        for word, objects in words.items():
            known.add(language, word, objects, titled=True)
    known.add("en", "ergonomic", 3, titled=False)  # It stands in descriptions alone.
    return known


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("chiar", "chair"),  # swapped
        ("chsir", "chair"),  # beside it on the keyboard
        ("chai", "chai"),  # unfinished
        ("chai red", "chair red"),
        ("wodden chair", "wooden chair"),
        ("1½ wodden", "1 1/2 wooden"),
        ("keybaord", "keyboard"),
        ("cushoin cover", "cushion cover"),
        ("kusion", "kusion"),  # two edits are too many for six letters
        ("kushoin", "kushoin"),
        ("armchiar", "armchair"),
        ("ermchair", "armchair"),
        ("diningchair", "dining chair"),
        ("Tishc", "tisch"),
        ("Stuhle", "Stuhle"),  # its stem is known
        ("chairs", "chairs"),
        ("lamps", "lamps"),
        ("box", "box"),
        ("xbox", "xbox"),
        ("ergonomik desk", "ergonomik desk"),  # only words of titles are offered
        ("ergonomic", "ergonomic"),
        ("sfa", "sfa"),  # three letters
        ("TSMENBLKM", "TSMENBLKM"),
        ("mon-27 ab12", "mon-27 ab12"),
        ("红色椅子", "红色椅子"),
        ("", ""),
    ],
)
def test_what_is_meant(lexicon: Lexicon, typed: str, meant: str) -> None:
    result = spelt(typed, lexicon, "en")
    assert (result.words if result.changes else typed) == meant


@pytest.mark.parametrize(
    ("typed", "page", "meant"),
    [
        ("sand paper", "en", "sand paper"),
        ("Sand-Paper", "en", "Sand-Paper"),
        ("fine sand paper grit", "en", "fine sand paper grit"),
        ("sand paper", "de", "sand paper"),  # a word of another language
        ("dumb bells", "en", "dumb bells"),
        ("sand, paper", "en", "sans, paper"),  # two wishes
        ("dumb", "en", "dumb"),
        ("bells", "en", "balls"),
        ("fine sand grit", "en", "fine sans grit"),
        ("sand papper", "en", "sans paper"),
    ],
)
def test_half_of_a_word_is_no_slip(typed: str, page: str, meant: str) -> None:
    known = Lexicon()
    for word in ("sandpaper", "paper", "dumbbells", "balls", "sans", "fine", "grit"):
        known.add("en", word, 3, titled=True)
    known.add("de", "schleifpapier", 3, titled=True)
    result = spelt(typed, known, page)
    assert (result.words if result.changes else typed) == meant


def test_it_says_which_words_it_changed(lexicon: Lexicon) -> None:
    assert spelt("A wodden chiar, please", lexicon, "en").changes == (("wodden", "wooden"), ("chiar", "chair"))
    assert spelt("A wodden, chiar", lexicon, "en").words == "a wooden, chair"


def test_the_language_of_the_page_decides_between_equals() -> None:
    known = Lexicon()
    known.add("en", "lamb", 9, titled=True)
    known.add("de", "lamm", 3, titled=True)
    assert known.meant("lamv", "en") == "lamb"
    assert known.meant("lamw", "de") == "lamm"


def test_among_equals_the_commoner_word_is_meant() -> None:
    known = Lexicon()
    for word, objects in (("tables", 3), ("cables", 40)):
        known.add("en", word, objects, titled=True)
    assert known.meant("qables") == "cables"


def test_a_far_commoner_word_is_meant_in_place_of_a_likelier_slip() -> None:
    words = Lexicon()
    for word, objects in {"lamp": 140, "amp": 1, "headset": 173, "header": 7, "spoon": 9, "spook": 8}.items():
        words.add("en", word, objects, titled=True)
    assert words.meant("almp", "en") == "lamp", "One edit, but the first letter is wrong."
    assert words.meant("headet", "en") == "headset", "The key of the other word is nearer."
    assert words.meant("spoom", "en") == "spoon", "Among words that are about as common, the nearer key decides."


def test_a_plural_with_a_slip_means_a_word_that_titles_have_in_the_singular() -> None:
    words = Lexicon()
    words.add("en", "book", 16, titled=True)
    assert spelt("bowks", words, "en").words == "book"
    assert spelt("cbooks", words, "en").words == "book"
    assert spelt("brooms", words, "en").words == "brooms"


def test_a_word_counts_for_the_languages_that_have_it() -> None:
    lexicon = Lexicon()
    for language, word in (("en", "lamp"), ("de", "lampe"), ("en", "sofa"), ("de", "sofa")):
        lexicon.add(language, word, 1, titled=True)
    assert lexicon.languages("Lampe, Sofa") == {"de": 1.5, "en": 0.5}
    assert lexicon.languages("") == {}


def test_an_empty_lexicon_changes_nothing() -> None:
    assert spelt("chiar", Lexicon()).changes == ()


@given(st.text(max_size=80))
def test_whatever_is_typed(lexicon: Lexicon, text: str) -> None:
    result = spelt(text, lexicon, "en")
    assert all(lexicon.knows(word) for _, meant in result.changes for word in meant.split())
    assert spelt(result.words, lexicon, "en").words == result.words


def test_a_beginning_is_one_of_a_longer_word() -> None:
    known = Lexicon()
    known.add("en", "lamps", 1, titled=True)
    assert [known.begins(word) for word in ("lam", "lamp", "lamps", "lampst", "z", "")] == [
        True,
        True,
        False,
        False,
        False,
        True,
    ]
    known.add("en", "lampstand", 1, titled=True)
    assert known.begins("lampst"), "Also after somebody has looked."


def test_it_may_be_read_while_words_are_added() -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that the threads meet in every place
    try:
        read_while_words_are_added()
    finally:
        sys.setswitchinterval(before)


def read_while_words_are_added() -> None:
    known = Lexicon()
    enough = threading.Event()

    def add() -> None:
        for number in itertools.takewhile(lambda number: not enough.is_set(), itertools.count()):
            # Each is in a new language and, for a while, of a new length.
            known.add(f"l{number}", "w" * (number % 2000 + 3), 1, titled=True)

    writer = threading.Thread(target=add)
    writer.start()
    try:
        for _ in range(300):
            known.knows("nothing")
            known.begins("wwwz")
            known.languages("www wwww")
            known.meant("wwwwwwww", "l1")
    finally:
        enough.set()
        writer.join()
    assert known.begins("www")


def test_words_whose_vowels_are_marks_are_words() -> None:
    assert list(words_of("लकड़ी की कुर्सी")) == ["लकडि", "कि", "कुर्सि"]
    known = Lexicon()
    known.add("hi", "कुर्सि", 3, titled=True)
    assert spelt("कुत्सि", known, "hi").changes == (("कुत्सि", "कुर्सि"),)


def test_the_words_of_a_text() -> None:
    assert list(words_of("Straße-Lampe")) == ["strasse", "lampe", "strasselampe"]
    assert list(words_of("Wi-Fi Router AX3000, Größe L, 红色")) == ["wi", "fi", "router", "grosse", "l", "wifi"]


# --- What is still being typed ------------------------------------------------------------------


@pytest.fixture(scope="module")
def brands() -> Lexicon:
    known = Lexicon()
    for language, words in (
        (
            "en",
            {"adidas": 20, "chair": 50, "chairs": 20, "chain": 5, "lamp": 40, "lampshade": 3, "tshirt": 9, "shirt": 30},
        ),
        ("de", {"stuhl": 30, "stuhlkissen": 2, "messinglampe": 4}),
        ("ru", {"диван": 9, "лампа": 7}),
        ("he", {"כיסא": 3}),
        ("ar", {"مصباح": 3}),
    ):
        for word, objects in words.items():
            known.add(language, word, objects, titled=True)
    known.add("en", "chanting", 99, titled=False)  # It stands in descriptions alone.
    return known


@pytest.mark.parametrize(
    ("typed", "finished", "endings"),
    [
        ("adid", "", ["adidas"]),
        ("adod", "", ["adidas"]),  # beside it on the keyboard
        ("addi", "", ["adidas"]),  # swapped
        ("aidid", "", ["adidas"]),  # one letter too many
        ("adfs", "adfs", []),  # two edits
        ("cha", "", ["chair", "chairs", "chain"]),
        ("chai", "", ["chair", "chairs", "chain"]),
        ("chiar", "", ["chair", "chairs"]),
        ("chiar lam", "chair", ["lamp", "lampshade"]),
        ("lamp", "lamp", []),  # a word of the shop already
        ("tsh", "", ["tshirt"]),
        ("T-sh", "", ["tshirt"]),
        ("red t-sh", "red", ["tshirt"]),
        ("usb-shi", "usb-", ["shirt"]),
        ("la", "la", []),  # Too many words begin so.
        ("xha", "xha", []),  # three letters are no slip
        ("Stühl", "", ["stuhl", "stuhlkissen"]),
        ("Mässin", "", ["messinglampe"]),
        ("дива", "", ["диван"]),
        ("лампв", "", ["лампа"]),
        ("כיס", "", ["כיסא"]),
        ("مصبا", "", ["مصباح"]),
        ("m4", "m4", []),
        ("红色", "红色", []),
        ("", "", []),
    ],
)  # fmt: skip
def test_what_an_unfinished_word_may_become(brands: Lexicon, typed: str, finished: str, endings: list[str]) -> None:
    result = unfinished(typed, brands, "en")
    assert (result.words, [each.word for each in result.endings]) == (finished, endings)
    assert all(each.word.startswith(each.typed) for each in result.endings)


def test_an_unfinished_word_of_the_page_s_language_comes_first(brands: Lexicon) -> None:
    both = Lexicon()
    for language, word, objects in (("en", "tablet", 50), ("de", "tablett", 2), ("de", "tabakdose", 1)):
        both.add(language, word, objects, titled=True)
    assert [each.word for each in both.begun("tab", "de")] == ["tablett", "tabakdose", "tablet"]
    assert [each.word for each in both.begun("tab", "en")] == ["tablet", "tablett", "tabakdose"]
    assert len(both.begun("tab", "en", most=2)) == 2


def test_a_word_of_another_language_alone_may_be_a_beginning_or_a_slip() -> None:
    shop = Lexicon()
    for language, word, objects in (("en", "lamp", 9), ("fr", "lame", 2), ("en", "chair", 9), ("it", "chiaro", 2)):
        shop.add(language, word, objects, titled=True)
    shop.add("it", "lampo", 2, titled=False)

    def endings(typed: str, language: str) -> list[str]:
        return [each.word for each in unfinished(typed, shop, language).endings]

    assert endings("lam", "en") == ["lamp", "lame"], "It is a form of a French word, too."
    assert endings("lam", "fr") == []
    assert endings("chiar", "en") == ["chiaro", "chair"]
    assert endings("chiar", "it") == ["chiaro"]
    assert endings("chiar", "de") == ["chiaro"], "The shop has no German word that could be meant."
    assert endings("lampo", "en") == [], "Known words are no slips."


def test_without_slips_only_what_begins_so(brands: Lexicon) -> None:
    assert unfinished("chiar lam", brands, "en", slips=False).words == "chiar"
    assert unfinished("adod", brands, "en", slips=False) == Unfinished("adod")


@given(st.text(max_size=60))
def test_whatever_is_being_typed(brands: Lexicon, text: str) -> None:
    result = unfinished(text, brands, "en")
    assert all(brands.is_titled(each.word) for each in result.endings)
    assert len(result.endings) <= MOST_BEGUN


@pytest.mark.parametrize(("words", "language"), [("rote lampe", "de"), ("rose stuhl", "fr"), ("grene chair", "en")])
def test_a_colour_that_no_title_names_is_no_slip(words, language) -> None:
    known = Lexicon()
    for word in ("note", "rosen", "green", "lampe", "stuhl", "chair"):
        known.add("en", word, 5, titled=True)
    assert spelt(words, known, language).words == words.replace("grene", "green")
