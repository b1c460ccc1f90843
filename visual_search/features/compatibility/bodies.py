"""Reads a JSON body under limits, and says which part of it can't be used."""

from __future__ import annotations

import codecs
import json
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from django.http import HttpRequest
from rest_framework.request import Request

from visual_search.errors import BadInput

_DEEPEST = 16  # levels; the deepest body that either service describes has eight


def read(request: Request, *, most: int) -> Any:
    """The JSON of the body, whatever its Content-Type says: one of these clients sends JSON as text/plain.

    `most`: bytes. Raises BadInput for a body that is empty, too large, not in UTF-8, no JSON, or nested too deeply.
    """
    sent = request._request
    if sent.encoding and codecs.lookup(sent.encoding).name not in ("utf-8", "ascii"):
        raise BadInput(f"The body is in {sent.encoding[:40]}; send it in UTF-8.", field="body", code="charset")
    try:
        body = json.loads(_bytes(sent, most), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"The body is no valid JSON ({str(error)[:80]}).", field="body") from None
    if _deeper(body, _DEEPEST):
        raise BadInput(f"The body is nested deeper than {_DEEPEST} levels.", field="body")
    return body


def _bytes(sent: HttpRequest, most: int) -> bytes:
    """What was sent, also in chunks without a Content-Length, as algoliasearch does under Node."""
    length = sent.META.get("CONTENT_LENGTH") or ""
    if length.isdecimal() and int(length) > most:
        raise _too_large(f"{int(length):,}", most)
    # Django reads as many bytes under WSGI as the Content-Length says, so none without one. A server that decodes chunks
    # says that its input ends by itself.
    ends = not length and sent.META.get("wsgi.input_terminated")
    data: bytes = (sent.META["wsgi.input"] if ends else sent).read(most + 1)
    if len(data) > most:
        raise _too_large(f"over {most:,}", most)
    if not data:
        raise BadInput("The body is empty; send JSON, with its Content-Length.", field="body", code="empty_body")
    return data


def _too_large(bytes_: str, most: int) -> BadInput:
    return BadInput(
        f"The body has {bytes_} bytes; at most {most:,} are read.", field="body", code="too_large", status=413
    )


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _deeper(value: Any, left: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(left == 0 or _deeper(part, left - 1) for part in inner)


def count(body: Any) -> int:
    """How many questions a body asks at once, as far as it is well formed: each counts for the limits."""
    requests = body.get("requests") if isinstance(body, dict) else body
    return len(requests) if isinstance(requests, list) else 1


def shown(value: object) -> str:
    """A value as an error quotes it."""
    return repr(value)[:80]


def clean(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON can smuggle in and no answer can write out."""
    return text.encode("utf-8", "replace").decode()


def fields(value: Any, known: Collection[str], where: str) -> Mapping[str, Any]:
    """An object of a protocol buffer in JSON: names in camelCase or in snake_case, and null as if it weren't there.

    Raises BadInput for anything but an object, and for a name that isn't `known`.
    """
    if not isinstance(value, dict):
        raise BadInput(f"{where} is {shown(value)}; it must be an object.", field=where)
    found = {}
    for name, part in value.items():
        camel = _camel(name)
        if camel not in known:
            path = f"{where}.{name[:60]}"
            raise BadInput(f'Unknown name "{name[:60]}" at {where}. Known: {", ".join(known)}.', field=path)
        if part is not None:
            found[camel] = part
    return found


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in others)


def text(value: Any, where: str) -> str:
    """The text that a field holds; "" for null. Raises BadInput for anything else."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadInput(f"{where} is {shown(value)}; it must be a text.", field=where)
    return value


def items(value: Any, where: str, *, most: int) -> list[Any]:
    """The list that a field holds; empty for null. Raises BadInput for anything else and for more than `most`."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadInput(f"{where} is {shown(value)}; it must be a list.", field=where)
    if len(value) > most:
        raise BadInput(f"{where} has {len(value)} entries; at most {most} are answered at once.", field=where)
    return value
