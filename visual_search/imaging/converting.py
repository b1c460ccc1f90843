"""Writes the shipped detector anew from the TensorFlow.js form in which its weights are packaged; see data/README.md.

`python -m visual_search.imaging.converting package/models/nanodet nanodet-g.onnx`. Nothing at run time needs it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_TO_CHANNELS_LAST, _TO_CHANNELS_FIRST = [0, 2, 3, 1], [0, 3, 1, 2]
_OUTPUTS = (["Identity", "Identity_1", "Identity_2"], ["Identity_3", "Identity_4", "Identity_5"])  # by stride
_DTYPES = {"int32": "<i4", "float32": "<f4", "float16": "<f2"}

Array = npt.NDArray[Any]


def convert(stem: Path) -> bytes:
    """The ONNX model of `<stem>.json` and `<stem>.bin`: "pictures" (1, 3, h, w) -> "scores" (1, n, classes), "distances".

    Raises ValueError for a graph that isn't the one this was written for.
    """
    nodes, weights = _read(stem)
    return _Writer(nodes, weights).write()


def _read(stem: Path) -> tuple[dict[str, dict[str, Any]], dict[str, Array]]:
    description = json.loads(stem.with_suffix(".json").read_text(encoding="utf-8"))
    raw, at = stem.with_suffix(".bin").read_bytes(), 0
    weights: dict[str, Array] = {}
    for entry in (entry for group in description["weightsManifest"] for entry in group["weights"]):
        kind = entry.get("quantization", {}).get("dtype", entry["dtype"])
        values = np.frombuffer(raw, _DTYPES[kind], int(np.prod(entry["shape"])), at).reshape(entry["shape"])
        at += values.nbytes
        weights[entry["name"]] = values
    if at != len(raw):
        raise ValueError(f"{stem.name}.bin has {len(raw)} bytes, but its list names {at}.")
    return {node["name"]: node for node in description["modelTopology"]["node"]}, weights


class _Writer:
    """Walks the graph in order. Pictures keep channels first throughout, so the many transpositions fall away."""

    def __init__(self, nodes: dict[str, dict[str, Any]], weights: dict[str, Array]) -> None:
        import onnx  # noqa: PLC0415 - only needed here, once.

        self.onnx, self.nodes, self.weights = onnx, nodes, weights
        self.made: list[Any] = []
        self.constants: list[Any] = []
        self.same_as: dict[str, str] = {"input_1": "pictures"}  # nodes that change nothing here
        self.padded: dict[str, tuple[str, list[int]]] = {}
        self.biased: set[str] = set()
        self.resized = 0

    def write(self) -> bytes:
        for name in self._ordered():
            getattr(self, f"_{self.nodes[name]['op'].lower()}")(name, self.nodes[name].get("input", []))
        for name, parts in zip(("scores", "distances"), _OUTPUTS, strict=True):
            self._make("Concat", [self._ref(part) for part in parts], name, axis=1)
        helper, number = self.onnx.helper, self.onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            self.made,
            "nanodet-g",
            [helper.make_tensor_value_info("pictures", number, [1, 3, "height", "width"])],
            [
                helper.make_tensor_value_info("scores", number, [1, "cells", 80]),
                helper.make_tensor_value_info("distances", number, [1, "cells", 44]),
            ],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        self.onnx.checker.check_model(model)
        return bytes(model.SerializeToString())

    def _ordered(self) -> list[str]:
        """The nodes in an order in which each comes after its inputs, walked from the outputs backwards."""
        order: dict[str, None] = {}
        waiting = [name for names in reversed(_OUTPUTS) for name in reversed(names)]
        while waiting:
            name = waiting[-1]
            missing = [part for part in map(_plain, self.nodes[name].get("input", [])) if part not in order]
            if missing and name not in order:
                waiting += reversed(missing)
                continue
            order.setdefault(waiting.pop())
        return list(order)

    def _ref(self, name: str) -> str:
        name = name.removesuffix(":0")
        return self.same_as.get(name, name)

    def _value(self, name: str) -> Array:
        return self.weights[_plain(name)]

    def _make(self, kind: str, inputs: list[str], output: str | list[str], **attributes: Any) -> None:
        outputs = [output] if isinstance(output, str) else output
        self.made.append(self.onnx.helper.make_node(kind, inputs, outputs, **attributes))

    def _keep(self, name: str, values: Array) -> str:
        self.constants.append(self.onnx.numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    # One method a kind of node, named as the kind in small letters.

    def _const(self, name: str, inputs: list[str]) -> None: ...

    def _placeholder(self, name: str, inputs: list[str]) -> None: ...

    # Together with `_addv2` these only build the shapes of reshapes, which are written out below.
    def _sparsetodense(self, name: str, inputs: list[str]) -> None: ...

    def _addv2(self, name: str, inputs: list[str]) -> None: ...

    def _identity(self, name: str, inputs: list[str]) -> None:
        self.same_as[name] = self._ref(inputs[0])

    def _transpose(self, name: str, inputs: list[str]) -> None:
        order = self._value(inputs[1]).tolist()
        if order in (_TO_CHANNELS_LAST, _TO_CHANNELS_FIRST):
            self.same_as[name] = self._ref(inputs[0])
        else:
            self._make("Transpose", [self._ref(inputs[0])], name, perm=order)

    def _pad(self, name: str, inputs: list[str]) -> None:
        edges = self._value(inputs[1])
        self.padded[name] = self._ref(inputs[0]), [*edges[2:, 0].tolist(), *edges[2:, 1].tolist()]

    def _padv2(self, name: str, inputs: list[str]) -> None:
        edges = self._keep(f"{name}.edges", self._value(inputs[1]).T.astype(np.int64).ravel())
        filler = self._keep(f"{name}.filler", self._value(inputs[2]).astype(np.float32))
        self._make("Pad", [self._ref(inputs[0]), edges, filler], name)

    def _conv2d(self, name: str, inputs: list[str]) -> None:
        """With the bias that is added after it. Kernels as integers: w is about q x s, with one s for each channel."""
        source, pads = self._ref(inputs[0]), [0, 0, 0, 0]
        if source in self.padded:
            source, pads = self.padded[source]
        kernel = self._value(inputs[1]).astype(np.float32).transpose(3, 2, 0, 1)
        scale = np.abs(kernel).max(axis=(1, 2, 3), keepdims=True) / 127
        scale[scale == 0] = 1
        whole = self._keep(f"{name}.q", np.round(kernel / scale).astype(np.int8))
        self._make("Cast", [whole], f"{name}.f", to=self.onnx.TensorProto.FLOAT)
        self._make("Mul", [f"{name}.f", self._keep(f"{name}.s", scale.astype(np.float32))], f"{name}.w")
        added = next(node for node in self.nodes.values() if node["op"] == "Add" and name in node["input"])
        bias = next(part for part in added["input"] if part != name)
        self.biased.add(added["name"])
        values = self._keep(f"{name}.b", self._value(bias).astype(np.float32).ravel())
        strides = [int(step) for step in self.nodes[name]["attr"]["strides"]["list"]["i"]][1:3]
        self._make("Conv", [source, f"{name}.w", values], added["name"], pads=pads, strides=strides)

    def _add(self, name: str, inputs: list[str]) -> None:
        if name not in self.biased:
            self._make("Add", [self._ref(part) for part in inputs], name)

    def _leakyrelu(self, name: str, inputs: list[str]) -> None:
        self._make("LeakyRelu", [self._ref(inputs[0])], name, alpha=self.nodes[name]["attr"]["alpha"]["f"])

    def _maxpool(self, name: str, inputs: list[str]) -> None:
        self._make("MaxPool", [self._ref(inputs[0])], name, kernel_shape=[3, 3], strides=[2, 2])

    def _concatv2(self, name: str, inputs: list[str]) -> None:
        self._make("Concat", [self._ref(part) for part in inputs[:-1]], name, axis=1)

    def _resizebilinear(self, name: str, inputs: list[str]) -> None:
        """Twice up, then twice down the pyramid: as factors, so that pictures of any size pass."""
        self.resized += 1
        factor = 2.0 if self.resized <= 2 else 0.5
        scales = self._keep(f"{name}.scales", np.array([1, 1, factor, factor], np.float32))
        mode = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        self._make("Resize", [self._ref(inputs[0]), "", scales], name, **mode)

    def _splitv(self, name: str, inputs: list[str]) -> None:
        sizes = self._keep(f"{name}.sizes", self._value(inputs[1]).astype(np.int64))
        self._make("Split", [self._ref(inputs[0]), sizes], [name, f"{name}:1"], axis=1)

    def _sigmoid(self, name: str, inputs: list[str]) -> None:
        self._make("Sigmoid", [self._ref(inputs[0])], name)

    def _reshape(self, name: str, inputs: list[str]) -> None:
        channels = 44 if inputs[0].endswith(":1") else 80
        shape = self._keep(f"{name}.shape", np.array([1, channels, -1], np.int64))
        self._make("Reshape", [self._ref(inputs[0]), shape], name)


def _plain(name: str) -> str:
    return name.partition(":")[0]


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    Path(sys.argv[2]).write_bytes(convert(Path(sys.argv[1])))
