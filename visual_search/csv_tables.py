"""Tables that staff write in a spreadsheet and send as CSV, and those that they get."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from visual_search.errors import BadInput, said

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what makes a spreadsheet take a text for a formula


def rows(
    data: bytes, needed: Sequence[str], optional: Sequence[str] | None = (), *, most: int
) -> list[tuple[int, dict[str, str]]]:
    """The rows of a CSV file in UTF-8: the number of the line, and the cells by column, "" for those that aren't there.

    A comma or a semicolon separates cells. The first line names the columns in any order: those that are `needed`, and
    `optional` ones; None allows any others. Raises BadInput for what is no such table, and for more than `most` rows.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise BadInput(said("The file isn't in UTF-8. Save it as “CSV UTF-8”."), field="file") from problem
    if "\0" in text:
        raise BadInput(said("The file isn't a table of text."), field="file")
    head = text.partition("\n")[0].strip()
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",")
    try:
        lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as problem:
        wrong = said("The table can't be read as CSV: %(problem)s.", problem=str(problem))
        raise BadInput(wrong, field="file") from problem
    names = [name.casefold() for name in lines[0][1]] if lines else []
    known = (*needed, *(names if optional is None else optional))
    if not set(needed) <= set(names) <= set(known):
        wanted = ",".join((*needed, *(optional or ())))
        wrong = said("The first line is '%(head)s'; it must name %(known)s.", head=head[:80], known=wanted)
        raise BadInput(wrong, field="file")
    filled = [(number, row) for number, row in lines[1:] if any(row)]
    if len(filled) > most:
        wrong = said("The table has %(count)s lines; at most %(most)s are taken.", count=len(filled), most=most)
        raise BadInput(wrong, field="file")
    blank = dict.fromkeys(known, "")
    return [(number, {**blank, **dict(zip(names, row, strict=False))}) for number, row in filled]


def written(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table for spreadsheets (RFC 4180), None as "". A text that would be a formula there gets an apostrophe before it."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows([[_harmless(cell) for cell in row] for row in rows])
    return file.getvalue()


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) and len(cell) > 1 else cell
