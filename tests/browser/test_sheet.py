"""The sheet behind the camera button, in a real browser: each way in by keys, and what the device keeps of it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.browser.chromium import ARGUMENTS
from tests.browser.conftest import chromium_path
from tests.browser.test_field import held
from tests.browser.test_photos import stands
from tests.browser.test_search import photo, shoot, titles  # noqa: F401
from tests.search.shop import draw as drawn
from tests.search.shop import photo_of, to_bytes

pytestmark = pytest.mark.browser
SHEET = "[data-vs-sheet]"


def opened(tab) -> None:
    tab.get_by_role("button", name="Search by image").press("Enter")
    tab.locator(SHEET).wait_for()


def choose(tab, path) -> None:
    with tab.expect_navigation():
        tab.set_input_files("[data-vs-file]", str(path))
    stands(tab)


def recent(tab) -> list[dict]:
    return json.loads(tab.evaluate("localStorage.getItem('vs-recent')") or "[]")


@pytest.mark.parametrize("width", [390, 1280])
def test_the_sheet_opens_and_closes_by_keys(tab, live_shop, photo, width) -> None:  # noqa: F811
    tab.set_viewport_size({"width": width, "height": 844})
    tab.goto("/")
    choose(tab, photo)
    opened(tab)
    assert tab.evaluate("document.activeElement.textContent") == "Upload a photo", "what most want comes first"
    assert tab.get_by_role("dialog", name="Search by image").is_visible()
    tab.locator("[data-vs-sample-list] li").first.wait_for()
    assert "never stored" in tab.locator(SHEET).inner_text()
    assert "1" in tab.locator(f"{SHEET} .vs-note").inner_text()
    for _ in range(30):
        tab.keyboard.press("Tab")
        assert tab.evaluate(
            "!document.hasFocus() || document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
    small = tab.evaluate(
        "[...document.querySelectorAll('dialog button')].filter((b) => b.offsetHeight && b.offsetHeight < 24).length"
    )
    assert small == 0
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shoot(tab, live_shop.folder, f"sheet-{width}")
    tab.keyboard.press("Escape")
    tab.locator(SHEET).wait_for(state="hidden")
    assert tab.evaluate("document.activeElement.matches('[data-vs-sheet-open]')"), "the focus is where it was"
    assert tab.locator(".vs-asked-photo img").is_visible(), "Escape closed the sheet and nothing else"
    assert tab.script_errors == []


def test_upload_opens_the_chooser(tab, photo) -> None:  # noqa: F811
    tab.goto("/search/")
    opened(tab)
    with tab.expect_file_chooser() as chooser:
        tab.get_by_role("button", name="Upload a photo").click()
    with tab.expect_navigation():
        chooser.value.set_files(str(photo))
    stands(tab)
    assert titles(tab)[0] == "Red chair"


def test_a_sample_is_searched_without_an_upload(tab) -> None:
    tab.goto("/")
    tab.locator("#vs-q").fill("wooden")
    opened(tab)
    sample = tab.locator("[data-vs-sample-list] button").first
    sample.wait_for()
    with tab.expect_navigation():
        sample.press("Enter")
    stands(tab)
    assert titles(tab)
    assert held(tab) == ["photo", "“wooden”"]
    assert recent(tab) == [], "it is the shop's picture, and no photo of the shopper"
    assert tab.script_errors == []


def test_the_last_photos_stay_on_the_device_and_can_be_forgotten(tab, live_shop, tmp_path) -> None:
    posted: list[str] = []
    tab.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    tab.goto("/search/")
    for number, colour in enumerate(("red", "blue", "green")):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(photo_of("chair", colour))
        choose(tab, path) if not number else (tab.goto("/"), choose(tab, path))
    assert len(recent(tab)) == 3
    tab.close()
    tab = tab.context.new_page()
    tab.goto("/")
    del posted[:]
    opened(tab)
    choices = tab.locator("[data-vs-recent] li")
    assert choices.count() == 3
    shoot(tab, live_shop.folder, "sheet-recent-1280")
    assert posted == [], "nothing is sent until one is chosen"
    with tab.expect_navigation():
        tab.get_by_role("button", name="Photo 3", exact=True).press("Enter")
    stands(tab)
    assert titles(tab)[0] == "Red chair"
    assert tab.locator(".vs-asked-photo img").is_visible()
    opened(tab)
    tab.get_by_role("button", name="Forget: Photo 1").press("Enter")
    assert len(recent(tab)) == choices.count() == 2
    assert tab.evaluate("document.activeElement.ariaLabel") == "Forget: Photo 1"
    tab.get_by_role("button", name="Forget all").press("Enter")
    assert recent(tab) == []
    assert not tab.locator("[data-vs-recent]").is_visible()


def test_remove_forgets_the_photo_of_the_list_too(tab, photo) -> None:  # noqa: F811
    tab.goto("/search/")
    choose(tab, photo)
    assert len(recent(tab)) == 1
    with tab.expect_navigation():
        tab.locator("[data-vs-chips] button", has_text="photo").click()
    assert recent(tab) == []


def test_of_nine_photos_eight_stay_and_none_that_has_ended(tab, photo) -> None:  # noqa: F811
    tab.goto("/search/")
    entry = "{ token: 't', preview: 'data:,', shot: 'old' + n, ends: Date.now() / 1000 + (n % 2 ? -5 : 500) }"
    tab.evaluate(f"localStorage.setItem('vs-recent', JSON.stringify([...Array(18).keys()].map((n) => ({entry}))))")
    choose(tab, photo)
    kept = recent(tab)
    assert len(kept) == 8
    assert [one["shot"] for one in kept[1:]] == [f"old{2 * number}" for number in range(7)]
    assert kept[0]["ends"] > 0


def test_who_asks_not_to_be_remembered_is_not(tab, photo) -> None:  # noqa: F811
    tab.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })")
    tab.goto("/search/")
    choose(tab, photo)
    assert recent(tab) == []


def test_a_picture_is_pasted_from_the_sheet(tab) -> None:
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.goto("/")
    tab.evaluate("navigator.clipboard.writeText('words')")
    opened(tab)
    tab.get_by_role("button", name="Paste a photo").click()
    tab.get_by_role("status").filter(has_text="no picture to paste").wait_for()
    tab.evaluate(
        """async (data) => {
            const blob = new Blob([new Uint8Array(data)], { type: "image/png" });
            await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
        }""",
        list(to_bytes(drawn("chair", "red"), "PNG")),
    )
    with tab.expect_navigation():
        tab.get_by_role("button", name="Paste a photo").click()
    stands(tab)
    assert titles(tab)[0] == "Red chair"


def test_a_clipboard_or_a_camera_that_is_refused_is_explained(tab) -> None:
    tab.context.clear_permissions()
    tab.goto("/")
    opened(tab)
    tab.get_by_role("button", name="Take a photo").click()
    said = tab.locator("[data-vs-sheet-said]")
    said.filter(has_text="upload").or_(said.filter(has_text="Upload")).wait_for()
    assert tab.get_by_role("button", name="Upload a photo").is_visible()


@pytest.fixture
def camera(browser, live_server, live_shop) -> Iterator[object]:
    """A tab of a browser with Chromium's own test camera, which moves a disc over green."""
    chromium = browser.browser_type.launch(
        executable_path=chromium_path(),
        args=[*ARGUMENTS, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
    )
    context = chromium.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 844},
        bypass_csp=True,  # as in `tab`: the policy forbids what Playwright evaluates when it has to look twice
    )  # fmt: skip
    tab = context.new_page()
    tab.set_default_timeout(15_000)
    yield tab
    chromium.close()


def test_a_photo_is_taken_by_keys(camera, live_shop) -> None:
    tab = camera
    tab.goto("/")
    opened(tab)
    tab.get_by_role("button", name="Take a photo").press("Enter")
    tab.get_by_role("button", name="Search by this").wait_for()
    assert tab.evaluate("document.activeElement.textContent") == "Search by this"
    while not tab.evaluate("document.querySelector('dialog video').videoWidth"):
        tab.wait_for_timeout(50)
    shoot(tab, live_shop.folder, "camera-390")
    tab.keyboard.press("Escape")
    # Its lamp goes out. A dialog tells that it was closed a moment later.
    tab.wait_for_function("!document.querySelector('dialog video').srcObject?.active")
    opened(tab)
    assert tab.get_by_role("button", name="Upload a photo").is_visible(), "it begins from the start"
    tab.get_by_role("button", name="Take a photo").press("Enter")
    tab.get_by_role("button", name="Search by this").wait_for()
    while not tab.evaluate("document.querySelector('dialog video').videoWidth"):
        tab.wait_for_timeout(50)
    with tab.expect_navigation():
        tab.keyboard.press("Enter")
    tab.locator("form#vs-form [name=photo_token]").wait_for(state="attached")
    tab.locator(".vs-asked-photo img").wait_for()
    assert titles(tab)


def test_without_javascript_the_camera_is_a_file_input(browser, live_server, live_shop) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url)
    tab = context.new_page()
    tab.goto("/")
    assert not tab.locator(SHEET).is_visible()
    assert not tab.locator("[data-vs-sheet-open]").is_visible()
    assert tab.locator("[data-vs-file]").is_visible()
    context.close()
