"""Compares photos with the catalogue's nearest pictures, and passes over pictures that stand for a missing one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from visual_search.content.readings import Kept
from visual_search.content.stand_ins import LEAST, Pair, StandIns
from visual_search.querying import photos
from visual_search.querying.encoding import Encoded
from visual_search.types import EngineAnswer, LegAnswer, LegId, LegKind, Witness, kind_of

STAND_IN = "stand_in"  # what answers to such a picture are warned of
# From this cosine with such a picture on, a photo is taken for one itself (set by judgement).
_IS_ONE = 0.9


def compared(encoded: Encoded, answer: EngineAnswer, kept: Kept, stand_ins: StandIns | None) -> EngineAnswer:
    """The answer without hits by pictures that stand for a missing one.

    The witness of each photo that came as pixels says from now on which hits show the same thing or the same picture.
    """
    hits = {(hit.id, hit.key) for leg in answer.legs if compares_pictures(leg) for hit in leg.hits}
    passed_by = stand_ins.among(hits) if stand_ins and hits else set()
    for number in encoded.looked:
        photo = next((leg for leg in answer.legs if leg.name == LegId(LegKind.PHOTO, number)), None)
        if photo is not None:
            confirmed, copies = photos.confirm(encoded.looked[number], photo.hits, kept)
            _note(encoded, number, confirmed=confirmed, copies=copies)
            if _is_stand_in(photo, passed_by):
                _note(encoded, number, confirmed={}, copies=(), nothing=STAND_IN)
            elif copies and stand_ins:
                # Each object may have a file of its own with the picture, so that only their likeness shows it.
                alike = photos.alike(encoded.looked[number], photo.hits, kept)
                if len(alike) >= LEAST and stand_ins.strangers(alike):
                    _note(encoded, number, confirmed={}, copies=(), nothing=STAND_IN)
    return replace(answer, legs=tuple(_without(leg, passed_by) for leg in answer.legs)) if passed_by else answer


def compares_pictures(leg: LegAnswer) -> bool:
    """Whether the leg compares pictures with pictures."""
    return kind_of(leg.name) in (LegKind.PHOTO, LegKind.LIKE)


def _is_stand_in(photo: LegAnswer, passed_by: Collection[Pair]) -> bool:
    nearest = photo.hits[0] if photo.hits else None
    return nearest is not None and nearest.score >= _IS_ONE and (nearest.id, nearest.key) in passed_by


def _note(encoded: Encoded, number: int, **said: Any) -> None:
    picture = encoded.pictures[number]
    encoded.pictures[number] = replace(picture, witness=replace(picture.witness or Witness(), **said))


def _without(leg: LegAnswer, pictures: Collection[Pair]) -> LegAnswer:
    if not compares_pictures(leg):
        return leg
    hits = tuple(hit for hit in leg.hits if (hit.id, hit.key) not in pictures)
    return replace(leg, hits=hits, total=leg.total - len(leg.hits) + len(hits))
