"""Lists of what goes wrong in a span of days, each row with the remedies that installed features offer against it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from visual_search import registry
from visual_search.content.objects import objects_by_id
from visual_search.features.insights.figures import Span
from visual_search.features.insights.folding import NONE
from visual_search.features.insights.hiding import HIDDEN
from visual_search.features.insights.models import CatalogueCheck, DayHit, DayText, NotSold, Purchase
from visual_search.features.insights.sheets import Cell, Column, Form, Label, Sheet
from visual_search.remedies import Case, Offer, Trouble, offers

MOST_ROWS = 100  # of a list, the greatest first: more than a person works through in a week
MISSED_SHARE = 0.5  # of the searches for these words; fewer were lucky with another filter or spelling
# So many clicks would be usual for what is shown so often; none come by chance in one case of twenty (Poisson).
USUAL_CLICKS = 3.0
LEAST_CLICKS = 5  # fewer say nothing of where an object belongs
DEEP_SHARE = 0.5  # of an object's clicks
LOOKED_AT = 300  # objects that stood on top most often, whose stock is read


@dataclass(frozen=True, slots=True)
class Listed:
    """One list: its figures, and of each row what it is about."""

    sheet: Sheet
    cases: Sequence[Case]
    remedies: Sequence[tuple[Offer, ...]] = field(default=())


def lists(span: Span, permissions: Collection[str] | None) -> list[Listed]:
    """All lists of a span. `permissions`: of whoever looks; None for somebody who may do everything."""
    made = [
        make(span) for make in (_nothing_found, _nothing_close, _not_clicked, _clicked_deep, _sold_out, _without_texts)
    ]
    return [Listed(one.sheet, one.cases, [offers(case, permissions) for case in one.cases]) for one in made]


def _nothing_found(span: Span) -> Listed:
    refused, wanted = _decided(NotSold), _decided(Purchase)
    rows: list[list[Cell]] = []
    cases: list[Case] = []
    texts = DayText.objects.filter(day__range=(span.first, span.last))
    # Words have the language of most of their questions, which may change from day to day.
    spoken = _sums(texts, ("collection", "text", "language"), ("questions",))
    languages = {(row["collection"], row["text"]): row["language"] for row in reversed(spoken)}
    for row in _sums(texts, ("collection", "text"), ("questions", "nothing", "nothing_close")):
        missed = row["nothing"] + row["nothing_close"]
        words, key = row["text"], (row["collection"], row["text"])
        language = languages[key]
        if missed < MISSED_SHARE * row["questions"] or not missed or key in refused:
            continue
        rows.append([words, language, row["questions"], missed, _state(key in wanted)])
        cases.append(Case(Trouble.NOTHING_FOUND, row["collection"], words=words, language=language))
    return _list(
        "nothing_found",
        _("Searched, and not found"),
        [
            Column("words", _("Words"), Form.TEXT),
            Column("language", _("Language"), Form.TEXT),
            Column("searches", _("Searches")),
            Column("missed", _("Found nothing, or nothing close")),
            Column("state", _("State"), Form.TEXT),
        ],
        rows,
        cases,
        by="missed",
        about=_("Words that enough browsers typed, and of which at least half of the searches found nothing close."),
    )


def _nothing_close(span: Span) -> Listed:
    refused, wanted = ({words for _collection, words in _decided(model)} for model in (NotSold, Purchase))
    rows: list[list[Cell]] = []
    cases: list[Case] = []
    for line in span.lines("seen"):
        if line.value in (HIDDEN, NONE) or not line.nothing_close or line.value in refused:
            continue
        rows.append([line.value, line.questions, line.nothing_close, _state(line.value in wanted)])
        cases.append(Case(Trouble.NOTHING_CLOSE, registry.default(), label=line.value))
    return _list(
        "nothing_close",
        _("Seen in photos, and nothing close in the shop"),
        [
            Column("object", _("Object"), Form.TEXT),
            Column("searches", _("Searches")),
            Column("nothing_close", _("Nothing close")),
            Column("state", _("State"), Form.TEXT),
        ],
        rows,
        cases,
        by="nothing_close",
        about=_(
            "What people photograph and don't find: an object to buy for the shop, or one that it calls by another name."
        ),
    )


def _not_clicked(span: Span) -> Listed:
    hits = DayHit.objects.filter(day__range=(span.first, span.last))
    total = hits.filter(text="").aggregate(seen=Sum("seen"), clicks=Sum("clicks"))
    usual = (total["clicks"] or 0) / total["seen"] if total["seen"] else 0.0
    found = [
        row
        for row in _sums(hits, ("collection", "text", "object_id"), ("seen", "clicks"))
        if not row["clicks"] and row["seen"] * usual >= USUAL_CLICKS
    ]
    return _of_hits(
        "not_clicked",
        _("Shown often, and never clicked"),
        Trouble.NOT_CLICKED,
        found,
        [Column("seen", _("Seen"))],
        about=_("At the shop's usual rate at least three clicks would have come."),
    )


def _clicked_deep(span: Span) -> Listed:
    hits = DayHit.objects.filter(day__range=(span.first, span.last))
    found = [
        row
        for row in _sums(hits, ("collection", "text", "object_id"), ("deep", "clicks"))
        if row["clicks"] >= LEAST_CLICKS and row["deep"] >= DEEP_SHARE * row["clicks"]
    ]
    return _of_hits(
        "clicked_deep",
        _("Clicked far down"),
        Trouble.CLICKED_DEEP,
        found,
        [Column("deep", _("Clicks far down")), Column("clicks", _("Clicks"))],
        about=_("At least half of the clicks came far down: people look for it, and it stands too low."),
    )


def _sold_out(span: Span) -> Listed:
    hits = DayHit.objects.filter(day__range=(span.first, span.last), text="", on_top__gt=0)
    often = _sums(hits, ("collection", "text", "object_id"), ("on_top",))[:LOOKED_AT]
    gone = _out_of_stock(often)
    return _of_hits(
        "sold_out",
        _("Sold out, and on top"),
        Trouble.SOLD_OUT,
        [row for row in often if (row["collection"], row["object_id"]) in gone],
        [Column("on_top", _("Among the first three"))],
        about=_("Not in stock now."),
    )


def _without_texts(span: Span) -> Listed:
    asked = span.beginning("language.")
    rows: list[list[Cell]] = []
    cases: list[Case] = []
    for check in CatalogueCheck.objects.order_by("collection"):
        for language, searches in asked.items():
            have = check.languages.get(language, 0)
            if have < check.objects_read:
                rows.append([language, searches, check.objects_read - have, check.objects_read])
                cases.append(Case(Trouble.LANGUAGE, check.collection, language=language))
    return _list(
        "languages_without_texts",
        _("Languages without texts"),
        [
            Column("language", _("Language"), Form.TEXT),
            Column("searches", _("Searches")),
            Column("without", _("Objects without a text in it")),
            Column("objects", _("Objects")),
        ],
        rows,
        cases,
        by="searches",
        about=_("Languages in which people search, as the last look through the catalogue found them."),
    )


# --- What all lists share -----------------------------------------------------------------------


def _of_hits(
    name: str,
    title: Label,
    trouble: Trouble,
    found: Sequence[Mapping[str, Any]],
    figures: Sequence[Column],
    *,
    about: Label,
) -> Listed:
    """A list of objects, with the words after which they were shown, where these may be read."""
    found = sorted(found, key=lambda row: (-row[figures[0].name], row["text"], row["object_id"]))[:MOST_ROWS]
    titles = _titles(found)
    rows = [
        [
            titles.get((row["collection"], row["object_id"]), row["object_id"]),
            row["text"],
            *(row[each.name] for each in figures),
        ]
        for row in found
    ]
    cases = [Case(trouble, row["collection"], words=row["text"], object_id=row["object_id"]) for row in found]
    columns = [Column("object", _("Object"), Form.TEXT), Column("words", _("After the words"), Form.TEXT), *figures]
    return Listed(Sheet(name, title, columns, rows, about=about, empty=EMPTY), cases)


EMPTY = _("Nothing of the kind in these days.")


def _list(
    name: str,
    title: Label,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell]],
    cases: Sequence[Case],
    *,
    by: str,
    about: Label,
) -> Listed:
    """A list in the order of one of its figures."""
    place = [column.name for column in columns].index(by)
    order = sorted(range(len(rows)), key=lambda each: -float(rows[each][place] or 0))[:MOST_ROWS]
    return Listed(
        Sheet(name, title, columns, [rows[each] for each in order], about=about, empty=EMPTY),
        [cases[each] for each in order],
    )


def _sums(rows: QuerySet[Any], keys: Sequence[str], figures: Sequence[str]) -> list[dict[str, Any]]:
    """The figures added up over days, those with most of the last one first."""
    summed: Iterable[dict[str, Any]] = (
        rows.order_by().values(*keys).annotate(**{f"sum_{name}": Sum(name) for name in figures})
    )
    named = [{key: row[key] for key in keys} | {name: row[f"sum_{name}"] for name in figures} for row in summed]
    return sorted(named, key=lambda row: (-row[figures[-1]], *(row[key] for key in keys)))


def _decided(model: type[NotSold] | type[Purchase]) -> set[tuple[str, str]]:
    """Collection and words of what staff have decided about."""
    rows: Any = model._default_manager.values_list("collection", "words")
    return set(rows)


def _state(wanted: bool) -> str:
    return gettext("on the purchase list") if wanted else ""


def _titles(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    return {key: source.card(obj).title for key, source, obj in _objects(rows)}


def _out_of_stock(rows: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
    return {key for key, source, obj in _objects(rows) if source.facets(obj).get("in_stock") is False}


def _objects(rows: Iterable[Mapping[str, Any]]) -> list[tuple[tuple[str, str], registry.Source, Any]]:
    """The objects that there still are, with the key of each and its source."""
    wanted: dict[str, set[str]] = {}
    for row in rows:
        wanted.setdefault(row["collection"], set()).add(row["object_id"])
    known = {source.collection: source for source in registry.sources()}
    return [
        ((collection, id), known[collection], obj)
        for collection, ids in wanted.items()
        if collection in known
        for id, obj in objects_by_id(known[collection], sorted(ids)).items()
    ]
