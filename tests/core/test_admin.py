"""The outbox in the admin: to be read, and to be tried again."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.core.conftest import GADGETS
from tests.shop.models import Gadget
from visual_search.models import IndexEntry, State

LIST = "admin:visual_search_indexentry_changelist"


@pytest.fixture
def failed(shop):
    gadget = shop.add("unreadable")
    shop.add("lamp")
    shop.index()
    return shop.entry(gadget)


def test_the_list_shows_states_reasons_and_counts(admin_client, failed):
    page = admin_client.get(reverse(LIST)).content.decode()
    assert "0 pending, 0 processing, 1 indexed, 1 failed" in page
    assert "no texts today" in page


def test_it_can_be_filtered_by_state_and_searched_by_id(admin_client, failed):
    page = admin_client.get(reverse(LIST), {"state__exact": "failed"}).content.decode()
    assert page.count('class="action-select"') == 1
    page = admin_client.get(reverse(LIST), {"q": failed.object_id}).content.decode()
    assert page.count('class="action-select"') == 1


def test_nothing_can_be_added_changed_or_deleted(admin_client, failed):
    assert admin_client.get(reverse("admin:visual_search_indexentry_add")).status_code == 403
    assert admin_client.get(reverse("admin:visual_search_indexentry_delete", args=[failed.pk])).status_code == 403
    page = admin_client.get(reverse("admin:visual_search_indexentry_change", args=[failed.pk])).content.decode()
    assert 'name="_save"' not in page
    assert "no texts today" in page


def test_try_again_indexes_again(admin_client, failed, shop, django_capture_on_commit_callbacks):
    Gadget.objects.filter(pk=failed.object_id).update(name="readable")
    chosen = {"action": "try_again", "_selected_action": list(IndexEntry.objects.values_list("pk", flat=True))}
    with django_capture_on_commit_callbacks(execute=True):
        answer = admin_client.post(reverse(LIST), chosen, follow=True)
    assert "They will be indexed again" in answer.content.decode()
    failed.refresh_from_db()
    assert (failed.state, failed.error) == (State.INDEXED, "")
    assert shop.by_words("readable") == [failed.object_id]
    assert shop.held() == shop.expected()


def test_try_again_of_a_deleted_object_keeps_it_deleted(admin_client, shop, django_capture_on_commit_callbacks):
    gadget = shop.add()
    shop.index()
    pk = gadget.pk
    gadget.delete()
    shop.index()
    chosen = {"action": "try_again", "_selected_action": [shop.entry(pk).pk]}
    with django_capture_on_commit_callbacks(execute=True):
        admin_client.post(reverse(LIST), chosen)
    assert shop.entry(pk).deleted
    assert shop.all_ids() == []
    assert IndexEntry.objects.filter(collection=GADGETS).count() == 1
