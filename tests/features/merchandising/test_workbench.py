"""The workbench shows a question with why, tries a change that isn't saved, and saves it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.features.merchandising.desk import HOOKS, ask, rule, skus, words
from tests.features.merchandising.test_admin import member
from tests.search.shop import Shop, photo_of
from visual_search.features.merchandising.kinds import Then, When
from visual_search.features.merchandising.models import Rule, RuleRevision
from visual_search.signals import search_served

URL = "/admin/visual_search_merchandising/rule/workbench/"


@pytest.fixture
def desk(shop: Shop) -> Shop:
    shop.use(**HOOKS)
    return shop


def places(side) -> list[str]:
    return [row.hit.card.sku for row in side.rows]


def draft(*actions: dict[str, Any], conditions: tuple[dict[str, Any], ...] = (), **more: Any) -> dict[str, Any]:
    form: dict[str, Any] = {"name": "Tried", "enabled": "on", "priority": "0", "q": "chair", "lang": "en", **more}
    for name, rows in (("conditions", conditions), ("actions", actions)):
        form |= {f"{name}-TOTAL_FORMS": len(rows), f"{name}-INITIAL_FORMS": 0}
        form |= {f"{name}-{number}-{key}": value for number, row in enumerate(rows) for key, value in row.items()}
    return form


def test_a_question_is_shown_with_why(desk, admin_client) -> None:
    rule(words("chair"), [{"kind": Then.PIN, "item": desk.id("MUG-BLK-05"), "position": 1}], name="Mugs first")
    response = admin_client.get(URL, {"q": "chair", "lang": "en"})
    page = response.content.decode()
    assert response.status_code == 200
    assert [each.name for each in response.context_data["comparison"].before.rules] == ["Mugs first"]
    assert "Promoted" in page
    assert re.search(r"words 0\.\d+", page), "the parts of its score"
    assert response.context_data["comparison"].after is None


def test_a_change_is_tried_and_not_saved(desk, admin_client) -> None:
    sent = draft(
        {"kind": Then.PIN, "item": "MUG-BLK-05", "position": "1"},
        {"kind": Then.HIDE, "item": "CHR-BLU-02"},
        conditions=({"kind": When.WORDS_CONTAIN, "value": "chair"},),
    )
    response = admin_client.post(URL, {**sent, "try": "1"})
    comparison = response.context_data["comparison"]
    assert comparison.after is not None, response.context_data["draft"].actions.errors
    assert places(comparison.after)[0] == "MUG-BLK-05"
    assert "CHR-BLU-02" not in places(comparison.after)
    gone = [row.hit.card.sku for row in comparison.before.rows if not row.was]
    assert gone == ["CHR-BLU-02"]
    assert comparison.after.rows[0].moved > 0
    assert [each.name for each in comparison.after.rules] == ["Tried"]
    page = response.content.decode()
    assert "gone" in page
    assert "↑" in page
    assert not Rule.objects.exists()
    assert skus(ask("chair"))[0] != "MUG-BLK-05", "shoppers see nothing of it"


def test_a_saved_rule_is_changed_and_switched_off_in_a_trial(desk, admin_client) -> None:
    made = rule(words("chair"), [{"kind": Then.PIN, "item": desk.id("MUG-BLK-05"), "position": 1}])
    page = admin_client.get(URL, {"q": "chair", "rule": made.pk}).content.decode()
    assert 'value="chair"' in page
    sent = draft(
        {"id": made.actions.get().pk, "kind": Then.PIN, "item": desk.id("MUG-BLK-05"), "position": "2"},
        conditions=({"id": made.conditions.get().pk, "kind": When.WORDS_CONTAIN, "value": "chair"},),
        rule=made.pk,
    ) | {"conditions-INITIAL_FORMS": 1, "actions-INITIAL_FORMS": 1}
    comparison = admin_client.post(URL, {**sent, "try": "1"}).context_data["comparison"]
    assert (places(comparison.before)[0], places(comparison.after)[1]) == ("MUG-BLK-05", "MUG-BLK-05")
    off = {name: value for name, value in sent.items() if name != "enabled"}
    comparison = admin_client.post(URL, {**off, "try": "1"}).context_data["comparison"]
    assert not any(row.hit.is_promoted for row in comparison.after.rows)
    response = admin_client.post(URL, {**sent, "save": "1"})
    assert response.status_code == 302
    assert f"rule={made.pk}" in response["Location"]
    assert made.actions.get().position == 2
    assert RuleRevision.objects.count() == 1


def test_a_hit_is_pinned_for_the_very_question(desk, admin_client) -> None:
    response = admin_client.get(URL, {"q": "black mug", "lang": "en", "pin": desk.id("CHR-RED-01"), "at": "1"})
    comparison = response.context_data["comparison"]
    assert places(comparison.after)[0] == "CHR-RED-01"
    form = response.context_data["draft"]
    assert form.conditions.forms[0]["value"].value() == "black mug"
    assert not Rule.objects.exists(), "it is only tried"
    sent = draft(
        {"kind": Then.PIN, "item": desk.id("CHR-RED-01"), "position": "1"},
        conditions=({"kind": When.WORDS_ARE, "value": "black mug"},),
        q="black mug",
    )
    again = admin_client.post(URL, {**sent, "hide": desk.id("MUG-BLK-05")})
    assert "MUG-BLK-05" not in places(again.context_data["comparison"].after)
    admin_client.post(URL, {**sent, "save": "1"})
    assert skus(ask("black mug"))[0] == "CHR-RED-01"


def test_a_photo_is_asked_and_its_colour_becomes_the_condition(desk, admin_client) -> None:
    photo = SimpleUploadedFile("chair.jpg", photo_of("chair", "red"), "image/jpeg")
    first = admin_client.post(URL, {"image": photo})
    page = first.content.decode()
    assert "red" in first.context_data["seen"].colours
    token = first.context_data["photo_token"]
    assert token
    assert token in page
    asked = {"photo_token": token, "pin": desk.id("GFT-CRD-07"), "at": "2"}
    pinned = admin_client.post(URL, asked)
    assert places(pinned.context_data["comparison"].after)[1] == "GFT-CRD-07"
    kind = pinned.context_data["draft"].conditions.forms[0]["kind"].value()
    assert kind == When.COLOUR


def test_mistakes_are_told_and_nothing_is_tried(desk, admin_client) -> None:
    response = admin_client.post(URL, {**draft({"kind": Then.PIN, "item": "NO-SUCH"}), "save": "1"})
    assert "There is no product “NO-SUCH” in the index." in response.content.decode()
    assert response.context_data["comparison"].after is None
    broken = admin_client.post(URL, {"photo_token": "nonsense", "q": "chair"})
    assert broken.status_code == 200
    assert broken.context_data["fault"]
    for wild in ({"rule": "x"}, {"collection": "nothing"}, {"at": "x", "pin": "7"}, {"conditions-TOTAL_FORMS": "x"}):
        assert admin_client.post(URL, {"q": "chair", **wild}).status_code == 200, wild


def test_a_row_is_added_without_a_script(desk, admin_client) -> None:
    response = admin_client.post(URL, {**draft({"kind": Then.BANNER, "value": "x"}), "more": "conditions"})
    assert len(response.context_data["draft"].conditions.forms) == 1
    assert response.context_data["comparison"].after is None


def test_nothing_that_is_tried_is_noted(desk, admin_client) -> None:
    heard = []

    def listen(sender, context, **kwargs):
        heard.append(context)

    search_served.connect(listen)
    try:
        admin_client.get(URL, {"q": "chair", "pin": desk.id("CHR-RED-01")})
    finally:
        search_served.disconnect(listen)
    assert len(heard) == 3
    assert all(context == {"log": False} for context in heard)


def test_permissions(desk, client) -> None:
    assert client.get(URL).status_code == 302
    client.force_login(member("none"))
    assert client.get(URL).status_code == 403
    client.force_login(member("reader", "view_rule"))
    response = client.get(URL, {"q": "chair"})
    assert response.status_code == 200
    assert 'name="save"' not in response.content.decode()
    sent = draft({"kind": Then.BANNER, "value": "x"})
    assert client.post(URL, {**sent, "save": "1"}).status_code == 403
    assert not Rule.objects.exists()


def test_only_staff_who_may_write_rules_get_the_button(desk, client) -> None:
    def has_script() -> bool:
        return "pin.js" in client.get("/search/", {"q": "chair"}).content.decode()

    assert not has_script()
    client.force_login(member("reader", "view_rule"))
    assert not has_script()
    client.force_login(member("writer", "view_rule", "add_rule"))
    assert has_script()
    assert reverse("admin:visual_search_merchandising_rule_workbench") == URL


@pytest.mark.parametrize(
    ("action", "seen"),
    [
        ({"kind": Then.PIN, "item": "SOF-GRN-03", "position": "1"}, "Promoted"),
        ({"kind": Then.HIDE, "item": "CHR-BLU-02"}, "gone"),
        ({"kind": Then.BOOST, "item": "CHR-RED-01", "strength": "100"}, "merchandising 0."),
        ({"kind": Then.BURY, "field": "colour", "op": "is", "value": "blue", "strength": "100"}, "merchandising -0."),
        ({"kind": Then.FILTER, "field": "brand", "op": "is", "value": "Nordic"}, "With the change: 2"),
        ({"kind": Then.REPLACE, "value": "sofa"}, "Asked instead:"),
        ({"kind": Then.REDIRECT, "url": "/sale/"}, "The shopper is sent to <strong>/sale/</strong>"),
        ({"kind": Then.BANNER, "value": "Half price"}, "Banner: <strong>Half price</strong>"),
        ({"kind": Then.SORT, "value": "price"}, "↑"),
    ],
    ids=lambda value: str(value.get("kind")) if isinstance(value, dict) else "",
)
def test_each_kind_of_action_is_seen_before_it_is_saved(desk, admin_client, action, seen) -> None:
    conditions = ({"kind": When.WORDS_CONTAIN, "value": "chair"},)
    response = admin_client.post(URL, {**draft(action, conditions=conditions), "try": "1"})
    comparison = response.context_data["comparison"]
    assert comparison.after is not None, response.context_data["draft"].actions.errors
    assert [each.name for each in comparison.after.rules] == ["Tried"]
    page = response.content.decode()
    before, _, after = page.partition('aria-label="With the change"')
    assert seen in (page if seen == "gone" else after), after
    assert seen == "gone" or seen not in before.partition('aria-label="Now"')[2]
