"""Shoppers at a real server: each kind is counted, and who is put off waits as long as the server says."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.management import CommandError, call_command

from tests.search.shop import _intact, empty_shop, shop  # noqa: F401
from visual_search.errors import BadInput
from visual_search.measuring import load


@pytest.fixture
def server():
    """Answers words, puts photos off for a second, and drops who asks for a page."""
    asked: list[tuple[str, float]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, time.monotonic()))
            if self.path.startswith("/search/"):
                self.close_connection = True
                return
            self.send_response(200)
            self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert b"a photo" in body
            asked.append((self.path, time.monotonic()))
            self.send_response(503)
            self.send_header("Retry-After", "1")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}", asked
        listening.shutdown()


def test_each_kind_is_counted_by_how_it_was_answered(server) -> None:
    address, asked = server
    numbers = {"photo": 2, "words": 1, "page": 1, "health": 0}
    kinds = load.shoppers([b"a photo"], ["red chair"], numbers)
    table = load.measure(address, kinds, numbers, 1.5)
    assert list(table.rows) == ["photo", "words", "page"]
    photo, words, page = table.rows.values()
    assert (photo["put off"], photo["failed"], photo["a second"]) == (1.0, 0, 0.0)
    assert 2 <= photo["requests"] <= 6  # Two shoppers who wait for a second each time.
    assert (words["put off"], words["failed"]) == (0.0, 0)
    assert words["p50 ms"] <= words["p95 ms"] <= words["p99 ms"]
    assert page["failed"] == page["requests"] > 0
    assert any("processes (1) took" in note for note in table.notes)  # The server is this very process.
    assert {path for path, _ in asked} == {
        "/api/v1/search", "/api/v1/search?q=red%20chair", "/search/?q=red%20chair", "/api/v1/health/live",
    }  # fmt: skip
    assert "503" in table.notes[0]
    assert "no answer" in table.notes[0]


@pytest.mark.parametrize("address", ["127.0.0.1:8000", "ftp://shop", "http://127.0.0.1:1"])
def test_a_server_that_is_not_there_is_named(address) -> None:
    with pytest.raises(BadInput, match="127.0.0.1|ftp"):
        load.measure(address, {"health": lambda n: load.Request("GET", "/")}, {"health": 1}, 1)


def test_the_command_asks_the_shop_with_its_own_pictures(shop, live_server, capsys) -> None:  # noqa: F811
    call_command("visual_search", "load", live_server.url, "--photos", "1", "--pages", "1", "--seconds", "2")
    printed = capsys.readouterr().out
    rows = {line.split()[0]: line.split() for line in printed.splitlines()[2:6]}
    assert set(rows) == {"photo", "words", "page", "health"}
    assert all(int(row[1]) > 0 and row[-1] == "0" for row in rows.values())
    with pytest.raises(CommandError, match="at least one shopper"):
        call_command("visual_search", "load", live_server.url, "--seconds", "0")
