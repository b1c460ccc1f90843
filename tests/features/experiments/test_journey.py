"""The whole way: shoppers search the shop's pages, click by the events of its script, and the sealed day decides."""

from __future__ import annotations

import json
import random

import pytest
from django.test import Client

from tests.features.shoppers import shopper
from tests.search.shop import _intact, empty_shop, shop  # noqa: F401
from visual_search.features.experiments import current, running, teams
from visual_search.features.experiments.deciding import Outcome
from visual_search.features.experiments.drafting import Team
from visual_search.features.experiments.models import ExperimentDay
from visual_search.features.query_log.models import LoggedEvent, LoggedQuery

WORDS = "home"


def click(client: Client, page, id: str, action: str = "click") -> None:
    event = {"query_id": page.query_id, "action_name": action, "object_id": id, "position": 1}
    answer = client.post("/api/v1/events", json.dumps({"events": [event]}), content_type="application/json")
    assert answer.status_code == 204


@pytest.mark.parametrize("favourite", list(Team))
def test_what_shoppers_choose_in_the_shop_decides(log, shop, served, favourite) -> None:  # noqa: F811
    trial = running.start("upside down", share=1.0)
    for number in range(40):
        client = shopper(number)
        assert client.get("/search/", {"q": WORDS}).status_code == 200
        page = served[-1]
        noted = teams.read(page.notes)
        liked = [hit.id for hit in page.hits if noted.team(hit.id) is favourite]
        click(client, page, liked[0])
        click(client, page, liked[0])
    # Who wants no note sees the shop's ranking and has no vote.
    client = shopper(99, **{"Sec-GPC": "1"})
    client.get("/search/", {"q": WORDS})
    click(client, served[-1], served[-1].hits[0].id)
    log.buffer.flush()
    assert LoggedQuery.objects.count() == 40
    log.finish_day()
    day = ExperimentDay.objects.get()
    assert (day.wins_a, day.wins_b) == ((40, 0) if favourite is Team.A else (0, 40))
    trial.refresh_from_db()
    assert trial.outcome == (Outcome.A if favourite is Team.A else Outcome.B)
    current.forget()
    shopper(1).get("/search/", {"q": WORDS})
    assert served[-1].notes == ()
    assert not LoggedQuery.objects.exclude(closed=b"").exists()


def test_shoppers_without_a_liking_decide_nothing(log, shop, served) -> None:  # noqa: F811
    """They click what they find at a place that has nothing to do with the hit."""
    trial, dice = running.start("upside down", share=1.0), random.Random(5)
    for number in range(60):
        client = shopper(number)
        client.get("/search/", {"q": WORDS})
        page = served[-1]
        click(client, page, dice.choice(page.hits[:4]).id)
    log.finish_day()
    day = ExperimentDay.objects.get()
    trial.refresh_from_db()
    assert trial.status == "running"
    assert abs(day.wins_a - day.wins_b) < 4 * (day.wins_a + day.wins_b) ** 0.5
    assert LoggedEvent.objects.exists()
