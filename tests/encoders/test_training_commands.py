"""The commands that learn from the shop's own pictures."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command

from tests.contracts.encoder import things
from tests.encoders.test_classic import drawn
from tests.shop.models import Gadget, GadgetImage
from visual_search.encoders.autoencoder import FILE, AutoencoderEncoder
from visual_search.encoders.classic import ClassicEncoder

pytestmark = pytest.mark.django_db


@pytest.fixture
def gadgets(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "INDEX_IN_BACKGROUND": False}
    for number, image in enumerate(drawn(40)):
        file = io.BytesIO()
        image.save(file, "PNG")
        gadget = Gadget.objects.create(name=f"gadget {number}")
        GadgetImage.objects.create(gadget=gadget, file=ContentFile(file.getvalue(), name="picture.png"))
    Gadget.objects.create(name="without a picture")
    broken = Gadget.objects.create(name="with a broken one")
    GadgetImage.objects.create(gadget=broken, file=ContentFile(b"no picture", name="picture.png"))


def run(command: str, **options: object) -> str:
    out = io.StringIO()
    call_command("visual_search", command, collection="gadgets", stdout=out, **options)
    return out.getvalue()


def test_an_autoencoder_is_trained_on_what_can_be_opened(gadgets: None, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the extra 'neural' isn't installed, and training needs it")
    said = run("train_autoencoder", epochs=2, cache=tmp_path)
    assert "Learned from 40 pictures" in said
    assert "visual_search rebuild" in said
    assert AutoencoderEncoder(tmp_path).images(things()).image.shape == (6, 128)
    with pytest.raises(CommandError, match="14 pictures are too few"):
        run("train_autoencoder", epochs=1, most=14, cache=tmp_path / "other")
    assert not (tmp_path / "other" / FILE).exists()


def test_codebooks_are_learned_for_the_features_that_are_named(gadgets: None, tmp_path: Path) -> None:
    assert "orb_words, hsv" in run("train_codebooks", features="orb_words,hsv", cache=tmp_path)
    ClassicEncoder(tmp_path, features=["orb_words"]).canary()


def test_the_setting_says_which_features_and_where(gadgets: None, settings, tmp_path: Path) -> None:
    settings.VISUAL_SEARCH = {
        **settings.VISUAL_SEARCH,
        "ENCODER": {
            "BACKEND": "visual_search.encoders.classic.ClassicEncoder",
            "OPTIONS": {"cache": tmp_path, "features": ["lbp"]},
        },
    }
    assert f"{tmp_path / 'classic.npz'}: lbp" in run("train_codebooks")


@pytest.mark.parametrize(
    ("command", "options", "message"),
    [
        ("train_autoencoder", {"epochs": 0}, "1 or more"),
        ("train_codebooks", {"most": 0}, "1 or more"),
        ("train_codebooks", {"features": "shape"}, "no feature 'shape'"),
        ("train_codebooks", {"features": "orb_words"}, "too few"),
    ],
)
def test_mistakes_end_in_a_plain_sentence(tmp_path, command, options, message):
    with pytest.raises(CommandError, match=message):
        run(command, cache=tmp_path, **options)


def test_an_encoder_without_a_folder_needs_one(settings) -> None:
    settings.VISUAL_SEARCH = {
        **settings.VISUAL_SEARCH,
        "ENCODER": {"BACKEND": "tests.shop.doubles.ThumbnailEncoder", "OPTIONS": {}},
    }
    with pytest.raises(CommandError, match="Give one with --cache"):
        run("train_codebooks")
