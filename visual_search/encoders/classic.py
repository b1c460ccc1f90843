"""An encoder of classic features: gradients, local features, colour and texture, without a network.

    "ENCODER": {
        "BACKEND": "visual_search.encoders.classic.ClassicEncoder",
        "OPTIONS": {"cache": VAR_DIR / "encoders", "features": {"sift_vlad": 1, "hsv": 0.5}},
    }

Such features can be explained and need no weights. As the only encoder they find less than the default one: see
docs/decisions/0016-classic-features.md. Words come from the offline encoder.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from threading import RLock

import numpy as np
import numpy.typing as npt
from PIL import Image

from visual_search.encoders import canary
from visual_search.encoders.atomic import write_once
from visual_search.encoders.base import Role
from visual_search.encoders.offline_words import OfflineWords
from visual_search.errors import CanaryFailed, EncoderUnavailable
from visual_search.imaging import colour, keypoints, texture
from visual_search.imaging.keypoints import Codebook
from visual_search.types import EncoderCard, ImageVectors, Space, TextVectors, Vector, unit

Floats = npt.NDArray[np.float32]

SHIPPED = Path(__file__).with_name("data") / "classic.npz"
# Of a codebook; set by judgement. A bag of words has 256 dimensions, a VLAD vector 16 x 32.
WORDS, CENTRES = 256, 16
VERSION = "v1"

# What is measured of the whole picture: function and dimensions.
WHOLE: Mapping[str, tuple[Callable[[Image.Image], Floats], int]] = {
    "hsv": (lambda image: colour.hsv_histogram(colour.thumbnail(image)), int(np.prod(colour.HSV_BINS))),
    "lab": (lambda image: colour.lab_histogram(colour.thumbnail(image)), int(np.prod(colour.LAB_BINS))),
    "lbp": (texture.local_binary_patterns, texture.LBP_DIMS),
    "gabor": (texture.gabor, texture.GABOR_DIMS),
    "hog": (texture.oriented_gradients, texture.HOG_DIMS),
}
# What is made of a picture's local features.
LOCAL: Mapping[str, tuple[Callable[[Floats, Codebook], Floats], int]] = {
    "words": (keypoints.bag_of_words, WORDS),
    "vlad": (keypoints.vlad, CENTRES * keypoints.COMPRESSED),
}
FEATURES: Mapping[str, int] = {
    **{name: dims for name, (_, dims) in WHOLE.items()},
    **{f"{kind}_{form}": dims for kind in keypoints.KINDS for form, (_, dims) in LOCAL.items()},
}
DEFAULT: Mapping[str, float] = {"dense_sift_vlad": 1.0, "hsv": 0.6, "lbp": 0.2}


class ClassicEncoder:
    """Implements `Encoder`. `features`: names, or names with weights (the squared lengths of their parts in the vector).

    `learn` makes codebooks and means from the shop's own pictures, kept in `cache`; until then those that ship are used.
    """

    def __init__(
        self, cache: Path | str, *, features: Mapping[str, float] | Sequence[str] = DEFAULT, threads: int = 1
    ) -> None:
        weights = dict(features) if isinstance(features, Mapping) else dict.fromkeys(features, 1.0)
        unknown = [name for name in weights if name not in FEATURES]
        if unknown or not weights:
            raise EncoderUnavailable(
                f"There is no feature '{unknown[0]}'. Known: {', '.join(FEATURES)}."
                if unknown
                else f"No feature is named. Known: {', '.join(FEATURES)}."
            )
        if wrong := [name for name, weight in weights.items() if not weight > 0]:
            raise EncoderUnavailable(f"The weight of '{wrong[0]}' is {weights[wrong[0]]}; it must be above 0.")
        self.cache = Path(cache)
        self.weights = weights
        self._words = OfflineWords(self.cache, threads)
        self._lock = RLock()
        self._checked = False

    # --- What it is -------------------------------------------------------------------------------

    @cached_property
    def card(self) -> EncoderCard:
        names = "+".join(sorted(self.weights))
        content = repr((VERSION, sorted(self.weights.items()), hashlib.sha256(self._file).hexdigest()))
        # The last dimension is 1 for a picture in which no feature measures anything, and 0 for all others.
        dims = sum(FEATURES[name] for name in self.weights) + 1
        return EncoderCard(
            id=f"classic-{names}",
            image=Space("image", dims, hashlib.sha256(content.encode()).hexdigest()[:32]),
            cross=None,
            text=self._words.space,
            languages=self._words.languages,
            licence="Apache-2.0 (this project, OpenCV)",
            description=f"Measured, not learned from labels: {', '.join(self.weights)}. Words by USE and e5.",
        )

    @property
    def own_path(self) -> Path:
        """The file that `learn` writes."""
        return self.cache / "classic.npz"

    @cached_property
    def _file(self) -> bytes:
        path = self.own_path if self.own_path.is_file() else SHIPPED
        try:
            return path.read_bytes()
        except OSError as problem:
            raise EncoderUnavailable(
                f"The file '{path}' can't be read ({problem.strerror}). Reinstall django-visual-search."
            ) from problem

    @cached_property
    def _learned(self) -> Mapping[str, Floats]:
        try:
            with np.load(io.BytesIO(self._file), allow_pickle=False) as stored:
                return {name: stored[name].astype(np.float32) for name in stored.files}
        except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as problem:
            raise EncoderUnavailable(
                f"The codebooks are damaged ({problem}). Delete '{self.own_path}', or reinstall django-visual-search."
            ) from problem

    # --- Vectors ----------------------------------------------------------------------------------

    def images(self, pictures: Sequence[Image.Image]) -> ImageVectors:
        if not pictures:
            return ImageVectors(np.empty((0, self.card.image.dims), np.float32))
        self._check_once()
        return ImageVectors(np.stack([self._vector(picture) for picture in pictures]))

    def texts(self, texts: Sequence[str], *, role: Role, language: str | None) -> TextVectors:
        if not texts:
            return TextVectors(np.empty((0, self._words.space.dims), np.float32))
        return TextVectors(self._words.texts(texts, role, language))

    def _vector(self, picture: Image.Image) -> Vector:
        local: dict[str, Floats] = {}  # Words and VLAD of one kind share its descriptors.
        parts = [
            measure(picture, name, self._learned, local) * np.float32(weight**0.5)
            for name, weight in self.weights.items()
        ]
        joined = unit(np.concatenate(parts))
        return np.append(joined, np.float32(0 if joined.any() else 1))

    # --- Learning ---------------------------------------------------------------------------------

    def learn(self, pictures: Iterable[Image.Image]) -> None:
        """Codebooks and means for the features in use, from these pictures; the index must be rebuilt afterwards.

        Raises ValueError where the pictures are too few.
        """
        write_once(self.own_path, learned_from(pictures, list(self.weights)))

    # --- The canary -------------------------------------------------------------------------------

    def canary(self) -> None:
        local: dict[str, Floats] = {}
        for name in self.weights:
            expected = self._learned.get(f"canary/{name}")
            vector = measure(canary.picture(), name, self._learned, local)
            cosine = 0.0 if expected is None or expected.shape != vector.shape else float(vector @ unit(expected))
            # Written so that NaN fails too.
            if not cosine > canary.LEAST_COSINE:
                raise CanaryFailed(
                    f"The canary of '{name}' failed: cosine {cosine:.4f}, needed {canary.LEAST_COSINE}. This OpenCV "
                    "measures other things than the codebooks were made with, or their file was changed. Install the "
                    "version of config/constraints.txt, or run manage.py visual_search train_codebooks "
                    "and manage.py visual_search rebuild."
                )

    def _check_once(self) -> None:
        if not self._checked:
            with self._lock:
                if not self._checked:
                    self.canary()
                    self._checked = True


def measure(picture: Image.Image, name: str, learned: Mapping[str, Floats], local: dict[str, Floats]) -> Floats:
    """One feature of one picture, unit length or all zero. `local` keeps its descriptors by kind.

    Raises `EncoderUnavailable` where OpenCV lacks the feature or no codebook was learned for it.
    """
    if name in WHOLE:
        raw = WHOLE[name][0](picture)
        # Without the mean, all pictures would look alike: every one is mostly white and mostly smooth.
        return unit((raw - learned[f"mean/{name}"]) / learned[f"spread/{name}"])
    kind, form = name.rsplit("_", 1)
    if kind not in local:
        local[kind] = keypoints.describe(picture, kind)
    return LOCAL[form][0](local[kind], _codebook(learned, kind))


def learned_from(pictures: Iterable[Image.Image], features: Iterable[str]) -> bytes:
    """The file that an encoder with these features needs: means, codebooks, and the canary's vectors."""
    names = list(features)
    kinds = list(dict.fromkeys(name.rsplit("_", 1)[0] for name in names if name not in WHOLE))
    raw: dict[str, list[Floats]] = {name: [] for name in names if name in WHOLE}
    local: dict[str, list[Floats]] = {kind: [] for kind in kinds}
    for picture in pictures:
        for name, rows in raw.items():
            rows.append(WHOLE[name][0](picture))
        for kind, several in local.items():
            several.append(keypoints.describe(picture, kind))
    arrays: dict[str, Floats] = {}
    for name, rows in raw.items():
        if not rows:
            raise ValueError("There are no pictures to learn from.")
        values = np.stack(rows)
        arrays[f"mean/{name}"] = values.mean(axis=0)
        # Only Gabor's strengths have scales of their own; histograms share one.
        spread = values.std(axis=0) + 1e-3 if name == "gabor" else np.ones(1, np.float32)
        arrays[f"spread/{name}"] = np.asarray(spread, np.float32)
    for kind, several in local.items():
        book = keypoints.learn(several, words=WORDS, centres=CENTRES)
        arrays |= {f"{kind}/{field}": getattr(book, field) for field in _FIELDS}
    # Kept in half precision, and measured with what is kept.
    kept = {name: value.astype(np.float16) for name, value in arrays.items()}
    rounded = {name: value.astype(np.float32) for name, value in kept.items()}
    known: dict[str, Floats] = {}
    for name in names:
        kept[f"canary/{name}"] = measure(canary.picture(), name, rounded, known).astype(np.float16)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **kept)
    return buffer.getvalue()


_FIELDS = ("mean", "projection", "words", "rarity", "centres")


def _codebook(learned: Mapping[str, Floats], kind: str) -> Codebook:
    try:
        return Codebook(*(learned[f"{kind}/{field}"] for field in _FIELDS))
    except KeyError as problem:
        raise EncoderUnavailable(
            f"No codebook of {kind.upper()} ships with this package or was learned on your own pictures. "
            "Run manage.py visual_search train_codebooks."
        ) from problem
