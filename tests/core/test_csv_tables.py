"""A table that staff send is read as they meant it, or refused in words."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_search.csv_tables import rows, written
from visual_search.errors import BadInput


def read(data: bytes, optional: tuple[str, ...] | None = ("size",)) -> list[tuple[int, dict[str, str]]]:
    return rows(data, ("name", "price"), optional, most=3)


def test_columns_are_named_in_any_order_and_empty_lines_passed_over() -> None:
    told = read(b"Price, NAME\n 3 ,lamp\n\n,\n4\n5,sofa,more\n")
    assert told == [
        (2, {"name": "lamp", "price": "3", "size": ""}),
        (5, {"name": "", "price": "4", "size": ""}),
        (6, {"name": "sofa", "price": "5", "size": ""}),
    ]


def test_spreadsheets_write_a_mark_and_semicolons() -> None:
    assert read("\ufeffname;price\nlamp, tall;3,50\n".encode())[0][1]["price"] == "3,50"


def test_the_line_is_the_one_of_the_file() -> None:
    assert [line for line, _row in read(b'name,price\n"two\nlines",1\nlamp,2\n')] == [3, 4]


def test_other_columns_are_passed_on_where_they_may_be() -> None:
    assert read(b"name,price,shelf\nlamp,3,top\n", None) == [(2, {"name": "lamp", "price": "3", "shelf": "top"})]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("größe".encode("latin-1"), "isn't in UTF-8"),
        (b"name,price\nla\0mp,3\n", "isn't a table of text"),
        (b'name,price\n"' + b"a" * 200_000, "can't be read as CSV: field larger"),
        (b"", "The first line is ''; it must name name,price,size."),
        (b"name,prize\n", "The first line is 'name,prize'; it must name name,price,size."),
        (b"name,price,shelf\n", "it must name"),
        (b"name,price\n" + b"lamp,3\n" * 4, "has 4 lines; at most 3"),
    ],
)
def test_what_is_no_such_table_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says) as refused:
        read(data)
    assert refused.value.field == "file"


@given(st.binary(max_size=300))
def test_no_bytes_break_it(data: bytes) -> None:
    for start in (b"", b"name,price\n"):
        with suppress(BadInput):  # In the caller's words; anything else would be a fault of ours.
            read(start + data)


def test_what_is_written_is_read_again_and_is_no_formula() -> None:
    table = written(("name", "price"), [("lamp, large", 3), ("=1+1", None), ("-", 2.5)])
    assert table == 'name,price\r\n"lamp, large",3\r\n\'=1+1,\r\n-,2.5\r\n'
    assert [row["name"] for _, row in read(table.encode())] == ["lamp, large", "'=1+1", "-"]
