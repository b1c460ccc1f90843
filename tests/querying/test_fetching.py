"""A link is followed to public addresses alone: sockets that answer as a test says, and a real server behind TLS."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from visual_search.errors import BadInput, Busy, PictureRefused
from visual_search.querying import fetching
from visual_search.querying.fetching import fetched, target_of

PUBLIC, OTHER = "93.184.216.34", "151.101.1.6"
PICTURE = b"\xff\xd8\xff" + bytes(range(256)) * 20


def answer(status: str = "200 OK", body: bytes = PICTURE, *headers: str, kind: str = "image/jpeg") -> bytes:
    told = (f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers)
    return "\r\n".join((*told, "", "")).encode("latin-1") + body


def moved(where: str, status: str = "302 Found") -> bytes:
    return answer(status, b"", f"Location: {where}")


@dataclass
class Net:
    """Names, and what stands behind addresses. Real socket pairs, so that time limits are the sockets' own."""

    names: dict[str, Sequence[str]] = field(default_factory=lambda: {"shop.example": [PUBLIC]})
    answers: list[bytes | Callable[[socket.socket], None]] = field(default_factory=list)
    asked: list[tuple[str, int]] = field(default_factory=list)
    resolved: list[str] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    def resolve(self, host: str, port: int) -> Sequence[str]:
        self.resolved.append(host)
        if host not in self.names:
            raise socket.gaierror("unknown")
        return self.names[host]

    def connect(self, address: tuple[str, int], timeout: float) -> socket.socket:
        self.asked.append(address)
        ours, theirs = socket.socketpair()
        ours.settimeout(timeout)
        said = self.answers.pop(0)
        thread = threading.Thread(target=self._serve, args=(theirs, said), daemon=True)
        thread.start()
        self.threads.append(thread)
        return ours

    def _serve(self, peer: socket.socket, said: bytes | Callable[[socket.socket], None]) -> None:
        with peer:
            try:
                request = b""
                while b"\r\n\r\n" not in request and (part := peer.recv(4096)):
                    request += part
                self.requests.append(request)
                said(peer) if callable(said) else peer.sendall(said)
            except OSError:
                pass  # The one who asks has heard enough.

    def fetch(self, link: str = "http://shop.example/a.jpg", **more: Any) -> bytes:
        given = {"most": 10_000, "seconds": 2.0, "insecure": True, "resolve": self.resolve, "connect": self.connect}
        return fetched(link, **{**given, **more})


@pytest.fixture
def net() -> Net:
    return Net()


def refusal(net: Net, link: str = "http://shop.example/a.jpg", **more: Any) -> BadInput:
    with pytest.raises(BadInput) as caught:
        net.fetch(link, **more)
    assert caught.value.field == "image_url"
    return caught.value


def test_the_picture_behind_a_link_comes_from_the_address_that_was_checked(net: Net) -> None:
    net.answers = [answer()]
    assert net.fetch("http://shop.example/a%20b.jpg?w=1&n=ü#part") == PICTURE
    assert (net.asked, net.resolved) == ([(PUBLIC, 80)], ["shop.example"])
    request = net.requests[0]
    assert request.startswith(b"GET /a%20b.jpg?w=1&n=%C3%BC HTTP/1.1\r\nHost: shop.example\r\n")
    assert b"ookie" not in request
    assert b"eferer" not in request
    assert b"uthorization" not in request


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], [PUBLIC, "10.0.0.1"], ["10.0.0.1", PUBLIC], ["::1"], ["::ffff:93.184.216.34"], ["64:ff9b::5db8:d822"],
     ["2002:5db8:d822::1"], ["169.254.169.254"], ["192.0.0.8"], ["fe80::1%1"], [], ["nonsense"]],
)  # fmt: skip
def test_a_name_with_an_address_that_is_not_public_is_not_asked(net: Net, addresses: list[str]) -> None:
    net.names["shop.example"] = addresses
    assert refusal(net).code == "link_unreachable"
    assert net.asked == []


def test_an_unknown_name_is_refused_in_the_very_words_of_one_that_is_not_public(net: Net) -> None:
    net.names = {"inside.example": ["10.0.0.1"]}
    unknown, inside = refusal(net, "http://none.example/x"), refusal(net, "http://inside.example/x")
    assert (str(unknown), unknown.code, unknown.status) == (str(inside), inside.code, inside.status)


def test_the_second_address_is_asked_where_the_first_refuses(net: Net) -> None:
    net.names["shop.example"] = [PUBLIC, OTHER]
    net.answers = [answer()]

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        if address[0] == PUBLIC:
            raise ConnectionRefusedError
        return net.connect(address, timeout)

    assert net.fetch(connect=connect) == PICTURE
    assert net.asked == [(OTHER, 80)]


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_followed_and_resolved_anew(net: Net, status: str) -> None:
    net.names["cdn.example"] = [OTHER]
    net.answers = [moved("//cdn.example/b.jpg", status), answer()]
    assert net.fetch() == PICTURE
    assert net.asked == [(PUBLIC, 80), (OTHER, 80)]


@pytest.mark.parametrize(
    "where",
    ["http://inside.example/", "http://127.0.0.1/", "http://[::1]/", "http://2130706433/", "http://0x7f.1/", "http://localhost/",
     "file:///etc/passwd", "gopher://shop.example/", "ftp://shop.example/a.jpg", "http://shop.example:22/", "data:image/png,x",
     "http://me:secret@shop.example/", "http://169.254.169.254/latest/meta-data/", "http://[", "http://shop.example\\@x/", "",
     "http://shop.example/\x01", "//inside.example", "http://shop.example:99999/"],
)  # fmt: skip
def test_a_redirect_to_what_may_not_be_asked_ends_there_and_nothing_of_it_is_said(net: Net, where: str) -> None:
    net.names["inside.example"] = ["10.0.0.1"]
    net.answers = [moved(where)]
    error = refusal(net)
    assert error.code == "link_unreachable"
    assert net.asked == [(PUBLIC, 80)]
    assert not where or where not in str(error)


def test_a_name_that_changes_its_answer_between_two_redirects_is_checked_each_time(net: Net) -> None:
    turns = iter([[PUBLIC], ["127.0.0.1"]])
    net.answers = [moved("/again")]
    assert refusal(net, resolve=lambda host, port: next(turns)).code == "link_unreachable"
    assert net.asked == [(PUBLIC, 80)]


def test_three_redirects_are_followed_and_a_fourth_is_not(net: Net) -> None:
    net.answers = [*(moved(f"/{n}") for n in range(3)), answer()]
    assert net.fetch() == PICTURE
    net.answers, net.asked = [moved(f"/{n}") for n in range(4)], []
    assert refusal(net).code == "link_unreachable"
    assert len(net.asked) == 4


def test_https_is_not_led_to_http_unless_the_shop_allows_it(net: Net) -> None:
    with pytest.raises(BadInput) as caught:
        target_of("http://shop.example/a.jpg")
    assert caught.value.code == "link_wrong"
    assert target_of("http://shop.example/a.jpg", insecure=True).port == 80


@pytest.mark.parametrize(
    "link",
    ["", "chair", "shop.example/a.jpg", "https://", "https:///a.jpg", "https://localhost/", "https://intranet/", "https://127.0.0.1/",
     "https://127.1/", "https://0177.0.0.1/", "https://0x7f000001/", "https://2130706433/", "https://[::1]/", "https://[::ffff:7f00:1]/",
     "https://[fe80::1%25eth0]/", "https://１２７.０.０.１/", "https://127。0。0。1/", "https://①②⑦.0.0.1/", "https://8.8.8.8/", "https://8.8.8.8./",
     "https://a@shop.example/", "https://a:b@shop.example/", "https://@shop.example/", "https://shop.example:22/",
     "https://shop.example:0/", "https://shop.example:x/", "https://shop.example:65536/", "https://shop .example/",
     "https://shop.example/ a", "https://shop.example/\r\nHost: x", "https://shop.example\\.evil/", "https://shop%2eexample/",
     "https://-a.example/", "https://a..example/", "https://.example/", "ftp://shop.example/", "file:///etc/passwd",
     "javascript:alert(1)", "https://shop.example/" + "a" * 2000, "https://" + "a" * 70 + ".example/", "https://\udcff.example/"],
)  # fmt: skip
def test_what_is_no_link_to_a_name_is_refused_before_anything_is_resolved(net: Net, link: str) -> None:
    error = refusal(net, link)
    assert (error.code, error.status) == ("link_wrong", 400)
    assert (net.resolved, net.asked) == ([], [])
    str(error).encode()


@given(st.integers(0, 2**32 - 1), st.sampled_from(["{0}", "0x{0:x}", "0{0:o}"]), st.sampled_from([1, 2, 3, 4]))
def test_an_address_as_numbers_is_never_taken_for_a_name(number: int, form: str, parts: int) -> None:
    """All forms that `inet_aton` reads: one to four parts, each decimal, octal or hexadecimal, the last holding the rest."""
    own = number.to_bytes(4, "big")
    pieces = [*own[: parts - 1], int.from_bytes(own[parts - 1 :], "big")]
    host = ".".join(form.format(piece) for piece in pieces)
    with pytest.raises(BadInput):
        target_of(f"https://{host}/a.jpg")


@given(st.text(max_size=40))
def test_any_text_is_a_target_in_plain_ascii_or_refused(text: str) -> None:
    for link in (text, f"https://{text}/a.jpg", f"https://{text}.example/", f"https://shop.example/{text}"):
        try:
            target = target_of(link)
        except BadInput:
            continue
        assert target.host.isascii()
        assert target.host == target.host.lower()
        assert not target.host.split(".")[-1][0].isdigit()
        assert target.path.isascii()
        assert not any(sign.isspace() for sign in target.path)


def test_a_name_of_other_letters_is_asked_in_ascii() -> None:
    assert target_of("https://Möbel.Example/ä b".replace(" ", "%20")).host == "xn--mbel-5qa.example"


@pytest.mark.parametrize(
    "status", ["204 No Content", "206 Partial", "304 Not Modified", "401 No", "404 Not Found", "500 Oh"]
)
def test_only_200_is_a_picture(net: Net, status: str) -> None:
    net.answers = [answer(status, b"secret of the host")]
    error = refusal(net)
    assert error.code == "link_unreachable"
    assert "secret" not in str(error)


@pytest.mark.parametrize(
    "kind", ["text/html", "application/json", "application/octet-stream", "imagery/jpeg", "", "multipart/x"]
)
def test_what_is_no_picture_is_refused_unread(net: Net, kind: str) -> None:
    net.answers = [answer(body=b"<title>inside</title>", kind=kind)]
    error = refusal(net)
    assert (error.code, error.status) == ("not_a_picture", 415)
    assert "inside" not in str(error)


@pytest.mark.parametrize("packed", ["gzip", "br", "deflate", "zstd", "gzip, identity"])
def test_a_packed_answer_is_refused(net: Net, packed: str) -> None:
    net.answers = [answer("200 OK", PICTURE, f"Content-Encoding: {packed}")]
    assert refusal(net).code == "not_a_picture"


def test_a_picture_of_exactly_the_limit_is_taken_and_one_byte_more_is_not(net: Net) -> None:
    net.answers = [answer()]
    assert net.fetch(most=len(PICTURE)) == PICTURE
    net.answers = [answer()]
    assert refusal(net, most=len(PICTURE) - 1).code == "too_large"


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n",
     b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n"],
)  # fmt: skip
def test_an_answer_that_does_not_say_how_long_it_is_is_counted_while_it_is_read(net: Net, head: bytes) -> None:
    sent = []

    def endless(peer: socket.socket) -> None:
        peer.sendall(head)
        while True:
            peer.sendall(b"x" * 4096)
            sent.append(4096)

    net.answers = [endless]
    assert refusal(net).code == "too_large"
    assert sum(sent) < 1_000_000


@pytest.mark.parametrize(
    "part", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n", b"HTTP/1.1 100 Go\r\n\r\n"]
)
def test_a_drip_ends_with_the_deadline(net: Net, part: bytes) -> None:
    def drip(peer: socket.socket) -> None:
        peer.sendall(part)
        while True:
            peer.sendall(b"X")
            time.sleep(0.05)

    net.answers = [drip]
    begin = time.monotonic()
    assert refusal(net, seconds=0.5).code == "link_unreachable"
    assert time.monotonic() - begin < 5  # Without a deadline it would never end.


def test_a_silent_server_and_a_silent_resolver_end_with_the_deadline(net: Net) -> None:
    net.answers = [lambda peer: time.sleep(3)]
    assert refusal(net, seconds=0.3).code == "link_unreachable"
    hang = threading.Event()
    assert refusal(net, seconds=0.3, resolve=lambda host, port: hang.wait(10) and []).code == "link_unreachable"
    hang.set()


def test_endless_headers_end(net: Net) -> None:
    def heads(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            peer.sendall(b"X-More: " + b"y" * 1000 + b"\r\n")

    net.answers = [heads]
    assert refusal(net).code == "link_unreachable"


@pytest.mark.parametrize(
    "noise",
    [
        b"",
        b"\x00\xff" * 50,
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/9.9 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_in_the_same_words(net: Net, noise: bytes) -> None:
    net.answers = [noise]
    error = refusal(net)
    assert error.code in ("link_unreachable", "not_a_picture")
    assert "SSH" not in str(error)


def test_more_than_a_few_at_once_are_told_to_come_again(net: Net) -> None:
    for _ in range(fetching.AT_ONCE):
        assert fetching._room.acquire(blocking=False)
    try:
        with pytest.raises(Busy):
            net.fetch()
    finally:
        for _ in range(fetching.AT_ONCE):
            fetching._room.release()
    net.answers = [answer()]
    assert net.fetch() == PICTURE


def test_the_system_s_own_resolver_leads_nowhere_inside() -> None:
    """With nothing injected: whatever this machine calls itself, its own addresses are refused."""
    for name in ("localhost.localdomain", f"{socket.gethostname()}.local", "ip6-localhost.example"):
        with pytest.raises(BadInput):
            fetched(f"https://{name}/a.jpg", most=1000, seconds=2)


# --- A real server behind TLS ---------------------------------------------------------------------


class _Handler(BaseHTTPRequestHandler):
    hosts: list[str] = []

    def do_GET(self) -> None:
        self.hosts.append(self.headers["Host"])
        if self.path == "/moved":
            self.send_response(301)
            self.send_header("Location", "/a.jpg")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(len(PICTURE)))
        self.end_headers()
        self.wfile.write(PICTURE)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _certificate(name: str, folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, private


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[int, ssl.SSLContext]]:
    """The port of a server that is `shop.example` by its certificate, and what trusts it."""
    pem, private = _certificate("shop.example", tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1], ssl.create_default_context(cafile=str(pem))
    server.shutdown()
    server.server_close()
    thread.join()


def _to(port: int) -> Callable[[tuple[str, int], float], socket.socket]:
    return lambda address, timeout: socket.create_connection(("127.0.0.1", port), timeout)


def _public(host: str, port: int) -> list[str]:
    return [PUBLIC]


def test_a_real_server_is_asked_by_its_name_over_tls(secure: tuple[int, ssl.SSLContext]) -> None:
    port, trust = secure
    _Handler.hosts.clear()
    more: dict[str, Any] = {"most": 10_000, "seconds": 5, "resolve": _public, "connect": _to(port)}
    assert fetched("https://shop.example/moved", **more, trust=trust) == PICTURE
    assert _Handler.hosts == ["shop.example", "shop.example"]


def test_a_certificate_of_another_name_or_of_nobody_is_refused(secure: tuple[int, ssl.SSLContext]) -> None:
    port, trust = secure
    more: dict[str, Any] = {"most": 10_000, "seconds": 5, "resolve": _public, "connect": _to(port)}
    for link, trusted in (("https://other.example/a.jpg", trust), ("https://shop.example/a.jpg", None)):
        with pytest.raises(PictureRefused) as caught:
            fetched(link, **more, trust=trusted)
        assert caught.value.code == "link_unreachable"
