"""Questions of shoppers in several languages against the owner's articles, and questions that no article answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from multilingual.detection import detect
from visual_search import wiring
from visual_search.encoders.base import Role
from visual_search.errors import BadInput
from visual_search.features.customer_service import nearness
from visual_search.features.customer_service.answering import MOST_ANSWERS
from visual_search.features.customer_service.options import options
from visual_search.measuring.datasets import read_catalogue, rows
from visual_search.measuring.measures import Conditions, Table
from visual_search.types import Matrix
from visual_search.types.shop import path_prefixes

LANGUAGES = ("en", "de", "fr", "es", "pt", "ja")
_COLUMNS = {
    "questions": "{:.0f}",
    "first": "{:.3f}",  # the right article is the nearest
    "in 3": "{:.3f}",  # it is among the nearest three, however far
    "answered": "{:.3f}",  # it is shown
    "nothing close": "{:.3f}",  # no article is shown
    "unknown product": "{:.3f}",  # as "in 3", where nobody says which product it is
}


@dataclass(frozen=True, slots=True)
class Article:
    """What it holds for, and its phrases as rows of the matrix."""

    sku: str
    category: str
    phrases: Matrix


@dataclass(frozen=True, slots=True)
class Question:
    """`right`: the number of its article; 0 where there is none."""

    right: int
    number: int
    sku: str
    language: str
    words: str


@dataclass(frozen=True, slots=True)
class Shop:
    """`categories`: by article number of a product; `others`: rows of what else shoppers ask."""

    articles: Mapping[int, Article]
    categories: Mapping[str, str]
    others: Matrix

    def near(self, question: Question) -> dict[int, float]:
        """By number of an article, as an answer has it."""
        language = detect(question.words, hint=question.language).language
        asked = _vectors([question.words], "query", language)[0]
        return nearness.of_articles(asked, {number: one.phrases for number, one in self.articles.items()}, self.others)

    def holds(self, number: int, sku: str) -> bool:
        """Whether the article answers a question about this product; without one all may."""
        article = self.articles[number]
        if not sku or not (article.sku or article.category):
            return True
        return article.sku == sku if article.sku else article.category in path_prefixes(self.categories.get(sku, ""))


def measure(queries: Path, conditions: Conditions) -> Table:
    """Reads `queries/customer_service`. Raises BadInput without a catalogue, whose categories say what holds for a product."""
    if conditions.catalogue is None:
        raise BadInput("customer_service needs --catalogue, a folder with products.csv and pictures.")
    folder = queries / "customer_service"
    shop = Shop(
        dict(_articles(folder)),
        {item.id: item.category for item in read_catalogue(conditions.catalogue)},
        _vectors(nearness.OTHER_QUESTIONS, "document", "en"),
    )
    groups: dict[str, list[Question]] = defaultdict(list)
    for one in _questions(folder):
        half = "figures" if one.number % 2 else "development"
        groups[f"{half}, {one.language if one.right else 'without an article'}"].append(one)
    return Table(
        "customer_service",
        _COLUMNS,
        {name: _figures(groups[name][: conditions.limit], shop) for name in sorted(groups, key=_order)},
        (
            f"Shown is what is as near as {options().likely} or nearer, {MOST_ANSWERS} at most.",
            "Even questions are for development; the limits were set on them.",
        ),
    )


def _order(name: str) -> tuple[bool, int]:
    half, _, language = name.partition(", ")
    return half == "figures", LANGUAGES.index(language) if language in LANGUAGES else len(LANGUAGES)


def _figures(asked: Sequence[Question], shop: Shop) -> Mapping[str, float]:
    seen = [_seen(question, shop) for question in asked]
    return {"questions": len(asked), **{name: float(np.mean([one[name] for one in seen])) for name in seen[0]}}


def _seen(question: Question, shop: Shop) -> dict[str, float]:
    near = shop.near(question)
    nearest = _nearest({number: how for number, how in near.items() if shop.holds(number, question.sku)})
    shown = [number for number in nearest if near[number] >= options().likely]
    return {
        "first": question.right in nearest[:1],
        "in 3": question.right in nearest,
        "answered": question.right in shown,
        "nothing close": not shown,
        "unknown product": question.right in _nearest(near),
    }


def _nearest(near: Mapping[int, float]) -> list[int]:
    return sorted(near, key=lambda number: -near[number])[:MOST_ANSWERS]


def _articles(folder: Path) -> Iterator[tuple[int, Article]]:
    for row in rows(folder / "articles.csv", "number", "sku", "category", "title", "also_said"):
        phrases = [row["title"], *filter(None, row["also_said"].split("|"))]
        yield int(row["number"]), Article(row["sku"], row["category"], _vectors(phrases, "document", "en"))


def _questions(folder: Path) -> Iterator[Question]:
    for row in rows(folder / "questions.csv", "number", "sku", *LANGUAGES):
        for language in LANGUAGES:
            yield Question(int(row["number"]), int(row["number"]), row["sku"], language, row[language])
    for row in rows(folder / "without.csv", "number", "sku", "lang", "text"):
        yield Question(0, int(row["number"]), row["sku"], row["lang"], row["text"])


def _vectors(texts: Sequence[str], role: Role, language: str | None) -> Matrix:
    vectors = wiring.encoder().texts(texts, role=role, language=language).text
    if vectors is None:
        raise BadInput("customer_service needs an encoder with a space for texts.")
    return vectors
