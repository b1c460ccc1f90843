"""The staff pages of insights in a browser: nothing scrolls sideways, nothing keeps anybody out, nothing breaks the policy."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from catalog.models import Product, State
from tests.browser.test_accessibility import faults
from tests.browser.test_languages import WIDTHS
from tests.features.insights.scripted import CATEGORIES, counts_of, sealed
from visual_search.features.insights.folding import fold

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADMIN = "/admin/visual_search_insights/"
DAY = 20_412


@pytest.fixture
def owner(tab, live_server, django_user_model):
    """A tab of somebody who may do everything, in a shop with eight weeks of searches."""
    client = Client()
    client.force_login(django_user_model.objects.create_superuser("owner", password="x"))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    tab.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    return tab


@pytest.fixture
def busy(db) -> list[Product]:
    rows = [
        Product(sku=f"S-{number}-{place}", category=category, state=State.PUBLISHED)
        for number, category in enumerate(CATEGORIES)
        for place in range(3 if number < 3 else 1)
    ]
    of = list(Product.objects.bulk_create(rows))
    for day in range(DAY - 55, DAY + 1):
        asked = sealed(60, of, seed=day)
        fold(day, asked, counts_of(asked))
    return of


@pytest.mark.parametrize("tab", ["with the policy"], indirect=True)
def test_the_figures_break_no_policy(owner, busy) -> None:
    owner.goto(f"{ADMIN}foldedday/")
    assert owner.locator(".vsi-chart").count() == 3
    assert owner.script_errors == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_figures_fit_and_keep_nobody_out(owner, busy, scheme: str, width: int) -> None:
    owner.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    owner.set_viewport_size({"width": width, "height": 900})
    owner.goto(f"{ADMIN}foldedday/")
    assert owner.evaluate("document.documentElement.scrollWidth") <= width
    assert faults(owner) == []
