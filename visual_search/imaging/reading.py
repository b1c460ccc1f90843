"""Reads words and codes in a picture: label text (PP-OCR), and barcodes or QR codes (ZXing).

A package says on its front what it is. docs/decisions/0021-reading-and-comparing-photos.md has figures and the choice of
the reader.
"""

from __future__ import annotations

import copy
import logging
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from PIL import Image

from visual_search import extras
from visual_search.errors import ReaderUnavailable
from visual_search.types import Reading, ReadLine

logger = logging.getLogger(__name__)

LEAST_CONFIDENCE = 0.5  # of a line; in less sure ones, more letters are wrong than right
SHORTEST_WORD = 3  # characters; shorter words are units and noise
# Characters of a word in scripts without spaces. A single one is mostly an edge or a handle that the reader takes for a
# character: it read one on 1 in 8 renders of furniture, and such a character stands in some title.
SHORTEST_UNSPACED = 2
WORDS_VERSION = "words-2"  # Change it together with `words_of`, so that pictures are looked at again.
LONGEST_TEXT = 600  # characters kept of one picture; the front of a package has fewer
READ_SIDE = 1024  # px of the longer side; more takes time, and finds only the small print of ingredients
# Of all lines together, in heights of a line: the time to read a line grows with how long it is for its height, and RapidOCR pads
# a short one. Of 60 photos of groceries the fullest had 17 lines and 120 heights; a page of print would take half a minute.
MOST_HEIGHTS = 150
LEAST_HEIGHTS = 320 / 48  # of a line
# A glance at a photo of 320 px at its shorter side, for lines: the outline of a thing on white is higher than .4 of it, or short.
# Of 140 photos of all kinds it let 28 of 31 with words through, all 16 of groceries among them, and 10 of 109 without. It takes a
# sixth of the time of reading.
GLANCE_SIDE, GLANCE_SURE = 320, 0.3
GLANCE_HIGHEST, GLANCE_LONG = 0.4, 1.2  # of the shorter side; times as long as high
_MOST_ELONGATED = 3  # longer side by shorter side; a longer picture is padded (see `_pixels`)
_LONGEST_CODE = 64  # characters; a longer QR code is an address or a text, no code of a product (set by judgement)
_MODELS = {
    "Det": "PP-OCRv6_det_small.onnx",
    "Cls": "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
    "Rec": "PP-OCRv6_rec_small.onnx",
}
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# Prices, weights, dates and counts: the same on thousands of labels.
_NUMBER = re.compile(
    r"[\d.,:;/x×*+%\-–€$£¥°()]+(?:g|kg|mg|ml|cl|dl|l|cm|mm|m|kr|st|pcs|kcal|kj|w|v|hz)?\.?", re.IGNORECASE
)
_GTIN_LENGTHS = (8, 12, 13, 14)
_DIGITAL_LINK = re.compile(r"/01/(\d{8,14})(?:/|\?|$)")  # GS1 Digital Link: https://example.org/01/09506000134352


@runtime_checkable
class Reader(Protocol):
    """Reads pictures. Thread-safe and lazy: the first call loads what it needs, and raises `ReaderUnavailable`."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same picture may be read differently; known without loading anything."""

    def read(self, image: Image.Image) -> Reading:
        """What stands in an RGB picture of any size."""


@runtime_checkable
class PhotoReader(Reader, Protocol):
    """A reader that looks at a shopper's photo more quickly than at a picture of the catalogue."""

    def read_photo(self, image: Image.Image) -> Reading:
        """What stands in it. Small letters, and few of them, may be passed over."""


def read_photo(reader: Reader, image: Image.Image) -> Reading:
    """What stands in a shopper's photo, read as this reader reads photos."""
    return reader.read_photo(image) if isinstance(reader, PhotoReader) else reader.read(image)


class LabelReader:
    """PP-OCRv6 small through RapidOCR (Latin, Greek, Chinese, Japanese) and ZXing, all from installed packages.

    `models` names other PP-OCR files for other scripts: {"Rec": "/models/cyrillic_rec.onnx"}; parts are Det, Cls and Rec.
    `threads` is for one picture; a shop gains more from several worker processes with one thread each.
    """

    extra = "reading"

    def __init__(self, *, models: Mapping[str, str] | None = None, threads: int = 1, side: int = READ_SIDE) -> None:
        unknown = sorted(set(models or {}) - set(_MODELS))
        if unknown:
            raise TypeError(f"models has the unknown part {unknown[0]!r}; its parts are {', '.join(_MODELS)}")
        self.models = dict(models or {})
        self.threads = threads
        self.side = side
        self._lock = threading.Lock()
        self._engine: Any = None

    @property
    def fingerprint(self) -> str:
        names = ",".join(f"{part}={Path(self.models.get(part, name)).name}" for part, name in _MODELS.items())
        return f"labels-1 {names} {self.side}"

    def read_photo(self, image: Image.Image) -> Reading:
        """As `read`; where a glance shows no line, codes alone."""
        pixels = _pixels(image, self.side)
        if self._loaded().text_det.shows_none(pixels):
            return Reading((), codes_of(_barcodes(pixels)))
        return self._read(image, pixels)

    def read(self, image: Image.Image) -> Reading:
        return self._read(image, _pixels(image, self.side))

    def _read(self, image: Image.Image, pixels: np.ndarray) -> Reading:
        scale = min(1.0, self.side / max(image.size))
        shown = (image.width * scale, image.height * scale)
        # RapidOCR takes arrays in OpenCV's order of channels.
        engine = self._loaded()
        lines = tuple(_lines(engine(pixels[:, :, ::-1]), shown))
        return Reading(lines, codes_of(_barcodes(pixels)), whole=not engine.text_det.left_out)

    def _loaded(self) -> Any:
        # The second check is inside the lock: two threads that come first would otherwise load twice.
        if self._engine is None:
            with self._lock:
                if self._engine is None:
                    engine = load(self.models, self.threads)
                    engine.text_det = _LargestLines(engine._load_det_model())
                    self._engine = engine
        return self._engine


def load(models: Mapping[str, str], threads: int, **settings: Any) -> Any:
    """RapidOCR with its networks from installed files. Raises ReaderUnavailable where one is missing."""
    if problem := extras.lacking("reading"):
        raise ReaderUnavailable(f"Label text can't be read, {problem}; or set VISUAL_SEARCH['READER'] = None.")
    import rapidocr  # noqa: PLC0415 - it brings OpenCV, which takes a second and 60 MB

    params: dict[str, Any] = {
        "Global.log_level": "critical",
        "EngineConfig.onnxruntime.intra_op_num_threads": threads,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        **settings,
    }
    folder = Path(rapidocr.__file__).parent / "models"
    for part, name in _MODELS.items():
        path = Path(models.get(part, folder / name))
        # Without this, RapidOCR would try to download the file.
        if not path.is_file():
            raise ReaderUnavailable(
                f"The file '{path.name}' for reading label text is missing. Reinstall it "
                "(pip install --force-reinstall rapidocr), or correct VISUAL_SEARCH['READER']['OPTIONS']['models']."
            )
        params[f"{part}.model_path"] = str(path)
    return rapidocr.RapidOCR(params=params)


class _LargestLines:
    """RapidOCR's finder of lines, which names no more of them than `MOST_HEIGHTS` allows.

    What a product is stands in large letters, so these come first.
    """

    def __init__(self, finder: Any) -> None:
        self._finder = finder
        self._last = threading.local()
        # The same network, asked in another way.
        self._glancing = copy.copy(finder)
        self._glancing.limit_side_len = GLANCE_SIDE
        self._glancing.postprocess_op = copy.copy(finder.postprocess_op)
        self._glancing.postprocess_op.box_thresh = GLANCE_SURE

    @property
    def left_out(self) -> bool:
        """Whether the last picture of this thread had more lines."""
        return bool(self._last.left_out)

    def shows_none(self, pixels: np.ndarray) -> bool:
        """Whether a glance at these pixels (RGB) shows no line."""
        image = Image.fromarray(pixels)
        share = min(1.0, GLANCE_SIDE / min(image.size))
        small = image.resize([max(1, round(side * share)) for side in image.size], Image.Resampling.BILINEAR)
        found = self._glancing(np.asarray(small)[:, :, ::-1])
        if found.boxes is None:
            return True
        sides = _sides(np.asarray(found.boxes))
        heights = sides.min(axis=1)
        lines = (heights <= GLANCE_HIGHEST * min(small.size)) & (sides.max(axis=1) >= GLANCE_LONG * heights)
        return not lines.any()

    def __call__(self, pixels: np.ndarray) -> Any:
        found = self._finder(pixels)
        chosen = [] if found.boxes is None else _largest(np.asarray(found.boxes))
        self._last.left_out = found.boxes is not None and len(chosen) < len(found.boxes)
        if self._last.left_out:
            found = replace(found, boxes=found.boxes[chosen], scores=[found.scores[n] for n in chosen])
        return found


def _sides(boxes: np.ndarray) -> np.ndarray:
    """Two sides of each box, (n, 2). `boxes`: (n, 4, 2), four corners each."""
    return np.asarray(np.linalg.norm(boxes[:, [1, 3]] - boxes[:, [0]], axis=2))


def _largest(boxes: np.ndarray) -> list[int]:
    """Which of the lines are read, in their own order. `boxes`: (n, 4, 2), four corners each. The largest one always is."""
    sides = _sides(boxes)
    longer, shorter = sides.max(axis=1), np.maximum(1, sides.min(axis=1))
    order = np.argsort(-shorter, kind="stable")
    fitting = np.cumsum(np.maximum(LEAST_HEIGHTS, longer / shorter)[order]) <= MOST_HEIGHTS
    fitting[0] = True
    return sorted(int(n) for n in order[fitting])


def _lines(answer: Any, shown: tuple[float, float]) -> Iterator[ReadLine]:
    """Lines with boxes as shares of the picture, whose size `shown` is that without the padding at the right and below."""
    if answer.txts is None or answer.boxes is None:
        return
    width, height = shown
    for text, score, corners in zip(answer.txts, answer.scores, answer.boxes, strict=True):
        if score >= LEAST_CONFIDENCE and text.strip():
            (left, top), (right, bottom) = np.min(corners, axis=0), np.max(corners, axis=0)
            box = (left / width, top / height, right / width, bottom / height)
            shares = tuple(round(min(1.0, max(0.0, float(side))), 4) for side in box)
            yield ReadLine(text.strip(), round(float(score), 3), shares)  # type: ignore[arg-type]


def words_of(reading: Reading) -> str:
    """The words that tell products apart, without prices, weights, dates and fragments; at most `LONGEST_TEXT` characters."""
    words = (word for line in reading.lines for word in line.text.split())
    return " ".join(dict.fromkeys(word for word in words if _tells(word)))[:LONGEST_TEXT].rstrip()


def _tells(word: str) -> bool:
    if _NUMBER.fullmatch(word):
        return False
    return len(word) >= (SHORTEST_UNSPACED if _UNSPACED.search(word) else SHORTEST_WORD)


def codes_of(texts: Iterable[str]) -> tuple[str, ...]:
    """The codes to search for: each text as it stands, and a GTIN in each form in which shops write it."""
    codes: list[str] = []
    for text in texts:
        link = _DIGITAL_LINK.search(text)
        code = link.group(1) if link else text.strip()
        if 0 < len(code) <= _LONGEST_CODE:
            codes += gtin_forms(code) or (code,)
    return tuple(dict.fromkeys(codes))


def gtin_forms(code: str) -> tuple[str, ...]:
    """All forms of a valid GTIN in 8, 12, 13 and 14 digits, the given one first; () for anything else.

    A form drops or adds leading zeros, so a GTIN has only those that its other digits fit into.

    Check digit: GS1 General Specifications, section 7.9.
    """
    if not (code.isascii() and code.isdigit() and len(code) in _GTIN_LENGTHS):
        return ()
    digits = [int(digit) for digit in code.zfill(14)]
    if (10 - sum(digit * weight for digit, weight in zip(digits[:13], (3, 1) * 7, strict=False)) % 10) % 10 != digits[
        13
    ]:
        return ()
    bare = code.lstrip("0")
    forms = (bare.zfill(length) for length in _GTIN_LENGTHS if len(bare) <= length)
    return tuple(dict.fromkeys((code, *forms)))


def _barcodes(pixels: np.ndarray) -> Sequence[str]:
    import zxingcpp  # noqa: PLC0415 - native code that only photos need

    return [code.text for code in zxingcpp.read_barcodes(np.ascontiguousarray(pixels)) if code.valid and code.text]


def _pixels(image: Image.Image, side: int) -> np.ndarray:
    """At most `side` px long, and padded with white where it is long and thin.

    PP-OCR enlarges the shorter side to 736 px: of a picture of 3,000 x 2 px it would make one of 20 GB.
    """
    small = image if image.mode == "RGB" else image.convert("RGB")
    if max(small.size) > side:
        small = small.copy()
        small.thumbnail((side, side), Image.Resampling.BILINEAR)
    least = -(-max(small.size) // _MOST_ELONGATED)
    if min(small.size) < least:
        padded = Image.new("RGB", (max(small.width, least), max(small.height, least)), "white")
        padded.paste(small)
        small = padded
    return np.asarray(small)
