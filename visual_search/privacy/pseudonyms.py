"""Pseudonyms of clients for one day, and rows that only that day's key can tie together.

A keyed hash alone is not enough. While the key exists, its holder can try all addresses and browsers (fewer than 2^45), so
only destroying the key protects. And a pseudonym in the clear would still tie a client's rows to each other after that. So
a row carries its pseudonym inside a `RowBox`, which without the key is noise.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PSEUDONYM_BYTES = 16  # 128 bits: two clients of a day never share one
MAX_USER_AGENT = 300  # characters; what comes after them hardly tells browsers apart, and a client may send megabytes

_NONCE_BYTES = 12
_LENGTH = struct.Struct(">I")


def keyed_hash(key: str | bytes, *parts: str | bytes) -> bytes:
    """HMAC-SHA256 over the parts, each with its length in front: ('a', 'bc') and ('ab', 'c') never meet."""
    raw = [part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part for part in parts]
    return hmac.new(
        key.encode() if isinstance(key, str) else key,
        b"".join(_LENGTH.pack(len(part)) + part for part in raw),
        hashlib.sha256,
    ).digest()


def client_material(*, address: str, user_agent: str, device_id: str = "") -> str:
    """What a pseudonym is made of: the device's own random id where the shopper agreed, else network and browser.

    The address is cut to its network (/24, /48) first, so the full address goes nowhere. It never leaves this process.
    """
    if device_id:
        return f"device|{device_id}"
    return f"network|{truncated(address)}|{user_agent[:MAX_USER_AGENT]}"


def truncated(address: str) -> str:
    """'203.0.113.77' -> '203.0.113.0/24'; IPv6 to /48; 'unknown' for what is no address."""
    try:
        parsed = ipaddress.ip_address(address.strip().split("%")[0])
    except ValueError:
        return "unknown"
    # The same client must have one pseudonym whether the socket speaks IPv4 or IPv4 inside IPv6.
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    prefix = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network(f"{parsed}/{prefix}", strict=False))


def pseudonym(day_key: bytes, *, site: str, client: str) -> bytes:
    """16 bytes, equal for one client, site and day key; without the key no better than a guess at random."""
    return keyed_hash(day_key, "client", site, client)[:PSEUDONYM_BYTES]


class RowBox:
    """Closes what ties rows together (pseudonym, shares) under the day key. Equal contents look different each time."""

    def __init__(self, day_key: bytes, *, purpose: str = "row") -> None:
        self._cipher = AESGCM(keyed_hash(day_key, "box", purpose))

    def close(self, content: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, None)

    def open(self, closed: bytes) -> bytes | None:
        """The content; None where it was closed with another day's key or has been changed."""
        if len(closed) < _NONCE_BYTES:
            return None
        try:
            return self._cipher.decrypt(closed[:_NONCE_BYTES], closed[_NONCE_BYTES:], None)
        except InvalidTag:
            return None
