"""Takes out of a question's words what they ask for beyond words: a range of prices becomes a filter.

It is done before anything is asked, so both engines get the same question. The answer says what was understood, so that it can
be shown and taken back. What the shopper chose by hand wins over what the words say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from multilingual import prices
from visual_search.conf import conf
from visual_search.types import PRICE, AnyOf, Between, CollectionSchema, FacetKind, Filter, Query, Understood


def understood(query: Query, schema: CollectionSchema, currency: str) -> tuple[Query, tuple[Understood, ...]]:
    """The question as its words are meant, and what was understood of them. `currency`: of the shop's prices, "" if unknown."""
    if not (query.words and query.words_weight > 0 and query.understand and conf.UNDERSTANDING):
        return query, ()
    if not any(field.name == PRICE.name and field.kind is FacetKind.NUMBER for field in schema.facets):
        return query, ()
    read, unread = query.words[: conf.QUERY_MAX_CHARS], query.words[conf.QUERY_MAX_CHARS :]
    words, ranges = prices.split(read, currency)
    if not ranges:
        return query, ()
    counting = _beside(query.filters, ranges)
    rules = tuple(Between(PRICE.name, one.at_least, one.at_most) for one in counting)
    return replace(query, words=words + unread, filters=(*query.filters, *rules)), counting


def _beside(chosen: Iterable[Filter], ranges: Iterable[prices.PriceRange]) -> tuple[Understood, ...]:
    """The ranges without the ends that were chosen by hand; none where the two can't both hold."""
    rules = [rule for rule in chosen if isinstance(rule, AnyOf | Between) and rule.field == PRICE.name]
    if any(isinstance(rule, AnyOf) for rule in rules):
        return ()
    by_hand = [rule for rule in rules if isinstance(rule, Between)]
    least = next((rule.at_least for rule in by_hand if rule.at_least is not None), None)
    most = next((rule.at_most for rule in by_hand if rule.at_most is not None), None)
    kept = [
        Understood(
            facet=PRICE.name,
            text=one.text,
            at_least=one.at_least if least is None else None,
            at_most=one.at_most if most is None else None,
        )
        for one in ranges
    ]
    contradicts = any(
        (most is not None and one.at_least is not None and one.at_least > most)
        or (least is not None and one.at_most is not None and one.at_most < least)
        for one in kept
    )
    return () if contradicts else tuple(one for one in kept if (one.at_least, one.at_most) != (None, None))
