"""The network's part of the offline encoder keeps the contract by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.contracts.encoder import EncoderContract, things
from tests.encoders.test_offline import roll_last_convolution
from visual_search.encoders import looks
from visual_search.encoders.network import NetworkEncoder
from visual_search.encoders.offline import OfflineEncoder
from visual_search.types import unit


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("network")


@pytest.fixture(scope="module")
def encoder(cache: Path) -> NetworkEncoder:
    return NetworkEncoder(cache)


@pytest.fixture
def fresh(cache: Path) -> NetworkEncoder:
    return NetworkEncoder(cache)


@pytest.fixture
def tampered(tmp_path: Path) -> NetworkEncoder:
    roll_last_convolution(tmp_path)
    return NetworkEncoder(tmp_path)


class TestNetworkEncoder(EncoderContract):
    pass


def test_it_sees_shapes_and_no_colours(encoder: NetworkEncoder, cache: Path) -> None:
    pictures = things()
    whole, alone = OfflineEncoder(cache).images(pictures), encoder.images(pictures)
    assert np.allclose(alone.image, unit(whole.image[:, : looks.SHAPE_DIMS]))
    assert np.array_equal(alone.cross, whole.cross)
    assert encoder.texts(["mug"], role="query", language="en").image is None
