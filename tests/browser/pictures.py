"""Takes the pictures of the README from the demo shop: `make pictures`.

The shop is filled into a folder of its own (build/pictures, kept for the next time), so a demo that runs is left alone.
The shopper's photo is put together from pictures of the catalogue that are CC0: nobody's name has to stand beside it.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tests.browser.chromium import ARGUMENTS

ROOT = Path(__file__).resolve().parents[2]
SHOP = Path(os.environ.get("PICTURES_SHOP", ROOT / "build/pictures"))
TARGET = ROOT / "docs/pictures"
IMAGES = ROOT / "catalog/demo/images"
PORT = 8765
SETUP = (
    "migrate --verbosity 0",
    "import_catalogue catalog/demo",
    "visual_search rebuild",
    "visual_search calibrate --objects 200",
    "visual_search refresh_item_vectors",
)
# The file, its height in the photo, and where its middle and its lowest point stand, all in pixels.
THINGS = (("SH3-BC0-126_2", 430, 170, 585), ("SH3-BC0-132_2", 300, 560, 640))


def room() -> bytes:
    """A phone's photo of a corner with a plant and a sofa, as JPEG."""
    photo = Image.new("RGB", (900, 720), "#b7c4cc")
    photo.paste("#a98a68", (0, 520, 900, 720))
    pen = ImageDraw.Draw(photo)
    pen.rectangle((0, 508, 900, 520), fill="#efeae0")
    for x in range(-600, 1500, 75):
        pen.line((450 + (x - 450) // 2, 520, x, 720), fill="#977957", width=2)
    light = Image.linear_gradient("L").rotate(90).resize(photo.size).point(lambda value: 150 + value * 105 // 255)
    photo = ImageChops.multiply(photo, Image.merge("RGB", [light] * 3))
    for name, height, middle, bottom in THINGS:
        _put(photo, ImageOps.mirror(Image.open(IMAGES / f"{name}.jpg").convert("RGB")), height, middle, bottom)
    buffer = io.BytesIO()
    photo.filter(ImageFilter.GaussianBlur(0.8)).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _put(photo: Image.Image, thing: Image.Image, height: int, middle: int, bottom: int) -> None:
    """Cut it out of its white ground and stand it there, with a shadow below."""
    # None of them has white in itself.
    mask = ImageChops.invert(ImageOps.grayscale(thing)).point(lambda value: min(255, value * 6))
    box = mask.getbbox() or (0, 0, *thing.size)
    thing, mask = thing.crop(box), mask.crop(box).filter(ImageFilter.MinFilter(3))
    size = (thing.width * height // thing.height, height)
    thing, mask = thing.resize(size, Image.Resampling.LANCZOS), mask.resize(size, Image.Resampling.LANCZOS)
    shadow = Image.new("L", photo.size, 0)
    half = size[0] // 2
    ImageDraw.Draw(shadow).ellipse((middle - half, bottom - 60, middle + half, bottom + 8), fill=130)
    photo.paste("#3a2d20", (0, 0), shadow.filter(ImageFilter.GaussianBlur(14)))
    photo.paste(thing, (middle - half, bottom - height), mask)


def manage(*words: str) -> list[str]:
    return [sys.executable, "manage.py", *words]


def fill() -> None:
    filled = SHOP / "filled"
    if filled.exists():
        return
    for command in SETUP:
        subprocess.run(manage(*command.split()), cwd=ROOT, env=environment(), check=True)
    filled.touch()


def environment() -> dict[str, str]:
    return os.environ | {"VAR_DIR": str(SHOP), "DJANGO_SETTINGS_MODULE": "config.settings"}


def answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=60) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except OSError:
        return False


def opened(browser: Browser, width: int, height: int, *, phone: bool = False) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height}, base_url=f"http://127.0.0.1:{PORT}", locale="en",
        is_mobile=phone, has_touch=phone, device_scale_factor=1.5 if phone else 1,
    )  # fmt: skip
    page = context.new_page()
    page.set_default_timeout(60_000)
    return page


def with_photo(page: Page, photo: bytes) -> None:
    """Give the photo to the search box, and choose the sofa in it."""
    page.goto("/")
    with page.expect_navigation():
        page.set_input_files("[data-vs-file]", {"name": "room.jpg", "mimeType": "image/jpeg", "buffer": photo})
    page.locator(".vs-parts button", has_text="couch").click()
    page.locator(".vs-parts button[aria-pressed=true]", has_text="couch").wait_for()
    page.mouse.move(0, 0)
    page.evaluate("scrollTo(0, 0)")
    loaded(page.locator(".vs-tile img"))


def loaded(images: Locator) -> None:
    images.first.wait_for()
    images.page.wait_for_load_state("networkidle")


def shot(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def keep(picture: Image.Image, name: str) -> None:
    """As WebP, which every browser shows."""
    TARGET.mkdir(exist_ok=True)
    picture.save(TARGET / f"{name}.webp", quality=80, method=6)


def take(browser: Browser, photo: bytes) -> None:
    page = opened(browser, 1280, 860)
    with_photo(page, photo)
    keep(shot(page), "photo")

    page.goto("/search/?q=plante+verte")
    loaded(page.locator(".vs-tile img"))
    keep(shot(page), "words")

    phone = opened(browser, 390, 780, phone=True)
    with_photo(phone, photo)
    above = shot(phone)
    phone.locator(".vs-hits").evaluate("hits => hits.scrollIntoView()")
    loaded(phone.locator(".vs-tile img"))
    keep(beside(above, shot(phone)), "phone")


def beside(*pictures: Image.Image) -> Image.Image:
    """Two screens of a phone, with a gap and a line around each."""
    gap = 40
    width, height = pictures[0].size
    whole = Image.new("RGB", ((width + gap) * len(pictures) - gap, height), "white")
    pen = ImageDraw.Draw(whole)
    for number, picture in enumerate(pictures):
        left = number * (width + gap)
        whole.paste(picture, (left, 0))
        pen.rectangle((left, 0, left + width - 1, height - 1), outline="#bbbbbb", width=2)
    return whole


def main() -> None:
    SHOP.mkdir(parents=True, exist_ok=True)
    fill()
    command = manage("runserver", "--noreload", f"127.0.0.1:{PORT}")
    server = subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not answers(f"http://127.0.0.1:{PORT}/api/v1/health"):
            if server.poll() is not None:
                sys.exit(f"The shop didn't start. Is port {PORT} taken?")
            time.sleep(0.5)
        with sync_playwright() as playwright:
            path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
            browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
            take(browser, room())
            browser.close()
    finally:
        server.terminate()
        server.wait()
    for file in sorted(TARGET.glob("*.webp")):
        sys.stdout.write(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1000} kB\n")


if __name__ == "__main__":
    main()
