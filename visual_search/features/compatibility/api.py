"""The views: what programs that know another search service ask of this shop. They read neither a session nor an account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from multilingual.languages import base_code
from visual_search.access import limits
from visual_search.api.base import SearchAPIView
from visual_search.conf import conf
from visual_search.errors import BadInput
from visual_search.features.compatibility import annotating, bodies, catalogue, multisearch, named, refusals
from visual_search.features.compatibility.catalogue import PAGE_SIZE, PAGE_SIZE_MAX, Asked, Place
from visual_search.features.compatibility.refusals import NotOffered
from visual_search.querying import parsing

_WORDS_BYTES = 256 * 1024  # of a body without photos: far more than twenty questions of 500 characters need
_BESIDE_PHOTOS = 64 * 1024
# What every method of Google's APIs takes beside its own parameters.
_EVERYWHERE = (
    "$alt",
    "alt",
    "key",
    "access_token",
    "oauth_token",
    "prettyPrint",
    "$prettyPrint",
    "quotaUser",
    "$.xgafv",
)
_LISTS = ("pageSize", "pageToken")
_SAVE = "save the object in the shop, and it is in the index within seconds"


def _language(request: Request) -> str | None:
    return base_code(getattr(request, "LANGUAGE_CODE", None))


def _private(body: dict[str, Any]) -> Response:
    response = Response(body)
    # What somebody asked, perhaps with a photo, is for them alone.
    response["Cache-Control"] = "private, no-store"
    return response


# --- Vision Product Search ----------------------------------------------------------------------


class VisionView(SearchAPIView):
    """A method of Vision Product Search, with errors as `google.rpc.Status`."""

    key_headers = ("X-Goog-Api-Key",)

    def get_exception_handler(self) -> Callable[..., Any]:
        return refusals.google

    def place(self, request: Request) -> Place:
        project, location = self.kwargs.get("project", "-"), self.kwargs.get("location", "-")
        return Place(project, location, request.build_absolute_uri, _language(request))

    def page(self, request: Request) -> Asked:
        """Which page of a list is asked for. Raises BadInput for any other parameter."""
        given = self.parameters(request, _LISTS)
        size = parsing.whole_number(given.get("pageSize"), field="pageSize", default=PAGE_SIZE)
        return Asked(min(size, PAGE_SIZE_MAX) or PAGE_SIZE, given.get("pageToken", ""))

    def parameters(self, request: Request, known: tuple[str, ...] = ()) -> dict[str, str]:
        for name in request.query_params:
            if name not in (*_EVERYWHERE, *known):
                raise BadInput(f'Unknown name "{name[:60]}" in the address.', field=name[:60])
        return {name: str(value) for name, value in request.query_params.items()}


def refused(call: str, instead: str) -> Callable[..., Response]:
    """A method of a view that refuses a call and says what to do instead."""

    def refuse(self: VisionView, request: Request, **kwargs: str) -> Response:
        raise NotOffered(f"{call} isn't offered here: these addresses only read. Instead, {instead}.")

    return refuse


class AnnotateView(VisionView):
    """`images:annotate` with the feature PRODUCT_SEARCH."""

    def post(self, request: Request, **kwargs: str) -> Response:
        self.parameters(request)
        body = bodies.read(request, most=conf.PICTURE_MAX_BYTES * 4 // 3 + _BESIDE_PHOTOS)
        self.charge(request, bodies.count(body) * limits.PHOTO - 1)
        return _private(annotating.annotate(body, self.place(request)))


class ProductSetsView(VisionView):
    """The collections that the shop opens."""

    post = refused("CreateProductSet", "register a collection in the shop's search.py")

    def get(self, request: Request, **kwargs: str) -> Response:
        return Response(catalogue.product_sets(self.place(request), self.page(request)))


class ProductSetView(VisionView):
    """One collection."""

    patch = refused("UpdateProductSet", "give the model its name in the shop's code")
    delete = refused("DeleteProductSet", "take the collection out of the shop's search.py")

    def get(self, request: Request, name: str, **kwargs: str) -> Response:
        self.parameters(request)
        return Response(catalogue.product_set(self.place(request), name))

    def post(self, request: Request, name: str, **kwargs: str) -> Response:
        _, _, verb = name.rpartition(":")
        calls = {"addProduct": "AddProductToProductSet", "removeProduct": "RemoveProductFromProductSet"}
        if verb not in calls:
            raise Http404("There is nothing to post at this address.")
        raise NotOffered(
            f"{calls[verb]} isn't offered here: a set holds whatever the source's queryset() gives. Instead, {_SAVE}."
        )


class ProductsOfSetView(VisionView):
    """The objects of one collection."""

    def get(self, request: Request, name: str, **kwargs: str) -> Response:
        named.source_of(name, what="productSet")
        return Response(catalogue.products(self.place(request), self.page(request), [name]))


class ProductsView(VisionView):
    """The objects of all collections that the shop opens."""

    post = refused("CreateProduct", _SAVE)

    def get(self, request: Request, **kwargs: str) -> Response:
        return Response(catalogue.products(self.place(request), self.page(request), list(named.names())))


class ProductView(VisionView):
    """One object."""

    patch = refused("UpdateProduct", _SAVE)
    delete = refused("DeleteProduct", "delete or unpublish the object in the shop")

    def get(self, request: Request, product: str, **kwargs: str) -> Response:
        self.parameters(request)
        return Response(catalogue.product(self.place(request), product))


class ReferenceImagesView(VisionView):
    """The pictures of one object."""

    post = refused("CreateReferenceImage", "save the picture with its object in the shop")

    def get(self, request: Request, product: str, **kwargs: str) -> Response:
        return Response(catalogue.reference_images(self.place(request), product, self.page(request)))


class ReferenceImageView(VisionView):
    """One picture."""

    delete = refused("DeleteReferenceImage", "delete the picture in the shop")

    def get(self, request: Request, product: str, image: str, **kwargs: str) -> Response:
        self.parameters(request)
        return Response(catalogue.reference_image(self.place(request), product, image))


class ImportView(VisionView):
    """`productSets:import`."""

    post = refused("ImportProductSets", "import the file into the shop's own models")


class PurgeView(VisionView):
    """`products:purge`."""

    post = refused("PurgeProducts", "delete the objects in the shop")


class NoVisionView(VisionView):
    """Whatever else Google's Vision offers: files, other features, long operations."""

    def get(self, request: Request, **kwargs: str) -> Response:
        raise Http404(f"There is nothing at {request.path}: of Vision, this shop answers Product Search alone.")

    def post(self, request: Request, **kwargs: str) -> Response:
        raise NotOffered(
            f"{request.path} isn't offered here: of Vision, this shop answers images:annotate with PRODUCT_SEARCH, and the "
            "lists of productSets, products and referenceImages."
        )

    put = patch = delete = post


# --- InstantSearch ------------------------------------------------------------------------------


class InstantSearchView(SearchAPIView):
    """A method of Algolia's Search API, with errors as its clients read them."""

    key_headers = ("X-Algolia-API-Key",)

    def get_exception_handler(self) -> Callable[..., Any]:
        return refusals.algolia


class QueriesView(InstantSearchView):
    """Several questions at once, as InstantSearch asks them."""

    def post(self, request: Request) -> Response:
        body = bodies.read(request, most=_WORDS_BYTES)
        self.charge(request, bodies.count(body) - 1)
        return _private(multisearch.answer(body, _language(request)))


class QueryView(InstantSearchView):
    """One question of one index."""

    def post(self, request: Request, index: str) -> Response:
        body = bodies.read(request, most=_WORDS_BYTES)
        if not isinstance(body, dict):
            raise BadInput(f"The body is {bodies.shown(body)}; it must be an object.", field="body")
        asked = {"requests": [{**body, "indexName": index}]}
        return _private(multisearch.answer(asked, _language(request))["results"][0])


class NoIndexView(InstantSearchView):
    """Whatever else Algolia offers: writes, settings, rules, keys."""

    def get(self, request: Request) -> Response:
        raise NotOffered(
            f"{request.path} isn't offered here. This shop answers POST 1/indexes/*/queries and 1/indexes/INDEX/query; "
            f"its index is kept up by itself: {_SAVE}."
        )

    post = put = patch = delete = get
