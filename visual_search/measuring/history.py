"""Keeps what was measured: one line for each run in `history.jsonl`, and each query's result in `runs/<run>.json` beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from uuid import uuid4

import visual_search
from visual_search.errors import BadInput
from visual_search.measuring import metrics
from visual_search.measuring.measures import Table
from visual_search.measuring.quality import Report
from visual_search.types import EncoderCard

FILE, RUNS = "history.jsonl", "runs"
LAST = "last"  # names the newest run


@dataclass(frozen=True, slots=True)
class Figures:
    """One task of a run. `results`: metric -> mean and both ends of its 95 % interval."""

    queries: int
    items: int
    over: str
    results: Mapping[str, tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Run:
    """One line. `code` is a digest of the installed source: it moves with every change, committed or not."""

    run: str
    made: str  # ISO 8601, UTC
    version: str
    code: str
    encoder: str
    fingerprint: str  # of the image space
    settings: Mapping[str, Any]
    tasks: Mapping[str, Figures]
    tables: Mapping[str, Mapping[str, Mapping[str, float]]]  # of measures without rankings: measure -> row -> column
    intervals: Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]] = field(
        default_factory=dict
    )  # of these tables


@dataclass(frozen=True, slots=True)
class Answers:
    """Each query's figures in one task of a run, and what its bootstrap draws by."""

    over: str
    rows: Mapping[str, Mapping[str, float]]
    groups: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """A run with its single answers."""

    run: Run
    tasks: Mapping[str, Answers]


def keep(
    folder: Path,
    reports: Sequence[Report],
    *,
    card: EncoderCard,
    settings: Mapping[str, Any],
    tables: Mapping[str, Table] | None = None,
) -> Kept:
    """Append a line to the history and write the single answers beside it."""
    made = datetime.now(UTC)
    run = Run(
        run=f"{made:%Y%m%dT%H%M%S}-{uuid4().hex[:6]}",
        made=made.isoformat(timespec="seconds"),
        version=_version(),
        code=source_digest(),
        encoder=card.id,
        fingerprint=card.image.fingerprint,
        settings=dict(settings),
        tasks={report.task: _figures(report) for report in reports},
        tables={name: table.rows for name, table in (tables or {}).items()},
        intervals={name: table.intervals for name, table in (tables or {}).items() if table.intervals},
    )
    tasks = {report.task: Answers(report.over, report.rows, report.groups) for report in reports}
    (folder / RUNS).mkdir(parents=True, exist_ok=True)
    answers = {name: asdict(each) for name, each in tasks.items()}
    # The answers first: a line in the history whose answers are missing couldn't be compared with.
    _answers_path(folder, run.run).write_text(json.dumps(answers), encoding="utf-8")
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(run), ensure_ascii=False) + "\n")
    return Kept(run, tasks)


def history(folder: Path) -> list[Run]:
    """All runs, oldest first; empty where nothing was measured. Raises BadInput that names a damaged line."""
    try:
        lines = (folder / FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    runs = []
    for number, line in enumerate(lines, 1):
        try:
            fields = json.loads(line)
            tasks = {name: Figures(**figures) for name, figures in fields.pop("tasks").items()}
            runs.append(Run(**fields, tasks=tasks))
        except (ValueError, TypeError, KeyError, AttributeError) as problem:
            raise BadInput(
                f"{folder / FILE}, line {number} is damaged ({problem}). Delete that line.", field="history"
            ) from problem
    return runs


def kept(folder: Path, name: str) -> Kept:
    """The run of that name, of the beginning of a name, or the `last` one. Raises BadInput where there is not just one."""
    runs = history(folder)
    matching = runs[-1:] if name == LAST else [run for run in runs if run.run.startswith(name)]
    if len(matching) != 1:
        known = (
            ", ".join(run.run for run in runs[-5:]) or "none yet; run `manage.py visual_search measure_quality` first"
        )
        number = "No run" if not matching else f"{len(matching)} runs"
        raise BadInput(f"{number} in {folder / FILE} begins with '{name}'. The newest: {known}.", field="run")
    path = _answers_path(folder, matching[0].run)
    try:
        answers = json.loads(path.read_text(encoding="utf-8"))
        return Kept(matching[0], {task: Answers(**each) for task, each in answers.items()})
    except (OSError, ValueError, TypeError, AttributeError) as problem:
        raise BadInput(
            f"The answers of run {matching[0].run} can't be read ({problem}). Measure it again.", field="run"
        ) from problem


def moved(runs: Sequence[Run], *, only: Sequence[str] = ()) -> list[str]:
    """How the figures moved, as a person reads it: by task, oldest first, each beside the one before of its kind.

    `only`: of these tasks; all where none is named.
    """
    lines: list[str] = []
    for task in dict.fromkeys(name for run in runs for name in run.tasks if not only or name in only):
        names = metrics.judged_by(task)
        lines += ["", f"{task}: {', '.join(names)} with the 95 % interval, and the change since the run before"]
        before: dict[str, Figures] = {}
        for run in runs:
            if task not in run.tasks:
                continue
            figures = run.tasks[task]
            # Other settings, other items or another kind of encoder are no step of one way.
            same = json.dumps([run.encoder, run.settings, figures.over, figures.queries], sort_keys=True)
            cells = [_cell(figures, before.get(same), name) for name in names if name in figures.results]
            said = ", ".join(f"{key} {value}" for key, value in sorted(run.settings.items()) if value not in (None, ""))
            lines.append(f"  {run.made[:16]}  {run.run}  {'   '.join(cells)}   {figures.queries} queries")
            lines.append(f"    {run.encoder} {run.fingerprint[:8]}, code {run.version} {run.code[:8]}; {said}")
            before[same] = figures
    for measure in dict.fromkeys(name for run in runs for name in run.tables if not only or name in only):
        lines += ["", measure]
        for run in runs:
            for row, columns in run.tables.get(measure, {}).items():
                ends = run.intervals.get(measure, {}).get(row, {})
                shown = ", ".join(
                    f"{column} {value:.3f}" + (" [{:.3f}, {:.3f}]".format(*ends[column]) if column in ends else "")
                    for column, value in columns.items()
                )
                lines.append(f"  {run.made[:16]}  {run.run}  {row}: {shown}")
    return lines


def _cell(figures: Figures, before: Figures | None, name: str) -> str:
    mean, low, high = figures.results[name]
    change = f" {mean - before.results[name][0]:+.3f}" if before is not None and name in before.results else " (first)"
    return f"{name} {mean:.3f} [{low:.2f}-{high:.2f}]{change}"


def _figures(report: Report) -> Figures:
    estimates = report.results["search"]
    results = {name: (one.mean, one.low, one.high) for name, one in estimates.items()}
    return Figures(report.queries, report.items, report.over, results)


def _answers_path(folder: Path, run: str) -> Path:
    return folder / RUNS / f"{run}.json"


def _version() -> str:
    try:
        return version("django-visual-search")
    except PackageNotFoundError:
        return "not installed"


@cache
def source_digest() -> str:
    """SHA-256 over the package's own Python files, 16 hex digits."""
    root = Path(visual_search.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
