"""Small hooks of each kind, as a shop or a feature would write them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from visual_search.hooks import Curated, Moment, Reordered, Rewritten
from visual_search.types import AnyOf, Hit, Query


@dataclass
class Synonyms:
    """Words in place of others, the category that they mean, or a page that answers them."""

    words: dict[str, str] = field(default_factory=dict)
    categories: dict[str, str] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    name: str = "synonyms"

    def rewrite(self, query: Query, moment: Moment) -> Rewritten:
        moment.check()
        asked = query.words.lower()
        changed = replace(query, words=self.words.get(asked, query.words))
        if path := self.categories.get(asked):
            changed = replace(changed, filters=tuple(dict.fromkeys((*query.filters, AnyOf("category", (path,))))))
        return Rewritten(changed, "replaced" if changed != query else "", self.pages.get(asked, ""))


@dataclass
class Placing:
    """Puts these first, in this order, whatever the question finds; drops those; both by id."""

    first: Sequence[str] = ()
    dropped: Sequence[str] = ()
    reason: str = "placed"
    name: str = "placing"

    def offers(self, query: Query, moment: Moment) -> Sequence[str]:
        moment.check()
        return self.first

    def curate(self, query: Query, hits: tuple[Hit, ...], offered: tuple[Hit, ...], moment: Moment) -> Curated:
        moment.check()
        known = {hit.id: hit for hit in (*hits, *offered)}
        placed = [replace(known[id], reason=self.reason, grade=None) for id in dict.fromkeys(self.first) if id in known]
        rest = [hit for hit in hits if hit.id not in self.first and hit.id not in self.dropped]
        return Curated((*placed, *rest), "placed" if placed else "")


@dataclass
class Hiding:
    """Takes these out, also where they are folded into another hit."""

    ids: Sequence[str] = ()
    name: str = "hiding"

    def offers(self, query: Query, moment: Moment) -> Sequence[str]:
        return ()

    def curate(self, query: Query, hits: tuple[Hit, ...], offered: tuple[Hit, ...], moment: Moment) -> Curated:
        folded = (replace(hit, folded=tuple(id for id in hit.folded if id not in self.ids)) for hit in hits)
        return Curated(tuple(hit for hit in folded if hit.id not in self.ids))


@dataclass
class Reversing:
    """The close hits upside down."""

    name: str = "reversing"

    def rescore(self, query: Query, hits: tuple[Hit, ...], moment: Moment) -> Reordered:
        moment.check()
        close = tuple(hit for hit in hits if hit.grade != "nothing close")
        return Reordered((*close[::-1], *hits[len(close) :]), "reversed")


@dataclass
class Scripted:
    """A hook of any kind that does what a test says; a step that it isn't told does nothing."""

    name: str = "scripted"
    steps: dict[str, Callable[..., Any]] = field(default_factory=dict)

    def rewrite(self, query: Query, moment: Moment) -> Rewritten:
        return self._do("rewrite", Rewritten(query), query, moment)

    def offers(self, query: Query, moment: Moment) -> Sequence[str]:
        return self._do("offers", (), query, moment)

    def curate(self, query: Query, hits: tuple[Hit, ...], offered: tuple[Hit, ...], moment: Moment) -> Curated:
        return self._do("curate", Curated(hits), query, hits, offered, moment)

    def _do(self, step: str, nothing: Any, *given: Any) -> Any:
        return self.steps[step](*given) if step in self.steps else nothing
