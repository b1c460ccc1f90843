"""What a browser asks of whoever might note what it does."""

from __future__ import annotations

from django.http import HttpRequest


def opted_out(request: HttpRequest) -> bool:
    """Whether the client asks not to be logged: by Global Privacy Control or Do Not Track, which count if they are exactly
    "1", or by `X-Privacy: nolog`, which the shop's own consent banner may send. The standard of GPC speaks only of selling
    and sharing data; it is read more strictly here.
    """
    headers = request.headers
    wishes = {part.strip().lower() for part in headers.get("X-Privacy", "").split(",")}
    return headers.get("Sec-GPC") == "1" or headers.get("DNT") == "1" or "nolog" in wishes
