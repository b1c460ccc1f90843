"""Cuts text into words where a script has spaces, and into overlapping pairs of characters where it has none."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator

# Scripts written without spaces: Thai, Lao, Myanmar, Khmer, kana, Han, Hangul. Hangul has spaces but joins particles to
# words, so pairs of characters find more there too (Elasticsearch's `cjk` analyzer does the same).
UNSPACED = (
    "\u0e01-\u0e4e\u0e81-\u0ece\u1000-\u109f\u1780-\u17d3"
    "\u3005-\u3007\u3041-\u3096\u3099\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u1100-\u11ff\uac00-\ud7a3\U00020000-\U0002fa1f"
)


@functools.cache
def _words() -> re.Pattern[str]:
    # Python's \w leaves out combining marks, which would cut every Hindi word at its vowel signs.
    marks = "".join(
        re.escape(chr(point)) for point in range(0x10000) if unicodedata.category(chr(point)) in {"Mn", "Mc"}
    )
    return re.compile(f"(?P<unspaced>[{UNSPACED}]+)|(?P<word>(?:(?![{UNSPACED}])[^\\W_][{marks}]*|(?<=\\w)[{marks}])+)")


def runs(text: str) -> Iterator[tuple[str, bool]]:
    """Maximal pieces of the text that hold letters or digits, and whether each is of a script without spaces."""
    return ((run, unspaced) for run, _, unspaced in placed_runs(text))


def placed_runs(text: str) -> Iterator[tuple[str, int, bool]]:
    """The same, each with the place where it begins."""
    for match in _words().finditer(text):
        yield match.group(), match.start(), match.lastgroup == "unspaced"


def of_letters(run: str) -> bool:
    """Whether a run has letters and their marks alone: "कुर्सी" has, "m2" hasn't."""
    return run.isalpha() or not any(character.isnumeric() for character in run)


def bigrams(run: str) -> list[str]:
    """'红色连衣裙' -> ['红色', '色连', '连衣', '衣裙']; a single character stays as it is."""
    return [run] if len(run) == 1 else [run[n : n + 2] for n in range(len(run) - 1)]


# A single Han or Hangul character often is a word (lamp, bed, cup); a single kana or Thai letter is not.
_WORD_CHARACTER = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7a3\U00020000-\U0002fa1f]")


def characters(run: str) -> list[str]:
    """The characters of a run that may be words by themselves: '赤いドレス' -> ['赤']; none for a run of one character."""
    return _WORD_CHARACTER.findall(run) if len(run) > 1 else []


# Japanese words of Han characters with kana between or behind them, which many writers leave out.
_OKURIGANA = re.compile("[\u4e00-\u9fff]+(?:[\u3041-\u3096]{1,2}[\u4e00-\u9fff]+)*[\u3041-\u3096]{0,2}")
_BETWEEN = re.compile("(?<=[\u4e00-\u9fff])[\u3041-\u3096]+(?=[\u4e00-\u9fff])")
_PARTICLES = frozenset(
    {"の", "と", "や", "を", "が", "は", "に", "へ", "も", "で", "から", "まで", "より", "には", "では"}
)
_HIRAGANA = re.compile("[\u3041-\u3096]")
# What Thai writers leave out: tones, the short vowel mark, the silencer.
_TONES = re.compile("[\u0e47-\u0e4c]")
_OFTEN_JOINED = re.compile("[\u0e01-\u0e4e\uac00-\ud7a3]")  # Thai and Hangul


def without_okurigana(run: str) -> list[str]:
    """The words of a folded Japanese run in Han characters alone, where they have two of these: '引き出し' -> ['引出']."""
    words = (match.group() for match in _OKURIGANA.finditer(run))
    bare = (_HIRAGANA.sub("", word) for word in words if _PARTICLES.isdisjoint(_BETWEEN.findall(word)))
    return [word for word in bare if len(word) > 1]


def loose_pairs(run: str, before: str) -> list[str]:
    """Other pairs of characters of a Thai or Korean run: without tones, and with the run `before` it, as if joined."""
    if not _OFTEN_JOINED.match(run):
        return []
    pairs = bigrams(_TONES.sub("", run)) if _TONES.search(run) else []
    if before and _OFTEN_JOINED.match(before):
        pairs.append(before[-1] + run[0])
    return pairs


def may_be_loose(run: str) -> bool:
    """Whether texts keep other pairs of such a run, too."""
    return _OFTEN_JOINED.match(run) is not None
