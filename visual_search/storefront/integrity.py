"""The hash by which a browser knows that a script is the one that the page means (Subresource Integrity)."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path

from django.contrib.staticfiles import finders


def integrity(name: str) -> str:
    """`sha384-...` of this static file as it is collected; "" where no finder knows it, and then no page should say one."""
    found = finders.find(name)
    if not found:
        return ""
    path = Path(found)
    return _hashed(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _hashed(path: Path, changed: int) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()
