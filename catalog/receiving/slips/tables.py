"""Rows of a packing slip, from the print on its pages and where it stands. Pure: no database, no picture.

Print that stands level is one row. A heading, where there is one, says what stands below it; else what a cell looks like says it.
"""

from __future__ import annotations

import re
import statistics
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from visual_search.imaging.documents import PageLine

CODE, OTHER_CODE, WORDS, QUANTITY, ORDERED = "code", "other code", "words", "quantity", "ordered"
PRICE, SUM, UNIT, PLACE = "price", "sum", "unit", "place"
# What columns are called on slips in English, German, French, Spanish, Italian, Portuguese and Dutch, without accents.
HEADINGS: Mapping[str, str] = {
    CODE: """sku, item, item no, article, article no, code, product code, part no, artikel, artikelnr, artikelnummer, artnr,
        art nr, reference, ref, referencia, codigo, articulo, codice, articolo, artigo""",
    OTHER_CODE: "ean, gtin, barcode, your code, supplier code, lieferantennr, ref fournisseur, ref proveedor",
    WORDS: """description, product, bezeichnung, beschreibung, designation, libelle, produit, descripcion, producto,
        descrizione, descricao, omschrijving""",
    QUANTITY: """qty, quantity, delivered, shipped, menge, anzahl, geliefert, quantite, qte, livre, livree, cantidad, cant,
        entregado, enviado, quantita, quantidade, aantal""",
    ORDERED: "ordered, bestellt, commande, commandee, pedido, ordinato, encomendado, besteld",
    PRICE: "price, unit price, preis, einzelpreis, prix, prix unitaire, precio, precio unitario, prezzo, preco",
    SUM: "total, amount, sum, gesamt, summe, betrag, montant, importe",
    UNIT: "unit, einheit, unite, unidad, ud",
    PLACE: "pos, no, nr, line, #",
}
_BY_HEADING = {name: column for column, names in HEADINGS.items() for name in re.split(r",\s*", names)}
_LEVEL = 0.6  # of the height of a line: print whose middles differ by less stands in one row
_PIECES = r"(?:x|×|pcs?|pieces?|stk|stuck|st|pieces|pzs?|uds?|un|ea)\.?"
_COUNTED = re.compile(rf"^\(?(\d{{1,5}})\)?\s*(?:{_PIECES})?$", re.IGNORECASE)
_COUNTED_FIRST = re.compile(r"^(\d{1,5})\s*[x×]\s+(.+)$", re.IGNORECASE)
_NUMBER = re.compile(r"[-+]?\d[\d .,'’]*")


@dataclass(frozen=True, slots=True)
class Cell:
    """Some print of one row. Confidence in [0, 1], the ends in px."""

    text: str
    confidence: float
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class SlipRow:
    """What one row of a slip says. `sure`: how surely amount and code were read, in [0, 1]."""

    code: str = ""
    other_code: str = ""
    words: str = ""
    quantity: int | None = None
    ordered: int | None = None
    price: Decimal | None = None
    sum: Decimal | None = None
    sure_of_quantity: float = 0.0
    sure_of_code: float = 0.0


def rows_of(lines: Iterable[PageLine], knows: Callable[[str], bool]) -> list[SlipRow]:
    """The rows of one page that name goods. `knows`: whether a text is a code of the shop or of the supplier."""
    rows = _level(lines)
    head = next((number for number, row in enumerate(rows) if _columns(row)), None)
    if head is None:
        found = [_without_heading(row, knows) for row in rows]
    else:
        columns = _columns(rows[head])
        found = [_below(row, columns, knows) for row in rows[head + 1 :]]
    return _joined(found)


def whole_number(text: str) -> int | None:
    """As in "12", "12 pcs", "12,00", "1.200"; None for anything else."""
    if counted := _COUNTED.match(_plain(text)):
        return int(counted[1])
    value = amount(text)
    return int(value) if value is not None and value == value.to_integral_value() and 0 < value < 100_000 else None


def amount(text: str) -> Decimal | None:
    """A number as slips of any language write it: the last of two different marks is the decimal one."""
    found = _NUMBER.search(text)
    if found is None:
        return None
    digits = re.sub(r"[ '’]", "", found[0]).rstrip(".,")
    last = max(digits.rfind("."), digits.rfind(","))
    if last >= 0:
        # Three digits behind a single kind of mark are thousands.
        thousands = len(digits) - last - 1 == 3 and not ("." in digits and "," in digits)
        whole, cents = digits[:last], digits[last + 1 :]
        digits = re.sub(r"[.,]", "", whole) + ("" if thousands else ".") + cents
    try:
        return Decimal(digits)
    except InvalidOperation:
        return None


def _plain(text: str) -> str:
    """Small letters without accents, single spaces, no marks at the ends."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()
    return " ".join(re.sub(r"[.:°º_/-]+", " ", bare).split())


def _level(lines: Iterable[PageLine]) -> list[list[PageLine]]:
    """Lines by row from the top, each row from the left."""
    ordered = sorted(lines, key=lambda line: line.top + line.bottom)
    rows: list[list[PageLine]] = []
    for line in ordered:
        middle, height = (line.top + line.bottom) / 2, line.bottom - line.top
        if rows:
            others = [(one.top + one.bottom) / 2 for one in rows[-1]]
            tall = statistics.median([one.bottom - one.top for one in rows[-1]])
            if abs(middle - statistics.fmean(others)) < _LEVEL * min(height, tall):
                rows[-1].append(line)
                continue
        rows.append([line])
    return [sorted(row, key=lambda line: line.left) for row in rows]


def _columns(row: Sequence[PageLine]) -> dict[str, tuple[float, float]]:
    """Column -> its ends in px, of a row that is a heading; {} for any other row."""
    found: dict[str, tuple[float, float]] = {}
    for cell in _headings(row):
        column = _BY_HEADING.get(_plain(cell.text))
        if column == CODE and CODE in found:
            column = OTHER_CODE
        if column is not None:
            found.setdefault(column, (cell.left, cell.right))
    known = found.keys() & {CODE, OTHER_CODE, WORDS}
    return found if known and QUANTITY in found else {}


def _headings(row: Sequence[PageLine]) -> list[Cell]:
    """A heading's cells; two that the reader joined are taken apart where both are names of columns."""
    cells = []
    for line in row:
        words = _split(line)
        if _plain(line.text) in _BY_HEADING or len(words) == 1:
            cells.append(Cell(line.text, line.confidence, line.left, line.right))
            continue
        for cut in range(len(words) - 1, 0, -1):
            left, right = words[:cut], words[cut:]
            if all(_plain(" ".join(one.text for one in part)) in _BY_HEADING for part in (left, right)):
                cells += [_merged(left), _merged(right)]
                break
        else:
            cells += words
    return cells


def _split(line: PageLine) -> list[Cell]:
    """The words of a line, with their ends by the share of letters before them."""
    wide = (line.right - line.left) / max(1, len(line.text))
    return [
        Cell(word[0], line.confidence, line.left + wide * word.start(), line.left + wide * word.end())
        for word in re.finditer(r"\S+", line.text)
    ]


def _merged(cells: Sequence[Cell]) -> Cell:
    return replace(cells[0], text=" ".join(cell.text for cell in cells), right=cells[-1].right)


def _below(
    row: Sequence[PageLine], columns: Mapping[str, tuple[float, float]], knows: Callable[[str], bool]
) -> SlipRow:
    """A row below a heading: each cell belongs to the column that it stands under."""
    told: dict[str, list[Cell]] = {}
    for line in row:
        over = [column for column, ends in columns.items() if min(line.right, ends[1]) > max(line.left, ends[0])]
        # Print over several columns is told apart word by word.
        whole = Cell(line.text, line.confidence, line.left, line.right)
        for cell in _split(line) if len(over) > 1 else [whole]:
            told.setdefault(_column_of(cell, columns), []).append(cell)
    made = SlipRow(words=_text(told.get(WORDS)), other_code=_text(told.get(OTHER_CODE)))
    made = replace(made, price=amount(_text(told.get(PRICE))), sum=amount(_text(told.get(SUM))))
    made = replace(made, ordered=whole_number(_text(told.get(ORDERED))))
    if counted := told.get(QUANTITY):
        made = _counted(made, whole_number(_text(counted)), counted[0])
    if codes := told.get(CODE):
        # What else stands below the heading of the code belongs to the words.
        words = " ".join([*(cell.text for cell in codes[1:]), made.words]).strip()
        made = replace(made, code=codes[0].text, sure_of_code=codes[0].confidence, words=words)
    if " " in made.code and not knows(made.code):
        first, _, other = made.code.partition(" ")
        made = replace(made, code=first, words=f"{other} {made.words}".strip())
    return _code_among_words(made, knows)


def _text(cells: Sequence[Cell] | None) -> str:
    return " ".join(cell.text for cell in cells or ())


def _column_of(cell: Cell, columns: Mapping[str, tuple[float, float]]) -> str:
    """The column with the most in common; of none the nearest."""

    def near(ends: tuple[float, float]) -> tuple[float, float]:
        common = min(cell.right, ends[1]) - max(cell.left, ends[0])
        return max(common, 0.0), -min(abs(cell.left - ends[0]), abs(cell.right - ends[1]))

    return max(columns, key=lambda column: near(columns[column]))


def _without_heading(row: Sequence[PageLine], knows: Callable[[str], bool]) -> SlipRow:
    """A row of a list: a code that is known, a number of pieces, and words."""
    made, words = SlipRow(), []
    for line in row:
        text = line.text
        if first := _COUNTED_FIRST.match(text):
            cell = Cell(text, line.confidence, line.left, line.right)
            made, text = _counted(made, int(first[1]), cell), first[2]
        if made.quantity is None and (number := whole_number(text)) is not None and not knows(text):
            made = _counted(made, number, Cell(text, line.confidence, line.left, line.right))
        elif not made.code and knows(text.strip("()[] ")):
            made = replace(made, code=text.strip("()[] "), sure_of_code=line.confidence)
        elif (price := amount(text)) is not None and re.fullmatch(r"[^A-Za-z]*\d[\d.,]*[.,]\d\d[^A-Za-z]*", text):
            made = replace(made, price=made.price or price)
        else:
            words.append(text)
    return _code_among_words(replace(made, words=" ".join(words)), knows)


def _code_among_words(row: SlipRow, knows: Callable[[str], bool]) -> SlipRow:
    """Where no code was found, one that stands among the words is the code."""
    if row.code:
        return row
    for word in row.words.split():
        if knows(bare := word.strip("()[],;:")):
            rest = " ".join(one for one in row.words.split() if one != word)
            return replace(row, code=bare, words=rest, sure_of_code=1.0)
    return row


def _counted(row: SlipRow, number: int | None, cell: Cell) -> SlipRow:
    return replace(row, quantity=number, sure_of_quantity=cell.confidence)


def _joined(rows: Sequence[SlipRow]) -> list[SlipRow]:
    """Rows that name goods; words or a code that stand alone belong to the row above."""
    made: list[SlipRow] = []
    for row in rows:
        if row.quantity is not None and (row.code or row.other_code or row.words):
            made.append(row)
        elif made and row.quantity is None and row.price is None and (row.code or row.words):
            above = made[-1]
            if row.code and not above.code:
                above = replace(above, code=row.code, sure_of_code=row.sure_of_code)
                made[-1] = replace(above, words=f"{above.words} {row.words}".strip())
            elif row.words and not row.code and not above.code:
                made[-1] = replace(above, words=f"{above.words} {row.words}".strip())
    return made
