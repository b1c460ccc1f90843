"""A web server of the reference shop in processes of its own, and what a hostile or careless world sends to it."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import requests

from tests.attacks import canaries
from tests.attacks.canaries import API_KEY, FIELD, FILE_NAME, HEADERS, KEY, TASTE, TYPED

ROOT = Path(__file__).resolve().parents[2]

# One product whose title, unlike everything else, must be found: it proves that the sweep reaches the database and the index.
FILL = """
from django.core.files.base import ContentFile
from catalog.models import Product, ProductImage, ProductText
for number, title in enumerate(["Red chair", "Blue lamp", "Controlproduct table"]):
    product = Product.objects.create(sku=f"P-{number}", state="published", stock=1, category="Home")
    ProductText.objects.create(product=product, language="en", title=title)
    image = ProductImage(product=product)
    from tests.search.shop import draw, to_bytes
    image.file.save("x.png", ContentFile(to_bytes(draw("chair", "red", shift=9 * number))))
"""


@contextmanager
def serving(environment: Mapping[str, str], output: Path) -> Iterator[str]:
    """Its address; ended as an operator ends it, so that what waits is written."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4", "--timeout", "120", "--log-level", "debug"]  # fmt: skip
    with output.open("wb") as file:
        server = subprocess.Popen(command, cwd=ROOT, env=dict(environment), stdout=file, stderr=file)
    address = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + 90
        while True:
            with suppress(requests.ConnectionError):
                requests.get(f"{address}/api/v1/health", timeout=60)
                break
            gone = server.poll() is not None or time.monotonic() > end
            assert not gone, output.read_text()[-3000:]
            time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(30)


def environment_of(folder: Path, **more: str) -> dict[str, str]:
    """A shop of its own: everything that it writes lies under this folder, its keys under another."""
    for name in ("var", "tmp", "keys", "home"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    dropped = (
        "ORT_DISABLE_TELEMETRY",
        "XDG_CACHE_HOME",
        "DATABASE_URL",
        "CELERY_BROKER_URL",
        "ELASTICSEARCH_URL",
        "TEST_VAR_DIR",
        "TEST_DATABASE",
    )
    return {
        **{name: value for name, value in os.environ.items() if name not in dropped},
        "DJANGO_SETTINGS_MODULE": "tests.attacks.settings",
        "VAR_DIR": str(folder / "var"),
        "TMPDIR": str(folder / "tmp"),
        "HOME": str(folder / "home"),
        "QUERY_LOG_KEY_FOLDER": str(folder / "keys"),
        "OMP_NUM_THREADS": "1",
        **more,
    }


def python(environment: Mapping[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def a_shop_in(folder: Path) -> dict[str, str]:
    """A filled and indexed shop; its environment."""
    environment = environment_of(folder)
    python(environment, "manage.py", "migrate", "--verbosity", "0")
    python(environment, "-c", "import django; django.setup()\n" + FILL)
    python(environment, "manage.py", "visual_search", "rebuild", "--verbosity", "0")
    python(environment, "manage.py", "visual_search", "tidy_query_log", "--vocabulary", "--verbosity", "0")
    return environment


def send_everything(address: str, *, questions: int) -> dict[str, Any]:
    """Each canary by each door, and enough plain questions that rows are written; what the photo's answer said.

    Addresses carry none: what an operator's own access log keeps of them isn't ours (docs/explanation/privacy.md).
    """
    client = requests.Session()
    client.headers.update(HEADERS)
    search, photo = f"{address}/api/v1/search", canaries.photo()
    for words in TYPED:
        assert client.post(search, json={"q": words}).status_code == 200
        assert client.post(search, data={"q": words}).status_code == 200
    answer = client.post(search, files={"image": (FILE_NAME, photo, "image/jpeg")}, data={"q": "lamp"})
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert client.post(search, json={"photo_token": said["photo_token"], "page": 2}).status_code == 200
    assert client.post(search, files={"image": ("canaryfilename.png", canaries.png(), "image/png")}).status_code == 200
    assert client.post(search, json={"image": base64.b64encode(photo).decode()}).status_code == 200
    day = int(time.time() // 86_400)
    assert client.post(search, json={"q": "chair", "taste": [[TASTE, "purchase", day]]}).status_code == 200
    page = client.get(f"{address}/search/?q=chair")
    token = page.text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    cookie = {"Cookie": f"{HEADERS['Cookie']}; csrftoken={page.cookies.get('csrftoken', '')}"}
    form = {"csrfmiddlewaretoken": token, "q": next(iter(TYPED))}
    answer = client.post(
        f"{address}/search/", data=form, files={"photo": (FILE_NAME, photo, "image/jpeg")}, headers=cookie
    )
    assert answer.status_code == 200, answer.text[:300]
    _send_wrong(client, address, photo)
    for _ in range(questions):
        client.post(search, json={"q": "red chair"})
    return said


CLIENTS, EACH = 8, 30
WORDS = ("red chair", "blue lamp", "table", "chair", "lamp for the table", "red table", "blue chair", "small lamp")


def client_headers(number: int) -> dict[str, str]:
    return {"User-Agent": f"Browser/{number}", "X-Device-Id": f"device-{number:02}-0123456789"}


def a_days_traffic(address: str) -> dict[str, int]:
    """Several clients at once, who ask for the same things: query id -> which of them asked."""
    random = Random(6)
    asking = [number for number in range(CLIENTS) for _ in range(EACH)]
    random.shuffle(asking)
    session, owners = requests.Session(), {}
    for number in asking:
        body = {"q": random.choice(WORDS)}
        answer = session.post(f"{address}/api/v1/search", json=body, headers=client_headers(number))
        owners[UUID(answer.json()["query_id"]).hex] = number
    return owners


def _send_wrong(client: requests.Session, address: str, photo: bytes) -> None:
    """What is refused is refused without a trace, too."""
    search, events = f"{address}/api/v1/search", f"{address}/api/v1/events"
    refused = [
        client.post(search, json={KEY: FIELD}), client.post(search, json={"q": "x", "page": FIELD}),
        client.post(search, json={"q": [FIELD]}), client.post(search, data=f'{{"q": "{FIELD}', headers={"Content-Type": "application/json"}),
        client.post(search, json={"q": "x", "sort": FIELD}), client.post(search, json={"filters": {FIELD: [FIELD]}}),
        client.post(search, json={"photo_token": FIELD}), client.post(search, json={"image": FIELD}),
        client.post(search, files={"image": (FILE_NAME, photo[:2000], "image/jpeg")}), client.post(search, files={"image": (FILE_NAME, FIELD.encode())}),
        client.post(search, data={"q": "x"}, files={FIELD: (FILE_NAME, photo)}),
        client.post(events, json={"events": [{"query_id": FIELD, "action_name": "click", "object_id": "1"}]}),
        client.post(events, json={"events": [{KEY: FIELD}]}), client.post(events, data=FIELD),
        client.post(f"{address}/search/", data={"q": FIELD}),
        client.post(search, json={"q": "chair"}, headers={"X-Api-Key": API_KEY}),
        client.post(search, json={"q": "chair"}, headers={"Authorization": f"Bearer {API_KEY}"}),
    ]  # fmt: skip
    assert all(400 <= answer.status_code < 500 for answer in refused), [answer.status_code for answer in refused]
    query_id = client.post(search, json={"q": "chair"}).json()["query_id"]
    spied = {"query_id": query_id, "action_name": "click", "object_id": FIELD}
    assert client.post(events, json={"events": [spied]}).status_code == 204
    for body in ({"q": "lamp \ud800 quandtbauer"}, {"q": "quandtbauer \x00 lamp"}, {"q": FIELD * 500}):
        assert client.post(search, json=body).status_code < 500
    assert client.delete(f"{address}/privacy/me").status_code == 200
