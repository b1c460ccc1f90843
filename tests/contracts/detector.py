"""What every detector must do. A new one is done when a subclass passes with its `detector` and a `picture` that it knows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image, ImageDraw

from visual_search.imaging.regions import LEAST_SIDE, PROPOSALS, Detector, overlap


def scene() -> Image.Image:
    """Two plain blocks apart on a light floor."""
    image = Image.new("RGB", (320, 200), "#e8e4dc")
    pen = ImageDraw.Draw(image)
    pen.rectangle((20, 60, 110, 180), fill="#8a3020")
    pen.rectangle((200, 40, 300, 180), fill="#204080")
    return image


class DetectorContract:
    @pytest.fixture
    def detector(self) -> Detector:
        raise NotImplementedError

    @pytest.fixture
    def picture(self) -> Image.Image:
        """Shows two things apart that this detector knows, 320 x 200 px."""
        return scene()

    def test_it_is_a_detector(self, detector) -> None:
        assert isinstance(detector, Detector)

    def test_it_finds_what_is_there(self, detector, picture) -> None:
        left, right = sorted(detector.regions(picture)[:2], key=lambda region: region.box)
        assert left.box[2] <= 0.5 <= right.box[0]

    @pytest.mark.parametrize("size", [(320, 200), (1, 1), (1000, 3), (3, 1000), (640, 640)])
    def test_boxes_lie_inside_and_have_an_area(self, detector, picture, size) -> None:
        found = detector.regions(picture.resize(size), faint=True)
        assert found or min(size) < 200
        for region in found:
            x1, y1, x2, y2 = region.box
            assert 0 <= x1 < x2 <= 1
            assert 0 <= y1 < y2 <= 1
            assert min(x2 - x1, y2 - y1) >= LEAST_SIDE - 1e-6
            assert 0 <= region.score <= 1

    def test_surest_first_and_none_twice(self, detector, picture) -> None:
        found = detector.regions(picture, faint=True)
        assert len(found) >= 2
        assert detector.regions(picture) == tuple(region for region in found if not region.faint)
        assert found == tuple(sorted(found, key=lambda region: (region.faint, -region.score)))
        assert len(found) <= PROPOSALS
        for number, region in enumerate(found):
            assert all(overlap(region.box, other.box) < 0.9 for other in found[:number])

    def test_equal_pictures_give_equal_boxes_from_any_thread(self, detector, picture) -> None:
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(detector.regions, [picture] * 6))
        assert found[0]
        assert all(each == found[0] for each in found)

    def test_the_picture_is_left_as_it_was(self, detector, picture) -> None:
        before = picture.tobytes()
        detector.regions(picture)
        assert picture.tobytes() == before
