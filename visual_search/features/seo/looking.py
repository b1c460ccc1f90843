"""Looks through a collection for what search engines would find missing, thin or doubled, and keeps it until the next look."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from multilingual.languages import base_code
from visual_search import registry
from visual_search.content.objects import family_key_of, named
from visual_search.features.seo import alternatives
from visual_search.features.seo.alike import alike
from visual_search.features.seo.models import PagesCheck, PictureText
from visual_search.features.seo.sites import Site, site
from visual_search.types import Text

BATCH = 200  # objects that are read together
NAMED = 50  # objects that are named of each finding; the others are counted
THIN = 50  # characters of a description; less says little more than the title
LONG = 70  # characters of a title; a page of results shows about sixty
SMALL = 600  # px of the longer side; smaller ones aren't shown large where the page is shared
HUGE = 1_280  # px; a wider picture without copies is sent to phones as it is
FINDINGS: dict[str, object] = {
    "unread": _("The source can't describe it"),
    "untitled": _("No title in a language of the pages"),
    "thin": _("A description of fewer than 50 characters"),
    "long_title": _("A title of more than 70 characters"),
    "doubled": _("The same title as another product's"),
    "no_picture": _("No picture"),
    "alike": _("The same picture as another product's, perhaps at another size"),
    "small": _("A picture of less than 600 px"),
    "huge": _("A large picture without smaller copies"),
    "unconfirmed": _("Texts in place of pictures that nobody has confirmed"),
}


@dataclass
class _Found:
    """The ids of each finding, in the order in which they were found. An object counts once."""

    ids: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, finding: str, id: str) -> None:
        self.ids[finding][id] = None


def look(collection: str) -> PagesCheck:
    """Read all objects of the collection once, without opening a picture, and keep what is wrong with their pages."""
    source, of_shop, found = registry.source(collection), site(), _Found()
    titles: dict[int, tuple[str, str]] = {}  # hash of a title -> family and id of the first that has it
    families: dict[str, str] = {}
    objects = source.queryset().order_by("pk").iterator(chunk_size=BATCH)
    while some := list(islice(objects, BATCH)):
        for obj in some:
            id = str(obj.pk)
            families[id] = family_key_of(source, obj)
            try:
                text, pictures = _read(source, obj, found)
            # Whatever the shop's code raises costs this object alone.
            except Exception:
                found.add("unread", id)
                continue
            if text.title:
                family, first = titles.setdefault(hash(_folded(text.title)), (families[id], id))
                if family != families[id]:
                    found.add("doubled", first)
                    found.add("doubled", id)
            if not pictures:
                found.add("no_picture", id)
        _sizes(of_shop, collection, [str(obj.pk) for obj in some], found)
    for group in alike(collection):
        there = [id for id in group if id in families]
        if len({families[id] for id in there}) > 1:
            for id in there:
                found.add("alike", id)
    waiting = PictureText.objects.filter(collection=collection, confirmed_at__isnull=True)
    for id in waiting.order_by("object_id").values_list("object_id", flat=True).distinct().iterator():
        # Proposals stay for objects that are gone, or hidden for a while.
        if id in families:
            found.add("unconfirmed", id)
    check, _made = PagesCheck.objects.update_or_create(
        collection=collection,
        defaults={
            "objects_read": len(families),
            "findings": {name: {"count": len(ids), "ids": list(ids)[:NAMED]} for name, ids in found.ids.items()},
        },
    )
    return check


def _read(source: registry.Source, obj: Any, found: _Found) -> tuple[Text, list[object]]:
    """The object's first text and its pictures that pages show; what its texts lack is noted."""
    id = str(obj.pk)
    texts = source.texts(obj)
    spoken = {base_code(tag) for tag, text in texts.items() if text.title}
    if {base_code(code) for code, _name in settings.LANGUAGES} - spoken:
        found.add("untitled", id)
    text = next(iter(texts.values()), Text(""))
    if len(" ".join(text.description.split())) < THIN:
        found.add("thin", id)
    if any(len(each.title) > LONG for each in texts.values()):
        found.add("long_title", id)
    return text, [picture for picture in source.pictures(obj) if picture.url]


def _folded(title: str) -> str:
    return " ".join(title.split()).casefold()


def _sizes(of_shop: Site, collection: str, ids: Sequence[str], found: _Found) -> None:
    for id, sizes in of_shop.picture_sizes(collection, ids).items():
        for size in sizes:
            if max(size.width, size.height) < SMALL:
                found.add("small", id)
            if size.width > HUGE and not size.has_copies:
                found.add("huge", id)


def propose(collection: str) -> int:
    """Propose texts for all pictures of the collection in all languages of the pages, and give how many."""
    source = registry.source(collection)
    objects = source.queryset().order_by("pk").iterator(chunk_size=BATCH)
    return alternatives.propose(collection, objects, [code for code, _name in settings.LANGUAGES])


def checks() -> list[PagesCheck]:
    """The last look at each collection that has pages."""
    return list(PagesCheck.objects.filter(collection__in=site().collections).order_by("collection"))


def examples(check: PagesCheck, finding: str, most: int = 5) -> list[tuple[str, str]]:
    """The first objects of a finding: id, and what staff call it."""
    ids = check.findings.get(finding, {}).get("ids", [])[:most]
    return list(named(registry.source(check.collection), ids).items())
