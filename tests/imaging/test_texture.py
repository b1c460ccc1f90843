"""Texture features against pictures whose texture is known."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image

from tests.contracts.encoder import things
from visual_search.errors import EncoderUnavailable
from visual_search.imaging import texture


def waves(frequency: float, angle: float = 0.0, *, brightness: float = 1.0) -> Image.Image:
    """Stripes of so many cycles a pixel at 96 px; `angle` in degrees, 0 for upright stripes."""
    rows, columns = np.mgrid[0:96, 0:96]
    along = columns * np.cos(np.radians(angle)) + rows * np.sin(np.radians(angle))
    pixels = 127 * (1 + np.sin(2 * np.pi * frequency * along)) * brightness
    return Image.fromarray(pixels.astype(np.uint8)).convert("RGB")


def test_shapes_and_lengths() -> None:
    for picture in things():
        assert texture.local_binary_patterns(picture).shape == (texture.LBP_DIMS,)
        assert texture.gabor(picture).shape == (texture.GABOR_DIMS,)
        assert texture.oriented_gradients(picture).shape == (texture.HOG_DIMS,)
    each = texture.local_binary_patterns(things()[0]).reshape(3, -1)
    assert np.allclose(np.linalg.norm(each, axis=1), 1, atol=1e-5)


def test_there_are_58_uniform_patterns() -> None:
    bins = texture._uniform()
    assert len(set(bins.tolist())) == 59
    assert (bins == 58).sum() == 256 - 58
    # One run of ones around the circle is uniform, wherever it begins; two runs aren't.
    assert bins[0b00000111] != 58
    assert bins[0b10000011] != 58
    assert bins[0b01010000] == 58


def test_patterns_don_t_see_how_bright_the_picture_is() -> None:
    bright, dark, other = (
        texture.local_binary_patterns(one) for one in (waves(0.1), waves(0.1, brightness=0.6), waves(0.3, 45))
    )
    assert bright @ dark > 2.9
    assert bright @ other < 2.6


@pytest.mark.parametrize(("direction", "angle"), [(0, 0), (3, 90), (1, 30)])
@pytest.mark.parametrize(("scale", "frequency"), [(0, 0.4), (1, 0.2), (2, 0.1)])
def test_the_filter_of_a_wave_answers_to_it(direction: int, angle: float, scale: int, frequency: float) -> None:
    means = texture.gabor(waves(frequency, angle)).reshape(4, 6, 2)[..., 0]
    assert np.unravel_index(means.argmax(), means.shape) == (scale, direction)


def test_gradients_know_directions() -> None:
    upright, turned, again = (texture.oriented_gradients(waves(0.05, angle)) for angle in (0, 90, 2))
    cosine = lambda a, b: float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))  # noqa: E731 - one line, used twice.
    assert cosine(upright, again) > cosine(upright, turned) + 0.3


def test_a_missing_opencv_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(EncoderUnavailable, match="HOG needs OpenCV below version 5"):
        texture.oriented_gradients(things()[0])
