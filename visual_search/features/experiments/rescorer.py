"""The journey of a question under trial: two rankings order its hits, their picks are drafted into one list, and a note says
whose each is. Who asks plays no part: the coins come of the answer's own id.
"""

from __future__ import annotations

from django.conf import settings

from visual_search import registry
from visual_search.features.experiments import current, options, teams
from visual_search.features.experiments.drafting import coins, draft, takes_part
from visual_search.features.experiments.models import Kind
from visual_search.hooks import Moment, Overstepped, Reordered
from visual_search.privacy.pseudonyms import keyed_hash
from visual_search.types import Hit, Query

BEFORE = 10  # places that a later rescorer may move a hit across the border of a page


class InterleavingRescorer:
    """Leaves the hits alone while nothing is tried out, and for shoppers who want no part in it (`Query.pages_of` is None)."""

    name = teams.HOOK

    def rescore(self, query: Query, hits: tuple[Hit, ...], moment: Moment) -> Reordered:
        """The drafted list of the experiment that runs."""
        running = current.running()
        if (
            running is None
            or running.kind != Kind.INTERLEAVE
            or not hits
            or not query.pages_of
            or not _may_be_tried(query)
        ):
            return Reordered(hits)
        key = secret()
        if not takes_part(key, query.pages_of, running.share):
            return Reordered(hits, teams.control(running.id, query.pages_of))
        order_a = _ordered(running.a, query, hits, moment)
        order_b = _ordered(running.b, query, hits, moment)
        moment.check()
        drafted = draft([*order_a], [*order_b], coins(key, query.pages_of))
        # A hit that B gives a reason has it where B picked it.
        by_team = {teams.Team.A: order_a, teams.Team.B: order_b}
        shown = tuple(by_team[drafted.teams.get(id, teams.Team.A)][id] for id in drafted.order)
        first = max(0, (query.page - 1) * query.page_size - BEFORE)
        return Reordered(shown, teams.note(running.id, query.pages_of, drafted, first=first))


def _may_be_tried(query: Query) -> bool:
    """Whether an order by relevance was asked of the shop's products: another order is the shopper's own."""
    asked = query.words.strip() or query.pictures or query.like
    return bool(asked) and query.sort in ("", "relevance") and query.collection == registry.default()


def _ordered(name: str, query: Query, hits: tuple[Hit, ...], moment: Moment) -> dict[str, Hit]:
    if name == options.SHOPS_OWN:
        return {hit.id: hit for hit in hits}
    after = options.ranking(name).rescore(query, hits, moment).hits
    if sorted(hit.id for hit in after) != sorted(hit.id for hit in hits):
        raise Overstepped(f"The ranking '{name}' gave back other hits than it got; it may only change their order.")
    return {hit.id: hit for hit in after}


def secret() -> bytes:
    """What coins are thrown with: nobody but the shop can foretell them."""
    return keyed_hash(settings.SECRET_KEY, "experiments")
