"""A client that closed its connection costs no more: its photo leaves the queue, and nobody looks at it."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest

from visual_search.errors import Busy, CallerGone
from visual_search.querying import callers
from visual_search.querying.admission import Gate

# Answers the first request at once, and of the second whether its client was seen to go within five seconds.
APP = """
import time
from visual_search.querying import callers

def application(environ, start_response):
    seen = ""
    with callers.of(environ):
        if environ["PATH_INFO"] == "/wait":
            end = time.monotonic() + 5
            while not callers.has_gone() and time.monotonic() < end:
                time.sleep(0.05)
            open(environ["QUERY_STRING"], "w").write(str(callers.has_gone()))
        else:
            seen = str(callers.has_gone())
    start_response("200 OK", [("Content-Length", str(len(seen)))])
    return [seen.encode()]
"""


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        yield ours, theirs


def test_a_client_is_there_until_it_closes(pair) -> None:
    ours, theirs = pair
    assert not callers.has_gone()
    with callers.of({"gunicorn.socket": ours}):
        assert not callers.has_gone()
        theirs.send(b"GET /next")
        assert not callers.has_gone()
        assert ours.recv(9) == b"GET /next"  # Looking took nothing away.
        theirs.close()
        assert callers.has_gone()
    assert not callers.has_gone()


@pytest.mark.parametrize("environ", [{}, {"gunicorn.socket": "no socket"}])
def test_where_the_server_tells_nothing_everybody_waits(environ) -> None:
    with callers.of(environ):
        assert not callers.has_gone()


def test_who_has_gone_leaves_the_queue_to_others(pair) -> None:
    ours, theirs = pair
    gate = Gate(slots=1, queue=1)
    ended: list[object] = []

    def wait() -> None:
        with callers.of({"gunicorn.socket": ours}):
            try:
                with gate.entered(60):
                    ended.append("inside")
            except Busy as error:
                ended.append(type(error))

    with gate.entered(0):
        waiting = threading.Thread(target=wait)
        waiting.start()
        while not gate._line:
            time.sleep(0.01)
        with pytest.raises(Busy), gate.entered(0):
            pass  # The queue is full.
        theirs.close()
        waiting.join(20)
        assert ended == [CallerGone]
        assert not gate._line


def test_nobody_is_let_in_for_whom_nobody_waits(pair) -> None:
    ours, theirs = pair
    theirs.close()
    gate = Gate(slots=1, queue=1)
    with callers.of({"gunicorn.socket": ours}), pytest.raises(CallerGone), gate.entered(1):
        pytest.fail("It was let in.")
    with gate.entered(0):
        pass


@pytest.mark.enable_socket
def test_gunicorn_shows_whether_a_client_is_there(tmp_path) -> None:
    (tmp_path / "seen.py").write_text(APP)
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "seen:application", "--bind", f"127.0.0.1:{port}", "--threads", "4"]
    server = subprocess.Popen(
        [*command, "--pythonpath", f"{tmp_path}", "--no-control-socket"], stderr=subprocess.DEVNULL
    )
    try:
        answer = _ask(port, "/here")
        assert answer.endswith(b"\r\n\r\nFalse")
        file = tmp_path / "gone"
        with closing(socket.create_connection(("127.0.0.1", port))) as client:
            client.sendall(f"GET /wait?{file} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            time.sleep(0.3)
        end = time.monotonic() + 20
        while not (file.exists() and file.read_text()) and time.monotonic() < end:
            time.sleep(0.05)
        assert file.read_text() == "True"
    finally:
        server.terminate()
        server.wait(20)


def _ask(port: int, path: str) -> bytes:
    end = time.monotonic() + 30
    while True:
        try:
            with closing(socket.create_connection(("127.0.0.1", port))) as client:
                client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                return b"".join(iter(lambda: client.recv(4096), b""))
        except ConnectionRefusedError:
            assert time.monotonic() < end, "gunicorn didn't start."
            time.sleep(0.1)
