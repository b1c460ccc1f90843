"""Makes the pictures of missing parts from the 3D models of the demo's goods: simulated, no photos.

`python -m tests.quality.customer_service.remove_parts MODELS`, where MODELS holds a folder for each article number with `m.obj`,
`m.mtl` and textures. A part is what hangs together by its edges. A model is taken where taking out a part changes 4 to 20 % of what
is seen of it, for two parts; the largest two that do are "a" and "b". Each state is drawn from the side from which the owner takes
the picture of the article, and from the one from which the shopper photographs.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

import cv2
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

HERE = Path(__file__).parent
SIDE, MOST_MODELS = 256, 20
VIEWS = {"article": (22, 20), "photo": (-25, 10)}  # azimuth and elevation in degrees
LEAST, MOST = 0.04, 0.20  # of the model's pixels
_MOST_FACES = 20_000
_SUN = np.array([0.3, 0.8, 0.5]) / np.linalg.norm([0.3, 0.8, 0.5])
_WHITE = 255


@dataclass(frozen=True, slots=True)
class Model:
    """`points` (n, 3); `faces` (m, 3) of points; `colours` (m, 3) RGB; `parts` (m,): to which part a face belongs."""

    points: np.ndarray
    faces: np.ndarray
    colours: np.ndarray
    parts: np.ndarray


def main(models: Path) -> None:
    catalogue = HERE.parents[2] / "catalog" / "demo" / "products.csv"
    with catalogue.open(encoding="utf-8") as opened:
        sold = [row["sku"] for row in csv.DictReader(opened)]
    target = HERE / "parts"
    target.mkdir(exist_ok=True)
    for sku, model, parts in islice(_taken(models, sold), MOST_MODELS):
        for name, part in zip(("whole", "a", "b"), (None, *parts), strict=True):
            for view, sides in VIEWS.items():
                image, _seen = draw(model, *sides, without=part)
                file = str(target / f"{sku}-{name}-{view}.jpg")
                cv2.imwrite(file, image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 60])


def _taken(models: Path, sold: Sequence[str]) -> Iterator[tuple[str, Model, list[int]]]:
    """Article number, model, and the two parts that are taken out one at a time."""
    for sku in sold:
        model = read(models / sku) if (models / sku / "m.obj").exists() else None
        if model is not None and len(parts := noticeable(model)) == 2:
            yield sku, model, parts


def read(folder: Path) -> Model | None:
    """None for a model with more faces than a small picture needs."""
    colours = _colours(folder)
    points: list[list[float]] = []
    faces: list[list[int]] = []
    painted: list[np.ndarray] = []
    paint = np.full(3, 180.0)
    for line in (folder / "m.obj").read_text().splitlines():
        kind, *rest = line.split() or [""]
        if kind == "v":
            points.append([float(one) for one in rest[:3]])
        elif kind == "usemtl":
            paint = colours.get(rest[0], paint)
        elif kind == "f":
            corners = [int(one.split("/")[0]) - 1 for one in rest]
            faces += [[corners[0], *pair] for pair in pairwise(corners[1:])]
            painted += [paint] * (len(corners) - 2)
    if not 0 < len(faces) <= _MOST_FACES:
        return None
    shape = np.array(points)
    shape = (shape - (shape.min(0) + shape.max(0)) / 2) / np.ptp(shape, axis=0).max()
    array = np.array(faces)
    return Model(shape, array, np.array(painted), _parts(shape, array))


def _colours(folder: Path) -> dict[str, np.ndarray]:
    """RGB of each material: the mean of its texture, or its diffuse colour."""
    found: dict[str, np.ndarray] = {}
    name = ""
    for line in (folder / "m.mtl").read_text().splitlines():
        kind, *rest = line.split() or [""]
        if kind == "newmtl":
            name = rest[0]
        elif kind == "Kd":
            found[name] = 255 * np.array([float(one) for one in rest[:3]])
        elif kind == "map_Kd" and (texture := cv2.imread(str(folder / rest[-1]))) is not None:
            found[name] = texture.reshape(-1, 3).mean(0)[::-1]
    return found


def _parts(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """What hangs together, where points at the same place are one."""
    _, same = np.unique(points.round(4), axis=0, return_inverse=True)
    corners = same.reshape(-1)[faces]
    pairs = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]]])
    size = int(same.max()) + 1
    _, part = connected_components(coo_array((np.ones(len(pairs)), pairs.T), shape=(size, size)), directed=False)
    return part[corners[:, 0]]


def draw(model: Model, azimuth: float, elevation: float, without: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """RGB on white, and of each pixel the part that is seen (-1: none); the farthest faces are painted first."""
    turn, tilt = np.radians([azimuth, elevation])
    across = np.array([[np.cos(turn), 0, -np.sin(turn)], [0, 1, 0], [np.sin(turn), 0, np.cos(turn)]])
    down = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    corners = (model.points @ (down @ across).T)[model.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
    light = 0.45 + 0.55 * np.abs(normals @ _SUN)
    at = (SIDE / 2 + corners[..., :2] * [1, -1] * SIDE * 0.75).round().astype(np.int32)
    image = np.full((SIDE, SIDE, 3), _WHITE, np.uint8)
    seen = np.full((SIDE, SIDE), -1, np.int32)
    for face in np.argsort(corners[..., 2].mean(1)):
        if model.parts[face] != without:
            cv2.fillConvexPoly(image, at[face], (model.colours[face] * light[face]).clip(0, 245).tolist())
            cv2.fillConvexPoly(seen, at[face], int(model.parts[face]))
    return image, seen


def noticeable(model: Model) -> list[int]:
    """The largest two parts whose absence changes enough of both views, and not too much."""
    shares = [share for azimuth, elevation in VIEWS.values() for share in [_shares(draw(model, azimuth, elevation)[1])]]
    common = shares[0].keys() & shares[1].keys()
    fit = [part for part in common if all(LEAST <= own[part] <= MOST for own in shares)]
    return sorted(fit, key=lambda part: (-shares[0][part], part))[:2]


def _shares(seen: np.ndarray) -> dict[int, float]:
    parts, counts = np.unique(seen[seen >= 0], return_counts=True)
    return {int(part): count / counts.sum() for part, count in zip(parts, counts, strict=True)}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
