"""The graph that is written without PyTorch computes what PyTorch computes from the same weights."""

from __future__ import annotations

import io
import pickle
import zipfile

import numpy as np
import pytest

from visual_search.encoders import efficientnet
from visual_search.encoders.torch_file import read_tensors
from visual_search.errors import EncoderUnavailable


def test_the_graph_equals_pytorch(tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is the reference; install the extra 'neural'")
    state = torch.load(efficientnet.weights_path(), weights_only=True, map_location="cpu")
    functional = torch.nn.functional

    def convolve(x, name, norm, *, stride=1, groups=1, activate=True):
        weight = state[f"{name}.weight"]
        # TensorFlow's SAME padding, worked out from each input's own size.
        side, kernel = x.shape[-1], weight.shape[-1]
        total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
        x = functional.pad(x, [total // 2, total - total // 2] * 2)
        x = functional.conv2d(x, weight, stride=stride, groups=groups)
        x = functional.batch_norm(
            x,
            state[f"{norm}.running_mean"],
            state[f"{norm}.running_var"],
            state[f"{norm}.weight"],
            state[f"{norm}.bias"],
            eps=1e-3,
        )
        return functional.relu6(x) if activate else x

    # EfficientNet-B0's seven stages (repeats, kernel, stride, channels); Lite2 scales widths by 1.1, depths by 1.2.
    stages = [
        (1, 3, 1, 16),
        (3, 3, 2, 24),
        (3, 5, 2, 48),
        (4, 3, 2, 88),
        (4, 5, 1, 120),
        (5, 5, 2, 208),
        (1, 3, 1, 352),
    ]
    x = picture = torch.from_numpy(np.random.default_rng(0).normal(0, 0.5, (2, 3, 260, 260)).astype(np.float32))
    with torch.inference_mode():
        x = convolve(x, "_conv_stem", "_bn0", stride=2)
        number = 0
        for repeats, kernel, first_stride, channels in stages:
            for repeat in range(repeats):
                name, start, stride = f"_blocks.{number}", x, first_stride if repeat == 0 else 1
                if number > 0:
                    x = convolve(x, f"{name}._expand_conv", f"{name}._bn0")
                assert state[f"{name}._depthwise_conv.weight"].shape[-1] == kernel
                x = convolve(x, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride, groups=x.shape[1])
                x = convolve(x, f"{name}._project_conv", f"{name}._bn2", activate=False)
                assert x.shape[1] == channels
                if stride == 1 and start.shape == x.shape:
                    x = x + start
                number += 1
        assert number == 21
        features = convolve(x, "_conv_head", "_bn1").mean(dim=(2, 3))
        logits = functional.linear(features, state["_fc.weight"], state["_fc.bias"])

    session = efficientnet.open_session(efficientnet.graph_path(tmp_path), 1)
    found, found_logits = session.run(["features", "logits"], {"pictures": picture.numpy()})
    assert np.abs(found - features.numpy()).max() < 1e-4
    assert np.abs(found_logits - logits.numpy()).max() < 1e-3


def test_the_packaged_weights_are_read_as_pytorch_reads_them():
    torch = pytest.importorskip("torch", reason="PyTorch is the reference; install the extra 'neural'")
    expected = torch.load(efficientnet.weights_path(), weights_only=True, map_location="cpu")
    found = read_tensors(efficientnet.weights_path())
    assert set(found) == set(expected)
    assert all(np.array_equal(found[name], expected[name].numpy()) for name in expected)


@pytest.mark.parametrize("zipped", [True, False])
def test_both_file_formats_are_read(tmp_path, zipped):
    torch = pytest.importorskip("torch", reason="PyTorch writes the files; install the extra 'neural'")
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    tensors = {
        "plain": base,
        "turned": base.t(),
        "part": base[1:3, ::2],
        "number": torch.tensor(7),
        "half": torch.ones(3, dtype=torch.float16),
    }
    torch.save(tensors, tmp_path / "w.pth", _use_new_zipfile_serialization=zipped)
    found = read_tensors(tmp_path / "w.pth")
    assert {name: array.tolist() for name, array in found.items()} == {k: v.tolist() for k, v in tensors.items()}


class Trap:
    def __reduce__(self):
        return (open, ("trapped", "w"))


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_that_wants_to_run_code_is_refused(tmp_path, monkeypatch, zipped):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "trap.pth"
    if zipped:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps({"w": Trap()}))
    else:
        path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(EncoderUnavailable, match="io.open"):
        read_tensors(path)
    assert not (tmp_path / "trapped").exists()


def test_a_tensor_beyond_its_storage_is_refused(tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch writes the files; install the extra 'neural'")
    path = tmp_path / "w.pth"
    torch.save({"w": torch.zeros(8)}, path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data[:8] if "/data/" in name else data)
    with pytest.raises(EncoderUnavailable, match="beyond its storage"):
        read_tensors(path)


@pytest.mark.parametrize("size", [0, 3, 100, 5000, 1_000_000])
def test_a_cut_file_is_refused(tmp_path, size):
    path = tmp_path / "cut.pth"
    path.write_bytes(efficientnet.weights_path().read_bytes()[:size])
    with pytest.raises(EncoderUnavailable, match=r"cut\.pth.*Reinstall"):
        read_tensors(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(EncoderUnavailable, match="gone"):
        read_tensors(tmp_path / "gone.pth")


def test_other_weights_are_refused(tmp_path, monkeypatch):
    other = tmp_path / "other.pth"
    other.write_bytes(io.BytesIO(b"something else").getvalue())
    monkeypatch.setattr(efficientnet, "weights_path", lambda: other)
    with pytest.raises(EncoderUnavailable, match="isn't the expected one"):
        efficientnet.graph_path(tmp_path / "cache")
