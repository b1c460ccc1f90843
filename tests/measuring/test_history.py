"""Runs are kept, found again, and compared query by query."""

from pathlib import Path

import numpy as np
import pytest

from visual_search.errors import BadInput
from visual_search.measuring import history, metrics, pairing
from visual_search.measuring.measures import Table
from visual_search.measuring.quality import Report
from visual_search.types import EncoderCard, Space

CARD = EncoderCard("eye", Space("image", 3, "f" * 32), None, None, frozenset({"en"}), "none")


def report(first: list[float], *, task: str = "product_views", over: str = "o", groups: int = 20) -> Report:
    """A task in which query n had `first[n]` for all figures."""
    rows = {f"q{n}": dict.fromkeys(metrics.NAMES, value) for n, value in enumerate(first)}
    names = {query: f"p{n % groups}" for n, query in enumerate(rows)}
    return Report(
        task=task,
        queries=len(rows),
        left_out=0,
        items=7,
        taught=False,
        engine="none",
        results={"search": metrics.estimates(list(rows.values()), list(names.values()))},
        languages={},
        kinds={},
        new_words=None,
        rankings={},
        rows=rows,
        groups=names,
        over=over,
        seconds=0.0,
    )


def kept(folder: Path, *reports: Report, **settings: object) -> history.Kept:
    return history.keep(folder, reports, card=CARD, settings=settings)


def test_each_run_is_one_line_and_is_read_back_whole(tmp_path: Path) -> None:
    table = Table("t", {"@5": "{:.1f}"}, {"products": {"@5": 0.25}}, (), {"products": {"@5": (0.125, 0.5)}})
    first = kept(tmp_path, report([1.0, 0.0] * 10), grey=False)
    second = history.keep(tmp_path, [], card=CARD, settings={}, tables={"scene_coco": table})
    assert len((tmp_path / history.FILE).read_text().splitlines()) == 2
    found = history.history(tmp_path)
    assert [run.run for run in found] == [first.run.run, second.run.run]
    assert found[0].fingerprint == CARD.image.fingerprint
    assert found[0].code == history.source_digest()
    mean, low, high = found[0].tasks["product_views"].results["exact@1"]
    assert low < mean == 0.5 < high
    assert found[1].tables == {"scene_coco": {"products": {"@5": 0.25}}}
    assert history.moved(found, only=["scene_coco"])[-1].endswith("products: @5 0.250 [0.125, 0.500]")
    assert history.kept(tmp_path, first.run.run[:-2]).tasks == first.tasks
    assert history.kept(tmp_path, "last").run.run == second.run.run


def test_how_figures_moved_is_told_within_the_same_settings(tmp_path: Path) -> None:
    kept(tmp_path, report([1.0] * 20), grey=False)
    kept(tmp_path, report([0.0] * 20), grey=True)
    kept(tmp_path, report([1.0, 0.5] * 10), grey=False)
    lines = [line for line in history.moved(history.history(tmp_path)) if "queries" in line]
    assert ["(first)" in line for line in lines] == [True, True, False]
    assert "exact@1 0.750 [0." in lines[2]
    assert "] -0.250" in lines[2]
    assert history.moved(history.history(tmp_path), only=["logos"]) == []


def test_runs_that_are_not_there_or_damaged_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="begins with 'x'.*none yet"):
        history.kept(tmp_path, "x")
    first = kept(tmp_path, report([1.0] * 6))
    kept(tmp_path, report([1.0] * 6))
    with pytest.raises(BadInput, match="2 runs in"):
        history.kept(tmp_path, "2")
    (tmp_path / history.RUNS / f"{first.run.run}.json").write_text("{")
    with pytest.raises(BadInput, match="Measure it again"):
        history.kept(tmp_path, first.run.run)
    with (tmp_path / history.FILE).open("a") as file:
        file.write('{"run": 1}\n')
    with pytest.raises(BadInput, match="line 3 is damaged"):
        history.history(tmp_path)


def test_a_paired_interval_sees_what_two_intervals_do_not(tmp_path: Path) -> None:
    """Half of the queries are hard for both; B loses one in ten of the easy ones, in many products."""
    easy = np.array([1.0, 0.0] * 100)
    lost = easy.copy()
    lost[::20] = 0
    first, second = kept(tmp_path, report(list(easy), groups=200)), kept(tmp_path, report(list(lost), groups=200))
    alone = [run.tasks["product_views"].results["exact@1"] for run in history.history(tmp_path)]
    assert alone[1][2] > alone[0][1], "The single intervals overlap."
    (one, _) = pairing.differences(first, second)
    assert one.is_worse
    assert not one.is_better
    assert one.change.mean == pytest.approx(-0.05)
    assert one.first == 0.5
    (back, _) = pairing.differences(second, first)
    assert back.is_better


def test_queries_of_one_product_are_not_taken_for_many(tmp_path: Path) -> None:
    """The same loss in one product of twenty is chance."""
    first = [1.0] * 200
    second = [0.0 if n % 20 == 0 else 1.0 for n in range(200)]
    (one, _) = pairing.differences(kept(tmp_path, report(first)), kept(tmp_path, report(second)))
    assert (one.groups, one.change.mean) == (20, pytest.approx(-0.05))
    assert not one.is_worse


def test_two_products_decide_nothing(tmp_path: Path) -> None:
    runs = [kept(tmp_path, report([value] * 8, groups=2)) for value in (1.0, 0.0)]
    (one, _) = pairing.differences(*runs)
    assert not one.is_worse
    assert "over 2 products nothing can be said" in pairing.lines([one])[1]


def test_only_what_both_were_asked_is_compared(tmp_path: Path) -> None:
    whole, part = kept(tmp_path, report([1.0] * 20)), kept(tmp_path, report([1.0] * 10))
    assert {one.queries for one in pairing.differences(whole, part)} == {10}
    with pytest.raises(BadInput, match="share no task: product_views; logos"):
        pairing.differences(whole, kept(tmp_path, report([1.0], task="logos")))
    with pytest.raises(BadInput, match="searched other items in 'product_views'"):
        pairing.differences(whole, kept(tmp_path, report([1.0], over="other")))
