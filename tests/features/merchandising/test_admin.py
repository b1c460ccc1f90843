"""Rules are written, refused in words, noted and undone in the admin; permissions are Django's."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from tests.features.merchandising.desk import HOOKS, ask, rule, skus, words
from tests.search.shop import Shop
from visual_search.features.merchandising import revisions
from visual_search.features.merchandising.kinds import Like, Then, When
from visual_search.features.merchandising.models import Rule, RuleRevision, SynonymSet

PATH = "admin:visual_search_merchandising_"


@pytest.fixture
def desk(shop: Shop) -> Shop:
    shop.use(**HOOKS)
    return shop


def member(name: str, *permissions: str) -> User:
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def sent(conditions: list[dict[str, Any]], actions: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A rule as the admin's page sends it."""
    form: dict[str, Any] = {"name": "Chairs", "enabled": "on", "priority": "0", "collection": "products", **more}
    for name, rows in (("conditions", conditions), ("actions", actions)):
        form |= {f"{name}-TOTAL_FORMS": len(rows), f"{name}-INITIAL_FORMS": 0}
        form |= {f"{name}-{number}-{key}": value for number, row in enumerate(rows) for key, value in row.items()}
    return form


def errors(response) -> list[str]:
    context = response.context_data
    found = [text for texts in context["adminform"].form.errors.values() for text in texts]
    for formset in context["inline_admin_formsets"]:
        found += formset.formset.non_form_errors()
        found += [text for each in formset.formset.errors for texts in each.values() for text in texts]
    return found


def test_a_rule_is_written_by_article_number_and_holds(desk, admin_client) -> None:
    form = sent(
        [{"kind": When.WORDS_CONTAIN, "value": "chair"}], [{"kind": Then.PIN, "item": "MUG-BLK-05", "position": "1"}]
    )
    response = admin_client.post(reverse(PATH + "rule_add"), form)
    assert response.status_code == 302, errors(response)
    made = Rule.objects.get()
    assert made.author.username == "admin"
    assert made.actions.get().item == desk.id("MUG-BLK-05")
    assert skus(ask("chair"))[0] == "MUG-BLK-05"
    assert [entry.actor for entry in RuleRevision.objects.all()] == [
        "user 1 admin"
    ] or RuleRevision.objects.count() == 1


@pytest.mark.parametrize(
    ("condition", "action", "says"),
    [
        ({"kind": When.WORDS_ARE, "value": "!?"}, {}, "Write the words that are asked for."),
        ({"kind": When.COLOUR, "value": "mauve"}, {}, "Write one of red, orange"),
        ({"kind": When.HOURS, "value": "noon"}, {}, "Write it as 18:00-22:00."),
        ({"kind": When.DAYS, "value": "Freitag"}, {}, "Write it as mon, tue"),
        ({"kind": When.FILTER, "value": "x", "field": "size"}, {}, "Write one of category, brand"),
        ({"kind": When.THING, "value": " "}, {}, "Write the value that is asked for."),
        ({}, {"kind": Then.PIN, "item": "NO-SUCH"}, "There is no product “NO-SUCH” in the index."),
        ({}, {"kind": Then.HIDE}, "Write the product's id or article number."),
        ({}, {"kind": Then.BOOST, "item": "CHR-RED-01"}, "Write how strong"),
        ({}, {"kind": Then.BOOST, "strength": "101", "item": "CHR-RED-01"}, "less than or equal to 100"),
        ({}, {"kind": Then.BURY, "strength": "5", "field": "shoe size"}, "stock, newness, popularity"),
        ({}, {"kind": Then.BOOST, "strength": "5", "field": "brand", "op": "more"}, "Only numbers can be compared so."),
        ({}, {"kind": Then.BOOST, "strength": "5", "field": "stock"}, "Choose how the field is compared."),
        ({}, {"kind": Then.BOOST, "strength": "5", "field": "stock", "op": "is", "value": "ten"}, "'ten' is no number"),
        ({}, {"kind": Then.FILTER, "field": "size", "value": "1"}, "There is no facet 'size'"),
        ({}, {"kind": Then.FILTER, "field": "in_stock", "value": "maybe"}, "'maybe' is neither yes nor no."),
        ({}, {"kind": Then.REDIRECT}, "Write the address of the page"),
        ({}, {"kind": Then.REDIRECT, "url": "javascript:alert(1)"}, "An address begins with / or https://."),
        ({}, {"kind": Then.REDIRECT, "url": "//evil.example"}, "An address begins with / or https://."),
        ({}, {"kind": Then.REDIRECT, "url": "/\\evil.example"}, "An address begins with / or https://."),
        ({}, {"kind": Then.BANNER}, "Write what the banner says."),
        ({}, {"kind": Then.SORT, "value": "colour"}, "Write one of price, -price."),
        ({}, {"kind": Then.REPLACE, "value": "sofa"}, "only where a condition asks for words"),
        (
            {"kind": When.COLOUR, "value": "red"},
            {"kind": Then.REPLACE, "value": "a"},
            "only where a condition asks for words",
        ),
    ],
)
def test_what_cannot_hold_is_refused_in_words(desk, admin_client, condition, action, says) -> None:
    conditions = [condition] if condition else []
    actions = [action or {"kind": Then.BANNER, "value": "x"}]
    response = admin_client.post(reverse(PATH + "rule_add"), sent(conditions, actions))
    assert response.status_code == 200
    assert any(says in each for each in errors(response)), errors(response)
    assert not Rule.objects.exists()


def test_words_beside_what_is_seen_are_not_replaced(desk, admin_client) -> None:
    conditions = [{"kind": When.WORDS_ARE, "value": "a"}, {"kind": When.COLOUR, "value": "red"}]
    response = admin_client.post(reverse(PATH + "rule_add"), sent(conditions, [{"kind": Then.REPLACE, "value": "b"}]))
    assert any("beside the photo" in each for each in errors(response))


def test_a_rule_without_an_action_or_that_ends_before_it_starts_is_refused(desk, admin_client) -> None:
    times = {"starts_0": "2026-12-02", "starts_1": "00:00", "ends_0": "2026-12-01", "ends_1": "00:00"}
    response = admin_client.post(reverse(PATH + "rule_add"), sent([], [], **times))
    said = errors(response)
    assert any("would end before it starts" in each for each in said)
    assert any("without an action" in each for each in said)


def test_every_change_is_noted_in_a_chain_and_can_be_undone(desk, admin_client) -> None:
    add = sent(words_form("chair"), [{"kind": Then.BANNER, "value": "One"}])
    admin_client.post(reverse(PATH + "rule_add"), add)
    made = Rule.objects.get()
    condition, action = made.conditions.get(), made.actions.get()
    change = sent(
        [{"id": condition.pk, "kind": When.WORDS_CONTAIN, "value": "sofa"}],
        [{"id": action.pk, "kind": Then.BANNER, "value": "Two"}],
    ) | {"conditions-INITIAL_FORMS": 1, "actions-INITIAL_FORMS": 1}
    response = admin_client.post(reverse(PATH + "rule_change", args=[made.pk]), change)
    assert response.status_code == 302, errors(response)
    admin_client.post(reverse(PATH + "rule_change", args=[made.pk]), change)
    admin_client.post(reverse(PATH + "rule_changelist"), {"action": "switch_off", "_selected_action": made.pk})
    admin_client.post(reverse(PATH + "rule_delete", args=[made.pk]), {"post": "yes"})
    assert not Rule.objects.exists()
    assert RuleRevision.objects.count() == 4, "saving it as it was is no change"
    assert revisions.verify() == ""

    def undo(number: int):
        return admin_client.post(reverse(PATH + "rulerevision_undo", args=[number]), follow=True)

    assert "has changed since" in undo(2).content.decode()
    for number in (4, 3):
        undo(number)
    restored = Rule.objects.get()
    assert (restored.pk, restored.enabled, restored.actions.get().value) == (made.pk, True, "Two")
    undo(2)
    assert Rule.objects.get().conditions.get().value == "chair"
    undo(1)
    assert not Rule.objects.exists()
    assert revisions.verify() == ""
    page = admin_client.get(reverse(PATH + "rulerevision_change", args=[2])).content.decode()
    assert "the words contain sofa" in page
    assert "The chain is whole." in admin_client.get(reverse(PATH + "rulerevision_changelist")).content.decode()
    RuleRevision.objects.filter(number=2).update(actor="somebody else")
    assert "Entry 2 was changed." in admin_client.get(reverse(PATH + "rulerevision_changelist")).content.decode()
    RuleRevision.objects.filter(number=1).delete()
    assert revisions.verify()


def words_form(phrase: str) -> list[dict[str, Any]]:
    return [{"kind": When.WORDS_CONTAIN, "value": phrase}]


def test_times_and_all_fields_survive_an_undo(desk, admin_user) -> None:
    from datetime import UTC, datetime

    when = datetime(2026, 11, 1, 12, tzinfo=UTC)
    made = rule(words("chair"), [{"kind": Then.BOOST, "strength": 5, "field": "price", "op": "more"}], starts=when)
    before = revisions.snapshot(made)
    revisions.note("me", made.pk, made.name, None, before)
    key = made.pk
    made.delete()
    revisions.note("me", key, "a rule", before, None)
    again = revisions.undo(RuleRevision.objects.get(number=2), "me")
    assert revisions.snapshot(again) == before
    again.refresh_from_db()
    assert again.starts == when


def test_staff_without_the_permission_see_and_change_nothing(desk, client) -> None:
    made = rule(words("chair"), [{"kind": Then.HIDE, "item": "1"}])
    revisions.note("me", made.pk, made.name, None, revisions.snapshot(made))
    client.force_login(member("none"))
    for name in ("rule_changelist", "synonymset_changelist", "synonymset_export", "synonymset_import"):
        assert client.get(reverse(PATH + name)).status_code == 403, name
    client.force_login(member("reader", "view_rule", "view_synonymset", "view_rulerevision"))
    assert client.get(reverse(PATH + "rule_changelist")).status_code == 200
    assert client.get(reverse(PATH + "synonymset_export")).status_code == 200
    assert client.post(reverse(PATH + "rule_add"), sent([], [])).status_code == 403
    assert client.get(reverse(PATH + "synonymset_import")).status_code == 403
    assert client.post(reverse(PATH + "rulerevision_undo", args=[1])).status_code == 403
    assert Rule.objects.count() == 1


def test_synonyms_are_a_table_to_write_in(desk, admin_client) -> None:
    made = SynonymSet.objects.create(kind=Like.TWO_WAY, language="en", words="couch, sofa")
    address = reverse(PATH + "synonymset_changelist")
    row = {
        "id": made.pk,
        "kind": Like.TWO_WAY,
        "language": "en",
        "words": "settee, sofa",
        "others": "",
        "enabled": "on",
    }
    form = {f"form-0-{name}": value for name, value in row.items()}
    form |= {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "_save": "Save"}
    assert admin_client.post(address, form).status_code == 302
    assert skus(ask("settee"))[0] == "SOF-GRN-03"
    refused = admin_client.post(address, {**form, "form-0-words": "settee"})
    assert "Write two words or more" in refused.content.decode()


@pytest.mark.django_db
def test_each_field_of_the_table_says_its_name_and_its_rows(admin_client) -> None:
    for said in ("sofa, couch", "lamp, light"):
        SynonymSet.objects.create(kind=Like.TWO_WAY, language="en", words=said)
    page = admin_client.get(reverse(PATH + "synonymset_changelist")).content.decode()
    fields = re.findall(r'<(?:input|select)[^>]*name="form-\d-\w+"[^>]*aria-label="([^"]+)"', page)
    assert len(fields) == len(set(fields)) == 2 * 5
    assert {"Words: sofa, couch", "Kind: lamp, light"} <= set(fields)
