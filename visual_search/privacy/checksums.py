"""Check digits, by which a card's or an identity number differs from any other row of digits."""

from __future__ import annotations

import re

_VERHOEFF_TURN = (
    *("0123456789", "1234067895", "2340178956", "3401289567", "4012395678"),
    *("5987604321", "6598710432", "7659821043", "8765932104", "9876543210"),
)
_VERHOEFF_PLACE = (
    *("0123456789", "1576283094", "5803796142", "8916043527"),
    *("9453126870", "4286573901", "2793806415", "7046913258"),
)


def luhn(digits: str) -> bool:
    """Payment cards, IMEI, Swedish person numbers (ISO/IEC 7812-1)."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + index % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def gtin(digits: str) -> bool:
    """A product's own number (EAN-8, UPC-A, EAN-13 and ISBN-13, GTIN-14) with its right check digit."""
    if len(digits) not in {8, 12, 13, 14}:
        return False
    total = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(reversed(digits)))
    return total % 10 == 0


def iban(text: str) -> bool:
    """ISO 13616: letters become numbers, the first four characters go to the end, and the rest by 97 is 1."""
    moved = text[4:] + text[:4]
    return int("".join(str(int(character, 36)) for character in moved)) % 97 == 1


def chinese_id(text: str) -> bool:
    """18 characters with ISO 7064 MOD 11-2; the last may be X."""
    total = sum(int(digit) * pow(2, 17 - index, 11) for index, digit in enumerate(text[:17]))
    return "10X98765432"[total % 11] == text[17].upper()


def brazilian_cpf(digits: str) -> bool:
    """Eleven digits, of which the last two check the others; equal digits pass the sum but are given to nobody."""
    if len(set(digits)) == 1:
        return False
    for length in (9, 10):
        rest = sum(int(digits[n]) * (length + 1 - n) for n in range(length)) * 10 % 11 % 10
        if rest != int(digits[length]):
            return False
    return True


def spanish_dni(text: str) -> bool:
    """Eight digits and a letter; a foreigner's X, Y or Z stands for 0, 1 or 2."""
    number = text[:-1].upper().translate(str.maketrans("XYZ", "012"))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == text[-1].upper()


def italian_code(text: str) -> bool:
    """Codice fiscale: 16 characters, odd places weighed by the official table."""
    odd = dict(zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", _ITALIAN_ODD, strict=True))
    upper = text.upper()
    total = 0
    for index, character in enumerate(upper[:15]):
        even_value = int(character) if character.isdigit() else ord(character) - ord("A")
        total += odd[character] if index % 2 == 0 else even_value
    return chr(ord("A") + total % 26) == upper[15]


def french_nir(digits: str) -> bool:
    """Thirteen digits and the two of 97 - number mod 97 (not for Corsica's letters)."""
    return 97 - int(digits[:13]) % 97 == int(digits[13:])


def aadhaar(digits: str) -> bool:
    """Twelve digits with Verhoeff's check digit; the first is 2 or more."""
    check = 0
    for index, digit in enumerate(reversed(digits)):
        check = int(_VERHOEFF_TURN[check][int(_VERHOEFF_PLACE[index % 8][int(digit)])])
    return check == 0 and digits[0] not in "01"


def polish_pesel(digits: str) -> bool:
    """Eleven digits with a check digit; the first six are a birth date."""
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)
    # The digits in places 3-6 must be a month (with a century's offset) and a day, else one number in ten would pass.
    month, day = int(digits[2:4]) % 20, int(digits[4:6])
    right = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 10 == 0
    return right and 1 <= month <= 12 and 1 <= day <= 31


def us_ssn(text: str) -> bool:
    """Area, group and serial that may be given out (no 000, 666, 9xx)."""
    area, group, serial = re.split(r"\D", text)
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


_ITALIAN_ODD = (
    *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21),
    *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
)
