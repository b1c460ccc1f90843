"""The autoencoder, trained here for some seconds, keeps the contract; serving it needs no torch."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from PIL import Image

pytest.importorskip("torch", reason="the extra 'neural' isn't installed, and training needs it")

from tests.contracts.encoder import EncoderContract, things
from tests.encoders.test_classic import drawn
from visual_search.encoders.autoencoder import FILE, AutoencoderEncoder
from visual_search.encoders.autoencoder_training import Training, train
from visual_search.errors import CanaryFailed, EncoderUnavailable

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("autoencoder")


@pytest.fixture(scope="module")
def errors() -> list[float]:
    return []


@pytest.fixture(scope="module")
def made(cache: Path, errors: list[float]) -> Training:
    return train([*drawn(60), *things()[:5] * 4], cache / FILE, epochs=25, advanced=errors.append)


@pytest.fixture(scope="module")
def encoder(cache: Path, made: Training) -> AutoencoderEncoder:
    return AutoencoderEncoder(cache)


class TestAutoencoderEncoder(EncoderContract):
    @pytest.fixture
    def fresh(self, cache: Path, made: Training) -> AutoencoderEncoder:
        return AutoencoderEncoder(cache)

    @pytest.fixture
    def tampered(self, cache: Path, made: Training, tmp_path: Path) -> AutoencoderEncoder:
        model = onnx.load(cache / FILE)
        for constant in model.graph.initializer:
            if constant.name == "matrix":
                rolled = np.roll(numpy_helper.to_array(constant), 1, axis=0)
                constant.CopyFrom(numpy_helper.from_array(rolled, constant.name))
        (tmp_path / FILE).write_bytes(model.SerializeToString())
        return AutoencoderEncoder(tmp_path)


def test_training_learns(made: Training, errors: list[float]) -> None:
    assert made.pictures == 80
    assert len(errors) == 25
    assert errors[-1] < 0.6 * errors[0]
    assert made.error < made.error_of_mean


def test_serving_loads_no_torch(cache: Path, made: Training) -> None:
    code = (
        "import sys; from PIL import Image; from visual_search.encoders.autoencoder import AutoencoderEncoder;"
        f"encoder = AutoencoderEncoder({str(cache)!r});"
        "print(encoder.images([Image.new('RGB', (30, 40))]).image.shape, 'torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.strip() == "(1, 128) False"


def test_another_training_is_another_space(cache: Path, encoder: AutoencoderEncoder, tmp_path: Path) -> None:
    train(drawn(32), tmp_path / FILE, epochs=1)
    other = AutoencoderEncoder(tmp_path)
    assert other.card.image.fingerprint != encoder.card.image.fingerprint
    other.canary()


def test_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        EncoderUnavailable, match=r"autoencoder.onnx' isn't there. Run manage.py visual_search train_autoencoder"
    ):
        AutoencoderEncoder(tmp_path).images(things()[:1])
    with pytest.raises(ValueError, match="3 pictures are too few to learn from; 32"):
        train(drawn(3), tmp_path / FILE)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(EncoderUnavailable, match=r"pip install 'django-visual-search\[neural\]'"):
        train(drawn(40), tmp_path / FILE)


def test_a_damaged_file_never_answers(cache: Path, made: Training, tmp_path: Path) -> None:
    shutil.copy(cache / FILE, tmp_path / FILE)
    (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes()[:2000])
    with pytest.raises(EncoderUnavailable):
        AutoencoderEncoder(tmp_path).images(things()[:1])
    model = onnx.load(cache / FILE)
    del model.metadata_props[:]
    (tmp_path / FILE).write_bytes(model.SerializeToString())
    with pytest.raises(CanaryFailed):
        AutoencoderEncoder(tmp_path).images([Image.new("RGB", (9, 9))])
