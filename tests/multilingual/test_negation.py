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
        ("shoes without laces", "en", "shoes", ("laces",)),
        ("chocolate without nuts", None, "chocolate", ("nuts",)),
        ("Hemd ohne Kragen", "de", "Hemd", ("Kragen",)),
        ("chaussures sans lacets", "fr", "chaussures", ("lacets",)),
        ("диван без кожи", "ru", "диван", ("кожи",)),
        ("沙发不要皮", "zh", "沙发", ("皮",)),
        # Left alone:
        ("usb -c cable", "en", "usb -c cable", ()),
        ("wi -fi router", "en", "wi -fi router", ()),
        ("without laces", "en", "without laces", ()),
        ("game with and without you forever", "en", "game with and without you forever", ()),
        ("chaussures sans lacets", "en", "chaussures sans lacets", ()),
        ("T-shirt", "en", "T-shirt", ()),
        ("USB-C cable", "en", "USB-C cable", ()),
        ("lamp - brass", "en", "lamp - brass", ()),
        ("-20 % off", "en", "-20 % off", ()),
        ("-leather", "en", "-leather", ()),
        ("forget me not vase", "en", "forget me not vase", ()),
        ("to be or not to be poster", "en", "to be or not to be poster", ()),
        ("not leather", "en", "not leather", ()),
        ("sofa not leather", "de", "sofa not leather", ()),
        ("sofa not leather", None, "sofa not leather", ()),
        ("", "en", "", ()),
    ],
)
def test_reading(words, language, wanted, kept_out) -> None:
    assert negation.split(words, language) == (wanted, kept_out)


@pytest.mark.parametrize(
    ("word", "language", "said"),
    [
        ("nuts", "en", ("nuts free", "without nuts")),
        ("Zucker", "de", ("Zuckerfrei", "ohne Zucker")),
        ("lacets", "fr", ("sans lacets",)),
        ("xx", "fa", ()),
        ("xx", None, ()),
    ],
)
def test_how_a_text_says_that_it_lacks_something(word, language, said) -> None:
    assert negation.free_of(word, language) == said


def test_the_examples() -> None:
    assert doctest.testmod(negation).failed == 0
