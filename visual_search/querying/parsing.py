"""Turns what a caller sent into the parts of a `Query`, and checks its limits.

The REST API and the storefront both use these functions. Photos: `uploads.py`; tokens of photos: `tokens.py`.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable, Mapping, Sized
from typing import Any

from multilingual import negation, prices
from multilingual.languages import LANGUAGES, base_code
from multilingual.normalising import normalise
from multilingual.quantities import spelt_out
from visual_search import registry
from visual_search.conf import conf
from visual_search.engines.validation import known_field, numeric_field
from visual_search.errors import BadInput, said
from visual_search.imaging.regions import LEAST_SIDE
from visual_search.querying.likes import MOST_LIKED
from visual_search.querying.negatives import MOST_NEGATIVES
from visual_search.ranking.taste import Taste, read_taste
from visual_search.types import (
    AnyOf,
    Between,
    Box,
    CollectionSchema,
    FacetKind,
    Filter,
    Not,
    Point,
    Query,
)

PICTURES = 4  # photos in one question: each costs the encoder and the detector once
MOST_WEIGHT = 10.0
MOST_VALUE = 500  # characters of a facet's value
MOST_READ = 100_000  # characters of a text, many of which may be spaces
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_WANTED = "\ue000"  # stands for what is wanted beside the words; no language writes it
_RANGE_KEYS = {"gte", "lte"}


def box(raw: object, *, field: str = "box") -> Box | None:
    """A part of the photo: four numbers x1, y1, x2, y2 as shares of its width and height, as a list or with commas."""
    if raw in (None, "", []):
        return None
    try:
        x1, y1, x2, y2 = _numbers(raw, 4)
    except (TypeError, ValueError, OverflowError):
        raise BadInput(
            said(
                "%(field)s is %(value)s; it must be four numbers x1, y1, x2, y2 between 0 and 1.",
                field=field,
                value=_shown(raw),
            ),
            field=field,
        ) from None
    if not (x1 >= 0 and x1 + LEAST_SIDE <= x2 <= 1 and y1 >= 0 and y1 + LEAST_SIDE <= y2 <= 1):
        raise BadInput(
            said(
                "%(field)s is %(value)s; it must hold 0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1 as shares of the "
                "photo, with sides of at least %(least)s.",
                field=field,
                value=_shown(raw),
                least=LEAST_SIDE,
            ),
            field=field,
        )
    return x1, y1, x2, y2


def point(raw: object, *, field: str = "point") -> Point | None:
    """Where somebody tapped: two numbers x, y as shares of the photo's width and height, as a list or with commas."""
    if raw in (None, "", []):
        return None
    try:
        x, y = _numbers(raw, 2)
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise BadInput(
            said(
                "%(field)s is %(value)s; it must be two numbers x, y between 0 and 1, as shares of the photo "
                "from the top left.",
                field=field,
                value=_shown(raw),
            ),
            field=field,
        ) from None
    return x, y


def _numbers(raw: object, count: int) -> list[float]:
    """`count` numbers from a list or from text with commas. Raises TypeError, ValueError or OverflowError for anything else."""
    numbers = raw.split(",") if isinstance(raw, str) else raw
    if (
        not isinstance(numbers, list | tuple)
        or len(numbers) != count
        or any(isinstance(part, bool) for part in numbers)
    ):
        raise ValueError
    return [float(part) for part in numbers]


def object_number(raw: object) -> int | None:
    """The place of an object among `objects` of an earlier answer, from 0."""
    if raw in (None, ""):
        return None
    if isinstance(raw, bool) or not re.fullmatch(r"\d{1,3}", str(raw)):
        raise BadInput(
            said("object is %(value)s; it must be the id of one of the answer's objects.", value=_shown(raw)),
            field="object",
        )
    return int(str(raw))


def collection(named: str, *, field: str = "collection") -> str:
    """The collection to ask: the one that is named, else the default. Raises BadInput (404) if nobody may ask it."""
    if not named:
        return registry.default()
    public = registry.public()
    if named not in public:
        raise BadInput(
            said(
                "%(field)s is %(value)s; it must be one of: %(known)s.",
                field=field,
                value=_shown(named),
                known=", ".join(public) or "none",
            ),
            field=field,
            code="unknown_collection",
            status=404,
        )
    return named


def words(text: str) -> str:
    """The shopper's words without control characters, each space once.

    Whatever was sent, nothing behind this sees more than one character too many, by which the search knows that it cut.
    """
    read = " ".join(_CONTROL.sub(" ", text[:MOST_READ]).split())
    return read[: conf.QUERY_MAX_CHARS + 1]


def words_and_not(
    text: str, language: str | None, currency: str = "", *, joins: bool = False
) -> tuple[str, tuple[str, ...]]:
    """The shopper's words without their negative part, and that part: "sofa -leather", "sofa not leather".

    `currency`: the shop's, so that a range of prices may stand behind the negative part. `joins`: whether something else is
    asked for, too, such as a photo; then "not leather" is a negative part by itself.
    """
    if joins:
        said, kept_out = words_and_not(f"{_WANTED} {words(text)}", language, currency)
        return said.removeprefix(_WANTED).strip(), kept_out
    typed = words(text)
    beside, ranges = prices.split(typed[: conf.QUERY_MAX_CHARS], currency)
    if ranges and (wanted := negation.split(beside, language))[1]:
        return " ".join((wanted[0], *(one.text for one in ranges))), wanted[1]
    return negation.split(typed, language)


def weight(raw: object, *, field: str, least: float = 0.0) -> float:
    """The weight of one part of the question; 1 if the caller gives none."""
    number = _number(raw, field)
    if number is None:
        return 1.0
    if not least <= number <= MOST_WEIGHT:
        raise BadInput(
            said(
                "%(field)s is %(number)s; it must lie between %(least)s and %(most)s.",
                field=field,
                number=f"{number:g}",
                least=f"{least:g}",
                most=f"{MOST_WEIGHT:g}",
            ),
            field=field,
        )
    return number


def weighted_ids(raw: Iterable[object], *, field: str) -> tuple[tuple[str, ...], dict[str, float]]:
    """Ids of products, each as a text or as `{"id": "12", "weight": 2}`, and the weights that were given."""
    weights: dict[str, float] = {}
    ids = []
    for item in raw:
        if isinstance(item, Mapping):
            refuse_unknown(item, ("id", "weight"))
            id = item.get("id")
            if isinstance(id, bool) or not isinstance(id, str | int) or not str(id).strip():
                raise BadInput(
                    said(
                        '%(field)s has %(value)s; it must be like {"id": "12", "weight": 2}.',
                        field=field,
                        value=_shown(item),
                    ),
                    field=field,
                )
            ids.append(str(id).strip())
            weights[ids[-1]] = weight(item.get("weight"), field=f"{field}.weight")
        else:
            ids.append(str(item))
    return tuple(ids), weights


def written(typed: str) -> tuple[str, tuple[str, ...]]:
    """The words normalised and cut at QUERY_MAX_CHARS, with a warning if they had to be cut."""
    # Cut before, because normalising costs time, and after, because it makes 18 letters of one Arabic ligature.
    # NFKC would make eleven halves of 1½.
    text = normalise(spelt_out(typed[: conf.QUERY_MAX_CHARS]))
    cut = len(typed) > conf.QUERY_MAX_CHARS or len(text) > conf.QUERY_MAX_CHARS
    return text[: conf.QUERY_MAX_CHARS].rstrip(), ("words_cut",) if cut else ()


def check_limits(query: Query) -> None:
    """Raises BadInput for a page or a page size outside its limits, and for more parts than a question may have."""
    if query.page < 1:
        raise BadInput(said("page is %(page)s; pages start at 1.", page=query.page), field="page")
    if not 1 <= query.page_size <= conf.PAGE_SIZE_MAX:
        raise BadInput(
            said(
                "page_size is %(size)s; 1 to %(most)s are allowed.",
                size=query.page_size,
                most=conf.PAGE_SIZE_MAX,
            ),
            field="page_size",
        )
    for name, given, most in (
        ("like", query.like, MOST_LIKED),
        ("unlike", query.unlike, MOST_NEGATIVES),
        ("q_not", query.words_not, MOST_NEGATIVES),
    ):
        at_most(given, most, field=name)


def at_most(given: Sized, most: int, *, field: str) -> None:
    """Refuse a list that is too long."""
    if len(given) > most:
        raise BadInput(
            said(
                "%(name)s has %(count)s entries; at most %(most)s are allowed.", name=field, count=len(given), most=most
            ),
            field=field,
        )


def text(given: object, *, field: str) -> str:
    """A text, or "" for None."""
    if given is None:
        return ""
    if not isinstance(given, str):
        raise BadInput(
            said("%(name)s is %(value)s; it must be a text.", name=field, value=repr(given)[:60]), field=field
        )
    return given


def language(tag: str) -> str | None:
    """The two letters of a language tag; None for ""."""
    code = base_code(tag)
    if tag and code not in LANGUAGES:
        raise BadInput(
            said("lang is %(value)s; it must be a language code such as 'de' or 'pt-BR'.", value=repr(tag[:20])),
            field="lang",
        )
    return code


def taste(raw: object) -> Taste:
    """What the shopper's device remembers. If it can't be read, it is empty and names the problem; the search goes on."""
    return read_taste(raw, today=int(time.time() // 86_400))


def whole_number(text: object, *, field: str, default: int) -> int:
    if text in (None, ""):
        return default
    if isinstance(text, bool) or not re.fullmatch(r"\d{1,6}", str(text)):
        raise BadInput(
            said(
                "%(field)s is %(value)s; it must be a whole number from 1 to 999999.",
                field=field,
                value=repr(str(text)[:40]),
            ),
            field=field,
        )
    return int(str(text))


def filters(raw: Any, schema: CollectionSchema) -> tuple[Filter, ...]:
    """Filters from JSON: `{"category": ["Home"], "price": {"gte": 1, "lte": 9}, "in_stock": true, "not": {...}}`.

    A list means any of its values; all fields must hold. BadInput names the field and the offending value.
    """
    if raw in (None, "", {}):
        return ()
    if not isinstance(raw, Mapping):
        raise BadInput(
            said('filters is %(value)s; it must be an object such as {"brand": ["Acme"]}.', value=_shown(raw)),
            field="filters",
        )
    rules: list[Filter] = []
    for name, value in raw.items():
        if name != "not":
            rules.append(_filter(str(name), value, schema))
        elif isinstance(value, Mapping) and "not" in value:
            # Refused before the recursion, so that a thousand nested ones can't exhaust the stack.
            raise BadInput(
                said("filters has a 'not' inside a 'not'. Write the inner part without it."), field="filters.not"
            )
        else:
            rules += [Not(inner) for inner in filters(value, schema) if not isinstance(inner, Not)]
    return tuple(rules)


def _filter(name: str, value: Any, schema: CollectionSchema) -> Filter:
    kind = known_field(name, schema).kind
    where = f"filters.{name}"
    if isinstance(value, Mapping):
        numeric_field(name, schema)
        if not value or set(value) - _RANGE_KEYS:
            raise BadInput(
                said("%(where)s is %(value)s; a range has 'gte', 'lte' or both.", where=where, value=_shown(value)),
                field=where,
            )
        return Between(name, _number(value.get("gte"), where), _number(value.get("lte"), where))
    values = value if isinstance(value, list | tuple) else [value]
    if not values:
        raise BadInput(said("%(where)s is empty; leave it out or give at least one value.", where=where), field=where)
    if len(values) > 200:
        raise BadInput(
            said("%(where)s has %(count)s values; at most 200 are allowed.", where=where, count=len(values)),
            field=where,
        )
    return AnyOf(name, tuple(_value(part, kind, where) for part in values))


def _value(value: Any, kind: FacetKind, where: str) -> str | float | bool:
    if kind is FacetKind.NUMBER:
        number = _number(value, where)
        if number is None:
            raise BadInput(said("%(where)s is null; give a number.", where=where), field=where)
        return number
    if kind is FacetKind.BOOLEAN:
        if isinstance(value, bool):
            return value
        if value in ("true", "false"):
            return bool(value == "true")
        raise BadInput(
            said("%(where)s is %(value)s; it must be true or false.", where=where, value=_shown(value)), field=where
        )
    if not isinstance(value, str) or not is_value(value):
        raise BadInput(
            said(
                "%(where)s is %(value)s; it must be a text of 1 to %(most)s characters without control characters.",
                where=where,
                value=_shown(value),
                most=MOST_VALUE,
            ),
            field=where,
        )
    return value


def is_value(text: str) -> bool:
    """Whether this can be a value of a keyword or a path."""
    return 1 <= len(text) <= MOST_VALUE and not _CONTROL.search(text)


def _number(value: Any, where: str) -> float | None:
    if value in (None, ""):
        return None
    try:
        number = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError):
        number = math.nan
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise BadInput(
            said("%(where)s is %(value)s; it must be a number.", where=where, value=_shown(value)), field=where
        )
    return number


def refuse_unknown(given: Iterable[str], known: Iterable[str]) -> None:
    """Raises BadInput that names the first unknown parameter, so that a typing mistake isn't ignored in silence."""
    allowed = list(known)
    for name in given:
        if name not in allowed:
            raise BadInput(
                said("There is no parameter '%(name)s'. Known: %(known)s.", name=name[:60], known=", ".join(allowed)),
                field=name[:60],
                code="unknown_parameter",
            )


def _shown(value: object) -> str:
    return repr(value)[:80]
