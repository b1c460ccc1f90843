from collections import Counter

import numpy as np
import pytest

from visual_search.measuring.synthetic import VOCABULARY, Generator, _vocabulary, words
from visual_search.types import CollectionSchema, Space

SCHEMA = CollectionSchema((Space("image", 64, "i"), Space("text", 32, "t")), (), ("en",))


def test_word_frequencies_follow_zipf_to_the_end() -> None:
    counts = Counter(words(np.random.default_rng(0), 200_000).split())
    ranked = [count for _, count in counts.most_common()]
    assert ranked[0] / ranked[9] == pytest.approx(10, rel=0.1)
    assert len(counts) > 0.9 * VOCABULARY
    # The tail isn't heaped on any word.
    assert ranked[3] / ranked[0] == pytest.approx(0.25, rel=0.1)


def test_the_same_seed_makes_the_same_products_and_questions() -> None:
    first, second, other = (list(Generator(SCHEMA, seed).documents(3)) for seed in (1, 1, 2))
    assert [document.texts for document in first] == [document.texts for document in second]
    assert np.array_equal(first[0].vectors["image"][0].vector, second[0].vectors["image"][0].vector)
    assert [document.texts for document in first] != [document.texts for document in other]
    assert np.array_equal(
        Generator(SCHEMA, 1).queries(SCHEMA.spaces[0], 4), Generator(SCHEMA, 1).queries(SCHEMA.spaces[0], 4)
    )


def test_beginnings_end_in_an_unfinished_word() -> None:
    typed = Generator(SCHEMA).beginnings(200)
    assert typed == Generator(SCHEMA).beginnings(200)
    words = _vocabulary()
    assert all(any(word.startswith(phrase.split()[-1]) for word in words) for phrase in typed)
    assert all(len(phrase.split()[-1]) >= 4 or phrase.split()[-1] in words for phrase in typed)
    assert {len(phrase.split()) for phrase in typed} == {1, 2, 3}


def test_vectors_lie_in_clusters() -> None:
    documents = list(Generator(SCHEMA).documents(2000))
    vectors = np.stack([document.vectors["image"][0].vector for document in documents])
    kinds = np.array([str(document.facets["category"]) for document in documents])
    near = np.argsort(-(vectors @ vectors.T), axis=1)[:, 1]
    assert (kinds[near] == kinds).mean() > 0.9
