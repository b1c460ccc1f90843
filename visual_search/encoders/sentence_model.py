"""Runs one sentence-transformers model, and keeps it from four mistakes that such models invite.

- A bare string that looks like a URL or a path is fetched or opened, so words only go in as `{"text": ...}` and pictures
  only as PIL images.
- SigLIP was trained on text padded to its full length, with no mask over the padding; any other way gives other vectors.
- DINO's own vector is that of its class token; sentence-transformers would take the mean of all patches.
- Weights whose names don't fit are filled with random numbers, without an error: see `recording.py`.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from visual_search.encoders.base import Role
from visual_search.encoders.known_models import known
from visual_search.errors import EncoderUnavailable
from visual_search.types import Matrix, unit

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

# Files that decide what a model gives; the rest of its folder is documentation.
_DECIDING = {".safetensors", ".bin", ".json", ".txt", ".model", ".py"}
_MOST_CHARS = 4_000  # of a text; the longest context of these models ends far before
_LEAST_SIDE = 16  # px; some processors refuse less
_MOST_ELONGATED = 8  # longer side by shorter side; a strip of 1 x 1,000 px would be enlarged to gigabytes
_ON_CLASS_TOKEN = ("dinov2", "dinov3_vit")


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Which model, and how it is run. `name`: an id of the model hub, or a local folder."""

    name: str
    revision: str | None = None
    trust_remote_code: bool = False
    truncate_dims: int | None = None
    prompts: Mapping[str, str] | None = field(default=None, hash=False)
    device: str | None = None
    threads: int = 1
    batch: int = 16

    @property
    def settings(self) -> tuple[object, ...]:
        """What changes the vectors; device, threads and batch don't."""
        return self.name, self.revision, self.trust_remote_code, self.truncate_dims, sorted(self.role_prompts.items())

    @property
    def role_prompts(self) -> Mapping[str, str]:
        return known(self.name).prompts if self.prompts is None else self.prompts


class SentenceModel:
    """Lazy and thread-safe. Raises `EncoderUnavailable` with what to install or set."""

    def __init__(self, source: ModelSource) -> None:
        self.source = source
        self._lock = RLock()
        self._model: SentenceTransformer | None = None

    def load(self, *, seed: int = 0) -> SentenceTransformer:
        """The loaded model. `seed` is what weights that the files lack would be filled from."""
        with self._lock:
            if self._model is None:
                self._model = self._loaded(seed)
            return self._model

    def unload(self) -> None:
        with self._lock:
            self._model = None

    def sees(self) -> bool:
        return bool(self.load().supports("image"))

    def reads(self) -> bool:
        return bool(self.load().supports("text"))

    def images(self, pictures: Sequence[Image.Image]) -> Matrix:
        """Shape (n, dims), unit length."""
        with self._lock:
            model = self.load()
            return self._units(model.encode([_tamed(picture) for picture in pictures], **self._options), len(pictures))

    def texts(self, texts: Sequence[str], role: Role) -> Matrix:
        """Shape (n, dims), unit length."""
        with self._lock:
            model = self.load()
            lower = known(self.source.name).lower
            wrapped = [{"text": self._prepared(text, lower)} for text in texts]
            encode: Any = model.encode_query if role == "query" else model.encode_document
            options = {**self._options, **self._padding(model)}
            if role in self.source.role_prompts:
                options["prompt"] = self.source.role_prompts[role]
            return self._units(encode(wrapped, **options), len(texts))

    def digest(self) -> str:
        """SHA-256 over the files that decide what the model gives, in hex. Reads them all: a few seconds a gigabyte."""
        folder = self._folder()
        digest = hashlib.sha256()
        for path in sorted(folder.rglob("*")):
            if path.suffix in _DECIDING and path.is_file():
                digest.update(path.relative_to(folder).as_posix().encode())
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    @property
    def _options(self) -> dict[str, Any]:
        return {"batch_size": self.source.batch, "normalize_embeddings": True, "show_progress_bar": False}

    @staticmethod
    def _prepared(text: str, lower: bool) -> str:
        # Tokenizers refuse lone surrogates, and some stop at NUL.
        text = text[:_MOST_CHARS].encode("utf-8", "replace").decode("utf-8")
        text = "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in text)
        return text.lower() if lower else text

    @staticmethod
    def _padding(model: SentenceTransformer) -> dict[str, Any]:
        config: Any = getattr(model[0], "config", None)
        if not str(getattr(config, "model_type", "")).startswith("siglip"):
            return {}
        length = getattr(getattr(config, "text_config", None), "max_position_embeddings", 64)
        text = {"padding": "max_length", "max_length": length, "truncation": True, "return_attention_mask": False}
        return {"processing_kwargs": {"text": text}}

    @staticmethod
    def _units(raw: Any, rows: int) -> Matrix:
        matrix: npt.NDArray[np.float32] = np.asarray(raw, np.float32).reshape(rows, -1)
        return unit(matrix)

    # --- Loading ----------------------------------------------------------------------------------

    def _loaded(self, seed: int) -> SentenceTransformer:
        source = self.source
        try:
            import torch  # noqa: PLC0415 - 2 s and 200 MB that the card doesn't need.
            from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - 8 s and 400 MB, the same.
        except ImportError as problem:
            raise EncoderUnavailable(
                f"The model '{source.name}' needs sentence-transformers and torch ({problem}). "
                "Install them: pip install 'django-visual-search[neural]'"
            ) from problem
        torch.set_num_threads(source.threads)
        try:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                model = SentenceTransformer(
                    source.name,
                    revision=source.revision,
                    trust_remote_code=source.trust_remote_code,
                    truncate_dim=source.truncate_dims,
                    device=source.device,
                    local_files_only=Path(source.name).is_dir(),
                )
                return self._on_class_token(model)
        # Loading runs foreign code over foreign files; what it may raise isn't known.
        except Exception as problem:
            raise EncoderUnavailable(self._why(problem)) from problem

    def _why(self, problem: Exception) -> str:
        name, said = self.source.name, str(problem)
        if "trust_remote_code" in said:
            return (
                f"The model '{name}' brings Python code of its own, which isn't run unasked. Read that code; if you trust "
                "it, set VISUAL_SEARCH['ENCODER']['OPTIONS']['trust_remote_code'] = True and fix a 'revision'."
            )
        first = next((line for line in said.splitlines() if line.strip()), type(problem).__name__)[:300]
        return (
            f"The model '{name}' can't be loaded: {first} "
            "Name a model of the hub that this machine can reach, or a folder that holds one "
            "(docs/how-to/choose-a-model.md)."
        )

    def _on_class_token(self, model: SentenceTransformer) -> SentenceTransformer:
        kind = str(getattr(getattr(model[0], "config", None), "model_type", ""))
        if not kind.startswith(_ON_CLASS_TOKEN) or (self._folder() / "modules.json").is_file():
            return model
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - see _loaded.
        from sentence_transformers.sentence_transformer.modules import Pooling  # noqa: PLC0415 - see _loaded.

        dims = model.get_embedding_dimension()
        return SentenceTransformer(
            modules=[model[0], Pooling(int(dims or 0), "cls")],
            device=self.source.device,
            truncate_dim=self.source.truncate_dims,
        )

    def _folder(self) -> Path:
        """Where the model's files lie."""
        path = Path(self.source.name)
        if path.is_dir():
            return path
        from huggingface_hub import snapshot_download  # noqa: PLC0415 - it comes with sentence-transformers only.

        return Path(snapshot_download(self.source.name, revision=self.source.revision, local_files_only=True))


def _tamed(image: Image.Image) -> Image.Image:
    """RGB, no thinner than 1 : 8 (padded with white), no side below 16 px."""
    image = image if image.mode == "RGB" else image.convert("RGB")
    width, height = image.size
    least = (max(width, height) + _MOST_ELONGATED - 1) // _MOST_ELONGATED
    if min(width, height) < least:
        padded = Image.new("RGB", (max(width, least), max(height, least)), "white")
        padded.paste(image, ((padded.width - width) // 2, (padded.height - height) // 2))
        image = padded
    if min(image.size) < _LEAST_SIDE:
        scale = _LEAST_SIDE / min(image.size)
        image = image.resize((round(image.width * scale), round(image.height * scale)))
    return image
