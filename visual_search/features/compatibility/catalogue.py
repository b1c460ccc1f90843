"""Product sets, products and reference images, as the resources of Vision Product Search, read from the shop.

A product set is a collection, a product one of its objects, a reference image one of the object's pictures. Nothing is stored:
a list goes through the objects by their keys, and its page token says after which key the next page begins.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import dropwhile
from typing import Any
from urllib.parse import quote, unquote

from django.core.exceptions import ValidationError

from visual_search.content import documents
from visual_search.content.documents import Content
from visual_search.content.objects import objects_by_id
from visual_search.errors import BadInput
from visual_search.features.compatibility import named
from visual_search.features.compatibility.bodies import shown
from visual_search.registry import Source
from visual_search.types import FacetValue, Picture

logger = logging.getLogger(__name__)

# The kind of goods that Google's own index keeps apart. Here every object is in the one index of its collection.
GENERAL = "general-v1"
CATEGORIES = (
    GENERAL, "homegoods-v2", "apparel-v2", "toys-v2", "packagedgoods-v1", "homegoods", "apparel", "toys",
)  # fmt: skip
# Pictures of this role serve recognition alone: somebody's photo of the object, which no page of the shop shows.
HIDDEN = "photo"
PAGE_SIZE, PAGE_SIZE_MAX = 10, 100


@dataclass(frozen=True, slots=True)
class Place:
    """Project and location, which a caller chooses freely and gets back, and how an address of the shop becomes whole."""

    project: str
    location: str
    whole: Callable[[str], str]
    language: str | None = None

    @property
    def parent(self) -> str:
        return f"projects/{self.project}/locations/{self.location}"

    def set_name(self, name: str) -> str:
        return f"{self.parent}/productSets/{name}"

    def product_name(self, name: str, id: str) -> str:
        return f"{self.parent}/products/{quote(named.public_id(name, id), safe='')}"

    def image_name(self, name: str, id: str, picture: str) -> str:
        return f"{self.product_name(name, id)}/referenceImages/{quote(picture, safe='')}"


def product_set(place: Place, name: str) -> dict[str, Any]:
    """The product set of this name. Raises BadInput (404)."""
    source = named.source_of(name, what="productSet")
    return {"name": place.set_name(name), "displayName": str(source.model._meta.verbose_name_plural)}


def product_sets(place: Place, asked: Asked) -> dict[str, Any]:
    """All product sets that the shop opens."""
    shown, token = asked.cut(list(named.names()))
    return _page("productSets", [product_set(place, name) for name in shown], token)


def product(place: Place, public: str) -> dict[str, Any]:
    """One product. Raises BadInput (404)."""
    name, content = _content(public)
    return product_json(place, name, content)


def products(place: Place, asked: Asked, names: Sequence[str]) -> dict[str, Any]:
    """The products of these sets, each set in the order of its keys. Objects that the source can't describe are left out."""
    listed: list[tuple[str, Any]] = []
    begin, after = asked.after
    if begin and begin not in names:
        raise asked.wrong()
    for name in dropwhile(lambda name: begin not in ("", name), names):
        source = named.source_of(name, what="productSet")
        objects = _after(source, after if name == begin else "", asked)
        listed += [(name, obj) for obj in objects[: asked.size + 1 - len(listed)]]
    token = _token([listed[asked.size - 1][0], str(listed[asked.size - 1][1].pk)]) if len(listed) > asked.size else ""
    found = [(name, described(named.source_of(name, what="productSet"), obj)) for name, obj in listed[: asked.size]]
    return _page("products", [product_json(place, name, content) for name, content in found if content], token)


def _after(source: Source, after: str, asked: Asked) -> list[Any]:
    queryset = source.queryset().order_by("pk")
    if after:
        key = source.model._meta.pk
        try:
            value = key.to_python(after)
            key.run_validators(value)
        except ValidationError:
            raise asked.wrong() from None
        queryset = queryset.filter(pk__gt=value)
    # A queryset that joins may give an object twice.
    return list({obj.pk: obj for obj in queryset[: asked.size + 1]}.values())


def reference_image(place: Place, public: str, picture: str) -> dict[str, Any]:
    """One picture of a product. Raises BadInput (404)."""
    name, content = _content(public)
    for one in _shown(content):
        if picture in (one.id, quote(one.id, safe="")):
            return _image(place, name, content, one)
    raise BadInput(f"The product '{public[:60]}' has no picture '{picture[:60]}'.", field="name", status=404)


def reference_images(place: Place, public: str, asked: Asked) -> dict[str, Any]:
    """The pictures of a product, as the shop shows them."""
    name, content = _content(public)
    by_id = {one.id: one for one in _shown(content)}
    shown, token = asked.cut(list(by_id))
    return _page("referenceImages", [_image(place, name, content, by_id[id]) for id in shown], token)


def product_json(place: Place, name: str, content: Content, *, category: str = GENERAL) -> dict[str, Any]:
    """An object as a product. Its labels are its facets, so that each can be written into a filter."""
    text = content.texts.get(place.language or "") or next(iter(content.texts.values()), None)
    return {
        "name": place.product_name(name, content.id),
        "displayName": text.title if text else "",
        "description": text.description if text else "",
        "productCategory": category,
        "productLabels": [
            {"key": key, "value": value} for key, values in content.facets.items() for value in _labels(values)
        ],
    }


def contents(name: str, ids: Sequence[str]) -> dict[str, Content]:
    """What the source says of these objects, by id; objects that are gone or that it can't describe are left out."""
    source = named.source_of(name, what="productSet")
    found = {id: described(source, obj) for id, obj in objects_by_id(source, ids).items()}
    return {id: content for id, content in found.items() if content}


def described(source: Source, obj: Any) -> Content | None:
    try:
        return documents.read(source, obj)
    except documents.SourceFailed as problem:
        # One product that the shop's own code can't describe must not break the whole list.
        logger.warning("%s", problem)
        return None


def _content(public: str) -> tuple[str, Content]:
    name, id = named.named_id(unquote(public))
    for content in contents(name, [id]).values():
        return name, content
    raise BadInput(f"There is no product '{public[:60]}'.", field="name", status=404)


def _shown(content: Content) -> Iterator[Picture]:
    return (picture for picture in content.pictures if picture.role != HIDDEN)


def _image(place: Place, name: str, content: Content, picture: Picture) -> dict[str, Any]:
    uri = {"uri": place.whole(picture.url)} if picture.url else {}
    return {"name": place.image_name(name, content.id, picture.id), **uri}


def _labels(value: FacetValue) -> Iterator[str]:
    for one in value if isinstance(value, tuple) else (value,):
        if isinstance(one, bool):
            yield "true" if one else "false"
        elif isinstance(one, int | float):
            yield f"{one:.12g}"
        elif one:
            yield one


# --- Pages of lists -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page of a list: at most `size` entries from where `token` says."""

    size: int = PAGE_SIZE
    token: str = ""

    @property
    def after(self) -> tuple[str, str]:
        """The name and the key after which the page begins. Raises BadInput for a token that no list gave."""
        if not self.token:
            return "", ""
        try:
            name, key = json.loads(base64.b64decode(self.token.encode(), altchars=b"-_", validate=True))
        except (ValueError, TypeError, binascii.Error, RecursionError):
            raise self.wrong() from None
        if not isinstance(name, str) or not isinstance(key, str) or "\x00" in key:
            raise self.wrong()
        return name, key

    def cut(self, ids: list[str]) -> tuple[list[str], str]:
        """This page of a short list, and the token of the next one."""
        _, after = self.after
        if after and after not in ids:
            raise self.wrong()
        begin = ids.index(after) + 1 if after else 0
        page = ids[begin : begin + self.size]
        return page, _token(["", page[-1]]) if ids[begin + self.size :] else ""

    def wrong(self) -> BadInput:
        return BadInput(
            f"pageToken is {shown(self.token)}; take nextPageToken of the answer before, in the same list.",
            field="pageToken",
        )


def _token(key: list[str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _page(name: str, entries: list[dict[str, Any]], token: str) -> dict[str, Any]:
    return {name: entries, **({"nextPageToken": token} if token else {})}
