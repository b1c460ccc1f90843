"""A script that reads one PDF, in a process of its own: who wrote the file is a stranger, and a small file may ask for any time
and memory.

Arguments: the most pages, seconds of processor time, bytes of memory. The PDF comes by standard input. To standard output goes
JSON: `{"count": pages of the document, "pages": [{"lines": [[text, left, top, right, bottom], ...], "pictures": [base64]}]}`, in
points from the top left. A page that is a scan has pictures, any other one has lines. What can't be read ends it with 1,
and the last line of standard error says why.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import sys
from typing import Any

LETTER = 0.5  # of the size of the type: how wide a letter is on average
LEAST_LETTERS = 40  # a page with fewer is a scan


def main(most_pages: int, seconds: int, memory: int) -> None:
    _limit(seconds, memory)
    import pypdf  # noqa: PLC0415 - within the limits

    document = pypdf.PdfReader(io.BytesIO(sys.stdin.buffer.read()))
    count = len(document.pages)
    pages = [_page(page) for page in document.pages] if count <= most_pages else []
    json.dump({"count": count, "pages": pages}, sys.stdout)


def _limit(seconds: int, memory: int) -> None:
    # Not every system knows them, and some take no limit of memory; the caller's own patience is the last one.
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - no such module on Windows

        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _page(page: Any) -> dict[str, Any]:
    lines = _lines(page)
    if sum(len(text) for text, *_ in lines) >= LEAST_LETTERS:
        return {"lines": lines, "pictures": []}
    return {"lines": [], "pictures": [base64.b64encode(one.data).decode() for one in page.images]}


def _lines(page: Any) -> list[tuple[str, float, float, float, float]]:
    lines: list[tuple[str, float, float, float, float]] = []
    top = float(page.mediabox.top)

    def visit(text: str, current: Any, matrix: Any, font: Any, size: float) -> None:
        text = text.strip()
        if text:
            left, base = (matrix[4] * current[0] + current[4], matrix[5] * current[3] + current[5])
            tall = abs(size * (matrix[3] or 1.0) * (current[3] or 1.0)) or 10.0
            lines.append((text, left, top - base - tall, left + LETTER * tall * len(text), top - base))

    page.extract_text(visitor_text=visit)
    return lines


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
