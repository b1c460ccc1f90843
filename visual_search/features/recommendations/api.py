"""What programs ask: what is related to one product, and the slots of a page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.utils import translation
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from multilingual.languages import base_code
from visual_search.api import shapes, tiles
from visual_search.api.base import SearchAPIView, json_of
from visual_search.api.openapi import operation
from visual_search.api.schemas import Problem
from visual_search.errors import BadInput, said
from visual_search.features.recommendations import requests
from visual_search.features.recommendations.offering import offer
from visual_search.features.recommendations.slots import (
    LIMIT,
    MOST_ITEMS,
    MOST_PRODUCTS,
    MOST_SLOTS,
    Item,
    Offer,
    Shelf,
    SlotKind,
    Source,
)
from visual_search.ranking.taste import MAX_BYTES, MAX_EVENTS

MAX_BODY_BYTES = 256 * 1024  # 5 slots of 50 ids of 200 characters, each a few bytes, and a memory
_PROBLEMS = {400: Problem, 404: Problem, 503: Problem}
_Fields = dict[str, serializers.Field[Any, Any, Any, Any]]


class RelatedAddress(serializers.Serializer[Any]):
    """What may stand in the address of what is related to a product."""

    kind = serializers.ChoiceField(
        [kind.value for kind in requests.RELATED_KINDS],
        required=False,
        default=SlotKind.SIMILAR.value,
        help_text="`together`: bought with it. `goes_with`: completes it. `similar`: in its place. `series`: of its series.",
    )
    limit = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST_ITEMS, default=LIMIT, help_text=f"1 to {MOST_ITEMS}."
    )

    def get_fields(self) -> _Fields:
        language = shapes.language("The language of titles and reasons; default that of the request.")
        return {**super().get_fields(), "lang": language}


class OfferBody(serializers.Serializer[Any]):
    """The slots of a page, and what the page shows anyway."""

    closed = True

    def get_fields(self) -> _Fields:
        return {
            "collection": shapes.collection("Of which of the shop's collections; default its products."),
            "lang": shapes.language("The language of titles and reasons; default that of the request.", in_json=True),
            "slots": shapes.Shaped(
                {"type": "array", "items": _slot_shape(), "minItems": 1, "maxItems": MOST_SLOTS},
                "In the order of the page: no product stands in two of them.",
                required=True,
            ),
            "without": shapes.Shaped(
                _ids_shape(), "Ids of products that the page shows anyway, such as those in the basket."
            ),
            "taste": serializers.JSONField(
                required=False,
                help_text="What the shopper's device remembers, as in a search, for this answer alone: at most "
                f"{MAX_EVENTS} entries and {MAX_BYTES / 1024:g} KiB. `for_you` and `recent` start from it.",
            ),
        }


def _ids_shape() -> shapes.Shape:
    id: shapes.Shape = {"anyOf": [{"type": "string"}, {"type": "integer"}]}
    return {"type": "array", "items": id, "maxItems": MOST_PRODUCTS, "nullable": True}


def _slot_shape() -> shapes.Shape:
    filters = shapes.filters("").shape
    return {
        "type": "object",
        "properties": {
            "name": {
                "type": "string",
                "maxLength": requests.LONGEST_NAME,
                "nullable": True,
                "description": "Default: the kind.",
            },
            "kind": {"type": "string", "enum": [kind.value for kind in SlotKind]},
            "products": {**_ids_shape(), "description": "What it starts from, the most important first."},
            "filters": {**filters, "description": "As in a search."},
            "limit": {"type": "integer", "minimum": 1, "maximum": MOST_ITEMS, "default": LIMIT, "nullable": True},
        },
        "required": ["kind"],
        "additionalProperties": False,
    }


class OfferedProduct(serializers.Serializer[Any]):
    """A product as its tile shows it."""

    def get_fields(self) -> _Fields:
        return tiles.fields()


class OfferedItem(serializers.Serializer[Any]):
    product = OfferedProduct()
    rank = serializers.IntegerField(help_text="From 1.")
    source = serializers.ChoiceField(  # type: ignore[assignment] # The metaclass takes fields out of the class's own names.
        [source.value for source in Source], help_text="Where it comes from; docs/how-to/recommendations.md lists them."
    )
    reason = serializers.CharField(
        help_text="Why it stands there, to be shown as it is: `Often bought with Oak table`."
    )


class OfferedSlot(serializers.Serializer[Any]):
    name = serializers.CharField()
    kind = serializers.ChoiceField([kind.value for kind in SlotKind])
    items = OfferedItem(many=True, help_text="Empty where fewer than three were found: then show nothing.")
    fallback = serializers.CharField(
        allow_null=True, help_text="The last source that was asked beyond the kind's own; null where those were enough."
    )
    built_at = serializers.DateTimeField(
        allow_null=True, help_text="When the lists were made that it is taken from; null where it is taken from none."
    )


class OfferAnswer(serializers.Serializer[Any]):
    collection = serializers.CharField()
    query_id = serializers.UUIDField()
    took_ms = serializers.FloatField()
    slots = OfferedSlot(many=True, help_text="In the order in which they were asked for.")
    warnings = serializers.ListField(child=serializers.CharField())
    degraded = serializers.ListField(
        child=serializers.CharField(), help_text="Names of slots that failed; they are empty."
    )


class RelatedView(SearchAPIView):
    """What is related to one product: bought with it, completing it, in its place, or of its series; each with the reason."""

    @operation("related", address=RelatedAddress, answers={200: OfferAnswer, **_PROBLEMS})
    def get(self, request: Request, collection: str, id: str) -> Response:
        asked = requests.related(request.query_params, collection, id)
        with in_language(asked.language):
            found = offer(asked)
            if found.warnings or not asked.slots[0].products:
                raise BadInput(
                    said("There is no product '%(like)s'. Take an id from an earlier answer.", like=id[:60]),
                    field="id",
                    status=404,
                )
            return Response(to_json(found))


class OfferView(SearchAPIView):
    """The slots of a page: what goes with its products, what is popular, and what suits the device that asks."""

    @operation(
        "recommendations",
        body={"application/json": OfferBody},
        answers={200: OfferAnswer, **_PROBLEMS, 413: Problem, 415: Problem},
    )
    def post(self, request: Request) -> Response:
        too_large = said("The body is over %(most)s bytes; ask for fewer slots.", most=MAX_BODY_BYTES)
        given = json_of(request, most=MAX_BODY_BYTES, too_large=too_large)
        asked, problem = requests.offered(given)
        with in_language(asked.language):
            shown = to_json(offer(asked))
        if problem:
            shown["warnings"].append(f"taste_{problem}")
        response = Response(shown)
        # It may tell what one device remembers: no cache may keep it.
        response["Cache-Control"] = "private, no-store"
        return response


@contextmanager
def in_language(code: str | None) -> Iterator[None]:
    """Reasons are said in this language, if the shop's pages have it; else in that of the request."""
    ours = {base_code(tag): tag for tag, _name in reversed(settings.LANGUAGES)}
    with translation.override(ours.get(code) or translation.get_language()):
        yield


def to_json(found: Offer) -> dict[str, Any]:
    return {
        "collection": found.collection,
        "query_id": found.query_id,
        "took_ms": found.took_ms,
        "slots": [_slot(shelf) for shelf in found.shelves],
        "warnings": list(found.warnings),
        "degraded": list(found.degraded),
    }


def _slot(shelf: Shelf) -> dict[str, Any]:
    return {
        "name": shelf.slot.name,
        "kind": shelf.slot.kind.value,
        "items": [_item(item) for item in shelf.items],
        "fallback": shelf.fallback.value if shelf.fallback else None,
        "built_at": shelf.built_at.isoformat() if shelf.built_at else None,
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "product": tiles.to_json(item.card),
        "rank": item.rank,
        "source": item.source.value,
        "reason": item.reason,
    }
