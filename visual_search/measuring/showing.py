"""Prints reports as text for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from visual_search.measuring import metrics
from visual_search.measuring.cost import Cost
from visual_search.measuring.metrics import Estimate
from visual_search.measuring.quality import Alone, Report

LANGUAGES_SHOWN = 25  # lines of a breakdown on a terminal; --json has all
Breakdown = Mapping[str, tuple[int, Mapping[str, float]]]


@dataclass(frozen=True, slots=True)
class Measured:
    """An encoder in a table of several."""

    name: str
    encoder: str
    fingerprint: str
    cost: Cost
    bytes_an_item: float
    reports: Sequence[Report]

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "encoder": self.encoder,
            "fingerprint": self.fingerprint,
            "ms": self.cost.ms,
            "mb": self.cost.mb,
            "bytes_an_item": self.bytes_an_item,
            "reports": [report.as_json() for report in self.reports],
        }


def report_lines(report: Report) -> Iterator[str]:
    """One task: the search with its intervals, the baselines, then the parts."""
    yield ""
    yield (
        f"{report.task}: {report.queries} queries over {report.items} items, {report.seconds:.0f} s "
        "(95 % interval below each)"
    )
    if report.left_out:
        yield f"  {report.left_out} queries were left out: nothing in the index answers them."
    yield _line("", metrics.NAMES)
    for name, estimates in report.results.items():
        yield _line(name, [f"{estimates[metric].mean:.3f}" for metric in metrics.NAMES])
        if name == "search":
            yield _line("", _intervals(estimates))
    new = report.new_words
    if new:
        yield f"  of these, {new.queries} that no right answer has for a title, word for word:"
        yield _line("search", [f"{new.results[metric].mean:.3f}" for metric in metrics.NAMES])
        yield _line("", _intervals(new.results))
    yield from _parts("kind", report.kinds)
    yield from _parts("language", report.languages)
    if new:
        yield from _parts("new words", new.languages)
    yield from _alone(report.alone)


def encoder_lines(encoders: Sequence[Measured]) -> Iterator[str]:
    """One row an encoder: what each task is judged by, and what it costs."""
    tasks = [report.task for report in encoders[0].reports]
    heads = [f"{task} {metric}" for task in tasks for metric in metrics.judged_by(task)]
    width = max(len(one.name) for one in encoders) + 1
    yield ""
    yield "Picture vectors alone; the 95 % interval over products stands in brackets."
    for number, head in enumerate(heads, 1):
        yield f"  ({number}) {head}"
    marks = "".join(f"{f'({number})':>19}" for number in range(1, len(heads) + 1))
    yield f"  {'':<{width}}{marks}{'CPU ms':>9}{'MB':>7}{'bytes':>8}"
    for one in encoders:
        by_task = {report.task: report.results["search"] for report in one.reports}
        cells = [by_task[task][metric] for task in tasks for metric in metrics.judged_by(task)]
        shown = "".join(f"{f'{cell.mean:.3f} [{cell.low:.2f}-{cell.high:.2f}]':>19}" for cell in cells)
        yield f"  {one.name:<{width}}{shown}{one.cost.ms:>9.1f}{one.cost.mb:>7.0f}{one.bytes_an_item:>8.0f}"
    yield "  CPU ms for a picture; MB at the peak of a process that encodes pictures; bytes of an item's picture vectors."


def _parts(title: str, parts: Breakdown) -> Iterator[str]:
    if not parts:
        return
    yield _line(title, metrics.NAMES)
    for name, (count, means) in list(parts.items())[:LANGUAGES_SHOWN]:
        yield _line(f"{name} ({count})", [f"{means[metric]:.3f}" for metric in metrics.NAMES])
    if len(parts) > LANGUAGES_SHOWN:
        yield f"  ... and {len(parts) - LANGUAGES_SHOWN} more (--json has all)"


def _alone(ways: Mapping[str, Alone]) -> Iterator[str]:
    """R@10 of names that are no title, by each way alone."""
    if not ways:
        return
    yield _line("new words, R@10", ways)
    yield _line("all", [f"{way.every.mean:.3f}" for way in ways.values()])
    yield _line("", [f"{way.every.low:.2f}-{way.every.high:.2f}" for way in ways.values()])
    first = next(iter(ways.values()))
    for parts in ("scripts", "languages"):
        for name in list(getattr(first, parts))[:LANGUAGES_SHOWN]:
            count, _ = getattr(first, parts)[name]
            yield _line(f"{name} ({count})", [f"{getattr(way, parts)[name][1]:.3f}" for way in ways.values()])


def _intervals(estimates: Mapping[str, Estimate]) -> list[str]:
    return [f"{estimates[metric].low:.2f}-{estimates[metric].high:.2f}" for metric in metrics.NAMES]


def _line(name: str, cells: Iterable[str]) -> str:
    return f"  {name:<19}" + "".join(f"{cell:>11}" for cell in cells)
