"""Sealed tokens open for their purpose, their time and their keys, and for nothing else."""

import base64
import re
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_search.errors import BadInput, ConfigurationError
from visual_search.privacy.sealing import MAX_DIMS, MAX_SPACES, VERSION, Opened, Sealer, pack_vectors, unpack_vectors

NOW = 1_800_000_000.0
SEALER = Sealer(["a secret of the shop"])


def refused(code: str, token: str, *, purpose: str = "photo", now: float = NOW, sealer: Sealer = SEALER) -> str:
    with pytest.raises(BadInput) as caught:
        sealer.unseal(token, purpose=purpose, now=now)
    assert caught.value.code == code
    assert "Add the photo again." in str(caught.value)
    return str(caught.value)


@given(payload=st.binary(max_size=3000), ttl=st.integers(1, 10**7), purpose=st.text(max_size=20))
def test_what_was_sealed_comes_back(payload: bytes, ttl: int, purpose: str) -> None:
    token = SEALER.seal(payload, purpose=purpose, ttl=ttl, now=NOW)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)
    assert SEALER.unseal(token, purpose=purpose, now=NOW + ttl - 1) == payload


@given(data=st.data(), payload=st.binary(min_size=1, max_size=60))
def test_any_flipped_bit_is_refused(data: st.DataObject, payload: bytes) -> None:
    token = SEALER.seal(payload, purpose="photo", ttl=60, now=NOW)
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(BadInput):
        SEALER.unseal(base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), purpose="photo", now=NOW)


@given(data=st.data(), payload=st.binary(max_size=60))
def test_any_changed_character_is_refused(data: st.DataObject, payload: bytes) -> None:
    """Holds for the last character too, whose spare bits a lenient decoder would ignore."""
    token = SEALER.seal(payload, purpose="photo", ttl=60, now=NOW)
    at = data.draw(st.sampled_from([len(token) - 1, *range(len(token))]))
    other = data.draw(st.sampled_from("ABCDEFabcdef0123456789_-=+/ é\n\x00").filter(lambda char: char != token[at]))
    with pytest.raises(BadInput):
        SEALER.unseal(token[:at] + other + token[at + 1 :], purpose="photo", now=NOW)


@given(token=st.text(max_size=200))
def test_text_from_strangers_is_refused_with_a_known_code(token: str) -> None:
    with pytest.raises(BadInput) as caught:
        SEALER.unseal(token, purpose="photo")
    assert caught.value.code in {"token_malformed", "token_foreign"}
    assert caught.value.status == 400


def test_another_purpose_is_refused() -> None:
    refused("token_tampered", SEALER.seal(b"x", purpose="profile", ttl=60, now=NOW))


def test_an_expired_token_is_refused_to_the_second() -> None:
    token = SEALER.seal(b"x", purpose="photo", ttl=60, now=NOW)
    assert SEALER.unseal(token, purpose="photo", now=NOW + 59) == b"x"
    assert "expired" in refused("token_expired", token, now=NOW + 60)


def test_nothing_is_sealed_for_longer_than_it_may_be() -> None:
    until = int(NOW) + 30
    token = SEALER.seal(b"x", purpose="photo", ttl=60, until=until, now=NOW + 10)
    assert SEALER.open(token, purpose="photo", now=NOW) == Opened(b"x", until)
    refused("token_expired", token, now=until)
    late = SEALER.seal(b"x", purpose="photo", ttl=60, until=until, now=until + 5)
    refused("token_expired", late, now=until + 5)
    assert (
        SEALER.open(SEALER.seal(b"x", purpose="p", ttl=5, until=until, now=NOW), purpose="p", now=NOW).expires
        == NOW + 5
    )


def test_a_later_expiry_can_not_be_written_into_a_token() -> None:
    token = SEALER.seal(b"x", purpose="photo", ttl=60, now=NOW)
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    raw[5:13] = int(NOW + 10**6).to_bytes(8, "big")
    refused("token_tampered", base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), now=NOW + 100)


def test_a_token_of_another_format_is_named() -> None:
    raw = bytearray(base64.urlsafe_b64decode(SEALER.seal(b"abc", purpose="photo", ttl=60, now=NOW) + "=="))
    raw[0] = VERSION + 1
    assert f"format {VERSION + 1}" in refused("token_malformed", base64.urlsafe_b64encode(raw).rstrip(b"=").decode())


def test_rotation_keeps_old_tokens_until_the_old_key_goes() -> None:
    token = SEALER.seal(b"x", purpose="photo", ttl=60, now=NOW)
    rotated = Sealer(["new", "a secret of the shop"])
    assert rotated.unseal(token, purpose="photo", now=NOW) == b"x"
    refused("token_foreign", token, sealer=Sealer(["new"]))
    refused("token_foreign", rotated.seal(b"y", purpose="photo", ttl=60, now=NOW))  # sealed by the new key


def test_two_tokens_of_one_payload_differ_and_show_nothing_of_it() -> None:
    payload = b"find me if you can"
    one, two = (SEALER.seal(payload, purpose="photo", ttl=60, now=NOW) for _ in range(2))
    assert one != two
    assert payload not in base64.urlsafe_b64decode(one + "==")


def test_a_flood_is_refused_before_it_is_decoded() -> None:
    refused("token_malformed", "A" * 10**6)


@pytest.mark.parametrize("secrets", [[], [""], ["good", b""], "one text"])
def test_useless_secrets_are_a_configuration_error(secrets: list[str]) -> None:
    with pytest.raises(ConfigurationError):
        Sealer(secrets)


@given(
    st.dictionaries(st.text(min_size=1, max_size=20), st.integers(1, 700), min_size=1, max_size=4), st.integers(0, 9)
)
def test_vectors_survive_packing(dims: dict[str, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = {name: rng.normal(size=size).astype(np.float32) for name, size in dims.items()}
    back = unpack_vectors(pack_vectors(vectors))
    assert back.keys() == vectors.keys()
    for name, vector in vectors.items():
        assert back[name].dtype == np.float32
        assert np.linalg.norm(back[name]) == pytest.approx(1, abs=1e-5)
        assert back[name] @ (vector / np.linalg.norm(vector)) > 1 - 1e-6  # cosine


def test_a_photos_vectors_fit_in_four_kibibytes() -> None:
    rng = np.random.default_rng(0)
    vectors = {"image": rng.normal(size=512), "cross": rng.normal(size=512), "text": rng.normal(size=384)}
    packed = pack_vectors({name: vector.astype(np.float32) for name, vector in vectors.items()})
    assert len(packed) <= 4096
    assert len(SEALER.seal(packed, purpose="photo", ttl=60)) <= 4096


@pytest.mark.parametrize("scale", [1e-38, 5e37])
def test_lengths_do_not_matter(scale: float) -> None:
    back = unpack_vectors(pack_vectors({"image": np.array([3, 4], dtype=np.float32) * np.float32(scale)}))
    np.testing.assert_allclose(back["image"], [0.6, 0.8], atol=1e-3)


@pytest.mark.parametrize(
    "vector", [[], [np.nan, 1.0], [np.inf, 1.0], [0.0, 0.0], [[1.0, 0.0]]], ids=["empty", "nan", "inf", "zero", "2-d"]
)
def test_what_is_no_vector_is_not_packed(vector: list[float]) -> None:
    with pytest.raises(ValueError, match="vector of space 'image'"):
        pack_vectors({"image": np.array(vector, dtype=np.float32)})


@pytest.mark.parametrize(
    ("name", "fits"), [("n", True), ("n" * 255, True), ("n" * 256, False), ("ä" * 128, False), ("", False)]
)
def test_a_name_fits_up_to_its_limit_in_bytes(name: str, fits: bool) -> None:
    vectors = {name: np.array([1, 0], dtype=np.float32)}
    if fits:
        assert unpack_vectors(pack_vectors(vectors)).keys() == {name}
    else:
        with pytest.raises(ValueError, match=f"has {len(name.encode())} bytes; 1 to 255 fit"):
            pack_vectors(vectors)


@pytest.mark.parametrize("dims", [1, MAX_DIMS])
def test_vectors_of_every_allowed_length_come_back(dims: int) -> None:
    assert unpack_vectors(pack_vectors({"n": np.ones(dims, dtype=np.float32)}))["n"].size == dims
    with pytest.raises(ValueError, match="is expected"):
        pack_vectors({"n": np.ones(MAX_DIMS + 1, dtype=np.float32)})


@pytest.mark.parametrize("count", [0, MAX_SPACES + 1])
def test_too_few_or_too_many_vectors_are_refused_on_both_ways(count: int) -> None:
    vectors = {f"n{number}": np.ones(2, dtype=np.float32) for number in range(count)}
    with pytest.raises(ValueError, match=f"{count} vectors; a photo has 1 to {MAX_SPACES}"):
        pack_vectors(vectors)
    with pytest.raises(BadInput):
        unpack_vectors(packed(*((name.encode(), [1, 1]) for name in vectors)))


def packed(*vectors: tuple[bytes, list[float]]) -> bytes:
    """The layout by hand, so that it can say what packing refuses."""
    parts = [struct.pack(">BB", VERSION, len(vectors))]
    for name, values in vectors:
        half = np.array(values, dtype=">f2").tobytes()
        parts.append(struct.pack(">B", len(name)) + name + struct.pack(">H", len(values)) + half)
    return b"".join(parts)


def test_each_thing_that_packed_bytes_may_not_say_is_refused() -> None:
    good = (b"image", [3.0, 4.0])
    assert unpack_vectors(packed(good))["image"] == pytest.approx([0.6, 0.8])
    assert len(unpack_vectors(packed(good, (b"words", [1.0])))) == 2
    for wrong in (
        packed(good, (b"", [1.0])),  # no name
        packed(good, good),  # twice one name
        packed(good, (b"words", [])),  # no dimension
        packed(good, (b"words", [1.0] * (MAX_DIMS + 1))),
        packed(good, (b"words", [0.0, 0.0])),
        packed(good, (b"\xff", [1.0])),  # no UTF-8
        bytes([VERSION + 1]) + packed(good)[1:],
    ):
        with pytest.raises(BadInput) as caught:
            unpack_vectors(wrong)
        assert caught.value.code == "token_malformed"


@given(st.binary(max_size=200))
def test_foreign_bytes_are_refused_or_give_clean_vectors(packed: bytes) -> None:
    try:
        vectors = unpack_vectors(packed)
    except BadInput:
        return
    assert vectors
    assert all(np.isfinite(vector).all() for vector in vectors.values())


@given(st.data())
def test_cut_or_lengthened_vectors_are_refused(data: st.DataObject) -> None:
    packed = pack_vectors({"image": np.ones(8, dtype=np.float32), "cross": np.ones(4, dtype=np.float32)})
    cut = data.draw(st.integers(0, len(packed) - 1))
    for wrong in (packed[:cut], packed + b"\x00"):
        with pytest.raises(BadInput):
            unpack_vectors(wrong)


def test_not_a_number_inside_packed_bytes_is_refused() -> None:
    packed = pack_vectors({"i": np.ones(1, dtype=np.float32)})
    with pytest.raises(BadInput):
        unpack_vectors(packed[:-2] + np.array([np.nan], dtype=">f2").tobytes())
