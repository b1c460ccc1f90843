"""Where the public data for evaluation lies. Tests on it skip without it; under REQUIRE_LIVE=1 they fail.

`EVAL_DATA=none` says that a machine has no such data, on purpose: then they skip there, too.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("EVAL_DATA") or Path(__file__).resolve().parents[2] / "shared/data")


def evaluation_data(*parts: str) -> Path:
    """A file or folder of the data, which is there."""
    path = DATA.joinpath(*parts)
    if not path.exists():
        reason = f"there is no {path}; set EVAL_DATA"
        if os.environ.get("REQUIRE_LIVE") == "1" and os.environ.get("EVAL_DATA") != "none":
            pytest.fail(f"REQUIRE_LIVE=1, but {reason}")
        pytest.skip(reason)
    return path
