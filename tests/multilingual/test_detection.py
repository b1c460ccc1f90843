import pytest
from hypothesis import given
from hypothesis import strategies as st

from multilingual.detection import Detection, detect
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


@pytest.mark.parametrize(
    ("text", "script", "language"),
    [
        ("kırmızı sandalye", "Latin", "tr"),
        ("красный стул", "Cyrillic", "ru"),
        ("κόκκινη καρέκλα", "Greek", "el"),
        ("كرسي أحمر", "Arabic", "ar"),
        ("כיסא אדום", "Hebrew", "he"),
        ("लाल कुर्सी", "Devanagari", "hi"),
        ("লাল চেয়ার", "Bengali", "bn"),
        ("சிவப்பு நாற்காலி", "Tamil", "ta"),
        ("เก้าอี้สีแดง", "Thai", "th"),
        ("ຕັ່ງສີແດງ", "Lao", "lo"),
        ("កៅអីក្រហម", "Khmer", "km"),
        ("წითელი სკამი", "Georgian", "ka"),
        ("կարմիր աթոռ", "Armenian", "hy"),
        ("빨간 의자", "Hangul", "ko"),
        ("赤いイス", "Kana", "ja"),
        ("红色椅子", "Han", "zh"),
    ],
)
def test_each_script_is_known_with_its_language(text: str, script: str, language: str) -> None:
    detection = detect(text)
    assert (detection.script, detection.language) == (script, language)
    assert detect(text, candidates=[language]) == detection
    assert detect(text, candidates=["xx"]) == Detection(None, 0.0, script)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("услон для воўка", "be"), ("црвена столица ђак", "sr"), ("жұмсақ үстел", "kk"),
        ("سرخ کرسی ہے", "ur"), ("صندلی چوبی", "fa"),
        ("den röda stolen på golvet", "sv"), ("en rød stol af træ", "da"), ("červená židle pro děti", "cs"),
        ("scaun roșu și masă", "ro"), ("piros szék és az asztal", "hu"), ("silla roja para niños", "es"),
        ("cadeira vermelha não", "pt"), ("sedia rossa per il tavolo", "it"), ("rode stoel voor het kind", "nl"),
        ("tuoli ja matto ilman jalkaa", "fi"), ("kursi merah untuk anak", "id"), ("krēsls ķirsis", "lv"),
        ("raudona kėdė", "lt"),
    ],
)  # fmt: skip
def test_letters_and_small_words_tell_languages_of_one_script_apart(text: str, language: str) -> None:
    assert detect(text).language == language


def test_confidence_grows_with_what_tells() -> None:
    one, two, many = (detect(text).confidence for text in ("lamp with", "lamp with the", "a lamp with the shade of an"))
    assert (one, two, many) == (0.75, 1.0, 1.0)
    assert detect("कुर्सी").confidence == 0.5, "others than Hindi are written so, too"
    assert detect("כיסא").confidence == 1.0
    assert detect("椅子").confidence == 0.7
    assert detect("table", hint="fr").confidence == 0.3


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
    detection = detect(text, hint=hint)
    assert detection.language is None or detection.language in LANGUAGES
    assert 0.0 <= detection.confidence <= 1.0


@pytest.mark.parametrize(
    ("text", "hint", "language"),
    [
        ("iphone 15 pro", "en", "en"),
        ("câble", "fr", "fr"),
        ("9 w led", "de", "de"),
        ("mit", "en", "en"),
        ("Stühle", "en", "de"),
        ("für Kinder", "en", "de"),
        ("silla roja para niños", "en", "es"),
        ("table à manger", "fr", "fr"),
        ("стілець", "ru", "uk"),
        ("สตูล", "en", "th"),
    ],
)
def test_the_page_counts_beside_what_the_text_shows(text: str, hint: str, language: str) -> None:
    assert detect(text, hint=hint).language == language


@pytest.mark.parametrize(
    ("votes", "language"),
    [({}, "en"), ({"de": 1.0}, "en"), ({"de": 2.0}, "de"), ({"de": 2.0, "en": 2.0}, "en"), ({"xx": 9.0}, "en")],
)
def test_words_that_the_shop_has_count_for_their_language(votes: dict[str, float], language: str) -> None:
    assert detect("rote lampe", hint="en", votes=votes, candidates=["en", "de"]).language == language
