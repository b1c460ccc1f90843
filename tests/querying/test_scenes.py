"""Objects in a photo: found, chosen, and chosen again from the token alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.imaging.test_detectors import write_network
from tests.search.shop import draw
from visual_search import search, wiring
from visual_search.errors import BadInput, EncoderUnavailable, PictureRefused
from visual_search.imaging import regions
from visual_search.imaging.onnx_detector import OnnxDetector
from visual_search.imaging.regions import PROPOSALS, WHOLE
from visual_search.querying import parsing, photos, tokens
from visual_search.types import Query, QueryPicture

LEFT, RIGHT = (0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)


def room() -> Image.Image:
    """A red chair beside a green sofa."""
    image = Image.new("RGB", (400, 200), "white")
    image.paste(draw("chair", "red"), (0, 0))
    image.paste(draw("sofa", "green"), (200, 0))
    return image


ROWS_OF_ROOM = np.array([[[0, 0, 160, 160, 0.9, 0], [160, 0, 320, 160, 0.8, 1]]])


def own_detector(folder, rows) -> dict:
    """A real network that sees a chair at the left and a sofa at the right, whatever the photo."""
    path = write_network(folder / "two.onnx", {"rows": rows})
    options = {"path": path, "labels": ["chair", "sofa"], "side": 320}
    return {"BACKEND": "visual_search.imaging.onnx_detector.OnnxDetector", "OPTIONS": options}


@pytest.fixture
def seen(shop, tmp_path):
    shop.use(DETECTOR=own_detector(tmp_path, ROWS_OF_ROOM))
    return shop


def ask(**more):
    return search.search(Query(pictures=(QueryPicture(image=room(), **more),)))


def first(page) -> str:
    return page.hits[0].card.sku


def token_of(page) -> str:
    return tokens.photo_token(replace(page.photo, witness=None))


def test_a_room_is_searched_by_all_its_things(seen) -> None:
    page = ask()
    scene = page.pictures[0].scene
    assert [region.label for region in scene.things] == ["chair", "sofa"]
    assert scene.chosen == WHOLE
    assert {hit.card.sku for hit in page.hits[:2]} == {"CHR-RED-01", "SOF-GRN-03"}


def test_each_thing_has_its_own_vectors_whoever_encodes_it(seen, tmp_path) -> None:
    rows = np.array([[[0, 0, 160, 160, 0.9, 0], [160, 0, 320, 160, 0.8, 1], [80, 0, 240, 160, 0.7, 0]]])
    seen.use(DETECTOR=own_detector(tmp_path, rows))
    page = ask()
    scene, encoder = page.pictures[0].scene, wiring.encoder()
    assert len(scene.things) == 3
    for region in (scene.whole, *scene.things):
        alone = photos.vectors_of(room(), encoder) if region is scene.whole else None
        expected = alone or {"image": encoder.images([regions.crop(room(), region.box)]).image[0]}
        assert np.allclose(region.vectors["image"], expected["image"], atol=1e-3)


@pytest.mark.parametrize(("number", "sku"), [(0, "CHR-RED-01"), (1, "SOF-GRN-03")])
def test_each_thing_by_itself(seen, number, sku) -> None:
    page = ask(thing=number)
    assert first(page) == sku
    assert page.pictures[0].scene.chosen == page.pictures[0].scene.things[number].box


@pytest.mark.parametrize(
    ("box", "sku"), [(LEFT, "CHR-RED-01"), (RIGHT, "SOF-GRN-03"), ((0.05, 0, 0.45, 1.0), "CHR-RED-01")]
)
def test_a_box_of_the_shopper(seen, box, sku) -> None:
    assert first(ask(box=box)) == sku


def test_another_thing_without_a_second_upload(seen) -> None:
    token = token_of(ask(thing=0))
    for part, sku in (({"thing": 1}, "SOF-GRN-03"), ({"box": RIGHT}, "SOF-GRN-03"), ({}, "CHR-RED-01")):
        page = search.search(Query(pictures=(replace(tokens.photo_from_token(token), **part),)))
        assert first(page) == sku
        token = token_of(page) if not part else token
        assert len(page.pictures[0].scene.things) == 2, "the others are still offered"
    whole = search.search(Query(pictures=(replace(tokens.photo_from_token(token), box=WHOLE),)))
    assert whole.pictures[0].scene.chosen == WHOLE


def test_a_room_stays_a_room_over_its_token(seen) -> None:
    page = ask()
    again = search.search(Query(pictures=(tokens.photo_from_token(token_of(page)),)))
    assert [hit.id for hit in again.hits] == [hit.id for hit in page.hits]


def test_a_token_has_no_pixels_to_cut(seen) -> None:
    picture = replace(tokens.photo_from_token(token_of(ask())), box=(0.3, 0.3, 0.6, 0.6))
    with pytest.raises(BadInput, match="not its pixels") as caught:
        search.search(Query(pictures=(picture,)))
    assert (caught.value.status, caught.value.code) == (422, "box_needs_photo")


def test_an_object_that_is_not_there(seen) -> None:
    with pytest.raises(BadInput, match="object is 7; this photo has the numbers 0 to 1"):
        ask(thing=7)


def test_an_old_token_has_no_objects(seen) -> None:
    page = ask()
    picture = replace(tokens.photo_from_token(tokens.photo_token(replace(page.photo, scene=None))), thing=0)
    with pytest.raises(BadInput, match="Send the photo again"):
        search.search(Query(pictures=(picture,)))


def test_a_broken_detector_costs_only_the_objects(seen, monkeypatch) -> None:
    def broken(self, image):
        raise MemoryError("too large")

    monkeypatch.setattr(OnnxDetector, "regions", broken)
    page = ask()
    assert page.degraded == ("objects",)
    assert page.hits
    assert page.pictures[0].scene.things == ()


def test_what_nobody_can_name_is_offered_without_a_label(seen, tmp_path) -> None:
    nothing = np.array([[[0, 0, 2, 2, 0.9, 0]]])
    seen.use(DETECTOR=own_detector(tmp_path, nothing))
    page = ask()
    assert [region.label for region in page.pictures[0].scene.things] == ["", ""]
    assert page.pictures[0].scene.chosen == WHOLE
    assert first(ask(thing=0)) == "SOF-GRN-03", "the largest comes first"


def test_what_stands_out_counts_among_the_proposals(seen, tmp_path) -> None:
    places = np.arange(16) * 20
    grid = [(x, y, x + 16, y + 16, 0.1, 0) for x in places for y in places // 2]
    seen.use(DETECTOR=own_detector(tmp_path, np.array([grid])))
    scene = search.search(Query(pictures=(QueryPicture(image=room()),), proposals=True)).pictures[0].scene
    assert (len(scene.things), len(scene.proposals)) == (2, PROPOSALS - 2)
    assert ask().pictures[0].scene.proposals == (), "nobody asked for them"


@pytest.mark.parametrize("part", [{"point": (0.75, 0.5)}, {"box": (0.6, 0.1, 0.9, 0.9)}])
def test_a_part_that_shows_nothing_is_named(seen, tmp_path, part) -> None:
    seen.use(DETECTOR=own_detector(tmp_path, ROWS_OF_ROOM[:, :1]))
    image = room()
    image.paste((102, 102, 102), (200, 0, 400, 200))  # This encoder sees nothing in it.
    with pytest.raises(PictureRefused, match="this part of the photo") as caught:
        search.search(Query(pictures=(QueryPicture(image=image, **part),)))
    assert (caught.value.status, caught.value.code, caught.value.field) == (422, "nothing_to_see", *part)


@pytest.mark.parametrize("detector", [None, "broken"])
def test_a_tap_without_a_detector_cuts_a_frame(seen, monkeypatch, detector) -> None:
    if detector is None:
        seen.use(DETECTOR=None)
    else:
        monkeypatch.setattr(OnnxDetector, "regions", lambda self, image: 1 / 0)
    page = ask(point=(0.75, 0.5))
    assert page.pictures[0].scene.chosen == pytest.approx((0.625, 0.375, 0.875, 0.625))
    assert page.degraded == (("objects",) if detector else ())


def test_without_a_detector_a_box_still_works(seen) -> None:
    seen.use(DETECTOR=None)
    assert wiring.detector() is None
    assert first(ask(box=LEFT)) == "CHR-RED-01"
    assert ask().degraded == ()


def test_words_answer_where_the_encoder_is_down(seen, monkeypatch) -> None:
    from tests.shop.doubles import ThumbnailEncoder

    monkeypatch.setattr(ThumbnailEncoder, "down", True)
    page = search.search(Query(words="chair", pictures=(QueryPicture(image=room()),)))
    assert page.degraded == ("encoder",)
    assert page.hits
    with pytest.raises(EncoderUnavailable):
        ask()


def test_many_dimensions_leave_out_the_least_sure(seen, monkeypatch) -> None:
    page = ask()
    whole = len(tokens.photo_token(page.photo).partition(".")[2]) + 1
    monkeypatch.setattr(tokens, "SCENE_BYTES", whole * 3 // 4 - 100)
    picture = tokens.photo_from_token(token_of(page))
    assert [region.label for region in picture.scene.things] == ["chair"]


def test_where_not_even_one_thing_fits_the_token_holds_what_was_chosen_alone(seen, monkeypatch) -> None:
    page = ask(thing=0)
    monkeypatch.setattr(tokens, "SCENE_BYTES", 100)
    token = tokens.photo_token(page.photo)
    assert token.count(".") == 0
    again = search.search(Query(pictures=(tokens.photo_from_token(token),)))
    assert [hit.id for hit in again.hits] == [hit.id for hit in page.hits]


@pytest.mark.parametrize(
    "raw",
    ["1,2", "a,b,c,d", [0, 0, 2, 1], [0.5, 0, 0.5, 1], [0, 0, 0.01, 1], "nan,0,1,1", [True, 0, 1, 1], {"x": 1}, 7],
)
def test_boxes_that_are_none(raw) -> None:
    with pytest.raises(BadInput, match="box is"):
        parsing.box(raw)


def test_boxes_that_are_some() -> None:
    assert parsing.box("0,0,0.5,1") == parsing.box([0, 0, 0.5, 1]) == (0.0, 0.0, 0.5, 1.0)
    assert parsing.box("") is parsing.box(None) is None


def test_what_is_found_for_a_room_comes_in_turns_for_its_things(seen) -> None:
    page = ask()
    assert [(hit.card.sku, hit.thing) for hit in page.hits[:2]] in (
        [("CHR-RED-01", 0), ("SOF-GRN-03", 1)],
        [("SOF-GRN-03", 1), ("CHR-RED-01", 0)],
    )
    again = search.search(Query(pictures=(tokens.photo_from_token(token_of(page)),)))
    assert [hit.thing for hit in again.hits] == [hit.thing for hit in page.hits]


@pytest.mark.parametrize("more", [{"words": "chair"}, {"sort": "price"}])
def test_words_and_orders_have_no_turns(seen, more) -> None:
    page = search.search(Query(pictures=(QueryPicture(image=room()),), **more))
    assert {hit.thing for hit in page.hits} == {None}


def test_one_thing_has_no_turns(seen) -> None:
    assert {hit.thing for hit in ask(thing=0).hits} == {None}
