"""What a request says about its client, and whether that client asks not to be logged. Nothing of it is stored."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse

from visual_search.access.addresses import address_of
from visual_search.access.wishes import opted_out
from visual_search.privacy.pseudonyms import client_material


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks. A pseudonym is made of `material`, which no repr shows."""

    material: str = field(repr=False)
    opted_out: bool


_asker: ContextVar[Asker | None] = ContextVar("visual_search_asker", default=None)


def asker() -> Asker | None:
    """Who asks in this request; None outside of a request or without the middleware."""
    return _asker.get()


def asker_of(request: HttpRequest) -> Asker:
    """Who asks, read from the request itself."""
    return Asker(
        material=client_material(
            address=address_of(request), user_agent=request.headers.get("User-Agent", ""), device_id=_device(request)
        ),
        opted_out=opted_out(request),
    )


def _device(request: HttpRequest) -> str:
    """The device's random id, if the storefront sends one because the shopper agreed to it; else ''."""
    given = request.headers.get("X-Device-Id", "")
    return given if 16 <= len(given) <= 64 and given.isascii() and given.isprintable() else ""


class QueryLogMiddleware:
    """Tells the log who asks while a request is answered. Works under WSGI and ASGI."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if iscoroutinefunction(self.get_response):
            return self._async(request)  # type: ignore[return-value]
        token = _asker.set(asker_of(request))
        try:
            return self.get_response(request)
        finally:
            _asker.reset(token)

    async def _async(self, request: HttpRequest) -> HttpResponse:
        token = _asker.set(asker_of(request))
        try:
            return await self.get_response(request)  # type: ignore[misc]
        finally:
            _asker.reset(token)
