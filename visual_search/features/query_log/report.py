"""What staff may see of searches: rates by day, texts that enough clients typed, and how many searches stay hidden."""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db.models import Sum

from visual_search.features.query_log.models import Counter, QueryCount, SealedDay
from visual_search.features.query_log.options import day_keys, options
from visual_search.features.query_log.rows import TOOK, counter_of
from visual_search.privacy.keys import DAY_SECONDS, date_of
from visual_search.types import Found

DAYS_SHOWN = 14  # two weeks, so that each weekday stands beside the one before
TEXTS_SHOWN = 50  # more than one person reads at a time
KINDS = ("text", "image", "hybrid", "similar", "browse")


@dataclass(frozen=True, slots=True)
class Day:
    """One UTC day. Every search with words is readable, hidden or not sealed yet: the three add up to `with_words`."""

    date: date
    searches: int
    kinds: Mapping[str, int]
    languages: Sequence[tuple[str, int]]
    found: Mapping[str, int]  # by what a question found; together `searches`
    impressions: int
    clicks: int
    dropped: int  # rows and events that couldn't be written
    unknown: int  # events on products that the shop doesn't have
    within: str  # the bucket of latency within which 95 % of the searches were answered
    with_words: int
    readable: int
    hidden: int
    unsealed: int

    @property
    def zero_rate(self) -> float:
        """The share of searches that found nothing, or nothing close."""
        missed = self.found[Found.NOTHING] + self.found[Found.NOTHING_CLOSE]
        return missed / self.searches if self.searches else 0.0

    @property
    def clicks_a_search(self) -> float:
        """Clicks divided by searches."""
        return self.clicks / self.searches if self.searches else 0.0

    @property
    def click_through(self) -> float:
        """The share of hits that came into view and were clicked."""
        return self.clicks / self.impressions if self.impressions else 0.0


@dataclass(frozen=True, slots=True)
class Text:
    """A text that staff may read. `client_days` adds up the clients of each day: one person on two days counts twice."""

    text: str
    client_days: int
    queries: int
    without_results: int
    nothing_close: int


@dataclass(frozen=True, slots=True)
class Report:
    """The days, newest first; the readable texts, commonest first; `k` clients make a text readable."""

    days: Sequence[Day]
    top: Sequence[Text]
    k: int

    @property
    def totals(self) -> Mapping[str, int]:
        """Each count, added up over the days."""
        names = ["searches", "with_words", "readable", "hidden", "unsealed"]
        names += ["clicks", "impressions", "dropped", "unknown"]
        return {name: sum(getattr(day, name) for day in self.days) for name in names}


def report(*, days: int = DAYS_SHOWN) -> Report:
    """The last `days` days, today first."""
    today = day_keys().epoch().number
    since = datetime.fromtimestamp((today - days + 1) * DAY_SECONDS, tz=UTC)
    tallies: dict[int, Tally[str]] = defaultdict(Tally)
    for hour, name, value in Counter.objects.filter(hour__gte=since).values_list("hour", "name", "value"):
        tallies[int(hour.timestamp() // DAY_SECONDS)][name] += value
    numbers = range(today, today - days, -1)
    sealed = set(SealedDay.objects.filter(day__in=numbers).values_list("day", flat=True))
    counts = QueryCount.objects.filter(day__in=numbers)
    readable = dict(counts.order_by().values_list("day").annotate(Sum("queries")))
    top = (
        counts.order_by()
        .values("text")
        .annotate(
            all_clients=Sum("clients"),
            all_queries=Sum("queries"),
            nothing=Sum("without_results"),
            distant=Sum("nothing_close"),
        )
        .order_by("-all_clients", "text")[:TEXTS_SHOWN]
    )
    return Report(
        days=[_day(n, tallies[n], readable.get(n, 0), sealed=n in sealed) for n in numbers],
        top=[Text(row["text"], row["all_clients"], row["all_queries"], row["nothing"], row["distant"]) for row in top],
        k=options().k,
    )


def _day(number: int, tally: Tally[str], readable: int, *, sealed: bool) -> Day:
    with_words = tally["with_words"]
    rest = max(0, with_words - readable)
    languages = [(name.partition(".")[2], value) for name, value in tally.items() if name.startswith("language.")]
    return Day(
        date=date_of(number),
        searches=tally["queries"],
        kinds={kind: tally[f"queries.{kind}"] for kind in KINDS},
        languages=sorted(languages, key=lambda item: (-item[1], item[0])),
        found={found: tally[counter_of(found)] for found in Found},
        impressions=tally["events.impression"],
        clicks=tally["events.click"],
        dropped=tally["dropped"],
        unknown=tally["events.unknown"],
        within=_within([(step, tally[f"took.{step}"]) for step in TOOK]),
        with_words=with_words,
        readable=readable,
        hidden=rest if sealed else 0,
        unsealed=0 if sealed else rest,
    )


def _within(steps: Iterable[tuple[str, int]], *, share: float = 0.95) -> str:
    counted = list(steps)
    total, reached = sum(count for _, count in counted), 0
    for step, count in counted:
        reached += count
        if total and reached >= share * total:
            return step
    return ""
