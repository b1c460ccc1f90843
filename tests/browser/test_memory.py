"""What a device remembers, in a real browser: kept there, sent in the body of a search alone, shown, forgotten, switched off."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tests.browser.test_search import choose, settled, titles
from tests.search.shop import photo_of
from visual_search.features.personalisation import item_cache, item_vectors
from visual_search.features.personalisation.models import AccountMemory
from visual_search.features.query_log import collecting, options
from visual_search.features.query_log.models import LoggedEvent, LoggedQuery
from visual_search.querying import parsing

pytestmark = pytest.mark.browser
PERSONAL = "visual_search.features.personalisation.rescorer.PersonalRescorer"
WISH = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"


@pytest.fixture
def personal(live_shop):
    """A shop that counts what was bought before so much that it shows in a result set of two."""
    live_shop.settings.VISUAL_SEARCH = {
        **live_shop.settings.VISUAL_SEARCH,
        "RESCORERS": [{"BACKEND": PERSONAL, "OPTIONS": {"repeat": 20.0, "relevance": 1.0}}],
        "RESCORE_LIMIT_MS": 5000,
    }
    item_cache.cache.forget()
    item_vectors.refresh("products")
    yield live_shop
    item_cache.cache.forget()


def memory(tab) -> list:
    return json.loads(tab.evaluate("localStorage.getItem('vs-memory')") or '{"events": []}')["events"]


def shoot(tab, tmp_path, name: str) -> None:
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    tab.screenshot(path=str(folder / f"{name}.png"), full_page=True)


def visit(tab, *skus: str) -> None:
    for sku in skus:
        tab.goto(f"/p/{sku}/")


def act(tab, kind: str, id: str) -> None:
    tab.evaluate("([kind, id]) => document.dispatchEvent(new CustomEvent('vs:act', {detail: {kind, id}}))", [kind, id])


def searches(tab) -> list:
    """The searches that the tab sends from now on."""
    sent: list = []
    tab.on("request", lambda request: sent.append(request) if "/search/?" in request.url or request.url.endswith("/search/") else None)  # fmt: skip
    return sent


def test_a_viewed_product_is_remembered_here_and_nowhere_else(tab, personal) -> None:
    visit(tab, "CHR-RED-01", "MUG-BLK-05", "CHR-RED-01")
    kept = memory(tab)
    assert [event[:2] for event in kept] == [
        [personal.id("MUG-BLK-05"), "view"],
        [personal.id("CHR-RED-01"), "view"],
    ], "twice on one day is one entry"
    assert tab.context.cookies() == [] or not any("memory" in cookie["name"] for cookie in tab.context.cookies())
    assert tab.script_errors == []


def test_a_shops_own_buttons_are_heard(tab, personal) -> None:
    tab.goto("/credits/")
    tab.evaluate("document.querySelector('main').innerHTML = '<button data-vs-basket=\"7\">Add</button>'")
    tab.get_by_role("button", name="Add").click()
    act(tab, "purchase", "8")
    act(tab, "stare", "9")
    assert [event[:2] for event in memory(tab)] == [["7", "basket"], ["8", "purchase"]]


def test_a_search_by_words_is_put_in_order_by_post_and_keeps_its_address(tab, personal, tmp_path) -> None:
    tab.goto("/search/?q=chair")
    base = titles(tab)
    assert set(base[:2]) == {"Red chair", "Blue chair"}
    other = {"Red chair": "CHR-RED-01", "Blue chair": "CHR-BLU-02"}[base[1]]
    act(tab, "purchase", personal.id(other))
    sent = searches(tab)
    tab.goto("/search/?q=chair")
    tab.wait_for_function("document.querySelector('.vs-because')")
    assert titles(tab)[0] == base[1]
    assert tab.locator(".vs-because").first.text_content() == "You bought this before"
    assert tab.url.endswith("/search/?q=chair"), "the address can still be shared"
    assert [request.method for request in sent] == ["GET", "POST"]
    assert not any("taste" in request.url for request in sent)
    assert json.loads(parse_qs(sent[1].post_data)["taste"][0])[0][:2] == [personal.id(other), "purchase"]
    assert tab.evaluate("document.activeElement.tagName") == "BODY", "nobody clicked, so the focus stays"
    shoot(tab, tmp_path, "personal-1280")
    colour = base[1].split()[0].lower()  # Both are of one brand, so its box has nothing to choose.
    settled(tab, lambda: tab.get_by_role("checkbox", name=re.compile(f"^{colour}")).check())
    assert f"f.colour={colour}" in tab.url
    assert "taste" not in tab.url
    assert titles(tab)[0] == base[1]
    tab.go_back()
    tab.wait_for_url(re.compile(r"q=chair$"))
    assert tab.script_errors == []


def held(tab) -> list:
    """From now on searches by POST wait until they are let go."""
    waiting: list = []
    tab.route(
        "**/search/", lambda route: waiting.append(route) if route.request.method == "POST" else route.continue_()
    )
    return waiting


def test_no_other_order_is_shown_before_ones_own(tab, personal) -> None:
    tab.goto("/search/?q=chair")
    base = titles(tab)
    act(tab, "purchase", personal.id({"Red chair": "CHR-RED-01", "Blue chair": "CHR-BLU-02"}[base[1]]))
    tab.add_init_script("setTimeout = ((set) => (act, ms) => ms === 1000 ? 0 : set(act, ms))(setTimeout)")
    waiting = held(tab)
    with tab.expect_request(lambda request: request.method == "POST"):
        tab.goto("/search/?q=chair")
    assert not tab.locator(".vs-tile").first.is_visible()
    tab.evaluate("scrollTo(0, 150)")
    first_of(tab, waiting).continue_()
    tab.locator(".vs-because").first.wait_for()
    assert titles(tab)[0] == base[1]
    assert tab.evaluate("scrollY") == 150, "nothing is scrolled"
    assert tab.script_errors == []


@pytest.mark.parametrize("end", ["late", "lost", "refused"])
def test_an_order_that_does_not_come_moves_nothing_later(tab, personal, end) -> None:
    tab.goto("/search/?q=chair")
    base = titles(tab)
    act(tab, "purchase", personal.id({"Red chair": "CHR-RED-01", "Blue chair": "CHR-BLU-02"}[base[1]]))
    waiting = held(tab)
    given_up: list = []
    tab.on("requestfailed", lambda request: given_up.append(request))  # noqa: PLW0108
    with tab.expect_request(lambda request: request.method == "POST"):
        tab.goto("/search/?q=chair")
    if end == "lost":
        first_of(tab, waiting).abort()
    elif end == "refused":
        first_of(tab, waiting).fulfill(status=503, body="no")
    tab.locator(".vs-tile").first.wait_for()
    if end == "late":
        assert [request.method for request in given_up] == ["POST"], "its answer can't come any more"
    assert titles(tab) == base
    assert not tab.get_by_role("alert").is_visible()
    # A page that the browser kept for the way back isn't put into another order either.
    sent = searches(tab)
    tab.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    tab.wait_for_load_state("networkidle")
    assert sent == []


def test_the_way_back_leads_to_the_order_that_was_there(tab, personal) -> None:
    tab.goto("/search/?q=chair")
    base = titles(tab)
    second = {"Red chair": "CHR-RED-01", "Blue chair": "CHR-BLU-02"}[base[1]]
    act(tab, "view", personal.id("MUG-BLK-05"))
    tab.goto("/search/?q=chair")
    tab.wait_for_function("!document.documentElement.classList.contains('vs-ordering')")
    before = titles(tab)
    tab.locator(".vs-tile-link", has_text=before[1]).click()
    tab.wait_for_url("**/p/**")
    act(tab, "purchase", personal.id(second))
    sent = searches(tab)
    tab.go_back()
    tab.wait_for_function("!document.documentElement.classList.contains('vs-ordering')")
    assert titles(tab) == before
    [ordered] = [request for request in sent if request.method == "POST"]
    assert [event[0] for event in json.loads(parse_qs(ordered.post_data)["taste"][0])] == [personal.id("MUG-BLK-05")]
    tab.goto("/search/?q=chair")
    tab.locator(".vs-because").first.wait_for()
    assert titles(tab)[0] == base[1], "who asks anew is answered by all that is remembered"
    # What is forgotten meanwhile isn't sent any more.
    tab.evaluate("localStorage.removeItem('vs-memory')")
    sent.clear()
    tab.reload()
    assert [request.method for request in sent] == ["GET"]
    assert titles(tab) == base


def test_a_photo_search_takes_it_along(tab, personal, tmp_path, monkeypatch) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo_of("sofa", "green"))
    visit(tab, "TAB-BRN-06")
    tab.goto("/search/")
    arrived: list = []
    read = parsing.taste

    def noted(raw: object):
        arrived.append(raw)
        return read(raw)

    monkeypatch.setattr(parsing, "taste", noted)
    choose(tab, path)
    assert [event[0] for event in json.loads(arrived[-1])] == [personal.id("TAB-BRN-06")]
    settled(tab, lambda: tab.get_by_role("checkbox", name=re.compile("^Plain")).check())
    assert len(arrived) == 2
    assert json.loads(arrived[1]) == json.loads(arrived[0])
    assert titles(tab)[0] == "Green sofa"
    assert tab.script_errors == []


def test_nothing_remembered_sends_nothing(tab, personal) -> None:
    sent = searches(tab)
    tab.goto("/search/?q=chair")
    tab.wait_for_load_state("networkidle")
    assert [request.method for request in sent] == ["GET"]


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_shows_forgets_and_switches_off(tab, personal, tmp_path, width) -> None:
    tab.set_viewport_size({"width": width, "height": 844})
    visit(tab, "CHR-RED-01", "MUG-BLK-05", "SOF-GRN-03")
    act(tab, "purchase", "987654")
    tab.get_by_role("link", name="What this device remembers").click()
    tab.wait_for_selector(".vs-memory-list li")
    rows = tab.locator(".vs-memory-list li").all_text_contents()
    assert len(rows) == 4
    assert "A product that is gone" in rows[0]
    assert "Green sofa" in rows[1]
    shoot(tab, tmp_path, f"memory-{width}")
    wider = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0
    tab.get_by_role("button", name=re.compile("Forget.*Black mug")).click()
    tab.wait_for_function("document.querySelectorAll('.vs-memory-list li').length === 3")
    assert personal.id("MUG-BLK-05") not in [event[0] for event in memory(tab)]
    tab.get_by_role("button", name="Forget all", exact=True).click()
    tab.get_by_text("Nothing is remembered.").wait_for()
    assert memory(tab) == []
    tab.get_by_role("button", name="Switch off and forget all").click()
    tab.get_by_role("button", name="Switch on").wait_for()
    shoot(tab, tmp_path, f"memory-off-{width}")
    visit(tab, "CHR-RED-01")
    assert memory(tab) == []
    tab.goto("/memory/")
    tab.get_by_role("button", name="Switch on").click()
    visit(tab, "CHR-RED-01")
    assert len(memory(tab)) == 1
    assert tab.script_errors == []


def test_a_browser_that_asks_not_to_be_tracked_is_asked_first(browser, live_server, personal) -> None:
    context = browser.new_context(base_url=live_server.url)
    context.add_init_script(WISH)
    tab = context.new_page()
    visit(tab, "CHR-RED-01")
    assert memory(tab) == []
    tab.goto("/memory/")
    assert "asks not to be tracked" in tab.locator("[data-vs-state]").text_content()
    tab.get_by_role("button", name="Switch on").click()
    tab.get_by_role("button", name="Switch off").wait_for()
    visit(tab, "CHR-RED-01")
    assert len(memory(tab)) == 1, "the shopper's own choice on this page is the clearer one"
    context.close()


def test_without_javascript_nothing_is_remembered_and_the_page_says_so(browser, live_server, personal) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url)
    tab = context.new_page()
    tab.goto("/memory/")
    assert "without JavaScript your browser remembers no products" in tab.locator(".vs-notice").first.text_content()
    context.close()


def test_a_full_and_a_damaged_memory(tab, personal) -> None:
    tab.goto("/credits/")
    for n in range(150):
        act(tab, "view", f"a-long-id-of-a-product-as-some-shops-have-it-{n}")
    kept = memory(tab)
    assert len(json.dumps(kept, separators=(",", ":")).encode()) <= 4096
    assert kept[-1][0].endswith("-149")
    tab.evaluate("localStorage.setItem('vs-memory', '{')")
    tab.goto("/search/?q=chair")
    assert titles(tab)
    visit(tab, "CHR-RED-01")
    assert len(memory(tab)) == 1
    assert tab.script_errors == []


def test_sensitive_products_are_not_remembered(tab, personal) -> None:
    personal.settings.VISUAL_SEARCH = {
        **personal.settings.VISUAL_SEARCH,
        "RESCORERS": [{"BACKEND": PERSONAL, "OPTIONS": {"sensitive": ["Home > Seating"]}}],
    }
    visit(tab, "CHR-RED-01", "MUG-BLK-05")
    assert [event[0] for event in memory(tab)] == [personal.id("MUG-BLK-05")]


@pytest.fixture
def cookie(live_server, live_shop, django_user_model, client) -> dict:
    """Of a shopper who is signed in."""
    client.force_login(django_user_model.objects.create_user("ann", password="x"))
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}


def test_an_account_keeps_a_copy_on_demand(tab, browser, live_server, personal, cookie) -> None:
    tab.context.add_cookies([cookie])
    visit(tab, "CHR-RED-01")
    tab.goto("/memory/")
    assert not AccountMemory.objects.exists()
    with tab.expect_navigation():
        tab.get_by_role("button", name="Keep a copy in my account").click()
    tab.get_by_role("button", name="Erase the copy").wait_for()
    assert AccountMemory.objects.get().user.username == "ann"
    other = browser.new_context(base_url=live_server.url)
    other.add_cookies([cookie])
    second = other.new_page()
    second.goto("/memory/")
    second.get_by_role("link", name="Red chair").wait_for()
    other.close()
    with tab.expect_navigation():
        tab.get_by_role("button", name="Erase the copy").click()
    tab.get_by_role("button", name="Keep a copy in my account").wait_for()
    assert not AccountMemory.objects.exists()
    assert tab.script_errors == []


def first_of(tab, waiting: list):
    """The first request that is held. The browser tells of it before it is held."""
    while not waiting:
        tab.wait_for_timeout(20)
    return waiting[0]


def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for what the server does on its own. The time is a limit for a busy machine and is no measure."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)


def test_what_is_done_with_an_answer_is_reported(tab, personal, tmp_path, monkeypatch) -> None:
    log = {"MODE": "anonymous", "KEY_FOLDER": tmp_path / "keys", "IN_BACKGROUND": False}
    personal.settings.VISUAL_SEARCH = {**personal.settings.VISUAL_SEARCH, "QUERY_LOG": log}
    tab.goto("/search/?q=chair")
    tab.locator(".vs-tile-link").first.click()
    tab.wait_for_url("**/p/**")
    act(tab, "basket", tab.locator("[data-vs-view]").get_attribute("data-vs-view"))
    tab.goto("/credits/")

    def reported() -> list[tuple[str, str, int]]:
        collecting.buffer.flush()
        asked = LoggedQuery.objects.filter(kind="text").values("pk")
        done = LoggedEvent.objects.filter(query_id__in=asked)
        return list(done.values_list("action_name", "object_id", "position"))

    # A page that is left sends its last events when it is gone, so no page can tell when they have arrived.
    until(lambda: {"click", "view", "basket"} <= {action for action, _, _ in reported()})
    query, done = LoggedQuery.objects.get(kind="text"), reported()
    assert ("click", query.object_ids[0], 1) in done
    assert ("view", query.object_ids[0], 1) in done
    assert ("basket", query.object_ids[0], 1) in done
    seen = sorted(position for action, _, position in done if action == "impression")
    assert seen[:2] == [1, 2]
    assert tab.script_errors == []
    options.forget()
