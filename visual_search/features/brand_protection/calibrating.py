"""Learns the levels of the shop's own gallery: some of its pictures are altered, as sellers do, and asked.

What shows the right item counts as found. Pictures of other items are strangers, but for those that are alike before anything
is altered: two colours of one chair, or one picture that two brands use, are no false alarm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from visual_search import wiring
from visual_search.encoders.base import Encoder
from visual_search.errors import BadInput, said
from visual_search.features.brand_protection import storing
from visual_search.features.brand_protection.gallery import Gallery, Genuine
from visual_search.features.brand_protection.levels import Learned, Levels, Seen, choose
from visual_search.features.brand_protection.matching import points_of
from visual_search.features.brand_protection.measuring.alterations import ALTERATIONS, altered
from visual_search.features.brand_protection.models import GenuinePicture, Thresholds

LEAST = 20  # genuine pictures; levels of fewer would be chance
_OTHERS = 20  # genuine pictures that stand beside in collages and rooms; they don't count then
_KIN = Levels(8, 0.95)  # what is so alike before anything is altered shows the same thing
_EVERYTHING = 0.0
_SEED = 11


def learn(pictures: int, progress: Callable[[int], None] = lambda count: None) -> Learned:
    """The levels that `pictures` altered genuine pictures give. Raises BadInput where there are too few."""
    gallery, encoder = storing.current(), wiring.encoder()
    count = len(gallery.genuine)
    if count < LEAST:
        raise BadInput(
            said(
                "%(count)s genuine pictures are too few to learn from; %(least)s are needed.", count=count, least=LEAST
            )
        )
    order = np.random.default_rng(_SEED).permutation(count).tolist()
    others = [(one, image) for place in order[:_OTHERS] if (image := _image(one := gallery.genuine[place])) is not None]
    beside = [image for _, image in others]
    right: list[Seen] = []
    strangers: list[Seen] = []
    chosen = order[_OTHERS : _OTHERS + pictures] or order[:pictures]
    for number, place in enumerate(chosen):
        genuine = gallery.genuine[place]
        image = _image(genuine)
        progress(1)
        if image is None:
            continue
        kin = {one.key for one in (genuine, *(one for one, _ in others))} | _kin(gallery, encoder, image, genuine)
        for seed, how in enumerate(ALTERATIONS):
            shown = altered(image, how, beside, number * 100 + seed)
            seen = _seen(gallery, encoder, shown)
            right.append(_most([each for each in seen if each[0].key == genuine.key]))
            strangers.append(_most([each for each in seen if each[0].key not in kin]))
    return choose(right, strangers, len(chosen))


def keep(learned: Learned) -> None:
    """These levels hold from now on."""
    Thresholds.objects.create(
        inliers=learned.levels.inliers,
        cosine=learned.levels.cosine,
        fingerprint=wiring.encoder().card.image.fingerprint,
        false_alarms=learned.false_alarms,
        recall=learned.recall,
        pictures=learned.pictures,
    )


Sight = tuple[Genuine, int, float]


def _seen(gallery: Gallery, encoder: Encoder, image: Image.Image) -> list[Sight]:
    vector = np.asarray(encoder.images([image]).image[0], np.float32)
    found = gallery.find(points_of(image), vector, Levels(), least=_EVERYTHING)
    return [(one.genuine, one.inliers, one.cosine) for one in found]


def _most(seen: Sequence[Sight]) -> Seen:
    return max((one[1] for one in seen), default=0), max((one[2] for one in seen), default=0.0)


def _kin(gallery: Gallery, encoder: Encoder, image: Image.Image, genuine: Genuine) -> set[int]:
    alike = {
        one.key
        for one, inliers, cosine in _seen(gallery, encoder, image)
        if inliers >= _KIN.inliers or cosine >= _KIN.cosine
    }
    return alike | {one.key for one in gallery.genuine if one.item and one.item == genuine.item}


def _image(genuine: Genuine) -> Image.Image | None:
    row = GenuinePicture.objects.filter(pk=genuine.key).first()
    data = storing.picture_data(row) if row else None
    return storing.opened(data) if data else None
