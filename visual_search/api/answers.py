"""Turns answers into the JSON of the REST API."""

from __future__ import annotations

from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode

from visual_search import registry
from visual_search.api import tiles
from visual_search.grouping import Grouped
from visual_search.querying import things, tokens
from visual_search.suggesting import Kind, Suggestion, Suggestions
from visual_search.types import CATEGORY, Box, FacetAnswer, Hit, Narrower, Page, QueryPicture, Variant, Witness


def page_to_json(page: Page, *, explain: bool = False) -> dict[str, Any]:
    return {
        "collection": page.collection,
        "query_id": page.query_id,
        "took_ms": page.took_ms,
        "total": {"value": page.total, "relation": page.relation},
        "distant": page.distant,
        "page": page.page,
        "page_size": page.page_size,
        "language": page.language,
        "hits": [_hit(hit, explain=explain) for hit in page.hits],
        "groups": _groups(page),
        "facets": [_facet(facet) for facet in page.facets],
        "photo_token": tokens.photo_token(page.photo),
        **_shown(page.photo),
        "pictures": [
            {"photo_token": tokens.photo_token(picture), "weight": picture.weight, **_shown(picture)}
            for picture in (page.pictures if len(page.pictures) > 1 else ())
        ],
        "q": page.words,
        "q_not": list(page.words_not),
        "spelt": {"typed": page.typed, "searched": page.words, "changes": dict(page.spelt)} if page.spelt else None,
        "narrower": _narrower(page.narrower),
        "understood": [
            {"facet": one.facet, "text": one.text, "gte": one.at_least, "lte": one.at_most} for one in page.understood
        ],
        "did_you_mean": {"q": page.meant, "changes": dict(page.meant_changes)} if page.meant else None,
        "warnings": list(page.warnings),
        "degraded": list(page.degraded),
        "notes": list(page.notes),
        "redirect": page.redirect,
        "banners": [{"text": banner.text, "url": banner.url} for banner in page.banners],
        "timings_ms": dict(page.timings_ms),
    }


def grouped_to_json(grouped: Grouped) -> dict[str, Any]:
    return {
        "groups": [{"label": group.label, **page_to_json(group.page)} for group in grouped.groups],
        "took_ms": grouped.took_ms,
        "degraded": list(grouped.degraded),
    }


def suggestions_to_json(suggestions: Suggestions, collection: str) -> dict[str, Any]:
    return {
        "suggestions": [_suggestion(line, collection) for line in suggestions.lines],
        "took_ms": suggestions.took_ms,
        "warnings": list(suggestions.warnings),
        "degraded": list(suggestions.degraded),
    }


def _suggestion(line: Suggestion, collection: str) -> dict[str, Any]:
    q = line.title if line.kind is Kind.QUERY else ""
    return {
        "kind": line.kind.value,
        "id": line.id,
        "title": line.title,
        "within": list(line.within),
        "parts": [{"text": text, "typed": typed} for text, typed in line.parts],
        "q": q,
        "filters": {CATEGORY.name: [line.category]} if line.category else {},
        "url": line.url if line.kind is Kind.PRODUCT else _results_url(collection, q, line.category),
    }


def _results_url(collection: str, q: str, category: str) -> str:
    """The page that answers this question; "" in a shop that has only the API."""
    try:
        page = reverse("visual_search:results", args=[collection] if collection != registry.default() else [])
    except NoReverseMatch:
        return ""
    return f"{page}?{urlencode({f'f.{CATEGORY.name}': category} if category else {'q': q})}"


def _shown(picture: QueryPicture | None) -> dict[str, Any]:
    """What was read in a photo, the things in it, and the part of it that was searched."""
    witness = (picture.witness if picture else None) or Witness()
    seen = {"text": witness.text, "codes": list(witness.codes)}
    scene = picture.scene if picture else None
    if scene is None:
        return {"seen": seen, "box": None, "objects": [], "proposals": []}
    return {
        "seen": seen,
        "box": _corners(scene.chosen),
        "objects": [
            {
                "id": number,
                "label": region.label,
                "score": round(region.score, 3),
                "box": _corners(region.box),
                "selected": region.box == scene.chosen,
            }
            for number, region in enumerate(scene.things)
        ],
        "proposals": [
            {"label": region.label, "score": round(region.score, 3), "box": _corners(region.box)}
            for region in scene.proposals
        ],
    }


def _groups(page: Page) -> list[dict[str, Any]]:
    """The hits of this page by the things in the photo that they are for."""
    scene = page.photo.scene if page.photo else None
    ids: dict[int, list[str]] = {}
    for hit in page.hits:
        if hit.thing is not None:
            ids.setdefault(hit.thing, []).append(hit.id)
    return [
        {
            "object": number,
            "label": things.sure_name(scene.things[number]),
            "box": _corners(scene.things[number].box),
            "hits": found,
        }
        for number, found in ids.items()
        if scene is not None and number < len(scene.things)
    ]


def _corners(box: Box) -> list[float]:
    return [round(corner, 4) for corner in box]


def _hit(hit: Hit, *, explain: bool) -> dict[str, Any]:
    because = hit.because_card
    return {
        **tiles.to_json(hit.card),
        "id": hit.id,
        "score": hit.score,
        "grade": hit.grade.value if hit.grade else None,
        "picture": hit.picture,
        "reason": hit.reason,
        "label_words": hit.label,
        "family": hit.family,
        "variants": [_variant(variant) for variant in hit.variants],
        "more_variants": hit.more_variants,
        "because": {"id": because.id, "title": because.title, "url": because.url} if because else None,
        **({"explain": dict(hit.legs)} if explain else {}),
    }


def _variant(variant: Variant) -> dict[str, Any]:
    card = tiles.to_json(variant.card)
    return {
        **{name: card[name] for name in ("id", "title", "url", "image", "price", "in_stock")},
        "values": {name: list(values) for name, values in variant.values.items()},
    }


def _narrower(offered: Narrower | None) -> dict[str, Any] | None:
    if offered is None:
        return None
    return {"facet": offered.facet, "value": offered.value, "label": offered.label, "count": offered.count}


def _facet(facet: FacetAnswer) -> dict[str, Any]:
    return {
        "key": facet.field,
        "items": [{"value": item.value, "count": item.count} for item in facet.counts],
        "range": None if facet.minimum is None else {"min": facet.minimum, "max": facet.maximum},
        "objects": facet.objects,
    }
