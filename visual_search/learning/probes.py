"""Asks an index synthetic questions with known answers, from which `ranking/calibration.py` learns.

It makes photos of the shop's own objects as shoppers take them, and takes words of titles as shoppers type them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from visual_search.conf import conf
from visual_search.content.vectors import Title
from visual_search.encoders.base import Encoder
from visual_search.encoders.probing import ProbeMaker
from visual_search.engines.base import Engine
from visual_search.errors import PictureRefused
from visual_search.querying.legs import vector_legs
from visual_search.querying.photos import vectors_of
from visual_search.ranking.by_category import Categories
from visual_search.ranking.calibration import PHOTO, STUDIO, Calibration, calibrate
from visual_search.ranking.curves import Probe, ProbeHit
from visual_search.ranking.text_scales import LEGS
from visual_search.types import (
    PATH_SEPARATOR,
    AnyOf,
    EngineQuery,
    Filter,
    LegHit,
    LegId,
    LegKind,
    LegName,
    Not,
    VectorLeg,
)

AT_ONCE = 100  # objects whose pictures are held in memory together
SIDE = 320  # px, of the pictures that photos are made of: photos are smaller
LONGEST = 3  # words of a title that are asked together: shoppers type few
_PHOTO, _LIKE_TEXT = LegId(LegKind.PHOTO), LegId(LegKind.LIKE_TEXT)
# In alphabets a word has three letters or more; in Chinese, Japanese and Korean two signs are a word.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,}|[^\W\d_]{3,}")

Progress = Callable[[int], object]  # called after so many more objects


@dataclass(frozen=True, slots=True)
class Asked:
    """The index to ask, and what is needed to judge answers. `field`: the facet with the category path; '' if there is none."""

    engine: Engine
    encoder: Encoder
    collection: str
    field: str
    categories: Categories
    seed: int = 0

    def hits(self, legs: Sequence[VectorLeg], *filters: Filter) -> dict[LegName, tuple[LegHit, ...]]:
        """By leg."""
        answer = self.engine.search(self.collection, EngineQuery(tuple(legs), filters))
        return {leg.name: leg.hits for leg in answer.legs}


def teach(
    asked: Asked,
    pictures: Iterable[tuple[str, Image.Image]],
    titles: Iterable[tuple[str, Sequence[Title]]],
    *,
    progress: Progress = lambda count: None,
) -> Calibration:
    """The calibration learned from photos of these main pictures and words of these titles, each with the id of its object.

    Raises whatever engine and encoder raise.
    """
    probes = [probe for chunk in _chunks(_small(pictures), AT_ONCE) for probe in _shown(asked, chunk, progress)]
    return calibrate([*probes, *_said(asked, titles, progress)])


def _shown(asked: Asked, pictures: Sequence[tuple[str, Image.Image]], progress: Progress) -> Iterator[Probe]:
    """Ask the index for one photo and one studio view of each object."""
    maker = ProbeMaker([picture for _, picture in pictures], asked.seed)
    space = asked.encoder.card.image.name
    for number, (id, _) in enumerate(pictures):
        for kind, made in ((PHOTO, maker.photo(number)), (STUDIO, maker.studio(number))):
            try:
                vector = vectors_of(made, asked.encoder)[space]
            except PictureRefused:  # The made picture shows nothing, such as a white thing before a white wall.
                continue
            leg = VectorLeg(_PHOTO, space, vector, conf.RANK_WINDOW)
            probe = _probe(asked, kind, id, asked.hits([leg])[_PHOTO])
            if department := probe.kind.split(PATH_SEPARATOR)[0]:
                elsewhere = asked.hits([leg], Not(AnyOf(asked.field, (department,))))[_PHOTO]
                probe = replace(probe, foreign=tuple(hit.score for hit in elsewhere))
            if probe.kind or any(hit.id == id for hit in probe.hits):
                yield probe
        progress(1)


def _said(asked: Asked, titles: Iterable[tuple[str, Sequence[Title]]], progress: Progress) -> Iterator[Probe]:
    """Ask the index for a few words of each title in one of its languages, and for objects that resemble that title."""
    languages, random = (np.random.default_rng(asked.seed) for _ in range(2))
    for id, translations in titles:
        title = translations[int(languages.integers(len(translations)))]
        words = typed(title.text, random)
        legs = _text_legs(words, title.language, asked.encoder)
        space = asked.encoder.card.text
        vectors = asked.encoder.texts([title.text], role="document", language=title.language).text
        if space is not None and vectors is not None and vectors[0].any():
            legs.append(VectorLeg(_LIKE_TEXT, space.name, vectors[0], conf.RANK_WINDOW))
        if legs:
            for leg, hits in asked.hits(legs).items():
                # A real search leaves the object to resemble out of the hits.
                others = [hit for hit in hits if leg != _LIKE_TEXT or hit.id != id]
                yield _probe(asked, str(leg), id, others)
        progress(1)


def _text_legs(words: str, language: str, encoder: Encoder) -> list[VectorLeg]:
    """Those vector legs of these words for which scales are learned."""
    kinds = {LegId(kind) for kind in LEGS}
    return [leg for leg in vector_legs(words, language, encoder) if leg.name in kinds] if words else []


def typed(title: str, random: np.random.Generator) -> str:
    """One to three of the title's words in their order; numbers and scraps don't count as words."""
    words = _WORD.findall(title)
    if not words:
        return ""
    count = min(len(words), int(random.integers(1, LONGEST + 1)))
    chosen = np.sort(random.choice(len(words), count, replace=False))
    return " ".join(words[place] for place in chosen.tolist())


def _probe(asked: Asked, picture: str, id: str, hits: Sequence[LegHit]) -> Probe:
    kinds = asked.categories([id, *(hit.id for hit in hits)])
    judged = tuple(ProbeHit(hit.id, kinds.get(hit.id, ""), hit.score) for hit in hits)
    return Probe(picture, id, kinds.get(id, ""), judged)


def _small(pictures: Iterable[tuple[str, Image.Image]]) -> Iterator[tuple[str, Image.Image]]:
    for id, picture in pictures:
        picture.thumbnail((SIDE, SIDE))
        yield id, picture


def _chunks(items: Iterable[tuple[str, Image.Image]], size: int) -> Iterator[list[tuple[str, Image.Image]]]:
    items = iter(items)
    while chunk := list(itertools.islice(items, size)):
        yield chunk
