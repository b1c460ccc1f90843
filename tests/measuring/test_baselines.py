import numpy as np
import pytest
from PIL import Image

from visual_search.measuring import baselines


def plain(colour: str) -> Image.Image:
    return Image.new("RGB", (90, 60), colour)


def test_equal_pictures_have_cosine_1_and_other_colours_less() -> None:
    red, blue = baselines.colour(plain("red")), baselines.colour(plain("blue"))
    assert red.shape == (256 + 432,)
    assert red @ red == pytest.approx(1.0)
    # The histograms share no bin. The thumbnails don't share a channel either.
    assert red @ blue == pytest.approx(0.0)


def test_half_of_the_pixels_count_as_the_root_of_a_half() -> None:
    half = plain("red")
    half.paste("blue", (0, 0, 45, 60))
    histograms = [baselines.colour(image)[:256] for image in (plain("red"), half)]
    first, second = (vector / np.linalg.norm(vector) for vector in histograms)
    assert first @ second == pytest.approx(np.sqrt(0.5), abs=0.01)


def test_the_nearest_come_first_and_ties_keep_their_order() -> None:
    vectors = np.array([[0, 1], [1, 0], [0.6, 0.8], [1, 0]], np.float32)
    assert baselines.nearest(["a", "b", "c", "d"], vectors, np.array([1, 0], np.float32), depth=3) == ["b", "d", "c"]


def test_chance_draws_each_id_once_and_the_same_for_one_seed() -> None:
    ids = [str(n) for n in range(100)]
    drawn = baselines.random_rankings(ids, seed=3)
    assert len(set(drawn)) == 50
    assert drawn == baselines.random_rankings(ids, seed=3) != baselines.random_rankings(ids, seed=4)
    assert sorted(baselines.random_rankings(["a", "b"], seed=0)) == ["a", "b"]
