"""From a shopper's choice to the end of an experiment: the log is sealed, votes are cast, and nothing of anybody stays."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.core import serializers

from tests.features.query_log.shop import material, page
from visual_search.features.experiments import running, teams
from visual_search.features.experiments.deciding import Outcome
from visual_search.features.experiments.drafting import coins, draft
from visual_search.features.experiments.models import Experiment, ExperimentDay, Status, UsualDay
from visual_search.types import Query

A, B = ["1", "2", "3", "4"], ["4", "3", "2", "1"]


def answered(
    log, experiment: Experiment | None, client: int, *, control: bool = False, **more
) -> tuple[UUID, dict[str, str]]:
    """One answer of the experiment, as the rescorer notes it; and the team of each hit."""
    id = uuid4()
    drafted = draft(A, B, coins(b"key", str(id)))
    note = teams.control(experiment.pk, str(id)) if control else None
    note = note or (teams.note(experiment.pk, str(id), drafted, first=0) if experiment else "")
    answer = replace(
        page(id, drafted.order), notes=(f"{teams.HOOK}:{note}",) if note else (), took_ms=more.pop("took_ms", 50.0)
    )
    if more.pop("nothing", False):
        answer = replace(answer, total=0, hits=())
    log.buffer.question(
        Query(words=more.pop("words", "red chair"), **more), answer, material=material(client), opted_out=False
    )
    return id, dict(drafted.teams)


def choose(log, id: UUID, hits: Iterable[str], action: str = "click") -> None:
    for hit in hits:
        log.buffer.event(id, action, hit, position=1, opted_out=False)


def liked(log, experiment: Experiment, clients: Iterable[int], team: str) -> None:
    """These clients ask, and click the best hit of this team."""
    for client in clients:
        id, of = answered(log, experiment, client)
        choose(log, id, [next(hit for hit, its in of.items() if its == team)])


@pytest.fixture
def trial(log) -> Experiment:
    return running.start("upside down")


def test_a_days_votes_are_counted_when_it_is_sealed(log, trial) -> None:
    liked(log, trial, range(5), "b")
    liked(log, trial, range(5, 7), "a")
    id, _ = answered(log, trial, 9)
    choose(log, id, ["1", "4"])
    answered(log, trial, 10)
    liked(log, trial, [0, 0, 0], "b")  # the first client again: still one vote
    [day] = log.finish_day()
    counted = ExperimentDay.objects.get()
    assert (counted.day, counted.wins_a, counted.wins_b) == (day, 2, 5)
    assert counted.answers == 12


def test_a_clear_difference_ends_it_for_the_better_one(log, trial) -> None:
    liked(log, trial, range(30), "b")
    log.finish_day()
    trial.refresh_from_db()
    assert (trial.status, trial.outcome, trial.last_day) == (Status.STOPPED, Outcome.B, running.today())
    running.start("by id")


def test_the_shops_ranking_may_win_too(log, trial) -> None:
    liked(log, trial, range(30), "a")
    log.finish_day()
    trial.refresh_from_db()
    assert trial.outcome == Outcome.A


def test_votes_of_several_days_add_up(log, trial) -> None:
    for _ in range(3):
        liked(log, trial, range(2), "b")
        liked(log, trial, range(2, 4), "a")
        log.finish_day()
    assert running.votes_of(trial) == running.Votes(6, 6)
    trial.refresh_from_db()
    assert trial.status == Status.RUNNING


def test_a_slow_ranking_is_stopped_at_once(log, trial) -> None:
    for client in range(120):
        answered(log, trial, client, took_ms=1500.0 if client % 5 == 0 else 50.0)
    log.finish_day()
    trial.refresh_from_db()
    assert (trial.outcome, trial.broken) == (Outcome.GUARD, "slow")


def test_answers_that_were_kept_out_are_what_it_is_compared_with(log, trial) -> None:
    for client in range(150):
        answered(log, trial, client, nothing=client % 3 == 0)
        answered(log, trial, 1000 + client, control=True, words="oak table")
    log.finish_day()
    day = ExperimentDay.objects.get()
    assert (day.answers, day.zero, day.control_answers, day.control_zero) == (150, 50, 150, 0)
    trial.refresh_from_db()
    assert (trial.outcome, trial.broken) == (Outcome.GUARD, "zero")


def test_without_a_control_it_is_compared_with_the_weeks_before(log) -> None:
    for client in range(150):
        id, _ = answered(log, None, client)
        choose(log, id, ["1"] if client < 50 else [], "basket")
        answered(log, None, client, words="", sort="-price")
    log.finish_day()
    usual = UsualDay.objects.get()
    assert (usual.answers, usual.baskets) == (150, 50)
    trial = running.start("by id", share=1.0)
    for client in range(150):
        answered(log, trial, client)
    log.finish_day()
    trial.refresh_from_db()
    assert (trial.outcome, trial.broken) == (Outcome.GUARD, "baskets")


def test_its_days_end_it_undecided(log, trial) -> None:
    for _ in range(28):
        trial.refresh_from_db()
        assert trial.status == Status.RUNNING
        liked(log, trial, [1], "a")
        liked(log, trial, [2], "b")
        log.finish_day()
    trial.refresh_from_db()
    assert (trial.status, trial.outcome) == (Status.STOPPED, Outcome.UNDECIDED)


def test_answers_from_before_it_was_stopped_still_count(log, trial) -> None:
    liked(log, trial, range(3), "b")
    running.stop(trial)
    log.finish_day()
    assert running.votes_of(trial).wins_b == 3
    trial.refresh_from_db()
    assert trial.outcome == Outcome.BY_HAND


def test_usual_days_end_after_eight_weeks(log) -> None:
    answered(log, None, 1)
    [day] = log.finish_day()
    log.later(days=56)
    answered(log, None, 1)
    log.finish_day()
    assert UsualDay.objects.filter(day=day).exists()
    log.later(days=1)
    answered(log, None, 1)
    log.finish_day()
    assert not UsualDay.objects.filter(day=day).exists()


def test_nothing_of_a_client_a_question_or_a_product_is_kept(log, trial) -> None:
    id, _ = answered(log, trial, 1, words="canarysecret")
    choose(log, id, ["1"])
    log.finish_day()
    kept = "".join(
        json.dumps(json.loads(serializers.serialize("json", model.objects.all())))
        for model in apps.get_app_config("visual_search_experiments").get_models()
    )
    assert "canary" not in kept
    assert str(id) not in kept
    fields = {field.name for field in ExperimentDay._meta.get_fields()}
    assert fields == {
        "id", "experiment", "day", "wins_a", "wins_b", "ties", "answers", "zero", "slow", "baskets",
        "control_answers", "control_zero", "control_slow", "control_baskets",
    }  # fmt: skip
