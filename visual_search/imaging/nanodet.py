"""The default detector: NanoDet-g, 80 everyday classes (COCO), 3.8 M parameters, shipped in this package.

Network and loss: RangiLyu, "NanoDet", 2020 (Apache-2.0, https://github.com/RangiLyu/nanodet); boxes are read from
distributions over distances (X. Li et al., "Generalized Focal Loss", NeurIPS 2020, section 3). Where the weights come
from, what they may be used for and what they find: docs/decisions/0019-objects-in-a-scene.md.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from visual_search.errors import EncoderUnavailable
from visual_search.imaging import onnx_session, regions
from visual_search.types import Region

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

WEIGHTS = Path(__file__).parent / "data" / "nanodet-g.onnx"
LABELS = tuple(
    (Path(__file__).parent / "data" / "coco_names.txt").read_text(encoding="utf-8").splitlines()
)  # 80, in the order of the network's outputs
STRIDES = (8, 16, 32)  # px of the input for one cell of each output map
BINS = 11  # distances 0 to 10 cells
GRID = 32  # px; sides are rounded to it, so that the maps of all strides fit
# Overlaps above which two boxes show one thing: of one class, and of two. Others found no more, says
# docs/decisions/0019-objects-in-a-scene.md.
SAME_CLASS, OTHER_CLASS = 0.6, 0.85
MOST_CANDIDATES = 400  # boxes that go into suppression, so that its time stays bounded (set by judgement)
# Of the BGR channels that the network was trained with.
_MEAN = np.array([103.53, 116.28, 123.675], np.float32)
_SCALE = np.array([57.375, 57.12, 58.395], np.float32)

Floats = npt.NDArray[np.float32]


class NanoDet:
    """`path`: an ONNX file with the same inputs and outputs, for another NanoDet; its `labels` go with it.

    `side`: px of the longer side that the network looks at. `least`: the surest class must reach this score.
    `person`: a factor on the score of people. A person is no product, but what the person wears may be: so people come
    after things, and are never left out.

    `closer`: px of the longer side in a second pass over a photo of several things, which proposes more small things to
    a tap; 0 leaves the pass out.
    """

    def __init__(
        self,
        path: str | Path = WEIGHTS,
        *,
        labels: tuple[str, ...] = LABELS,
        side: int = 416,
        least: float = 0.2,
        most: int = 6,
        person: float = 0.3,
        closer: int = 608,
        threads: int = 1,
    ) -> None:
        self.path, self.labels, self.side, self.threads = Path(path), tuple(labels), side, threads
        self.least, self.most, self.person, self.closer = least, most, person, closer
        self._session: InferenceSession | None = None
        self._lock = Lock()

    def regions(self, image: Image.Image, *, faint: bool = False) -> tuple[Region, ...]:
        boxes, best, kinds = self._look(image, self.side)
        objects = self._objects(boxes, best, kinds)
        if not faint:
            return objects
        if self.closer > self.side and len([each for each in objects if each.label != regions.PERSON]) > 1:
            more = self._look(image, self.closer)
            boxes, best, kinds = (
                np.concatenate([boxes, more[0]]), np.concatenate([best, more[1]]), np.concatenate([kinds, more[2]]),
            )  # fmt: skip
        return objects + regions.faint(objects, boxes, best, kinds.tolist(), self.labels)

    def _objects(self, boxes: Floats, best: Floats, kinds: npt.NDArray[np.int64]) -> tuple[Region, ...]:
        sides = boxes[:, 2:] - boxes[:, :2]
        first = np.argsort(-best, kind="stable")[:MOST_CANDIDATES]
        first = first[(best[first] >= self.least) & (sides[first] >= regions.LEAST_SIDE).all(axis=1)]
        boxes, best, kinds = boxes[first], best[first], kinds[first]
        kept = regions.distinct(boxes, best, kinds.tolist(), most=self.most, same=SAME_CLASS, other=OTHER_CLASS)
        return tuple(regions.region_of(boxes[row], self.labels, int(kinds[row]), float(best[row])) for row in kept)

    def _look(self, image: Image.Image, side: int) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
        """Boxes (n, 4), and score (n,) and number (n,) of the surest class of each."""
        boxes, scores = self._raw(image, side)
        if regions.PERSON in self.labels:
            scores[:, self.labels.index(regions.PERSON)] *= self.person
        return boxes, scores.max(axis=1), scores.argmax(axis=1)

    def _raw(self, image: Image.Image, side: int) -> tuple[Floats, Floats]:
        """Boxes (n, 4) as shares of the picture, inside it, and the score of each class (n, classes)."""
        scale = side / max(image.size)
        width, height = (max(GRID, round(length * scale / GRID) * GRID) for length in image.size)
        small = image.convert("RGB").resize((width, height), Image.Resampling.BILINEAR, reducing_gap=3.0)
        pixels = (np.asarray(small, np.float32)[:, :, ::-1] - _MEAN) / _SCALE
        fed = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])
        scores, distances = self._loaded().run(["scores", "distances"], {"pictures": fed})
        if scores.shape[2] != len(self.labels):
            raise EncoderUnavailable(
                f"The detector '{self.path.name}' tells {scores.shape[2]} classes apart, but {len(self.labels)} labels "
                "are set. Set VISUAL_SEARCH['DETECTOR']['OPTIONS']['labels'] to its classes, in its order."
            )
        centres, strides = _cells(width, height)
        parts = distances[0].reshape(-1, 4, BINS)
        parts = np.exp(parts - parts.max(axis=2, keepdims=True))
        reach = (parts @ np.arange(BINS, dtype=np.float32)) / parts.sum(axis=2) * strides[:, None]
        boxes = np.concatenate([centres - reach[:, :2], centres + reach[:, 2:]], axis=1)
        return np.clip(boxes / np.array([width, height, width, height], np.float32), 0, 1), scores[0]

    def _loaded(self) -> InferenceSession:
        with self._lock:
            if self._session is None:
                self._session = open_session(self.path, self.threads)
            return self._session


def open_session(path: Path, threads: int) -> InferenceSession:
    """The network in `path`, ready to run. Raises EncoderUnavailable."""
    return onnx_session.open_session(
        path, threads, what="The detector's file", mend="Check VISUAL_SEARCH['DETECTOR']['OPTIONS']['path']."
    )


def _cells(width: int, height: int) -> tuple[Floats, Floats]:
    """Centres (n, 2) in px and strides (n,) of all cells, in the order of the outputs: finest map first, row by row."""
    centres, strides = [], []
    for stride in STRIDES:
        across, down = ((np.arange(length // stride, dtype=np.float32) + 0.5) * stride for length in (width, height))
        centres.append(np.stack(np.meshgrid(across, down), axis=2).reshape(-1, 2))
        strides.append(np.full(len(centres[-1]), stride, np.float32))
    return np.concatenate(centres), np.concatenate(strides)
