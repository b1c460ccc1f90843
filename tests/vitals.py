"""What shoppers wait for, as Chromium tells it: `python -m tests.vitals ADDRESS PHOTO`, or `make vitals` beside `make demo`.

LCP (largest contentful paint) in milliseconds from the start of a navigation, and CLS (cumulative layout shift, without unit), at
the width of a phone and of a desk: the median of `ROUNDS` openings, each in a browser that has nothing in its cache. Limits for a
good page: https://web.dev/articles/vitals. A photo's results come in place, without a navigation. So beside the LCP of their own
address (opened anew, as by a reload) stands the time from the choice of the photo to the last picture in the window.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import ARGUMENTS, chromium_path

WIDTHS = {"phone": (390, 844), "desk": (1280, 900)}
ROUNDS = 5
WORDS = "/search/?q=wooden+chair"
WATCH = """
window.vitals = { lcp: 0, cls: 0 };
new PerformanceObserver((list) => { for (const entry of list.getEntries()) vitals.lcp = entry.startTime; })
  .observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((list) => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) vitals.cls += entry.value; })
  .observe({ type: "layout-shift", buffered: true });
"""
_SEEN = """() => {
  const shown = [...document.querySelectorAll("#vs-form .vs-tile img")].filter((one) => one.getBoundingClientRect().top < innerHeight);
  return document.querySelector(".vs-asked-photo img") && shown.length > 0 && shown.every((one) => one.complete);
}"""


def settled(page: Page) -> dict[str, float]:
    """LCP and CLS of the page once nothing more is loaded and half a second passed."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    return page.evaluate("({ lcp: vitals.lcp, cls: vitals.cls })")


def of_page(path: str) -> Callable[[Page], dict[str, float]]:
    def opened(page: Page) -> dict[str, float]:
        page.goto(path)
        return settled(page)

    return opened


def of_photo(photo: Path) -> Callable[[Page], dict[str, float]]:
    def asked(page: Page) -> dict[str, float]:
        page.goto("/search/")
        page.wait_for_load_state("networkidle")
        begin = time.perf_counter()
        page.locator("[data-vs-file]").first.set_input_files(photo)
        page.wait_for_function(_SEEN)
        answered = (time.perf_counter() - begin) * 1000
        moved = page.evaluate("vitals.cls")
        page.reload()
        page.wait_for_function(_SEEN)
        again = settled(page)
        return {"lcp": again["lcp"], "cls": max(again["cls"], moved), "answered": answered}

    return asked


@contextmanager
def fresh(browser: Browser, address: str, size: tuple[int, int]) -> Iterator[Page]:
    """A page of a browser that was never here."""
    context = browser.new_context(
        base_url=address,
        viewport={"width": size[0], "height": size[1]},
        is_mobile=size[0] < 500,
        has_touch=size[0] < 500,
        bypass_csp=True,
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.add_init_script(WATCH)
    yield page
    context.close()


def measured(address: str, photo: Path) -> Iterator[str]:
    """A line of a table for each page and width."""
    pages = {
        "home": of_page("/"),
        "words": of_page(WORDS),
        "product": of_page("/p/SH3-BBY-001/"),
        "photo": of_photo(photo),
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(ARGUMENTS))
        for name, look in pages.items():
            for width, size in WIDTHS.items():
                rows = []
                for _ in range(ROUNDS):
                    with fresh(browser, address, size) as page:
                        rows.append(look(page))
                told = {key: statistics.median(row[key] for row in rows) for key in rows[0]}
                answered = f"{told['answered']:.0f}" if "answered" in told else ""
                yield f"| {name} | {width} | {told['lcp']:.0f} | {told['cls']:.3f} | {answered} |"
        browser.close()


if __name__ == "__main__":
    sys.stdout.write("| page | width | LCP, ms | CLS | photo chosen to pictures seen, ms |\n|---|---|---|---|---|\n")
    for line in measured(sys.argv[1], Path(sys.argv[2])):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
