"""The table of units is what its maker makes of today's folding: a spelling that is folded otherwise would never be met."""

from __future__ import annotations

import pytest

from multilingual.normalising import fold, normalise
from tests.multilingual import units_table


def test_the_table_is_up_to_date() -> None:
    pytest.importorskip("babel", reason="Babel, which has Unicode CLDR, isn't installed")
    assert units_table.FILE.read_text(encoding="utf-8") == units_table.made(), (
        "run python -m tests.multilingual.units_table"
    )


def test_every_spelling_is_folded() -> None:
    for line in units_table.FILE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            for spelling in line.split(" ", 2)[2].split("|"):
                assert fold(normalise(spelling)) == spelling
