import pytest
from hypothesis import given
from hypothesis import strategies as st

from multilingual.detection import detect
from multilingual.languages import LANGUAGES


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("rote Lampe mit Schirm", "de"),
        ("lamp with a shade", "en"),
        ("lampe pour la cuisine", "fr"),
        ("стул", "ru"),
        ("стілець", "uk"),
        ("椅子", "zh"),
        ("いす", "ja"),
        ("木製の椅子", "ja"),
        ("의자", "ko"),
        ("كرسي", "ar"),
        ("krzesło", "pl"),
        ("ghế gỗ", "vi"),
        ("καρέκλα", "el"),
        ("เก้าอี้", "th"),
    ],
)
def test_what_tells_itself(text: str, language: str) -> None:
    assert detect(text).language == language


@pytest.mark.parametrize("text", ["chair", "sofa", "table", "123", "", "XL-2000"])
def test_what_does_not_tell_is_not_guessed(text: str) -> None:
    assert detect(text).language is None


def test_the_page_decides_where_nothing_else_does() -> None:
    assert detect("table", hint="fr").language == "fr"
    assert detect("椅子", hint="ja").language == "ja"
    assert detect("стул", hint="fr").language == "ru"


def test_only_candidates_are_given() -> None:
    assert detect("стул", candidates=["en", "de"]).language is None
    assert detect("rote Lampe mit Schirm", candidates=["en", "fr"]).language is None


@given(st.text(), st.sampled_from([None, *LANGUAGES]))
def test_any_text_gets_an_answer(text: str, hint: str | None) -> None:
    found = detect(text, hint=hint)
    assert found.language is None or found.language in LANGUAGES
    assert 0.0 <= found.confidence <= 1.0
