"""Reads pages of print, such as packing slips: straightened, every line with its place, and all codes on them.

What is read here are codes and amounts, of which each digit counts. So nothing asks which way up a line is: the classifier that
tells takes "99" for a turned "66", and is sure of it (PaddleOCR#2861).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from visual_search.imaging.reading import load

PAGE_SIDE = 1600  # px of the longer side; at 1,024 small print of a page loses digits
LEAST_SURE = 0.3  # of a line; an amount that was hard to read is shown and marked, not left out
_LEAST_PAGE = 0.25  # of the photo: a smaller bright part is no page
_OUTLINE_SIDE = 500  # px at which the edges of the page are looked for
_STRAIGHT = 0.02  # of the photo's side by which a page may miss its corners and count as straight


@dataclass(frozen=True, slots=True)
class PageLine:
    """A line of print. Confidence in [0, 1]; the box in px of the straightened page, from its top left."""

    text: str
    confidence: float
    left: float
    top: float
    right: float
    bottom: float


class DocumentReader:
    """PP-OCR over whole pages. Thread-safe and lazy, as `LabelReader`; `models` and `threads` are the same."""

    extra = "reading"

    def __init__(self, *, models: Mapping[str, str] | None = None, threads: int = 1, side: int = PAGE_SIDE) -> None:
        self.models = dict(models or {})
        self.threads = threads
        self.side = side
        self._lock = threading.Lock()
        self._engine: Any = None

    def read(self, image: Image.Image) -> tuple[PageLine, ...]:
        """All lines of a page, in no order. Raises ReaderUnavailable."""
        engine = self._loaded()
        page = straightened(image)
        if max(page.size) > self.side:
            page = page.copy()
            page.thumbnail((self.side, self.side), Image.Resampling.LANCZOS)
        found = engine(np.asarray(page.convert("RGB"))[:, :, ::-1])
        if found.txts is None or found.boxes is None:
            return ()
        corners = _level(np.asarray(found.boxes, np.float64))
        least, most = corners.min(axis=1), corners.max(axis=1)
        return tuple(
            PageLine(text.strip(), float(score), *map(float, (*low, *high)))
            for text, score, low, high in zip(found.txts, found.scores, least, most, strict=True)
            if text.strip()
        )

    def _loaded(self) -> Any:
        # The second check is inside the lock: two threads that come first would otherwise load twice.
        if self._engine is None:
            with self._lock:
                if self._engine is None:
                    settings = {"Global.use_cls": False, "Global.text_score": LEAST_SURE}
                    self._engine = load(self.models, self.threads, **settings)
        return self._engine


def scanned(image: Image.Image) -> tuple[str, ...]:
    """What all barcodes in a picture say; in those of GS1 elements are separated by ASCII 29. () without ZXing."""
    try:
        import zxingcpp  # noqa: PLC0415 - native code that only photos need
    except ImportError:
        return ()
    pixels = np.ascontiguousarray(np.asarray(image.convert("RGB")))
    found = zxingcpp.read_barcodes(pixels, text_mode=zxingcpp.TextMode.Plain)
    return tuple(dict.fromkeys(code.text for code in found if code.valid and code.text))


def straightened(image: Image.Image) -> Image.Image:
    """The page in a photo as a scanner would see it; the picture as it is where no page stands out from what it lies on."""
    import cv2  # noqa: PLC0415 - it takes a second and 60 MB

    corners = _page(cv2, image)
    if corners is None:
        return image
    width = round(max(np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[2] - corners[3])))
    height = round(max(np.linalg.norm(corners[3] - corners[0]), np.linalg.norm(corners[2] - corners[1])))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    pixels = np.asarray(image.convert("RGB"))
    return Image.fromarray(cv2.warpPerspective(pixels, matrix, (width, height), flags=cv2.INTER_CUBIC))


def _page(cv2: Any, image: Image.Image) -> npt.NDArray[np.float64] | None:
    """The corners of the largest bright part with four sides, from the top left clockwise, in px; None where there is none."""
    scale = _OUTLINE_SIDE / max(image.size)
    small = image.convert("L").resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    grey = cv2.GaussianBlur(np.asarray(small), (5, 5), 0)
    _, bright = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    # Print leaves holes in the page.
    bright = cv2.morphologyEx(bright, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    outlines, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not outlines:
        return None
    hull = cv2.convexHull(max(outlines, key=cv2.contourArea))
    corners = cv2.approxPolyDP(hull, 0.03 * cv2.arcLength(hull, True), True).reshape(-1, 2).astype(np.float64)
    if len(corners) != 4 or cv2.contourArea(corners.astype(np.float32)) < _LEAST_PAGE * small.width * small.height:
        return None
    corners = _clockwise(corners)
    whole = np.array([[0, 0], [small.width, 0], [small.width, small.height], [0, small.height]], np.float64)
    if np.abs(corners - whole).max() <= _STRAIGHT * max(small.size):
        return None
    return corners / scale


def _clockwise(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    sums, differences = corners.sum(axis=1), corners[:, 1] - corners[:, 0]
    order = [sums.argmin(), differences.argmin(), sums.argmax(), differences.argmax()]
    return corners[order]


def _level(boxes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Corners (n, 4, 2), turned so that most lines run level."""
    along = boxes[:, 1] - boxes[:, 0]
    lengths = np.linalg.norm(along, axis=1)
    angles = np.arctan2(along[:, 1], along[:, 0])
    longest = lengths >= np.median(lengths)
    angle = float(np.median(angles[longest]))
    cos, sin = np.cos(-angle), np.sin(-angle)
    return np.asarray(boxes @ np.array([[cos, -sin], [sin, cos]]).T)
