"""Makes the legs of words, codes and empty questions. Photos: `encoding.py`; objects to resemble: `likes.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from multilingual.analysis import Related
from multilingual.languages import UNDETERMINED
from multilingual.spelling import Lexicon
from visual_search.conf import conf
from visual_search.encoders.base import Encoder
from visual_search.errors import BadInput, said
from visual_search.types import (
    BrowseLeg,
    CodeLeg,
    CollectionSchema,
    FacetKind,
    Leg,
    LegId,
    LegKind,
    VectorLeg,
    WordsLeg,
)

CODE = LegId(LegKind.CODE)
CODE_AMONG = LegId(LegKind.CODE, 1)
WORDS = LegId(LegKind.WORDS)
MEANING = LegId(LegKind.MEANING)
_QUOTES = "\"'“”„‘’«»‹›.,;:!?()[]"
_LEAST_CODE = 4  # characters: shorter words with a digit are sizes and counts


def vector_legs(words: str, language: str | None, encoder: Encoder) -> Iterator[VectorLeg]:
    """The legs that ask for words by their vectors: one for each space in which the encoder gives them a vector.

    MEANING compares words with titles, DEPICTED with what pictures show; IMAGINED compares the picture that the words
    ask for with pictures.
    """
    card = encoder.card
    vectors = encoder.texts([words], role="query", language=language)
    for kind, space, rows in (
        (LegKind.MEANING, card.text, vectors.text),
        (LegKind.DEPICTED, card.cross, vectors.cross),
        (LegKind.IMAGINED, card.image, vectors.image),
    ):
        # A zero vector means that the encoder doesn't know these words.
        if space is not None and rows is not None and rows[0].any():
            yield VectorLeg(LegId(kind), space.name, rows[0], conf.RANK_WINDOW, named=0)


def askable(legs: Iterable[Leg], schema: CollectionSchema) -> tuple[list[Leg], set[LegKind]]:
    """The legs without those in spaces that the index doesn't have, and the kinds of these."""
    spaces = {space.name for space in schema.spaces}
    asked: list[Leg] = []
    lacking: set[LegKind] = set()
    for leg in legs:
        if isinstance(leg, VectorLeg) and leg.space not in spaces:
            lacking |= {leg.name.kind} if isinstance(leg.name, LegId) else set()
        else:
            asked.append(leg)
    return asked, lacking


def languages_asked(language: str | None, schema: CollectionSchema) -> tuple[str, ...]:
    """The shopper's language first, then all others: a brand or a loan word may stand in any of them."""
    first = (language,) if language else ()
    return tuple(dict.fromkeys((*first, *schema.languages, UNDETERMINED)))


def words_leg(
    words: str,
    language: str | None,
    schema: CollectionSchema,
    lexicon: Lexicon | None = None,
    *,
    alternatives: Iterable[Related] = (),
) -> WordsLeg:
    """Full text in all languages of the index. `lexicon`: the shop's words, by which a word meets its compounds.

    `alternatives`: what else would do in place of single words.
    """
    languages = languages_asked(language, schema)
    related = lexicon.related(words, schema.languages, language) if lexicon is not None else ()
    return WordsLeg(WORDS, words, languages, conf.RANK_WINDOW, related=(*related, *alternatives))


def codes_in(words: str) -> tuple[str, ...]:
    """What may be a SKU or a GTIN beside other words: each word of at least four characters with a digit in it."""
    parts = (part.strip(_QUOTES) for part in words.split())
    return tuple(dict.fromkeys(part for part in parts if len(part) >= _LEAST_CODE and any(map(str.isdigit, part))))


def code_legs(words: str, shown: Iterable[str], k: int) -> Iterator[CodeLeg]:
    """The leg of codes that are asked as such: all the words as one, and what a photo shows. Then that of codes among words.

    They are two because a number in a name may be another product's code: "calendar 2025".
    """
    whole = tuple(dict.fromkeys((*shown, *((words,) if words else ()))))
    among = tuple(code for code in codes_in(words) if code != words)
    if whole:
        yield CodeLeg(CODE, whole, k)
    if among:
        yield CodeLeg(CODE_AMONG, among, k)


def browse(sort: str, schema: CollectionSchema) -> BrowseLeg:
    """The leg of a question that asks for nothing: all that passes the filters. Raises BadInput for an unknown order."""
    order_by, descending = order(sort, schema)
    return BrowseLeg(LegId(LegKind.BROWSE), conf.BROWSE_WINDOW, order_by, descending)


def order(sort: str, schema: CollectionSchema) -> tuple[str | None, bool]:
    """'price' -> ('price', False); '-price' -> ('price', True); 'relevance' -> (None, False). Raises BadInput."""
    if sort in ("", "relevance"):
        return None, False
    numbers = [facet.name for facet in schema.facets if facet.kind is FacetKind.NUMBER]
    name = sort.removeprefix("-")
    if name not in numbers:
        known = ", ".join(["relevance", *numbers, *(f"-{number}" for number in numbers)])
        raise BadInput(said("sort is '%(sort)s'; known orders are %(known)s.", sort=sort, known=known), field="sort")
    return name, sort.startswith("-")
