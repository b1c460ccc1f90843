"""Passwords aren't found by trying: attempts to sign in are counted for their address and for the name that is tried.

    path("admin/login/", limited_login(admin.site.login)),  # before admin.site.urls

Whoever tries a name again and again would lock its owner out. So a browser in which that name has signed in before keeps a
signed mark, and its attempts are counted by themselves. Neither address nor name is kept, but keyed hashes of them.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from visual_search.access import limits, pages
from visual_search.access.addresses import network_of
from visual_search.errors import TooOften
from visual_search.privacy.pseudonyms import keyed_hash

KNOWN = "vs-signed-in-before"  # the cookie
KNOWN_SECONDS = 90 * 24 * 3600
LONGEST_NAME = 254  # characters; no account has a longer one
_signer = TimestampSigner(salt="visual_search.access.logins")


def limited_login(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view for signing in, such as `admin.site.login`, with a limit to attempts (`LIMITS`: `login`)."""

    @functools.wraps(view)
    def wrapper(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        name = _name(request)
        try:
            _count(request, name)
        except TooOften as error:
            said = _("There were too many attempts to sign in. Please try again in %(wait)s.")
            return pages.refusal(request, error, said % {"wait": pages.wait(error)})
        response = view(request, *args, **kwargs)
        if name and 300 <= response.status_code < 400:  # The form was right, so it leads on.
            response.set_cookie(
                KNOWN,
                _signer.sign(name),
                max_age=KNOWN_SECONDS,
                path=request.path,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response

    return wrapper


def _count(request: HttpRequest, name: str) -> None:
    rate = limits.rate_of("login")
    if network := network_of(request):
        limits.spend_for("login", f"from {network}", rate)
    if name:
        where = "known" if _is_known(request, name) else "anywhere"
        limits.spend_for("login", f"{where} {name}", rate)


def _name(request: HttpRequest) -> str:
    """A keyed hash of the name that is tried, the same in whatever way it is written; "" without one."""
    typed = unicodedata.normalize("NFKC", request.POST.get("username", ""))[:LONGEST_NAME].casefold().strip()
    return keyed_hash(settings.SECRET_KEY, "login name", typed).hex()[:32] if typed else ""


def _is_known(request: HttpRequest, name: str) -> bool:
    try:
        return _signer.unsign(request.COOKIES.get(KNOWN, ""), max_age=KNOWN_SECONDS) == name
    except BadSignature:
        return False
