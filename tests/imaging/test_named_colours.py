"""The colours of pictures by name."""

import pytest
from PIL import Image, ImageDraw

from visual_search.imaging.copies import thumbnail
from visual_search.imaging.named_colours import NAMES, shares


def thing(colour, background="white") -> bytes:
    """A thing of one colour on a background of another."""
    image = Image.new("RGB", (300, 200), background)
    ImageDraw.Draw(image).rectangle((60, 40, 240, 160), fill=colour)
    return thumbnail(image)


def share(picture: bytes, name: str) -> float:
    return float(shares([picture])[0][NAMES.index(name)])


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((200, 30, 30), "red"), ((240, 130, 20), "orange"), ((250, 220, 40), "yellow"), ((30, 140, 60), "green"),
        ((40, 200, 200), "turquoise"), ((30, 60, 200), "blue"), ((120, 40, 180), "purple"), ((255, 120, 190), "pink"),
        ((255, 180, 185), "pink"), ((110, 70, 35), "brown"), ((20, 20, 20), "black"), ((128, 128, 128), "grey"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("background", ["white", "#f4f2ee", "#335577"])
def test_the_thing_has_its_colour_and_the_background_does_not_count(colour, name, background) -> None:
    assert share(thing(colour, background), name) > 0.7


def test_a_white_thing_on_white_and_an_even_picture_count_whole() -> None:
    assert share(thing((252, 252, 252)), "white") == 1
    assert share(thumbnail(Image.new("RGB", (50, 50), (200, 30, 30))), "red") == 1


def test_shares_of_several_pictures_add_up() -> None:
    found = shares([thing((200, 30, 30)), thing((30, 60, 200)), thing("white", "black")])
    assert found.shape == (3, len(NAMES))
    assert found.sum(axis=1) == pytest.approx([1, 1, 1])
    assert [NAMES[place] for place in found.argmax(axis=1)] == ["red", "blue", "white"]


def test_no_pictures_have_no_shares() -> None:
    assert shares([]).shape == (0, len(NAMES))
