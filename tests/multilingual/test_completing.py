"""Phrases of titles, those that go on as typed, and the marks of what was typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multilingual.completing import Completions, Phrase, goes_on, parts, phrases_of, plain, plain_forms, uncovered


def marked(title: str, typed: str) -> str:
    return "".join(f"[{text}]" if was_typed else text for text, was_typed in parts(title, plain(typed)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T-Shirt, Größe ½", "tshirt grosse 1 2\nt shirt grosse 1 2"),
        ("USB-C hub", "usbc hub\nusb c hub"),
        ("Red  chair", "red chair"),
        ('1½" pipe', "1 1 2 pipe"),
        ("2.5 m", "2 5 m"),
        ("M4x20", "m4x20"),
        ("كُرسي", "كرسي"),
        ("红色 LED灯", "红色 led灯\n红色 led 灯"),
        ("", ""),
        ("-, -", ""),
    ],
)
def test_texts_are_compared_as_people_type_them(text: str, expected: str) -> None:
    assert plain_forms(text) == expected
    assert plain(text) == expected.partition("\n")[0]


@pytest.mark.parametrize(
    ("title", "language", "expected"),
    [
        ("Red desk lamp", "en", ["red", "red desk", "red desk lamp", "desk", "desk lamp", "lamp"]),
        ("Cover for the chair", "en", ["cover", "cover for the chair", "chair"]),
        ("Lampe für den Tisch", "de", ["lampe", "lampe für den tisch", "tisch"]),
        ("Lamp, red/blue", "en", ["lamp", "red", "blue"]),
        ("USB-C hub", "en", ["usb-c", "usb-c hub", "hub"]),
        ("Pipe 1/2 inch", "en", ["pipe", "pipe 1/2", "pipe 1/2 inch", "1/2 inch", "inch"]),
        ("A 42 b", "en", ["42 b"]),
        ("灯 42", "zh", ["灯", "灯 42"]),
        ("lamp lamp", "en", ["lamp", "lamp lamp"]),
        ("", "en", []),
    ],
)
def test_what_may_be_asked_of_a_title(title: str, language: str, expected: list[str]) -> None:
    assert list(phrases_of(title, language)) == expected


def test_no_phrase_is_longer_than_four_words() -> None:
    assert max(len(phrase.split()) for phrase in phrases_of("one two three four five six", "und")) == 4


def test_a_phrase_that_a_longer_one_covers_is_left_out() -> None:
    counts = {
        ("en", "led"): 90, ("en", "led desk"): 10, ("en", "led desk lamp"): 9, ("en", "desk"): 60, ("en", "lamp"): 200,
        ("en", "desk lamp"): 40, ("de", "led desk"): 10,
    }  # fmt: skip
    assert set(counts) - set(uncovered(counts)) == {("en", "led desk")}, (
        "Nine of ten are lamps; in German nobody knows."
    )


@pytest.fixture(scope="module")
def completions() -> Completions:
    said = [
        ("office chair", 80, "en"), ("chair cover", 10, "en"), ("chair", 200, "en"), ("usb-c cable", 9, "en"),
        ("chaise longue", 30, "fr"), ("stuhl", 20, "de"), ("Chalmers", 4, ""), ("红色连衣裙", 6, "zh"), ("½ pipe", 5, "en"),
    ]  # fmt: skip
    return Completions(Phrase(text, plain_forms(text), objects, language) for text, objects, language in said)


@pytest.mark.parametrize(
    ("typed", "language", "expected"),
    [
        ("cha", "en", ["chair", "chair cover", "Chalmers", "office chair"]),
        ("cha", "fr", ["chaise longue", "Chalmers"]),
        ("cha", None, ["Chalmers"]),
        ("chai", None, ["chair", "chaise longue", "chair cover", "office chair"]),
        ("chai", "de", ["chair", "chaise longue", "chair cover", "office chair"]),
        ("chair c", "en", ["chair cover"]),
        ("office ch", "en", ["office chair"]),
        ("air", "en", []),  # no word begins so
        ("usb-c c", "en", ["usb-c cable"]),
        ("usbc", "en", ["usb-c cable"]),
        ("usb c", "en", ["usb-c cable"]),
        ("stü", "en", ["stuhl"]),
        ("连衣", "zh", ["红色连衣裙"]),
        ("1/2", "en", ["½ pipe"]),
        ("chairs", "en", []),
    ],
)
def test_phrases_go_on_as_typed(completions: Completions, typed: str, language: str, expected: list[str]) -> None:
    assert [phrase.text for phrase in completions.find(plain(typed), language, most=9)] == expected
    assert [phrase.text for phrase in completions.find(plain(typed), language, most=1)] == expected[:1]


def test_without_phrases_none_is_found() -> None:
    assert Completions().find("cha", "en", most=9) == []


@pytest.mark.parametrize(
    ("title", "typed", "expected"),
    [
        ("Red chair", "cha", "Red [cha]ir"),
        ("Red chair", "red cha", "[Red cha]ir"),
        ("Chair, red", "red cha", "[Cha]ir, [red]"),
        ("Chair", "air", "Chair"),
        ("T-Shirt", "tsh", "[T-Sh]irt"),
        ("USB-C hub", "usb c", "[USB-C] hub"),
        ("Größe", "gros", "[Größ]e"),
        ("Cafe\u0301 noir", "cafe", "[Cafe\u0301] noir"),
        ("½ pipe", "1/2", "[½] pipe"),
        ('1/2" pipe', "½ p", '[1/2" p]ipe'),
        ("红色连衣裙", "连衣", "红色[连衣]裙"),
        ("ソファ", "そふ", "[ソフ]ァ"),
        ("كُرسي خشب", "كرس", "[كُرس]ي خشب"),
        ("Ёлка", "елк", "[Ёлк]а"),
        ("कुर्सी", "कुर", "[कुर]्सी"),
        ("lamp lamp", "lamp", "[lamp] lamp"),
        ("", "x", ""),
    ],
)
def test_what_was_typed_is_marked(title: str, typed: str, expected: str) -> None:
    assert marked(title, typed) == expected


def test_how_a_title_goes_on() -> None:
    titles = ["Table of oak", "Stool of oak", "Oak and a stool", "Oak stool"]
    assert [goes_on(title, plain("stool")) for title in ("Stool of oak", "Oak stool")] == [
        (False, False, False),
        (True, False, False),
    ]
    assert sorted(titles, key=lambda title: goes_on(title, plain("oak stoo"))) == [
        "Oak stool", "Stool of oak", "Oak and a stool", "Table of oak",
    ]  # fmt: skip


texts = st.text(max_size=40) | st.text("aeßİıéКё灯ソ½/-.,' 12ا\u0301\u0651", max_size=20)


@given(texts, texts)
def test_marks_change_nothing_of_a_title(title: str, typed: str) -> None:
    assert "".join(text for text, _ in parts(title, plain(typed))) == title
    goes_on(title, plain(typed))


@given(texts)
def test_every_text_goes_on_as_itself(text: str) -> None:
    typed = plain(text)
    completions = Completions([Phrase(text, plain_forms(text), 1)])
    assert typed == "" or [phrase.text for phrase in completions.find(typed, None, most=1)] == [text]
    assert all(plain(phrase) for phrase in phrases_of(text, "en"))
