"""What programs ask: what the owner's articles say about a fault. Nothing is invented, and a case is opened on the page alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import translation
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from visual_search.access import limits
from visual_search.api import shapes
from visual_search.api.base import SearchAPIView, json_of
from visual_search.api.openapi import operation
from visual_search.api.schemas import Problem
from visual_search.conf import conf
from visual_search.errors import BadInput, said
from visual_search.features.customer_service import scopes
from visual_search.features.customer_service.answering import Answer, Answered, Asked, ask
from visual_search.features.customer_service.kinds import Danger, HelpKind, Sureness
from visual_search.features.customer_service.scopes import Product
from visual_search.querying import parsing, uploads

_Fields = dict[str, serializers.Field[Any, Any, Any, Any]]
_KNOWN = ("q", "product", "image", "lang")
_REASONS = ("code", "words", "looks")
_BESIDE_PHOTO = 64 * 1024  # bytes of the body beside the photo


class HelpBody(serializers.Serializer[Any]):
    """Words, a photo, or both; and which product it is about."""

    closed = True

    def get_fields(self) -> _Fields:
        id: shapes.Shape = {"anyOf": [{"type": "string", "maxLength": 200}, {"type": "integer"}], "nullable": True}
        return {
            "q": serializers.CharField(required=False, allow_blank=True, help_text="What is wrong, in any language."),
            "product": shapes.Shaped(id, "Id of the product; left out, the photo may say which it is."),
            "image": serializers.CharField(
                required=False, help_text="A photo of it as base64: JPEG, PNG or WebP. It is not stored."
            ),
            "lang": shapes.language("The language of the answer; default that of the request.", in_json=True),
        }


class HelpProduct(serializers.Serializer[Any]):
    id = serializers.CharField()
    title = serializers.CharField()
    url = serializers.CharField()


class HelpPictureShown(serializers.Serializer[Any]):
    url = serializers.CharField()
    alt = serializers.CharField()


class HelpAnswer(serializers.Serializer[Any]):
    """What the owner wrote, word for word."""

    id = serializers.CharField()
    kind = serializers.ChoiceField(HelpKind.values)
    grade = serializers.ChoiceField(
        Sureness.values, help_text="`code`: this very display code. `close`: fits well. `likely`: may fit."
    )
    because = serializers.ChoiceField(list(_REASONS), help_text="What speaks for it.")
    title = serializers.CharField()
    body = serializers.CharField(help_text="Plain text; an empty line begins a new paragraph.")
    language = serializers.CharField(help_text="In which it is written, which may be another one than was asked for.")
    pictures = HelpPictureShown(many=True)


class HelpDanger(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(Danger.values)
    advice = serializers.CharField(help_text="To be shown at once, before anything else.")


class HelpAnswers(serializers.Serializer[Any]):
    product = HelpProduct(allow_null=True, help_text="The one that was asked about, or that the photo shows clearly.")
    recognised = serializers.BooleanField(help_text="Whether the photo said which product it is.")
    products = HelpProduct(many=True, help_text="What the photo may show, the likeliest first.")
    danger = HelpDanger(allow_null=True, help_text="Then nothing was searched: a person is to be asked at once.")
    answers = HelpAnswer(many=True, help_text="Three at most, the nearest first; none where nothing is close.")
    nothing_close = serializers.BooleanField()
    hand_over = serializers.CharField(help_text="The page on which a person takes over.")
    degraded = serializers.ListField(
        child=serializers.CharField(), help_text="`search`: it failed, so a person is to be asked."
    )


class HelpView(SearchAPIView):
    """What the owner's articles say about a fault or a question, with the grade of each. It quotes them and invents nothing."""

    @operation(
        "help",
        body={"application/json": HelpBody},
        answers={200: HelpAnswers, 400: Problem, 404: Problem, 413: Problem, 415: Problem, 503: Problem},
    )
    def post(self, request: Request) -> Response:
        most = conf.PICTURE_MAX_BYTES * 4 // 3 + _BESIDE_PHOTO
        too_large = said("The body is over %(most)s bytes; send a smaller photo.", most=most)
        given = json_of(request, most=most, too_large=too_large)
        asked = self._asked(given)
        response = Response(_to_json(ask(asked)))
        # What was asked may say who asks.
        response["Cache-Control"] = "private, no-store"
        return response

    def _asked(self, given: object) -> Asked:
        if not isinstance(given, Mapping):
            raise BadInput(said('The body must be an object, such as {"q": "drawer jams"}.'), field="body")
        parsing.refuse_unknown(given, _KNOWN)
        words = parsing.words(parsing.text(given.get("q"), field="q"))
        language = parsing.language(parsing.text(given.get("lang"), field="lang")) or translation.get_language() or ""
        image = parsing.text(given.get("image"), field="image")
        if not words and not image:
            raise BadInput(said("Send words as `q`, or a photo as `image`."), field="q")
        picture = None
        if image:
            self.charge(self.request, limits.PHOTO - 1)
            picture = uploads.photo_from_base64(image)
        return Asked(words, picture, _product(given.get("product"), language), language)


def _product(given: object, language: str) -> str:
    if given is None or given == "":
        return ""
    if isinstance(given, bool) or not isinstance(given, str | int) or len(str(given)) > 200:
        raise BadInput(
            said("product is %(value)s; it must be the id of a product.", value=repr(given)[:60]), field="product"
        )
    if scopes.product(str(given), language) is None:
        raise BadInput(
            said("There is no product '%(like)s'. Take an id from an earlier answer.", like=str(given)[:60]),
            field="product",
            status=404,
        )
    return str(given)


def _to_json(answered: Answered) -> dict[str, Any]:
    product, danger = answered.product, answered.warned
    page = reverse("customer_service:start")
    return {
        "product": _product_json(product) if product else None,
        "recognised": answered.recognised,
        "products": [_product_json(one) for one in answered.products],
        "danger": {"kind": danger.kind.value, "advice": danger.advice} if danger else None,
        "answers": [_answer_json(one) for one in answered.answers],
        "nothing_close": answered.nothing_close,
        "hand_over": f"{page}?{urlencode({'product': product.id})}" if product else page,
        "degraded": list(answered.degraded),
    }


def _product_json(product: Product) -> dict[str, str]:
    return {"id": product.id, "title": product.title, "url": product.url}


def _answer_json(answer: Answer) -> dict[str, Any]:
    return {
        "id": str(answer.article.pk),
        "kind": answer.article.kind,
        "grade": answer.sureness.value,
        "because": answer.because,
        "title": answer.text.title,
        "body": answer.text.body,
        "language": answer.text.language,
        "pictures": [{"url": one.file.url, "alt": one.alt} for one in answer.article.pictures.all()],
    }
