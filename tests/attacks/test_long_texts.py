"""A text of any length at any door costs seconds at most, and what comes back is short."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from multilingual import negation, normalising
from tests.search.shop import _intact, empty_shop, shop  # noqa: F401
from visual_search.api.requests import GROUPED, PARAMETERS, POST_ONLY, SUGGEST
from visual_search.querying import parsing

LETTERS = 200_000  # of each text; a form with more than 2.5 MB is refused by Django
PROCESSOR_SECONDS = 3.0  # on a machine that may be busy; the same texts took 30 to 90 before they were cut
MOST_BYTES = 400_000  # of an answer: more than the page of a usual question, far less than what was sent comes back
# Each made a parser slow once, or is of the kind that does: runs of separators, of signs, of half-open things, of words.
SHAPES = {
    "separators": "a" + "," * LETTERS + "b",
    "spaces": "a" + " " * LETTERS + "b",
    "words": "word " * (LETTERS // 5),
    "letters": "a" * LETTERS,
    "minus": " -abc" * (LETTERS // 5),
    "without": "chair without " * (LETTERS // 14),
    "not": "a not " * (LETTERS // 6),
    "numbers": "1/2 " * (LETTERS // 4),
    "units": "5 kg " * (LETTERS // 5),
    "under": "under 5 " * (LETTERS // 8),
    "marks": "a" + "\u0301" * LETTERS,
    "han": "不要" * (LETTERS // 2) + "!",
    "tags": "<a " * (LETTERS // 3),
    "brackets": "[" * LETTERS,
    "escapes": "\\" * LETTERS,
    "quotes": '"' * LETTERS,
}


def _json(address: str) -> Callable[[Client, str, str], Any]:
    return lambda client, name, text: client.post(address, json.dumps({name: text}), "application/json")


def _form(address: str) -> Callable[[Client, str, str], Any]:
    return lambda client, name, text: client.post(address, {name: text})


def _address(address: str) -> Callable[[Client, str, str], Any]:
    return lambda client, name, text: client.get(address, {name: text})


def _instant(client: Client, name: str, text: str) -> Any:
    body = {"requests": [{"indexName": "products", "params": {name: text}}]}
    return client.post("/1/indexes/*/queries", json.dumps(body), "text/plain")


PAGE = ("q", "q_not", "unlike", "exact", "sort", "page", "part", "photo_token", "preview", "shot", "without", "shows",
        "f.brand", "f.price.gte", "f.category", "taste", "csrfmiddlewaretoken")  # fmt: skip
INSTANT = ("query", "facets", "filters", "facetFilters", "numericFilters", "optionalWords", "facetQuery", "userToken")
DOORS = {
    "search by JSON": (_json("/api/v1/search"), PARAMETERS),
    "search by a form": (_form("/api/v1/search"), PARAMETERS),
    "search by an address": (_address("/api/v1/search"), tuple(name for name in PARAMETERS if name not in POST_ONLY)),
    "several collections": (_json("/api/v1/search/grouped"), GROUPED),
    "suggestions": (_address("/api/v1/suggest"), SUGGEST),
    "the page": (_form("/search/"), PAGE),
    "the page by an address": (_address("/search/"), PAGE),
    "instant search": (_instant, INSTANT),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_long_text_costs_little_and_is_not_sent_back(shop, client, door) -> None:  # noqa: F811
    send, names = DOORS[door]
    for name in names:
        for shape, text in SHAPES.items():
            begin = time.process_time()
            response = send(client, name, text)
            spent = time.process_time() - begin
            assert response.status_code < 500, (name, shape, response.content[:300])
            assert len(response.content) < MOST_BYTES, (name, shape, len(response.content))
            assert spent < PROCESSOR_SECONDS, (name, shape, spent)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "parser",
    [lambda text: negation.split(text, "en"), lambda text: negation.split(text, "zh"), normalising.normalise],
    ids=["not, in English", "not, in Chinese", "normalising"],
)
def test_twice_the_text_takes_about_twice_the_time(parser, shape) -> None:
    """A quadratic parser takes four times as long; counted in processor time, the best of three."""
    text = SHAPES[shape]

    def seconds(part: str) -> float:
        taken = []
        for _ in range(3):
            begin = time.process_time()
            parser(part)
            taken.append(time.process_time() - begin)
        return min(taken)

    half, whole = seconds(text[: len(text) // 2]), seconds(text)
    assert whole < 3 * half + 0.05


@pytest.mark.parametrize("shape", SHAPES)
def test_words_are_cut_so_that_the_search_still_knows(settings, shape) -> None:
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "QUERY_MAX_CHARS": 40}
    read = parsing.words(SHAPES[shape])
    assert len(read) <= 41
    if shape not in ("spaces",):
        assert parsing.written(read)[1] == ("words_cut",)
