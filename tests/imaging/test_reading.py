"""Label text and codes: what the real reader sees in drawn pictures, and what counts of it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from tests.imaging.labels import barcode, on_a_shelf, package, printed
from visual_search.errors import ReaderUnavailable
from visual_search.imaging.reading import (
    LONGEST_TEXT,
    LabelReader,
    PhotoReader,
    Reader,
    _largest,
    codes_of,
    gtin_forms,
    read_photo,
    words_of,
)
from visual_search.types import Reading, ReadLine


@pytest.fixture(scope="module")
def reader() -> LabelReader:
    return LabelReader()


def test_a_label_is_read_with_its_place(reader):
    reading = reader.read(package("VALIO MAITO"))

    assert "VALIO" in words_of(reading)
    assert "MAITO" in words_of(reading)
    line = next(line for line in reading.lines if "VALIO" in line.text)
    assert line.confidence > 0.8
    left, top, right, bottom = line.box
    assert 0.15 < left < right < 0.9
    assert 0.05 < top < bottom < 0.35


def test_a_turned_label_before_a_background_is_read(reader):
    assert "OATLY" in words_of(reader.read(on_a_shelf(package("OATLY DRINK"))))


def test_a_picture_without_text_says_nothing(reader):
    assert reader.read(Image.new("RGB", (300, 200), "seagreen")) == Reading()


@pytest.mark.parametrize("size", [(1, 1), (3000, 2), (2, 900)])
def test_odd_sizes_are_no_trouble(reader, size):
    assert reader.read(Image.new("RGB", size, "red")) == Reading()


def test_a_barcode_and_a_qr_code_are_read(reader):
    assert reader.read(barcode("4006381333931")).codes == ("4006381333931", "04006381333931")
    link = barcode("https://example.org/01/09506000134352", zxingcpp.BarcodeFormat.QRCode)
    assert reader.read(link).codes == ("09506000134352", "9506000134352")


def test_a_label_in_a_photo_is_read_as_in_the_catalogue(reader):
    for picture in (package("VALIO MAITO"), on_a_shelf(package("OATLY DRINK")), barcode("4006381333931")):
        assert read_photo(reader, picture) == reader.read(picture)


def test_a_photo_without_lines_is_no_further_looked_through(reader, monkeypatch):
    engine = reader._loaded()
    looked: list[tuple[int, ...]] = []
    finder = engine.text_det._finder

    def find(pixels: np.ndarray) -> Any:
        looked.append(pixels.shape)
        return finder(pixels)

    monkeypatch.setattr(engine.text_det, "_finder", find)
    thing = Image.new("RGB", (600, 600), "white")
    ImageDraw.Draw(thing).ellipse((100, 100, 500, 500), fill="saddlebrown")
    assert read_photo(reader, thing) == Reading()
    assert read_photo(reader, Image.new("RGB", (3000, 2), "red")) == Reading()
    assert looked == []
    read_photo(reader, package("VALIO MAITO"))
    assert len(looked) == 1


def test_a_reader_of_one_kind_reads_photos_too():
    class Plain:
        fingerprint = "plain"

        def read(self, image: Image.Image) -> Reading:
            return Reading((), ("1",))

    assert read_photo(Plain(), Image.new("RGB", (8, 8))).codes == ("1",)


def test_the_reader_keeps_its_protocol(reader):
    assert isinstance(reader, Reader)
    assert isinstance(reader, PhotoReader)
    assert reader.fingerprint == LabelReader().fingerprint
    assert LabelReader(side=640).fingerprint != reader.fingerprint


def test_a_missing_model_file_is_named(tmp_path):
    with pytest.raises(ReaderUnavailable, match=r"cyrillic\.onnx.*models"):
        LabelReader(models={"Rec": str(tmp_path / "cyrillic.onnx")}).read(package("X"))


def test_an_unknown_part_is_named():
    with pytest.raises(TypeError, match="Recc.*Det, Cls, Rec"):
        LabelReader(models={"Recc": "x.onnx"})


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("Valio 1,5% 1.95 €/l maito", "Valio maito"),
        ("500g 12.11.2026 24-pack", "24-pack"),
        ("牛乳 milk 乳", "牛乳 milk"),
        ("a of Arla", "Arla"),
        ("ARLA ARLA milk", "ARLA milk"),
        ("7UP 3M Ünsal", "7UP Ünsal"),
    ],
)
def test_words_that_tell_nothing_are_left_out(said, wanted):
    assert words_of(Reading(tuple(ReadLine(line) for line in [said]))) == wanted


def test_the_text_of_one_picture_has_an_end():
    assert len(words_of(Reading(tuple(ReadLine(f"word{number}") for number in range(500))))) <= LONGEST_TEXT


@pytest.mark.parametrize(
    ("code", "forms"),
    [
        ("4006381333931", ("4006381333931", "04006381333931")),
        ("012345678905", ("012345678905", "0012345678905", "00012345678905")),
        ("4006381333932", ()),  # wrong check digit
        ("1234567", ()),
        ("abc", ()),
        ("٤٠٠٦٣٨١٣٣٣٩٣١", ()),  # digits of another script
    ],
)
def test_a_gtin_is_asked_for_in_all_its_forms(code, forms):
    assert gtin_forms(code) == forms


@given(st.lists(st.text(max_size=80), max_size=5))
def test_codes_are_short_single_and_never_empty(texts):
    codes = codes_of(texts)
    assert len(set(codes)) == len(codes)
    assert all(0 < len(code) <= 64 for code in codes)


def test_of_a_page_of_print_the_largest_letters_are_read(reader):
    begin = time.process_time()
    reading = reader.read(printed(14, 40))
    assert time.process_time() - begin < 6  # All 560 words took half a minute.
    assert not reading.whole
    assert "VALIO" in words_of(reading)
    assert len(reading.lines) < 30


def test_a_full_package_is_read_whole(reader):
    assert reader.read(printed(3, 2)).whole


def test_a_line_longer_than_all_that_is_allowed_is_read_alone():
    line = [(0, 0), (4000, 0), (4000, 20), (0, 20)]
    small = [(0, 0), (40, 0), (40, 10), (0, 10)]
    assert _largest(np.array([small, line], np.float32)) == [1]
    assert _largest(np.array([small] * 3, np.float32)) == [0, 1, 2]
