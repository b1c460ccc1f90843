"""What no stemmer of Snowball takes away: endings of languages that it doesn't know, and vowels that come and go in Slavic words.

These rules relate the forms of nouns that shops and shoppers use: one and several, with and without the article. They are
light: no dictionary, and a word keeps at least three letters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

LEAST_STEM = 3  # letters that stay
# Endings by language, as they are written; the longest that fits goes.
_ENDINGS: Mapping[str, tuple[str, ...]] = {
    language: tuple(sorted(endings.split(), key=lambda ending: (-len(ending), ending)))
    for language, endings in {
        "af": "e s",
        "be": "амі ямі аў яў оў ёў ах ях ам ям ом ем ага яга ому аму ыя ія ых іх ымі імі ым ім ай яй ой ы і а я у ю е о э ь й",
        "bg": "овете евете ищата ове еве ища ите ата ята ето ото ът ят та то те ия ии ие и а я о е у ъ",
        "bn": "গুলির গুলি গুলো টির টি টা ের",
        "he": "יות ים ות ה",
        "ka": "ები ებს ის ი",
        "kk": "лар лер дар дер тар тер",
        "lv": "ajiem iem ām ēm īm am em um im ās ēs us os as es is ai ei š s a e i u o ā ē ī ū",
        "sk": "iach ách ach och ami ími ými ému ého ých ích ám am iam ov om ou ej ým ím mi ia ie iu a e i o u y á é í ú ý",
        "sl": "ega emu imi ami oma ema ama ah ih im om em ov ev a e i o u",
        "uk": "ами ями ові еві єві ого ому ими іми ах ях ам ям ів їв ом ем єм им їх их ої ій ою ею єю ми ий "
        "а я у ю і ї и е є о ь й",
        "ur": "ئیں وں یں",
    }.items()
}  # fmt: skip
LANGUAGES = frozenset({*_ENDINGS, "az", "tr"})  # whose endings are known here
# Turkish and Azerbaijani nouns: several, the possessive of the third person, which ends every compound, cases, and the last
# consonant that softens: "yemek masaları", "kitabı". What looks like an ending goes from every form of a word.
_TURKIC = frozenset({"az", "tr"})
_TURKIC_ENDINGS = re.compile(
    "(?<=.{2})l(?:ar|er|ər)$|(?<=.[aeıioöuüə])s[ıiuü]$|(?<=.{2}[^aeıioöuüə])[ıiuü]$|"
    "(?<=.{4})(?:n?d[aeə]n?|t[aeə]n?|n?[ıiuü]n|[ıiuü]n[aeə]|yl[aeə])$"
)
_HARD = str.maketrans("bcdğ", "pçtk")
# A final letter of Hebrew is another one inside a word.
_FINALS = str.maketrans("ךםןףץ", "כמנפצ")
_SIGNS = re.compile("[ьъ'ʼ]")
_CYRILLIC = "бвгґджзйклмнпрстфхцчшщ"
_LATIN = "bcdfghjklmnpqrstvwxz"
# "кресло, кресел", "stolička, stoličiek": a vowel before the last consonant, by language and folded. It goes wherever a vowel
# stands before, so that all forms of a word lose it.
_FLEETING: Mapping[str, re.Pattern[str]] = {
    language: re.compile(f"^(.*[{vowels}].*[{consonants}])(?:{fleeting})([{last}])$")
    for languages, vowels, consonants, fleeting, last in (
        ("ru", "аеиоуыэюя", _CYRILLIC, "[ое]", "клнрц"),
        ("uk", "аеєиіїоуюя", _CYRILLIC, "[оеє]", "клнрц"),
        ("be", "аеиіоуыэюя", _CYRILLIC, "[оеа]", "клнрц"),
        ("bg", "аеиоуъюя", _CYRILLIC, "[ъе]", "клнрц"),
        ("pl", "aeiouy", _LATIN, "i?e", "klnrc"),
        ("cs", "aeiouy", _LATIN, "e", "klnrc"),
        ("sk", "aeiouy", _LATIN, "ie|e|o", "klnrc"),
        ("sl", "aeiou", _LATIN, "e", "klnrc"),
        ("hr sr", "aeiou", _LATIN, "a", "klnrc"),
    )
    for language in languages.split()
}
# Ukrainian і of a closed last syllable is о in an open one: "стіл, столи".
_CLOSED = re.compile(f"і(?=[{_CYRILLIC}]$)")
# Finnish consonants weaken inside a word: "pöytä, pöydän", "kaappi, kaapin". The strong and the weak form share a key.
_GRADES = (
    ("ng", "nk"), ("mm", "mp"), ("nn", "nt"), ("ll", "lt"), ("rr", "rt"), ("pp", "p"), ("tt", "t"), ("kk", "k"), ("d", "t"),
)  # fmt: skip
_SOUTH_PLURAL = re.compile("(?<=.{3})[oe]v$")  # stolovi
# What Hebrew writes or leaves out inside a word.
_MATRES = re.compile("(?<=.)[וי](?=.)")


def without_ending(word: str, language: str) -> str:
    """The word without the ending of its form, in languages that Snowball doesn't know; else the word itself."""
    endings = _ENDINGS.get(language)
    if language in _TURKIC:
        return _turkic(word)
    if endings is None or any(map(str.isdigit, word)):
        return word
    for ending in endings:
        if word.endswith(ending) and len(word) - len(ending) >= LEAST_STEM:
            word = word[: -len(ending)]
            break
    return word.translate(_FINALS) if language == "he" else word


def _turkic(word: str) -> str:
    while (shorter := _TURKIC_ENDINGS.sub("", word)) != word:
        word = shorter
    return word[:-1] + word[-1:].translate(_HARD) if len(word) > LEAST_STEM else word


def without_fleeting(stem: str, language: str) -> str:
    """The folded stem without the vowel that only some of its forms have: "кресел" and "кресл" are both "кресл"."""
    if language in ("hu", "et") and len(stem) > LEAST_STEM + 1:
        stem = _estonian(stem) if language == "et" else stem.rstrip("ae")
    pattern = _FLEETING.get(language)
    if pattern is None or stem.isdigit():
        return stem
    if language in ("hr", "sr"):
        stem = _SOUTH_PLURAL.sub("", stem)
    if language == "be":
        stem = stem.replace("о", "а")
    if language in ("ru", "uk", "be"):
        stem = _SIGNS.sub("", stem) or stem
    stem = pattern.sub(r"\1\2", stem)
    return _CLOSED.sub("о", stem) if language == "uk" else stem


def _estonian(stem: str) -> str:
    """ "lambi", the stem of most forms of "lamp", as "lamp"."""
    stem = stem.rstrip("aeiou")
    stem = stem[:-1] + stem[-1:].translate(str.maketrans("bdg", "ptk"))
    return stem[:-1] if stem[-2:-1] == stem[-1:] else stem


def loosely(stem: str, language: str) -> str:
    """A key that forms and spellings of a word share which have other stems, folded; the stem itself if it has none."""
    if language == "fi":
        key = stem.rstrip("aeiouy")
        for weak, strong in _GRADES:
            if key.endswith(weak):
                key = key.removesuffix(weak) + strong
                break
        # Other words have one grade, so nothing need be kept of them.
        return key if len(key) >= LEAST_STEM and key.endswith(("k", "p", "t")) else stem
    if language == "he":
        key = _MATRES.sub("", stem)
        return key if len(key) >= LEAST_STEM else stem
    return stem
