"""Keys in the admin: a secret is shown once, and lies nowhere afterwards."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.core import serializers
from django.urls import reverse
from django.utils import timezone

from visual_search.access import keys
from visual_search.models import ApiKey, Scope
from visual_search.models.keys import digest_of

pytestmark = pytest.mark.django_db
LIST, ADD = "admin:visual_search_apikey_changelist", "admin:visual_search_apikey_add"
FORM = {
    "name": "partner",
    "scopes": ["search", "events"],
    "origins": "",
    "per_minute": "",
    "expires_at_0": "",
    "expires_at_1": "",
}


def shown(response) -> str:
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return re.search(r"<code>(vs_[\w-]{40,})</code>", response.content.decode())[1]


def act(client, action: str, *chosen: ApiKey):
    return client.post(reverse(LIST), {"action": action, "_selected_action": [key.pk for key in chosen]}, follow=True)


def test_a_new_key_is_shown_once(admin_client) -> None:
    secret = shown(admin_client.post(reverse(ADD), FORM))
    key = ApiKey.objects.get()
    assert (key.digest, key.scopes, key.origins, key.per_minute) == (digest_of(secret), ["search", "events"], [], None)
    pages = [reverse(LIST), reverse("admin:visual_search_apikey_change", args=[key.pk])]
    rest = secret.removeprefix(f"{key.prefix}_")
    for page in pages:
        assert rest not in admin_client.get(page).content.decode()
    kept = serializers.serialize("json", [*ApiKey.objects.all(), *LogEntry.objects.all()])
    kept += repr([session.get_decoded() for session in Session.objects.all()]) + repr(admin_client.cookies)
    assert rest not in kept


def test_a_key_of_a_page(admin_client) -> None:
    origins = "https://a.example\n https://b.example\nhttps://a.example"
    shown(admin_client.post(reverse(ADD), {**FORM, "origins": origins}))
    key = ApiKey.objects.get()
    assert key.origins == ["https://a.example", "https://b.example"]
    page = admin_client.get(reverse("admin:visual_search_apikey_change", args=[key.pk])).content.decode()
    assert "https://a.example\nhttps://b.example</textarea>" in page


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"scopes": []}, "This field is required."),
        ({"origins": "a.example"}, "is no origin"),
        ({"origins": "https://a.example", "scopes": ["admin"]}, "Everybody can read a key in a page"),
    ],
)
def test_a_mistake_stands_beside_its_field(admin_client, wrong, message) -> None:
    page = admin_client.post(reverse(ADD), {**FORM, **wrong})
    assert message in page.content.decode()
    assert not ApiKey.objects.exists()


def test_changing_a_key_keeps_its_secret(admin_client) -> None:
    key, secret = ApiKey.objects.issue("partner", ["search"])
    page = reverse("admin:visual_search_apikey_change", args=[key.pk])
    assert admin_client.post(page, {**FORM, "name": "another"}).status_code == 302
    assert ApiKey.objects.of(secret).name == "another"


def test_rotating_shows_the_new_secret_and_leaves_the_old_one_a_day(admin_client) -> None:
    key, old = ApiKey.objects.issue("partner", ["search"])
    new = shown(act(admin_client, "rotate", key))
    assert ApiKey.objects.of(old) == ApiKey.objects.of(new) == key
    left = ApiKey.objects.get().previous_until - timezone.now()
    assert 23 < left.total_seconds() / 3600 <= 24


def test_only_one_key_can_be_rotated_at_a_time_and_no_revoked_one(admin_client) -> None:
    one, first = ApiKey.objects.issue("one", ["search"])
    two, second = ApiKey.objects.issue("two", ["search"])
    assert "Choose one key" in act(admin_client, "rotate", one, two).content.decode()
    one.revoke()
    assert "Choose one key" in act(admin_client, "rotate", one).content.decode()
    assert [ApiKey.objects.of(secret).name for secret in (first, second)] == ["one", "two"]


def test_revoking_ends_a_key_at_once(admin_client, rf) -> None:
    key, secret = ApiKey.objects.issue("partner", ["search"])
    assert "They open nothing any more." in act(admin_client, "revoke", key).content.decode()
    with pytest.raises(Exception, match="is revoked"):
        keys.admit(rf.get("/", headers={"X-Api-Key": secret}), Scope.SEARCH)


def test_who_may_only_look_can_change_nothing(client, django_user_model) -> None:
    from django.contrib.auth.models import Permission

    user = django_user_model.objects.create_user("viewer", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_apikey"))
    client.force_login(user)
    key, secret = ApiKey.objects.issue("partner", ["search"])
    page = client.get(reverse(LIST)).content.decode()
    assert key.prefix in page
    assert 'value="rotate"' not in page
    assert client.post(reverse(ADD), FORM).status_code == 403
    act(client, "revoke", key)
    assert ApiKey.objects.of(secret).revoked_at is None
