"""What a GS1 code says beside the article: lot, dates, serial number, count (GS1 General Specifications, section 3).

It comes in four forms: with separators as a scanner sends them (FNC1, here ASCII 29), in brackets as it is printed below a
code, as a web address (GS1 Digital Link), or as bare digits of one article number.
"""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from django.utils import timezone

from catalog.codes import why_no_gtin

FNC1 = "\x1d"
_SYMBOLOGY = re.compile(r"^\](?:C1|e0|d2|Q3|J1)")  # what scanners put in front to say which symbol it was
# Section 3.2 of the General Specifications: how many digits an application identifier has, by its first two.
_DIGITS_OF_IDENTIFIER = {
    **dict.fromkeys(
        ("00", "01", "02", "03", "04", "10", "11", "12", "13", "15", "16", "17", "20", "21", "22", "30", "37"), 2
    ),
    **{f"9{digit}": 2 for digit in range(10)},
    **dict.fromkeys(("23", "24", "25", "40", "41", "42", "71"), 3),
    **dict.fromkeys(("31", "32", "33", "34", "35", "36", "39", "43", "70", "80", "81", "82"), 4),
}
# Figure 7.8.5-2: those of a fixed length, which need no separator; digits with the identifier, by its first two.
_FIXED = {
    "00": 20, "01": 16, "02": 16, "03": 16, "04": 18, "11": 8, "12": 8, "13": 8, "14": 8, "15": 8, "16": 8, "17": 8, "18": 8,
    "19": 8, "20": 4, "31": 10, "32": 10, "33": 10, "34": 10, "35": 10, "36": 10, "41": 16,
}  # fmt: skip
_LONGEST = 90  # characters of one value
_BRACKETS = re.compile(r"\((\d{2,4})\)([^(]*)")


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a code says. `code`: what a product is looked for by; `gtin` is "" where it is none of GS1's."""

    code: str
    gtin: str = ""
    lot: str = ""
    expiry: datetime.date | None = None
    serial: str = ""
    count: int | None = None


def read(text: str, *, today: datetime.date | None = None) -> Scanned:
    """What stands in a code. A text in none of GS1's forms is the code itself. `today` tells the century of dates."""
    text = _SYMBOLOGY.sub("", text.strip(" \r\n\t" + FNC1)).strip(FNC1)
    if why_no_gtin(text) is None:
        return Scanned(code=text, gtin=text)
    try:
        values = dict(_of_link(text) or _in_brackets(text) or _in_a_row(text))
        return _scanned(text, values, today or timezone.localdate())
    except ValueError:
        return Scanned(code=text)


def _scanned(text: str, values: Mapping[str, str], today: datetime.date) -> Scanned:
    gtin = values.get("01") or values.get("02") or ""
    if gtin and why_no_gtin(gtin.zfill(14)):
        raise ValueError("its check digit is wrong")
    expiry = next((_date(values[name], today) for name in ("17", "15", "16") if name in values), None)
    count = values.get("37") or values.get("30") or ""
    if not values:
        return Scanned(code=text)
    return Scanned(
        code=gtin or values.get("240") or values.get("241") or text,
        gtin=gtin,
        lot=values.get("10", ""),
        expiry=expiry,
        serial=values.get("21", ""),
        count=int(count) if count.isdigit() else None,
    )


def _of_link(text: str) -> dict[str, str]:
    """GS1 Digital Link URI syntax: pairs in the path from /01/ on, and in the query."""
    if not text.lower().startswith(("http://", "https://")):
        return {}
    parts = urlsplit(text)
    steps = parts.path.split("/")
    if "01" not in steps:
        return {}
    pairs = steps[steps.index("01") :]
    found = {name: unquote(value) for name, value in zip(pairs[::2], pairs[1::2], strict=False)}
    found.update((name, value) for name, value in parse_qsl(parts.query) if name.isdigit())
    return found


def _in_brackets(text: str) -> dict[str, str]:
    return dict(_BRACKETS.findall(text.replace(FNC1, ""))) if text.startswith("(") else {}


def _in_a_row(text: str) -> Iterator[tuple[str, str]]:
    """Raises ValueError where the text is no row of elements."""
    rest = text
    if len(text) < 16 or not text[:2].isdigit() or text[:2] not in _FIXED:
        return  # What begins otherwise is an article number of somebody's own.
    while rest:
        digits = _DIGITS_OF_IDENTIFIER.get(rest[:2])
        if digits is None or not rest[:digits].isdigit():
            raise ValueError(f"'{rest[:4]}' is no application identifier")
        fixed = _FIXED.get(rest[:2])
        if fixed is not None:
            if len(rest.partition(FNC1)[0]) < fixed:
                raise ValueError("an element is too short")
            element, rest = rest[:fixed], rest[fixed:].removeprefix(FNC1)
        else:
            element, _, rest = rest.partition(FNC1)
        if not 0 < len(element) - digits <= _LONGEST:
            raise ValueError("an element is empty or too long")
        yield element[:digits], element[digits:]


def _date(text: str, today: datetime.date) -> datetime.date:
    """YYMMDD; day 00 is the last one of the month (section 3.4.7), and the century is the nearest (section 7.12)."""
    if not re.fullmatch(r"\d{6}", text):
        raise ValueError(f"'{text}' is no date")
    short, month, day = int(text[:2]), int(text[2:4]), int(text[4:])
    century = today.year - today.year % 100
    distance = short - today.year % 100
    year = century + short + (-100 if distance >= 51 else 100 if distance <= -50 else 0)
    if not 1 <= month <= 12:
        raise ValueError(f"'{text}' is no date")
    return datetime.date(year, month, day or calendar.monthrange(year, month)[1])
