"""The numbers that ship can be made again, from pictures and titles alone."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PIL import Image, ImageDraw

from visual_search.encoders import learned, looks, training, words
from visual_search.encoders.augment import PhotoMaker, cut_out
from visual_search.encoders.offline import OfflineEncoder


def products(count: int) -> list[Image.Image]:
    random = np.random.default_rng(5)
    images = []
    for _ in range(count):
        image = Image.new("RGB", (120, 120), "white")
        draw = ImageDraw.Draw(image)
        for _ in range(4):
            left, top = random.integers(20, 70, 2).tolist()
            draw.rectangle((left, top, left + 25, top + 25), fill=tuple(random.integers(0, 220, 3).tolist()))
        images.append(image)
    return images


def test_a_seed_makes_the_same_photos():
    one, same, other = (PhotoMaker(products(5), seed) for seed in (1, 1, 2))
    first = [maker.photo(2).tobytes() for maker in (one, same, other)]
    assert first[0] == first[1] != first[2]
    photos = [one.photo(number % 5) for number in range(40)]
    assert all(photo.mode == "RGB" and 90 <= photo.width == photo.height <= 230 for photo in photos)
    assert len({photo.tobytes() for photo in photos}) == 40


def test_a_cut_out_keeps_the_product_alone():
    image = Image.new("RGB", (100, 100), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((30, 20, 79, 89), fill="navy")
    draw.rectangle((45, 45, 60, 60), fill="white")
    cut = cut_out(image)
    assert cut.mode == "RGBA"
    assert abs(cut.width - 50) <= 6
    assert abs(cut.height - 70) <= 6
    # White that doesn't join the border belongs to the product.
    assert cut.getpixel((cut.width // 2, cut.height // 2))[3] == 255
    assert cut_out(Image.new("RGB", (40, 40), "white")).size == (40, 40)


def test_recolouring_keeps_the_shape():
    maker = PhotoMaker(products(2), 3)
    image = maker.pictures[0]
    found = maker.recoloured(image)
    assert found.size == image.size
    assert found.getpixel((2, 2)) == (255, 255, 255)
    assert found.tobytes() != image.tobytes()


@pytest.mark.slow
def test_training_writes_what_the_encoder_reads(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "PHOTOS_EACH", 1)
    (tmp_path / "images").mkdir()
    images = products(34)
    # One picture isn't on white: it can't be cut out, so it is left aside.
    images.append(Image.new("RGB", (120, 120), "gray"))
    with (tmp_path / "products.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["image", "title"])
        for number, image in enumerate(images):
            image.save(tmp_path / "images" / f"{number}.png")
            rows.writerow([f"images/{number}.png", f"thing {number}"])
    (tmp_path / "products_i18n.csv").write_text("sku,lang,title\n1,de,Ding\n1,zh,东西\n", "utf-8")

    training.main([str(tmp_path), str(tmp_path / "out")])

    monkeypatch.setattr(learned, "FILE", tmp_path / "out" / "offline.npz")
    monkeypatch.setattr(learned, "CANARY_FILE", tmp_path / "out" / "offline_canary.npz")
    numbers = learned.read(learned.FILE)
    assert numbers.projection.whole.shape == (384, looks.WHITE_DIMS)
    assert numbers.means["query"].shape == (words.E5_DIMS,)
    assert not np.allclose(numbers.means["query"], numbers.means["document"])
    monkeypatch.setattr(OfflineEncoder, "_learned", numbers)
    encoder = OfflineEncoder(tmp_path / "out" / "graph")
    encoder.canary()
    assert encoder.images(images[:2]).image.shape == (2, looks.DIMS)


def test_whitening_quietens_what_differs_within_a_product():
    """Two directions carry the same spread; in one of them only photos of the same product differ."""
    random = np.random.default_rng(0)
    products_, noise = random.normal(size=(60, 1, 1)), random.normal(size=(60, 5, 1))
    groups = np.concatenate([np.broadcast_to(products_, (60, 5, 1)), noise], axis=2)
    whiten = training.whitening(groups)
    moved = (groups - groups.mean(axis=(0, 1))) @ whiten
    between, within = moved.mean(axis=1).var(axis=0).sum(), moved.var(axis=1).mean(axis=0).sum()
    raw = groups.mean(axis=1).var(axis=0).sum() / groups.var(axis=1).mean(axis=0).sum()
    assert between / within > 1.5 * raw


@pytest.mark.parametrize("size", [(60, 40), (33, 90)])
def test_cut_outs_take_any_shape(size):
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).ellipse((10, 10, size[0] - 10, size[1] - 10), fill="green")
    assert max(cut_out(image).size) <= max(size)
