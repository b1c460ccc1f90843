"""What the tests of both fronts share: the folder that they serve, the process, and how they are asked."""

from __future__ import annotations

import http.client
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

CUT_OFF = 2  # seconds, in place of the shipped ones, so that the tests needn't wait so long
HALF = (
    b"POST /api/v1/search HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 500000\r\nContent-Type: application/json\r\n"
)
HALVES = (HALF, HALF + b"\r\n", HALF + b'\r\n{"q": "red', b"GET /api/v1/search?q=cha")


def configured(shipped: Path, changes: Mapping[str, str]) -> str:
    """The configuration as it is shipped, with these texts changed."""
    text = shipped.read_text()
    for known, here in changes.items():
        assert known in text, known
        text = text.replace(known, here)
    return text


@contextmanager
def started(
    command: Sequence[str], port: int, folder: Path, *, env: Mapping[str, str] | None = None
) -> Iterator[Front]:
    """The front of this command, which serves `folder` and listens on the port."""
    for name in ("static", "media", "private"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "static/search.css").write_text("/* " + "style " * 400 + "*/")
    (folder / "media/chair.html").write_text("<script>alert(1)</script>")
    (folder / "private/draft.jpg").write_bytes(b"not published")
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.05)
    yield Front(port, folder)
    process.terminate()
    process.communicate(timeout=20)


class Front:
    def __init__(self, port: int, folder: Path) -> None:
        self.port, self.folder = port, folder

    def ask(
        self, method: str, path: str, body: bytes | Iterator[bytes] | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        # The first question loads the encoder.
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
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

    def serves_files_with_what_their_kind_needs(self) -> None:
        status, headers, _ = self.ask("GET", "/static/search.css", Accept_Encoding="gzip")
        assert (status, headers.get("content-encoding")) == (200, "gzip"), headers
        assert headers["cache-control"] == "public, max-age=3600"
        status, headers, _ = self.ask("GET", "/media/chair.html")
        assert status == 200
        assert headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert headers["cache-control"] == "public, max-age=31536000, immutable"
        assert headers["x-content-type-options"] == "nosniff"
        assert self.ask("GET", "/nginx.conf")[0] == 404
        assert self.ask("GET", "/Caddyfile")[0] == 404
        # Pictures of drafts stand beside them.
        for address in ("/private/draft.jpg", "/media/../private/draft.jpg", "/media/%2e%2e/private/draft.jpg"):
            status, _, body = self.ask("GET", address)
            assert (status == 200, b"not published" in body) == (False, False)
