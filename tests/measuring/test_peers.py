"""The comparison with peers runs with ours alone, so that nobody finds it broken on the day it is needed."""

from pathlib import Path

import pytest

from tests.bench_peers import asking, making
from tests.bench_peers.__main__ import COLUMNS, line
from tests.bench_peers.contender import folded, joined
from tests.bench_peers.data import PICTURES, passes


def test_ours_answers_all_kinds_of_questions_rightly(tmp_path: Path) -> None:
    data = making.make(tmp_path / "data", products=300, questions=5)
    assert data.vectors.shape == (300 * PICTURES, making.SPACE.dims)
    (tmp_path / "ours").mkdir()
    figures = asking.main("ours", "build", data, tmp_path / "ours") | asking.main(
        "ours", "ask", data, tmp_path / "ours"
    )
    assert (figures["recall all"], figures["recall filtered"]) == (1.0, 1.0)
    assert all(0 < p50 <= p95 for p50, p95 in (figures[column] for column in COLUMNS))
    assert line("ours", figures).count("|") == len(COLUMNS) + 7


def test_the_same_data_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = making.make(tmp_path, products=20, questions=2)
    right = [
        [n for n, row in enumerate(first.products()) if passes(row, question["department"])]
        for question in first.questions
    ]
    assert [sorted(numbers) for numbers in first.nearest["filtered"]] == [numbers[:10] for numbers in right]
    monkeypatch.setattr(making, "Generator", None)
    assert making.make(tmp_path, products=20, questions=2).questions == first.questions


def test_lists_are_folded_and_joined() -> None:
    assert folded([4, 5, 1, 0, 9], 2) == [2, 0, 4]
    assert joined([1, 2, 3], [3, 9]) == [3, 1, 2, 9]
