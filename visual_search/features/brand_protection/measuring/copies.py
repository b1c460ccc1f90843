"""Pictures of a catalogue, altered in 23 ways, asked against the whole catalogue; and pictures of strangers, altered alike."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from visual_search import wiring
from visual_search.conf import conf
from visual_search.encoders.base import Encoder
from visual_search.errors import BadInput
from visual_search.features.brand_protection import matching, votes
from visual_search.features.brand_protection.gallery import Gallery, Genuine
from visual_search.features.brand_protection.levels import Levels, Seen
from visual_search.features.brand_protection.measuring.alterations import ALTERATIONS, altered
from visual_search.imaging.decode import content_hash, decode
from visual_search.measuring.datasets import read_catalogue
from visual_search.measuring.measures import Conditions, Table

PICTURES = 150  # that are altered, without a limit
STRANGERS = ("gallery_ikea", "clothing_photo", "scene_coco")  # folders of pictures that show nothing of the catalogue
A_PICTURE = 3  # altered strangers for each altered picture of the catalogue
_BESIDE = 40  # strangers that stand beside others in collages and rooms
_SIDE = 640  # px of strangers; larger ones only take time
_SEED = 5
_HOUR = 3600


def measure(queries: Path, conditions: Conditions) -> Table:
    """Raises BadInput without a catalogue, or without strangers."""
    if conditions.catalogue is None:
        raise BadInput("brand_protection needs --catalogue, a folder with products.csv and pictures.")
    pictures = [item.pictures[0] for item in read_catalogue(conditions.catalogue) if item.pictures]
    encoder, strangers = wiring.encoder(), _strangers(queries)
    gallery = _gallery([path for path in pictures if path.is_file()], encoder)
    twins: dict[str, set[int]] = defaultdict(set)  # Products that share a file can't be told apart.
    for one in gallery.genuine:
        twins[one.content_hash].add(one.key)
    beside = [_opened(path, _SIDE) for path in strangers[:_BESIDE]]
    right: dict[str, list[Seen]] = {how: [] for how in ALTERATIONS}
    wrong: list[Seen] = []
    spent, asked, other = 0.0, 0, _BESIDE
    chosen = np.random.default_rng(_SEED).permutation(len(gallery.genuine))[: conditions.limit or PICTURES]
    for number, place in enumerate(chosen.tolist()):
        genuine = gallery.genuine[place]
        image = _opened(Path(genuine.item))
        for seed, how in enumerate(ALTERATIONS):
            shown = altered(image, how, beside, number * 100 + seed)
            begin = time.process_time()
            seen = look(gallery, encoder, shown)
            spent, asked = spent + time.process_time() - begin, asked + 1
            right[how].append(_most(seen, twins[genuine.content_hash]))
        # Each stranger in another way, so that all ways come up equally often.
        for how in [list(ALTERATIONS)[(number * A_PICTURE + each) % len(ALTERATIONS)] for each in range(A_PICTURE)]:
            stranger = _opened(strangers[_BESIDE + other % (len(strangers) - _BESIDE)], _SIDE)
            other += 1
            wrong.append(_most(look(gallery, encoder, altered(stranger, how, beside, number)), None))
    return _table(right, wrong, len(gallery.genuine), _HOUR * asked / max(spent, 1e-9))


def look(gallery: Gallery, encoder: Encoder, image: Image.Image) -> Mapping[int, Seen]:
    """By key what is seen of each genuine picture: all that is done with a listing's picture once it is opened."""
    vector = np.asarray(encoder.images([image]).image[0], np.float32)
    found = gallery.find(matching.points_of(image), vector, Levels(), least=0.0)
    return {one.genuine.key: (one.inliers, one.cosine) for one in found}


def _most(seen: Mapping[int, Seen], keys: set[int] | None) -> Seen:
    counted = [each for key, each in seen.items() if keys is None or key in keys]
    return max((one[0] for one in counted), default=0), max((one[1] for one in counted), default=0.0)


def _gallery(paths: Sequence[Path], encoder: Encoder) -> Gallery:
    images = [_opened(path) for path in paths]
    points = [matching.genuine_points(image) for image in images]
    vocabulary = votes.learn(points)
    vectors = np.concatenate([encoder.images(images[start : start + 32]).image for start in range(0, len(images), 32)])
    genuine = [
        Genuine(
            key=place,
            brand=1,
            item=str(path),
            content_hash=content_hash(path.read_bytes()),
            keypoints=points[place],
            words=vocabulary.words(points[place].descriptors),
            vector=np.asarray(vectors[place], np.float32),
        )
        for place, path in enumerate(paths)
    ]
    return Gallery(genuine, vocabulary)


def _table(right: Mapping[str, Sequence[Seen]], wrong: Sequence[Seen], size: int, per_hour: float) -> Table:
    levels = Levels()

    def found(seen: Sequence[Seen], *, points: bool = True, looks: bool = True) -> float:
        hits = [(points and one[0] >= levels.inliers) or (looks and one[1] >= levels.cosine) for one in seen]
        return float(np.mean(hits)) if hits else 0.0

    def row(seen: Sequence[Seen]) -> dict[str, float]:
        return {"found": found(seen), "by points": found(seen, looks=False), "by looks": found(seen, points=False)}

    rows = {how: row(seen) for how, seen in right.items()}
    rows["mean"] = {name: float(np.mean([each[name] for each in rows.values()])) for name in rows["mirrored"]}
    rows["false alarms"] = row(wrong)
    count = len(next(iter(right.values())))
    return Table(
        f"brand_protection: {count} pictures altered in {len(right)} ways, against {size}; {len(wrong)} altered strangers",
        {"found": "{:.3f}", "by points": "{:.3f}", "by looks": "{:.3f}"},
        rows,
        (
            f"From {levels.inliers} points that lie alike, or a cosine of {levels.cosine}, on a picture counts as found.",
            f"A core looks at {per_hour:,.0f} listings an hour, by processor time, encoder and keypoints included.",
        ),
    )


def _strangers(queries: Path) -> list[Path]:
    found = [path for name in STRANGERS for path in sorted((queries / name).glob("images/**/*.jpg"))]
    if len(found) <= _BESIDE:
        raise BadInput(f"{queries} has no pictures of strangers: one of {', '.join(STRANGERS)} with its folder images.")
    return [found[place] for place in np.random.default_rng(_SEED).permutation(len(found)).tolist()]


def _opened(path: Path, side: int | None = None) -> Image.Image:
    image = decode(
        path.read_bytes(), max_bytes=conf.PICTURE_MAX_BYTES, max_pixels=conf.PICTURE_MAX_PIXELS, name=str(path)
    )
    if side is not None:
        image.thumbnail((side, side))
    return image
