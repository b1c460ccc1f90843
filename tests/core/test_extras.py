"""The parts that a shop may do without: what is said where one is missing, and what goes on without it."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from visual_search import checks, extras, wiring
from visual_search.conf import conf
from visual_search.content import readings
from visual_search.errors import ConfigurationError, ReaderUnavailable
from visual_search.imaging import keypoint_matching, standing_out
from visual_search.imaging.reading import LabelReader

ROOT = Path(__file__).resolve().parents[2]
READER = {"BACKEND": "visual_search.imaging.reading.LabelReader"}


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where nobody installed the extra `reading`."""
    for module in extras.MODULES["reading"]:
        monkeypatch.setitem(sys.modules, module, None)


def use(settings: Any, **values: Any) -> None:
    kept = {name: value for name, value in settings.VISUAL_SEARCH.items() if name != "READER"}
    settings.VISUAL_SEARCH = {**kept, **values}
    wiring.reset()


def things() -> Image.Image:
    """Two things on a plain ground."""
    image = Image.effect_noise((200, 200), 60).convert("RGB")
    image.paste("white", (0, 0, 200, 200))
    pen = ImageDraw.Draw(image)
    pen.rectangle((20, 60, 80, 140), fill="red")
    pen.rectangle((120, 60, 180, 140), fill="blue")
    return image


def test_each_extra_is_one_that_pip_knows() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(extras.MODULES) <= set(project["optional-dependencies"])
    # What a shop may do without isn't forced on it by another way.
    assert not {"rapidocr", "zxing-cpp", "opencv-python-headless", "elasticsearch", "whitenoise", "torch"} & {
        line.split(">")[0] for line in project["dependencies"]
    }


def test_one_module_that_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "elasticsearch", None)
    wanted = "elasticsearch is not installed: pip install 'django-visual-search[elasticsearch]'"
    assert extras.lacking("elasticsearch") == wanted


def test_the_extra_of_a_module() -> None:
    assert extras.of("elasticsearch.helpers") == "elasticsearch"
    assert extras.of("cv2") == "reading"
    assert extras.of("shop") is None
    assert extras.of(None) is None


def test_what_is_there_lacks_nothing() -> None:
    assert extras.installed("reading")
    assert extras.lacking("reading") == ""


@pytest.mark.usefixtures("without")
def test_what_lacks_is_named_with_the_mend() -> None:
    assert not extras.installed("reading")
    assert (
        extras.lacking("reading")
        == "rapidocr and zxingcpp and cv2 are not installed: pip install 'django-visual-search[reading]'"
    )


@pytest.mark.usefixtures("without")
def test_a_shop_that_names_no_reader_has_none(settings: Any) -> None:
    use(settings)
    assert wiring.reader() is None
    assert readings.maker().startswith("no reader; no keypoints; ")
    assert [message.msg for message in checks.check_settings()] == []


def test_a_shop_that_names_no_reader_has_one_where_its_part_is_installed(settings: Any) -> None:
    use(settings)
    assert isinstance(wiring.reader(), LabelReader)
    assert not conf.names("READER")
    assert "no keypoints" not in readings.maker()


@pytest.mark.usefixtures("without")
def test_a_reader_that_is_named_must_be_there(settings: Any) -> None:
    use(settings, READER=READER)
    with pytest.raises(ConfigurationError, match=r"LabelReader', but rapidocr.*django-visual-search\[reading\]"):
        wiring.reader()
    (message,) = checks.check_settings()
    assert f"`{message.msg}`" in (ROOT / "docs/how-to/when-something-is-wrong.md").read_text()
    use(settings, READER=None)
    assert wiring.reader() is None
    assert checks.check_settings() == []


@pytest.mark.usefixtures("without")
def test_a_reader_that_is_built_by_hand_says_what_it_lacks() -> None:
    with pytest.raises(ReaderUnavailable, match=r"rapidocr.*\[reading\].*READER"):
        LabelReader().read(things())


def test_without_opencv_no_keypoints_are_found_and_none_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = Image.effect_noise((300, 300), 80)
    photo, picture = keypoint_matching.of_photo(noise), keypoint_matching.of_catalogue_picture(noise)
    assert keypoint_matching.inliers(photo, picture) > 10
    assert len(standing_out.things(things())) == 2
    monkeypatch.setitem(sys.modules, "cv2", None)
    # Pictures that were looked at before stay of no use until OpenCV is back.
    assert keypoint_matching.inliers(photo, picture) == 0
    nothing = keypoint_matching.of_photo(noise)
    assert (len(nothing.places), nothing.pack()) == (0, b"")
    assert len(keypoint_matching.unpack(b"").places) == 0
    assert standing_out.things(things()) == ()
