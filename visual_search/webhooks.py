"""Tells other programs what happened, as Standard Webhooks say: https://www.standardwebhooks.com.

signature = base64(HMAC-SHA256(secret, id.timestamp.body))
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from visual_search.errors import BadInput, said
from visual_search.querying.public_addresses import is_public

SECONDS = 10.0  # for the whole call
PREFIX = "whsec_"
Resolve = Callable[[str, int], Sequence[str]]


def secret_of(key: str, receiver: str) -> str:
    """The secret of a receiver, made of the shop's own key: nothing of it is stored, and another SECRET_KEY gives another one."""
    made = hmac.new(key.encode(), receiver.encode(), hashlib.sha256).digest()
    return PREFIX + base64.b64encode(made).decode()


def signature(secret: str, id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = hmac.new(key, f"{id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def send(url: str, body: bytes, *, id: str, secret: str, insecure: bool = False, resolve: Resolve | None = None) -> int:
    """POST the message; returns the status of the answer. `insecure`: http and addresses of the own network are allowed.

    The name is resolved once, and the connection goes to an address that was checked, so that no name leads into the shop's own
    network. Raises BadInput for an address that may not be told, and OSError where nobody answers.
    """
    parts = urlsplit(url)
    scheme, host = parts.scheme.lower(), parts.hostname or ""
    if not host or scheme not in (("http", "https") if insecure else ("https",)):
        raise BadInput(said("webhook is '%(url)s'; it must begin with https://.", url=url[:200]), field="webhook_url")
    port = parts.port or (443 if scheme == "https" else 80)
    addresses = (resolve or _resolved)(host, port)
    if not addresses or not (insecure or all(map(is_public, addresses))):
        raise BadInput(
            said("webhook leads to '%(host)s', which is no address of the public internet.", host=host[:200]),
            field="webhook_url",
        )
    now = int(time.time())
    headers = {
        "Host": parts.netloc.rpartition("@")[2],
        "Content-Type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": str(now),
        "webhook-signature": signature(secret, id, now, body),
    }
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    connection.sock = socket.create_connection((addresses[0], port), SECONDS)
    try:
        if scheme == "https":
            connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=host)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, headers)
        return connection.getresponse().status
    except http.client.HTTPException as problem:
        raise OSError(f"{host} answered with something else than HTTP") from problem
    finally:
        connection.close()


def _resolved(host: str, port: int) -> Sequence[str]:
    return list(dict.fromkeys(str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
