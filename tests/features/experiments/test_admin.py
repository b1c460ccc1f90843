"""The admin's pages: start an experiment, see it, stop it."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Permission
from hypothesis import given
from hypothesis import strategies as st

from visual_search.features.experiments import running
from visual_search.features.experiments.charting import BOTTOM, LEFT, MOST_DATES, RIGHT, TOP, chart
from visual_search.features.experiments.deciding import Outcome
from visual_search.features.experiments.models import Experiment, ExperimentDay, Kind

pytestmark = pytest.mark.django_db
LIST = "/admin/visual_search_experiments/experiment/"


def days(experiment: Experiment, *votes: tuple[int, int, int]) -> None:
    for n, (a, b, ties) in enumerate(votes):
        ExperimentDay.objects.create(
            experiment=experiment, day=experiment.first_day + n, wins_a=a, wins_b=b, ties=ties, answers=120, zero=6,
            slow=2, baskets=9, control_answers=110, control_zero=4, control_baskets=11,
        )  # fmt: skip


@pytest.fixture
def staff(client, django_user_model):
    """Signs in somebody of the staff with these permissions."""

    def sign_in(*permissions: str) -> None:
        user = django_user_model.objects.create_user("staff", password="x", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client.force_login(user)

    return sign_in


def test_the_page_has_the_same_figures_as_a_plain_count(rankings, admin_client) -> None:
    trial = running.start("by id")
    days(trial, (2, 3, 1), (1, 6, 0), (0, 7, 2))
    text = admin_client.get(f"{LIST}{trial.pk}/change/").content.decode()
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))
    assert "3 for A, 16 for B, 3 for both alike" in plain
    assert "84.2 %" in plain
    assert "E-value" in plain
    rows = re.findall(r"<th scope=\"row\">(\d{4}-\d\d-\d\d)</th>\s*((?:<td>[^<]*</td>\s*)+)", text)
    cells = [re.findall(r"<td>([^<]*)</td>", row) for _, row in rows]
    assert [cell[:4] for cell in cells] == [["2", "3", "1", "120"], ["1", "6", "0", "120"], ["0", "7", "2", "120"]]
    assert text.count("<circle") == 3
    assert "5.0 %" in plain
    assert "3.6 %" in plain


def test_the_page_of_rules_says_how_they_are_tried(rankings, admin_client) -> None:
    trial = running.start("summer rules", kind=Kind.ARMS)
    text = admin_client.get(f"{LIST}{trial.pk}/change/").content.decode()
    assert "summer rules" in text
    assert "half of the questions of each day" in text


def test_the_first_days_of_an_experiment_have_a_page(rankings, admin_client) -> None:
    trial = running.start("by id", share=1.0)
    text = admin_client.get(f"{LIST}{trial.pk}/change/").content.decode()
    assert "No day is counted yet." in text
    assert "e-value-title" not in text
    days(trial, (0, 0, 0))
    assert "e-value-title" in admin_client.get(f"{LIST}{trial.pk}/change/").content.decode()


@pytest.mark.parametrize("outcome", list(Outcome))
def test_how_it_ended_is_told(rankings, admin_client, outcome) -> None:
    trial = running.start("by id")
    running.stop(trial, outcome, broken="zero" if outcome is Outcome.GUARD else "")
    text = admin_client.get(f"{LIST}{trial.pk}/change/").content.decode()
    assert str(Experiment.objects.get().get_outcome_display()) in text
    assert ("more answers found nothing close" in text) == (outcome is Outcome.GUARD)
    assert "Stop this experiment" not in text


def test_staff_start_and_stop_one(rankings, staff, client) -> None:
    staff("view_experiment", "add_experiment", "change_experiment")
    given = {"a": "", "b": "upside down", "share": "0.8", "most_days": "14", "slow_ms": "700"}
    answer = client.post(f"{LIST}add/", given, follow=True)
    assert answer.status_code == 200
    trial = Experiment.objects.get()
    assert (trial.b, trial.share, trial.most_days, trial.guards, trial.author) == (
        "upside down", 0.8, 14, {"slow_ms": 700.0}, "staff",
    )  # fmt: skip
    assert b"running" in client.get(LIST).content
    assert client.post(f"{LIST}{trial.pk}/change/", follow=True).status_code == 200
    trial.refresh_from_db()
    assert trial.outcome == Outcome.BY_HAND


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"a": "by id", "b": "by id"}, "two different ones can be compared"),
        ({"share": "0"}, "It is above 0 and at most 1."),
        ({"share": "1.5"}, "It is above 0 and at most 1."),
        ({"share": "much"}, "Enter a number."),
        ({"most_days": "29"}, "From 1 to 28 days."),
        ({"b": "shop.evil.Code"}, "Select a valid choice."),
        ({"slow_ms": "-5"}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_tried_is_told_beside_its_field(rankings, admin_client, changed, words) -> None:
    given = {"a": "", "b": "by id", "share": "0.9", "most_days": "28", "slow_ms": "1000", **changed}
    answer = admin_client.post(f"{LIST}add/", given)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not Experiment.objects.exists()


def test_a_second_one_is_refused_in_words(rankings, admin_client) -> None:
    running.start("by id")
    given = {"a": "", "b": "by id", "share": "0.9", "most_days": "28", "slow_ms": "1000"}
    assert "Another experiment is running." in admin_client.post(f"{LIST}add/", given).content.decode()


def test_one_that_was_started_meanwhile_is_told_and_no_error_of_the_server(rankings, admin_client, monkeypatch) -> None:
    real = running.start

    def start(*args, **given):
        real("by id")
        return real(*args, **given)

    monkeypatch.setattr(running, "start", start)
    given = {"a": "", "b": "by id", "share": "0.9", "most_days": "28", "slow_ms": "1000"}
    answer = admin_client.post(f"{LIST}add/", given, follow=True)
    assert "Another experiment is running" in answer.content.decode()


def test_who_may_only_look_stops_nothing(rankings, staff, client) -> None:
    trial = running.start("by id")
    staff("view_experiment")
    page = client.get(f"{LIST}{trial.pk}/change/")
    assert page.status_code == 200
    assert b"Stop this experiment" not in page.content
    assert client.post(f"{LIST}{trial.pk}/change/").status_code == 403
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{trial.pk}/delete/").status_code == 403
    trial.refresh_from_db()
    assert trial.status == "running"


def test_strangers_and_numbers_of_none_get_no_page(rankings, staff, client) -> None:
    trial = running.start("by id")
    assert client.get(f"{LIST}{trial.pk}/change/").status_code == 302
    staff()
    assert client.get(f"{LIST}{trial.pk}/change/").status_code == 403
    client.logout()


def test_what_is_no_experiment_has_no_page(rankings, admin_client) -> None:
    for number in ("99", "x"):
        assert admin_client.get(f"{LIST}{number}/change/").status_code == 404


# --- The picture --------------------------------------------------------------------------------


@given(st.lists(st.floats(1e-9, 1e300), min_size=1, max_size=28))
def test_whatever_the_values_the_picture_holds_them(values: list[float]) -> None:
    picture = chart([(date(2026, 1, 1) + timedelta(days=n), value) for n, value in enumerate(values)])
    assert len(picture.points) == len(values)
    for point in (*picture.points, *picture.steps):
        assert LEFT <= point.x <= RIGHT
        assert TOP - 0.1 <= point.y <= BOTTOM + 0.1
    assert TOP < picture.stop < BOTTOM
    assert 1 <= len(picture.dates) <= MOST_DATES
    assert 2 <= len(picture.steps) <= 8
    higher = sorted(zip(values, (point.y for point in picture.points), strict=True))
    assert [y for _, y in higher] == sorted((y for _, y in higher), reverse=True)
