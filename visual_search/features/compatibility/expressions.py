"""Filters in the forms of both services, as rules of a `Query`.

Both write an AND of ORs, in which the parts of an OR are about one facet; that is what the engines answer too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from visual_search.engines.validation import known_field
from visual_search.errors import BadInput
from visual_search.querying import parsing
from visual_search.types import AnyOf, Between, CollectionSchema, FacetKind, Filter, Not

_LONGEST = 4000  # characters of an expression
_LONGEST_TERM = 700  # characters of one comparison: a value may have 500
_DEEPEST = 8  # brackets in one another
_MOST = 200  # terms of a question: each is one more comparison in every leg
_PIECES = re.compile(r"""[()]|(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^\s()"']|["'])+""")
_QUOTED = re.compile(r"""(["'])(.*)\1""", re.S)
_NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_FIELD = r"(?P<field>[^\s<>=!:](?:[^<>=!:]*[^\s<>=!:])?)\s*"
_COMPARISON = re.compile(rf"{_FIELD}(?P<sign><=|>=|!=|=|<|>)\s*(?P<value>{_NUMBER})")
_SPAN = re.compile(rf"{_FIELD}:\s*(?P<low>{_NUMBER})\s+TO\s+(?P<high>{_NUMBER})")
_OF_FACET = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^:]+):(.+)""", re.S)
_LEVEL = re.compile(r"(.+)\.lvl(\d)", re.S)


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison. `sign`: "=", "<", "<=", ">", ">=" or "to" (from `value` to `upper`)."""

    field: str
    sign: str
    value: str
    upper: str = ""
    negated: bool = False


Clauses = list[list[Term]]  # all of them hold; of each, at least one term


def rules(clauses: Clauses, schema: CollectionSchema, *, where: str) -> tuple[Filter, ...]:
    """The rules of a `Query`. Raises BadInput for an unknown facet, and for what no rule can say."""
    if sum(map(len, clauses)) > _MOST:
        raise BadInput(f"{where} has more than {_MOST} comparisons.", field=where)
    return tuple(_rule(clause, schema, where) for clause in clauses)


def _rule(clause: list[Term], schema: CollectionSchema, where: str) -> Filter:
    if len(clause) == 1:
        (term,) = clause
        rule = _comparison(replace(term, negated=False), schema, where)
        return Not(rule) if term.negated else rule
    first = _facet(clause[0], schema)
    if any(term.negated or term.sign != "=" or _facet(term, schema) != first for term in clause):
        raise BadInput(
            f"{where} has an OR that isn't between values of one facet, which can't be asked in one question.",
            field=where,
        )
    return _read(first, [term.value for term in clause], schema, where)


def _comparison(term: Term, schema: CollectionSchema, where: str) -> AnyOf | Between:
    field = _facet(term, schema)
    if term.sign == "=":
        return _read(field, [term.value], schema, where)
    if term.sign == "to":
        return _read(field, {"gte": term.value, "lte": term.upper}, schema, where)
    rule = _read(field, {"gte" if ">" in term.sign else "lte": term.value}, schema, where)
    if "=" in term.sign:
        return rule
    # A range of ours holds its ends, so it ends at the number beside.
    assert isinstance(rule, Between)
    if rule.at_least is not None:
        return replace(rule, at_least=math.nextafter(rule.at_least, math.inf))
    assert rule.at_most is not None
    return replace(rule, at_most=math.nextafter(rule.at_most, -math.inf))


def _read(field: str, value: Any, schema: CollectionSchema, where: str) -> Any:
    try:
        (rule,) = parsing.filters({field: value}, schema)
    except BadInput as error:
        error.field = where
        raise
    return rule


def _facet(term: Term, schema: CollectionSchema) -> str:
    return level(term.field, schema)[0]


def level(name: str, schema: CollectionSchema) -> tuple[str, int | None]:
    """`category.lvl1` -> ("category", 1) where category is a path: InstantSearch has an attribute for each of its levels."""
    known = {field.name: field.kind for field in schema.facets}
    match = _LEVEL.fullmatch(name)
    if name not in known and match and known.get(match[1]) is FacetKind.PATH:
        return match[1], int(match[2])
    return known_field(name, schema).name, None


# --- Expressions --------------------------------------------------------------------------------


def parsed(text: str, term: Callable[[str], Term], *, where: str) -> Clauses:
    """`(colour=red OR colour=blue) AND brand=Nordic`. `term` reads one comparison. Raises BadInput."""
    if len(text) > _LONGEST:
        raise BadInput(f"{where} has {len(text)} characters; at most {_LONGEST} are read.", field=where)
    pieces = _PIECES.findall(text)
    if not pieces:
        return []
    clauses, rest = _expression(pieces, term, where, _DEEPEST)
    if rest:
        raise BadInput(f"{where} has a bracket too many: {text[:80]!r}.", field=where)
    return clauses


def _expression(pieces: list[str], term: Callable[[str], Term], where: str, left: int) -> tuple[Clauses, list[str]]:
    """The clauses up to the end or to the closing bracket, and the pieces from there on."""
    parts: list[Clauses] = []
    joined: set[str] = set()
    while True:
        part, pieces = _unit(pieces, term, where, left)
        parts.append(part)
        if not pieces or pieces[0] == ")":
            break
        joined.add(pieces[0])
        pieces = pieces[1:]
    if len(joined) > 1:
        raise BadInput(f"{where} mixes AND and OR; put brackets around each OR.", field=where)
    if joined != {"OR"}:
        return [clause for part in parts for clause in part], pieces
    if any(len(part) > 1 for part in parts):
        raise BadInput(f"{where} has an AND inside an OR, which can't be asked in one question.", field=where)
    return [[one for part in parts for clause in part for one in clause]], pieces


def _unit(pieces: list[str], term: Callable[[str], Term], where: str, left: int) -> tuple[Clauses, list[str]]:
    negated = bool(pieces) and pieces[0] == "NOT"
    pieces = pieces[negated:]
    if pieces and pieces[0] == "(":
        if left == 0:
            raise BadInput(f"{where} has more than {_DEEPEST} brackets in one another.", field=where)
        clauses, pieces = _expression(pieces[1:], term, where, left - 1)
        if not pieces:
            raise BadInput(f"{where} has a bracket that isn't closed.", field=where)
        pieces = pieces[1:]
        if negated and [len(clause) for clause in clauses] != [1]:
            raise BadInput(f"{where} has a NOT before brackets; write it before each comparison.", field=where)
        return ([[_not(clauses[0][0])]] if negated else clauses), pieces
    end = next((number for number, piece in enumerate(pieces) if piece in ("AND", "OR", "(", ")")), len(pieces))
    if not end:
        raise BadInput(f"{where} lacks a comparison before {(pieces or ['its end'])[0][:40]!r}.", field=where)
    if pieces[end:] and pieces[end] == "(":
        raise BadInput(f"{where} lacks AND or OR before a bracket.", field=where)
    one = term(" ".join(pieces[:end]))
    return [[_not(one) if negated else one]], pieces[end:]


def _not(term: Term) -> Term:
    return replace(term, negated=not term.negated)


def _plain(value: str) -> str:
    """The value without the quotes around it."""
    match = _QUOTED.fullmatch(value.strip())
    return re.sub(r"\\(.)", r"\1", match[2]) if match else value.strip()


def equation(text: str) -> Term:
    """`colour = red`, as Product Search writes it. Raises BadInput."""
    field, sign, value = _short(text, "filter").partition("=")
    if not sign or not field.strip() or not value.strip():
        raise BadInput(f"filter has {text[:80]!r}; each comparison is written key=value.", field="filter")
    return Term(_plain(field), "=", _plain(value))


# --- Algolia's ----------------------------------------------------------------------------------


def comparison(text: str, *, where: str = "filters") -> Term:
    """`price >= 10`, `price:10 TO 20`, `brand:Nordic` or `brand:"Nordic Light"`. Raises BadInput."""
    text = _short(text, where)
    if match := _SPAN.fullmatch(text):
        return Term(_plain(match["field"]), "to", match["low"], match["high"])
    if match := _COMPARISON.fullmatch(text):
        sign = match["sign"].replace("!=", "=")
        return Term(_plain(match["field"]), sign, match["value"], negated=match["sign"] == "!=")
    match = _OF_FACET.fullmatch(text)
    if match is None:
        raise _no_comparison(text, where)
    return Term(_plain(match[1]), "=", _plain(match[2]))


def of_facet(text: str, *, where: str) -> Term:
    """`brand:Nordic`, or `brand:-Nordic` for all but these; a value that begins with a minus has a backslash before it."""
    field, colon, value = _short(text, where).partition(":")
    if not colon or not field or not value:
        raise _no_comparison(text, where)
    # A minus before a number may be the number's own, and a list of facets has no number without one.
    negated = value.startswith("-") and not re.fullmatch(_NUMBER, value)
    return Term(field, "=", value[1:] if negated else value.removeprefix("\\"), negated=negated)


def _short(text: str, where: str) -> str:
    if len(text) > _LONGEST_TERM:
        raise BadInput(f"{where} has a comparison of {len(text)} characters: {text[:60]!r}...", field=where)
    return text.strip()


def _no_comparison(text: str, where: str) -> BadInput:
    return BadInput(
        f"{where} has {text[:80]!r}; write facet:value, or a number as in price>=10 or price:10 TO 20.", field=where
    )


def listed(value: Any, term: Callable[..., Term], *, where: str) -> Clauses:
    """`["brand:Nordic", ["colour:red", "colour:blue"]]`: all of the list, and of a list in it any. Raises BadInput."""
    outer = value.split(",") if isinstance(value, str) else value
    if not isinstance(outer, list):
        raise BadInput(f"{where} is {repr(value)[:80]}; it must be a list of texts.", field=where)
    clauses = [[_term(one, term, where) for one in (part if isinstance(part, list) else [part])] for part in outer]
    return [clause for clause in clauses if clause]


def _term(one: Any, term: Callable[..., Term], where: str) -> Term:
    if not isinstance(one, str):
        raise BadInput(f"{where} has {repr(one)[:80]}; it must be a text, or a list of texts.", field=where)
    return term(one, where=where)
