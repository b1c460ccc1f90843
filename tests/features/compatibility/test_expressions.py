"""Filters as both services write them become rules of a question, or are refused with the part that can't be asked."""

from __future__ import annotations

import math

import pytest

from visual_search.errors import BadInput
from visual_search.features.compatibility import expressions
from visual_search.features.compatibility.expressions import Term, comparison, equation, listed, of_facet, parsed, rules
from visual_search.types import AnyOf, Between, CollectionSchema, FacetField, FacetKind, Not

SCHEMA = CollectionSchema(
    spaces=(),
    facets=(
        FacetField("category", FacetKind.PATH),
        FacetField("colour", FacetKind.KEYWORD),
        FacetField("price", FacetKind.NUMBER),
        FacetField("new", FacetKind.BOOLEAN),
        FacetField("size.lvl0", FacetKind.KEYWORD),
    ),
    languages=(),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("  ", []),
        ("colour=red", [AnyOf("colour", ("red",))]),
        ("colour = red AND price=5", [AnyOf("colour", ("red",)), AnyOf("price", (5.0,))]),
        ("(colour=red OR colour=blue)", [AnyOf("colour", ("red", "blue"))]),
        ("((colour=red) AND (new=true))", [AnyOf("colour", ("red",)), AnyOf("new", (True,))]),
        ('colour="dark red"', [AnyOf("colour", ("dark red",))]),
        ("colour=dark red AND new=false", [AnyOf("colour", ("dark red",)), AnyOf("new", (False,))]),
        (r'colour="a \"b\" AND (c)"', [AnyOf("colour", ('a "b" AND (c)',))]),
        ("colour='it is'", [AnyOf("colour", ("it is",))]),
        ("colour=it's", [AnyOf("colour", ("it's",))]),
        ("NOT colour=red", [Not(AnyOf("colour", ("red",)))]),
        ("category.lvl1=Home", [AnyOf("category", ("Home",))]),
        ("size.lvl0=L", [AnyOf("size.lvl0", ("L",))]),
        ("(" * 8 + "colour=red" + ")" * 8, [AnyOf("colour", ("red",))]),
        ("colour=" + "r" * 500, [AnyOf("colour", ("r" * 500,))]),
    ],
)
def test_an_and_of_ors(text, found) -> None:
    assert list(rules(parsed(text, equation, where="filter"), SCHEMA, where="filter")) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("price != 5", Not(AnyOf("price", (5.0,)))),
        ("price>=5", Between("price", 5.0, None)),
        ("price<=5.5", Between("price", None, 5.5)),
        ("price>5", Between("price", math.nextafter(5, math.inf), None)),
        ("price < -5e1", Between("price", None, math.nextafter(-50, -math.inf))),
        ("price:1 TO 2", Between("price", 1.0, 2.0)),
        ("NOT price:1 TO 2", Not(Between("price", 1.0, 2.0))),
        ("NOT price!=1", AnyOf("price", (1.0,))),
        ("colour:10 metres", AnyOf("colour", ("10 metres",))),
        ('"colour":"a:b"', AnyOf("colour", ("a:b",))),
        ("colour:-red", AnyOf("colour", ("-red",))),  # a minus is a NOT in facetFilters alone
    ],
)
def test_comparisons_of_algolia(text, found) -> None:
    assert rules(parsed(text, comparison, where="filters"), SCHEMA, where="filters") == (found,)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ([], ()),
        ("colour:red", (AnyOf("colour", ("red",)),)),
        (
            ["colour:red", ["colour:blue", "colour:green"], []],
            (AnyOf("colour", ("red",)), AnyOf("colour", ("blue", "green"))),
        ),
        (["colour:-red"], (Not(AnyOf("colour", ("red",))),)),
        ([r"colour:\-red"], (AnyOf("colour", ("-red",)),)),
        (["price:-5"], (AnyOf("price", (-5.0,)),)),
        (["category.lvl1:Home > Office"], (AnyOf("category", ("Home > Office",)),)),
        (['colour:"red"'], (AnyOf("colour", ('"red"',)),)),
        (["colour:a:b"], (AnyOf("colour", ("a:b",)),)),
    ],
)
def test_lists_of_facets(value, found) -> None:
    assert rules(listed(value, of_facet, where="facetFilters"), SCHEMA, where="facetFilters") == found


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: parsed("colour=red" + " " * 4000, equation, where="x"), "x has 4010 characters; at most 4000"),
        (lambda: parsed("(" * 9 + "colour=red" + ")" * 9, equation, where="x"), "x has more than 8 brackets"),
        (lambda: parsed("AND", equation, where="x"), "x lacks a comparison before 'AND'"),
        (lambda: parsed("a=b AND NOT", equation, where="x"), "x lacks a comparison before 'its end'"),
        (lambda: parsed("()", equation, where="x"), "x lacks a comparison before '\\)'"),
        (lambda: listed(5, of_facet, where="x"), "x is 5; it must be a list"),
        (lambda: listed([["a:b", {}]], of_facet, where="x"), "x has {}; it must be a text"),
        (lambda: listed(["a"], of_facet, where="x"), "x has 'a'; write facet:value"),
        (lambda: listed(["a" * 701], comparison, where="x"), "x has a comparison of 701 characters"),
        (lambda: rules([[Term("colour", "=", "a")]] * 201, SCHEMA, where="x"), "x has more than 200"),
        (lambda: rules([[Term("colour", "<", "a")]], SCHEMA, where="x"), "colour"),
        (lambda: rules([[Term("colour", "=", "a"), Term("category", "=", "b")]], SCHEMA, where="x"), "x has an OR"),
    ],
)  # fmt: skip
def test_refusals_name_the_part(ask, said) -> None:
    with pytest.raises(BadInput, match=said) as refused:
        ask()
    assert refused.value.field == "x" or "colour" in said


def test_a_comparison_may_be_so_long_and_so_many() -> None:
    assert len(listed(["a:" + "b" * 698], of_facet, where="x")) == 1
    assert len(rules([[Term("colour", "=", "a")]] * 200, SCHEMA, where="x")) == 200
    assert parsed("colour=" + " " * 3986 + " " * 4 + "red", equation, where="x") == [[Term("colour", "=", "red")]]


def test_levels_are_of_paths_alone() -> None:
    assert expressions.level("category.lvl2", SCHEMA) == ("category", 2)
    assert expressions.level("category", SCHEMA) == ("category", None)
    for name in ("colour.lvl0", "category.lvl", "category.level1", "nothing.lvl0", "not"):
        with pytest.raises(BadInput, match="There is no facet"):
            expressions.level(name, SCHEMA)
