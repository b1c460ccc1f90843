"""Fetches the picture behind a shopper's link, and nothing else: `fetched` is the one function that others call.

A server that fetches what strangers name can be made to ask its own network (server-side request forgery). So the name is
resolved once, every address that it has must be public, and the connection goes to exactly one of these; TLS still asks for the
name. Each redirect passes the same checks. No answer says which of the checks failed behind the name, so that nobody can look
around in a network by it. Nothing is logged: a link may be somebody's secret.
"""

from __future__ import annotations

import http.client
import io
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from visual_search.errors import BadInput, Busy, PictureRefused, said
from visual_search.querying.public_addresses import is_public

Resolve = Callable[[str, int], Sequence[str]]  # host, port -> addresses
Connect = Callable[[tuple[str, int], float], socket.socket]  # address and port, seconds -> a connected socket

FIELD = "image_url"
LONGEST = 2_000  # characters of a link; browsers and servers agree on no more
REDIRECTS = 3
PORTS = {"https": 443, "http": 80}
AT_ONCE = 4  # fetches of a process: each holds a thread for up to the deadline
_HEADERS = 64 * 1024  # bytes of an answer beside the picture
_PART = 64 * 1024  # bytes read at a time
_MOVED = {301, 302, 303, 307, 308}
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
# What stands in a path or a query as it is; all else is written as %XX.
_KEPT = "/?:@!$&'()*+,;=~-._%[]"
_room = threading.BoundedSemaphore(AT_ONCE)
_lookups = threading.BoundedSemaphore(4 * AT_ONCE)  # Those that were left to themselves count until they end.


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked of which server."""

    scheme: str
    host: str  # in ASCII, lower case
    port: int
    path: str  # with the query


@dataclass(frozen=True, slots=True)
class _Way:
    """What holds for the whole way to a picture."""

    most: int  # bytes
    end: float  # by the monotonic clock
    resolve: Resolve
    connect: Connect
    trust: ssl.SSLContext | None


class _Unreachable(Exception):
    """The link leads to no picture that may be fetched; why isn't told."""


def fetched(
    link: str,
    *,
    most: int,
    seconds: float,
    insecure: bool = False,
    resolve: Resolve | None = None,
    connect: Connect | None = None,
    trust: ssl.SSLContext | None = None,
) -> bytes:
    """The bytes of the picture behind `link`, at most `most`, within `seconds` in all.

    `insecure`: whether http is allowed beside https. `resolve`, `connect`, `trust`: the system's own, unless a test brings
    others. Raises BadInput (400) for a link that can't be one, PictureRefused (413, 415, 422) where no picture comes of it, and
    Busy where too many are fetched.
    """
    end = time.monotonic() + seconds
    way = _Way(most, end, resolve or _resolved, connect or socket.create_connection, trust)
    if not _room.acquire(blocking=False):
        raise Busy(retry_after=max(1, round(seconds)))
    try:
        target = target_of(link, insecure=insecure)
        for _ in range(REDIRECTS + 1):
            found = _asked(target, way)
            if isinstance(found, bytes):
                return found
            try:
                target = target_of(urljoin(_written(target), found), insecure=insecure)
            except (ValueError, BadInput) as problem:  # The message would quote what the other server said.
                raise _Unreachable from problem
        raise _Unreachable
    # Whatever a hostile server makes of the protocol ends in one of these.
    except (_Unreachable, OSError, http.client.HTTPException, ValueError) as problem:
        raise _refused(
            "link_unreachable",
            422,
            said(
                "No picture could be fetched by this link within %(seconds)s s. Open it in a browser to see whether it leads "
                "to a picture that anybody may see, or send the picture itself.",
                seconds=f"{seconds:g}",
            ),
        ) from problem
    finally:
        _room.release()


def target_of(link: str, *, insecure: bool = False) -> Target:
    """What a link asks of whom. Raises BadInput for one that is no link to a public server's picture."""
    if len(link) > LONGEST:
        raise _wrong(
            said("image_url has %(count)s characters; at most %(most)s are read.", count=len(link), most=LONGEST)
        )
    schemes = tuple(PORTS) if insecure else ("https",)
    try:
        if _UNSAFE.search(link):
            raise ValueError
        parts = urlsplit(link)
        scheme, host, port = parts.scheme.lower(), parts.hostname or "", parts.port
        if scheme not in schemes or "@" in parts.netloc or port not in (None, *PORTS.values()):
            raise ValueError
        path = quote(parts.path or "/", safe=_KEPT) + (f"?{quote(parts.query, safe=_KEPT)}" if parts.query else "")
        return Target(scheme, _host(host), PORTS[scheme] if port is None else port, path)
    except ValueError:  # UnicodeError is one, too.
        raise _wrong(
            said(
                "image_url is %(value)s; it must be a link such as https://example.com/chair.jpg: to a name, not an "
                "address, with %(schemes)s, without a password, and with no port but 80 or 443.",
                value=repr(link[:80]),
                schemes=" / ".join(schemes),
            )
        ) from None


def _host(host: str) -> str:
    """The name in ASCII. Raises ValueError for a name without a domain, and for an address, however it is written."""
    labels = host.encode("idna").decode("ascii").lower().rstrip(".").split(".")
    # A last label with a digit in front is how 127.1, 0x7f.1 and 017700000001 are written; no domain of the top begins so.
    if len(labels) < 2 or labels[-1][:1].isdigit() or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError
    return ".".join(labels)


def _written(target: Target) -> str:
    return f"{target.scheme}://{target.host}:{target.port}{target.path}"


def _asked(target: Target, way: _Way) -> bytes | str:
    """The picture, or where the server says that it is now."""
    addresses = tuple(dict.fromkeys(_in_time(lambda: way.resolve(target.host, target.port), way.end)))
    # One address of its own among public ones is an attack, or a mistake that only its owner can mend.
    if not addresses or not all(map(is_public, addresses)):
        raise _Unreachable
    connection = _Pinned(target, addresses, way)
    try:
        connection.request(
            "GET",
            target.path,
            headers={"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "visual-search"},
        )
        answer = connection.getresponse()
        if answer.status in _MOVED and (moved := answer.headers.get("Location")):
            return moved
        if answer.status != 200:
            raise _Unreachable
        return _picture(answer, way.most)
    finally:
        connection.close()
        connection.hang_up()


def _picture(answer: http.client.HTTPResponse, most: int) -> bytes:
    kind = answer.headers.get_content_type()
    # Whatever is packed could unpack to gigabytes, and nothing but the picture was asked for.
    if (
        not kind.startswith("image/")
        or answer.headers.get("Content-Encoding", "identity").strip().lower() != "identity"
    ):
        raise _refused(
            "not_a_picture",
            415,
            said(
                "The link leads to something that is no picture. Link to the picture's own file, or send the picture."
            ),
        )
    if answer.length is not None and answer.length > most:
        raise _too_large(most)
    data = bytearray()
    while part := answer.read(min(_PART, most + 1 - len(data))):
        data += part
        if len(data) > most:
            raise _too_large(most)
    return bytes(data)


class _Pinned(http.client.HTTPConnection):
    """A connection to one of these addresses, which speaks to the server by its name. Every wait ends at `end`."""

    def __init__(self, target: Target, addresses: Sequence[str], way: _Way) -> None:
        # The class knows that 80 is usual for it; the name of a server with TLS then comes with its port, as it may.
        super().__init__(target.host, target.port)
        self.default_port = PORTS[target.scheme]
        self._target, self._addresses, self._way = target, addresses, way
        self._raw: socket.socket | None = None

    def connect(self) -> None:
        raw = self._connected()
        try:
            if self._target.scheme == "https":
                raw.settimeout(_left(self._way.end))
                context = self._way.trust or ssl.create_default_context()
                raw = context.wrap_socket(raw, server_hostname=self._target.host)
        except BaseException:
            raw.close()
            raise
        self._raw, self.sock = raw, _Timed(raw, self._way.end, self._way.most + _HEADERS + _PART)

    def hang_up(self) -> None:
        """Close the socket itself. The class closes its own when it knows that no second answer follows, and reads on."""
        if self._raw is not None:
            self._raw.close()

    def _connected(self) -> socket.socket:
        problem: OSError = OSError("no address")
        for address in self._addresses:
            try:
                return self._way.connect((address, self._target.port), _left(self._way.end))
            except OSError as met:
                problem = met
        raise problem


class _Timed:
    """A socket as http.client uses it, whose every read ends at `end` and which gives no more than `most` bytes.

    The time limit of a socket begins anew with each byte, so a server that sends one a second would hold a thread for days.
    """

    def __init__(self, inner: socket.socket, end: float, most: int) -> None:
        self._inner, self._end, self._most = inner, end, most

    def sendall(self, data: Any) -> None:
        self._inner.settimeout(_left(self._end))
        self._inner.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reading(self._inner, self._end, self._most), _PART)

    def close(self) -> None:
        pass  # `_Pinned.hang_up` does.


class _Reading(io.RawIOBase):
    def __init__(self, inner: socket.socket, end: float, most: int) -> None:
        self._inner, self._end, self._room = inner, end, most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._inner.settimeout(_left(self._end))
        count = self._inner.recv_into(buffer)
        self._room -= count
        if self._room < 0:
            raise _Unreachable
        return count


def _left(end: float) -> float:
    """Seconds until then. Raises TimeoutError, which is an OSError."""
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _in_time(work: Callable[[], Sequence[str]], end: float) -> Sequence[str]:
    """What `work` gives before `end`: the system's resolver can't be told to hurry, so its thread is left to itself."""
    found: list[Sequence[str]] = []
    if not _lookups.acquire(blocking=False):
        raise Busy(retry_after=max(1, round(_left(end))))

    def resolve() -> None:
        try:
            found.append(work())
        except (OSError, UnicodeError):
            found.append(())
        finally:
            _lookups.release()

    thread = threading.Thread(target=resolve, name="visual-search-resolver", daemon=True)
    thread.start()
    thread.join(_left(end))
    if not found:
        raise TimeoutError
    return found[0]


def _resolved(host: str, port: int) -> Sequence[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _wrong(message: str) -> BadInput:
    return BadInput(message, field=FIELD, code="link_wrong")


def _too_large(most: int) -> PictureRefused:
    return _refused(
        "too_large",
        413,
        said(
            "The picture behind the link has more than %(most)s MB. Link to a smaller version.",
            most=f"{most / 1e6:.1f}",
        ),
    )


def _refused(code: str, status: int, message: str) -> PictureRefused:
    return PictureRefused(message, field=FIELD, code=code, status=status)
