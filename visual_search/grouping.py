"""One question to several collections: products and articles, each answered in a group of its own.

The groups aren't mixed into one list, because scores of different collections can't be compared: each has its own
statistics of words and its own grades.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from visual_search import registry
from visual_search.errors import BadInput, Busy, ConfigurationError, VisualSearchError, said
from visual_search.search import search
from visual_search.types import Page, Query

logger = logging.getLogger(__name__)

# In the context of `search_served`: the query_id of the first group's page, for the questions that are the same once more.
BESIDE = "beside"


@dataclass(frozen=True, slots=True)
class Group:
    """The answer of one collection. `label`: what the shop calls its objects."""

    label: str
    page: Page


@dataclass(frozen=True, slots=True)
class Grouped:
    """The answers in the order of the question. `degraded` names each collection that couldn't: "collection:articles"."""

    groups: tuple[Group, ...]
    took_ms: float
    degraded: tuple[str, ...] = ()


def search_each(
    query: Query, collections: Sequence[str], *, page: Page | None = None, context: Mapping[str, object] | None = None
) -> Grouped:
    """Ask each collection the words and photos of `query`. A photo is looked at once, whatever the number of collections.

    `page`: an answer to the same question that is already there, whose photos needn't be looked at again. A collection that
    fails is left out and named in `degraded`; if all fail, the first failure is raised. Raises BadInput if `query` has a
    part that belongs to one collection alone: filters, an order, a page, ids, facets.
    """
    begin = time.perf_counter()
    _refuse_parts_of_one(query)
    groups: list[Group] = []
    failures: dict[str, VisualSearchError] = {}
    for name in collections:
        asked = replace(query, collection=name, facets=(), pictures=page.pictures if page else query.pictures)
        # The same question was noted where it was asked first.
        told = {**(context or {}), **({BESIDE: page.query_id, "log": False} if page else {})}
        try:
            answer = search(asked, context=told)
        except (BadInput, Busy, ConfigurationError):
            raise
        except VisualSearchError as error:
            logger.warning("Collection '%s' could not be asked beside others: %s", name, error)
            failures[name] = error
            continue
        groups.append(Group(registry.source(name).label, answer))
        page = page or answer
    if failures and not groups:
        raise next(iter(failures.values()))
    took = round((time.perf_counter() - begin) * 1000, 1)
    return Grouped(tuple(groups), took, tuple(f"collection:{name}" for name in failures))


def _refuse_parts_of_one(query: Query) -> None:
    plain = Query()
    for name in ("filters", "sort", "page", "like", "unlike", "facets"):
        if getattr(query, name) != getattr(plain, name):
            raise BadInput(said("%(name)s belongs to one collection; ask that one alone.", name=name), field=name)
