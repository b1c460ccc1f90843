"""The journey of an `images:annotate`: each photo becomes a `Query`, and its page product search results."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone

from visual_search import search, wiring
from visual_search.conf import conf
from visual_search.errors import BadInput
from visual_search.features.compatibility import catalogue, expressions, named
from visual_search.features.compatibility.bodies import clean, fields, items, shown, text
from visual_search.features.compatibility.catalogue import CATEGORIES, GENERAL, Place
from visual_search.features.compatibility.refusals import status_of
from visual_search.imaging import headers
from visual_search.querying import parsing, uploads
from visual_search.types import Box, Hit, Page, Query, QueryPicture, Scene

MOST_PHOTOS = parsing.PICTURES  # in one request: each costs the encoder and the detector once
RESULTS = 10  # where maxResults isn't given
PRODUCT_SEARCH = "PRODUCT_SEARCH"
# Clients send the number of an enum's value.
FEATURES = {
    1: "FACE_DETECTION", 2: "LANDMARK_DETECTION", 3: "LOGO_DETECTION", 4: "LABEL_DETECTION", 5: "TEXT_DETECTION",
    6: "SAFE_SEARCH_DETECTION", 7: "IMAGE_PROPERTIES", 9: "CROP_HINTS", 10: "WEB_DETECTION",
    11: "DOCUMENT_TEXT_DETECTION", 12: PRODUCT_SEARCH, 19: "OBJECT_LOCALIZATION",
}  # fmt: skip
_BODY = ("requests", "parent", "labels")
_REQUEST = ("image", "features", "imageContext")
# Those of other features say nothing about products.
_CONTEXT = (
    "productSearchParams", "latLongRect", "languageHints", "cropHintsParams", "faceRecognitionParams",
    "webDetectionParams", "textDetectionParams",
)  # fmt: skip
_PARAMS = ("boundingPoly", "productSet", "productCategories", "filter")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of one photo, of which product set. `place`: where the names of the answer lie, as the set's own does."""

    query: Query
    name: str
    category: str
    place: Place


def annotate(body: Any, place: Place) -> dict[str, Any]:
    """`{"responses": [...]}`, one for each request and in its order; one that can't be answered holds an error instead.

    Raises BadInput for a body that isn't as documented, and what `search` raises beside it.
    """
    requests = items(fields(body, _BODY, "body").get("requests"), "requests", most=MOST_PHOTOS)
    if not requests:
        raise BadInput("requests is empty; send at least one, with an image and its features.", field="requests")
    return {"responses": [_response(one, f"requests[{number}]", place) for number, one in enumerate(requests)]}


def _response(request: Any, where: str, place: Place) -> dict[str, Any]:
    given = fields(request, _REQUEST, where)
    try:
        most, others = _features(given.get("features"), where)
        found = {}
        if most is not None:
            wanted = _wanted(given, most, place, where)
            page = search.search(wanted.query)
            found = {"productSearchResults": _results(page, wanted)}
    except BadInput as error:
        return {"error": status_of(error)}
    if not others:
        return found
    # As Google answers where one of several features failed: what stands beside the error is right.
    said = f"{', '.join(others)} isn't offered here; this shop answers {PRODUCT_SEARCH} alone."
    return {**found, "error": status_of(BadInput(said, status=501))}


# --- What is asked ------------------------------------------------------------------------------


def _features(raw: Any, where: str) -> tuple[int | None, list[str]]:
    """How many results are wanted, None if product search isn't asked for; and the names of the other features."""
    most: int | None = None
    others: list[str] = []
    for one in items(raw, f"{where}.features", most=len(FEATURES)):
        feature = fields(one, ("type", "maxResults", "model"), f"{where}.features")
        kind = feature.get("type")
        name = FEATURES.get(kind, "") if type(kind) is int else str(kind)
        if name not in FEATURES.values():
            raise BadInput(
                f"{where}.features has the type {shown(kind)}; known are {', '.join(FEATURES.values())}.",
                field="features",
            )
        if name == PRODUCT_SEARCH:
            given = parsing.whole_number(feature.get("maxResults"), field="maxResults", default=RESULTS)
            most = min(given or RESULTS, conf.PAGE_SIZE_MAX)
        else:
            others.append(name)
    if most is None and not others:
        raise BadInput(f'{where}.features is empty; send [{{"type": "{PRODUCT_SEARCH}"}}].', field="features")
    return most, others


def _wanted(given: Mapping[str, Any], most: int, place: Place, where: str) -> Wanted:
    context = fields(given.get("imageContext") or {}, _CONTEXT, f"{where}.imageContext")
    params = fields(context.get("productSearchParams") or {}, _PARAMS, f"{where}.imageContext.productSearchParams")
    project, location, name = _set(text(params.get("productSet"), "productSet"))
    collection = named.source_of(name, what="productSet").collection
    clauses = expressions.parsed(text(params.get("filter"), "filter"), expressions.equation, where="filter")
    query = Query(
        collection=collection,
        filters=expressions.rules(clauses, wiring.schema(collection).told, where="filter"),
        pictures=(_picture(given.get("image"), params.get("boundingPoly"), where),),
        page_size=most,
        language=place.language,
        facets=(),
    )
    category = _category(params.get("productCategories"))
    return Wanted(query, name, category, replace(place, project=project, location=location))


def _set(asked: str) -> tuple[str, str, str]:
    """`projects/p/locations/l/productSets/products` -> ("p", "l", "products"). Raises BadInput."""
    parts = asked.split("/")
    if len(parts) != 6 or parts[::2] != ["projects", "locations", "productSets"]:
        raise BadInput(
            f"productSet is {shown(asked)}; it is written projects/PROJECT/locations/LOCATION/productSets/"
            f"{next(iter(named.names()))}, with any project and location.",
            field="productSet",
        )
    return clean(parts[1]), clean(parts[3]), parts[5]


def _category(raw: Any) -> str:
    """The first category, which is the only one that Google reads as well."""
    given = items(raw, "productCategories", most=len(CATEGORIES))
    for one in given:
        if one not in CATEGORIES:
            raise BadInput(
                f"productCategories has {shown(one)}; known are {', '.join(CATEGORIES)}.", field="productCategories"
            )
    return str(given[0]) if given else GENERAL


def _picture(raw: Any, poly: Any, where: str) -> QueryPicture:
    image = fields(raw or {}, ("content", "source"), f"{where}.image")
    content = text(image.get("content"), "image.content")
    if not content:
        if image.get("source"):
            raise BadInput(
                "image.source isn't read: this shop fetches no addresses that strangers name, neither http nor gs, since "
                "they could lead into its own network. Send the picture's bytes as image.content, in base64.",
                field="image.source",
            )
        raise BadInput(f"{where}.image has no content; send the picture's bytes in base64.", field="image.content")
    # Both alphabets are base64 in the JSON of a protocol buffer, and the padding may be left out.
    plain = content.translate({ord("-"): "+", ord("_"): "/"}).rstrip("=")
    plain += "=" * (-len(plain) % 4)
    with uploads.naming("image.content"):
        picture = uploads.photo_from_base64(plain)
    return replace(picture, box=_box(poly, plain)) if poly else picture


def _box(poly: Any, content: str) -> Box | None:
    """The box around a polygon. Corners at 0 come without a number: a protocol buffer leaves zeros out."""
    given = fields(poly, ("vertices", "normalizedVertices"), "boundingPoly")
    corners, width, height = given.get("normalizedVertices"), 1.0, 1.0
    if not corners:
        corners = given.get("vertices")
        width, height = _size(content) if corners else (1.0, 1.0)
    points = [_point(corner) for corner in items(corners, "boundingPoly", most=100)]
    if not points:
        return None
    across, down = [x / width for x, _ in points], [y / height for _, y in points]
    return parsing.box([min(across), min(down), max(across), max(down)], field="boundingPoly")


def _point(raw: Any) -> tuple[float, float]:
    corner = fields(raw, ("x", "y"), "boundingPoly")
    numbers = [corner.get(name, 0) for name in ("x", "y")]
    if any(isinstance(number, bool) or not isinstance(number, int | float) for number in numbers):
        raise BadInput(f"boundingPoly has the corner {shown(raw)}; x and y are numbers.", field="boundingPoly")
    try:
        return float(numbers[0]), float(numbers[1])
    except OverflowError:
        raise BadInput(
            f"boundingPoly has the corner {shown(raw)}, outside of the photo.", field="boundingPoly"
        ) from None


def _size(content: str) -> tuple[float, float]:
    """Width and height of the photo as it was sent, upright: opening it may have made it smaller."""
    data = base64.b64decode(content)
    # It was opened before, so it is of a known format and its header is sound.
    header = headers.read(data, headers.sniff(data))  # type: ignore[arg-type]
    turned = header.orientation in range(5, 9)
    return (header.height, header.width) if turned else (header.width, header.height)


# --- What is answered ---------------------------------------------------------------------------


def _results(page: Page, wanted: Wanted) -> dict[str, Any]:
    known = catalogue.contents(wanted.name, [hit.id for hit in page.hits])
    results = [_result(hit, wanted, known[hit.id]) for hit in page.hits if hit.id in known]
    scene = page.photo.scene if page.photo else None
    return {
        # The index is live: a save reaches it within seconds.
        "indexTime": timezone.now().isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "results": results,
        "productGroupedResults": _groups(scene, results) if scene else [],
    }


def _result(hit: Hit, wanted: Wanted, content: catalogue.Content) -> dict[str, Any]:
    there = {picture.id for picture in content.pictures if picture.role != catalogue.HIDDEN}
    image = {"image": wanted.place.image_name(wanted.name, hit.id, hit.picture)} if hit.picture in there else {}
    return {
        "product": catalogue.product_json(wanted.place, wanted.name, content, category=wanted.category),
        "score": max(0.0, min(1.0, hit.score)),
        **image,
    }


def _groups(scene: Scene, results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The part that was searched, with its results; then the other things in the photo, which nobody has searched by yet.

    To search by one of them is a question of its own: send its polygon as boundingPoly.
    """
    chosen = [thing for thing in scene.things if thing.box == scene.chosen]
    others = [thing for thing in scene.things if thing.box != scene.chosen]
    return [
        {
            **_seen(scene.chosen, chosen[0].label if chosen else "", chosen[0].score if chosen else 0.0),
            "results": results,
        },
        *(_seen(thing.box, thing.label, thing.score) for thing in others),
    ]


def _seen(box: Box, label: str, score: float) -> dict[str, Any]:
    left, top, right, bottom = (round(corner, 4) for corner in box)
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    named_as = [{"name": label, "languageCode": "en", "score": round(score, 3)}] if label else []
    return {
        "boundingPoly": {"normalizedVertices": [{"x": x, "y": y} for x, y in corners]},
        "objectAnnotations": named_as,
    }
