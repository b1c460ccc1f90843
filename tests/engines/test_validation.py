"""Codes in the one form in which they are kept and compared."""

from __future__ import annotations

import pytest

from visual_search.engines.validation import plain_codes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("TS-MEN-BLK-M", "tsmenblkm"),
        ("AB.12_3-X", "ab123x"),
        ('"MON-27"', "MON-27"),
        ("MON-27.", " mon 27 "),
        ("036000291452", "0036000291452"),
        ("4006381333931", "04006381333931"),
        ("4006381333931", "4 006381 333931"),
        ("ＡＢ１２", "ab12"),
    ],
)
def test_one_code_in_several_forms(one: str, other: str) -> None:
    assert plain_codes([one]) == plain_codes([other])
    assert len(plain_codes([one, other])) == 1


@pytest.mark.parametrize(("one", "other"), [("007", "7"), ("AB-1", "AB-11"), ("2025", "02025"), ("+", "-")])
def test_other_codes_stay_apart(one: str, other: str) -> None:
    assert len(plain_codes([one, other])) == 2


def test_an_empty_code_is_none() -> None:
    assert plain_codes(["", "  "]) == []
    assert plain_codes(["00000000"]) == ["00000000"]
