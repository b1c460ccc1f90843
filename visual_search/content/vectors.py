"""Makes vectors of pictures and titles, each once. The cache is keyed by content and space, not by object."""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import numpy as np
from PIL import Image

from visual_search.conf import conf
from visual_search.encoders.base import Encoder
from visual_search.errors import EncoderUnavailable, PictureRefused
from visual_search.imaging.decode import content_hash, decode
from visual_search.models import Embedding
from visual_search.types import Matrix, Picture, Space, Vector, unit

logger = logging.getLogger(__name__)
Item = TypeVar("Item")

PICTURES_AT_ONCE = 32  # decoded at the same time: at most 1024 x 1024 x 3 bytes each, so 100 MB
BYTES_AT_ONCE = 32 * 1024 * 1024  # of files held in memory before they are encoded


@dataclass(slots=True)
class PictureVectors:
    """What became of some pictures, by the caller's keys."""

    vectors: dict[str, dict[str, Vector]] = field(default_factory=dict)  # key -> space name -> vector
    hashes: dict[str, str] = field(default_factory=dict)  # key -> content hash, of those that could be loaded
    refused: dict[str, str] = field(default_factory=dict)  # the picture itself is at fault; trying again won't help
    unread: dict[str, str] = field(default_factory=dict)  # the storage didn't give it; trying again may help


@dataclass(frozen=True, slots=True)
class Title:
    """A title and its language (ISO 639-1, or "und")."""

    text: str
    language: str

    @property
    def content_hash(self) -> str:
        return hashlib.sha256(f"document\0{self.language}\0{self.text}".encode()).hexdigest()


def of_pictures(encoder: Encoder, pictures: Mapping[str, Picture]) -> PictureVectors:
    """Vectors of these pictures in the encoder's image and cross space; only unknown content is encoded.

    A picture that can't be read, opened or encoded is reported and doesn't stop the others.
    Raises EncoderUnavailable.
    """
    card = encoder.card
    spaces = [card.image] if card.cross in (None, card.image) else [card.image, card.cross]
    result = PictureVectors()
    for batch in _loaded(pictures, result):
        hashes = {key: content_hash(data) for key, data in batch.items()}
        result.hashes |= hashes
        known = _known(set(hashes.values()), [space for space in spaces if space is not None])
        images: dict[str, Image.Image] = {}
        for key, data in batch.items():
            if hashes[key] in known or hashes[key] in images:
                continue
            try:
                images[hashes[key]] = decode(
                    data, max_bytes=conf.PICTURE_MAX_BYTES, max_pixels=conf.PICTURE_MAX_PIXELS, name=f"picture {key}"
                )
            except PictureRefused as problem:
                result.refused[key] = str(problem)
        fresh, problems = _encoded(list(images.items()), partial(_encode_pictures, encoder))
        _keep(fresh, {space.name: space for space in spaces if space is not None})
        known |= fresh
        for key in batch:
            if hashes[key] in known:
                result.vectors[key] = known[hashes[key]]
            elif hashes[key] in problems:
                result.refused[key] = problems[hashes[key]]
    return result


def of_titles(encoder: Encoder, titles: Iterable[Title]) -> dict[Title, Vector]:
    """Vectors of titles in the encoder's text space; empty where it has none. One that fails is logged and left out.

    Raises EncoderUnavailable.
    """
    space = encoder.card.text
    by_hash = {title.content_hash: title for title in titles if title.text}
    if space is None or not by_hash:
        return {}
    known = _known(set(by_hash), [space])
    by_language: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for key, title in by_hash.items():
        if key not in known:
            by_language[title.language].append((key, title.text))
    for language, texts in by_language.items():
        fresh, problems = _encoded(texts, partial(_encode_titles, encoder, language))
        for key, problem in problems.items():
            logger.error("The title %r has no vector: %s", by_hash[key].text, problem)
        _keep(fresh, {space.name: space})
        known |= fresh
    return {by_hash[key]: vectors[space.name] for key, vectors in known.items()}


def _loaded(pictures: Mapping[str, Picture], result: PictureVectors) -> Iterator[dict[str, bytes]]:
    """The files' bytes in batches that fit into memory."""
    batch: dict[str, bytes] = {}
    size = 0
    for key, picture in pictures.items():
        try:
            batch[key] = picture.load()
        except (FileNotFoundError, ValueError) as problem:
            result.refused[key] = f"The file of picture {key} isn't there: {problem}"
        # A shop's storage may raise anything. The object's texts can be indexed without the picture.
        except Exception as problem:
            result.unread[key] = f"The file of picture {key} couldn't be read ({type(problem).__name__}: {problem})."
        size += len(batch.get(key, b""))
        if len(batch) >= PICTURES_AT_ONCE or size >= BYTES_AT_ONCE:
            yield batch
            batch, size = {}, 0
    if batch:
        yield batch


Vectors = dict[str, dict[str, Vector]]  # content hash -> space name -> vector


def _encoded(
    items: Sequence[tuple[str, Item]], encode: Callable[[Sequence[tuple[str, Item]]], Vectors]
) -> tuple[Vectors, dict[str, str]]:
    """Encode all items in one call. If that fails, encode each half alone, so that one bad item costs only itself."""
    if not items:
        return {}, {}
    try:
        return encode(items), {}
    except EncoderUnavailable:
        raise
    # An encoder may raise anything for strange content.
    except Exception as problem:
        if len(items) == 1:
            return {}, {items[0][0]: f"The encoder failed on it ({type(problem).__name__}: {problem})."}
        middle = len(items) // 2
        first, first_problems = _encoded(items[:middle], encode)
        second, second_problems = _encoded(items[middle:], encode)
        return first | second, first_problems | second_problems


def _encode_pictures(encoder: Encoder, images: Sequence[tuple[str, Image.Image]]) -> Vectors:
    card = encoder.card
    answer = encoder.images([image for _, image in images])
    matrices = {card.image.name: answer.image}
    if card.cross is not None and answer.cross is not None:
        matrices[card.cross.name] = answer.cross
    return _by_hash([key for key, _ in images], matrices)


def _encode_titles(encoder: Encoder, language: str, titles: Sequence[tuple[str, str]]) -> Vectors:
    space = encoder.card.text
    answer = encoder.texts(
        [text for _, text in titles], role="document", language=None if language == "und" else language
    )
    if space is None or answer.text is None:
        return {}
    return _by_hash([key for key, _ in titles], {space.name: answer.text})


def _by_hash(keys: Sequence[str], matrices: Mapping[str, Matrix]) -> Vectors:
    for name, matrix in matrices.items():
        if len(matrix) != len(keys):
            raise ValueError(f"{len(keys)} contents gave {len(matrix)} vectors in space '{name}'")
        if not np.isfinite(matrix).all():
            raise ValueError(f"a vector in space '{name}' isn't finite")
    return {key: {name: _rounded(matrix[row]) for name, matrix in matrices.items()} for row, key in enumerate(keys)}


# --- The cache ---------------------------------------------------------------------------------


def _rounded(vector: Vector) -> Vector:
    # Rounded as the cache rounds it, so that a document is the same whether its vectors were cached or new.
    return _unpacked(_packed(vector))


def _packed(vector: Vector) -> bytes:
    # Half precision moves a cosine by less than 0.001 and halves the table.
    return np.asarray(vector, dtype="<f2").tobytes()


def _unpacked(data: bytes | memoryview) -> Vector:
    return unit(np.frombuffer(bytes(data), dtype="<f2").astype(np.float32))


def _known(hashes: set[str], spaces: Sequence[Space]) -> Vectors:
    """The cached vectors of those contents that have one in every one of these spaces."""
    names = {space.fingerprint: space for space in spaces}
    known: Vectors = defaultdict(dict)
    rows = Embedding.objects.filter(content_hash__in=hashes, fingerprint__in=names)
    for key, fingerprint, dims, data in rows.values_list("content_hash", "fingerprint", "dims", "vector"):
        if dims == names[fingerprint].dims:
            known[key][names[fingerprint].name] = _unpacked(data)
    return {key: vectors for key, vectors in known.items() if len(vectors) == len(names)}


def _keep(fresh: Vectors, spaces: Mapping[str, Space]) -> None:
    Embedding.objects.all().keep(
        [
            Embedding(content_hash=key, fingerprint=spaces[name].fingerprint, dims=len(vector), vector=_packed(vector))
            for key, vectors in fresh.items()
            for name, vector in vectors.items()
        ]
    )
