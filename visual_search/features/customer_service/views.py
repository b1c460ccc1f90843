"""The shopper's pages: ask, read, say whether it helped, hand over to a person. They need no JavaScript."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from visual_search import registry
from visual_search.access import limits, pages
from visual_search.access.pages import limited
from visual_search.conf import conf
from visual_search.content import objects
from visual_search.errors import BadInput, Busy, TooOften
from visual_search.features.customer_service import articles, cases, photos, scopes
from visual_search.features.customer_service.answering import Answered, Asked, ask
from visual_search.features.customer_service.forms import HandOverForm
from visual_search.features.customer_service.models import ServiceCase
from visual_search.features.customer_service.options import options
from visual_search.features.customer_service.search import COLLECTION
from visual_search.querying import callers, parsing, tokens, uploads
from visual_search.translating import in_words
from visual_search.types import QueryPicture

LABEL = "visual_search_customer_service"
_CASE_COSTS = 15  # of the limit "write": an address may hand over twenty cases a minute, as several behind one may


# Nothing is changed here, so Django needn't read a form that somebody sends to look for a token in it.
@csrf_exempt
@require_safe
@ensure_csrf_cookie
def start(request: HttpRequest) -> HttpResponse:
    """The page that asks what is wrong; `?product=` says with which product."""
    product = scopes.product(request.GET.get("product", ""), get_language())
    return _page(request, "ask.html", {"product": product})


@uploads.in_memory
@require_POST
def answer(request: HttpRequest) -> HttpResponse:
    """What the owner's articles say about it, or the way to a person."""
    try:
        limits.spend("search", request)
        with callers.of(request.META):
            asked, kept = _asked(request)
            answered = ask(asked)
    except TooOften as error:
        return pages.refusal(request, error)
    except (BadInput, Busy) as error:
        product = scopes.product(request.POST.get("product", ""), get_language())
        status = error.status if isinstance(error, BadInput) else 503
        context = {"product": product, "described": request.POST.get("words", ""), "fault": in_words(error)}
        return _page(request, "ask.html", context, status=status)
    return _page(request, "answer.html", _context(asked, answered, kept))


def _asked(request: HttpRequest) -> tuple[Asked, str]:
    """The question, and its photo in base64 for the form that may send it along; "" without one."""
    words = parsing.words(request.POST.get("words", ""))
    picture: QueryPicture | None = None
    kept = request.POST.get("kept", "")
    photo = request.FILES.get("photo")
    if isinstance(photo, UploadedFile):
        limits.spend("search", request, cost=limits.PHOTO - 1)
        picture = uploads.uploaded(photo)
        if picture.image is not None:
            kept = base64.b64encode(photos.kept(picture.image)).decode() if photos.are_taken() else ""
    elif token := request.POST.get("photo_token", ""):
        picture = tokens.photo_from_token(token)
    if not words and picture is None:
        raise BadInput(_("Write what is wrong, or add a photo of it."), field="words")
    asked = Asked(words, picture, request.POST.get("product", "")[:200], get_language() or "")
    return asked, kept if picture is not None else ""


def _context(asked: Asked, answered: Answered, kept: str) -> dict[str, Any]:
    product = answered.product
    shown = [one.article.pk for one in answered.answers]
    initial = {
        "words": asked.words,
        "product": product.id if product else "",
        "shown": ",".join(map(str, shown)),
        "kept": kept,
    }
    to_a_person = any(one.article.to_a_person for one in answered.answers)
    return {
        "described": asked.words,  # The search box of the shop's pages reads `words`.
        "shown": initial["shown"],
        "kept": kept,
        "answered": answered,
        "product": product,
        "others": [one for one in answered.products if product is None or one.id != product.id],
        "token": tokens.photo_token(answered.photo),
        "form": HandOverForm(initial=initial),
        "open": answered.nothing_close or to_a_person,
        "takes_photos": photos.are_taken(),
        "photo_days": options().photo_days,
    }


@limited("write")
@uploads.in_memory
@require_POST
def helped(request: HttpRequest) -> HttpResponse:
    """ "Did this help?" Yes is counted; no is counted, too, and leads to the form. The button's value is the article."""
    yes = "yes" in request.POST
    number = request.POST.get("yes" if yes else "no", "")
    source = registry.source(COLLECTION)
    article = objects.objects_by_id(source, [number]).get(number)
    if article is None:
        return _page(
            request, "ask.html", {"fault": _("That article isn't there any more. Please ask again.")}, status=404
        )
    articles.note_help(article, yes)
    if yes:
        return _page(request, "thanks.html", {})
    names = ("words", "product", "shown", "kept")
    form = HandOverForm(initial={name: request.POST.get(name, "") for name in names})
    return _hand_over_page(request, form)


@uploads.in_memory
@require_POST
def hand_over(request: HttpRequest) -> HttpResponse:
    """A case is opened; mail and webhook follow."""
    try:
        limits.spend("write", request, cost=_CASE_COSTS)
    except TooOften as error:
        return pages.refusal(request, error)
    form = HandOverForm(request.POST, request.FILES)
    try:
        if not form.is_valid():
            return _hand_over_page(request, form, status=400)
        case = cases.open_case(form.handed_over())
    except (BadInput, Busy) as error:
        form.add_error(None, in_words(error))
        return _hand_over_page(request, form, status=400)
    return redirect("customer_service:case", case.token)


def _hand_over_page(request: HttpRequest, form: HandOverForm, status: int = 200) -> HttpResponse:
    product = scopes.product(str(form["product"].value() or ""), get_language())
    context = {
        "form": form,
        "product": product,
        "kept": form["kept"].value() or "",
        "takes_photos": photos.are_taken(),
        "photo_days": options().photo_days,
    }
    return _page(request, "hand_over.html", context, status=status)


@csrf_exempt
@require_safe
@ensure_csrf_cookie
def case(request: HttpRequest, token: UUID) -> HttpResponse:
    """Where the shopper's case stands. Whoever has the address may see it, so it shows neither words nor mail address."""
    found = get_object_or_404(ServiceCase, token=token)
    return _page(request, "case.html", {"case": found, "photo": getattr(found, "photo", None)})


@limited("write")
@uploads.in_memory
@require_POST
def withdraw_photo(request: HttpRequest, token: UUID) -> HttpResponse:
    """The shopper wants the photo gone now."""
    found = get_object_or_404(ServiceCase, token=token)
    cases.withdraw_photo(found)
    return redirect("customer_service:case", token)


def _page(request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    response = render(request, f"{LABEL}/{name}", {"base_template": conf.BASE_TEMPLATE, **context}, status=status)
    response["Cache-Control"] = "private, no-store"
    return response
