"""BM25 over one bag of words, in which a word of the title counts four times as often as one of the description.

That is BM25F as Robertson, Zaragoza and Taylor define it ("Simple BM25 extension to multiple weighted fields", CIKM 2004,
https://doi.org/10.1145/1031171.1031181). Both engines score with exactly these numbers, so that their orders agree.
The mean length of a collection is replaced by a fixed one (`USUAL_*`): then no score changes because another object was
saved, and an engine needs no statistics that count deleted objects, too.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

K1 = 1.2  # how much a repeated word adds; this and the next are the defaults of Lucene
B = 0.75  # how much an object's length counts against it, 0 to 1
# How often a word in each place is counted; a word that comes twice in one place isn't counted again. A title says what
# the object is.
PART_WEIGHTS = {"title": 4, "keywords": 2, "facets": 2, "description": 1}
USUAL_WORDS = 32  # weighted length of a usual object: a title of four words, four keywords, eight words of description
USUAL_GRAMS = 256  # distinct pieces of three and four characters in a usual object's texts

Numbers = npt.NDArray[np.float64]


def inverse_document_frequency(frequency: int, documents: int) -> float:
    """The weight of a term, greater for a rarer one: ln(1 + (N - n + 0.5) / (n + 0.5)), above 0 for every n in [0, N]."""
    frequency = min(frequency, documents)
    return math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5))


def saturation(counts: npt.ArrayLike, lengths: npt.ArrayLike, usual: int) -> Numbers:
    """f / (f + k1 (1 - b + b length / usual)), in [0, 1): the part of a term's weight that an object of that length gets."""
    counted = np.asarray(counts, np.float64)
    return counted / (counted + K1 * (1 - B + B * np.asarray(lengths, np.float64) / usual))


def saturation_script(usual: int) -> str:
    """The same as Elasticsearch's scripted similarity. A query's boost carries all that depends on the question."""
    return f"return query.boost * doc.freq / (doc.freq + {K1} * ({1 - B} + {B} * doc.length / {float(usual)}));"


def form_script() -> str:
    """The saturation of another form of a word (multilingual/analysis.py): as in an object of usual length."""
    return f"return query.boost * doc.freq / (doc.freq + {K1});"


def kept_length(length: int) -> int:
    """The length as Lucene keeps it in one byte: exact below 40, then its four leading bits.

    See `SmallFloat.intToByte4` in https://github.com/apache/lucene. The other engine rounds the same way.
    """
    exact = 24
    if length <= exact:
        return max(0, length)
    rest = length - exact
    shift = max(0, rest.bit_length() - 4)
    return exact + ((rest >> shift) << shift)
