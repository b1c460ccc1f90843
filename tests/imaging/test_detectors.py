"""The shipped detector, and one from a local file."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from tests.contracts.detector import DetectorContract, scene
from tests.evaluation import evaluation_data
from visual_search.errors import EncoderUnavailable
from visual_search.imaging.nanodet import WEIGHTS, NanoDet
from visual_search.imaging.onnx_detector import OnnxDetector
from visual_search.imaging.regions import overlap, tapped

SHIPPED = NanoDet()  # Its weights are read at the first picture.


def demo(number: str) -> Image.Image:
    """A product of the demo shop on white, 400 x 400 px."""
    name = f"SH3-BC0-{number}.jpg"
    return Image.open(Path(__file__).parents[2] / "catalog/demo/images" / name).convert("RGB")


def outline(image: Image.Image) -> tuple[float, ...]:
    """The box around all that isn't white, as shares."""
    rows, columns = np.where(np.asarray(image).min(axis=2) < 245)
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    return left / image.width, top / image.height, right / image.width, bottom / image.height


class TestNanoDet(DetectorContract):
    @pytest.fixture
    def detector(self) -> NanoDet:
        return SHIPPED

    @pytest.fixture
    def picture(self) -> Image.Image:
        """A teddy bear at the left, a toilet at the right."""
        image = Image.new("RGB", (320, 200), "white")
        image.paste(demo("051").resize((150, 150)), (5, 25))
        image.paste(demo("057").resize((150, 150)), (165, 25))
        return image

    @pytest.mark.parametrize(
        ("number", "label"),
        [
            ("010", "airplane"), ("051", "teddy bear"), ("057", "toilet"), ("128", "refrigerator"), ("132", "couch"),
            ("147", "hot dog"), ("168", "chair"), ("009", "cup"), ("003", "bed"),
        ],
    )  # fmt: skip
    def test_it_names_what_it_finds_and_draws_a_box_around_it(self, number: str, label: str) -> None:
        """Without the means, the scales or the order of channels that it was trained with, some of these get lost."""
        image = demo(number)
        first = SHIPPED.regions(image)[0]
        assert first.label == label
        assert first.score > 0.58
        assert overlap(first.box, outline(image)) > (0.6 if label == "cup" else 0.75)

    def test_each_of_two_things_is_named_and_can_be_tapped(self, picture) -> None:
        found = SHIPPED.regions(picture, faint=True)
        assert {region.label for region in found[:2]} == {"teddy bear", "toilet"}
        boxes = {region.label: region.box for region in found[:2]}
        assert tapped((80 / 320, 0.5), found) == boxes["teddy bear"]
        assert tapped((240 / 320, 0.5), found) == boxes["toilet"]

    def test_photos_of_the_world(self) -> None:
        """As good as when it was chosen, in every second crowded photo: .33 of the products with at most 6 boxes, .65 with
        at most 100, and .6 of taps in their middle are understood.
        """
        folder = evaluation_data("eval", "scene_coco")
        with (folder / "objects.csv").open(newline="") as file:
            wanted: dict[str, list[tuple[str, list[float]]]] = {}
            for row in csv.DictReader(file):
                if row["in_catalogue"] == "1":
                    box = [float(row[key]) for key in "xywh"]
                    wanted.setdefault(row["query_id"], []).append((row["coco_class"], box))
        with (folder / "queries.csv").open(newline="") as file:
            queries = [row for row in csv.DictReader(file) if row["query_id"] in wanted][::2]
        hits = right = proposed = tapped_right = total = 0
        for row in queries:
            image = Image.open(folder / row["image"]).convert("RGB")
            found = SHIPPED.regions(image, faint=True)
            for name, (x, y, w, h) in wanted[row["query_id"]]:
                box = (x / image.width, y / image.height, (x + w) / image.width, (y + h) / image.height)
                near = [region for region in found if overlap(region.box, box) >= 0.5]
                proposed += bool(near)
                middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
                tapped_right += overlap(tapped(middle, found), box) >= 0.5
                near = [region for region in near if not region.faint]
                total += 1
                hits += bool(near)
                right += any(region.label == name for region in near)
        assert hits / total > 0.30
        assert proposed / total > 0.63
        assert tapped_right / total > 0.58
        assert right / hits > 0.7

    def test_another_file_needs_its_labels(self) -> None:
        with pytest.raises(EncoderUnavailable, match="80 classes apart, but 2 labels"):
            NanoDet(WEIGHTS, labels=("chair", "table")).regions(scene())

    def test_a_missing_file_is_named(self, tmp_path) -> None:
        with pytest.raises(EncoderUnavailable, match=r"nowhere\.onnx"):
            NanoDet(tmp_path / "nowhere.onnx").regions(scene())


def write_network(path: Path, outputs: dict[str, np.ndarray]) -> Path:
    """A real ONNX file whose boxes don't depend on the picture."""
    nodes = [helper.make_node("Identity", [f"{name}.value"], [name]) for name in outputs]
    constants = [numpy_helper.from_array(value.astype(np.float32), f"{name}.value") for name, value in outputs.items()]
    graph = helper.make_graph(
        nodes,
        "fixed",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 320, 320])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, value.shape) for name, value in outputs.items()],
        constants,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


ROWS = np.array(
    [[[20, 60, 110, 180, 0.9, 0], [22, 62, 111, 181, 0.8, 0], [200, 40, 300, 180, 0.7, 1], [0, 0, 4, 4, 0.95, 1]]]
)


class TestOwnDetector(DetectorContract):
    @pytest.fixture
    def detector(self, tmp_path) -> OnnxDetector:
        path = write_network(tmp_path / "own.onnx", {"rows": ROWS})
        return OnnxDetector(path, ["red block", "blue block"], side=320)

    def test_what_it_says_comes_back_as_shares(self, detector) -> None:
        found = detector.regions(scene())
        assert [(region.label, round(region.score, 2)) for region in found] == [("red block", 0.9), ("blue block", 0.7)]
        assert found[0].box == pytest.approx((20 / 320, 60 / 200, 110 / 320, 180 / 200))

    def test_the_unsure_wait_for_a_tap(self, tmp_path) -> None:
        rows = ROWS.copy()
        rows[0, 2, 4] = 0.1
        path = write_network(tmp_path / "faint.onnx", {"rows": rows})
        detector = OnnxDetector(path, ["red block", "blue block"], side=320)
        assert [region.label for region in detector.regions(scene())] == ["red block"]
        found = detector.regions(scene(), faint=True)
        assert [(region.label, region.faint) for region in found] == [("red block", False), ("blue block", True)]

    def test_boxes_and_scores_apart(self, tmp_path) -> None:
        scores = np.array([[[0.9, 0], [0.8, 0], [0, 0.7], [0, 0.95]]])
        path = write_network(tmp_path / "two.onnx", {"scores": scores, "boxes": ROWS[:, :, :4]})
        found = OnnxDetector(path, ["red block", "blue block"], side=320).regions(scene())
        assert [region.label for region in found] == ["red block", "blue block"]

    def test_other_outputs_are_named(self, tmp_path) -> None:
        path = write_network(tmp_path / "odd.onnx", {"rows": ROWS[:, :, :5]})
        with pytest.raises(EncoderUnavailable, match=r"\(1, 4, 5\)"):
            OnnxDetector(path, ["a", "b"], side=320).regions(scene())
