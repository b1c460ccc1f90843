"""What the client-days of a window ask about: categories, labels and products, counted in a box until the window is over.

Each client-day adds 1 to few keys, chosen at random, since the noise of a public list is made for that.
"""

from __future__ import annotations

import json
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from visual_search import registry
from visual_search.features.query_log.models import WindowTally
from visual_search.features.query_log.options import options, tally_keys, window_keys
from visual_search.privacy.keys import DAY_SECONDS, KeyGone
from visual_search.privacy.noise import bounded
from visual_search.privacy.pseudonyms import RowBox
from visual_search.types import SealedQuestion

STEP_BYTES = 4096  # A box comes in steps of so many bytes, so that its length tells little of how many keys it counts.
CHOSEN = ("click", "basket", "purchase")  # what somebody does with a product that is of interest


@dataclass(frozen=True, slots=True)
class Counted:
    """How many client-days asked about each key."""

    products: Tally[str] = field(default_factory=Tally)
    categories: Tally[str] = field(default_factory=Tally)  # and labels

    def pack(self) -> bytes:
        packed = json.dumps([self.products, self.categories], separators=(",", ":")).encode()
        return packed + b" " * (-len(packed) % STEP_BYTES)

    @classmethod
    def unpack(cls, packed: bytes) -> Counted:
        """Reverses `pack`."""
        return cls(*map(Tally, json.loads(packed)))


def category_key(path: str) -> str:
    """How the list of categories and labels names a category."""
    return f"category:{path}"


def label_key(label: str) -> str:
    """How it names what a detector saw in photos."""
    return f"label:{label}"


def add(day: int, questions: Sequence[SealedQuestion]) -> None:
    """Count the questions of a day that is being sealed, within its transaction."""
    if not questions:
        return
    window = window_keys().epoch(day * DAY_SECONDS).number
    try:
        box = _box(tally_keys().made(window))
    except KeyGone:
        return  # The day was sealed so late that its window's list is made.
    with transaction.atomic():
        row, _ = WindowTally.objects.select_for_update().get_or_create(window=window)
        counted = _opened(box, bytes(row.closed)) or Counted()
        for client in _by_client(questions):
            counted.products.update(bounded(list(_products(client)), options().per_client))
            counted.categories.update(bounded(list(_categories(client)), options().per_client))
        row.closed = box.close(counted.pack())
        row.save()


def of(window: int) -> Counted | None:
    """What was counted in this window; None where nothing was, or where the key is gone."""
    row = WindowTally.objects.filter(window=window).first()
    try:
        return _opened(_box(tally_keys().key(window)), bytes(row.closed)) if row else None
    except KeyGone:
        return None


def _box(key: bytes) -> RowBox:
    return RowBox(key, purpose="tally")


def _opened(box: RowBox, closed: bytes) -> Counted | None:
    content = box.open(closed)
    return Counted.unpack(content) if content is not None else None


def _by_client(questions: Iterable[SealedQuestion]) -> Iterable[list[SealedQuestion]]:
    by_client: dict[int, list[SealedQuestion]] = defaultdict(list)
    for question in questions:
        # Public keys are those of the shop's own products, not of what else it lets search.
        if question.collection == registry.default():
            by_client[question.client].append(question)
    return by_client.values()


def _products(questions: Iterable[SealedQuestion]) -> Iterable[str]:
    return (event.object_id for question in questions for event in question.events if event.action in CHOSEN)


def _categories(questions: Iterable[SealedQuestion]) -> Iterable[str]:
    for question in questions:
        if question.category:
            yield category_key(question.category)
        yield from (label_key(thing.label) for thing in question.seen)
