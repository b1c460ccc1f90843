"""How words of other alphabets are typed on a Latin keyboard: "stul" for "стул", and "cnek", typed on the wrong layout.

A reading key is what all usual romanisations of a word share; two words with one key are read alike. Arabic and Hebrew write few
vowels, so their keys have none. Scripts without spaces have no key: their words can't be told apart here.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

from anyascii import anyascii

from multilingual.segmenting import UNSPACED

LEAST_KEY = 3  # letters of a key: shorter ones are read alike too often
_UNSPACED = re.compile(f"[{UNSPACED}]")
_ABJAD = re.compile("[\u0590-\u05ff\u0600-\u06ff\u0750-\u077f]")
_VOWELS = re.compile("[aeiou]+")
# The longest spelling of a sound comes first.
_SOUNDS = re.compile("shch|tsch|sch|sh|tch|ch|zh|kh|ph|th|ts|tz|dj|ck|ou|oy|[ywqxcj]")
_SOUND: Mapping[str, str] = {
    "shch": "s", "tsch": "c", "sch": "s", "sh": "s", "tch": "c", "ch": "c", "zh": "z", "kh": "h", "ph": "f", "th": "t", "ts": "c",
    "tz": "c", "dj": "j", "ck": "k", "ou": "u", "oy": "u", "y": "i", "w": "v", "q": "k", "x": "ks", "c": "k", "j": "i",
}  # fmt: skip
_TWICE = re.compile(r"(.)\1+")
_LAYOUTS: Mapping[str, tuple[str, str]] = {
    "ru": ("`qwertyuiop[]asdfghjkl;'zxcvbnm,.", "ёйцукенгшщзхъфывапролджэячсмитьбю"),
    "uk": ("`qwertyuiop[]asdfghjkl;'zxcvbnm,.", "'йцукенгшщзхїфівапролджєячсмитьбю"),
    "el": ("qwertyuiopasdfghjklzxcvbnm", ";ςερτυθιοπασδφγηξκλζχψωβνμ"),
    "he": ("qwertyuiopasdfghjkl;'zxcvbnm,.", "/'קראטוןםפשדגכעיחלךף,זסבהנמצתץ"),
}  # fmt: skip


def reading_key(word: str) -> str:
    """The key of a folded word in any alphabet, "" if it has none: 'щетка', 'shchetka' and 'shetka' -> 'setka'."""
    if _UNSPACED.search(word):
        return ""
    letters = "".join(filter(str.isalpha, anyascii(word).lower()))
    key = _TWICE.sub(r"\1", _SOUNDS.sub(lambda sound: _SOUND[sound.group()], letters))
    return key if len(key) >= LEAST_KEY else ""


def consonants(key: str) -> str:
    """The key of a word as Arabic and Hebrew write it: 'kursi' -> 'krs'."""
    bare = _VOWELS.sub("", key)
    return bare if len(bare) >= LEAST_KEY else ""


def leaves_vowels_out(word: str) -> bool:
    """Whether the word is written in a script that writes few vowels."""
    return _ABJAD.search(word) is not None


def on_other_layouts(typed: str) -> list[str]:
    """What the same keys write on other keyboards, without doubles: 'cnek' -> ['стул', ...], 'ыщаф' -> ['sofa', ...]."""
    texts = [typed.translate(table) for table in _tables()]
    return [text for text in dict.fromkeys(texts) if text != typed]


@functools.cache
def _tables() -> tuple[dict[int, str], ...]:
    there = [dict(zip(map(ord, latin), other, strict=True)) for latin, other in _LAYOUTS.values()]
    back = [dict(zip(map(ord, other), latin, strict=True)) for latin, other in _LAYOUTS.values()]
    return (*there, *back)
