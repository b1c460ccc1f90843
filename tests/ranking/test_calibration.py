"""Cosines become probabilities, grades and "nothing close" by what synthetic photos found; no labels are needed."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_search.ranking.calibration import (
    JUDGED,
    LEAST_PROBES,
    LEFT_OUT,
    PHOTO,
    STUDIO,
    UNCALIBRATED,
    Calibration,
    Limits,
    better,
    calibrate,
    density,
    grade_by_keypoints,
)
from visual_search.ranking.curves import Probe, ProbeHit, probability_at
from visual_search.ranking.text_scales import fit_text_scales
from visual_search.types import Grade

ROOMS = ("Kitchen", "Garden", "Office")


def shop(count: int = 300, *, own: float = 0.8, kin: float = 0.5, other: float = 0.1, seed: int = 1) -> list[Probe]:
    """Probes of a shop in which the very object, its kind and all else lie around these cosines."""
    random = np.random.default_rng(seed)
    probes = []
    for n in range(count):
        room = ROOMS[n % 3]
        hits = [ProbeHit(f"{n}", room, own + random.normal(0, 0.05))]
        hits += [ProbeHit(f"{n}-{k}", room, kin + random.normal(0, 0.05)) for k in range(6)]
        hits += [ProbeHit(f"{n}-x{k}", "Toys", other + random.normal(0, 0.05)) for k in range(40)]
        hits.sort(key=lambda hit: -hit.cosine)
        foreign = tuple(sorted((hit.cosine for hit in hits if hit.kind == "Toys"), reverse=True))
        probes.append(Probe(PHOTO, f"{n}", room, tuple(hits), foreign))
    return probes


@pytest.fixture(scope="module")
def learned() -> Calibration:
    return calibrate(shop())


def test_limits_lie_between_what_they_tell_apart(learned) -> None:
    limits = learned.of(PHOTO)
    assert 0.1 < limits.similar < 0.5 < limits.very_similar <= limits.same < 0.8
    assert [limits.grade(cosine) for cosine in (0.85, 0.5, 0.0)] == [Grade.SAME, Grade.SIMILAR, Grade.DISTANT]


def test_error_rates_are_those_of_probes_that_were_held_out(learned) -> None:
    rates = learned.of(PHOTO).rates
    assert rates.probes == 300
    assert rates.same_wrong < 0.2
    assert rates.similar_wrong < 0.3
    assert rates.nothing_wrong == pytest.approx(LEFT_OUT[PHOTO], abs=0.06)
    assert rates.nothing_right == 1.0
    assert set(learned.of(PHOTO).categories) == set(ROOMS)


def test_each_half_is_judged_by_what_the_other_half_taught() -> None:
    """All gardens look alike, so their hits need their category: without it they'd be called the same item."""
    probes = [
        replace(probe, hits=tuple(replace(hit, cosine=hit.cosine + 0.25 * ("-" in hit.id)) for hit in probe.hits))
        if probe.kind == "Garden" else probe
        for probe in shop(240, seed=3)
    ]  # fmt: skip
    close, right = [], {grade: [] for grade in Grade}
    for taught, judged in ((probes[1::2], probes[::2]), (probes[::2], probes[1::2])):
        limits = calibrate(taught).of(PHOTO)
        assert limits.offsets
        for probe in judged:
            within = limits.within([hit.cosine for hit in probe.hits])
            close.append(within is not None)
            for hit in probe.hits[:JUDGED] if within else ():
                grade = within.grade(hit.cosine, hit.kind)
                right[grade].append(hit.id == probe.id if grade is Grade.SAME else probe.is_kin(hit))
    rates = calibrate(probes).of(PHOTO).rates
    assert rates.nothing_wrong == pytest.approx(1 - np.mean(close), abs=1e-4)
    assert rates.same_wrong == pytest.approx(1 - np.mean(right[Grade.SAME]), abs=1e-4)
    assert rates.very_similar_wrong == pytest.approx(1 - np.mean(right[Grade.VERY_SIMILAR]), abs=1e-4)
    assert rates.similar_wrong == pytest.approx(1 - np.mean(right[Grade.SIMILAR]), abs=1e-4)


def test_the_same_probes_always_teach_the_same_and_words_teach_beside_them(learned) -> None:
    words = [replace(probe, picture="meaning") for probe in shop(60)]
    again = calibrate([*shop(), *words])
    assert again.limits == learned.limits
    assert again.texts == fit_text_scales(words)
    assert set(again.texts) == {"meaning"}


def test_a_rate_is_a_share_of_the_probes() -> None:
    """Without kitchens the shop would still have what looks like one, so one photo in three is told wrongly."""
    crowd = (0.8, *[0.5] * 6, *[0.1] * 40)
    probes = [replace(probe, foreign=crowd if probe.kind == "Kitchen" else probe.foreign) for probe in shop()]
    limits = calibrate(probes).of(PHOTO)
    assert limits.rates.nothing_right == pytest.approx(2 / 3, abs=1e-4)
    assert {room: found.nothing_right for room, found in limits.categories.items()} == {
        "Kitchen": 0.0, "Garden": 1.0, "Office": 1.0,
    }  # fmt: skip


def test_the_same_item_must_be_the_very_object_and_what_is_similar_only_of_its_kind() -> None:
    """In this shop the first hit is the very object or, for each tenth, another of its kind that looks like it."""
    probes = []
    for n in range(300):
        room, first = ROOMS[n % 3], f"{n}-twin" if n % 20 in (0, 11) else f"{n}"
        hits = [ProbeHit(first, room, 0.9), *(ProbeHit(f"{n}-{k}", room, 0.5) for k in range(3))]
        hits += [ProbeHit(f"{n}-x{k}", "Toys", 0.1) for k in range(9)]
        probes.append(Probe(PHOTO, f"{n}", room, tuple(hits)))
    rates = calibrate(probes).of(PHOTO).rates
    assert rates.same_wrong == pytest.approx(1 / 10)
    assert rates.similar_wrong == 0.0
    assert rates.nothing_right is None, "no photo of another department was asked"


def test_another_encoder_with_lower_cosines_gets_lower_limits() -> None:
    low, high = calibrate(shop(own=0.4, kin=0.25, other=0.05)).of(PHOTO), calibrate(shop()).of(PHOTO)
    assert low.same < 0.4 < high.same
    assert low.similar < high.similar


def test_one_large_category_does_not_decide(learned) -> None:
    # A thousand garden things that no photo finds, and two categories in which photos do.
    hard = [
        Probe(PHOTO, f"h{n}", "Garden", tuple(ProbeHit(f"h{n}-{k}", "Toys", 0.15) for k in range(40)))
        for n in range(1000)
    ]
    few = calibrate([*(probe for probe in shop() if probe.kind != "Garden"), *hard]).of(PHOTO)
    assert few.similar == pytest.approx(learned.of(PHOTO).similar, abs=0.15)
    assert few.categories["Garden"].nothing_wrong > few.categories["Office"].nothing_wrong


def test_kinds_are_learned_apart_and_too_few_not_at_all(learned) -> None:
    assert learned.of(STUDIO) == UNCALIBRATED.of(STUDIO)
    assert calibrate(shop(LEAST_PROBES - 1)) == UNCALIBRATED
    assert UNCALIBRATED.of(PHOTO).is_close([0.01])  # Nothing is known, so nothing is claimed.


def test_it_survives_being_stored(learned) -> None:
    assert Calibration.from_json(json.loads(json.dumps(learned.as_json()))) == learned
    with pytest.raises((TypeError, ValueError)):
        Calibration.from_json({"photo": {"of": "another version"}})


def test_a_photo_of_nothing_here_is_told_by_density(learned) -> None:
    limits = learned.of(PHOTO)
    assert limits.is_close([0.8, *[0.5] * 6, *[0.1] * 40])
    assert not limits.is_close([0.2] * 47)
    assert not limits.is_close([])


def test_where_something_is_close_the_nearest_is_never_distant(learned) -> None:
    limits = learned.of(PHOTO)
    crowd = [limits.similar - 0.05] * 150
    assert limits.within(crowd).grade(crowd[0]) is Grade.SIMILAR
    assert limits.within([0.2] * 5) is None


cosines = st.lists(st.floats(-1, 1), min_size=1, max_size=200)


@given(cosines, st.floats(0.5, 50))
def test_density_lies_above_the_best_and_grows_with_every_neighbour(found, kernel) -> None:
    here = density(found, kernel)
    assert max(found) - 1e-9 <= here <= max(found) + math.log(len(found)) / kernel + 1e-9
    assert density([*found, 0.0], kernel) >= here
    assert density(list(reversed(found)), kernel) == pytest.approx(here)


@given(st.lists(st.tuples(st.floats(-1, 1), st.booleans(), st.booleans()), min_size=LEAST_PROBES, max_size=80))
def test_probabilities_never_fall_with_the_cosine(found) -> None:
    probes = [
        Probe(
            PHOTO,
            str(n),
            "a",
            (ProbeHit(str(n) if own else "x", "a" if kin else "b", cosine), ProbeHit("y", "b", -1.0)),
        )
        for n, (cosine, own, kin) in enumerate(found)
    ]
    limits = calibrate(probes).of(PHOTO)
    values = [probability_at(limits.own, cosine) for cosine in np.linspace(-1, 1, 41)]
    assert all(0 <= value <= 1 for value in values)
    assert all(one <= two + 1e-9 for one, two in itertools.pairwise(values))
    assert limits.similar <= limits.very_similar <= limits.same


def test_keypoints_give_grades_of_their_own() -> None:
    assert [grade_by_keypoints(sure) for sure in (0.95, 0.75, 0.5)] == [Grade.SAME, Grade.VERY_SIMILAR, Grade.DISTANT]
    assert [grade_by_keypoints(sure) for sure in (0.9, 0.899, 0.7, 0.699)] == [
        Grade.SAME, Grade.VERY_SIMILAR, Grade.VERY_SIMILAR, Grade.DISTANT,
    ]  # fmt: skip
    assert better(Grade.SIMILAR, Grade.SAME) is Grade.SAME


def test_a_hit_without_a_category_is_graded_by_the_limits_alone() -> None:
    limits = Limits(same=0.9, very_similar=0.6, similar=0.3, own=((0.0, 0.0), (1.0, 1.0)), offsets={"Home": -3.0})
    graded = {kind: [limits.grade(cosine, kind) for cosine in (0.95, 0.85, 0.4)] for kind in ("Toys", "Home", "")}
    assert graded == {
        "": [Grade.SAME, Grade.VERY_SIMILAR, Grade.SIMILAR],
        "Toys": [Grade.SAME, Grade.SAME, Grade.VERY_SIMILAR],
        "Home": [Grade.VERY_SIMILAR, Grade.SIMILAR, Grade.SIMILAR],
    }
    assert [limits.grade(cosine) for cosine in (0.95, 0.85, 0.4)] == graded[""]


def test_where_nothing_was_learned_the_nearest_may_be_nothing_close() -> None:
    assert UNCALIBRATED.of(PHOTO).within([0.1]).grade(0.1) is Grade.DISTANT
