"""What REST shows of a tile: the fields of `Card`, so that a new one is in every answer and in OpenAPI by itself."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any, NamedTuple, get_type_hints

from rest_framework import serializers

from visual_search.types import Card

_FIELDS: dict[type, type[serializers.Field[Any, Any, Any, Any]]] = {
    str: serializers.CharField,
    bool: serializers.BooleanField,
    int: serializers.IntegerField,
    float: serializers.FloatField,
}


class _Shown(NamedTuple):
    name: str  # in REST
    attribute: str  # of the card
    type: type
    help: str | None


def to_json(card: Card | None) -> dict[str, Any]:
    """REST name -> value; of a hit without a card, each field's empty value."""
    return {shown.name: getattr(card, shown.attribute) if card else shown.type() for shown in _shown(Card)}


def fields() -> dict[str, serializers.Field[Any, Any, Any, Any]]:
    """REST name -> what OpenAPI says of it."""
    return {shown.name: _FIELDS[shown.type](help_text=shown.help) for shown in _shown(Card)}


@cache
def _shown(card: type[Card]) -> tuple[_Shown, ...]:
    types = get_type_hints(card)
    return tuple(
        _Shown(name, field.name, types[field.name], field.metadata.get("help"))
        for field in dataclasses.fields(card)
        if (name := field.metadata.get("rest", field.name)) is not None
    )
