"""Adds to hits what their tiles show: the card, the words of a label, and the card that a reason is about."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from multilingual.grams import grams
from visual_search import registry
from visual_search.content.objects import objects_by_id
from visual_search.types import Card, Hit, Query, QueryPicture

logger = logging.getLogger(__name__)


def cards(collection: str, ids: Sequence[str], language: str | None) -> dict[str, Card]:
    """The cards of these objects by id, read from the source's `card_queryset()`. Objects that are gone are left out."""
    source = registry.source(collection)
    shown: dict[str, Card] = {}
    for id, obj in objects_by_id(source, ids, among=source.card_queryset(language)).items():
        try:
            shown[id] = source.card(obj, language)
        # The source is the shop's code. One product that it can't show must not break the whole page.
        except Exception:
            logger.exception("%s.card() failed for %s.", type(source).__name__, id)
    return shown


def titles(named: Iterable[tuple[str, str]], language: str | None) -> dict[tuple[str, str], str]:
    """What tiles call these objects, each named by its collection and id; without what is gone, and collections that are."""
    known = {source.collection for source in registry.sources()}
    by_collection: dict[str, set[str]] = {}
    for collection, id in named:
        if collection in known:
            by_collection.setdefault(collection, set()).add(id)
    return {
        (collection, id): card.title
        for collection, ids in by_collection.items()
        for id, card in cards(collection, sorted(ids), language).items()
    }


def with_cards(query: Query, hits: Sequence[Hit], language: str | None) -> tuple[Hit, ...]:
    """The hits with their cards, order kept; objects that have vanished since are dropped."""
    ids = [hit.id for hit in hits] + [hit.because for hit in hits if hit.because]
    known = cards(query.collection, ids, query.language or language)
    found = _found_pictures(query, [hit for hit in hits if hit.id in known])
    shown = [replace(hit, card=replace(known[hit.id], **found.get(hit.id, {}))) for hit in hits if hit.id in known]
    return tuple(_because(hit, known) if hit.because else hit for hit in shown)


def _found_pictures(query: Query, hits: Sequence[Hit]) -> dict[str, dict[str, Any]]:
    """Of what a photo found, the picture that it found: the view that the shopper has before them.

    Words and products to resemble meet any view, such as the back of a thing, so their hits keep the picture that the shop chose.
    """
    nearest = {hit.id: hit.picture for hit in hits if hit.picture}
    if not query.pictures or not nearest:
        return {}
    source = registry.source(query.collection)
    try:
        found = source.tile_pictures(nearest)
    # It is the shop's code, and a tile with another view is better than none.
    except Exception:
        logger.exception("%s.tile_pictures() failed.", type(source).__name__)
        return {}
    return {id: {"image_url": url, "image_sources": sources} for id, (url, sources) in found.items() if url}


def with_labels(hits: Sequence[Hit], pictures: Sequence[QueryPicture]) -> tuple[Hit, ...]:
    """The hits; those with the reason "label" get the words of the label that their own titles share."""
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
    """The hit with the card of the object that its reason is about, or without a reason if that object is gone."""
    card = cards.get(hit.because)
    return replace(hit, because_card=card) if card else replace(hit, reason="", because="")
