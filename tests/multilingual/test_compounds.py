"""A word meets the compounds of a shop that it is the last part of, and nothing that merely ends with its letters."""

from __future__ import annotations

import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multilingual.analysis import stem_of
from multilingual.compounds import HEAD, LIKELY, MOST_OF_A_WORD, MOST_RELATED, PARTS, SURE
from multilingual.spelling import Lexicon, spelt

GOODS = {
    "de": "Esstisch Holztisch Holz Kinderbett Kinder Gartentisch Garten Nachtisch optisch praktisch hektisch automatisch romantisch Roman "
    "romantischer Tischlampe Tisch Lampe Schlampe Wandlampe Stehlampe Kuckucksuhr Uhr Tastatur Aufruhr Fussball Ball "
    "Geburtstagstorte Stuhl Hochstuhl Instrument Haifisch grafisch Fisch Tablett",
    "nl": "eettafel tafel koffietafel koffie keukenkastje gebied slaapkamer kamer",
    "sv": "matbord bord köksbord kök skrivbord ombord nattlampa lampa torskfisk torsk grafisk grafiska fisk",
    "da": "spisebord bord sengelampe lampe",
    "nb": "spisebord bord nattlampe lampe",
    "fi": "ruokapöytä pöytä keittiönpöytä keittiö kahvikuppi kuppi",
}  # fmt: skip


def lexicon_of(words: str, language: str) -> Lexicon:
    lexicon = Lexicon()
    for word in words.split():
        lexicon.add(language, word.lower().translate(str.maketrans("äöåü", "aoau")), 1, titled=True)
    return lexicon


def stands_for(word: str, language: str, words: str | None = None) -> set[str]:
    lexicon = lexicon_of(words or GOODS[language], language)
    term = stem_of(word.lower(), language)
    related = lexicon.related(word, [language])
    assert {(each.language, each.term) for each in related} <= {(language, term)}
    return {" ".join(each.alternative) for each in related if each.whole}


@pytest.mark.parametrize(
    ("word", "language", "compounds"),
    [
        ("Tisch", "de", {"esstisch", "holztisch", "gartent"}),
        ("Tische", "de", {"esstisch", "holztisch", "gartent"}),
        ("Lampe", "de", {"tischlamp", "wandlamp", "stehlamp"}),
        ("Lampen", "de", {"tischlamp", "wandlamp", "stehlamp"}),
        ("Stühle", "de", {"hochstuhl"}),
        ("Uhr", "de", {"kuckucksuhr"}),
        ("Bett", "de", {"kinderbett"}),
        ("Fisch", "de", {"haifisch"}),
        ("Ball", "de", {"fussball"}),
        ("Ente", "de", set()),
        ("All", "de", set()),
        ("der", "de", set()),
        ("tafel", "nl", {"eettafel", "koffietafel"}),
        ("kamer", "nl", {"slaapkamer"}),
        ("bord", "sv", {"matbord", "koksbord", "skrivbord"}),
        ("lampor", "sv", {"nattlamp"}),
        ("fisk", "sv", {"torskfisk"}),
        ("bord", "da", {"spisebord"}),
        ("lampe", "nb", {"nattlamp"}),
        ("pöytä", "fi", {"ruokapoy", "keittionpoy"}),
        ("kuppi", "fi", {"kahvikup"}),
    ],
)
def test_a_word_stands_for_the_compounds_that_end_with_it(word: str, language: str, compounds: set[str]) -> None:
    assert stands_for(word, language) == compounds


def test_in_languages_that_write_words_apart_nothing_is_related() -> None:
    assert lexicon_of("carpet pet desktop top", "en").related("pet top", ["en", "und", "xx"]) == ()
    assert lexicon_of(GOODS["de"], "de").related("Tisch", ["en", "sv"]) == ()


def test_of_another_language_only_what_the_shop_does_not_know_is_widened() -> None:
    lexicon = lexicon_of("kaffeeautomat kaffee", "de")
    lexicon.add("es", "tomate", 1, titled=True)
    lexicon.add("sv", "matbord", 1, titled=True)
    lexicon.add("da", "bord", 1, titled=True)
    assert lexicon.related("tomate", ["de", "es"], "es") == ()
    assert [each.alternative for each in lexicon.related("automat", ["de", "es"], "es")] == [("kaffeeautomat",)]
    assert lexicon_of("esstisch", "de").related("tisch", ["de", "es"], "es") == ()
    assert [each.alternative for each in lexicon.related("bord", ["de", "sv", "da"], "da")] == [("matbord",)]


def test_what_surely_is_a_compound_counts_more_and_comes_first() -> None:
    shares = {
        each.alternative[0]: each.share for each in lexicon_of("esstisch holztisch holz", "de").related("tisch", ["de"])
    }
    assert list(shares.items()) == [("holztisch", SURE), ("esstisch", LIKELY)]


def test_a_compound_that_the_shop_lacks_stands_for_its_parts() -> None:
    related = lexicon_of("garten stuhl klappstuhl geburtstag kuchen", "de").related("gartenstuhl", ["de"])
    assert [(each.alternative, each.share, each.whole) for each in related] == [
        (("gart", "stuhl"), PARTS, True), (("stuhl",), HEAD, False), (("klappstuhl",), HEAD * SURE, False),
    ]  # fmt: skip
    linked = lexicon_of("geburtstag kuchen", "de").related("geburtstagskuchen", ["de"])
    assert linked[0].alternative == ("geburtstag", "kuch")
    assert lexicon_of("gartenstuhl garten stuhl", "de").related("gartenstühle", ["de"]) == ()


def test_two_words_stand_for_the_compound_that_they_make() -> None:
    related = lexicon_of("geburtstagstorte", "de").related("geburtstag torte", ["de"])
    assert {(each.term, each.alternative) for each in related if each.share == 1.0} == {
        ("geburtstag", ("geburtstagstort",)), ("tort", ("geburtstagstort",)),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "language", "searched"),
    [
        ("pöytä", "fi", "pöytä"),
        ("Kissenbezug", "de", "Kissenbezug"),
        ("gartentisch", "de", "gartentisch"),
        ("kissenbezgu", "de", "bezug"),
    ],
)
def test_words_that_compounds_are_made_of_are_no_slips(typed: str, language: str, searched: str) -> None:
    words = "ruokapöytä puuta" if language == "fi" else "kissen bezug kartentisch garten tisch"
    meant = spelt(typed, lexicon_of(words, language), language)
    assert (meant.words if meant.changes else typed) == (searched if searched != "bezug" else typed)


def test_a_common_word_stands_for_a_bounded_number_of_compounds() -> None:
    letters = "bcdfghjklm"
    firsts = [f"{a}a{b}o{c}" for a in letters for b in letters for c in letters]
    lexicon = lexicon_of(" ".join(f"{first}tisch" for first in firsts), "de")
    assert len(lexicon.related("tisch", ["de"])) == MOST_OF_A_WORD
    assert len(lexicon.related("tisch " * 6, ["de"])) <= MOST_RELATED
    assert len(lexicon.related("tisch " * 9000, ["de"])) <= MOST_RELATED


def test_compounds_are_known_as_soon_as_they_are_added() -> None:
    lexicon = lexicon_of("esstisch", "de")
    assert len(lexicon.related("tisch", ["de"])) == 1
    lexicon.add("de", "holztisch", 1, titled=True)
    assert {each.alternative[0] for each in lexicon.related("tisch", ["de"])} == {"esstisch", "holztisch"}


@given(st.text(max_size=80))
def test_whatever_is_asked(text: str) -> None:
    for language, words in GOODS.items():
        for each in lexicon_of(words, language).related(text, [language]):
            assert 0 < each.share <= 1
            assert all(each.alternative)


def test_they_may_be_asked_while_words_are_added() -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that the threads meet in every place
    lexicon = lexicon_of("holz", "de")
    enough = threading.Event()

    def add() -> None:
        for number in range(20_000):
            if enough.is_set():
                return
            lexicon.add(
                "de",
                f"{'abcdefghij'[number % 10]}{'abcdefghij'[number // 10 % 10] * (number % 30)}tisch",
                1,
                titled=True,
            )

    writer = threading.Thread(target=add)
    writer.start()
    try:
        for _ in range(100):
            lexicon.related("tisch holztisch", ["de"])
    finally:
        enough.set()
        writer.join()
        sys.setswitchinterval(before)
    lexicon.add("de", "holztisch", 1, titled=True)
    assert ("holztisch",) in {each.alternative for each in lexicon.related("tisch", ["de"])}
