"""Says why a product is offered, in words of the page's language. A reason is true of this very product, and has no numbers:
a count that changes would tell of single baskets.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from visual_search import registry
from visual_search.features.recommendations.slots import Candidate, SlotKind, Source
from visual_search.types import CATEGORY, PATH_SEPARATOR


def reason(candidate: Candidate, kind: SlotKind, *, title: str, category: str, looks_alike: bool) -> str:
    """`title`: of the product that it is offered for. `category`: what pages call the one that is told of, "" for the shop.

    `looks_alike`: whether pictures of both are very similar; words, or a common style, may have found it, too.
    """
    match candidate.source:
        case Source.ORDERS:
            return _("Often bought with %(title)s") % {"title": title}
        case Source.BORROWED:
            return _("Often bought with things like %(title)s") % {"title": title}
        case Source.SERIES:
            return _("Same series")
        case Source.POPULAR:
            return _("Popular in %(category)s") % {"category": category} if category else _("Popular now")
        case Source.BESIDE:
            return _("Also in %(category)s") % {"category": category}
        case Source.VIEWED:
            return _("You looked at this")
        case Source.CONTENT:
            return _looks_like(title) if looks_alike else _similar(title)
        case Source.PINNED | Source.CURATED if kind is SlotKind.SIMILAR:
            return _similar(title)
    return _("Goes with %(title)s") % {"title": title}


def _looks_like(title: str) -> str:
    return _("Looks like %(title)s") % {"title": title}


def _similar(title: str) -> str:
    return _("Similar to %(title)s") % {"title": title}


def category_labels(collection: str, paths: Collection[str]) -> Mapping[str, str]:
    """What pages call these categories in the active language; the last level of a path that has no name."""
    wanted = sorted({path for path in paths if path})
    if not wanted:
        return {}
    called = registry.source(collection).value_labels(CATEGORY.name, wanted, get_language() or "")
    return {path: called.get(path) or path.rpartition(PATH_SEPARATOR)[2] for path in wanted}
