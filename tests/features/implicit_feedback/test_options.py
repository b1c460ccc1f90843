"""What a shop may set, and what `manage.py check` says of it."""

from __future__ import annotations

import pytest
from django.core.checks import Error, Warning

from tests.features.implicit_feedback.scripted import HOOK
from visual_search.errors import ConfigurationError
from visual_search.features.implicit_feedback import checks
from visual_search.features.implicit_feedback.options import Options, options, read


def test_the_defaults_and_a_change(settings) -> None:
    assert options() == Options()
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "IMPLICIT_FEEDBACK": {"HALF_LIFE_DAYS": 30, "K": 10}}
    assert (options().half_life_days, options().k) == (30, 10)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"HALF_LIVE": 3}, "no option 'HALF_LIVE'. Known: DAYS, HALF_LIFE_DAYS, K"),
        ({"K": 4}, "['K'] is 4; it must be a whole number from 5 on"),
        ({"K": 5.0}, "['K'] is 5.0"),
        ({"LEAST_CHOICES": 0}, "['LEAST_CHOICES'] is 0"),
        ({"DAYS": True}, "['DAYS'] is True"),
        ({"HALF_LIFE_DAYS": 0}, "['HALF_LIFE_DAYS'] is 0; it must be a number above 0"),
        ({"HALF_LIFE_DAYS": float("inf")}, "is inf"),
        ({"PRIOR_LOOKS": "many"}, "['PRIOR_LOOKS'] is 'many'"),
        ({"PRIOR_LOOKS": float("nan")}, "is nan"),
        ({1: 2}, "no option '1'"),
        ([], "is []; it is a dictionary such as"),
    ],
)
def test_what_is_wrong_is_named(settings, given, said) -> None:
    with pytest.raises(ConfigurationError) as problem:
        read(given)
    assert said in str(problem.value)
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "IMPLICIT_FEEDBACK": given}
    [told] = checks.check_feedback()
    assert isinstance(told, Error)
    assert said in told.msg


@pytest.mark.parametrize(
    ("setting", "value"),
    [("RESCORERS", [HOOK]), ("EXPERIMENT_RANKINGS", {"by behaviour": {**HOOK, "OPTIONS": {"most": 1.5}}})],
)
def test_an_order_that_uses_it_is_wanted(settings, setting, value) -> None:
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "RESCORERS": [], setting: value}
    assert checks.check_feedback() == []
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "RESCORERS": [], "EXPERIMENT_RANKINGS": {}}
    [told] = checks.check_feedback()
    assert isinstance(told, Warning)
    assert HOOK["BACKEND"] in told.hint
