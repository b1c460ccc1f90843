"""Gives texts that look the same one written form, for the index and for queries."""

from __future__ import annotations

import functools
import re
import unicodedata
from pathlib import Path

_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u02b9": "'", "\u00b4": "'", "`": "'"})
# Tatweel stretches an Arabic word on the line and means nothing.
_TATWEEL = "\u0640"
_DOTS = re.compile("i\u0307+")
# Marks that people leave out when they type: Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowels. The marks of
# other scripts (Hindi, Thai) are letters in all but name.
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670]")
# Letters that Unicode doesn't decompose, and what people type for them.
_LETTERS = str.maketrans(
    {
        "ı": "i",
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ß": "ss",
        "ς": "σ",
        "ґ": "г",
    }
)


# One letter of Arabic script has other code points on Arabic, Persian and Urdu keyboards, and people type alef, ya and ta
# marbuta in several ways.
_ARABIC = str.maketrans(
    {
        "ھ": "ه",
        "ہ": "ه",
        "ۃ": "ه",
        "ة": "ه",
        "ک": "ك",
        "ی": "ي",
        "ى": "ي",
        "ے": "ي",
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ٱ": "ا",
    }
)
# Devanagari and its sisters: the dot below (nukta) is mostly left out, and a nasal is written in three ways.
_NUKTA = re.compile("[\u093c\u09bc\u0a3c\u0abc\u0b3c]")
_BLOCKS = (0x900, 0x980, 0xA00, 0xA80, 0xB00, 0xC00, 0xC80)  # Devanagari to Kannada; their tables are alike
_INDIC = re.compile("[\u0901-\u0cff]")
_NASAL = re.compile(
    "|".join(
        f"{chr(block + 1)}|[{''.join(chr(block + n) for n in (0x19, 0x1E, 0x23, 0x28, 0x2E))}]{chr(block + 0x4D)}"
        f"(?=[{chr(block + 0x15)}-{chr(block + 0x39)}])"
        for block in _BLOCKS
    )
    # The Punjabi tippi, and the Bengali nga at the end of a syllable.
    + "|\u0a70|\u0999"
)
# Long and short i and u are mixed up by who hears no difference.
_SHORT = {block + long: block + long - 1 for block in _BLOCKS for long in (0x40, 0x42)}
# NFKC takes the Thai vowel am apart; a tone typed behind its first part belongs before it.
_THAI = re.compile("\u0e4d([\u0e48-\u0e4b])")
_KATAKANA = re.compile("[\u30a1-\u30f6]")
# Small vowels and y-kana are written large, too ("フィルム, フイルム"), v as b, and a long vowel at the end is left out.
_KANA = re.compile("[\u3005\u3041-\u30ff]")
_SMALL_KANA = str.maketrans("ぁぃぅぇぉゃゅょゎぢづ", "あいうえおやゆよわじず")
_V_KANA = re.compile("ゔ([ぁぃぇぉ]?)")
_B_KANA = {"": "ぶ", "ぁ": "ば", "ぃ": "び", "ぇ": "べ", "ぉ": "ぼ"}
_LONG_END = re.compile("(?<=[\u3041-\u3096])ー(?![\u3041-\u3096ー])")
_AGAIN = re.compile("([\u4e00-\u9fff])々")
_HANGUL_LETTERS = re.compile("[\u3131-\u3163]{2,}")
_DIGRAPHS = str.maketrans({"å": "aa", "ö": "oe", "ø": "oe", "ä": "ae", "æ": "ae", "ü": "ue", "đ": "dj"})


def digraphs(word: str) -> str:
    """The word as it is typed on a keyboard without these letters: 'fåtölj' -> 'faatoelj'."""
    return word.translate(_DIGRAPHS)


def normalise(text: str) -> str:
    """NFKC, lower case, plain apostrophes and digits, single spaces; without control, format and private characters.

    Diacritics stay, since stemmers need them; `fold` removes them after stemming. Idempotent.
    """
    text = _HANGUL_LETTERS.sub(_syllables, text).replace("\u0e40\u0e40", "\u0e41")  # Two e look like the Thai ae.
    text = unicodedata.normalize("NFKC", text).lower().replace(_TATWEEL, "").translate(_APOSTROPHES)
    # Characters that stand side by side only now may need NFKC again: it composes them or changes their order.
    text = unicodedata.normalize("NFKC", "".join(map(_keep, text)))
    # "İ".lower() is "i" with a combining dot above; shoppers type a plain "i".
    return " ".join(unicodedata.normalize("NFKC", _DOTS.sub("i", text)).split())


_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_SYLLABLE = re.compile(f"([{_INITIALS}])(ㅡㅣ|ㅗㅏ|ㅜㅓ|[{_VOWELS}])([{_FINALS}](?![{_VOWELS}]))?")
_DOUBLE = {"ㅡㅣ": "ㅢ", "ㅗㅏ": "ㅘ", "ㅜㅓ": "ㅝ"}


def _syllables(letters: re.Match[str]) -> str:
    """Hangul that was typed letter by letter, as syllables: 'ㅊㅐㄱㅅㅏㅇ' -> '책상'."""

    def syllable(match: re.Match[str]) -> str:
        first, vowel, last = match.groups()
        final = _FINALS.index(last) + 1 if last else 0
        return chr(0xAC00 + (_INITIALS.index(first) * 21 + _VOWELS.index(_DOUBLE.get(vowel, vowel))) * 28 + final)

    return _SYLLABLE.sub(syllable, letters.group())


def _keep(character: str) -> str:
    if character.isascii():
        return character if character >= " " and character != "\x7f" else " "
    category = unicodedata.category(character)
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    if category == "Nd":
        return str(unicodedata.decimal(character))  # Arabic, Persian and Hindi keyboards have digits of their own.
    # Zero-width joiners, direction marks, surrogates and private use would split or hide words.
    return "" if category in {"Cf", "Cs", "Co", "Cn"} else character


# A number sign, and the words for it before a number.
_NUMBER_SIGN = re.compile(r"(?:#|№|\b(?:no|nr)[.°]*(?= ?\d)|\bn[.°]*[°º](?= ?\d))(?: (?=\d))?", re.I)


def without_number_signs(text: str) -> str:
    """'#8', 'no. 8' and '№ 8' as ' 8'; before `normalise`, which would make letters of the signs."""
    return _NUMBER_SIGN.sub(" ", text)


def simplified(text: str) -> str:
    """Chinese in simplified characters: '紅色沙發' -> '红色沙发'. Shops and shoppers write either."""
    return text.translate(_simple_characters())


@functools.cache
def _simple_characters() -> dict[int, str]:
    lines = (Path(__file__).parent / "data" / "han.txt").read_text(encoding="utf-8").splitlines()
    pairs = "".join(line for line in lines if not line.startswith("#"))
    return dict(zip(map(ord, pairs[::2]), pairs[1::2], strict=True))


def fold(text: str) -> str:
    """The text as it is often typed: 'Sofá' -> 'Sofa', 'ёлка' -> 'елка', 'ışık' -> 'isik', 'ソファ' -> 'そふぁ'.

    Diacritics go, and letters of one sound and shape become one: Arabic alef and ya, Indic nasals, katakana.
    """
    if text.isascii():
        return text
    text = _MARKS.sub("", unicodedata.normalize("NFD", text))
    if _INDIC.search(text):
        text = _NASAL.sub(_anusvara, _NUKTA.sub("", text)).translate(_SHORT)
    text = _THAI.sub("\\1\u0e4d", unicodedata.normalize("NFC", text)).translate(_LETTERS).translate(_ARABIC)
    return _kana(text) if _KANA.search(text) else text


def _anusvara(nasal: re.Match[str]) -> str:
    return chr((ord(nasal.group()[0]) & ~0x7F) + 2)


def _kana(text: str) -> str:
    text = _KATAKANA.sub(lambda letter: chr(ord(letter.group()) - 0x60), text)
    text = _V_KANA.sub(lambda sound: _B_KANA[sound[1]], text)
    return _AGAIN.sub("\\1\\1", _LONG_END.sub("", text.translate(_SMALL_KANA)))
