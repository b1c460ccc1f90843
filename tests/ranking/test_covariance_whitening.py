"""Each whitening against the inverse covariance, and its invariances."""

from __future__ import annotations

import numpy as np
import pytest

from visual_search.ranking.covariance_whitening import of_catalogue, within_groups


def cloud(count: int = 200, dims: int = 6, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (random.normal(size=(count, dims)) * np.arange(1, dims + 1)).astype(np.float32)


def distances(whitening: np.ndarray, query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.linalg.norm((rows.astype(np.float64) - query) @ whitening, axis=1)


def test_values_by_hand() -> None:
    rows = np.array([[2, 1], [2, -1], [-2, 1], [-2, -1]], np.float32)  # variances 4 and 1
    whitening = of_catalogue(rows, shrinkage=0)
    assert distances(whitening, np.array([3, 4]), np.array([[6, 8], [3, 4]])) == pytest.approx(
        [(1.5**2 + 4**2) ** 0.5, 0]
    )


def test_without_shrinkage_it_is_the_metric_of_the_inverse_covariance() -> None:
    rows = cloud().astype(np.float64)
    whitening = of_catalogue(rows.astype(np.float32), shrinkage=0)
    inverse = np.linalg.inv(np.cov(rows.T, bias=True))
    between = rows[:5] - rows[7]
    expected = np.sqrt(np.einsum("nd,de,ne->n", between, inverse, between))
    assert np.allclose(distances(whitening, rows[7], rows[:5]), expected, rtol=1e-3)


def test_scales_of_single_dimensions_don_t_matter_without_shrinkage_and_all_that_matters_with_all_of_it() -> None:
    rows = cloud()
    stretched = rows * np.array([1, 10, 0.1, 5, 1, 2], np.float32)
    plain, other = (distances(of_catalogue(one, shrinkage=0), one[0], one) for one in (rows, stretched))
    assert np.allclose(plain, other, atol=1e-2)
    sphere = distances(of_catalogue(rows, shrinkage=1), rows[0], rows)
    assert sphere.argsort().tolist() == np.linalg.norm(rows - rows[0], axis=1).argsort().tolist()


def test_few_vectors_of_many_dimensions_give_a_sound_metric() -> None:
    rows = cloud(10, 60)
    for shrinkage in (0, 0.5):
        apart = distances(of_catalogue(rows, shrinkage=shrinkage), rows[0], rows)
        assert np.isfinite(apart).all()
        assert apart.argmin() == 0


def test_what_differs_within_products_counts_less() -> None:
    """Views of one product differ along the first axis; so a far view there is nearer than another product."""
    random = np.random.default_rng(1)
    products = random.normal(size=(50, 1, 8)) * 3
    views = products + random.normal(size=(50, 4, 8)) * np.array([20, *[0.1] * 7])
    whitening = within_groups(list(views.astype(np.float32)), shrinkage=0)
    query, rows = views[0, 0], views[:, 1]
    assert distances(whitening, query, rows).argmin() == 0
    assert np.linalg.norm(rows - query, axis=1).argmin() != 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: of_catalogue(np.ones((1, 4), np.float32), shrinkage=0), "at least two rows"),
        (lambda: of_catalogue(np.ones((5, 4), np.float32), shrinkage=0), "All vectors are the same"),
        (lambda: of_catalogue(cloud(), shrinkage=1.5), "shrinkage is 1.5"),
        (lambda: within_groups([np.ones((1, 4), np.float32)], shrinkage=0), "No product has two pictures"),
    ],
)
def test_what_can_t_be_learned_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
