"""An encoder by any model that sentence-transformers loads: SigLIP 2, CLIP, Marqo, Qwen3-VL, or a local folder.

    "ENCODER": {
        "BACKEND": "visual_search.encoders.neural.NeuralEncoder",
        "OPTIONS": {"model": "google/siglip2-base-patch32-256", "cache": VAR_DIR / "encoders"},
    }

Which one, and what it costs: docs/how-to/choose-a-model.md. Needs `pip install 'django-visual-search[neural]'`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from threading import RLock

import numpy as np
from PIL import Image

from visual_search.encoders import canary, recording
from visual_search.encoders.base import Role
from visual_search.encoders.known_models import known
from visual_search.encoders.offline_words import OfflineWords
from visual_search.encoders.recording import Recording
from visual_search.encoders.sentence_model import ModelSource, SentenceModel
from visual_search.errors import EncoderUnavailable
from visual_search.types import EncoderCard, ImageVectors, Matrix, Space, TextVectors

PREPROCESSING = "at most 1 : 8, padded with white; v1"
_TEXTS = [text for texts in canary.TEXTS.values() for text in texts]


class NeuralEncoder:
    """Implements `Encoder`. All of `model`, `text_tower` and `text_model` are ids of the hub or local folders.

    `model` encodes pictures, and words if it can. `text_tower` encodes words into the same space instead (the
    multilingual student of CLIP). `text_model` compares titles with words in a space of its own; without one, the
    joint space serves, or the offline encoder's words if `model` takes only pictures. The first use loads the model twice (see
    `_record`), later ones once; a process that only needs the card loads nothing.
    """

    extra = "neural"

    def __init__(
        self,
        model: str | Path,
        cache: Path | str,
        *,
        text_tower: str | Path | None = None,
        text_model: str | Path | None = None,
        revision: str | None = None,
        trust_remote_code: bool = False,
        truncate_dims: int | None = None,
        prompts: Mapping[str, str] | None = None,
        text_prompts: Mapping[str, str] | None = None,
        languages: Iterable[str] | None = None,
        licence: str = "",
        device: str | None = None,
        threads: int = 1,
        batch: int = 16,
    ) -> None:
        self.cache = Path(cache)
        self._lock = RLock()
        self._checked = False

        def made(name: str | Path, own: Mapping[str, str] | None, *, first: bool = False) -> SentenceModel:
            # A revision and the permission to run foreign code are given for one model, never for another beside it.
            return SentenceModel(
                ModelSource(
                    str(name),
                    revision if first else None,
                    trust_remote_code and first,
                    None if name is text_model else truncate_dims,
                    own,
                    device,
                    threads,
                    batch,
                )
            )

        self._joint = made(model, prompts, first=True)
        self._tower = made(text_tower, prompts) if text_tower else self._joint
        self._text = made(text_model, text_prompts) if text_model else None
        self._words = OfflineWords(self.cache, threads)
        reader = known(self._tower.source.name)
        self._languages = frozenset(languages) if languages is not None else reader.languages
        self._licence = licence or known(str(model)).licence

    # --- What it is -------------------------------------------------------------------------------

    @cached_property
    def card(self) -> EncoderCard:
        """Known from the record in the cache folder; the very first time, the model is loaded to write it."""
        meta = self._recording().meta
        image = self._space("image", int(meta["image"]), meta)
        reads = bool(meta["reads"])
        if self._text is not None:
            text = self._space("text", int(meta["text"]), meta)
        else:
            text = self._space("text", int(meta["image"]), meta) if reads else self._words.space
        name = Path(self._joint.source.name).name
        return EncoderCard(
            id=f"neural-{name}",
            image=image,
            cross=image if reads else None,
            text=text,
            languages=self._languages or (frozenset({"en"}) if reads or self._text else self._words.languages),
            licence=self._licence,
            description=f"{name} through sentence-transformers.",
        )

    def _space(self, name: str, dims: int, meta: Mapping[str, str]) -> Space:
        return Space(name, dims, recording.key((name, dims, meta["digest"], PREPROCESSING, *self._settings)))

    @property
    def _settings(self) -> tuple[object, ...]:
        return tuple(one.source.settings for one in self._models)

    @property
    def _models(self) -> list[SentenceModel]:
        every = [self._joint, self._tower, *([self._text] if self._text else [])]
        return list(dict.fromkeys(every))

    # --- Vectors ----------------------------------------------------------------------------------

    def images(self, pictures: Sequence[Image.Image]) -> ImageVectors:
        if not pictures:
            return ImageVectors(np.empty((0, self.card.image.dims), np.float32))
        self._check_once()
        return ImageVectors(self._joint.images(pictures))

    def texts(self, texts: Sequence[str], *, role: Role, language: str | None) -> TextVectors:
        """`cross` is None in languages that the model is known not to read, since its vectors for them are noise."""
        card = self.card
        if not texts:
            empty = np.empty((0, card.image.dims), np.float32) if card.cross else None
            return TextVectors(np.empty((0, card.text.dims if card.text else 0), np.float32), empty)
        if card.cross is None:
            return TextVectors(self._titles(texts, role, language))
        self._check_once()
        joint = self._tower.texts(texts, role)
        return TextVectors(
            text=self._text.texts(texts, role) if self._text else joint,
            cross=joint if self._understands(language) else None,
        )

    def _titles(self, texts: Sequence[str], role: Role, language: str | None) -> Matrix:
        if self._text is None:
            return self._words.texts(texts, role, language)
        self._check_once()
        return self._text.texts(texts, role)

    def _understands(self, language: str | None) -> bool:
        return language is None or self._languages is None or language in self._languages

    # --- The canary -------------------------------------------------------------------------------

    def canary(self) -> None:
        self._compare(self._recording())

    def _check_once(self) -> None:
        # The second check is inside the lock: two threads that come first would otherwise both check.
        if not self._checked:
            with self._lock:
                if not self._checked:
                    self.canary()
                    self._checked = True

    def _compare(self, known_vectors: Recording) -> None:
        known_vectors.compare(
            self._canary_vectors(),
            what=f"the model '{self._joint.source.name}'",
            mend=f"Its files or its libraries have changed since the index was made. Put the former ones back, or delete "
            f"'{self._path}' and run manage.py visual_search rebuild.",
        )

    @property
    def _path(self) -> Path:
        return self.cache / f"neural-{recording.key(self._settings)}.npz"

    def _recording(self) -> Recording:
        with self._lock:
            return recording.read(self._path) or self._record()

    def _record(self) -> Recording:
        """Load twice, compare, and write down what the models gave.

        Weights that the files lack, or that have other names there, are filled with random numbers without an error.
        Two loads from different seeds then disagree; a whole model gives the same both times.
        """
        self._check_modalities()
        first = self._canary_vectors()
        for model in self._models:
            model.unload()
            model.load(seed=1)
        second = self._canary_vectors()
        for part, expected in first.items():
            cosine = recording.least_cosine(second[part], expected)
            if not cosine > canary.LEAST_COSINE:
                raise EncoderUnavailable(
                    f"Two loads of '{self._joint.source.name}' give different vectors ({part}: cosine {cosine:.2f}), so "
                    "a part of it was filled with random numbers: its files don't fit the architecture that they name. "
                    "Use a converted copy, or the code that belongs to it (trust_remote_code)."
                )
        meta = {
            "digest": "|".join(model.digest() for model in self._models),
            "reads": "yes" if "cross" in first else "",
            "image": str(first["image"].shape[1]),
            "text": str(first["text"].shape[1]) if "text" in first else "",
        }
        made = Recording(meta, first)
        made.write(self._path)
        self._checked = True
        return made

    def _check_modalities(self) -> None:
        if not self._joint.sees():
            raise EncoderUnavailable(
                f"The model '{self._joint.source.name}' takes no pictures. Name one that does as 'model' (SigLIP, CLIP), "
                "and this one as 'text_model'."
            )
        for option, model in (("text_tower", self._tower), ("text_model", self._text)):
            if model is not None and model is not self._joint and not model.reads():
                raise EncoderUnavailable(f"The model '{model.source.name}' takes no words, so it can't be '{option}'.")
        if self._tower is not self._joint:
            picture, text = self._joint.images([canary.picture()]), self._tower.texts(_TEXTS[:1], "query")
            if picture.shape[1] != text.shape[1]:
                raise EncoderUnavailable(
                    f"'{self._tower.source.name}' gives {text.shape[1]} dimensions and '{self._joint.source.name}' "
                    f"{picture.shape[1]}: they share no space. Name it as 'text_model' instead."
                )

    def _canary_vectors(self) -> dict[str, Matrix]:
        vectors = {"image": self._joint.images([canary.picture()])}
        if self._tower.reads():
            vectors["cross"] = np.concatenate([self._tower.texts(_TEXTS, role) for role in canary.ROLES])
        if self._text is not None:
            vectors["text"] = np.concatenate([self._text.texts(_TEXTS, role) for role in canary.ROLES])
        return vectors
