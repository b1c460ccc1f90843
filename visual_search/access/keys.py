"""Who may come in: the key of a request, whether it is good for what is asked, and what needs none."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from django.http import HttpRequest

from visual_search.conf import conf
from visual_search.errors import BadInput, said
from visual_search.models import ApiKey, Scope

BEGIN = "vs_"
LONGEST = 200  # characters; a longer one is none of ours, and isn't hashed
SEND = said("Send it as `Authorization: Bearer vs_...` or as `X-Api-Key`.")
_STATES = {"revoked": said("revoked"), "expired": said("expired")}


def admit(
    request: HttpRequest, scope: Scope | None, *, from_pages: bool = False, headers: Sequence[str] = ()
) -> ApiKey | None:
    """The key of this request, good for `scope`; None where it comes without one and needs none. Raises BadInput (401, 403).

    `scope`: None for what is open to all. `from_pages`: the shop's own pages ask here, without a key. `headers`: others in which
    clients of this address send a key.
    """
    secret = _sent(request, headers)
    if not secret:
        if scope is not None and conf.API_KEYS_REQUIRED and not (from_pages and is_of_own_page(request)):
            raise _refusal(401, "key_required", said("This shop's API asks for a key. %(send)s", send=SEND))
        return None
    key = ApiKey.objects.of(secret) if len(secret) <= LONGEST else None
    # Nothing of what was sent is quoted: it may be a key with a slip in it, and answers are logged.
    if key is None:
        raise _refusal(401, "key_unknown", said("This shop has no such key, or it was rotated. %(send)s", send=SEND))
    if key.state != "active":
        raise _refusal(
            401,
            f"key_{key.state}",
            said(
                "The key %(prefix)s is %(state)s. Ask the shop for another one.",
                prefix=key.prefix,
                state=_STATES.get(key.state, key.state),
            ),
        )
    _check_origin(request, key)
    if scope is not None and scope not in key.scopes:
        raise _refusal(
            403,
            "key_scope",
            said(
                "The key %(prefix)s is good for %(known)s; this needs '%(scope)s'.",
                prefix=key.prefix,
                known=", ".join(key.scopes),
                scope=scope.value,
            ),
        )
    key.note_use()
    return key


def is_of_own_page(request: HttpRequest) -> bool:
    """Whether a browser says that a page of this very host asks. Pages of other sites can't say so; a program may."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    # Browsers leave that header out where there is no TLS.
    came_from = request.headers.get("Origin") or request.headers.get("Referer") or ""
    try:
        return urlsplit(came_from).netloc == request.get_host()
    except ValueError:  # no address at all
        return False


def _sent(request: HttpRequest, headers: Sequence[str]) -> str:
    """The key in the headers, never in the address: addresses are logged."""
    if given := request.headers.get("X-Api-Key", "").strip():
        return given
    scheme, _, rest = request.headers.get("Authorization", "").strip().partition(" ")
    # What else stands there is for others: a proxy that asks for a password, or the shop's own accounts.
    if scheme.lower() == "bearer" and rest.strip().startswith(BEGIN):
        return rest.strip()
    others = (request.headers.get(name, "").strip() for name in headers)
    return next((other for other in others if other.startswith(BEGIN)), "")


def _check_origin(request: HttpRequest, key: ApiKey) -> None:
    if not key.origins:
        return
    origin = request.headers.get("Origin")
    if origin in key.origins or (origin is None and request.headers.get("Sec-Fetch-Site") == "same-origin"):
        return
    raise _refusal(
        403,
        "key_origin",
        said(
            "The key %(prefix)s is for pages of %(known)s alone; the browser names the page in `Origin`.",
            prefix=key.prefix,
            known=", ".join(key.origins),
        ),
    )


def _refusal(status: int, code: str, message: str) -> BadInput:
    return BadInput(message, status=status, code=code, field="Authorization")
