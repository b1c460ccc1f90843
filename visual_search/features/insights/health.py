"""Looks through a collection for what makes its objects hard to find, and keeps what it found until the next look."""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from multilingual.languages import base_code
from visual_search import registry, wiring
from visual_search.conf import conf
from visual_search.content import documents
from visual_search.content.objects import named
from visual_search.content.stand_ins import StandIns
from visual_search.features.insights.models import CatalogueCheck
from visual_search.features.insights.options import options
from visual_search.features.insights.sheets import Cell, Column, Form, Label, Sheet
from visual_search.learning import calibrating
from visual_search.models import IndexEntry, ShownPicture, StoredCalibration, chunks
from visual_search.ranking.calibration import LEAST_JUDGED, Rates

BATCH = 500  # objects that are read together
NAMED = 50  # objects that are named of each finding; the others are counted
WRONG = 0.3  # A grade that is wrong more often in a category is told. Over all categories it is wrong in .05 to .2.
SIMILAR = _("similar style")
FINDINGS: dict[str, Label] = {
    "unread": _("The source can't describe it"),
    "no_picture": _("No picture"),
    "unreadable": _("A picture that can't be read"),
    "placeholder": _("A picture that stands for a missing one"),
    "duplicate": _("The same picture as another object's"),
    "no_text": _("No text in any language"),
    "failed": _("Not in the index: indexing failed"),
}


@dataclass
class _Found:
    """Ids by finding; of each the first are kept."""

    counts: Tally[str] = field(default_factory=Tally)
    ids: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, finding: str, id: str) -> None:
        self.counts[finding] += 1
        if len(self.ids[finding]) < NAMED:
            self.ids[finding].append(id)


def look(collection: str) -> CatalogueCheck:
    """Read all objects of the collection once, without opening a picture, and keep what is wrong with them.

    What can't be read of a picture is known since it was indexed.
    """
    source, found = registry.source(collection), _Found()
    languages: Tally[str] = Tally()
    families: dict[str, str] = {}
    read = 0
    for obj in source.queryset().iterator(chunk_size=BATCH):
        read += 1
        try:
            content = documents.read(source, obj)
        except documents.SourceFailed:
            found.add("unread", str(obj.pk))
            continue
        families[content.id] = content.family or content.id
        spoken = {base_code(language) or language for language, text in content.texts.items() if text.title}
        languages.update(spoken)
        if not spoken:
            found.add("no_text", content.id)
        if not content.pictures:
            found.add("no_picture", content.id)
    for state, finding in (("failed", "failed"), ("indexed", "unreadable")):
        entries = IndexEntry.objects.filter(collection=collection, deleted=False, state=state)
        entries = entries.exclude(warning="") if finding == "unreadable" else entries
        for id in entries.order_by("object_id").values_list("object_id", flat=True):
            found.add(finding, id)
    for finding, id in _shared(collection, families):
        found.add(finding, id)
    check, _made = CatalogueCheck.objects.update_or_create(
        collection=collection,
        defaults={
            "objects_read": read,
            "languages": dict(languages),
            "findings": {name: {"count": count, "ids": found.ids[name]} for name, count in found.counts.items()},
        },
    )
    return check


def _shared(collection: str, families: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Objects whose picture others show, too: in place of a missing one, or by mistake. Sizes and colours of one thing may."""
    stand_ins = {one.content_hash for one in StandIns(collection).found()}
    shown = ShownPicture.objects.filter(collection=collection)
    often = shown.values("content_hash").annotate(showing=Count("object_id", distinct=True)).filter(showing__gt=1)
    objects: dict[str, set[str]] = defaultdict(set)
    for some in chunks(often.order_by("content_hash").values_list("content_hash", flat=True)):
        for content, id in shown.filter(content_hash__in=some).values_list("content_hash", "object_id"):
            objects[content].add(id)
    for finding, contents in (
        ("placeholder", [content for content in objects if content in stand_ins]),
        ("duplicate", [content for content in objects if content not in stand_ins]),
    ):
        ids = set()
        for content in contents:
            alike = objects[content] & families.keys()
            if finding == "placeholder" or len({families[id] for id in alike}) > 1:
                ids |= alike
        yield from ((finding, id) for id in sorted(ids))


def checks() -> list[CatalogueCheck]:
    """The last look at each collection that there still is."""
    known = [source.collection for source in registry.sources()]
    return list(CatalogueCheck.objects.filter(collection__in=known).order_by("collection"))


def sheet(check: CatalogueCheck) -> Sheet:
    """What the last look found, by kind."""
    return Sheet(
        f"catalogue-{check.collection}",
        _("%(collection)s: %(count)s objects") % {"collection": check.collection, "count": check.objects_read},
        [Column("finding", _("Finding"), Form.TEXT), Column("objects", _("Objects"))],
        [[str(label), check.findings.get(name, {}).get("count", 0)] for name, label in FINDINGS.items()],
    )


def examples(check: CatalogueCheck, most: int = 5) -> list[list[tuple[str, str]]]:
    """Of each finding the first objects: id, and what staff call it."""
    source = registry.source(check.collection)
    firsts = (check.findings.get(name, {}).get("ids", [])[:most] for name in FINDINGS)
    return [list(named(source, ids).items()) for ids in firsts]


def grades(collection: str) -> Sheet:
    """How often grades are wrong by category, where that is too often; and when they were learned."""
    rows: list[list[Cell]] = []
    stored = current(collection)
    for picture, limits in calibrating.unpacked(stored).limits.items() if stored else ():
        for category, rates in limits.categories.items():
            rows += [
                [picture, category, rates.probes, str(grade), share, _state(share, grade)]
                for grade, share in _wrong(rates)
                if rates.probes >= LEAST_JUDGED and share is not None and share > WRONG
            ]
    return Sheet(
        f"grades-{collection}",
        _("Grades that are wrong too often"),
        [
            Column("picture", _("Picture"), Form.TEXT),
            Column("category", _("Category"), Form.TEXT),
            Column("asked", _("Asked")),
            Column("grade", _("Grade"), Form.TEXT),
            Column("wrong", _("Wrong"), Form.SHARE),
            Column("state", _("State"), Form.TEXT),
        ],
        rows,
        about=_("As calibration measured it on pictures that it didn't learn from: more than three in ten."),
        empty=_("None in any category."),
    )


def _state(share: float, grade: Label) -> str:
    """Whether the grade is given there at all."""
    return gettext("withheld there") if share > conf.GRADE_WRONG_MAX and grade != SIMILAR else ""


def _wrong(rates: Rates) -> tuple[tuple[Label, float | None], ...]:
    return (
        (_("same item"), rates.same_wrong),
        (_("very similar"), rates.very_similar_wrong),
        (SIMILAR, rates.similar_wrong),
    )


def current(collection: str) -> StoredCalibration | None:
    """What was learned with today's encoder."""
    fingerprint = wiring.encoder().card.image.fingerprint
    return StoredCalibration.objects.filter(collection=collection, fingerprint=fingerprint).first()


def calibration_note(collection: str) -> Label:
    """What is wrong with the age of the calibration; "" for nothing."""
    stored = current(collection)
    if stored is None:
        return _("Grades were never learned from this shop's pictures: run “manage.py visual_search calibrate”.")
    age = timezone.now() - stored.made_at
    if age > timedelta(days=options().calibration_days):
        return _("Grades were learned %(days)s days ago; run “manage.py visual_search calibrate”.") % {"days": age.days}
    return ""
