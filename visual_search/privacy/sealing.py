"""Sealed tokens: a browser carries data for the server that it can neither read nor change, so the server stores nothing.

A token is URL-safe base64 (RFC 4648, unpadded, canonical) of

    version (1 byte) | key id (4) | expiry in seconds since 1970 (8) | nonce (12) | AES-256-GCM ciphertext, tag (n + 16)

The first three and the purpose are authenticated as associated data. Keys come from the secrets by HKDF-SHA256
(RFC 5869) with the purpose as info, so a token made for one purpose never opens for another.
"""

from __future__ import annotations

import base64
import math
import os
import re
import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from visual_search.errors import BadInput, ConfigurationError, Said, said
from visual_search.types import Vector, unit

VERSION = 1
# A photo's vectors take about 5,500 characters. A longer text than this is refused before it is decoded.
MAX_TOKEN_CHARS = 32 * 1024
MAX_DIMS = 8192  # of a vector; more than any encoder gives, and a token of one such vector still fits
MAX_SPACES = 8  # vectors in a token; an encoder has three spaces at most

_HEADER = struct.Struct(">B4sQ")
_NONCE_BYTES = 12  # 96 bits at random; NIST SP 800-38D allows 2^32 tokens a key, far more than a shop seals.
_TAG_BYTES = 16
_URL_SAFE = re.compile(r"[A-Za-z0-9_-]+\Z")
_NEXT_STEP = said("Add the photo again.")


@dataclass(frozen=True, slots=True)
class Opened:
    """What a token held. `expires`: when it ends, in seconds since 1970."""

    payload: bytes
    expires: int


class Sealer:
    """Seals with the first secret and opens with any of them, so a secret is rotated by putting a new one in front."""

    def __init__(self, secrets: Sequence[str | bytes]) -> None:
        if isinstance(secrets, str | bytes):
            raise ConfigurationError("Sealer takes a list of secrets, newest first. Put the one secret into a list.")
        self._secrets = tuple(secret.encode() if isinstance(secret, str) else bytes(secret) for secret in secrets)
        if not self._secrets or not all(self._secrets):
            raise ConfigurationError("Sealer needs at least one secret, and none may be empty. Set SECRET_KEY.")
        self._ids = tuple(_derive(secret, b"key id", 4) for secret in self._secrets)
        self._ciphers: dict[tuple[int, str], AESGCM] = {}

    def seal(
        self, payload: bytes, *, purpose: str, ttl: int, until: int | None = None, now: float | None = None
    ) -> str:
        """A URL-safe token that holds `payload` for `ttl` seconds, but never longer than `until`.

        `until` and `now` (tests) in seconds since 1970. What is made from an opened token is sealed until that one
        expires; otherwise a client could renew its token for ever.
        """
        if ttl <= 0:
            raise ValueError(f"ttl is {ttl}; a token needs at least one second to live.")
        expiry = math.ceil((time.time() if now is None else now) + ttl)
        expiry = expiry if until is None else min(expiry, until)
        header = _HEADER.pack(VERSION, self._ids[0], expiry)
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher(0, purpose).encrypt(nonce, payload, header + purpose.encode())
        token = _to_text(header + nonce + sealed)
        if len(token) > MAX_TOKEN_CHARS:
            raise ValueError(f"A token of {len(token)} characters is over {MAX_TOKEN_CHARS}. Seal less.")
        return token

    def unseal(self, token: str, *, purpose: str, now: float | None = None) -> bytes:
        """The payload. BadInput as `open`."""
        return self.open(token, purpose=purpose, now=now).payload

    def open(self, token: str, *, purpose: str, now: float | None = None) -> Opened:
        """The payload and its end. BadInput with code token_malformed, token_foreign, token_tampered or token_expired."""
        raw = _from_text(token)
        header = raw[: _HEADER.size]
        version, key_id, expiry = _HEADER.unpack(header)
        if version != VERSION:
            raise _refusal(
                "token_malformed",
                said("This photo link has format %(version)s, which this shop can't read.", version=version),
            )
        nonce, sealed = raw[_HEADER.size : _HEADER.size + _NONCE_BYTES], raw[_HEADER.size + _NONCE_BYTES :]
        known = [index for index, own in enumerate(self._ids) if own == key_id]
        if not known:
            raise _refusal(
                "token_foreign", said("This photo link was made by another shop or with a key that is retired.")
            )
        for index in known:
            try:
                payload = self._cipher(index, purpose).decrypt(nonce, sealed, header + purpose.encode())
            except InvalidTag:
                continue
            # The expiry is believed only after the tag has proved it.
            if (time.time() if now is None else now) >= expiry:
                raise _refusal("token_expired", said("This photo link has expired."))
            return Opened(payload, expiry)
        raise _refusal("token_tampered", said("This photo link was changed or made for something else."))

    def _cipher(self, index: int, purpose: str) -> AESGCM:
        key = (index, purpose)
        if key not in self._ciphers:
            self._ciphers[key] = AESGCM(_derive(self._secrets[index], b"seal|" + purpose.encode(), 32))
        return self._ciphers[key]


def pack_vectors(vectors: Mapping[str, Vector]) -> bytes:
    """Unit vectors by space name as compact bytes (2 bytes a dimension). ValueError for what isn't a finite vector."""
    if not 1 <= len(vectors) <= MAX_SPACES:
        raise ValueError(f"{len(vectors)} vectors; a photo has 1 to {MAX_SPACES}.")
    parts = [struct.pack(">BB", VERSION, len(vectors))]
    for name in sorted(vectors):
        vector, label = np.asarray(vectors[name], dtype=np.float32), name.encode()
        if not 1 <= len(label) <= 255:
            raise ValueError(f"The space name {name!r} has {len(label)} bytes; 1 to 255 fit.")
        if vector.ndim != 1 or not 1 <= vector.size <= MAX_DIMS:
            raise ValueError(f"The vector of space {name!r} has shape {vector.shape}; (1 to {MAX_DIMS},) is expected.")
        if not np.isfinite(vector).all() or not vector.any():
            raise ValueError(f"The vector of space {name!r} is zero or not finite.")
        # Scaled by the largest part first: a length taken of huge or tiny numbers overflows float32.
        half = unit(vector / np.abs(vector).max()).astype(">f2")
        parts.append(struct.pack(">B", len(label)) + label + struct.pack(">H", vector.size) + half.tobytes())
    return b"".join(parts)


def unpack_vectors(packed: bytes) -> dict[str, Vector]:
    """Unit vectors by space name, float32. BadInput (token_malformed) unless every byte is accounted for."""
    reader = _Reader(packed)
    version, count = reader.take(1)[0], reader.take(1)[0]
    if version != VERSION or not 1 <= count <= MAX_SPACES:
        raise _bad_vectors()
    vectors: dict[str, Vector] = {}
    for _ in range(count):
        try:
            name = reader.take(reader.take(1)[0]).decode()
        except UnicodeDecodeError:
            raise _bad_vectors() from None
        dims = int.from_bytes(reader.take(2), "big")
        if not name or name in vectors or not 1 <= dims <= MAX_DIMS:
            raise _bad_vectors()
        vector = np.frombuffer(reader.take(2 * dims), dtype=">f2").astype(np.float32)
        if not np.isfinite(vector).all() or not vector.any():
            raise _bad_vectors()
        vectors[name] = unit(vector)
    if reader.left:
        raise _bad_vectors()
    return vectors


class _Reader:
    """Takes bytes from the front and refuses to go past the end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise _bad_vectors()
        self._at += count
        return self._data[self._at - count : self._at]


def _derive(secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=b"visual_search sealing 1|" + info).derive(secret)


def _to_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _from_text(token: str) -> bytes:
    if not token or len(token) > MAX_TOKEN_CHARS or not _URL_SAFE.match(token) or len(token) % 4 == 1:
        raise _refusal("token_malformed", said("'%(token)s' isn't a photo link of this shop.", token=token[:24]))
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    # The last character of unpadded base64 has spare bits: without this check several texts would mean one token.
    if _to_text(raw) != token or len(raw) < _HEADER.size + _NONCE_BYTES + _TAG_BYTES:
        raise _refusal(
            "token_malformed",
            said("'%(token)s' isn't a whole photo link; a part is missing or changed.", token=token[:24]),
        )
    return raw


def _refusal(code: str, message: Said) -> BadInput:
    return BadInput(said("%(message)s %(next)s", message=message, next=_NEXT_STEP), field="token", code=code)


def _bad_vectors() -> BadInput:
    return _refusal("token_malformed", said("This photo link holds no readable photo."))
