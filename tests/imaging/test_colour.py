"""Histograms see colours, not backgrounds; the border tells studio pictures from photos."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from visual_search.imaging import colour


def pixels(background: object, product: object, box: tuple[int, int, int, int] = (40, 30, 90, 100)) -> colour.Pixels:
    image = Image.new("RGB", (128, 128), background)
    ImageDraw.Draw(image).ellipse(box, fill=product)
    return colour.thumbnail(image)


@pytest.mark.parametrize("histogram", [colour.hsv_histogram, colour.lab_histogram])
def test_histograms_are_unit_vectors_that_tell_colours_apart(histogram):
    red, also_red, blue = (histogram(pixels("white", value)) for value in ((200, 30, 40), (196, 34, 42), (30, 60, 200)))
    for found in (red, also_red, blue):
        assert found.dtype == np.float32
        assert np.isclose(np.linalg.norm(found), 1, atol=1e-5)
    assert red @ also_red > red @ blue


def test_shapes_are_those_of_the_bins():
    assert colour.hsv_histogram(pixels("white", "red")).shape == (24 * 4 * 4,)
    assert colour.lab_histogram(pixels("white", "red")).shape == (6 * 12 * 12,)


def test_a_mask_takes_the_background_out():
    on_white, on_grey = pixels("white", "red"), pixels((120, 125, 130), "red")
    plain = colour.lab_histogram(on_white) @ colour.lab_histogram(on_grey)
    masked = colour.lab_histogram(on_white, colour.foreground(on_white)) @ colour.lab_histogram(
        on_grey, colour.foreground(on_grey)
    )
    assert masked > 0.98 > plain


def test_an_empty_mask_gives_numbers():
    assert np.isfinite(colour.lab_histogram(pixels("white", "red"), np.zeros((128, 128), bool))).all()


def test_the_middle_weighs_most():
    middle = colour.lab_histogram(pixels("gray", "red", (44, 44, 84, 84)))
    corner = colour.lab_histogram(pixels("gray", "red", (0, 0, 40, 40)))
    red = colour.lab_histogram(pixels("red", "red"))
    assert middle @ red > corner @ red


def test_lab_bins_follow_the_standard():
    # CIE Lab of sRGB red is (53.2, 80.1, 67.2), of mid grey (53.6, 0, 0): from the CIE formulas, D65.
    for value, lab in (((255, 0, 0), (53.2, 80.1, 67.2)), ((128, 128, 128), (53.6, 0, 0))):
        found = colour.lab_histogram(pixels(value, value)).reshape(colour.LAB_BINS)
        light, a, b = np.unravel_index(found.argmax(), found.shape)
        assert light == int(lab[0] / 100 * 6)
        assert abs(a - min(11, int((lab[1] + 80) / 160 * 12))) <= 1
        assert abs(b - min(11, int((lab[2] + 90) / 180 * 12))) <= 1


@pytest.mark.parametrize(
    ("background", "share"),
    [("white", 1), ((250, 249, 247), 1), ((225, 225, 225), 0), ("black", 0), ((255, 240, 200), 0)],
)
def test_only_white_borders_count_as_white(background, share):
    assert colour.white_border_share(pixels(background, "red")) == pytest.approx(share)


@pytest.mark.parametrize("background", ["white", (200, 210, 190), "black"])
def test_the_foreground_is_the_product(background):
    found = colour.foreground(pixels(background, (200, 30, 40)))
    truth = np.asarray(pixels("black", "white"))[..., 0] > 128
    assert (found & truth).sum() / (found | truth).sum() > 0.95


def test_holes_stay_and_spirals_are_flooded():
    image = Image.new("RGB", (128, 128), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((20, 20, 108, 108), fill="red")
    draw.ellipse((50, 50, 78, 78), fill="white")
    assert colour.foreground(np.asarray(image))[64, 64]
    maze = Image.new("RGB", (128, 128), "white")
    draw = ImageDraw.Draw(maze)
    draw.line([(20, 20), (108, 20), (108, 108), (20, 108), (20, 44), (84, 44), (84, 84), (44, 84)], fill="red", width=6)
    assert not colour.foreground(np.asarray(maze))[64, 64]


def test_where_all_is_background_all_counts():
    assert colour.foreground(pixels("white", "white")).all()


def test_greys_fall_into_the_same_bin_on_every_processor():
    bins = colour._lab_bin_of_rgb()
    greys = bins[[step * (1024 + 32 + 1) for step in range(32)]]
    # White counts for most of a studio picture: into which bin it falls must not hang on how a processor rounds.
    assert {tuple(int(n) for n in np.unravel_index(one, colour.LAB_BINS)[1:]) for one in greys} == {(5, 6)}


def shaded(level: int, *, corner: int = 0, noise: float = 0.0) -> Image.Image:
    """An even grey that grows darker towards the corners, as a lens makes it, with the noise of a sensor."""
    line = np.linspace(-1, 1, 600)
    grey = level - corner * (line[:, None] ** 2 + line[None, :] ** 2) / 2
    grey = grey + np.random.default_rng(0).normal(0, noise, grey.shape)
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).convert("RGB")


@pytest.mark.parametrize(
    ("level", "corner", "noise"),
    [
        (0, 0, 0.0),
        (128, 0, 0.0),
        (255, 0, 0.0),
        (0, 0, 4.0),
        (128, 0, 4.0),
        (250, 0, 4.0),
        (128, 60, 2.0),
        (240, 60, 2.0),
    ],
)
def test_a_blank_picture_shows_nothing(level: int, corner: int, noise: float) -> None:
    blank = shaded(level, corner=corner, noise=noise)
    assert colour.shows_nothing(colour.thumbnail(blank))
    buffer = io.BytesIO()
    blank.save(buffer, "JPEG", quality=30)
    assert colour.shows_nothing(colour.thumbnail(Image.open(buffer)))


def test_an_even_colour_is_something_to_see() -> None:
    for name in ("red", "navy", "beige", "lavender"):
        assert not colour.shows_nothing(colour.thumbnail(Image.new("RGB", (300, 200), name))), name


@pytest.mark.parametrize("level", [248, 240, 200, 0])
def test_a_faint_thing_on_white_is_something_to_see(level: int) -> None:
    image = Image.new("RGB", (600, 400), "white")
    ImageDraw.Draw(image).ellipse((250, 150, 350, 250), fill=(level,) * 3)
    assert not colour.shows_nothing(colour.thumbnail(image))
