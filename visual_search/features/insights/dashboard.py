"""What staff see of a span of days: tiles with how each has changed, and sheets of figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

from django.utils.translation import gettext_lazy as _

from visual_search.features.insights.comparing import Change, change, rate
from visual_search.features.insights.figures import FOUND, KINDS, Line, Span, shares
from visual_search.features.insights.folding import NONE, WHOLE
from visual_search.features.insights.hiding import HIDDEN
from visual_search.features.insights.percentiles import percentile
from visual_search.features.insights.sheets import Cell, Column, Drawn, Form, Label, Sheet
from visual_search.privacy.keys import date_of

SPANS = (7, 28, 91)  # days: a week, four weeks, a quarter
ROWS_SHOWN = 50  # more than one person reads; files hold all
RISING = 2.0  # standard deviations of a Poisson count: chance brings one text in forty so far
KIND_NAMES: dict[str, Label] = {
    "text": _("Words"),
    "image": _("Photo"),
    "hybrid": _("Photo and words"),
    "similar": _("More like this"),
    "browse": _("Without a question"),
}
FOUND_NAMES: dict[str, Label] = {
    "many": _("Found many"),
    "few": _("Found a few"),
    "nothing_close": _("Nothing close"),
    "nothing": _("Nothing"),
}
REFINEMENT_NAMES: dict[str, Label] = {
    "excluded": _("Something excluded"),
    "filters": _("Filters"),
    "page": _("Further pages"),
    "part": _("A part of the photo"),
    "sorted": _("Another order"),
}
OTHERS = _("Others, hidden for privacy")


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure with its change. `good`: whether more of it is better (1), worse (-1) or neither (0)."""

    name: str
    label: Label
    change: Change
    form: Form
    good: int = 0

    @property
    def verdict(self) -> str:
        """ "better" or "worse" where the interval excludes 0 and the shop cares; else ""."""
        return {1: "better", -1: "worse"}.get(self.change.direction * self.good, "")


def tiles(span: Span) -> list[Tile]:
    """The figures that stand on top."""
    pair = (span, span.before)
    asked = [each.counted("queries") for each in pair]
    missed = [
        [sum(both) for both in zip(each.counted("found.nothing"), each.counted("found.nothing_close"), strict=True)]
        for each in pair
    ]
    clicked = [each.daily("kind", "questions", "clicked") for each in pair]
    baskets = [each.daily("kind", "questions", "baskets") for each in pair]
    slow = [each.counted("took.>=1s") for each in pair]
    days = [[1 if day in each.folded else 0 for day in each.days] for each in pair]
    return [
        Tile("searches", _("Searches a day"), _changed(asked, days), Form.NUMBER),
        Tile("missed", _("Found nothing, or nothing close"), _changed(missed, asked), Form.SHARE, -1),
        Tile("click_through", _("Searches with a click"), change(*clicked), Form.SHARE, 1),
        Tile("baskets", _("Put into the basket, a search"), change(*baskets), Form.NUMBER, 1),
        Tile("slow", _("Answered in a second or more"), _changed(slow, asked), Form.SHARE, -1),
    ]


def changes(span: Span) -> Sheet:
    """The tiles as a table: shares of 1, and both ends of the interval of the difference."""
    return Sheet(
        "changes",
        _("Changes"),
        [
            Column("figure", _("Figure"), Form.TEXT),
            *(Column(name, name, Form.NUMBER) for name in ("now", "before", "difference", "low", "high")),
        ],
        [
            [tile.name, tile.change.now, tile.change.before, tile.change.difference, tile.change.low, tile.change.high]
            for tile in tiles(span)
        ],
    )


def _changed(counted: Sequence[Sequence[int]], of: Sequence[Sequence[int]]) -> Change:
    now, before = (shares(*each) for each in zip(counted, of, strict=True))
    return change(now, before)


def sheets(span: Span) -> list[Sheet]:
    """All sheets of a span, as they stand on the page."""
    return [
        make(span)
        for make in (
            _days,
            _found,
            _kinds,
            _clicks,
            _languages,
            *_NAMED,
            _latency,
            _words,
            _week_words,
            _rising,
            _hidden,
        )
    ]


def _days(span: Span) -> Sheet:
    counted = [span.counted(name) for name in ("queries", *(f"found.{name}" for name in FOUND))]
    return Sheet(
        "days",
        _("Searches by day (UTC)"),
        [
            Column("day", _("Day"), Form.TEXT),
            Column("searches", _("Searches")),
            *(Column(name, FOUND_NAMES[name]) for name in FOUND),
        ],
        [[date_of(day).isoformat(), *of_day] for day, *of_day in zip(span.days, *counted, strict=True)],
        drawn=Drawn.BY_DAY,
        series=FOUND,
    )


def _of_all(
    span: Span,
    name: str,
    title: Label,
    first: Column,
    counted: Iterable[tuple[Label, int]],
    *,
    about: Label = "",
    drawn: Drawn | None = None,
) -> Sheet:
    """A sheet of counts, each with its share of all searches."""
    asked = span.total("queries")
    return Sheet(
        name,
        title,
        [first, Column("searches", _("Searches")), Column("share", _("Share"), Form.SHARE)],
        [[str(label), count, rate([(count, asked)])] for label, count in counted],
        about=about,
        drawn=drawn,
        series=("searches",) if drawn else (),
    )


def _found(span: Span) -> Sheet:
    return _of_all(
        span,
        "found",
        _("What searches found"),
        Column("found", _("Found"), Form.TEXT),
        [(FOUND_NAMES[name], span.total(f"found.{name}")) for name in FOUND],
        about=_("A few are up to nine close hits. Hits that are graded “nothing close” are none."),
    )


def _kinds(span: Span) -> Sheet:
    return _of_all(
        span,
        "kinds",
        _("Kinds of searches"),
        Column("kind", _("Kind"), Form.TEXT),
        [(KIND_NAMES[kind], span.total(f"queries.{kind}")) for kind in KINDS],
        drawn=Drawn.BY_NAME,
    )


def _languages(span: Span) -> Sheet:
    return _of_all(
        span,
        "languages",
        _("Languages"),
        Column("language", _("Language"), Form.TEXT),
        span.beginning("language.").items(),
        drawn=Drawn.BY_NAME,
    )


def _clicks(span: Span) -> Sheet:
    lines = {line.value: line for line in span.lines("kind")}
    return Sheet(
        "clicks",
        _("What was done with the answers, by kind"),
        [
            Column("kind", _("Kind"), Form.TEXT),
            Column("searches", _("Searches")),
            Column("clicked", _("With a click")),
            Column("click_through", _("Click-through"), Form.SHARE),
            Column("reciprocal_rank", _("Mean reciprocal rank of clicks"), Form.NUMBER),
            Column("clicks", _("Clicks")),
            Column("baskets", _("Baskets")),
            Column("purchases", _("Purchases")),
        ],
        [
            [
                str(KIND_NAMES.get(kind, OTHERS)),
                line.questions,
                line.clicked,
                line.click_through,
                line.reciprocal_rank,
                line.clicks,
                line.baskets,
                line.purchases,
            ]
            for kind, line in sorted(lines.items(), key=lambda item: (*KINDS, HIDDEN).index(item[0]))
        ],
        about=_(
            "Of searches that may be counted one by one. A reciprocal rank of 1 says that the first hit was clicked."
        ),
    )


def _named(
    name: str, title: Label, first: Label, names: dict[str, Label], about: Label = ""
) -> Callable[[Span], Sheet]:
    """Makes the sheet of a dimension."""

    def make(span: Span) -> Sheet:
        return Sheet(
            name,
            title,
            [
                Column(name, first, Form.TEXT),
                Column("searches", _("Searches")),
                Column("clients", _("Browsers, day by day")),
                Column("nothing", _("Nothing")),
                Column("nothing_close", _("Nothing close")),
                Column("click_through", _("Click-through"), Form.SHARE),
                Column("baskets", _("Baskets")),
            ],
            [
                [
                    value_name(line.value, names),
                    line.questions,
                    line.clients,
                    line.nothing,
                    line.nothing_close,
                    line.click_through,
                    line.baskets,
                ]
                for line in hidden_last(span.lines(name))
            ],
            about=about,
        )

    return make


_NAMED = (
    _named("category", _("Categories of the best hits"), _("Category"), {NONE: _("None: nothing close")}),
    _named(
        "seen",
        _("Objects seen in photos"),
        _("Object"),
        {},
        _("What a detector sees in photos that were searched. “Nothing close”: the shop has nothing like it."),
    ),
    _named("facet", _("Filters used"), _("Facet"), {}),
    _named("refinement", _("How searches were refined"), _("Refinement"), REFINEMENT_NAMES),
)


def value_name(value: str, names: dict[str, Label]) -> str:
    """What the page calls a value of a dimension."""
    return str(OTHERS if value == HIDDEN else names.get(value, value))


def hidden_last(lines: Sequence[Line]) -> list[Line]:
    """The lines, what is hidden after all others."""
    return sorted(lines, key=lambda line: line.value == HIDDEN)


def _latency(span: Span) -> Sheet:
    steps = span.steps()
    ordered = sorted(steps, key=lambda step: (step != WHOLE, step))
    return Sheet(
        "latency",
        _("How long answers took, by step"),
        [
            Column("step", _("Step"), Form.TEXT),
            Column("searches", _("Searches")),
            *(Column(f"p{percent}", f"p{percent}", Form.MILLISECONDS) for percent in (50, 95, 99)),
        ],
        [
            [
                str(_("The whole search")) if step == WHOLE else step,
                sum(steps[step].values()),
                *(percentile(steps[step], percent) for percent in (50, 95, 99)),
            ]
            for step in ordered
        ],
        about=_("In two digits. p95: of a hundred searches, 95 were answered within."),
    )


def _words(span: Span) -> Sheet:
    return Sheet(
        "words",
        _("Readable words"),
        [
            Column("words", _("Words"), Form.TEXT),
            Column("searches", _("Searches")),
            Column("clients", _("Browsers, day by day")),
            Column("nothing", _("Nothing")),
            Column("nothing_close", _("Nothing close")),
            Column("click_through", _("Click-through"), Form.SHARE),
        ],
        [
            [line.value, line.questions, line.clients, line.nothing, line.nothing_close, line.click_through]
            for line in span.texts
        ],
        about=_("For staff only: many browsers typed them, but that is not private enough to publish."),
        empty=_(
            "No text yet that enough browsers typed. That is usual in a small shop; categories and objects tell more."
        ),
    )


def _week_words(span: Span) -> Sheet:
    return Sheet(
        "week_words",
        _("Readable words of whole weeks"),
        [
            Column("words", _("Words"), Form.TEXT),
            Column("week", _("Week from"), Form.TEXT),
            Column("searches", _("Searches")),
            Column("clients", _("Browsers")),
            Column("nothing", _("Nothing")),
            Column("nothing_close", _("Nothing close")),
        ],
        [
            [row.text, date_of(row.day).isoformat(), row.questions, row.clients, row.nothing, row.nothing_close]
            for row in span.week_texts()
        ],
        about=_("Words that enough browsers typed within seven days. Only where the query log reads by weeks (WEEKS)."),
        empty=_("None in these days."),
    )


def _rising(span: Span) -> Sheet:
    before = {line.value: line.questions for line in span.before.texts}
    scored: list[tuple[float, list[Cell]]] = []
    for line in span.texts:
        earlier = before.get(line.value, 0)
        score = (line.questions - earlier) / sqrt(line.questions + earlier)
        if score > RISING:
            scored.append((score, [line.value, line.questions, earlier]))
    return Sheet(
        "rising",
        _("Rising words"),
        [
            Column("words", _("Words"), Form.TEXT),
            Column("searches", _("Searches")),
            Column("before", _("As many days before")),
        ],
        [row for _score, row in sorted(scored, key=lambda item: (-item[0], item[1][0]))],
        about=_("More often than chance brings about. A text that was hidden before counts as none then."),
        empty=_("None that chance wouldn't bring about."),
    )


def _hidden(span: Span) -> Sheet:
    asked, told = span.total("queries"), span.told
    with_words = span.total("with_words")
    readable = sum(line.questions for line in span.texts)
    return _of_all(
        span,
        "hidden",
        _("What is hidden for privacy"),
        Column("what", _("What"), Form.TEXT),
        [
            (_("All searches"), asked),
            (_("Counted one by one"), told),
            (_("In totals alone: the browser asked not to be noted, or the row was lost"), asked - told),
            (_("Searches with words"), with_words),
            (_("Readable words"), readable),
            (_("Words hidden for privacy"), with_words - readable),
        ],
        about=_("The second and third line add up to the first, the last two to the fourth."),
    )
