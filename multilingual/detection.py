"""Guesses the language of a short text; None if its two or three words don't show it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from multilingual.languages import LANGUAGES
from multilingual.normalising import normalise


@dataclass(frozen=True, slots=True)
class Detection:
    """A guess. `confidence` in [0, 1]: 1.0 if only one language has this script, 0.0 if nothing shows the language."""

    language: str | None
    confidence: float
    script: str | None


_SCRIPTS = {
    name: re.compile(f"[{ranges}]")
    for name, ranges in {
        "Latin": "a-z\u00df-\u00f6\u00f8-\u024f\u1e00-\u1eff",
        "Cyrillic": "\u0400-\u052f",
        "Greek": "\u0370-\u03ff\u1f00-\u1fff",
        "Arabic": "\u0620-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff",
        "Hebrew": "\u0590-\u05ff",
        "Devanagari": "\u0900-\u097f",
        "Bengali": "\u0980-\u09ff",
        "Tamil": "\u0b80-\u0bff",
        "Thai": "\u0e00-\u0e7f",
        "Lao": "\u0e80-\u0eff",
        "Khmer": "\u1780-\u17ff",
        "Georgian": "\u10a0-\u10ff",
        "Armenian": "\u0530-\u058f",
        "Hangul": "\u1100-\u11ff\uac00-\ud7a3",
        "Kana": "\u3041-\u30ff",
        "Han": "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f",
    }.items()
}
_LANGUAGE_OF_SCRIPT = {  # only scripts of a single language
    "Greek": "el", "Hebrew": "he", "Thai": "th", "Lao": "lo", "Khmer": "km", "Georgian": "ka", "Armenian": "hy",
    "Hangul": "ko", "Kana": "ja", "Bengali": "bn", "Tamil": "ta",
}  # fmt: skip
# Scripts of several languages: the letters that only one of these uses. Without such a letter, the commonest language counts.
_LETTERS = {
    "Cyrillic": (("uk", "іїєґ"), ("be", "ў"), ("sr", "ђћџјљњ"), ("kk", "әғқңөұүһ"), ("ru", "ыэё")),
    "Arabic": (("ur", "ٹڈڑںے"), ("fa", "پچژگ")),
    "Latin": (
        ("vi", "ăơưđạảấầẩậắằặẹẻẽếềểệỉịọỏốồổộớờởợụủứừửựỳỵỷỹ"), ("pl", "ąęłńśźż"), ("cs", "ěřů"), ("tr", "ğış"),
        ("ro", "țşăâ"), ("hu", "őű"), ("de", "ßäü"), ("es", "ñ¿¡"), ("pt", "ãõ"), ("fr", "çœêèùûîï"), ("sv", "å"),
        ("da", "øæ"), ("lv", "ļķņģ"), ("lt", "ėįųū"),
    ),
    "Devanagari": (),
}  # fmt: skip
# All letters beside a to z that these languages are written with. A text that the page's language could have is no evidence
# for another one: "câble" on a French page isn't Romanian.
_ALPHABETS = {
    "ca": "àçèéíïòóúü·", "cs": "áčďéěíňóřšťúůýž", "da": "æøåé", "de": "äöüß", "en": "", "es": "áéíñóúü¿¡", "et": "äõöüšž",
    "fi": "äåö", "fr": "àâäçéèêëîïôœùûüÿæ", "hr": "čćđšž", "hu": "áéíóöőúüű", "it": "àèéìíîòóùú", "lt": "ąčęėįšųūž",
    "lv": "āčēģīķļņšūž", "nb": "æøåé", "nl": "áéëèêïóöü", "no": "æøåé", "pl": "ąćęłńóśźż", "pt": "áâãàçéêíóôõúü",
    "ro": "ăâîșțşţ", "sk": "áäčďéíĺľňóôŕšťúýž", "sl": "čšž", "sv": "åäöé", "tr": "çğıöşüâî",
}  # fmt: skip
HINT = 1.5  # what the page's language counts: more than one small word, less than a letter or two words
VOTE = 1.5  # what a word counts that the shop has in one language
_COMMONEST = {"Cyrillic": "ru", "Arabic": "ar", "Devanagari": "hi"}
_FUNCTION_WORDS = {
    "en": "the a an and or with for of in on to from without under my is are this that size not",
    "de": "der die das den dem ein eine einen und oder mit für von im auf zu aus ohne unter nicht ist",
    "fr": "le la les un une des et ou avec pour de du en sur dans sans sous pas est au aux",
    "es": "el la los las un una unos y o con para de del en sobre sin bajo no es al",
    "it": "il lo la gli le un una e o con per di del della in su senza sotto non è al",
    "pt": "o a os as um uma e ou com para de do da em sobre sem não é ao no na",
    "nl": "de het een en of met voor van in op te uit zonder onder niet is",
    "pl": "i lub z ze dla do na w bez pod nie jest od",
    "sv": "en ett och eller med för av i på till utan under inte är",
    "da": "en et og eller med for af i på til uden under ikke er",
    "no": "en et og eller med for av i på til uten under ikke er",
    "fi": "ja tai kanssa ilman on ei",
    "tr": "ve veya ile için bir bu olmayan",
    "cs": "a nebo s se pro od na v bez pod není je",
    "ro": "și sau cu pentru de din pe fără sub nu este",
    "hu": "és vagy a az egy nélkül nem van",
    "id": "dan atau dengan untuk dari di yang tanpa",
    "vi": "và hoặc với cho của không trên dưới",
}
_WORD_SETS = {code: frozenset(words.split()) for code, words in _FUNCTION_WORDS.items()}


def function_words(language: str) -> frozenset[str]:
    """Words such as "for" and "the", normalised; none of a language without a list."""
    return _WORD_SETS.get(language, frozenset())


def detect(
    text: str,
    *,
    candidates: Collection[str] | None = None,
    hint: str | None = None,
    votes: Mapping[str, float] | None = None,
) -> Detection:
    """The language of the text, one of `candidates` if given.

    `hint`: the page's language, which counts beside what the text shows and decides between equals. `votes`: how many of the
    words the shop has in each language.
    """
    text = normalise(text)
    script = _script(text)
    if script is None:
        return Detection(None, 0.0, None)
    if script in _LANGUAGE_OF_SCRIPT:
        return _allowed(Detection(_LANGUAGE_OF_SCRIPT[script], 1.0, script), candidates)
    if script == "Han":
        # Words of Han characters alone are Chinese or Japanese; a Japanese page makes them Japanese.
        language = "ja" if hint == "ja" else "zh"
        return _allowed(Detection(language, 0.7, script), candidates)
    scores = _scores(text, script, candidates, hint)
    for language, words in (votes or {}).items():
        if candidates is None or language in candidates:
            scores[language] = scores.get(language, 0.0) + VOTE * words
    if scores and _fits(hint, script, candidates):
        assert hint is not None
        scores[hint] = scores.get(hint, 0.0) + HINT
    if scores:
        # The page's language comes first among equals.
        (best, most), *rest = sorted(scores.items(), key=lambda item: (-item[1], item[0] != hint))
        second = rest[0][1] if rest else 0.0
        if most > second:
            return Detection(best, min(1.0, 0.5 + (most - second) / 4), script)
        return Detection(hint, 0.5, script) if best == hint else Detection(None, 0.0, script)
    if _fits(hint, script, candidates):
        return Detection(hint, 0.3, script)
    return _allowed(Detection(_COMMONEST.get(script), 0.5 if script in _COMMONEST else 0.0, script), candidates)


def _script(text: str) -> str | None:
    counts = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS.items()}
    if counts["Kana"]:
        return "Kana"  # Japanese mixes kana with Han; one kana character settles it.
    name = max(counts, key=counts.__getitem__)
    return name if counts[name] else None


def _fits(hint: str | None, script: str, candidates: Collection[str] | None) -> bool:
    return hint in LANGUAGES and LANGUAGES[hint].script == script and (candidates is None or hint in candidates)


def _scores(text: str, script: str, candidates: Collection[str] | None, hint: str | None) -> dict[str, float]:
    scores: dict[str, float] = defaultdict(float)
    beside = {letter for letter in text if letter.isalpha() and not letter.isascii()}
    of_the_page = hint in _ALPHABETS and beside <= set(_ALPHABETS[hint])
    for code, letters in () if of_the_page else _LETTERS.get(script, ()):
        scores[code] += 2 * sum(letter in text for letter in letters)
    if script == "Latin":
        words = text.split()
        for code, known in _WORD_SETS.items():
            scores[code] += sum(word in known for word in words)
    return {code: n for code, n in scores.items() if n > 0 and (candidates is None or code in candidates)}


def _allowed(detection: Detection, candidates: Collection[str] | None) -> Detection:
    if candidates is None or detection.language in candidates:
        return detection
    return Detection(None, 0.0, detection.script)
