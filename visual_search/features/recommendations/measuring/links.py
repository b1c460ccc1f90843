"""Measures what goes with what: a shop's own links between products, and the things that stand in one room.

What is asked of is never among what teaches: of links the product's own are left out, of rooms a fifth of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from visual_search.encoders.base import Encoder
from visual_search.errors import BadInput
from visual_search.features.recommendations.baskets import Numbers
from visual_search.features.recommendations.goes_with import GoesWith, Things, Weights, from_links, shares
from visual_search.measuring.contenders import SHOP, contender
from visual_search.measuring.datasets import Item, evenly, read_task, rows
from visual_search.measuring.measures import Conditions, Table
from visual_search.measuring.metrics import estimates, of_ranking
from visual_search.measuring.running import opened
from visual_search.measuring.scratch import documents
from visual_search.types import Document, Space, Text, unit

FOLDS = 5
PLACES = 10
SHOWN = ("R@10", "nDCG@10")
CONTENT = Weights(look=1.0, text=1.0, series=0.0, sold=0.0)

Pairs = Sequence[tuple[int, int]]
Teacher = Callable[[str], Pairs]


@dataclass(frozen=True, slots=True)
class Asked:
    """Beside thing `item` belong `wanted`. `group`: what the bootstrap draws by, and what a teacher mustn't tell of."""

    group: str
    item: int
    wanted: frozenset[int]


def related_products(queries: Path, conditions: Conditions) -> Table:
    """With the shop's encoder. Raises BadInput where a folder isn't named or can't be read."""
    if conditions.catalogue is None:
        raise BadInput("related_products needs --catalogue, a folder with products.csv and pictures.")
    with opened(contender(SHOP), conditions.cache) as encoder:
        return related(conditions.catalogue, queries, encoder, limit=conditions.limit)


def scene_ikea(queries: Path, conditions: Conditions) -> Table:
    """With the shop's encoder. Raises BadInput where the folder can't be read."""
    with opened(contender(SHOP), conditions.cache) as encoder:
        return room(queries, encoder, limit=conditions.limit)


def related(catalogue: Path, queries: Path, encoder: Encoder, *, limit: int | None = None) -> Table:
    """`related_products`: a shop's own links, taught by all its other products and by a fifth of them."""
    task = read_task("related_products", catalogue=catalogue, queries=queries)
    number = {item.id: n for n, item in enumerate(task.items)}
    every = [
        Asked(one.like, number[one.like], frozenset(number[id] for id in one.relevance) - {number[one.like]})
        for one in task.questions
    ]
    of = {one.group: [(one.item, other) for other in sorted(one.wanted)] for one in every}
    part = _parts(list(of))
    asked = evenly(every, limit)
    things = _things(task.items, [item.category for item in task.items], [""] * len(task.items), encoder)
    table = {
        "random": _by_chance(things, asked),
        "content alone": _ranked(things, asked, CONTENT, lambda group: ()),
        "goes with, all teach": _ranked(
            things, asked, Weights(), lambda group: [pair for name in of if name != group for pair in of[name]]
        ),
        "goes with, a fifth teaches": _ranked(
            things,
            asked,
            Weights(),
            lambda group: [pair for name in of if part[name] == (part[group] + 1) % FOLDS for pair in of[name]],
        ),
    }
    return _table(f"related_products, learned: {len(asked)} products over {len(number)}", asked, table)


def room(queries: Path, encoder: Encoder, *, limit: int | None = None) -> Table:
    """`scene_ikea`: one thing of a room is shown, the others are to be found; four fifths of the other rooms teach."""
    listed = list(rows(queries / "gallery_ikea/items.csv", "item_id", "name", "type", "image"))
    number = {row["item_id"]: n for n, row in enumerate(listed)}
    rooms: dict[str, set[int]] = defaultdict(set)
    for row in rows(queries / "scene_ikea/qrels.csv", "query_id", "item_id"):
        if row["item_id"] in number:
            rooms[row["query_id"]].add(number[row["item_id"]])
    of = {
        name: [(one, other) for one in sorted(held) for other in sorted(held - {one})] for name, held in rooms.items()
    }
    part = _parts(list(of))
    every = [Asked(name, item, frozenset(held - {item})) for name, held in rooms.items() for item in sorted(held)]
    asked = evenly([one for one in every if one.wanted], limit)
    items = [
        Item(row["item_id"], title, (queries / "gallery_ikea" / row["image"],), {"en": Text(title)})
        for row in listed
        for title in [f"{row['name']} {row['type']}"]
    ]
    things = _things(items, [row["type"] for row in listed], [row["name"] for row in listed], encoder)
    table = {
        "random": _by_chance(things, asked),
        "content alone": _ranked(things, asked, CONTENT, lambda group: ()),
        "goes with": _ranked(
            things,
            asked,
            Weights(),
            lambda group: [pair for name in of if part[name] != part[group] for pair in of[name]],
        ),
    }
    return _table(f"scene_ikea, learned: a thing of a room, {len(asked)} in {len(rooms)} rooms", asked, table)


# --- How things are ranked ----------------------------------------------------------------------


def _things(items: Sequence[Item], categories: Sequence[str], series: Sequence[str], encoder: Encoder) -> Things:
    made = list(documents(items, encoder, titles=True))
    return Things(
        category=_numbered(categories),
        series=_numbered(series),
        sold=np.zeros(len(items)),
        look=_vectors(made, encoder.card.image),
        text=_vectors(made, encoder.card.text),
    )


def _vectors(made: Sequence[Document], space: Space | None) -> npt.NDArray[np.float32] | None:
    """The first picture's or title's vector of each."""
    if space is None:
        return None
    named = [document.vectors.get(space.name, ())[:1] for document in made]
    return unit(np.stack([one[0].vector if one else np.zeros(space.dims, dtype=np.float32) for one in named]))


def _numbered(names: Sequence[str]) -> Numbers:
    """Equal names have equal numbers, "" has -1."""
    known = {name: number for number, name in enumerate(sorted(set(names) - {""}))}
    return np.array([known.get(name, -1) for name in names], dtype=np.int32)


def _parts(names: Sequence[str]) -> dict[str, int]:
    return dict(zip(names, (np.random.default_rng(0).permutation(len(names)) % FOLDS).tolist(), strict=True))


def _by_chance(things: Things, asked: Sequence[Asked]) -> list[list[int]]:
    rng = np.random.default_rng(0)
    return [rng.permutation(len(things.category))[:PLACES].tolist() for _ in asked]


def _ranked(things: Things, asked: Sequence[Asked], weights: Weights, teacher: Teacher) -> list[list[int]]:
    """The first places for each question. `teacher`: the pairs that may be known when this group is asked of."""
    made: dict[tuple[tuple[int, int], ...], GoesWith] = {}
    rankings = []
    for one in asked:
        pairs = tuple(teacher(one.group))
        if pairs not in made:
            made = {pairs: _learned(things, pairs, weights)}
        rankings.append(made[pairs].rank(one.item, PLACES))
    return rankings


def _learned(things: Things, pairs: Pairs, weights: Weights) -> GoesWith:
    first, second = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    sold: npt.NDArray[np.float64] = np.bincount(second, minlength=len(things.category)).astype(np.float64)
    table = from_links(first, second, things.category)
    # Without a pair nothing is known of categories, so all of them are the same.
    share = shares(table) if pairs else np.ones_like(table)
    if not pairs:
        things = replace(things, category=np.full_like(things.category, -1))
    return GoesWith(replace(things, sold=sold), share, weights)


def _table(title: str, asked: Sequence[Asked], rankings: Mapping[str, Sequence[Sequence[int]]]) -> Table:
    cells = {}
    for name, found in rankings.items():
        rows_of = [
            of_ranking([str(item) for item in ranking], {str(item): 1 for item in one.wanted}, exact=1)
            for one, ranking in zip(asked, found, strict=True)
        ]
        cells[name] = estimates([{key: row[key] for key in SHOWN} for row in rows_of], [one.group for one in asked])
    return Table(
        title=title,
        columns=dict.fromkeys(SHOWN, "{:.3f}"),
        rows={name: {key: one.mean for key, one in row.items()} for name, row in cells.items()},
        intervals={name: {key: (one.low, one.high) for key, one in row.items()} for name, row in cells.items()},
        notes=("Content alone: looks and titles. What is asked of never teaches.",),
    )
