"""Whether whoever asked still waits for the answer.

WSGI doesn't tell when a client closes its connection. gunicorn hands its socket on, and there one can look; behind a proxy
such as nginx, which closes its own connection then, it works likewise. Other servers don't, and everybody counts as waiting.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_connection: ContextVar[socket.socket | None] = ContextVar("visual_search_connection", default=None)


@contextmanager
def of(environ: Mapping[str, Any]) -> Iterator[None]:
    """Inside, `has_gone` speaks of the client whose request this is. `environ`: of WSGI, as in `request.META`."""
    given = environ.get("gunicorn.socket")
    token = _connection.set(given if isinstance(given, socket.socket) else None)
    try:
        yield
    finally:
        _connection.reset(token)


def has_gone() -> bool:
    """Whether the client has closed its connection. Never waits, and takes nothing from what the client still sends."""
    connection = _connection.get()
    if connection is None:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except (BlockingIOError, InterruptedError):
        return False  # Open, and silent as it should be.
    except ValueError:
        return False  # A TLS socket can't be looked into so.
    except OSError:
        return True
