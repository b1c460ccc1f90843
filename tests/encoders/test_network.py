"""The network's part of the offline encoder keeps the contract by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from tests.contracts.encoder import EncoderContract, things
from visual_search.encoders import efficientnet, looks
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
    """The last convolution has the weights of other channels: the graph runs, but sees other things."""

    path = efficientnet.graph_path(tmp_path)
    model = onnx.load(path)
    for constant in model.graph.initializer:
        if constant.name == "_conv_head.w":
            rolled = np.roll(numpy_helper.to_array(constant), 1, axis=0)
            constant.CopyFrom(numpy_helper.from_array(rolled, constant.name))
    path.write_bytes(model.SerializeToString())
    return NetworkEncoder(tmp_path)


class TestNetworkEncoder(EncoderContract):
    pass


def test_it_sees_shapes_and_no_colours(encoder: NetworkEncoder, cache: Path) -> None:
    pictures = things()
    whole, alone = OfflineEncoder(cache).images(pictures), encoder.images(pictures)
    assert np.allclose(alone.image, unit(whole.image[:, : looks.SHAPE_DIMS]))
    assert np.array_equal(alone.cross, whole.cross)
    assert encoder.texts(["mug"], role="query", language="en").image is None
