"""Checks the files that commands write their figures to."""

from __future__ import annotations

from pathlib import Path

from visual_search.errors import BadInput


def ensure_writable(path: Path | None, *, option: str) -> None:
    """Make the folder and open the file once, so that a wrong path fails before an hour's work. Raises BadInput with `option`."""
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        there = path.exists()
        path.open("ab").close()
        if not there:
            path.unlink()
    except OSError as problem:
        raise BadInput(
            f"{option} is {path}, which can't be written: {problem.strerror}. Name a file in a folder of yours."
        ) from problem
