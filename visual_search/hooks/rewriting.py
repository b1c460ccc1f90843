"""Rewriters change a question before it is asked: synonyms, replacements, filters, a page to go to instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from visual_search.hooks.guard import Guard, Guarded, Moment, Overstepped
from visual_search.types import Query


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The question to ask instead. `note` says in one word what was done or why nothing (''); `redirect`: the address of a
    page that answers better than hits, '' for none. Of several redirects the last one counts.
    """

    query: Query
    note: str = ""
    redirect: str = ""


@runtime_checkable
class Rewriter(Protocol):
    """Thread-safe. May change every part of the question but its collection, and must leave one that can be asked."""

    name: str

    def rewrite(self, query: Query, moment: Moment) -> Rewritten: ...


class Rewriters(Guard[Rewriter]):
    kind = "rewriter"

    def apply(self, query: Query, *, check: Callable[[Query], None], limit_ms: float) -> Guarded[Rewritten]:
        """The question after all rewriters. `check` raises for one that can't be asked; then that rewriter is skipped."""

        def step(rewriter: Rewriter, before: Rewritten, moment: Moment) -> tuple[Rewritten, str]:
            after = rewriter.rewrite(before.query, moment)
            if after.query.collection != before.query.collection:
                raise Overstepped("It changed the collection; it may change all else of a question.")
            check(after.query)
            return Rewritten(after.query, redirect=after.redirect or before.redirect), after.note

        return self.run(Rewritten(query), step, limit_ms=limit_ms)
