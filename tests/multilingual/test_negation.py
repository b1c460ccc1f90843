"""What is kept out: read conservatively."""

import doctest

import pytest

from multilingual import negation


@pytest.mark.parametrize(
    ("words", "language", "wanted", "kept_out"),
    [
        ("sofa -leather", None, "sofa", ("leather",)),
        ("sofa -leather -brown", "en", "sofa", ("leather", "brown")),
        ("-leather sofa", None, "sofa", ("leather",)),
        ("диван -кожа", "ru", "диван", ("кожа",)),
        ("sofa not leather", "en", "sofa", ("leather",)),
        ("sofa, but not brown leather", "en", "sofa", ("brown leather",)),
        ("Sofa, aber nicht Leder", "de", "Sofa", ("Leder",)),
        # Left alone:
        ("T-shirt", "en", "T-shirt", ()),
        ("USB-C cable", "en", "USB-C cable", ()),
        ("lamp - brass", "en", "lamp - brass", ()),
        ("-20 % off", "en", "-20 % off", ()),
        ("-leather", "en", "-leather", ()),
        ("forget me not vase", "en", "forget me not vase", ()),
        ("to be or not to be poster", "en", "to be or not to be poster", ()),
        ("shoes without laces", "en", "shoes without laces", ()),
        ("Hemd ohne Kragen", "de", "Hemd ohne Kragen", ()),
        ("not leather", "en", "not leather", ()),
        ("sofa not leather", "de", "sofa not leather", ()),
        ("sofa not leather", None, "sofa not leather", ()),
        ("", "en", "", ()),
    ],
)
def test_reading(words, language, wanted, kept_out) -> None:
    assert negation.split(words, language) == (wanted, kept_out)


def test_the_examples() -> None:
    assert doctest.testmod(negation).failed == 0
