"""The front that is shipped, started from Debian's package before a shop, and attacked with slow and half-sent requests."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.live.conftest import absent
from tests.search.shop import _intact, empty_shop, photo_of, shop  # noqa: F401

CONFIG = Path(__file__).resolve().parents[2] / "config/nginx.conf"
CUT_OFF = 2  # seconds, in place of the shipped ten, so that the test needn't wait so long


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
    text = CONFIG.read_text()
    for shipped, here in changes.items():
        assert shipped in text
        text = text.replace(shipped, here)
    # The folder of a test is its owner's alone.
    user = "user root;" if os.getuid() == 0 else ""
    (tmp_path / "nginx.conf").write_text(f"daemon off;\npid {tmp_path / 'pid'};\n{user}\n{text}")
    for folder in ("static", "media", "private"):
        (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / "static/search.css").write_text("/* " + "style " * 400 + "*/")
    (tmp_path / "media/chair.html").write_text("<script>alert(1)</script>")
    (tmp_path / "private/draft.jpg").write_bytes(b"not published")
    process = subprocess.Popen(
        [binary, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")], stderr=subprocess.PIPE, text=True
    )
    made = Front(free_tcp_port, tmp_path)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", free_tcp_port), 1).close()
            break
        except OSError:
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.05)
    yield made
    process.terminate()
    process.communicate(timeout=20)


class Front:
    def __init__(self, port: int, folder: Path) -> None:
        self.port, self.folder = port, folder

    def ask(
        self, method: str, path: str, body: bytes | Iterator[bytes] | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=300
        )  # The first question loads the encoder.
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        finally:
            connection.close()

    def post(self, photo: bytes) -> tuple[int, dict[str, str], bytes]:
        body = (
            b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n' + photo + b"\r\n--b--\r\n"
        )
        return self.ask("POST", "/api/v1/search", body, Content_Type="multipart/form-data; boundary=b")

    def half_sent(self, start: bytes) -> socket.socket:
        opened = socket.create_connection(("127.0.0.1", self.port), 60)
        opened.sendall(start)
        return opened


@pytest.mark.django_db(transaction=True)
def test_half_sent_requests_hold_nobody_up_and_are_cut_off(front) -> None:
    half = b"POST /api/v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500000\r\nContent-Type: application/json\r\n"
    halves = [half, half + b"\r\n", half + b'\r\n{"q": "red', b"GET /api/v1/search?q=cha"]
    held = [front.half_sent(start) for start in halves * 6]
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
    status, headers, _ = front.ask("GET", "/static/search.css", Accept_Encoding="gzip")
    assert (status, headers.get("content-encoding")) == (200, "gzip"), headers
    assert headers["cache-control"] == "public, max-age=3600"
    status, headers, _ = front.ask("GET", "/media/chair.html")
    assert status == 200
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["x-content-type-options"] == "nosniff"
    assert front.ask("GET", "/nginx.conf")[0] == 404
    # Pictures of drafts stand beside them.
    for address in ("/private/draft.jpg", "/media/../private/draft.jpg", "/media/%2e%2e/private/draft.jpg"):
        status, _, body = front.ask("GET", address)
        assert (status == 200, b"not published" in body) == (False, False)
