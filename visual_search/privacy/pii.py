"""Finds personal data that has a form: mail addresses, numbers with check digits, phones, street addresses, links.

A list of forms is no guarantee: names and most addresses have no form. So these rules only block early. A
list of allowed words (`masking.py`) and thresholds (`thresholds.py`) decide what may be kept in the clear.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from visual_search.privacy import checksums

HIDDEN = "⟨{kind}⟩"

Known = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Finding:
    """`start` and `end` are places in the text as it was given; the value itself is not kept."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """`text` has each finding replaced by its kind: 'call ⟨phone⟩'. Without findings it is the given text."""

    text: str
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        return not self.findings


def scrub(text: str, *, known: Known | None = None) -> Scrubbed:
    """The text without what has a personal form. `known` says of a code that it is the catalogue's own (SKU, GTIN)."""
    findings = find(text, known=known)
    parts, at = [], 0
    for finding in findings:
        parts += [text[at : finding.start], HIDDEN.format(kind=finding.kind)]
        at = finding.end
    return Scrubbed("".join([*parts, text[at:]]), findings)


def find(text: str, *, known: Known | None = None) -> tuple[Finding, ...]:
    """All findings in the order of the text. Of overlapping ones, that of the earlier rule counts."""
    plain, places = _plain(text)
    taken: list[Finding] = []
    for kind, start, end in _matches(plain, known or (lambda code: False)):
        if all(end <= other.start or start >= other.end for other in taken):
            taken.append(Finding(kind, start, end))
    ordered = sorted(taken, key=lambda finding: finding.start)
    return tuple(Finding(f.kind, places[f.start][0], places[f.end - 1][1]) for f in ordered)


def _plain(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text in compatible characters and ASCII digits without invisible ones, and each character's old place.

    '４１１１' and '٤١١١' are digits too, and a zero-width space must not cut a number in two.
    """
    characters: list[str] = []
    places: list[tuple[int, int]] = []
    for at, original in enumerate(text):
        for character in unicodedata.normalize("NFKC", original):
            category = unicodedata.category(character)
            if category in {"Cf", "Cs", "Co"}:
                continue
            if category == "Nd":
                character = str(unicodedata.digit(character))  # noqa: PLW2901 - the plain form takes its place.
            elif category in {"Zs", "Cc", "Zl", "Zp"}:
                character = " "  # noqa: PLW2901 - likewise.
            elif category == "Pd" or character == "\u2212":
                character = "-"  # noqa: PLW2901 - likewise.
            characters.append(character)
            places.append((at, at + 1))
    return "".join(characters), places


# --- Rules, the surest first --------------------------------------------------------------------

_WORD = r"[^\W_]"
_EMAIL = re.compile(
    rf"[\w.+%'-]{{1,64}}\s?(?:@|[(\[{{]\s?(?:at|arroba|chez)\s?[)\]}}])\s?(?:{_WORD}[\w-]*\.)+{_WORD}{{2,}}"
)
# "anna dot schmidt at mail dot example": only where a dot is spelled out too, for "sale at home" is no address.
_SPELLED_EMAIL = re.compile(
    rf"(?<!\w){_WORD}{{1,40}}(?:\s(?:dot|punkt|point|punto)\s{_WORD}+)*\s(?:at|arroba)\s{_WORD}+(?:\s(?:dot|punkt|point|punto)\s{_WORD}+)+",
    re.IGNORECASE,
)
_URL = re.compile(
    rf"(?<![a-z0-9])(?:[a-z][a-z0-9+.-]{{1,20}}://|www\.)\S+|(?<![\w@.])(?:{_WORD}[\w-]{{0,62}}\.){{1,5}}(?:com|org|net|info|example|[a-z]{{2}})/\S*",
    re.IGNORECASE,
)
_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]|\w)")
_IPV6 = re.compile(r"(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])", re.IGNORECASE)
_HANDLE = re.compile(rf"(?<!\w)@{_WORD}[\w.]{{2,}}")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}(?!\w)", re.IGNORECASE)
_LETTER_IDS: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = (
    (re.compile(r"(?<!\w)\d{17}[\dX](?!\w)", re.IGNORECASE), checksums.chinese_id),
    (re.compile(r"(?<!\w)\d{8}-?[A-Z](?!\w)", re.IGNORECASE), checksums.spanish_dni),
    (re.compile(r"(?<!\w)[XYZ]-?\d{7}-?[A-Z](?!\w)", re.IGNORECASE), checksums.spanish_dni),
    (re.compile(r"(?<!\w)[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?!\w)", re.IGNORECASE), checksums.italian_code),
    (
        # British National Insurance number, with the prefixes that are never given out.
        re.compile(
            r"(?<!\w)(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)",
            re.IGNORECASE,
        ),
        lambda text: True,
    ),
)
_SSN = re.compile(r"(?<![\w-])\d{3}[- ]\d{2}[- ]\d{4}(?![\w-])")
_CPF = re.compile(r"(?<!\w)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\w)")
_DATED_ID = re.compile(r"(?<!\w)(\d{2})?\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])[-+](\d{4}|[1-4]\d{6})(?!\w)")
_DIGITS = re.compile(r"(?<![\w.,])\d(?:[ .-]?\d){6,}(?![\w])")
_PLUS_PHONE = re.compile(r"(?<![\w+])\+ ?\d(?:[ ./()-]{0,2}\d){7,14}(?!\w)")
_ZERO_PHONE = re.compile(r"(?<![\w.,])\(?0\d{1,4}\)?(?:[ ./-]{0,3}\d){5,10}(?!\w)")
_AREA_PHONE = re.compile(r"(?<![\w-])(?:1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])")
_DATE = re.compile(
    r"(?<![\w.-])(?:(?:19|20)\d{2}[-/.年](?:0?[1-9]|1[0-2])[-/.月](?:0?[1-9]|[12]\d|3[01])日?"
    r"|(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:19|20)\d{2})(?![\w-])"
)
_STREET_AFTER_NUMBER = re.compile(
    rf"(?<![\w.,])\d{{1,5}}{_WORD}?,? (?:{_WORD}[\w'.-]* ){{1,3}}(?:street|avenue|boulevard|road|lane|crescent|terrace)"
    r"(?=$|[,.;]| [0-9]|\n)",
    re.IGNORECASE,
)
_FRENCH_STREET = re.compile(
    r"(?<![\w.,])\d{1,4}(?: ?(?:bis|ter))?,? (?:rue|avenue|boulevard|chemin|impasse|quai) "
    r"(?:de |du |des |la |le |l'|d')*\w[\w' -]*",
    re.IGNORECASE,
)
_NAMED_STREET = re.compile(
    r"(?<!\w)(?:"
    r"\w{3,}(?:straße|strasse|str\.|weg|platz|gasse|allee|straat|laan|gatan|vägen|vej|gade)"  # Hauptstraße 12
    r"|(?:calle|avenida|rua|via|viale|piazza|ul\.|ulica|ulice|улица|ул\.|проспект|пр\.)(?: \w[\w'.-]*){1,3}"  # ул. Ленина, 5
    r"|\w{2,}(?: \w+)? (?:sokak|sokağı|caddesi|cad\.)(?: no:?)?"  # Atatürk Caddesi No: 12
    r"),? ?(?:д\. ?)?\d{1,4} ?[a-zа-я]?(?!\w)",
    re.IGNORECASE,
)
_EAST_ASIAN_ADDRESS = re.compile(
    r"[\u4e00-\u9fff]{2,}(?:路|街|道|巷|弄)\d+[号號]"  # 朝阳区建国路88号
    r"|\d+丁目\d+(?:番(?:地)?|-)\d*(?:号|-\d+)?"  # 1丁目2番3号
    r"|[가-힣]{2,}(?:로|길) ?\d+(?:-\d+)?(?:번지|호)?(?!\w)"  # 세종대로 110
)
# What the schemes give out, by length: Visa 4, Mastercard 5 and 2, Maestro and UnionPay 5 and 6, American Express 34 and 37 ...
_CARD = re.compile(r"4\d{12}|3[068]\d{12}|3[47]\d{13}|[3-6]\d{15}|2[2-7]\d{14}|[4-6]\d{16,18}")
_GROUPED_BY_FOUR = re.compile(r"\d{4}([ -])\d{4}(?:\1\d{4})+(?:\1\d{1,3})?\Z")


def _matches(plain: str, known: Known) -> Iterator[tuple[str, int, int]]:
    yield from _spans("email", _EMAIL, plain)
    yield from _spans("email", _SPELLED_EMAIL, plain)
    yield from _spans("url", _URL, plain)
    for match in [*_IPV4.finditer(plain), *_IPV6.finditer(plain)]:
        if _is_address(match.group()):
            yield "ip", match.start(), match.end()
    yield from _ibans(plain)
    for pattern, right in _LETTER_IDS:
        for match in pattern.finditer(plain):
            if right(re.sub(r"[^0-9A-Za-z]", "", match.group())):
                yield "id", match.start(), match.end()
    yield from _spans("id", _SSN, plain, checksums.us_ssn)
    yield from _spans("id", _CPF, plain, lambda text: checksums.brazilian_cpf(_only_digits(text)))
    # A birth date with a serial: Korean (6-7 digits), Swedish, Danish and Finnish-like numbers.
    yield from _spans("id", _DATED_ID, plain)
    yield from _spans("date", _DATE, plain)
    yield from _spans("phone", _PLUS_PHONE, plain)
    yield from _numbers(plain, known)
    for pattern in (_ZERO_PHONE, _AREA_PHONE):
        for match in pattern.finditer(plain):
            if not _is_product_number(match.group(), known):
                yield "phone", match.start(), match.end()
    for pattern in (_STREET_AFTER_NUMBER, _FRENCH_STREET, _NAMED_STREET, _EAST_ASIAN_ADDRESS):
        yield from _spans("address", pattern, plain)
    yield from _spans("handle", _HANDLE, plain)


def _spans(
    kind: str, pattern: re.Pattern[str], plain: str, right: Callable[[str], bool] = lambda text: True
) -> Iterator[tuple[str, int, int]]:
    for match in pattern.finditer(plain):
        if right(match.group()):
            yield kind, match.start(), match.end()


def _ibans(plain: str) -> Iterator[tuple[str, int, int]]:
    for match in _IBAN.finditer(plain):
        # A word may follow after a space and look like a part: the longest beginning with a right checksum counts.
        for end in range(match.end(), match.start() + 14, -1):
            candidate = re.sub(r"[ -]", "", plain[match.start() : end])
            if 15 <= len(candidate) <= 34 and plain[end - 1].isalnum() and checksums.iban(candidate):
                yield "iban", match.start(), end
                break


def _numbers(plain: str, known: Known) -> Iterator[tuple[str, int, int]]:
    for match in _DIGITS.finditer(plain):
        raw, digits = match.group(), _only_digits(match.group())
        if known(raw) or known(digits):
            continue
        if kind := _kind_of_number(raw, digits):
            yield kind, match.start(), match.end()


def _kind_of_number(raw: str, digits: str) -> str:
    length = len(digits)
    # Grouped by fours it is a card or an Aadhaar as people write it, even if it could be a product number too.
    grouped = bool(_GROUPED_BY_FOUR.match(raw))
    is_card = bool(_CARD.fullmatch(digits)) and checksums.luhn(digits)
    if is_card and (grouped or not checksums.gtin(digits)):
        return "card"
    if length == 12 and grouped and checksums.aadhaar(digits):
        return "id"
    if checksums.gtin(digits) and raw == digits:
        return ""  # EAN, UPC, ISBN: what a shopper reads off a product
    if length == 15 and digits[0] in "12" and checksums.french_nir(digits):
        return "id"
    if length == 11 and (checksums.brazilian_cpf(digits) or checksums.polish_pesel(digits)):
        return "id"
    # Nine digits or more in one piece are an account, an order, a phone: nothing that a catalogue needs in the clear.
    return "number" if length >= 9 and not _PHONE_LIKE.match(raw) else ""


_PHONE_LIKE = re.compile(r"0|\d{3}[ .-]\d{3}[ .-]\d{4}\Z")


def _is_product_number(text: str, known: Known) -> bool:
    digits = _only_digits(text)
    return known(text) or known(digits) or (digits == text and checksums.gtin(digits))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    # "::" alone and a time such as 12:30:45 are no addresses worth hiding.
    return len(text) > 3


def _only_digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())
