"""The table of languages: script, stemmer, and whether the multilingual Universal Sentence Encoder knows them."""

from __future__ import annotations

from dataclasses import dataclass

UNDETERMINED = "und"  # ISO 639-2 code for "we don't know"


@dataclass(frozen=True, slots=True)
class Language:
    """`code` is ISO 639-1; `script` is the ISO 15924 name's plain form; `stemmer` is a Snowball algorithm."""

    code: str
    name: str
    script: str = "Latin"
    stemmer: str | None = None
    right_to_left: bool = False
    use: bool = False  # one of the 16 languages of multilingual USE v3


_TABLE = (
    Language("af", "Afrikaans"),
    Language("ar", "Arabic", "Arabic", "arabic", right_to_left=True, use=True),
    Language("az", "Azerbaijani"),
    Language("be", "Belarusian", "Cyrillic"),
    Language("bg", "Bulgarian", "Cyrillic"),
    Language("bn", "Bengali", "Bengali"),
    Language("ca", "Catalan", stemmer="catalan"),
    Language("cs", "Czech", stemmer="czech"),
    Language("da", "Danish", stemmer="danish"),
    Language("de", "German", stemmer="german", use=True),
    Language("el", "Greek", "Greek", "greek"),
    Language("en", "English", stemmer="english", use=True),
    Language("es", "Spanish", stemmer="spanish", use=True),
    Language("et", "Estonian", stemmer="estonian"),
    Language("eu", "Basque", stemmer="basque"),
    Language("fa", "Persian", "Arabic", "persian", right_to_left=True),
    Language("fi", "Finnish", stemmer="finnish"),
    Language("fr", "French", stemmer="french", use=True),
    Language("ga", "Irish", stemmer="irish"),
    Language("he", "Hebrew", "Hebrew", right_to_left=True),
    Language("hi", "Hindi", "Devanagari", "hindi"),
    Language("hr", "Croatian", stemmer="serbian"),
    Language("hu", "Hungarian", stemmer="hungarian"),
    Language("hy", "Armenian", "Armenian", "armenian"),
    Language("id", "Indonesian", stemmer="indonesian"),
    Language("it", "Italian", stemmer="italian", use=True),
    Language("ja", "Japanese", "Japanese", use=True),
    Language("ka", "Georgian", "Georgian"),
    Language("kk", "Kazakh", "Cyrillic"),
    Language("km", "Khmer", "Khmer"),
    Language("ko", "Korean", "Hangul", use=True),
    Language("lo", "Lao", "Lao"),
    Language("lt", "Lithuanian", stemmer="lithuanian"),
    Language("lv", "Latvian"),
    Language("ms", "Malay", stemmer="indonesian"),
    Language("nb", "Norwegian Bokmål", stemmer="norwegian"),
    Language("ne", "Nepali", "Devanagari", "nepali"),
    Language("nl", "Dutch", stemmer="dutch", use=True),
    Language("no", "Norwegian", stemmer="norwegian"),
    Language("pl", "Polish", stemmer="polish", use=True),
    Language("pt", "Portuguese", stemmer="portuguese", use=True),
    Language("ro", "Romanian", stemmer="romanian"),
    Language("ru", "Russian", "Cyrillic", "russian", use=True),
    Language("sk", "Slovak"),
    Language("sl", "Slovenian"),
    Language("sr", "Serbian", "Cyrillic", "serbian"),
    Language("sv", "Swedish", stemmer="swedish"),
    Language("ta", "Tamil", "Tamil", "tamil"),
    Language("th", "Thai", "Thai", use=True),
    Language("tr", "Turkish", use=True),
    Language("uk", "Ukrainian", "Cyrillic"),
    Language("ur", "Urdu", "Arabic", right_to_left=True),
    Language("vi", "Vietnamese"),
    Language("zh", "Chinese", "Han", use=True),
)

LANGUAGES: dict[str, Language] = {language.code: language for language in _TABLE}
USE_LANGUAGES: frozenset[str] = frozenset(language.code for language in _TABLE if language.use)


def base_code(tag: str | None) -> str | None:
    """The ISO 639-1 part of a language tag: 'zh-CN' -> 'zh', 'pt_BR' -> 'pt'; None for an empty or malformed tag."""
    if not tag:
        return None
    code = tag.replace("_", "-").split("-", 1)[0].strip().lower()
    return code if 2 <= len(code) <= 3 and code.isascii() and code.isalpha() else None
