"""`openapi.json`: our own document, of our views alone. Nothing that a shop sets for the document of its API has a part in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

from django.urls import get_script_prefix
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.schemas.generators import EndpointEnumerator

from visual_search.access import keys
from visual_search.api import shapes
from visual_search.api.base import PlainJSONRenderer, SearchAPIView
from visual_search.api.problems import ProblemRenderer
from visual_search.api.schemas import Problem
from visual_search.conf import conf
from visual_search.models import Scope

Fields = type[serializers.Serializer[Any]]
Said = Fields | tuple[Fields, ...] | str
_Field = serializers.Field[Any, Any, Any, Any]
_Method = TypeVar("_Method", bound=Callable[..., Any])

# The first that fits counts, so a class stands before those that it is made from.
_TYPES: tuple[tuple[type, dict[str, Any]], ...] = (
    (serializers.UUIDField, {"type": "string", "format": "uuid"}),
    (serializers.DateTimeField, {"type": "string", "format": "date-time"}),
    (serializers.FileField, {"type": "string", "format": "binary"}),
    (serializers.ChoiceField, {"type": "string"}),
    (serializers.CharField, {"type": "string"}),
    (serializers.BooleanField, {"type": "boolean"}),
    (serializers.IntegerField, {"type": "integer"}),
    (serializers.FloatField, {"type": "number", "format": "double"}),
    (serializers.ListField, {"type": "array"}),
    (serializers.DictField, {"type": "object"}),
    (serializers.JSONField, {}),
)

_KEYS: dict[str, dict[str, str]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key of this shop: `vs_...`."},
    "header": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Api-Key",
        "description": "The same in a header of its own.",
    },
}
_RETRY_AFTER: dict[str, Any] = {"description": "In how many seconds to ask again.", "schema": {"type": "integer"}}
# In every answer of an address with a limit, where requests are counted.
_LIMITS: dict[str, Any] = {
    name: {"description": text, "schema": {"type": "integer"}}
    for name, text in {
        "RateLimit-Limit": "How much may be asked.",
        "RateLimit-Remaining": "How much is left.",
        "RateLimit-Reset": "In how many seconds it begins anew.",
    }.items()
}
_OF_PROBLEMS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}},
    429: {"Retry-After": _RETRY_AFTER},
    503: {"Retry-After": _RETRY_AFTER},
}


@dataclass(frozen=True, slots=True)
class Operation:
    """What the document says of one method at one address."""

    id: str
    # Status -> the fields of the answer, several if it has one of them, or a sentence for an answer without a body.
    answers: Mapping[int, Said]
    body: Mapping[str, Fields] = field(default_factory=dict)  # by content type
    address: Fields | None = None  # the parameters after the question mark
    description: str = ""  # default: the docstring of the view


def operation(id: str, **said: Any) -> Callable[[_Method], _Method]:
    """Decorates a view's method with its `Operation`; a method without one isn't in the document."""

    def decorate(method: _Method) -> _Method:
        method.operation = Operation(id, **said)  # type: ignore[attr-defined] # Functions take attributes.
        return method

    return decorate


class OpenAPIView(SearchAPIView):
    """The document itself."""

    class Renderer(PlainJSONRenderer):
        media_type = "application/vnd.oai.openapi+json"

    renderer_classes = [PlainJSONRenderer, Renderer]
    scope = None
    may_be_throttled = False

    def get(self, request: Request) -> Response:
        return Response(document(getattr(request._request, "urlconf", None)))


def document(urlconf: Any = None) -> dict[str, Any]:
    """OpenAPI 3.0 of all our views that this URLconf includes, wherever it includes them."""
    components: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for path, method, view in sorted(
        _Endpoints(urlconf=urlconf).get_api_endpoints(), key=lambda endpoint: endpoint[:2]
    ):
        said: Operation = getattr(view.cls, method.lower()).operation
        paths.setdefault(path, {})[method.lower()] = _operation(said, path, view.cls, components)
    prefix = get_script_prefix().rstrip("/")
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Visual search",
            "version": _version(),
            "description": "Find products by a photo, by words in any language, or both. "
            + (f"A key is needed. {keys.SEND}" if conf.API_KEYS_REQUIRED else "No key is needed."),
        },
        # Addresses begin at the root of the server, if nothing is said; a project may be mounted below a path.
        **({"servers": [{"url": prefix}]} if prefix else {}),
        "paths": paths,
        "components": {"schemas": dict(sorted(components.items())), "securitySchemes": _KEYS},
    }


def _version() -> str:
    try:
        return version("django-visual-search")
    except PackageNotFoundError:  # A checkout that was never installed.
        return "0"


class _Endpoints(EndpointEnumerator):
    def should_include_endpoint(self, path: str, callback: Any) -> bool:
        return issubclass(getattr(callback, "cls", object), SearchAPIView)

    def get_allowed_methods(self, callback: Any) -> list[str]:
        return [
            method for method in ("GET", "POST") if hasattr(getattr(callback.cls, method.lower(), None), "operation")
        ]


def _operation(said: Operation, path: str, view: type[SearchAPIView], components: dict[str, Any]) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": _in_path(name, components)}
        for name in re.findall(r"{(\w+)}", path)
    ]
    parameters += _address(said.address, components) if said.address else ()
    content = {kind: {"schema": _reference(fields, components)} for kind, fields in said.body.items()}
    return {
        "operationId": said.id,
        "description": said.description or view.__doc__ or "",
        "security": _security(view.scope),
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": {"content": content, "required": True}} if content else {}),
        "responses": {
            str(status): _answer(status, fields, components, counted=view.may_be_throttled)
            for status, fields in sorted(_answers(said, view).items())
        },
    }


def _in_path(name: str, components: dict[str, Any]) -> dict[str, Any]:
    named = _schema(shapes.collection(""), components) if name == "collection" else {"type": "string"}
    return named if "enum" in named else {**named, "minLength": 1}


def _security(scope: Scope | None) -> list[dict[str, list[str]]]:
    """The ways in which a key may be sent; an empty one says that none is needed."""
    if scope is None:
        return []
    ways: list[dict[str, list[str]]] = [{name: []} for name in _KEYS]
    return ways if conf.API_KEYS_REQUIRED else [{}, *ways]


def _answers(said: Operation, view: type[SearchAPIView]) -> dict[int, Said]:
    """Those of the method, and those of the door before it: who doesn't take JSON, has no key or asks too often."""
    answers: dict[int, Said] = {**said.answers, 406: Problem}
    if view.scope is not None:
        answers |= {401: Problem, 403: Problem}
        # Keys are looked for in the database, which may be away.
        own = answers.get(503)
        answers[503] = Problem if own in (None, Problem) else (own, Problem)  # type: ignore[assignment] # No text.
    if view.may_be_throttled:
        answers[429] = Problem
    return answers


def _address(fields: Fields, components: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name, one in fields().get_fields().items():
        schema = _schema(one, components)
        described = {"description": schema.pop("description")} if "description" in schema else {}
        yield {
            "name": name,
            "in": "query",
            **described,
            # A field of a form that was left empty is the same as none.
            **({"required": True} if one.required else {"allowEmptyValue": True}),
            "schema": schema,
        }


def _answer(status: int, said: Said, components: dict[str, Any], *, counted: bool) -> dict[str, Any]:
    several: tuple[Fields, ...] = () if isinstance(said, str) else said if isinstance(said, tuple) else (said,)
    headers = {**(_LIMITS if counted else {}), **(_OF_PROBLEMS.get(status, {}) if Problem in several else {})}
    shown = {"headers": headers} if headers else {}
    if isinstance(said, str):
        return {"description": said, **shown}
    return {
        "description": "What went wrong, and what to do." if several == (Problem,) else "The answer.",
        **shown,
        "content": {
            (ProblemRenderer if fields is Problem else PlainJSONRenderer).media_type: {
                "schema": _reference(fields, components)
            }
            for fields in several
        },
    }


def _reference(fields: Fields, components: dict[str, Any]) -> dict[str, Any]:
    name = fields.__name__
    if name not in components:
        components[name] = {}  # Its place is taken before its fields are read, for they may hold it again.
        known = fields().get_fields()
        required = [name for name, one in known.items() if one.required]
        components[name] |= {
            "type": "object",
            "properties": {name: _schema(one, components) for name, one in known.items()},
            **({"required": required} if required else {}),
            **({"additionalProperties": False} if getattr(fields, "closed", False) else {}),
            **({"minProperties": fields.fewest} if hasattr(fields, "fewest") else {}),
        }
    return {"$ref": f"#/components/schemas/{name}"}


def _schema(one: _Field, components: dict[str, Any]) -> dict[str, Any]:
    said = _said(one)
    if isinstance(one, serializers.ListSerializer) and one.child is not None:
        return {"type": "array", "items": _schema(one.child, components), **said}
    if isinstance(one, serializers.Serializer):
        reference = _reference(type(one), components)
        return {"allOf": [reference], **said} if said else reference  # Nothing may stand beside a reference.
    if isinstance(one, shapes.Shaped):
        return {**one.shape, **said}
    schema = next((dict(described) for kind, described in _TYPES if isinstance(one, kind)), None)
    if schema is None:
        raise NotImplementedError(f"The OpenAPI document has no type for {type(one).__name__}: add it to _TYPES.")
    if isinstance(one, serializers.ChoiceField):
        schema["enum"] = [*one.choices, *([None] if one.allow_null else [])]
    elif isinstance(one, serializers.ListField):
        schema["items"] = _schema(one.child, components)
    elif isinstance(one, serializers.DictField):
        schema["additionalProperties"] = _schema(one.child, components)
    return schema | said


def _said(one: _Field) -> dict[str, Any]:
    """What a field says beside its type."""
    lengths = ("minItems", "maxItems") if isinstance(one, serializers.ListField) else ("minLength", "maxLength")
    attributes = {"minimum": "min_value", "maximum": "max_value", lengths[0]: "min_length", lengths[1]: "max_length"}
    limits = {name: getattr(one, attribute, None) for name, attribute in attributes.items()}
    said: dict[str, Any] = {name: limit for name, limit in limits.items() if limit is not None}
    if one.help_text:
        said["description"] = str(one.help_text)
    if one.allow_null:
        said["nullable"] = True
    if one.default is not serializers.empty:
        said["default"] = one.default
    return said
