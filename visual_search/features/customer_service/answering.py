"""The journey of a question: danger first, then the product, then its display codes, then words and looks.

An answer quotes what the owner wrote, and nothing else. Where nothing is close, it says so, and a person takes over.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from multilingual.languages import UNDETERMINED, base_code
from visual_search import registry, search, wiring
from visual_search.content import objects, vectors
from visual_search.content.vectors import Title
from visual_search.errors import EncoderUnavailable, EngineUnavailable, SchemaMismatch
from visual_search.features.customer_service import codes, dangers, nearness, scopes
from visual_search.features.customer_service.dangers import Warned
from visual_search.features.customer_service.kinds import Sureness
from visual_search.features.customer_service.models import HelpArticle, HelpText, in_language
from visual_search.features.customer_service.options import options
from visual_search.features.customer_service.scopes import Product
from visual_search.features.customer_service.search import COLLECTION, lines
from visual_search.types import Grade, Hit, Matrix, Query, QueryPicture

logger = logging.getLogger(__name__)

MOST_ANSWERS = 3
_LOOKED_AT = 24  # hits of the search whose phrases are compared one by one
# A photo alone says which part is meant, and seldom what is wrong with it: only its nearest grades speak for an article.
_BY_LOOKS = (Grade.SAME, Grade.VERY_SIMILAR)
_NONE_LOGGED = {"log": False}  # what somebody writes to the help desk is no search of the shop's goods


@dataclass(frozen=True, slots=True)
class Asked:
    """What a shopper asks. `language`: of the page; answers come in it where the owner wrote it."""

    words: str = ""
    picture: QueryPicture | None = None
    product: str = ""  # its id; "" where it isn't known
    language: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An article that fits, in the shopper's language or the nearest one. `because`: "code", "words" or "looks"."""

    article: HelpArticle
    text: HelpText
    sureness: Sureness
    because: str
    nearness: float  # as `nearness` says; 1 for a code


@dataclass(frozen=True, slots=True)
class Answered:
    """`products`: what the photo may show, the likeliest first; the first of them is `product` where that is sure enough."""

    product: Product | None = None
    recognised: bool = False
    products: tuple[Product, ...] = ()
    answers: tuple[Answer, ...] = ()
    warned: Warned | None = None
    photo: QueryPicture | None = None  # what was seen in it, without pixels
    degraded: tuple[str, ...] = ()

    @property
    def nothing_close(self) -> bool:
        return not self.answers


def ask(asked: Asked) -> Answered:
    """Answer one question. Raises BadInput and Busy as `search`; engine and encoder may fail, then a person takes over."""
    product = scopes.product(asked.product, asked.language)
    if asked.words and (danger := dangers.warned(asked.words, asked.language)):
        # Nothing is searched: a person is asked before a shopper tries anything.
        return Answered(product=product, warned=danger)
    found = Answered(product=product, photo=asked.picture)
    try:
        if asked.picture is not None:
            found = _recognised(asked, found)
        if asked.words or found.photo is not None:
            found = replace(found, answers=_answers(asked, found))
    except (EngineUnavailable, EncoderUnavailable, SchemaMismatch) as problem:
        logger.warning("Nobody can search for help articles, so a person is asked: %s", problem)
        found = replace(found, degraded=("search",))
    return found


def _recognised(asked: Asked, found: Answered) -> Answered:
    """What the photo shows; the product is taken where it is known, or where the photo is close enough."""
    assert asked.picture is not None
    query = Query(
        collection=registry.default(),
        pictures=(asked.picture,),
        language=base_code(asked.language),
        facets=(),
        page_size=MOST_ANSWERS + 1,
    )
    page = search.search(query, context=_NONE_LOGGED)
    found = replace(found, photo=page.photo)
    if found.product is not None:
        return found
    products = [scopes.product(hit.id, asked.language) for hit in page.hits if hit.grade is not Grade.DISTANT]
    there = tuple(one for one in products if one is not None)
    sure = bool(there) and (page.hits[0].is_named or page.hits[0].grade in _BY_LOOKS)
    return replace(found, products=there, product=there[0] if sure else None, recognised=sure)


def _answers(asked: Asked, found: Answered) -> tuple[Answer, ...]:
    by_code = _by_code(asked, found.product)
    known = {answer.article.pk for answer in by_code}
    others = [answer for answer in _by_search(asked, found) if answer.article.pk not in known]
    return (*by_code, *others)[:MOST_ANSWERS]


def _by_code(asked: Asked, product: Product | None) -> list[Answer]:
    """Articles of the product that have a display code which the words name."""
    if product is None or not asked.words:
        return []
    own = registry.source(COLLECTION).queryset().filter(collection=product.collection, object_id__in=product.family)
    rows = [row for row in own.exclude(codes="") if codes.in_words(asked.words, lines(row.codes))]
    return [Answer(row, text, Sureness.CODE, "code", 1.0) for row in rows if (text := text_of(row, asked.language))]


def _by_search(asked: Asked, found: Answered) -> list[Answer]:
    query = Query(
        collection=COLLECTION,
        words=asked.words,
        pictures=() if found.photo is None else (found.photo,),
        language=base_code(asked.language),
        filters=scopes.filters(found.product),
        facets=(),
        page_size=_LOOKED_AT,
        understand=False,
        read=False,
    )
    page = search.search(query, context=_NONE_LOGGED)
    rows = objects.objects_by_id(registry.source(COLLECTION), [hit.id for hit in page.hits])
    near = _near(asked.words, page.language, list(rows.values())) if asked.words else {}
    answers = []
    for hit in page.hits:
        if hit.id not in rows or (text := text_of(rows[hit.id], asked.language)) is None:
            continue
        how_near = near.get(rows[hit.id].pk, 0.0)
        if (graded := _graded(hit, how_near, asked)) is not None:
            answers.append(Answer(rows[hit.id], text, *graded, how_near))
    return sorted(answers, key=lambda answer: -answer.nearness)


def _graded(hit: Hit, how_near: float, asked: Asked) -> tuple[Sureness, str] | None:
    if how_near >= options().close:
        return Sureness.CLOSE, "words"
    if how_near >= options().likely:
        return Sureness.LIKELY, "words"
    if not asked.words and hit.grade in _BY_LOOKS:
        return Sureness.LIKELY, "looks"
    return None


def _near(words: str, language: str | None, rows: Sequence[HelpArticle]) -> dict[int, float]:
    """By key, how near the words are to the article, whatever the languages of both; see `nearness`."""
    encoder = wiring.encoder()
    asked = encoder.texts([words], role="query", language=language).text
    if asked is None:
        return {}
    phrases = {row.pk: _phrases(row) for row in rows}
    others = [Title(question, "en") for question in nearness.OTHER_QUESTIONS]
    known = vectors.of_titles(encoder, {*others, *(phrase for own in phrases.values() for phrase in own)})

    def matrix(titles: Iterable[Title]) -> Matrix:
        return np.array([known[title] for title in titles if title in known]).reshape(-1, len(asked[0]))

    return nearness.of_articles(asked[0], {key: matrix(own) for key, own in phrases.items()}, matrix(others))


def _phrases(article: HelpArticle) -> list[Title]:
    """Its titles and other ways to say them, in every language."""
    return [
        Title(phrase, base_code(text.language) or UNDETERMINED)
        for text in article.texts.all()
        for phrase in (text.title, *lines(text.also_said))
    ]


def text_of(article: HelpArticle, language: str) -> HelpText | None:
    """What the article says in this language; else in English, else in the first that there is."""
    return in_language(article.texts.all(), language)
