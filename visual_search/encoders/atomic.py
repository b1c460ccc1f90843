"""Writes files so that each is either whole or absent, also when several processes write or one is killed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from visual_search.errors import EncoderUnavailable


def write_once(path: Path, content: bytes) -> None:
    """Put `content` at `path` in one step, replacing what is there. Raises `EncoderUnavailable` where it can't."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            # mkstemp makes the file readable for its owner alone; workers may run as another user.
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as problem:
        raise EncoderUnavailable(
            f"The encoder can't write '{path}': {problem.strerror or problem}. Make the folder writable, "
            "or name another in VISUAL_SEARCH['ENCODER']['OPTIONS']['cache']."
        ) from problem
