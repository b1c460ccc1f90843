"""What a detector finds, counted."""

from __future__ import annotations

import pytest
from PIL import Image

from visual_search.errors import BadInput
from visual_search.measuring.scenes import Scene, Thing, matched, objects_found, read_scenes
from visual_search.types import Region

CHAIR, LAMP = Thing("chair", (0.0, 0.0, 0.4, 0.8), True), Thing("lamp", (0.6, 0.0, 0.8, 0.4), False)


class Says:
    def __init__(self, *found: Region) -> None:
        self.found = found

    def regions(self, image, *, faint=False):
        return self.found


@pytest.fixture
def folder(tmp_path):
    Image.new("RGB", (100, 50)).save(tmp_path / "a.jpg")
    (tmp_path / "queries.csv").write_text("query_id,image,width,height\na,a.jpg,100,50\n")
    (tmp_path / "objects.csv").write_text(
        "query_id,coco_class,x,y,w,h,in_catalogue\na,chair,0,0,40,40,1\na,lamp,60,0,20,20,0\n"
    )
    return tmp_path


def test_reading(folder) -> None:
    [scene] = read_scenes(folder)
    assert scene == Scene(folder / "a.jpg", (CHAIR, LAMP))


def test_each_box_counts_once() -> None:
    near = [Region(CHAIR.box, "chair", 0.9), Region((0.0, 0.0, 0.4, 0.7), "chair", 0.8)]
    assert matched([CHAIR, CHAIR, LAMP], near) == [(0, 0), (1, 1)]
    assert matched([CHAIR, CHAIR], near[:1]) == [(0, 0)]


def test_figures(folder) -> None:
    scenes = read_scenes(folder)
    found, _ = objects_found(scenes, Says(Region(LAMP.box, "vase", 0.9), Region(CHAIR.box, "chair", 0.8)))
    assert found["products"]["@5"] == found["all things"]["@5"] == 1.0
    assert (found["products"]["class right"], found["all things"]["class right"]) == (1.0, 0.5)
    nothing, intervals = objects_found(scenes, Says())
    assert (nothing["products"]["@10"], nothing["products"]["kinds"], nothing["products"]["boxes"]) == (0, 0, 0)
    assert "class right" not in intervals["products"], "over nothing that was found there is no interval"


def test_photos_are_drawn_whole(folder) -> None:
    """Ten things found in one photo say less than ten in ten: in either figure, what one photo shows goes together."""
    rows = "".join(f"b,chair,{n * 10},0,10,10,1\n" for n in range(10))
    (folder / "objects.csv").write_text("query_id,coco_class,x,y,w,h,in_catalogue\na,chair,0,0,40,40,1\n" + rows)
    (folder / "queries.csv").write_text("query_id,image,width,height\na,a.jpg,100,50\nb,a.jpg,100,50\n")
    found, intervals = objects_found(read_scenes(folder), Says(Region(CHAIR.box, "chair", 0.8)))
    assert found["products"]["@5"] == pytest.approx(1 / 11)
    assert intervals["products"]["@5"] == (0.0, 1.0)
    assert intervals["products"]["boxes"] == (1.0, 1.0)


def test_only_so_many_boxes_count(folder) -> None:
    many = [Region((0.9, 0.9, 1.0, 1.0), "cup", 0.9)] * 5
    found, _ = objects_found(read_scenes(folder), Says(*many, Region(CHAIR.box, "chair", 0.1)))
    assert (found["products"]["@5"], found["products"]["@10"]) == (0.0, 1.0)


def test_the_unsure_count_where_they_are_tapped(folder) -> None:
    faint = Region(CHAIR.box, "chair", 0.1, faint=True)
    found, _ = objects_found(read_scenes(folder), Says(Region(LAMP.box, "vase", 0.9), faint))
    assert (found["products"]["@100"], found["products"]["tapped"]) == (1.0, 1.0)
    assert (found["products"]["kinds"], found["products"]["boxes"], found["products"]["proposals"]) == (0.0, 1.0, 2.0)


def test_a_wrong_number_is_named(folder) -> None:
    (folder / "objects.csv").write_text("query_id,coco_class,x,y,w,h,in_catalogue\na,chair,zero,0,40,40,1\n")
    with pytest.raises(BadInput, match="photo a has a wrong number"):
        read_scenes(folder)
