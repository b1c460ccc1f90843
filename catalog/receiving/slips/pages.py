"""The print of a packing slip with its places: of a PDF as it is written there, of a photo or a scan as it is read."""

from __future__ import annotations

import base64
import functools
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image

from catalog.receiving import files
from visual_search import wiring
from visual_search.errors import BadInput, PictureRefused, said
from visual_search.imaging.documents import DocumentReader, PageLine
from visual_search.imaging.reading import LabelReader

MOST_BYTES = 20_000_000
MOST_PAGES = 20
MOST_SCANS = 5  # pictures of pages in one PDF; each takes seconds to read
PHOTO_SIDE = 3000  # px; the page in a photo is straightened from so many
MOST_SECONDS = 20  # of processor time for one PDF
MOST_MEMORY = 1_000_000_000  # bytes for one PDF
_PDF = b"%PDF-"
_SCRIPT = Path(__file__).with_name("pdf_reader.py")


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
    return list(_of_pdf(data, name))


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
    if find_spec("pypdf") is None:
        raise BadInput(said("PDF can't be read here, for lack of pypdf. Photograph the slip, or have pypdf installed."))
    told = _in_a_process(data, name)
    if told["count"] > MOST_PAGES:
        raise BadInput(
            said("The PDF has %(count)s pages; send at most %(most)s.", count=told["count"], most=MOST_PAGES)
        )
    scans = sum(len(page["pictures"]) for page in told["pages"])
    if scans > MOST_SCANS:
        raise BadInput(
            said("The PDF has %(count)s scanned pages; send at most %(most)s at once.", count=scans, most=MOST_SCANS)
        )
    for page in told["pages"]:
        written = tuple(PageLine(text, 1.0, *box) for text, *box in page["lines"])
        yield written or tuple(line for image in _pictures(page["pictures"]) for line in reader().read(image))


def _in_a_process(data: bytes, name: str) -> dict[str, Any]:
    """What `pdf_reader` tells of this file. Raises BadInput."""
    # -P: a module of this folder must not stand for one that the script imports.
    command = [sys.executable, "-P", str(_SCRIPT), str(MOST_PAGES), str(MOST_SECONDS), str(MOST_MEMORY)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=2 * MOST_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as problem:
        raise _too_much(name) from problem
    if done.returncode == 0:
        told: dict[str, Any] = json.loads(done.stdout)
        return told
    last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    # A process that a limit ended has nothing to say.
    if done.returncode < 0 or last.startswith("MemoryError"):
        raise _too_much(name)
    raise BadInput(
        said("%(name)s can't be read as PDF (%(problem)s). Photograph the slip.", name=name[:80], problem=last[:200])
    )


def _too_much(name: str) -> BadInput:
    return BadInput(said("To read %(name)s as PDF takes too much memory or time. Photograph the slip.", name=name[:80]))


def _pictures(encoded: Sequence[str]) -> Iterator[Image.Image]:
    for one in encoded:
        try:
            yield files.opened(base64.b64decode(one), "scan", PHOTO_SIDE)
        except PictureRefused:
            continue
