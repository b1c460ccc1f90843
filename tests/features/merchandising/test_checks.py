"""`manage.py check` says which of the hooks lacks."""

from __future__ import annotations

from django.core.checks import run_checks


def told() -> list[str]:
    return [str(message) for message in run_checks(tags=["visual_search"]) if message.id == "visual_search.W131"]


def test_a_shop_that_names_all_hooks_hears_nothing() -> None:
    assert told() == []


def test_each_hook_that_lacks_is_named(settings) -> None:
    lacking = {"REWRITERS": [], "CURATORS": [{"BACKEND": "tests.hooks.doubles.Placing"}]}
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, **lacking}
    messages = told()
    assert len(messages) == 2
    for setting, hook in (("REWRITERS", "MerchandisingRewriter"), ("CURATORS", "MerchandisingCurator")):
        assert any(setting in message and hook in message for message in messages)
