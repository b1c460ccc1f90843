import pytest

from catalog.codes import check_digit, why_no_gtin


@pytest.mark.parametrize("code", ["4006381333931", "96385074", "036000291452", "10614141000415"])
def test_real_numbers_pass(code: str) -> None:
    assert why_no_gtin(code) is None


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("4006381333932", "check digit is 1"),
        ("40063813339", "11 digits"),
        ("4006381a33931", "no digits"),
        ("", "digits"),
        ("４００６３８１３３３９３１", "no digits"),
    ],
)
def test_wrong_numbers_are_named_with_the_reason(code: str, reason: str) -> None:
    fault = why_no_gtin(code)
    assert fault is not None
    assert reason in fault


def test_one_changed_digit_is_always_noticed() -> None:
    code = "4006381333931"
    for place in range(13):
        for digit in "0123456789":
            changed = code[:place] + digit + code[place + 1 :]
            assert (why_no_gtin(changed) is None) == (changed == code)
    assert check_digit(code[:-1]) == 1
