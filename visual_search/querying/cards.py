"""What tiles show of hits: one database query for all cards, and the reasons in the shopper's words."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from multilingual.grams import grams
from visual_search import registry
from visual_search.content.objects import objects_by_id
from visual_search.types import Card, Hit, Query, QueryPicture

logger = logging.getLogger(__name__)


def cards(collection: str, ids: Sequence[str], language: str | None) -> dict[str, Card]:
    """What a tile shows of each of these objects that is there, by one database query."""
    source = registry.source(collection)
    shown: dict[str, Card] = {}
    for id, obj in objects_by_id(source, ids).items():
        try:
            shown[id] = source.card(obj, language)
        # The source is the shop's code: one product that it can't show mustn't take the whole page down.
        except Exception:
            logger.exception("%s.card() failed for %s.", type(source).__name__, id)
    return shown


def with_cards(query: Query, hits: Sequence[Hit], language: str | None) -> tuple[Hit, ...]:
    """The hits with their cards, order kept; objects that have vanished since are dropped."""
    ids = [hit.id for hit in hits] + [hit.because for hit in hits if hit.because]
    known = cards(query.collection, ids, query.language or language)
    shown = [replace(hit, card=known[hit.id]) for hit in hits if hit.id in known]
    return tuple(_because(hit, known) if hit.because else hit for hit in shown)


def with_labels(hits: Sequence[Hit], pictures: Sequence[QueryPicture]) -> tuple[Hit, ...]:
    """Hits that a photo's label speaks for, with the words of the label that their own titles share."""
    text = " ".join(picture.witness.text for picture in pictures if picture.witness)
    pieces = {word: set(grams(word)) for word in text.split()}
    shown = []
    for hit in hits:
        label = ""
        if hit.reason == "label" and hit.card is not None:
            own = set(grams(f"{hit.card.title} {hit.card.subtitle}"))
            label = " ".join(word for word, its in pieces.items() if its and len(its & own) > len(its) / 2)
        shown.append(replace(hit, label=label) if label else hit)
    return tuple(shown)


def _because(hit: Hit, cards: Mapping[str, Card]) -> Hit:
    """With the card of what the reason is about; without a reason where that can't be shown any more."""
    card = cards.get(hit.because)
    return replace(hit, because_card=card) if card else replace(hit, reason="", because="")
