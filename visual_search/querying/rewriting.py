"""Lets the shop's rewriters change a question before it is asked."""

from __future__ import annotations

from visual_search import wiring
from visual_search.conf import conf
from visual_search.engines.validation import check_filter
from visual_search.hooks import Guarded, Rewritten
from visual_search.querying import legs, parsing
from visual_search.types import Query


def rewritten(query: Query) -> Guarded[Rewritten]:
    """The question after all rewriters. A rewriter that makes an invalid question is skipped."""

    def check(changed: Query) -> None:
        parsing.check_limits(changed)
        schema = wiring.schema(changed.collection)
        for rule in changed.filters:
            check_filter(rule, schema)
        legs.order(changed.sort, schema)

    return wiring.rewriters().apply(query, check=check, limit_ms=conf.REWRITE_LIMIT_MS)
