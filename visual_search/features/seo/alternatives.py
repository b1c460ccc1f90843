"""Texts in place of pictures: what is proposed, what was confirmed, and what a page shows.

A confirmed text comes first, then the shop's own, then what is known of the object: its title, colour, and which view it is.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from multilingual.languages import base_code
from visual_search import registry
from visual_search.features.seo.models import PictureText
from visual_search.models import chunks
from visual_search.types import CATEGORY, PATH_SEPARATOR

logger = logging.getLogger(__name__)

LONGEST = 125  # characters: screen readers pause there, and nobody listens to more
BATCH = 500  # objects whose texts are read and written together


def proposal(title: str, colour: str = "", role: str = "main", number: int = 1) -> str:
    """What a picture shows, in the language that is active.

    `role`: as sources name it; `number`: the place of the picture among those of the object, from 1.
    """
    words = [title]
    if colour and colour.casefold() not in title.casefold():
        words.append(colour)
    if view := _view(role, number):
        words.append(view)
    text = ", ".join(words)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def _view(role: str, number: int) -> str:
    named = {"view": _("another view"), "detail": _("detail"), "scene": _("in a scene")}.get(role, "")
    if number == 1:
        return named if role in ("detail", "scene") else ""
    # Two pictures with one text would be one to whoever hears them.
    counted = _("picture %(number)s") % {"number": number}
    return f"{named}, {counted}" if named else counted


def confirmed(collection: str, object_id: str, language: str | None) -> dict[str, str]:
    """Picture id -> the text that somebody confirmed in this language. One query."""
    rows = PictureText.objects.filter(collection=collection, object_id=object_id, language=language or "")
    return dict(rows.filter(confirmed_at__isnull=False).values_list("picture_id", "text"))


def of_object(collection: str, obj: Any, language: str | None) -> dict[str, str]:
    """Picture id -> what a page shows in place of it."""
    proposed = proposals(registry.source(collection), obj, language or settings.LANGUAGE_CODE)
    return {**proposed, **confirmed(collection, str(obj.pk), language)}


def proposals(source: registry.Source, obj: Any, language: str) -> dict[str, str]:
    """Picture id -> what is proposed in this language, for all pictures that pages show."""
    with override(language):
        title, colour = _words(source, obj, language)
        shown = sorted((one for one in source.pictures(obj) if one.url), key=lambda one: one.position)
        return {one.id: proposal(title, colour, one.role, number) for number, one in enumerate(shown, 1)}


def _words(source: registry.Source, obj: Any, language: str) -> tuple[str, str]:
    """Title and colour in this language; without a title in it, the name of the category in it, if the shop has one."""
    card = source.card(obj, base_code(language))
    spoken = registry.text_in(source.texts(obj), language)
    if spoken and spoken.title:
        return card.title, card.colour
    path = source.facets(obj).get(CATEGORY.name)
    if isinstance(path, str) and (label := source.value_labels(CATEGORY.name, [path], language).get(path)):
        return label.rpartition(PATH_SEPARATOR)[2], card.colour
    return card.title, card.colour


def propose(collection: str, objects: Iterable[Any], languages: Sequence[str]) -> int:
    """Write proposals for the pictures of these objects, and give how many. Nothing that was confirmed changes."""
    source, count = registry.source(collection), 0
    for some in chunks(objects, BATCH):
        there = PictureText.objects.filter(collection=collection, object_id__in=[str(obj.pk) for obj in some])
        waiting, done = (there.filter(confirmed_at__isnull=each) for each in (True, False))
        kept = set(done.values_list("object_id", "picture_id", "language"))
        rows = [
            PictureText(collection=collection, object_id=id, picture_id=picture, language=language, text=text)
            for id, picture, text, language in _proposed(source, some, languages)
            if (id, picture, language) not in kept
        ]
        waiting.delete()
        # A text that somebody confirms meanwhile stays: the new row gives way to it.
        PictureText.objects.bulk_create(rows, ignore_conflicts=True)
        count += len(rows)
    return count


def _proposed(
    source: registry.Source, objects: Iterable[Any], languages: Sequence[str]
) -> Iterator[tuple[str, str, str, str]]:
    """(id of the object, id of the picture, text, language) of each proposal."""
    for obj in objects:
        id = str(obj.pk)
        try:
            found = [(id, *each, code) for code in languages for each in proposals(source, obj, code).items()]
        # The source is the shop's code. An object that it can't describe costs the others nothing, and the look names it.
        except Exception:
            logger.exception("No texts are proposed for the pictures of %s %s.", source.collection, id)
            continue
        yield from found
