"""What installed features add to an answer is measured on their real path, and leaves nothing behind."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from visual_search.features.personalisation.models import ItemSpread, ItemVector
from visual_search.features.query_log import options
from visual_search.features.query_log.models import Counter, LoggedQuery
from visual_search.measuring.measures import OVERHEADS, Table


def test_a_table_is_read_by_people_and_programs() -> None:
    table = Table("t", {"a": "{:.1f}", "b": "{:+.0%}"}, {"row": {"a": 1.25, "b": 0.5}}, ("note",))
    assert table.lines() == ["t", "     " + f"{'a':>13}{'b':>13}", "  row" + f"{'1.2':>13}{'+50%':>13}", "  note"]
    assert json.loads(json.dumps(table.as_json()))["rows"] == {"row": {"a": 1.25, "b": 0.5}}


def test_intervals_stand_below_their_figures() -> None:
    table = Table("t", {"a": "{:.1f}", "b": "{:+.0%}"}, {"row": {"a": 1.25, "b": 0.5}}, (), {"row": {"b": (0.25, 1)}})
    below = table.lines()[3]
    assert below.endswith("+25% to +100%")
    assert len(below) == len(table.lines()[2])
    assert json.loads(json.dumps(table.as_json()))["intervals"] == {"row": {"b": [0.25, 1]}}


def test_a_table_without_a_row_is_its_title_and_its_notes() -> None:
    assert Table("t", {"a": "{:.1f}"}, {}, ("Why not.",)).lines() == ["t", "  Why not."]


@pytest.mark.django_db
def test_bench_prints_what_features_add_and_keeps_nothing(settings, tmp_path, capsys) -> None:
    # In this thread, so that it sees the test's transaction.
    log = {"KEY_FOLDER": tmp_path / "keys", "IN_BACKGROUND": False}
    engine = {**settings.VISUAL_SEARCH["ENGINE"], "OPTIONS": {"folder": tmp_path / "search"}}
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "QUERY_LOG": log, "ENGINE": engine}
    call_command("visual_search", "bench", only_features=True, questions=5, json=tmp_path / "bench.json")
    printed = capsys.readouterr().out
    assert "personal order: 200 hits, 100 entries" in printed
    assert "query log: 200 questions" in printed
    features = json.loads((tmp_path / "bench.json").read_text())["features"]
    named = {"implicit_feedback", "merchandising", "personalisation", "query_log", "recommendations"}
    assert set(features) == set(OVERHEADS) == named
    assert "has nothing in its index" in printed, "without an index there is no shelf to time, and that is told"
    assert features["personalisation"]["rows"]["with a memory"]["p95 ms"] > 0
    for model in (ItemVector, ItemSpread, LoggedQuery, Counter):
        assert not model.objects.exists()
    options.forget()
