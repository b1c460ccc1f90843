"""Words of a question are marked where a text says them, and nowhere else."""

from __future__ import annotations

import pytest

from visual_search.features.compatibility.highlighting import Marker


def marked(query: str, text: str, language: str | None = "en") -> str:
    return Marker.of(query, language, before="[", after="]").marked(text)["value"]


@pytest.mark.parametrize(
    ("query", "text", "language", "value"),
    [
        ("red chair", "Red chair", "en", "[Red] [chair]"),
        ("chairs", "Chair, red; chairs", "en", "[Chair], red; [chairs]"),
        ("cha", "Red chair", "en", "Red [chair]"),  # the last word may be unfinished,
        ("cha red", "Red chair", "en", "[Red] chair"),  # and no other
        ("hair", "Red chair", "en", "Red chair"),
        ("stühle", "Roter Stuhl", "de", "Roter [Stuhl]"),
        ("stuhle", "Rote Stühle", "de", "Rote [Stühle]"),
        ("CAFÉ", "Un café noir", None, "Un [café] noir"),
        ("椅子", "赤い椅子", "ja", "赤い[椅子]"),
        ("stul", "Красный стул", "ru", "Красный стул"),
        ("стул", "Красные стулья", "ru", "Красные [стулья]"),
        ("sofa", "Red chair", "en", "Red chair"),
        ("", "Red chair", "en", "Red chair"),
        ("*?", "a * b", "en", "a * b"),
        ("b", "<b>bold</b>", "en", "<[b]>[bold]</[b]>"),
    ],
)
def test_marks(query, text, language, value) -> None:
    assert marked(query, text, language) == value
    assert value.replace("[", "").replace("]", "") == text


def test_it_says_which_words_were_found() -> None:
    marker = Marker.of("red wooden chair", "en")
    assert marker.marked("Red chair") == {
        "value": "<em>Red</em> <em>chair</em>",
        "matchLevel": "partial",
        "matchedWords": ["red", "chair"],
    }
    assert marker.marked("Wooden chair in red")["matchLevel"] == "full"
    assert marker.marked("Sofa") == {"value": "Sofa", "matchLevel": "none", "matchedWords": []}
    assert Marker.of("", "en").marked("Sofa")["matchLevel"] == "none"
