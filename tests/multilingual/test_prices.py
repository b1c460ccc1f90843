"""Ranges of prices in words: which words ask for one, and which don't."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multilingual import prices

# currency, question, what is left of it, the least and the most
READ = [
    ("EUR", "lamp under 100 euro", "lamp", None, 100),
    ("EUR", "lamp for less than 100 EUR please", "lamp please", None, 100),
    ("EUR", "Lamp, under €100.50", "Lamp", None, 100.5),
    ("EUR", "lamp between 20 and 50", "lamp", 20, 50),
    ("EUR", "between 50 and 20 euro", "", 20, 50),
    ("EUR", "lamp under 50", "lamp", None, 50),
    ("EUR", "price up to 50 lamp", "lamp", None, 50),
    ("EUR", "lamp 20-50 €", "lamp", 20, 50),
    ("EUR", "lamp 30 euros or less", "lamp", None, 30),
    ("EUR", "over 20 euro under 50 euro", "", 20, 50),
    ("EUR", "lamp more than 20 and less than 50 euro", "lamp", 20, 50),
    ("EUR", "Lampe über 20 und unter 50 Euro", "Lampe", 20, 50),
    ("EUR", "lampe plus de 20 € et moins de 50 €", "lampe", 20, 50),
    ("EUR", "lamp from 20 up to 50 euro", "lamp", 20, 50),
    ("EUR", "shoes size 36-42 under 80 euro", "shoes size 36-42", None, 80),
    ("USD", "less than $30", "", None, 30),
    ("USD", "$1,250 and up", "", 1250, None),
    ("USD", "between $20 and $50", "", 20, 50),
    ("EUR", "Lampe bis 50 €", "Lampe", None, 50),
    ("EUR", "Lampe ab 20 Euro", "Lampe", 20, None),
    ("EUR", "Sofa von 1.000 bis 2.000 Euro", "Sofa", 1000, 2000),
    ("EUR", "Lampe für höchstens 50,50 Euro", "Lampe", None, 50.5),
    ("CHF", "Sofa unter 1'000 Franken", "Sofa", None, 1000),
    ("EUR", "lampe à moins de 40 euros", "lampe", None, 40),
    ("EUR", "lampe de 20 à 50 €", "lampe", 20, 50),
    ("EUR", "lampe jusqu’à 50 €", "lampe", None, 50),
    ("EUR", "lámpara menos de 30", "lámpara", None, 30),
    ("EUR", "lampara mas de 30 euros", "lampara", 30, None),
    ("EUR", "lampada da 20 a 50 euro", "lampada", 20, 50),
    ("EUR", "lampada fino a 50 €", "lampada", None, 50),
    ("EUR", "candeeiro até 50 euros", "candeeiro", None, 50),
    ("BRL", "luminária entre 20 e 50 reais", "luminária", 20, 50),
    ("EUR", "lamp tot 50 euro", "lamp", None, 50),
    ("EUR", "lamp tussen 20 en 50", "lamp", 20, 50),
    ("RUB", "лампа до 50 рублей", "лампа", None, 50),
    ("RUB", "лампа от 20 до 50 руб.", "лампа", 20, 50),
    ("RUB", "лампа дешевле 500", "лампа", None, 500),
    ("PLN", "lampa do 50 zł", "lampa", None, 50),
    ("PLN", "lampa od 20 do 50 zlotych", "lampa", 20, 50),
    ("TRY", "80 TL altı lamba", "lamba", None, 80),
    ("TRY", "80 TL'ye kadar lamba", "lamba", None, 80),
    ("TRY", "lamba 50-100 TL arası", "lamba", 50, 100),
    ("CNY", "100元以内的椅子", "椅子", None, 100),
    ("CNY", "椅子 低于100元", "椅子", None, 100),
    ("CNY", "价格100到200 椅子", "椅子", 100, 200),
    ("JPY", "50円以下", "", None, 50),
    ("JPY", "５０００円以下の椅子", "椅子", None, 5000),
    ("JPY", "椅子 1万円以上", "椅子", 10_000, None),
    ("JPY", "1000円から2000円", "", 1000, 2000),
    ("SEK", "lampa högst 500 kronor", "lampa", None, 500),
    ("SEK", "lampa mellan 200 och 500 kr", "lampa", 200, 500),
    ("CZK", "lampa do 500 Kč", "lampa", None, 500),
    ("CZK", "lampa mezi 200 a 500", "lampa", 200, 500),
    ("KRW", "5만원 이하 의자", "의자", None, 50_000),
    ("", "lamp price under 50", "lamp", None, 50),
]  # fmt: skip

WORDS = [
    ("EUR", "shelf under 100 cm"),
    ("EUR", "shelf between 50 and 80 cm"),
    ("EUR", "price under 100 cm shelf"),
    ("EUR", "toys for under 5 years"),
    ("EUR", "toys for under 5"),
    ("EUR", "toys for kids under 12"),
    ("EUR", "Spielzeug für Kinder unter 3"),
    ("EUR", "Spielzeug ab 3"),
    ("EUR", "battery up to 50"),
    ("EUR", "pack of 20 - 50"),
    ("EUR", "from 36 to 42"),
    ("EUR", "lamp under 50 dollars"),
    ("EUR", "lamp under $50"),
    ("EUR", "lamp under US$50"),
    ("EUR", "price under 50 dollars"),
    ("CAD", "lamp under US$50"),
    ("EUR", "under 50 % off"),
    ("EUR", "price under 50% off"),
    ("EUR", "AB-20 EUR"),
    ("EUR", "X100-200€"),
    ("EUR", "EUR-50-100-A"),
    ("EUR", "lamp 50 euro"),
    ("EUR", "over 100 euro under 50 euro"),
    ("EUR", "over 100 and under 50 euro"),
    ("EUR", "over 20 and under 50"),
    ("EUR", "under 0 euro"),
    ("EUR", "under armour 100"),
    ("EUR", "wonder 50 euro or lesser"),
    ("EUR", "under 50-inch"),
    ("EUR", "椅子50以下"),
    ("", "lamp under 50 euro"),
    ("EUR", "between euro and euro"),
    ("EUR", "red chair"),
    ("EUR", ""),
]


@pytest.mark.parametrize(("currency", "words", "left", "least", "most"), READ)
def test_a_range_is_read_and_leaves_the_words(currency, words, left, least, most) -> None:
    rest, ranges = prices.split(words, currency)
    assert rest == left
    ends = [(one.at_least, one.at_most) for one in ranges]
    assert max((low for low, _ in ends if low is not None), default=None) == least
    assert min((high for _, high in ends if high is not None), default=None) == most
    assert all(one.text and one.text in words for one in ranges)


@pytest.mark.parametrize(("currency", "words"), WORDS)
def test_everything_else_stays_words(currency, words) -> None:
    assert prices.split(words, currency) == (words, ())


def test_the_examples() -> None:
    assert doctest.testmod(prices).failed == 0


PIECES = st.sampled_from([
    "under", "less than", "bis", "à", "de", "between", "and", "20", "1,000", "1 000", "9" * 40, "50€", "euro", "$", "円",
    "以下", "-", ".", ",", " ", "  ", "cm", "price", "kids", "\u0130", "\u0301", "½", "٣", "²",
])  # fmt: skip


@given(
    words=st.lists(PIECES | st.text(max_size=5), max_size=40).map(" ".join),
    currency=st.sampled_from(["EUR", "JPY", ""]),
)
def test_whatever_is_asked_ranges_are_parts_of_it_and_have_an_end(words, currency) -> None:
    rest, ranges = prices.split(words, currency)
    assert rest == words if not ranges else len(rest) < len(words)
    for one in ranges:
        assert one.text in words
        ends = [end for end in (one.at_least, one.at_most) if end is not None]
        assert ends
        assert ends == sorted(ends)
        assert all(0 <= end < 1e14 for end in ends)


# A pattern that looks at the whole text for each of its numbers takes minutes here, and the test ends never.
@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "1 ",
        "1 000 ",
        "1,000,",
        "under ",
        "under 1 ",
        "between 1 and ",
        "de 1 à ",
        "20-50 €",
        "price under 12 ",
        "€",
        "1円",
    ],
)
def test_a_long_question_of_numbers_is_read_at_once(piece) -> None:
    text = piece * (200_000 // len(piece)) + "under 1"
    rest, ranges = prices.split(text, "EUR")
    assert len(rest) <= len(text)
    assert len(ranges) <= 200_000 // len(piece) + 1
