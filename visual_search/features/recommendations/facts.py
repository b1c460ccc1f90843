"""What must be known of a product before it is offered: its category, family and series, its stock, and how it looks.

It comes from the index and from the vectors that were made for it, never from the shop's own rows: those are read once, for the
cards. So it may be half a minute old; whether a product is still sold is looked at again when its card is made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from visual_search import wiring
from visual_search.content.stand_ins import StandIns
from visual_search.features.recommendations import options
from visual_search.features.recommendations.keeping import Keeper
from visual_search.models import Embedding, ShownPicture, chunks
from visual_search.types import CATEGORY, FAMILY, IN_STOCK, PATH_SEPARATOR, FacetValues, Vector, unit

KEPT_SECONDS = 30.0
MOST_KEPT = 10_000  # products in a process: about 10 MB, most of it vectors


@dataclass(frozen=True, slots=True)
class Facts:
    """`category`: the deepest path, "" without one; `levels`: that of each of its paths, and all above them.

    `look`: the mean of its pictures as a unit vector in float16; None without a picture of its own. `pictures`: their contents.
    """

    category: str = ""
    levels: tuple[str, ...] = ()
    family: str = ""
    series: str = ""
    in_stock: bool = True
    look: Vector | None = None
    pictures: frozenset[str] = frozenset()


_Key = tuple[str, str, str]  # collection, fingerprint of the encoder's space, id


def facts(collection: str, ids: Iterable[str]) -> dict[str, Facts]:
    """By id what is known of these products; those that the index doesn't have are left out. Raises as the engine does."""
    # Looks of another encoder can't be compared with these.
    space = wiring.encoder().card.image.fingerprint
    found = _kept.get(
        ((collection, space, id) for id in ids), lambda missing: _read(collection, space, [key[-1] for key in missing])
    )
    return {key[-1]: known for key, known in found.items()}


def _read(collection: str, space: str, ids: Sequence[str]) -> dict[_Key, Facts]:
    engine = wiring.engine()
    series = options.series()
    there = {field.name for field in engine.schema(collection).facets}
    fields = [name for name in (CATEGORY.name, FAMILY.name, IN_STOCK.name, series) if name in there]
    values = engine.values(collection, list(ids), fields)
    pictures = _pictures(collection, list(values))
    vectors = _vectors({content for own in pictures.values() for content in own})
    return {
        (collection, space, id): _facts(id, own, series, pictures.get(id, ()), vectors) for id, own in values.items()
    }


def _facts(
    id: str, values: FacetValues, series: str, pictures: Collection[str], vectors: Mapping[str, Vector]
) -> Facts:
    levels = tuple(map(str, values.get(CATEGORY.name, ())))
    return Facts(
        category=max(levels, key=lambda path: path.count(PATH_SEPARATOR), default=""),
        levels=levels,
        family=str(values.get(FAMILY.name, (id,))[0]),
        series=str(values.get(series, ("",))[0]),
        in_stock=values.get(IN_STOCK.name) != (False,),
        look=_look([vectors[content] for content in pictures if content in vectors]),
        pictures=frozenset(pictures),
    )


def _pictures(collection: str, ids: Sequence[str]) -> dict[str, list[str]]:
    """The contents of each product's pictures, without those that stand for a missing one."""
    shown = ShownPicture.objects.all().hashes(collection, ids)
    stand_ins = StandIns(collection).contents(set(shown.values()))
    pictures: dict[str, list[str]] = defaultdict(list)
    for (id, _picture), content in sorted(shown.items()):
        if content not in stand_ins:
            pictures[id].append(content)
    return pictures


def _vectors(contents: Collection[str]) -> dict[str, Vector]:
    space = wiring.encoder().card.image
    vectors: dict[str, Vector] = {}
    for some in chunks(contents):
        rows = Embedding.objects.filter(content_hash__in=some, fingerprint=space.fingerprint, dims=space.dims)
        for content, packed in rows.values_list("content_hash", "vector"):
            vectors[content] = np.frombuffer(packed, dtype="<f2").astype(np.float32)
    return vectors


def _look(vectors: Sequence[Vector]) -> Vector | None:
    return unit(np.sum(vectors, axis=0)).astype(np.float16) if vectors else None


_kept: Keeper[_Key, Facts] = Keeper(seconds=KEPT_SECONDS, most=MOST_KEPT)
forget = _kept.forget
