"""What strangers send never touches a disk, whichever address of the shop they send it to, and whether it wants a file or not."""

from __future__ import annotations

import asyncio
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from catalog.models import Product
from config import asgi
from tests.catalog.conftest import picture
from tests.search.shop import _intact, empty_shop, photo_of, shop  # noqa: F401

SIZE = 6_000_000  # Django puts a file of more than 2.5 MB into a temporary one by default.
DJANGO_S = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
_watching: list[list[str]] = []


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watching or event not in ("open", "tempfile.mkstemp", "tempfile.mkdtemp"):
        return
    path, flags = str(arguments[0]), arguments[2] if event == "open" else os.O_WRONLY
    if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        _watching[-1].append(path)


sys.addaudithook(_watch)  # It can't be taken away again, and does nothing while nobody watches.


@contextmanager
def written() -> Iterator[list[str]]:
    """The files that this process opens for writing, but for the database's own."""
    _watching.append([])
    try:
        yield (seen := _watching[-1])
    finally:
        _watching.pop()
        seen[:] = [path for path in seen if "sqlite" not in path and not path.endswith("/dev/null")]


def addresses(patterns: list[URLPattern | URLResolver], before: str = "/") -> Iterator[tuple[str, str]]:
    """Each address of the shop with something in place of its parameters, and the module of its view."""
    for one in patterns:
        text = str(one.pattern)
        if isinstance(one, URLResolver):
            yield from addresses(one.url_patterns, before + text)
            continue
        address = before + text
        for name, converter in one.pattern.converters.items():
            kind = type(converter).__name__
            value = {
                "IntConverter": "1",
                "UUIDConverter": "0" * 8 + "-0000-4000-8000-" + "0" * 12,
                "PublicCollection": "products",
            }.get(kind, "x")
            start = address.index("<")
            address = address[:start] + value + address[address.index(">", start) + 1 :]
            assert name
        if "(?P" in address:
            address = before + "x/"  # the admin's last one, for anything else
        yield address.replace("^", "").replace("$", ""), getattr(one.callback, "__module__", "")


ALL = sorted(set(addresses(get_resolver("config.urls").url_patterns)))
OURS = [
    (address, module)
    for address, module in ALL
    if module.startswith("visual_search") and not address.startswith("/admin/")
]


def multipart(token: str) -> dict[str, Any]:
    data = b"\xff\xd8\xff" + b"x" * SIZE
    return {
        "csrfmiddlewaretoken": token,
        "q": "chair",
        "image": SimpleUploadedFile("a.jpg", data),
        "other": SimpleUploadedFile("b.bin", data),
    }


def send(address: str) -> int:
    """As a browser does that has a page of the shop open: with its token, so that the form is read."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.get("/memory/")
    status = client.post(address, multipart(client.cookies["csrftoken"].value)).status_code
    client.put(address, b"x" * SIZE, content_type="application/octet-stream")
    return status


def test_the_list_of_addresses_is_whole() -> None:
    listed = [address for address, _ in ALL]
    assert {"/", "/search/", "/api/v1/search", "/memory/", "/admin/login/", "/privacy/me", "/c/x/", "/media/x"} <= set(
        listed
    )
    assert len(listed) > 50
    assert len(OURS) > 15


def faults(asked: list[str]) -> dict[str, tuple[int, list[str]]]:
    """The addresses at which something was written, or that answered 500."""
    found = {}
    for address in asked:
        with written() as seen:
            status = send(address)
        if seen or status == 500:
            found[address] = status, seen
    return found


def test_nothing_of_it_touches_a_disk(shop, settings) -> None:  # noqa: F811
    settings.FILE_UPLOAD_TEMP_DIR = "/nowhere/at/all"
    assert faults(["/nowhere", *(address for address, _ in ALL)]) == {}


def test_nor_in_a_shop_that_keeps_django_s_own_handlers(shop, settings) -> None:  # noqa: F811
    settings.FILE_UPLOAD_HANDLERS = DJANGO_S
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
    assert faults([address for address, _ in OURS]) == {}


def test_the_watch_sees_what_django_would_write(shop, settings) -> None:  # noqa: F811
    settings.FILE_UPLOAD_HANDLERS = DJANGO_S
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
    with written() as seen:
        send("/language/setlang/")
    assert any(".upload" in path or path.startswith(tempfile.gettempdir()) for path in seen)


def test_staff_add_several_pictures_at_once_and_read_what_is_too_much(shop, settings) -> None:  # noqa: F811
    client = Client()
    client.force_login(User.objects.create_superuser("owner"))

    def add(*sizes: int) -> Any:
        form = {
            "sku": f"N-{len(sizes)}", "stock": "1", "state": "draft", "attributes": "", "codes": "",
            "texts-TOTAL_FORMS": "0", "texts-INITIAL_FORMS": "0", "images-TOTAL_FORMS": str(len(sizes)), "images-INITIAL_FORMS": "0",
        }  # fmt: skip
        for number, size in enumerate(sizes):
            data = picture() + b"\0" * size
            form |= {
                f"images-{number}-file": SimpleUploadedFile(f"{number}.jpg", data), f"images-{number}-position": str(number),
                f"images-{number}-role": "main",
            }  # fmt: skip
        with written() as seen:
            answer = client.post("/admin/catalog/product/add/", form)
        # A storage writes by the number of a file that it has opened by name.
        assert [path for path in seen if "private/products" not in path and not path.isdigit()] == []
        return answer

    assert add(6_000_000, 6_000_000).status_code == 302
    assert Product.objects.get(sku="N-2").images.count() == 2
    assert b"at most 10 MB" in add(11_000_000).content
    assert b"The form&#x27;s files are too large together." in add(9_000_000, 9_000_000, 9_000_000).content


def _asked_by_asgi(parts: list[bytes], path: str = "/language/setlang/") -> tuple[list[dict[str, Any]], list[str]]:
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": path, "raw_path": path.encode(),
        "query_string": b"", "headers": [(b"host", b"localhost"), (b"content-type", b"multipart/form-data; boundary=b")],
        "server": ("localhost", 80), "client": ("127.0.0.1", 1), "scheme": "http",
    }  # fmt: skip
    waiting = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    waiting.append({"type": "http.request", "body": b"", "more_body": False})
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else await asyncio.sleep(60, {"type": "http.disconnect"})

    async def answer(message: dict[str, Any]) -> None:
        said.append(message)

    # In a thread of its own: in this one the loop of a browser's tests may run.
    with written() as seen, ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(asgi.application(scope, receive, answer))).result()
    return said, seen


@pytest.mark.django_db(transaction=True)
def test_nor_by_asgi(settings, monkeypatch) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'
    said, seen = _asked_by_asgi([head, *[b"x" * 1_000_000] * 6, b"\r\n--b--\r\n"])
    assert (said[0]["status"], seen) == (403, [])
    said, seen = _asked_by_asgi([head, *[b"x" * 1_000_000] * 21, b"\r\n--b--\r\n"])
    assert (said[0]["status"], seen) == (413, [])
    # The control: what Django does by itself.
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
    monkeypatch.setattr(asgi, "application", asgi.shop)
    assert _asked_by_asgi([head, *[b"x" * 1_000_000] * 6])[1]


def test_a_photo_still_finds_what_it_shows(shop, client) -> None:  # noqa: F811
    with written() as seen:
        answer = client.post("/search/", {"image": io.BytesIO(photo_of("chair", "red") + b"\0" * SIZE)})
    assert (answer.status_code, b"Red chair" in answer.content, seen) == (200, True, [])


def test_a_form_sent_to_what_takes_json_is_refused_in_words(shop) -> None:  # noqa: F811
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("ann"))
    client.get("/memory/")
    answer = client.post("/memory/account", multipart(client.cookies["csrftoken"].value))
    assert answer.status_code in (400, 413)
    small = {"csrfmiddlewaretoken": client.cookies["csrftoken"].value, "q": "x"}
    assert client.post("/memory/account", small).json() == {"detail": "The body is no JSON."}
    assert isinstance(answer.wsgi_request, HttpRequest)
