"""Makes multilingual/data/units.txt anew from Unicode CLDR: `python -m tests.multilingual.units_table`. Needs Babel."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from multilingual import quantities
from multilingual.languages import LANGUAGES
from multilingual.normalising import fold, normalise

FILE = Path(quantities.__file__).parent / "data/units.txt"
HEAD = """\
# Spellings of units: dimension, factor to its base unit, spellings as normalise() and fold() leave them.
# Made by `python -m tests.multilingual.units_table` from Unicode CLDR (https://cldr.unicode.org, Unicode License v3), as Babel has
# it, with what shops write beside it. Latin spellings of one to three letters are only those that are used worldwide, because
# others are words ("or", "pe", "stop").
"""
Unit = tuple[str, float]  # dimension, factor to its base unit
# CLDR's name -> the unit.
UNITS: dict[str, Unit] = {
    "length-centimeter": ("m", 0.01), "length-millimeter": ("m", 0.001), "length-meter": ("m", 1),
    "length-decimeter": ("m", 0.1), "length-kilometer": ("m", 1000), "length-micrometer": ("m", 1e-6),
    "length-inch": ("m", 0.0254), "length-foot": ("m", 0.3048), "length-yard": ("m", 0.9144), "length-mile": ("m", 1609.344),
    "mass-kilogram": ("g", 1000), "mass-gram": ("g", 1), "mass-milligram": ("g", 0.001), "mass-tonne": ("g", 1e6),
    "mass-pound": ("g", 453.59237), "mass-ounce": ("g", 28.349523), "mass-carat": ("g", 0.2),
    "volume-liter": ("l", 1), "volume-milliliter": ("l", 0.001), "volume-centiliter": ("l", 0.01),
    "volume-deciliter": ("l", 0.1), "volume-hectoliter": ("l", 100), "volume-gallon": ("l", 3.785412),
    "volume-quart": ("l", 0.946353), "volume-pint": ("l", 0.473176), "volume-fluid-ounce": ("l", 0.0295735),
    "digital-gigabyte": ("b", 1e9), "digital-terabyte": ("b", 1e12), "digital-megabyte": ("b", 1e6),
    "digital-kilobyte": ("b", 1e3), "power-watt": ("w", 1), "power-kilowatt": ("w", 1000), "power-milliwatt": ("w", 0.001),
    "power-horsepower": ("w", 735.49875), "electric-volt": ("v", 1), "electric-ampere": ("a", 1),
    "electric-milliampere": ("a", 0.001), "electric-ohm": ("ohm", 1), "energy-kilowatt-hour": ("wh", 1000),
    "energy-kilojoule": ("j", 1000), "energy-joule": ("j", 1), "energy-kilocalorie": ("cal", 1000),
    "frequency-hertz": ("hz", 1), "frequency-kilohertz": ("hz", 1e3), "frequency-megahertz": ("hz", 1e6),
    "frequency-gigahertz": ("hz", 1e9), "graphics-megapixel": ("px", 1e6), "graphics-dot-per-inch": ("dpi", 1),
    "light-lumen": ("lm", 1), "temperature-celsius": ("c", 1), "pressure-bar": ("bar", 1),
    "pressure-pound-force-per-square-inch": ("bar", 0.0689476), "area-square-meter": ("m2", 1),
    "area-square-centimeter": ("m2", 1e-4), "area-square-foot": ("m2", 0.092903), "duration-second": ("s", 1),
    "duration-minute": ("s", 60), "duration-hour": ("s", 3600), "duration-day": ("s", 86400), "duration-week": ("s", 604800),
    "duration-month": ("s", 2629800), "duration-year": ("s", 31557600),
}  # fmt: skip
# What shops write and CLDR doesn't have, or has for another unit.
SHOPS: dict[str, Unit] = {
    "mah": ("ah", 0.001), "ah": ("ah", 1), "wh": ("wh", 1), "kwh": ("wh", 1000), "kilo": ("g", 1000), "kilos": ("g", 1000),
    "lbs": ("g", 453.59237), "zoll": ("m", 0.0254), "inches": ("m", 0.0254), "inch": ("m", 0.0254), "ghz": ("hz", 1e9),
    "mhz": ("hz", 1e6), "hz": ("hz", 1), "khz": ("hz", 1e3), "kcal": ("cal", 1000), "litre": ("l", 1), "litres": ("l", 1),
    "liters": ("l", 1), "ltr": ("l", 1), "gr": ("g", 1), "watts": ("w", 1), "mp": ("px", 1e6), "gib": ("b", 1e9),
    "tib": ("b", 1e12), "吋": ("m", 0.0254), "cal": ("cal", 1), "yrs": ("s", 31557600), "hrs": ("s", 3600), "mins": ("s", 60),
    "μm": ("m", 1e-6), "mtr": ("m", 1),
}  # fmt: skip
WORLDWIDE = frozenset(re.findall(r"\w+", """
    cm mm m dm km in ft yd mi kg g mg t lb lbs oz l ml cl dl hl gal qt pt gb tb mb kb go to mo ko w kw mw hp ps cv
    v a ma ohm kwh wh kj j hz mhz ghz khz mp dpi lm bar psi s h min mah ah gr ltr mtr cal m2 cm2 gib tib
"""))  # fmt: skip
FIRST = ("en", "de", "fr", "es")  # Where languages spell two units alike, these decide.
LONGEST = 24  # letters; a longer one is a sentence


def made() -> str:
    """The file's text."""
    table: dict[str, Unit] = {}
    for name, unit in UNITS.items():
        for text in _of_cldr(name):
            spelling = _spelling(text)
            if spelling:
                table.setdefault(spelling, unit)
    table |= {fold(normalise(text)): unit for text, unit in SHOPS.items()}
    table = {spelling: unit for spelling, unit in table.items() if not _is_word(spelling)}
    by_unit: dict[Unit, list[str]] = defaultdict(list)
    for spelling, unit in table.items():
        by_unit[unit].append(spelling)
    lines = (f"{dimension} {factor:.10g} {'|'.join(sorted(each))}\n" for (dimension, factor), each in by_unit.items())
    return HEAD + "".join(lines)


def _of_cldr(name: str) -> Iterator[str]:
    """Every form of a unit in every language, without its number."""
    from babel import Locale
    from babel.localedata import locale_identifiers

    known = set(locale_identifiers())
    for code in (*FIRST, *(each for each in LANGUAGES if each not in FIRST)):
        scripts = ("zh", "zh_Hans", "zh_Hant") if code == "zh" else (code,)
        for tag in (each for each in scripts if each in known):
            widths = Locale.parse(tag)._data["unit_patterns"].get(name) or {}
            for width in ("short", "narrow", "long"):
                forms = widths.get(width)
                for number, form in forms.items() if isinstance(forms, Mapping) else ():
                    if number != "per":
                        yield from (text.replace("{0}", "") for text in _texts(form) if "{0}" in text)


def _texts(form: Any) -> Iterator[str]:
    if isinstance(form, str):
        yield form
    elif isinstance(form, Mapping):
        for inner in form.values():
            yield from _texts(inner)


def _spelling(text: str) -> str:
    """As the index has it; "" for what is no spelling of a unit by itself."""
    spelling = re.sub(r"\s+", " ", fold(normalise(text)).strip(" .'’-"))
    digits = re.search(r"\d", spelling.replace("m2", "").replace("cm2", ""))
    odd = spelling.startswith("/") or spelling in ("x", "е", "in stock") or len(spelling) > LONGEST
    return "" if odd or digits or "{" in spelling else spelling


def _is_word(spelling: str) -> bool:
    short = spelling.isascii() and spelling.isalnum() and len(spelling) <= 3
    return (short and spelling not in WORLDWIDE) or spelling in ("#", "deci") or spelling.startswith(("de ", "pe "))


if __name__ == "__main__":
    FILE.write_text(made(), encoding="utf-8")
