"""Which language a request is answered in: that of its address, else the chosen one, else what the browser asks for.

The choice lies in Django's own cookie. Whoever is signed in keeps it with the account too, and each browser in which the account
signs in takes it over. So no request reads the session or the database to know its language.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from catalog.languages.addresses import language_in
from catalog.languages.models import AccountLanguage


class LanguageMiddleware(LocaleMiddleware):
    """In place of Django's own, which knows no address that goes by the visitor's choice once others name a language."""

    def process_request(self, request: HttpRequest) -> None:
        named = language_in(request.path_info)
        translation.activate(named or translation.get_language_from_request(request))
        request.LANGUAGE_CODE = translation.get_language()

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Content-Language", translation.get_language())
        named = language_in(request.path_info)
        if not named:
            patch_vary_headers(response, ("Accept-Language", "Cookie"))
        # What has no language in its address goes on in the one that was read last: links of the main language, suggestions.
        # A view that sets the cookie itself, such as `choose`, has its say.
        elif (
            settings.LANGUAGE_COOKIE_NAME not in response.cookies
            and translation.get_language_from_request(request) != named
        ):
            remember(response, named)
        if taken_over := getattr(request, "language_of_account", ""):
            remember(response, taken_over)
        return response


def remember(response: HttpResponseBase, language: str) -> None:
    """Have this browser ask in this language from now on."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        path=settings.LANGUAGE_COOKIE_PATH,
        domain=settings.LANGUAGE_COOKIE_DOMAIN,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,
    )


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Django's `set_language`, which also keeps the choice with the account of whoever is signed in."""
    response = set_language(request)
    language = request.POST.get("language", "")
    if request.user.is_authenticated and language in dict(settings.LANGUAGES):
        AccountLanguage.objects.update_or_create(user=request.user, defaults={"language": language})
    return response


@receiver(user_logged_in, dispatch_uid="catalog.languages.take_over")
def take_over(request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """The browser in which somebody signs in goes on in the language that the account has chosen."""
    if request is not None:
        chosen = AccountLanguage.objects.filter(user=user).values_list("language", flat=True).first()
        request.language_of_account = chosen or ""  # type: ignore[attr-defined]
