"""Learns the similarity of `encoders/whitened.py` from the shop's own pictures, and rebuilds the indexes if it changed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image
from tqdm import tqdm

from visual_search import rebuilding, registry, wiring
from visual_search.encoders.whitened import WhitenedEncoder
from visual_search.errors import ConfigurationError
from visual_search.learning.sampling import main_pictures

# If the mean cosine between old and new vectors is at least this, hits keep their order, and a rebuild would be wasted.
AGREES = 0.995
SAMPLE = 200  # pictures on which the mean cosine is measured
MOST_PICTURES = 2_000  # to learn from: beyond, a covariance of some hundred dimensions hardly moves


@dataclass(frozen=True, slots=True)
class Refitted:
    """`agreement`: mean cosine between old and new vectors, None the first time; `rebuilt`: None where nothing moved."""

    pictures: int
    agreement: float | None
    rebuilt: tuple[rebuilding.Rebuilt, ...] | None


def refit_similarity(
    collection: str,
    *,
    most: int = MOST_PICTURES,
    always: bool = False,
    advanced: Callable[[int], object] = lambda _: None,
) -> Refitted:
    """Learn the metric of the shop's `WhitenedEncoder` anew. If it changed (or with `always`), rebuild every index with it.

    Meanwhile searches use the old metric and the old index; other processes use the new metric as soon as it is stored.
    Raises ConfigurationError for another encoder, ValueError for too few pictures, and what `rebuilding.rebuild` raises;
    then everything stays as it was.
    """
    encoder = wiring.encoder()
    if not isinstance(encoder, WhitenedEncoder):
        raise ConfigurationError(
            f"VISUAL_SEARCH['ENCODER'] is {type(encoder).__name__}, which learns no similarity. Name "
            "visual_search.encoders.whitened.WhitenedEncoder, with yours as its option 'encoder'."
        )
    pictures = list(shop_pictures(collection, most=most))
    metric = encoder.learn(pictures, advanced=advanced)
    agreement = encoder.agreement(metric, pictures[:: max(1, len(pictures) // SAMPLE)])
    if agreement is not None and agreement >= AGREES and not always:
        return Refitted(len(pictures), agreement, None)
    encoder.adopt(metric)
    try:
        rebuilt = tuple(rebuilding.rebuild(source.collection) for source in registry.sources())
    except BaseException:
        encoder.adopt(None)
        raise
    encoder.keep(metric)
    return Refitted(len(pictures), agreement, rebuilt)


def shop_pictures(collection: str, *, most: int) -> Iterator[Image.Image]:
    """The main picture of at most `most` objects, evenly spread, with a progress bar on a terminal."""
    pictures = main_pictures(collection, most=most)
    for _, picture in tqdm(pictures, desc="Pictures", unit="", disable=not sys.stderr.isatty(), leave=False):
        yield picture
