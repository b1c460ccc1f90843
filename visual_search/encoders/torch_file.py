"""Reads tensors out of a PyTorch weights file without PyTorch, and without running anything that the file asks for.

Such a file is a pickle, which may name any function to call. Only the handful of names below are answered, each with
a harmless stand-in; any other name is refused.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from visual_search.errors import EncoderUnavailable

Array = npt.NDArray[Any]

_MAGIC = 0x1950A86A20F9469CFC6C  # torch.serialization.MAGIC_NUMBER
_STORAGE_TYPES = {
    "FloatStorage": np.dtype("<f4"),
    "DoubleStorage": np.dtype("<f8"),
    "HalfStorage": np.dtype("<f2"),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
}


class _Storage:
    """Numbers that come later in the file; views of them are made when they have been read."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self.numbers: Array = np.empty(0, dtype)


class _Tensor:
    def __init__(self, storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> None:
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides

    def array(self) -> Array:
        numbers = self.storage.numbers
        last = self.offset + sum((size - 1) * step for size, step in zip(self.shape, self.strides, strict=True))
        # `as_strided` checks nothing: a wrong offset would read memory outside the file.
        if min(self.offset, *self.strides, *self.shape, 0) < 0 or last >= len(numbers):
            raise ValueError(f"a tensor of shape {self.shape} reaches beyond its storage of {len(numbers)} numbers")
        size = numbers.dtype.itemsize
        view = np.lib.stride_tricks.as_strided(
            numbers[self.offset :], self.shape, tuple(step * size for step in self.strides), writeable=False
        )
        return np.ascontiguousarray(view).reshape(self.shape)


def _rebuild_tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_unused: object
) -> _Tensor:
    return _Tensor(storage, offset, shape, strides)


_ANSWERS: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    **{("torch", name): dtype for name, dtype in _STORAGE_TYPES.items()},
}


class _Reader(pickle.Unpickler):
    def __init__(self, file: io.BufferedIOBase) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ANSWERS[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"the file asks for {module}.{name}, which weights never need") from None

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key = pid[:3]
        if kind != "storage" or not isinstance(dtype, np.dtype):
            raise pickle.UnpicklingError(f"the file refers to an unknown object {kind!r}")
        return self.storages.setdefault(str(key), _Storage(dtype))


def read_tensors(path: Path) -> dict[str, Array]:
    """Name -> array of a state dict saved by `torch.save`, in the zip format or the older one.

    Raises `EncoderUnavailable` when the file is missing, damaged, or asks for anything but tensors.
    """
    try:
        tensors = _read_zip(path) if zipfile.is_zipfile(path) else _read_legacy(path)
        return {name: tensor.array() for name, tensor in tensors.items() if isinstance(tensor, _Tensor)}
    except (OSError, pickle.UnpicklingError, zipfile.BadZipFile, EOFError, *_MALFORMED) as problem:
        raise EncoderUnavailable(
            f"The weights file '{path.name}' can't be read: {problem}. Reinstall the package that brings it."
        ) from problem


# What a pickle or a storage table that was cut or changed can raise.
_MALFORMED = (ValueError, TypeError, KeyError, IndexError, AttributeError, MemoryError)


def _read_zip(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        index = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
        reader = _Reader(io.BytesIO(archive.read(index)))
        tensors: dict[str, Any] = reader.load()
        folder = index.removesuffix("data.pkl")
        for key, storage in reader.storages.items():
            storage.numbers = np.frombuffer(archive.read(f"{folder}data/{key}"), storage.dtype)
    return tensors


def _read_legacy(path: Path) -> dict[str, Any]:
    """Five pickles (magic number, version, machine, state dict, storage keys), then each storage's length and bytes."""
    with path.open("rb") as file:
        if _Reader(file).load() != _MAGIC:
            raise pickle.UnpicklingError("it isn't a PyTorch file")
        _Reader(file).load()
        machine = _Reader(file).load()
        if not machine.get("little_endian", True):
            raise pickle.UnpicklingError("it was written on a big-endian machine")
        reader = _Reader(file)
        tensors: dict[str, Any] = reader.load()
        for key in _Reader(file).load():
            storage = reader.storages[str(key)]
            length = int.from_bytes(file.read(8), "little")
            data = file.read(length * storage.dtype.itemsize)
            storage.numbers = np.frombuffer(data, storage.dtype, count=length)
    return tensors
