"""Photos of products that lack a part, against the articles' pictures of the same: which part it is, and of which product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from visual_search import wiring
from visual_search.errors import BadInput
from visual_search.features.customer_service.answering import MOST_ANSWERS
from visual_search.measuring.measures import Conditions, Table
from visual_search.measuring.scratch import open_picture
from visual_search.types import Matrix

WHOLE = "whole"
_COLUMNS = {
    "photos": "{:.0f}",
    "first": "{:.3f}",  # of the product's pictures, that of the same state is the nearest
    "product": "{:.3f}",  # of all products' pictures, one of the same product is
    "unknown product": "{:.3f}",  # of all products' pictures, that of the same state is among the nearest three
}


@dataclass(frozen=True, slots=True)
class State:
    """A product that is whole, or lacks a part: the article's picture and a shopper's photo, from another side."""

    sku: str
    lacks: str
    picture: Path
    photo: Path


def measure(queries: Path, conditions: Conditions) -> Table:
    """Reads `queries/customer_service/parts`, pictures called NUMBER-STATE-article.jpg and NUMBER-STATE-photo.jpg."""
    states = _states(queries / "customer_service" / "parts")
    pictures, photos = (_vectors([getattr(one, name) for one in states]) for name in ("picture", "photo"))
    cosines = photos @ pictures.T
    seen: dict[str, list[dict[str, float]]] = defaultdict(list)
    for number, state in enumerate(states):
        seen[WHOLE if state.lacks == WHOLE else "a part is missing"].append(_seen(number, states, cosines[number]))
    return Table(
        "customer_service_parts",
        _COLUMNS,
        {name: _means(found[: conditions.limit]) for name, found in sorted(seen.items())},
        ("Simulated: pictures of 3D models with a part taken out, photographed from another side.",),
    )


def _states(folder: Path) -> list[State]:
    found = []
    for picture in sorted(folder.glob("*-article.jpg")):
        sku, lacks, _ = picture.stem.rsplit("-", 2)
        found.append(State(sku, lacks, picture, picture.with_name(f"{sku}-{lacks}-photo.jpg")))
    if not found:
        raise BadInput(f"{folder} has no pictures called NUMBER-STATE-article.jpg.")
    return found


def _seen(number: int, states: Sequence[State], cosines: Matrix) -> dict[str, float]:
    nearest = [int(one) for one in np.argsort(-cosines, kind="stable")]
    own = [one for one in nearest if states[one].sku == states[number].sku]
    return {
        "first": own[0] == number,
        "product": nearest[0] in own,
        "unknown product": number in nearest[:MOST_ANSWERS],
    }


def _means(seen: Sequence[Mapping[str, float]]) -> Mapping[str, float]:
    return {"photos": len(seen), **{name: float(np.mean([one[name] for one in seen])) for name in seen[0]}}


def _vectors(files: Sequence[Path]) -> Matrix:
    vectors = wiring.encoder().images([open_picture(file) for file in files]).image
    if vectors is None:
        raise BadInput("customer_service_parts needs an encoder with a space for pictures.")
    return vectors
