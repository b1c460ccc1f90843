"""The front that is shipped, started from Debian's package before a shop, and attacked with slow and half-sent requests."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.live.conftest import absent
from tests.live.fronts import CUT_OFF, HALVES, Front, configured, started
from tests.search.shop import _intact, empty_shop, photo_of, shop  # noqa: F401

CONFIG = Path(__file__).resolve().parents[2] / "config/nginx.conf"


@pytest.fixture
def front(shop, live_server, tmp_path, free_tcp_port) -> Iterator[Front]:  # noqa: F811
    """nginx with the shipped configuration; only its three marked lines, its logs and the wait are other ones."""
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    if not os.access(binary, os.X_OK):
        absent("nginx isn't installed; install Debian's nginx-light")
    changes = {
        "server web:8000;": f"server {urlsplit(live_server.url).netloc};",
        "listen 80;": f"listen 127.0.0.1:{free_tcp_port};",
        "root /data;": f"root {tmp_path};",
        "/dev/stdout": str(tmp_path / "access.log"),
        "error_log /dev/stderr error;": f"error_log {tmp_path / 'error.log'} warn;",
        "10s;": f"{CUT_OFF}s;",
        "client_body_temp_path /dev/shm/nginx-body": f"client_body_temp_path {tmp_path / 'bodies'}",
    }
    # The folder of a test is its owner's alone.
    user = "user root;" if os.getuid() == 0 else ""
    text = configured(CONFIG, changes)
    (tmp_path / "nginx.conf").write_text(f"daemon off;\npid {tmp_path / 'pid'};\n{user}\n{text}")
    command = [binary, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    with started(command, free_tcp_port, tmp_path) as made:
        yield made


@pytest.mark.django_db(transaction=True)
def test_half_sent_requests_hold_nobody_up_and_are_cut_off(front) -> None:
    held = [front.half_sent(start) for start in HALVES * 6]
    status, _, body = front.ask("GET", "/api/v1/search?q=red%20chair")
    assert (status, b"CHR-RED-01" in body) == (200, True)
    for connection in held:
        connection.settimeout(CUT_OFF * 5)
        try:
            said = connection.recv(4096)
        except ConnectionResetError:
            said = b""
        assert not said or b" 408 " in said or b" 429 " in said  # cut off, without an answer of the shop
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_photo_is_searched_and_never_lies_on_a_disk(front) -> None:
    status, _, body = front.post(photo_of("chair", "red") + b"\0" * 9_000_000)
    assert (status, b"CHR-RED-01" in body) == (200, True)
    status, _, body = front.post(photo_of("chair", "red") + b"\0" * 12_000_000)
    assert (status, b"too_large" in body) == (413, True)
    assert front.post(b"\0" * 30_000_000)[0] == 413
    # Without a length, in pieces large and small, to addresses that want no file
    for pieces in ([b"x" * 65_536] * 140, [b"x"] * 200_000):
        assert (
            front.ask("POST", "/language/setlang/", iter(pieces), Content_Type="multipart/form-data; boundary=b")[0]
            < 500
        )
    # nginx warns where it puts a body into a file.
    assert "temporary file" not in (front.folder / "error.log").read_text()
    assert [path for path in (front.folder / "bodies").rglob("*") if path.is_file()] == []


@pytest.mark.django_db(transaction=True)
def test_who_sends_too_many_photos_is_told_when_to_come_back(front) -> None:
    answers = [front.post(b"no picture") for _ in range(40)]
    statuses = [status for status, _, _ in answers]
    assert set(statuses) == {415, 429}
    assert statuses.index(429) >= 15
    _, headers, body = answers[statuses.index(429)]
    assert (headers["retry-after"], headers["content-type"]) == ("5", "application/problem+json")
    assert b'"code": "throttled"' in body
    assert front.ask("GET", "/api/v1/search?q=chair")[0] == 200  # Words have a limit of their own.


@pytest.mark.django_db(transaction=True)
def test_words_are_in_no_log_and_forged_headers_reach_nobody(front, settings) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    status, _, body = front.ask(
        "GET", "/api/v1/openapi.json?q=unmentionable", X_Forwarded_Proto="https", X_Forwarded_For="1.2.3.4"
    )
    assert status in (200, 400)
    assert b"https://127" not in body
    front.ask("GET", "/search/?q=unmentionable")
    # A line is written when its answer has gone.
    while "GET /search/ 200" not in (front.folder / "access.log").read_text():
        time.sleep(0.05)
    logged = (front.folder / "access.log").read_text() + (front.folder / "error.log").read_text()
    assert "unmentionable" not in logged
    assert "127.0.0.0 " in logged
    assert "127.0.0.1" not in logged


@pytest.mark.django_db(transaction=True)
def test_files_are_served_with_what_their_kind_needs(front) -> None:
    front.serves_files_with_what_their_kind_needs()
