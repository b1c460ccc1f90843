"""The pages of experiments in the admin, and a shopper who meets one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browser.test_accessibility import faults
from tests.browser.test_languages import WIDTHS
from tests.features.experiments.conftest import HOOK, RANKINGS
from visual_search.features.experiments import current, running
from visual_search.features.experiments.models import Experiment, ExperimentDay

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST = "/admin/visual_search_experiments/experiment/"
VOTES = [(2, 3, 1), (1, 4, 0), (3, 5, 2), (0, 6, 1), (2, 4, 0), (1, 7, 1), (0, 5, 0)]
# A page that is wider than its window is scrolled sideways.
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(autouse=True)
def tried(settings, live_shop):
    live_shop.use(PAGE_SIZE=4, RESCORERS=[HOOK], EXPERIMENT_RANKINGS=RANKINGS, RESCORE_LIMIT_MS=60_000)
    current.forget()
    yield
    current.forget()


@pytest.fixture
def signed_in(tab, django_user_model):
    django_user_model.objects.create_superuser("owner", password="secret")
    tab.goto("/admin/login/?next=/admin/")
    tab.fill("#id_username", "owner")
    tab.fill("#id_password", "secret")
    tab.click("[type=submit]")
    tab.wait_for_url("**/admin/")
    return tab


def days(trial: Experiment) -> None:
    for n, (a, b, ties) in enumerate(VOTES):
        ExperimentDay.objects.create(
            experiment=trial, day=trial.first_day + n, wins_a=a, wins_b=b, ties=ties, answers=240, zero=11, slow=3,
            baskets=19, control_answers=25, control_zero=1, control_baskets=2,
        )  # fmt: skip


def seen(tab, name: str) -> None:
    """Keep a picture where SCREENSHOTS names a folder, to be looked at."""
    if folder := os.environ.get("SCREENSHOTS"):
        tab.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


@pytest.mark.parametrize("tab", ["with the policy"], indirect=True)
def test_an_owner_starts_an_experiment_looks_at_it_and_stops_it(signed_in) -> None:
    tab = signed_in
    tab.goto(f"{LIST}add/")
    tab.select_option("#id_b", "upside down")
    tab.click("[name=_save]")
    tab.locator("#result_list .field-__str__ a").wait_for()
    trial = Experiment.objects.get()
    days(trial)
    tab.click("#result_list .field-__str__ a")
    assert tab.locator("svg[role=img] title").text_content() == "E-value by day"
    assert tab.locator("svg[role=img] circle").count() == len(VOTES)
    assert tab.locator(".vs-experiment table").first.locator("tbody tr").count() == len(VOTES)
    tab.click("text=Stop this experiment")
    tab.locator("text=Stopped by hand").wait_for()
    trial.refresh_from_db()
    assert trial.status == "stopped"
    # The admin has no icon, which is no matter of the policy.
    assert [error for error in tab.script_errors if "404" not in error] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_its_pages_keep_nobody_out_and_need_no_sideways_scroll(signed_in, width: int, scheme: str) -> None:
    tab = signed_in
    trial = running.start("upside down")
    days(trial)
    tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    tab.set_viewport_size({"width": width, "height": 900})
    for name, address in (("figures", f"{LIST}{trial.pk}/change/"), ("list", LIST), ("add", f"{LIST}add/")):
        tab.goto(address)
        seen(tab, f"experiment-{name}-{width}-{scheme}")
        assert tab.evaluate(OVERFLOW) <= 0, name
        assert faults(tab) == [], name


def test_a_shopper_goes_through_the_pages_of_one_answer(tab) -> None:
    running.start("upside down", share=1.0)
    for _ in range(4):
        tab.goto("/search/?q=home")
        shown = tab.locator(".vs-tile a[href]").evaluate_all("links => links.map((link) => link.href.split('?')[0])")
        tab.click(".vs-pages [rel=next]")
        tab.locator(".vs-pages [rel=prev]").wait_for()
        more = tab.locator(".vs-tile a[href]").evaluate_all("links => links.map((link) => link.href.split('?')[0])")
        assert shown
        assert more
        assert not set(shown) & set(more), "a hit stood on two pages"
    assert tab.script_errors == []
