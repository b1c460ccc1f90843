"""Each similarity against values worked out by hand, its invariances, and scikit-learn's Ledoit-Wolf."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_search.ranking.similarity import Cosine, Euclidean, Mahalanobis, mahalanobis, within_groups
from visual_search.types import unit


def cloud(count: int = 200, dims: int = 6, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (random.normal(size=(count, dims)) * np.arange(1, dims + 1)).astype(np.float32)


def test_values_by_hand() -> None:
    query, rows = np.array([3, 4], np.float32), np.array([[3, 4], [6, 8], [-4, 3], [0, 0]], np.float32)
    assert Cosine().scores(query, rows).tolist() == pytest.approx([1, 1, 0, 0])
    assert Euclidean().scores(query, rows).tolist() == pytest.approx([0, -5, -(50**0.5), -5])
    metric = Mahalanobis(np.diag([1 / 2, 1.0]), 0.0)  # variances 4 and 1
    assert metric.scores(query, rows)[1] == pytest.approx(-((1.5**2 + 4**2) ** 0.5))


@given(st.integers(0, 1000))
def test_on_unit_vectors_euclidean_distance_orders_as_cosine_does(seed: int) -> None:
    rows = unit(cloud(30, seed=seed))
    cosine, distance = Cosine().scores(rows[0], rows), Euclidean().scores(rows[0], rows)
    assert np.allclose(distance**2, 2 - 2 * cosine, atol=1e-3)


def test_without_shrinkage_it_is_the_metric_of_the_inverse_covariance() -> None:
    rows = cloud().astype(np.float64)
    metric = mahalanobis(rows.astype(np.float32), shrinkage=0)
    inverse = np.linalg.inv(np.cov(rows.T, bias=True))
    between = rows[:5] - rows[7]
    expected = -np.sqrt(np.einsum("nd,de,ne->n", between, inverse, between))
    assert np.allclose(metric.scores(rows[7].astype(np.float32), rows[:5].astype(np.float32)), expected, rtol=1e-3)


def test_scales_of_single_dimensions_don_t_matter_without_shrinkage_and_all_that_matters_with_all_of_it() -> None:
    rows = cloud()
    stretched = rows * np.array([1, 10, 0.1, 5, 1, 2], np.float32)
    plain, other = (mahalanobis(one, shrinkage=0).scores(one[0], one) for one in (rows, stretched))
    assert np.allclose(plain, other, atol=1e-2)
    sphere = mahalanobis(rows, shrinkage=1)
    assert sphere.scores(rows[0], rows).argsort().tolist() == Euclidean().scores(rows[0], rows).argsort().tolist()


def test_the_amount_is_that_of_ledoit_and_wolf() -> None:
    covariance = pytest.importorskip("sklearn.covariance", reason="scikit-learn comes with the extra 'neural'")
    for count, dims in ((20, 40), (200, 6), (50, 50)):
        rows = cloud(count, dims)
        assert mahalanobis(rows).shrinkage == pytest.approx(covariance.ledoit_wolf(rows)[1], rel=1e-3)


def test_few_vectors_of_many_dimensions_give_a_sound_metric() -> None:
    rows = cloud(10, 60)
    scores = mahalanobis(rows).scores(rows[0], rows)
    assert np.isfinite(scores).all()
    assert scores.argmax() == 0


def test_what_differs_within_products_counts_less() -> None:
    """Views of one product differ along the first axis; so a far view there is nearer than another product."""
    random = np.random.default_rng(1)
    products = random.normal(size=(50, 1, 8)) * 3
    views = products + random.normal(size=(50, 4, 8)) * np.array([20, *[0.1] * 7])
    metric = within_groups(list(views.astype(np.float32)))
    query = views[0, 0].astype(np.float32)
    rows = views[:, 1].astype(np.float32)
    assert metric.scores(query, rows).argmax() == 0
    assert Euclidean().scores(query, rows).argmax() != 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mahalanobis(np.ones((1, 4), np.float32)), "at least two rows"),
        (lambda: mahalanobis(np.ones((5, 4), np.float32)), "All vectors are the same"),
        (lambda: mahalanobis(cloud(), shrinkage=1.5), "shrinkage is 1.5"),
        (lambda: within_groups([np.ones((1, 4), np.float32)]), "No product has two pictures"),
    ],
)
def test_what_can_t_be_learned_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
