"""Cuts text into short pieces of words. A reader of labels drops, swaps or joins letters, but most pieces stay right."""

from __future__ import annotations

from multilingual.normalising import fold, normalise
from multilingual.segmenting import bigrams, characters, runs

SIZES = (3, 4)  # characters of a piece: shorter ones are in every word, longer ones are often misread
# A longer run is a code or noise; its first part is enough to find it.
LONGEST_RUN = 64


def grams(text: str) -> list[str]:
    """The distinct pieces in order of appearance: 'Valio' -> ['val', 'ali', 'lio', 'vali', 'alio'].

    Words of fewer than three characters are left out: a reader sees them in every pattern. Scripts without spaces give
    pairs of characters, and single characters that may be words. It never raises; no piece is empty or has a space.
    """
    distinct: dict[str, None] = {}
    for run, unspaced in runs(fold(normalise(text))):
        cut = run[:LONGEST_RUN]
        pieces = (
            [*bigrams(cut), *characters(cut)]
            if unspaced
            else [cut[n : n + size] for size in SIZES for n in range(len(cut) - size + 1)]
        )
        distinct.update(dict.fromkeys(pieces))
    return list(distinct)
