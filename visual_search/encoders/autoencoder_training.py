"""Trains the autoencoder on pictures and writes its first half as ONNX. Needs torch; serving doesn't."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from visual_search.encoders import canary
from visual_search.encoders.atomic import write_once
from visual_search.encoders.autoencoder import CANARY_KEY, COUNT_KEY, DIMS, INPUT_SIDE, network_input
from visual_search.errors import EncoderUnavailable
from visual_search.types import unit

if TYPE_CHECKING:
    import torch
    from torch import nn

Floats = npt.NDArray[np.float32]

# These figures were set by judgement; docs/reference/quality-and-speed.md has what the encoder finds with them.
LEAST_PICTURES = 32  # half a batch; fewer are refused
CHANNELS = (3, 16, 32, 64, 128)  # each step halves the side: 64, 32, 16, 8, 4 px
BATCH_PICTURES = 64  # pictures in one step of the optimiser
HELD_OUT = 10  # Every tenth picture isn't learned from; the error is measured on those.
_MOST_SHIFT = 6  # px by which a picture is moved at most before the network restores it
_SEED = 7  # any fixed number, so that the same pictures give the same network


@dataclass(frozen=True, slots=True)
class Training:
    """Mean squared errors on the held-out pictures: `error` of the network, `error_of_mean` of the mean picture beside it."""

    pictures: int
    error: float
    error_of_mean: float


def train(
    pictures: Sequence[Image.Image], path: Path, *, epochs: int = 40, advanced: Callable[[float], object] | None = None
) -> Training:
    """Learn to restore pictures that were shifted, relit and made noisy, and write the encoding half to `path`.

    `advanced(error)` is called after each epoch. Raises ValueError where there are too few pictures, and
    `EncoderUnavailable` where torch is missing.
    """
    torch = _torch()
    if len(pictures) < LEAST_PICTURES:
        raise ValueError(f"{len(pictures)} pictures are too few to learn from; {LEAST_PICTURES} are needed.")
    everything = network_input(pictures)
    judging = np.arange(len(everything)) % HELD_OUT == 0
    learned, judged = torch.from_numpy(everything[~judging]), torch.from_numpy(everything[judging])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        encoder, decoder = _networks()
        weights = itertools.chain(encoder.parameters(), decoder.parameters())
        optimiser = torch.optim.Adam(weights, lr=1e-3)
        for _ in range(epochs):
            errors = []
            for rows in torch.randperm(len(learned)).split(BATCH_PICTURES):
                clean = learned[rows]
                error = torch.nn.functional.mse_loss(decoder(encoder(_disturbed(clean))), clean)
                optimiser.zero_grad()
                error.backward()
                optimiser.step()
                errors.append(float(error.detach()))
            if advanced:
                advanced(float(np.mean(errors)))
        with torch.inference_mode():
            error = float(torch.nn.functional.mse_loss(decoder(encoder(judged)), judged))
            codes = torch.cat([encoder(part) for part in torch.from_numpy(everything).split(BATCH_PICTURES)]).numpy()
    write_once(path, _as_onnx(encoder, codes, len(pictures)))
    return Training(len(pictures), error, float(((judged - learned.mean(dim=0)) ** 2).mean()))


def _networks() -> tuple[nn.Sequential, nn.Sequential]:
    nn = _torch().nn
    inner = CHANNELS[-1] * (INPUT_SIDE >> (len(CHANNELS) - 1)) ** 2
    down: list[Any] = []
    for before, after in itertools.pairwise(CHANNELS):
        down += [nn.Conv2d(before, after, 4, stride=2, padding=1), nn.ReLU()]
    up: list[Any] = [nn.Linear(DIMS, inner), nn.ReLU(), nn.Unflatten(1, (CHANNELS[-1], 4, 4))]
    for before, after in itertools.pairwise(CHANNELS[::-1]):
        up += [nn.ConvTranspose2d(before, after, 4, stride=2, padding=1), nn.ReLU()]
    return nn.Sequential(*down, nn.Flatten(), nn.Linear(inner, DIMS)), nn.Sequential(*up[:-1], nn.Sigmoid())


def _disturbed(clean: torch.Tensor) -> Any:
    """The pictures shifted by some pixels, in another light and with noise, as two pictures of one thing differ."""
    torch = _torch()
    down, across = (int(step) for step in torch.randint(-_MOST_SHIFT, _MOST_SHIFT + 1, (2,)))
    shifted = torch.nn.functional.pad(clean, (_MOST_SHIFT,) * 4, value=1.0)
    shifted = shifted[
        :,
        :,
        _MOST_SHIFT + down : _MOST_SHIFT + down + INPUT_SIDE,
        _MOST_SHIFT + across : _MOST_SHIFT + across + INPUT_SIDE,
    ]
    light = 1 + 0.1 * torch.randn(len(clean), 3, 1, 1)
    return (shifted * light + 0.03 * torch.randn_like(shifted)).clamp(0, 1)


def _as_onnx(encoder: nn.Sequential, codes: Floats, count: int) -> bytes:
    """The encoding half: "pictures" (n, 3, 64, 64) -> "vectors" (n, 128), each dimension centred and of one spread.

    Written node by node, as torch's own exporter needs packages that are used nowhere else.
    """
    import onnx  # noqa: PLC0415 - only needed to write the file.

    weights = {name: value.detach().numpy() for name, value in encoder.state_dict().items()}
    nodes, constants, flow = [], [], "pictures"
    layers = len(CHANNELS) - 1
    for layer in range(layers):
        names = [f"{2 * layer}.weight", f"{2 * layer}.bias"]
        constants += [onnx.numpy_helper.from_array(weights[name], name) for name in names]
        nodes.append(
            onnx.helper.make_node(
                "Conv", [flow, *names], [f"conv{layer}"], kernel_shape=[4, 4], strides=[2, 2], pads=[1, 1, 1, 1]
            )
        )
        nodes.append(onnx.helper.make_node("Relu", [f"conv{layer}"], [f"relu{layer}"]))
        flow = f"relu{layer}"
    # Folding (code - mean) / spread into the last layer: what all pictures share would hide what tells them apart.
    mean, spread = codes.mean(axis=0), codes.std(axis=0) + 1e-3 * codes.std()
    last = 2 * layers + 1
    matrix = weights[f"{last}.weight"] / spread[:, None]
    bias = (weights[f"{last}.bias"] - mean) / spread
    constants += [
        onnx.numpy_helper.from_array(np.asarray(value, np.float32), name)
        for name, value in (("matrix", matrix), ("bias", bias))
    ]
    nodes.append(onnx.helper.make_node("Flatten", [flow], ["flat"], axis=1))
    nodes.append(onnx.helper.make_node("Gemm", ["flat", "matrix", "bias"], ["vectors"], transB=1))
    number = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        nodes,
        "autoencoder",
        [onnx.helper.make_tensor_value_info("pictures", number, ["n", 3, INPUT_SIDE, INPUT_SIDE])],
        [onnx.helper.make_tensor_value_info("vectors", number, ["n", DIMS])],
        constants,
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
    torch = _torch()
    with torch.inference_mode():
        code = encoder(torch.from_numpy(network_input([canary.picture()]))).numpy()
    vector = unit((code - mean) / spread)
    onnx.helper.set_model_props(model, {CANARY_KEY: base64.b64encode(vector.tobytes()).decode(), COUNT_KEY: str(count)})
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _torch() -> Any:
    try:
        import torch  # noqa: PLC0415 - 200 MB that only training needs.
    except ImportError as problem:
        raise EncoderUnavailable(
            "Training an autoencoder needs torch. Install it: pip install 'django-visual-search[neural]'"
        ) from problem
    return torch
