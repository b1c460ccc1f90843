"""A detector of the shop's own, from a local ONNX file whose boxes need no decoding."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from visual_search.errors import EncoderUnavailable
from visual_search.imaging import regions
from visual_search.imaging.nanodet import OTHER_CLASS, SAME_CLASS, open_session
from visual_search.types import Region

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

PADDING_GREY = 114  # the grey level beside the picture in the square input, as YOLOX and similar networks were trained

Floats = npt.NDArray[np.float32]


class OnnxDetector:
    """One input (1, 3, side, side), RGB divided by `scale`, the picture at the upper left and grey beside it.

    Outputs: one (1, n, 6) of x1, y1, x2, y2, score, class; or two, boxes (1, n, 4) and scores (1, n, classes), in any
    order. Boxes are in px of the input. `labels`: the class names in the network's order.
    """

    def __init__(
        self,
        path: str | Path,
        labels: Sequence[str],
        *,
        side: int = 640,
        scale: float = 1.0,
        least: float = 0.3,
        most: int = 8,
        threads: int = 1,
    ) -> None:
        self.path, self.labels, self.side, self.scale = Path(path), tuple(labels), side, scale
        self.least, self.most, self.threads = least, most, threads
        self._session: InferenceSession | None = None
        self._lock = Lock()

    def regions(self, image: Image.Image, *, faint: bool = False) -> tuple[Region, ...]:
        ratio = self.side / max(image.size)
        width, height = (max(1, round(length * ratio)) for length in image.size)
        square = np.full((self.side, self.side, 3), PADDING_GREY, np.float32)
        small = image.convert("RGB").resize((width, height), Image.Resampling.BILINEAR, reducing_gap=3.0)
        square[:height, :width] = np.asarray(small)
        session = self._loaded()
        fed = {session.get_inputs()[0].name: np.ascontiguousarray((square / self.scale).transpose(2, 0, 1)[None])}
        boxes, scores, kinds = self._read(session.run(None, fed))
        boxes = np.clip(boxes / np.array([width, height, width, height], np.float32), 0, 1)
        good = np.flatnonzero(
            (scores >= self.least) & ((boxes[:, 2:] - boxes[:, :2]) >= regions.LEAST_SIDE).all(axis=1)
        )
        kept = regions.distinct(
            boxes[good], scores[good], kinds[good].tolist(), most=self.most, same=SAME_CLASS, other=OTHER_CLASS
        )
        objects = tuple(
            regions.region_of(boxes[row], self.labels, int(kinds[row]), float(scores[row])) for row in good[kept]
        )
        return objects + regions.faint(objects, boxes, scores, kinds.tolist(), self.labels) if faint else objects

    def _read(self, outputs: Sequence[Floats]) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
        """Boxes (n, 4), scores (n,), classes (n,)."""
        widths = [output.shape[-1] if output.ndim == 3 else 0 for output in outputs]
        if len(outputs) == 1 and widths[0] == 6:
            rows = outputs[0][0]
            return rows[:, :4], rows[:, 4], rows[:, 5].astype(np.int64)
        if len(outputs) == 2 and sorted(widths) == sorted([4, len(self.labels)]):
            first = 0 if outputs[0].shape[-1] == 4 else 1
            scores = outputs[1 - first][0]
            return outputs[first][0], scores.max(axis=1), scores.argmax(axis=1)
        shapes = ", ".join(str(output.shape) for output in outputs)
        raise EncoderUnavailable(
            f"The detector '{self.path.name}' gives {shapes}; one output (1, n, 6), or boxes (1, n, 4) and scores "
            f"(1, n, {len(self.labels)}) are read. Export it with its boxes decoded, or set its labels."
        )

    def _loaded(self) -> InferenceSession:
        with self._lock:
            if self._session is None:
                self._session = open_session(self.path, self.threads)
            return self._session
