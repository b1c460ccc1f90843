"""What words find by one leg alone: full text, or the meaning of titles."""

from __future__ import annotations

from multilingual.spelling import Lexicon
from visual_search.encoders.base import Encoder
from visual_search.engines.base import Engine
from visual_search.querying import legs
from visual_search.types import CollectionSchema, EngineQuery, LegHit


def by_words(
    words: str,
    language: str | None,
    *,
    engine: Engine,
    collection: str,
    schema: CollectionSchema,
    lexicon: Lexicon | None = None,
) -> tuple[LegHit, ...]:
    """What full text alone finds, best first: as many as the shop looks at. `lexicon`: the shop's words."""
    leg = legs.words_leg(words, language, schema, lexicon)
    return engine.search(collection, EngineQuery((leg,))).leg(legs.WORDS).hits


def by_meaning(
    words: str, language: str | None, *, engine: Engine, collection: str, schema: CollectionSchema, encoder: Encoder
) -> tuple[LegHit, ...]:
    """What the vectors of titles alone find, best first; nothing where the encoder doesn't know the words."""
    asked, _ = legs.askable(legs.vector_legs(words, language, encoder), schema)
    meant = tuple(leg for leg in asked if leg.name == legs.MEANING)
    return engine.search(collection, EngineQuery(meant)).leg(legs.MEANING).hits if meant else ()
