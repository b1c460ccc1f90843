"""Article numbers: GTIN-8, -12, -13 and -14 with their check digit (GS1 General Specifications, section 7.9)."""

from __future__ import annotations

GTIN_LENGTHS = (8, 12, 13, 14)


def check_digit(digits: str) -> int:
    """The last digit that belongs to these leading ones: what is missing from their sum, weighted 3, 1, 3, ... from the right,
    to the next multiple of ten.
    """
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return -total % 10


def why_no_gtin(text: str) -> str | None:
    """Why this isn't a GTIN, in one sentence; None when it is one."""
    if not (text.isascii() and text.isdigit()):
        return f"The code '{text}' has characters that are no digits; a GTIN has digits only."
    if len(text) not in GTIN_LENGTHS:
        return f"The code '{text}' has {len(text)} digits; a GTIN has 8, 12, 13 or 14."
    wanted = check_digit(text[:-1])
    if int(text[-1]) != wanted:
        return f"The code '{text}' ends in {text[-1]}, but its check digit is {wanted}. Compare it with the label."
    return None
