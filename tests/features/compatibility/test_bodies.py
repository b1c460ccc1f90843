"""A body is read as servers hand it over: with its length, in chunks under WSGI, and under ASGI."""

from __future__ import annotations

import io
import json

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from rest_framework.request import Request

from visual_search.errors import BadInput
from visual_search.features.compatibility import bodies

BODY = json.dumps({"requests": ["é"]}, ensure_ascii=False).encode()


def wsgi(body: bytes, **environ) -> Request:
    given = {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "wsgi.input": io.BytesIO(body), **environ}
    return Request(WSGIRequest(given))


def asgi(body: bytes, *headers: tuple[bytes, bytes]) -> Request:
    scope = {"type": "http", "method": "POST", "path": "/", "headers": list(headers)}
    return Request(ASGIRequest(scope, io.BytesIO(body)))


@pytest.mark.parametrize(
    "request_",
    [
        wsgi(BODY, CONTENT_LENGTH=str(len(BODY))),
        wsgi(BODY, HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input_terminated": True}),
        asgi(BODY),
        asgi(BODY, (b"content-length", str(len(BODY)).encode())),
    ],
    ids=["length", "chunks", "asgi", "asgi with a length"],
)
def test_a_body_is_read_however_it_comes(request_) -> None:
    assert bodies.read(request_, most=100) == {"requests": ["é"]}


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (wsgi(BODY, CONTENT_LENGTH="5000"), "5,000 bytes; at most 10"),
        (wsgi(BODY, **{"wsgi.input_terminated": True}), "over 10 bytes"),
        (asgi(BODY), "over 10 bytes"),
        (wsgi(BODY), "empty"),
        (wsgi(b"", CONTENT_LENGTH="0"), "empty"),
        (asgi(b""), "empty"),
    ],
)
def test_a_body_that_is_too_large_or_empty_is_refused(request_, said) -> None:
    with pytest.raises(BadInput, match=said):
        bodies.read(request_, most=10)


@pytest.mark.parametrize(("depth", "read"), [(16, True), (17, False)])
def test_a_body_may_be_so_deep(depth, read) -> None:
    body = b"[" * depth + b"1" + b"]" * depth
    if read:
        assert bodies.read(asgi(body), most=100)
    else:
        with pytest.raises(BadInput, match="nested deeper than 16 levels"):
            bodies.read(asgi(body), most=100)


def test_names_are_those_of_a_protocol_buffer_in_either_form() -> None:
    given = {"product_set": "a", "filter": None, "boundingPoly": {}}
    assert bodies.fields(given, ("productSet", "filter", "boundingPoly"), "params") == {
        "productSet": "a",
        "boundingPoly": {},
    }
    with pytest.raises(BadInput, match='Unknown name "productset" at params') as refused:
        bodies.fields({"productset": 1}, ("productSet",), "params")
    assert refused.value.field == "params.productset"
