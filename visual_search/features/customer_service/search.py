"""Tells search how to read a help article: its texts in every language, its pictures, and what it holds for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from visual_search.features.customer_service import scopes
from visual_search.features.customer_service.kinds import HelpState
from visual_search.features.customer_service.models import HelpArticle, HelpPicture, HelpText
from visual_search.registry import Source, register
from visual_search.types import Card, FacetField, FacetKind, FacetValue, Picture, Text

COLLECTION = "faults"


@register
class Faults(Source):
    model = HelpArticle
    collection = COLLECTION
    watch = {HelpText: "article", HelpPicture: "article"}
    public = False  # Answers come with their grade and the way to a person, so nobody asks for them by themselves.
    schema = (FacetField(scopes.FACET, FacetKind.KEYWORD, _("Holds for"), searchable=False),)

    def queryset(self) -> QuerySet[HelpArticle]:
        return HelpArticle.objects.filter(state=HelpState.PUBLISHED).prefetch_related("texts", "pictures")

    def pictures(self, obj: HelpArticle) -> Iterable[Picture]:
        for picture in obj.pictures.all():
            yield Picture(str(picture.pk), partial(_read, picture.file), picture.position, "main", "")

    def texts(self, obj: HelpArticle) -> Mapping[str, Text]:
        return {
            text.language: Text(text.title, text.body, tuple(lines(text.also_said)))
            for text in sorted(obj.texts.all(), key=lambda text: text.language != "en")
        }

    def facets(self, obj: HelpArticle) -> Mapping[str, FacetValue]:
        return {scopes.FACET: scopes.of_article(obj)}

    def card(self, obj: HelpArticle, language: str | None = None) -> Card:
        return Card(id=str(obj.pk), sku="", title=str(obj), url="")


def lines(text: str) -> list[str]:
    """The lines of a field, without spaces around and without empty ones."""
    return [line for line in map(str.strip, text.splitlines()) if line]


def _read(file: Any) -> bytes:
    with file.open("rb") as opened:
        return bytes(opened.read())
