"""Words of danger in every language, and display codes whose characters look alike."""

from __future__ import annotations

import pytest

from tests.features.customer_service.desk import fill_dangers
from visual_search.features.customer_service import codes, dangers
from visual_search.features.customer_service.kinds import Danger
from visual_search.features.customer_service.models import DangerWords

DANGERS = [
    ("there is a smell of gas near the hob", Danger.GAS),
    ("es riecht nach Gas", Danger.GAS),
    ("ça sent le gaz dans la cuisine", Danger.GAS),
    ("huele a gas", Danger.GAS),
    ("cheiro de gás no fogão", Danger.GAS),
    ("هناك رائحة غاز", Danger.GAS),
    ("ガス漏れかもしれない", Danger.GAS),
    ("厨房有煤气味", Danger.GAS),
    ("smoke comes out of the back", Danger.FIRE),
    ("aus dem Gerät kommt Rauch", Danger.FIRE),
    ("l'appareil fume", Danger.FIRE),
    ("sale humo del enchufe", Danger.FIRE),
    ("洗衣机冒烟了", Danger.FIRE),
    ("コンセントから火花が出た", Danger.FIRE),
    ("I got an electric shock", Danger.MAINS),
    ("ich habe einen Stromschlag bekommen", Danger.MAINS),
    ("me da calambre al tocarla", Danger.MAINS),
    ("levei um choque", Danger.MAINS),
    ("my son is bleeding", Danger.INJURY),
    ("mein Kind hat sich verletzt", Danger.INJURY),
    ("il s'est blessé", Danger.INJURY),
    ("子どもがけがをした", Danger.INJURY),
    ("孩子的手被夹伤了", Danger.INJURY),
]
HARMLESS = [
    "the gas lift of my office chair sinks",
    "die Gasfeder ist müde",
    "the lamp does not light",
    "die Lampe brennt nicht",
    "a drawer jams",
    "the fireplace shelf is loose",
    "el cajón se atasca",
    "水が残る",
    "gaslight style lamp wanted",
]


def test_danger_is_heard_in_each_language(db) -> None:
    fill_dangers()
    for words, kind in DANGERS:
        found = dangers.warned(words, "de")
        assert found is not None, words
        assert found.kind is kind, words
        assert found.advice == DangerWords.objects.get(kind=kind, language="de").advice


def test_what_is_harmless_is_searched(db) -> None:
    fill_dangers()
    assert [words for words in HARMLESS if dangers.warned(words, "en")] == []


def test_the_owner_changes_the_words(db) -> None:
    DangerWords.objects.all().delete()
    assert dangers.warned("es riecht nach Gas", "de") is None
    DangerWords.objects.create(kind="gas", language="nl", words="ruik* gas", unless="gasveer", advice="Ga naar buiten.")
    found = dangers.warned("Ik ruik gas", "fr")
    assert found is not None
    assert found.advice == "Ga naar buiten."  # better another language than none
    assert dangers.warned("ik ruik de gasveer", "nl") is None


@pytest.mark.parametrize(
    ("words", "known", "found"),
    [
        ("the display says H2", ["42"], {"42"}),
        ("U O blinkt", ["U0"], {"00"}),
        ("code 00", ["U0"], {"00"}),
        ("Error E:1-5", ["E15"], {"E15"}),
        ("ｅ１５ と出る", ["E-15"], {"E15"}),
        ("the 42 cm shelf", ["H2"], set()),
        ("42% of it", ["H2"], set()),
        ("ho ho", ["40"], set()),
        ("it reads HO", ["40"], {"40"}),
        ("E150", ["E15"], set()),
        ("anything", [], set()),
        ("", ["E1"], set()),
    ],
)
def test_codes_in_words(words, known, found) -> None:
    assert codes.in_words(words, known) == found
