"""Tables of purchases, as the measures of features read them: which words describe a product, and vectors made of those words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import numpy as np

from visual_search.types import Vector, unit

DIMS = 128  # of a product's vector
_WHOLE = ("brand", "manufacturer_id", "department", "product_category", "product_type")
_BY_WORD = ("product_category", "product_type", "package_size")


def words_of(row: Mapping[str, str]) -> tuple[str, ...]:
    """The words that describe the product of this row, each with the column that it is of."""
    words = [f"{column}={row[column]}" for column in _WHOLE if row.get(column)]
    for column in _BY_WORD:
        words += [f"{column[-4:]}:{word}" for word in re.findall(r"[A-Z0-9.]+", row[column])]
    return tuple(words)


def word_vectors(words: Mapping[str, tuple[str, ...]], *, dims: int = DIMS, seed: int = 0) -> dict[str, Vector]:
    """TF-IDF of each product's own words, cut to `dims` by randomised SVD (Halko, Martinsson and Tropp, 2011)."""
    frequency = Counter(word for each in words.values() for word in set(each))
    column = {word: number for number, word in enumerate(sorted(w for w, n in frequency.items() if n > 1))}
    # Products that are described alike share a row, which makes the table several times smaller.
    kinds = sorted(set(words.values()))
    table = np.zeros((len(kinds), len(column)), dtype=np.float32)
    for row, kind in enumerate(kinds):
        for word, count in Counter(kind).items():
            if word in column:
                table[row, column[word]] = (1 + np.log(count)) * np.log(len(words) / frequency[word])
    table = unit(table)
    rng = np.random.default_rng(seed)
    sample = table @ rng.normal(size=(len(column), min(dims + 16, *table.shape))).astype(np.float32)
    for _ in range(3):
        sample = table @ (table.T @ np.linalg.qr(sample)[0])
    basis = np.linalg.qr(sample)[0]
    left, values, _ = np.linalg.svd(basis.T @ table, full_matrices=False)
    reduced = dict(zip(kinds, unit((basis @ left[:, :dims]) * values[:dims]), strict=True))
    return {product: reduced[kind] for product, kind in words.items()}
