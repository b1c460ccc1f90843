"""Check digits accept published examples and refuse any single wrong digit."""

import pytest

from visual_search.privacy import checksums

# Published test numbers and specimens; none belongs to a person.
RIGHT = [
    (checksums.luhn, "4111111111111111"),
    (checksums.luhn, "378282246310005"),
    (checksums.gtin, "4006381333931"),
    (checksums.gtin, "036000291452"),
    (checksums.gtin, "96385074"),
    (checksums.iban, "GB29NWBK60161331926819"),
    (checksums.iban, "DE89370400440532013000"),
    (checksums.chinese_id, "11010519491231002X"),
    (checksums.brazilian_cpf, "52998224725"),
    (checksums.spanish_dni, "12345678Z"),
    (checksums.spanish_dni, "X1234567L"),
    (checksums.italian_code, "RSSMRA85T10A562S"),
    (checksums.french_nir, "255081416802538"),
    (checksums.aadhaar, "999941057058"),
    (checksums.polish_pesel, "44051401359"),
]


@pytest.mark.parametrize(("right", "number"), RIGHT, ids=lambda value: getattr(value, "__name__", value))
def test_specimens_are_right(right, number: str) -> None:
    assert right(number)


@pytest.mark.parametrize(("right", "number"), RIGHT, ids=lambda value: getattr(value, "__name__", value))
def test_one_wrong_digit_is_seen(right, number: str) -> None:
    for at in (n for n, character in enumerate(number) if character.isdigit()):
        for wrong in set("0123456789") - {number[at]}:
            assert not right(number[:at] + wrong + number[at + 1 :])


@pytest.mark.parametrize("number", ["000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567", "123-45-0000"])
def test_social_security_numbers_that_are_never_given_out(number: str) -> None:
    assert not checksums.us_ssn(number)
    assert checksums.us_ssn("123-45-6789")


def test_repeated_digits_are_no_cpf() -> None:
    assert not checksums.brazilian_cpf("11111111111")
