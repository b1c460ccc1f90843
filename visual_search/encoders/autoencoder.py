"""An encoder by a small convolutional autoencoder of the shop's own pictures; it runs as ONNX, without torch.

    "ENCODER": {
        "BACKEND": "visual_search.encoders.autoencoder.AutoencoderEncoder",
        "OPTIONS": {"cache": VAR_DIR / "encoders"},
    }

`manage.py visual_search train_autoencoder` trains it (Hinton and Salakhutdinov, Science 2006;
denoising: Vincent et al., ICML 2008).
It needs no labels and no download, and it finds less than networks that were trained on a million photos:
docs/reference/quality-and-speed.md.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from visual_search.encoders import canary
from visual_search.encoders.base import Role
from visual_search.encoders.efficientnet import open_session
from visual_search.encoders.offline_words import OfflineWords
from visual_search.encoders.recording import least_cosine
from visual_search.errors import CanaryFailed, EncoderUnavailable
from visual_search.types import EncoderCard, ImageVectors, Matrix, Space, TextVectors, unit

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Floats = npt.NDArray[np.float32]

INPUT_SIDE = 64  # px of the square that the network reads; set by judgement, so that training takes minutes on a CPU
DIMS = 128  # of a picture's code; set by judgement
FILE = "autoencoder.onnx"
CANARY_KEY, COUNT_KEY = "canary", "pictures"
VERSION = "pad to a white square, 64 px; v1"


class AutoencoderEncoder:
    """Implements `Encoder`. Words come from the offline encoder. Raises `EncoderUnavailable` until it was trained."""

    def __init__(self, cache: Path | str, *, threads: int = 1) -> None:
        self.cache = Path(cache)
        self.threads = threads
        self._words = OfflineWords(self.cache, threads)
        self._lock = RLock()
        self._session: InferenceSession | None = None

    @property
    def path(self) -> Path:
        return self.cache / FILE

    @cached_property
    def card(self) -> EncoderCard:
        try:
            digest = hashlib.sha256(self.path.read_bytes()).hexdigest()
        except OSError as problem:
            raise EncoderUnavailable(
                f"No autoencoder was trained yet: '{self.path}' isn't there. Run manage.py visual_search train_autoencoder."
            ) from problem
        return EncoderCard(
            id="autoencoder-1",
            image=Space("image", DIMS, hashlib.sha256(f"{VERSION}\0{digest}".encode()).hexdigest()[:32]),
            cross=None,
            text=self._words.space,
            languages=self._words.languages,
            licence="Apache-2.0; trained on the shop's own pictures",
            description="A convolutional autoencoder of the shop's own pictures. Words by USE and e5.",
        )

    def images(self, pictures: Sequence[Image.Image]) -> ImageVectors:
        if not pictures:
            return ImageVectors(np.empty((0, DIMS), np.float32))
        return ImageVectors(_run(self._loaded(), pictures))

    def texts(self, texts: Sequence[str], *, role: Role, language: str | None) -> TextVectors:
        if not texts:
            return TextVectors(np.empty((0, self._words.space.dims), np.float32))
        return TextVectors(self._words.texts(texts, role, language))

    def canary(self) -> None:
        check(self._loaded())

    def _loaded(self) -> InferenceSession:
        if self._session is None:
            with self._lock:
                if self._session is None:
                    assert self.card  # Without a file, building the card raises the error that says what to do.
                    session = open_session(self.path, self.threads)
                    check(session)
                    self._session = session
        return self._session


def network_input(pictures: Sequence[Image.Image]) -> Floats:
    """Pictures padded with white to squares of 64 px: shape (n, 3, 64, 64), values 0 to 1."""
    rows = np.full((len(pictures), INPUT_SIDE, INPUT_SIDE, 3), 255, np.uint8)
    for row, picture in zip(rows, pictures, strict=True):
        image = picture if picture.mode == "RGB" else picture.convert("RGB")
        scale = INPUT_SIDE / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        left, top = (INPUT_SIDE - size[0]) // 2, (INPUT_SIDE - size[1]) // 2
        row[top : top + size[1], left : left + size[0]] = np.asarray(image.resize(size, Image.Resampling.BOX))
    return np.ascontiguousarray(rows.transpose(0, 3, 1, 2), np.float32) / np.float32(255)


def check(session: InferenceSession) -> None:
    """Raise `CanaryFailed` unless the network gives what it gave after its training."""
    stored = session.get_modelmeta().custom_metadata_map.get(CANARY_KEY, "")
    expected = np.frombuffer(base64.b64decode(stored), np.float32).reshape(1, -1)
    cosine = least_cosine(_run(session, [canary.picture()]), expected)
    # Written so that NaN fails too.
    if not cosine > canary.LEAST_COSINE:
        raise CanaryFailed(
            f"The canary of the autoencoder failed: cosine {cosine:.4f}, needed {canary.LEAST_COSINE}. Its file isn't what "
            "was trained. Put the former one back, or run manage.py visual_search train_autoencoder "
            "and manage.py visual_search rebuild."
        )


def _run(session: InferenceSession, pictures: Sequence[Image.Image]) -> Matrix:
    (codes,) = session.run(["vectors"], {"pictures": network_input(pictures)})
    return unit(codes)
