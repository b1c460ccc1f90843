"""The remedies that insights itself offers: "not sold here", the purchase list, and the object's own page in the admin."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from visual_search.content.objects import object_page
from visual_search.features.insights.models import NotSold, Purchase, Wanted
from visual_search.remedies import Case, Remedy, Trouble, register

MISSED = frozenset({Trouble.NOTHING_FOUND, Trouble.NOTHING_CLOSE})
OF_OBJECTS = frozenset({Trouble.NOT_CLICKED, Trouble.CLICKED_DEEP, Trouble.SOLD_OUT})


def connect() -> None:
    """Offer them beside those of other features."""
    for name, label, model in (
        ("not_sold", _("Not sold here"), NotSold),
        ("purchase", _("Purchase list"), Purchase),
    ):
        permission = f"visual_search_insights.add_{model._meta.model_name}"
        register(Remedy(name, label, MISSED, _adding(model), permission))
    register(Remedy("object", _("Edit the object"), OF_OBJECTS, _object))


def _adding(model: type[Wanted]) -> Callable[[Case], str]:
    """The form with everything filled in."""

    def url(case: Case) -> str:
        given = {"collection": case.collection, "words": case.words or case.label, "language": case.language}
        return f"{reverse(f'admin:visual_search_insights_{model._meta.model_name}_add')}?{urlencode(given)}"

    return url


def _object(case: Case) -> str:
    return object_page(case.collection, case.object_id)
