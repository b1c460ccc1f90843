"""From the client's errors to ours, in words that say what to do. Request bodies are never part of a message or a log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from elasticsearch import (
    ApiError,
    AuthenticationException,
    AuthorizationException,
    NotFoundError,
    TransportError,
    UnsupportedProductError,
)

from visual_search.engines.refusals import no_index
from visual_search.errors import EngineUnavailable, SchemaMismatch

_BUSY = {429: 10, 502: 5, 503: 5, 504: 5}  # status -> seconds until a new try makes sense


@contextmanager
def readable(collection: str = "") -> Iterator[None]:
    """Raises EngineUnavailable, IndexMissing or SchemaMismatch for whatever the client raises inside."""
    try:
        yield
    except NotFoundError as error:
        if kind_of(error) == "search_context_missing_exception":
            raise EngineUnavailable("The reading took too long, so Elasticsearch closed it. Start it again.") from error
        raise no_index(collection) from error
    except (AuthenticationException, AuthorizationException) as error:
        raise EngineUnavailable(
            f"Elasticsearch refuses our credentials or rights ({error.status_code}). Check ELASTICSEARCH_API_KEY.",
            retry_after=60,
        ) from error
    except UnsupportedProductError as error:
        raise EngineUnavailable(
            "What answers at ELASTICSEARCH_URL isn't Elasticsearch, or the client's major version isn't the server's.",
            retry_after=60,
        ) from error
    except ApiError as error:
        if error.status_code in _BUSY:
            raise EngineUnavailable(
                f"Elasticsearch is busy or has no shard ready ({error.status_code}).",
                retry_after=_BUSY[error.status_code],
            ) from error
        if kind_of(error) == "media_type_header_exception":
            raise EngineUnavailable(
                "The Python client's major version isn't the server's. For a server of version 8: "
                "`pip install 'elasticsearch>=8.19,<9'`.",
                retry_after=60,
            ) from error
        if error.status_code == 400:
            raise SchemaMismatch(
                f"The index of '{collection}' doesn't fit the request ({kind_of(error)}). Run `manage.py visual_search rebuild`."
            ) from error
        raise EngineUnavailable(f"Elasticsearch answered {error.status_code} ({kind_of(error)}).") from error
    except TransportError as error:
        # Its text may name hosts and ports, never a body.
        raise EngineUnavailable(f"Elasticsearch can't be reached: {type(error).__name__}.") from error


def kind_of(error: ApiError) -> str:
    """The error's type; its reason may quote what a shopper sent. Some replies have a text instead of an object."""
    body = error.body
    cause = body.get("error") if isinstance(body, dict) else None
    if isinstance(cause, dict):
        roots = cause.get("root_cause") or [cause]
        return str(roots[0].get("type", "unknown"))
    return "unknown"


def kind_in(reply: Mapping[str, Any]) -> str:
    """The error's type in one item of a reply that is good as a whole: a bulk action, or a search among several."""
    error = reply.get("error", {})
    return str(error.get("type", "unknown")) if isinstance(error, dict) else "unknown"
