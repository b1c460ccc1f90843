"""The print of a packing slip with its places: of a PDF as it is written there, of a photo or a scan as it is read."""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator
from typing import Any

from PIL import Image

from catalog.receiving import files
from visual_search import wiring
from visual_search.errors import BadInput, PictureRefused, VisualSearchError, said
from visual_search.imaging.documents import DocumentReader, PageLine
from visual_search.imaging.reading import LabelReader

MOST_BYTES = 20_000_000
MOST_PAGES = 20
PHOTO_SIDE = 3000  # px; the page in a photo is straightened from so many
_PDF = b"%PDF-"
_LETTER = 0.5  # of the size of the type: how wide a letter is on average
_LEAST_LETTERS = 40  # a page with fewer is a scan


def print_of(data: bytes, name: str) -> list[tuple[PageLine, ...]]:
    """For each page its lines. Raises BadInput or PictureRefused for what is no slip, ReaderUnavailable."""
    if len(data) > MOST_BYTES:
        raise BadInput(
            said(
                "The packing slip has %(megabytes)s MB; send at most %(most)s MB.",
                megabytes=f"{len(data) / 1e6:.1f}",
                most=f"{MOST_BYTES / 1e6:.0f}",
            )
        )
    if data.lstrip()[:5] != _PDF:
        return [reader().read(files.opened(data, name, PHOTO_SIDE))]
    try:
        return list(_of_pdf(data, name))
    except VisualSearchError:
        raise
    # pypdf meets files of any kind, and raises a dozen types of errors on them.
    except Exception as problem:
        raise BadInput(
            said("%(name)s can't be read as PDF (%(problem)s). Photograph the slip.", name=name[:80], problem=problem)
        ) from problem


@functools.cache
def reader() -> DocumentReader:
    """Reads with the networks that the shop's own reader has."""
    known = wiring.reader()
    return (
        DocumentReader(models=known.models, threads=known.threads)
        if isinstance(known, LabelReader)
        else DocumentReader()
    )


def _of_pdf(data: bytes, name: str) -> Iterator[tuple[PageLine, ...]]:
    try:
        import pypdf  # noqa: PLC0415 - an extra, and only slips need it
    except ImportError as problem:
        raise BadInput(
            said("PDF can't be read here, for lack of pypdf. Photograph the slip, or have pypdf installed.")
        ) from problem
    document = pypdf.PdfReader(io.BytesIO(data))
    if len(document.pages) > MOST_PAGES:
        raise BadInput(
            said("The PDF has %(count)s pages; send at most %(most)s.", count=len(document.pages), most=MOST_PAGES)
        )
    for page in document.pages:
        lines = _written(page)
        if sum(len(line.text) for line in lines) >= _LEAST_LETTERS:
            yield lines
        else:
            yield tuple(line for image in _pictures(page) for line in reader().read(image))


def _written(page: Any) -> tuple[PageLine, ...]:
    lines: list[PageLine] = []
    top = float(page.mediabox.top)

    def visit(text: str, current: Any, matrix: Any, font: Any, size: float) -> None:
        text = text.strip()
        if text:
            left, base = (matrix[4] * current[0] + current[4], matrix[5] * current[3] + current[5])
            tall = abs(size * (matrix[3] or 1.0) * (current[3] or 1.0)) or 10.0
            wide = left + _LETTER * tall * len(text)
            lines.append(PageLine(text, 1.0, left, top - base - tall, wide, top - base))

    page.extract_text(visitor_text=visit)
    return tuple(lines)


def _pictures(page: Any) -> Iterator[Image.Image]:
    for picture in page.images:
        try:
            yield files.opened(picture.data, picture.name, PHOTO_SIDE)
        except PictureRefused:
            continue
