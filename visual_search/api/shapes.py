"""What the document says of parameters whose values depend on the shop, or that have a form of their own.

All of it is read when the document is made: collections are registered and settings change after this module was imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from multilingual.languages import LANGUAGES
from visual_search import registry
from visual_search.querying.parsing import MOST_WEIGHT, PICTURES
from visual_search.types import FacetKind

Shape = dict[str, Any]

_MOST_VALUES = 200  # of one filter, as querying/parsing says
_LONGEST_VALUE = 500
_NUMBER = r"\s*[0-9.]+\s*"
_VALUE: Shape = {
    "type": "string",
    "minLength": 1,
    "maxLength": _LONGEST_VALUE,
    "pattern": r"^[^\u0000-\u0008\u000b-\u001f\u007f]+$",
}
_RANGE: Shape = {
    "type": "object",
    "properties": {end: {"type": "number", "nullable": True} for end in ("gte", "lte")},
    "minProperties": 1,
    "additionalProperties": False,
}


class Shaped(serializers.JSONField):
    """A value for which REST framework has no field: `shape` is its schema in OpenAPI."""

    def __init__(self, shape: Shape, help_text: str = "", *, required: bool = False) -> None:
        super().__init__(required=required, help_text=help_text or None)
        self.shape = shape


def text(help: str = "") -> serializers.CharField:
    return serializers.CharField(required=False, allow_blank=True, help_text=help or None)


def collection(help: str) -> serializers.Field[Any, Any, Any, Any]:
    return _choice(registry.public(), help)


def language(help: str, *, in_json: bool = False) -> Shaped:
    codes = "|".join(sorted(LANGUAGES))
    tag: Shape = {"type": "string", "pattern": f"^(?:(?:{codes})(?:[-_].*)?)?$"}
    return Shaped({**tag, "nullable": True} if in_json else tag, help)


def sort(help: str) -> serializers.Field[Any, Any, Any, Any]:
    numbers = [name for name, kinds in _facets().items() if FacetKind.NUMBER in kinds]
    return _choice(["relevance", *(sign + name for name in numbers for sign in ("", "-"))], help)


def collections(help: str, *, in_json: bool) -> Shaped:
    return _named(registry.public(), help, in_json=in_json)


def facets(help: str, *, in_json: bool) -> Shaped:
    return _named(list(_facets()), help, in_json=in_json)


def phrases(help: str, *, most: int, in_json: bool) -> serializers.Field[Any, Any, Any, Any]:
    """Texts, separated by commas or in a list."""
    return Shaped(_or_list({"type": "string"}, most), help) if in_json else text(help)


def ids(help: str, *, most: int, in_json: bool) -> serializers.Field[Any, Any, Any, Any]:
    """Ids, separated by commas or in a list, there also with weights."""
    if not in_json:
        return text(help)
    id: Shape = {"anyOf": [{"type": "string", "pattern": r"\S"}, {"type": "integer"}]}
    weighted = {
        "type": "object",
        "properties": {"id": id, "weight": _weight(0)},
        "required": ["id"],
        "additionalProperties": False,
    }
    return Shaped(_or_list({"anyOf": [{"type": "string"}, {"type": "integer"}, weighted]}, most), help)


def numbers(help: str, *, count: int, in_json: bool) -> Shaped:
    """Shares of a photo's sides, separated by commas or in a list."""
    return Shaped(_shares(count) if in_json else _shares_in_text(count), help)


def filters(help: str) -> Shaped:
    """An object with a rule for each facet, and one below `not`."""
    rules = {name: {"anyOf": _rules(kinds)} for name, kinds in _facets().items()}
    without = {"type": "object", "properties": rules, "additionalProperties": False}
    return Shaped({**without, "properties": {**rules, "not": {**without, "nullable": True}}, "nullable": True}, help)


def pictures(help: str, image: str) -> Shaped:
    """Photos, each with what belongs to it."""
    token = {"type": "string", "description": "From an earlier answer."}
    one = {
        "type": "object",
        "properties": {
            "image": {"type": "string", "format": "byte", "minLength": 1, "description": image},
            "photo_token": token,
            "box": _shares(4),
            "object": {"type": "integer", "minimum": 0, "maximum": 999, "nullable": True},
            "point": _shares(2),
            "weight": _weight(-MOST_WEIGHT),
        },
        "anyOf": [{"required": ["image"]}, {"required": ["photo_token"]}],
        "additionalProperties": False,
    }
    return Shaped({"type": "array", "items": one, "maxItems": PICTURES}, help)


def _choice(values: list[str], help: str) -> serializers.Field[Any, Any, Any, Any]:
    # A list of values must have one; without a collection everything is refused anyway.
    return serializers.ChoiceField(values, required=False, help_text=help) if values else text(help)


def _named(names: list[str], help: str, *, in_json: bool) -> Shaped:
    """Some of these names, separated by commas or in a list."""
    name = "|".join(re.escape(name).replace(r"\-", "-") for name in names)
    texts = {"type": "string", "pattern": f"^(?:(?:{name})(?:,(?:{name}))*)?$"}
    if not in_json:
        return Shaped(texts, help)
    listed = {"type": "array", "items": {"type": "string", **({"enum": names} if names else {})}, "maxItems": 50}
    return Shaped({"anyOf": [{**texts, "nullable": True}, listed]}, help)


def _or_list(item: Shape, most: int) -> Shape:
    return {"anyOf": [{"type": "string", "nullable": True}, {"type": "array", "items": item, "maxItems": most}]}


def _shares(count: int) -> Shape:
    share = {"type": "number", "minimum": 0, "maximum": 1}
    listed = {"type": "array", "items": share, "minItems": count, "maxItems": count}
    return {"anyOf": [listed, {**_shares_in_text(count), "nullable": True}]}


def _shares_in_text(count: int) -> Shape:
    return {"type": "string", "pattern": f"^(?:{','.join([_NUMBER] * count)})?$"}


def _weight(least: float) -> Shape:
    return {"type": "number", "minimum": least, "maximum": MOST_WEIGHT, "default": 1, "nullable": True}


def _facets() -> dict[str, list[FacetKind]]:
    """The facets of all public collections, with the kinds that they have there."""
    found: dict[str, list[FacetKind]] = {}
    for collection in registry.public():
        for facet in registry.source(collection).schema:
            kinds = found.setdefault(facet.name, [])
            if facet.kind not in kinds:
                kinds.append(facet.kind)
    return found


def _rules(kinds: Iterable[FacetKind]) -> list[Shape]:
    rules: list[Shape] = []
    for kind in kinds:
        value = _VALUE
        if kind in (FacetKind.NUMBER, FacetKind.BOOLEAN):
            value = {"type": "number" if kind is FacetKind.NUMBER else "boolean"}
        for rule in (value, {"type": "array", "items": value, "minItems": 1, "maxItems": _MOST_VALUES}):
            if rule not in rules:
                rules.append(rule)
        if kind is FacetKind.NUMBER:
            rules.append(_RANGE)
    return rules
