"""Encrypts texts so that one becomes readable only when enough different clients have typed it.

After STAR (Davidson et al., CCS 2022), with the shop's own epoch key in the place of the randomness server. All who type
one text in one epoch encrypt it under one key, and each adds one point of one polynomial (Shamir, 1979) whose constant
term gives that key. From `k` different points the term is interpolated; from fewer, any value is equally possible. Once
the epoch key is destroyed nobody can compute a missing point.

docs/decisions/0007-text-that-many-typed.md says where this departs from the published sketch, and why.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from visual_search.privacy.pseudonyms import keyed_hash

PRIME = 2**255 - 19  # the modulus of the shares' field
FIELD_BYTES = 32  # of one of its elements
TAG_BYTES = 16  # 128 bits: two texts of an epoch never share a tag
MAX_TEXT_BYTES = 2048  # of a text that is shared; callers cut longer queries first
_PAD = 32  # Ciphertexts come in steps of 32 bytes, so that their length tells little of the text.
# Safe because the AES key and the text determine each other: one key never encrypts two different texts.
_NONCE = bytes(12)


@dataclass(frozen=True, slots=True)
class Share:
    """One client's part of one text in one epoch. Parts of one text share `tag` and `ciphertext`; no two clients `x`.

    Nothing in it ties a client's parts of different texts to each other.
    """

    tag: bytes  # 16
    x: bytes  # 32
    y: bytes  # 32
    ciphertext: bytes

    def pack(self) -> bytes:
        return self.tag + self.x + self.y + self.ciphertext

    @classmethod
    def unpack(cls, packed: bytes) -> Share:
        """Reverses `pack`. ValueError when it is too short."""
        ends = (TAG_BYTES, TAG_BYTES + FIELD_BYTES, TAG_BYTES + 2 * FIELD_BYTES)
        if len(packed) < ends[2] + _PAD:
            raise ValueError(f"A share has at least {ends[2] + _PAD} bytes; got {len(packed)}.")
        return cls(packed[: ends[0]], packed[ends[0] : ends[1]], packed[ends[1] : ends[2]], packed[ends[2] :])


def share(epoch_key: bytes, *, text: str, client: bytes, k: int, scope: str) -> Share:
    """This client's part of this text. The same client, text and key give the same part however often it is asked.

    `text` must be in its normal form already: what is spelled differently never meets. `scope` names the epoch series.
    """
    if k < 2:
        raise ValueError(f"k is {k}; with fewer than 2 clients there is nothing to hide among.")
    # k and scope are part of the seed: a polynomial of lower degree would give away the constant term of a higher one.
    seed = keyed_hash(epoch_key, "text", scope, str(k), text)
    coefficients = [_element(seed, "coefficient", str(n)) for n in range(k)]
    # x depends on the text: a client's parts of two texts can't be recognised as one client's. It is never 0, where the
    # polynomial would show the constant term itself.
    x = 1 + _element(seed, "x", client) % (PRIME - 1)
    ciphertext = AESGCM(_text_key(coefficients[0])).encrypt(_NONCE, _padded(text), None)
    return Share(
        tag=keyed_hash(seed, "tag")[:TAG_BYTES],
        x=x.to_bytes(FIELD_BYTES, "big"),
        y=_evaluate(coefficients, x).to_bytes(FIELD_BYTES, "big"),
        ciphertext=ciphertext,
    )


def recover(shares: Iterable[Share], *, k: int) -> str | None:
    """The text, or None while fewer than `k` different clients gave a part (or a part among them is damaged).

    All shares must have the same tag. ValueError otherwise.
    """
    parts = list(shares)
    if len({part.tag for part in parts}) > 1:
        raise ValueError("These shares belong to different texts; group them by tag first.")
    points = {part.x: part for part in parts}
    if len(points) < k:
        return None
    chosen = [points[x] for x in sorted(points)[:k]]
    constant = _interpolate([(int.from_bytes(part.x, "big"), int.from_bytes(part.y, "big")) for part in chosen])
    try:
        return _unpadded(AESGCM(_text_key(constant)).decrypt(_NONCE, chosen[0].ciphertext, None))
    except InvalidTag:
        return None


def clients(shares: Collection[Share]) -> int:
    """How many different clients gave these parts of one text."""
    return len({part.x for part in shares})


def _element(seed: bytes, *parts: str | bytes) -> int:
    """A field element from the seed; 512 bits before the modulus, so that its bias is below 2^-250."""
    label = keyed_hash(seed, *parts)
    return int.from_bytes(hmac.new(seed, label, hashlib.sha512).digest(), "big") % PRIME


def _evaluate(coefficients: list[int], x: int) -> int:
    value = 0
    for coefficient in reversed(coefficients):
        value = (value * x + coefficient) % PRIME
    return value


def _interpolate(points: list[tuple[int, int]]) -> int:
    """The polynomial's value at 0 (Lagrange)."""
    total = 0
    for index, (x, y) in enumerate(points):
        above, below = 1, 1
        for other, (x_other, _) in enumerate(points):
            if other != index:
                above = above * x_other % PRIME
                below = below * (x_other - x) % PRIME
        total = (total + y * above * pow(below, -1, PRIME)) % PRIME
    return total


def _text_key(constant: int) -> bytes:
    return hashlib.sha256(b"text key|" + constant.to_bytes(FIELD_BYTES, "big")).digest()


def _padded(text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    if len(raw) > MAX_TEXT_BYTES:
        raise ValueError(f"The text has {len(raw)} bytes; shares are made of at most {MAX_TEXT_BYTES}. Cut it first.")
    length = len(raw).to_bytes(2, "big")
    return length + raw + bytes(-(len(raw) + 2) % _PAD)


def _unpadded(padded: bytes) -> str:
    return padded[2 : 2 + int.from_bytes(padded[:2], "big")].decode()
