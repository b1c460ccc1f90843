"""The list in the admin: what is chosen more and less often than usual, to read."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from tests.features.implicit_feedback.scripted import know
from visual_search.features.implicit_feedback.models import CollectionFeedback, ObjectFeedback

LIST = "/admin/visual_search_implicit_feedback/objectfeedback/"


@pytest.fixture
def staff(client, django_user_model, db):
    """Signs in somebody of the staff with these permissions."""

    def sign_in(*permissions: str) -> None:
        user = django_user_model.objects.create_user("staff", password="x", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client.force_login(user)

    return sign_in


def test_the_list_names_products_and_what_the_order_makes_of_them(client, staff, shop) -> None:
    know({shop.id("CHR-RED-01"): 0.3, shop.id("LMP-BRS-04"): 0.01, "999999": 0.1})
    staff("view_objectfeedback")
    text = client.get(LIST).content.decode()
    for said in ("Red chair", "Brass lamp", "999999", "1.25", "0.80", "1.00", "products: enough is known to order by."):
        assert said in text
    row = ObjectFeedback.objects.first()
    assert client.get(f"{LIST}{row.pk}/change/").status_code == 200
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ObjectFeedback.objects.count() == 3


def test_it_says_how_much_is_missing(client, staff) -> None:
    staff("view_objectfeedback")
    assert "Nothing is known yet" in client.get(LIST).content.decode()
    know({"1": 0.3}, collection="gone since")
    CollectionFeedback.objects.update(choices=40)
    text = client.get(LIST).content.decode()
    assert "gone since: not yet ordered by it, 40 of 200 choices." in text


def test_the_number_of_statements_doesnt_grow_with_the_rows(client, staff, shop, django_assert_max_num_queries) -> None:
    know({str(n): 0.1 for n in range(40)})
    staff("view_objectfeedback")
    client.get(LIST)
    with django_assert_max_num_queries(16):
        client.get(LIST)


def test_others_see_nothing(client, staff) -> None:
    staff()
    assert client.get(LIST).status_code == 403
