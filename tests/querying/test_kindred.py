"""What is called by a thing's name comes first for this thing, and keeps the grade of its looks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageChops

from tests.querying.test_scenes import ROWS_OF_ROOM, ask, own_detector, room
from tests.shop.doubles import ThumbnailEncoder
from visual_search import search
from visual_search.querying import kindred
from visual_search.querying.kindred import BONUS, MOST_OF_EACH
from visual_search.ranking.fusion import Scale
from visual_search.types import Grade, LegAnswer, LegHit, LegId, LegKind, Query, QueryPicture, Region, Scene

CHAIR, FAINT, PERSON = (
    Region((0, 0, 0.5, 1), "chair", 0.9),
    Region((0.5, 0, 1, 1), "bed", 0.3),
    Region((0, 0, 1, 1), "person", 0.9),
)
MORE = (
    Region((0.8, 0, 1, 0.4), "clock", 0.44),
    Region((0.8, 0.6, 1, 1), "vase", 0.44),
)  # plain enough for a scene, not for a name
SCALE = Scale(weight=0.5, low=0.2, high=0.9, admits=0.32)
VECTOR = {"image": np.ones(2, np.float32)}


def room_of(*things: Region, **more) -> Query:
    """A photo of these things and of one more, so that it is a scene."""
    scene = Scene(Region((0, 0, 1, 1)), (*things, *MORE))
    return Query(
        pictures=(QueryPicture(vectors=VECTOR, scene=scene, others=(VECTOR,) * (len(things) + len(MORE))),), **more
    )


def answer(kind: LegKind, part: int, **scores: float) -> LegAnswer:
    hits = sorted((LegHit(id, score) for id, score in scores.items()), key=lambda hit: -hit.score)
    return LegAnswer(LegId(kind, 0, part), tuple(hits), len(hits))


def test_a_name_lifts_what_is_called_so_and_looks_decide_among_it() -> None:
    looks = answer(LegKind.PHOTO, 0, bathtub=0.5, stool=0.38, armchair=0.4, sofa=0.39)
    titles = answer(LegKind.NAMED, 0, armchair=0.9, stool=0.9, sofa=0.3, elsewhere=0.9)
    found = kindred.by_thing(room_of(CHAIR), [looks, titles], SCALE)
    assert found.orders == {0: ("armchair", "stool", "bathtub", "sofa")}
    assert found.kindred == {"armchair", "stool"}, (
        "a title that means something else, or that no look was found for, isn't"
    )
    assert found.legs[0] == looks, "the scores stay those of the looks"
    assert 0.38 + BONUS > 0.5


def test_a_very_near_look_beats_the_name() -> None:
    looks = answer(LegKind.PHOTO, 0, same=0.95, chair=0.3)
    found = kindred.by_thing(room_of(CHAIR), [looks, answer(LegKind.NAMED, 0, chair=0.9)], SCALE)
    assert found.orders[0] == ("same", "chair")


@pytest.mark.parametrize("thing", [FAINT, PERSON, Region((0, 0, 1, 1), "", 0.9)])
def test_a_thing_whose_name_is_not_sure_keeps_the_order_of_its_looks(thing) -> None:
    looks = answer(LegKind.PHOTO, 0, a=0.5, b=0.4)
    found = kindred.by_thing(room_of(thing), [looks, answer(LegKind.NAMED, 0, b=0.9)], SCALE)
    assert (found.orders, found.kindred) == ({}, frozenset())
    assert found.legs == {0: looks}


def test_no_more_than_a_page_is_kindred_to_one_thing() -> None:
    many = {f"{number:03}": 0.5 - number / 1000 for number in range(60)}
    found = kindred.by_thing(
        room_of(CHAIR), [answer(LegKind.PHOTO, 0, **many), answer(LegKind.NAMED, 0, **dict.fromkeys(many, 0.9))], SCALE
    )
    assert found.kindred == set(list(many)[:MOST_OF_EACH])


@pytest.mark.parametrize(
    "query",
    [
        room_of(CHAIR, words="red"),
        room_of(CHAIR, like=("1",)),
        room_of(CHAIR, sort="price"),
        Query(pictures=room_of(CHAIR).pictures * 2),
        Query(pictures=(replace(room_of(CHAIR).pictures[0], others=(), box=(0, 0, 1, 1)),)),  # all of it, expressly
        Query(
            pictures=(replace(room_of(CHAIR).pictures[0], others=(), box=(0.6, 0.6, 0.8, 0.8)),)
        ),  # something else in it
    ],
)
def test_names_are_asked_only_where_the_things_of_one_photo_are_all_that_is_asked(query) -> None:
    assert kindred.legs(query, ThumbnailEncoder()) == []
    assert kindred.by_thing(query, [answer(LegKind.PHOTO, 0, a=0.5)], SCALE).legs == {}


def test_each_name_is_asked_once_and_none_of_an_encoder_without_words() -> None:
    query = room_of(CHAIR, FAINT, CHAIR, PERSON, replace(CHAIR, label="sofa"))
    assert [leg.name for leg in kindred.legs(query, ThumbnailEncoder())] == [
        LegId(LegKind.NAMED, 0, 0), LegId(LegKind.NAMED, 0, 4),
    ]  # fmt: skip
    assert kindred.legs(query, ThumbnailEncoder(with_text=False)) == []


def test_a_chair_that_looks_otherwise_is_found_for_a_chair(shop, tmp_path) -> None:
    shop.use(DETECTOR=own_detector(tmp_path, ROWS_OF_ROOM))
    noise = np.random.default_rng(3).integers(0, 256, (6, 6, 3), np.uint8)
    far = Image.fromarray(noise).resize((96, 96), Image.Resampling.NEAREST)
    shop.add("X-1", "chair", far)
    shop.add("X-2", "bucket", far.rotate(180))
    shop.index()
    dim = ImageChops.multiply(room(), Image.new("RGB", room().size, (200, 200, 200)))  # no shop shows its goods so
    found = {hit.card.sku: hit for hit in search.search(Query(pictures=(QueryPicture(image=dim),))).hits}
    assert (found["X-1"].thing, found["X-1"].grade) == (0, None), "it belongs to the chair, and its looks claim nothing"
    assert found["X-2"].grade is Grade.DISTANT
    beside = search.search(Query(pictures=(QueryPicture(image=dim),), words="lamp"))
    assert {hit.thing for hit in beside.hits} == {None}
    on_white = {hit.card.sku: hit for hit in ask().hits}
    assert on_white["X-1"].grade is Grade.DISTANT


def test_a_thing_that_was_chosen_is_named_too_and_has_no_turns() -> None:
    query = Query(pictures=(replace(room_of(CHAIR).pictures[0], others=(), box=CHAIR.box),))
    assert [leg.name for leg in kindred.legs(query, ThumbnailEncoder())] == [LegId(LegKind.NAMED, 0, 0)]
    looks = LegAnswer(LegId(LegKind.PHOTO), (LegHit("bathtub", 0.5), LegHit("chair", 0.4)), 2)
    found = kindred.by_thing(query, [looks, answer(LegKind.NAMED, 0, chair=0.9)], SCALE)
    assert (found.orders, found.kindred, found.chosen) == ({0: ("chair", "bathtub")}, {"chair"}, True)
    alone = Query(pictures=(replace(query.pictures[0], scene=Scene(Region((0, 0, 1, 1)), (CHAIR,))),))
    assert kindred.legs(alone, ThumbnailEncoder()) == [], "a photo of one thing is searched by its looks"
