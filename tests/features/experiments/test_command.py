"""`manage.py visual_search interleave`, and what `manage.py check` says."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from visual_search.features.experiments import running
from visual_search.features.experiments.checks import check_experiments
from visual_search.features.experiments.deciding import Outcome
from visual_search.features.experiments.models import Experiment, ExperimentDay

pytestmark = pytest.mark.django_db


def said(*args, **options) -> str:
    out = io.StringIO()
    call_command("visual_search", "interleave", *args, stdout=out, **options)
    return out.getvalue()


def test_an_experiment_from_its_start_to_its_end(rankings) -> None:
    assert "no experiment yet" in said("status")
    assert "A is the shop's own, B is by id, 90% of the answers, 28 days at most" in said("start", "by id")
    experiment = Experiment.objects.get()
    day = experiment.first_day
    ExperimentDay.objects.create(experiment=experiment, day=day, wins_a=3, wins_b=5, ties=2, answers=200, zero=20)
    ExperimentDay.objects.create(experiment=experiment, day=day + 1, wins_a=3, wins_b=9, answers=300, zero=5, slow=1)
    text = said("status")
    for part in (
        "running",
        "6 for A, 14 for B, 2 ties",
        "share of B: 70%, 95 % interval 48% to 85%",
        "e-value: ",
        "5.0%",
    ):
        assert part in text
    assert "all shoppers see the shop's ranking" in said("stop")
    assert "It was stopped by hand." in said("status")


@pytest.mark.parametrize(
    ("outcome", "broken", "words"),
    [
        (Outcome.B, "", "B is liked more. Put it into VISUAL_SEARCH['RESCORERS']."),
        (Outcome.GUARD, "slow", "A guard-rail stopped it: more took longer than the limit."),
        (Outcome.GUARD, "baskets", "A guard-rail stopped it: fewer led to a basket."),
        (Outcome.UNDECIDED, "", "neither is surely liked more"),
    ],
)
def test_how_it_ended_is_told(rankings, outcome, broken, words) -> None:
    running.stop(running.start("by id"), outcome, broken=broken)
    assert words in said("status")


@pytest.mark.parametrize(
    ("args", "options", "problem"),
    [
        (("start",), {}, "Name the ranking to try: upside down, by id"),
        (("start", "gone"), {}, "b is 'gone'; it must be one of the rankings"),
        (("start", "by id"), {"share": 2.0}, "share is 2.0"),
        (("start", "by id"), {"against": "by id"}, "a and b are both"),
        (("stop",), {}, "No experiment is running."),
        (("begin",), {}, "invalid choice: 'begin'"),
    ],
)
def test_what_cannot_be_done_is_told(rankings, args, options, problem) -> None:
    with pytest.raises(CommandError, match=problem):
        said(*args, **options)


def test_check_says_what_is_wrong_with_the_rankings(rankings, settings) -> None:
    assert check_experiments() == []
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "RESCORERS": []}
    assert [message.id for message in check_experiments()] == ["visual_search.W151"]
    for given, words in (
        ({"x": {"BACKEND": "shop.gone.Ranking"}}, "can't be imported"),
        ({"x": {"BACKEND": "visual_search.types.Query"}}, "lacks"),
        ({"": {}}, "is a dictionary such as"),
        ({"x" * 61: {"BACKEND": "tests.hooks.doubles.Reversing"}}, "longer than 60 characters"),
        ([], "is a dictionary such as"),
    ):
        settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "EXPERIMENT_RANKINGS": given}
        [message] = check_experiments()
        assert message.id == "visual_search.E151"
        assert words in message.msg or words == "lacks"
