"""What a photo says beside its vectors: labels, codes, the very same picture, keypoints."""

from __future__ import annotations

import base64
import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import pytest
from PIL import Image

from tests.imaging.labels import barcode, on_a_shelf, package, printed
from tests.search.shop import draw, to_bytes
from visual_search import indexing, search, wiring
from visual_search.content import readings
from visual_search.errors import BadInput
from visual_search.imaging import copies
from visual_search.imaging.decode import content_hash
from visual_search.imaging.reading import LabelReader, Reading
from visual_search.querying import photos, tokens
from visual_search.querying.scales import scales_of
from visual_search.ranking.calibration import PHOTO, UNCALIBRATED
from visual_search.types import (
    AnyOf,
    EngineQuery,
    GramsLeg,
    KeptPicture,
    LegHit,
    LegId,
    LegKind,
    Query,
    QueryPicture,
    Witness,
)

REAL_READER = {"BACKEND": "tests.querying.test_photos.KnowingReader"}
TEXT = "OATLY OAT DRINK"


class KnowingReader(LabelReader):
    """The real one, which reads each picture once for all tests: a look takes a second, and each test makes a shop anew."""

    known: ClassVar[dict[str, Reading]] = {}

    def read(self, image: Image.Image) -> Reading:
        key = f"{image.mode} {image.size} {content_hash(image.tobytes())}"
        if key not in self.known:
            self.known[key] = super().read(image)
        return self.known[key]


class BrokenReader:
    """Fails as native code does: with words of its own about what it saw."""

    fingerprint = "broken"
    read_by: ClassVar[list[str]] = []

    def read(self, image: Image.Image):
        raise RuntimeError("cannot decode 'Dear Ms Smith'")


@pytest.fixture
def packages(shop):
    """Three packages whose looks the encoder of the tests can hardly tell apart."""
    shop.use(READER=REAL_READER)
    for number, words in enumerate((TEXT, "VALIO MAITO", "GREEN TEA")):
        shop.add(f"PKG-{number}", f"Carton {words.title()}", package(words, seed=number), category="Food", price=2)
    shop.index()
    readings.see_pending()
    indexing.index_pending()
    return shop


def ask(image: Image.Image, **more) -> search.Page:
    return search.search(Query(pictures=(QueryPicture(image),), **more))


def skus(page) -> list[str]:
    return [hit.card.sku for hit in page.hits]


def test_a_label_decides_and_is_named(packages):
    page = ask(on_a_shelf(package("VALIO MAITO", colour="darkgreen", seed=7)))

    assert skus(page)[0] == "PKG-1"
    assert page.hits[0].reason == "label"
    assert page.hits[0].label == "VALIO MAITO"
    assert "VALIO" in page.photo.witness.text


def test_a_scrap_of_a_label_counts_by_its_share_of_a_whole_one(shop):
    """Ten different pieces of letters say all; a single one stands in many titles, and agrees with all of them."""
    engine, encoder = wiring.engine(), wiring.encoder()
    black_mug = encoder.images([draw("mug", "black")]).image[0]

    def counts(label: str, sku: str) -> float:
        """How the label counts beside the photo, where they agree equally well."""
        photo = QueryPicture(vectors={"image": black_mug}, witness=Witness(label))
        found = search.rank(
            Query(pictures=(photo,), explain=True), engine=engine, encoder=encoder, schema=wiring.schema("products"),
            reader=LabelReader(),
        )  # fmt: skip
        parts = {hit.id: hit.legs for hit in found.hits}
        [agreeing] = engine.search("products", EngineQuery((GramsLeg("label", label, 9),))).legs
        agrees = next(hit.score for hit in agreeing.hits if hit.id == shop.id(sku))
        return parts[shop.id(sku)]["label"] / agrees / parts[shop.id("MUG-BLK-05")]["photo"]

    whole = counts("wooden table", "TAB-BRN-06")  # twelve pieces
    shares = [
        counts(label, sku) / whole
        for label, sku in (("red", "CHR-RED-01"), ("chair", "CHR-RED-01"), ("brass lamp", "LMP-BRS-04"))
    ]
    assert shares == pytest.approx([0.1, 0.5, 0.8], rel=1e-3)


def test_reading_can_be_switched_off_by_the_caller(packages):
    page = ask(on_a_shelf(package("VALIO MAITO", seed=7)), read=False, explain=True)
    assert page.photo.witness.text == ""
    assert all("label" not in hit.legs for hit in page.hits)


def test_the_very_same_picture_comes_first_and_says_so(packages):
    file = io.BytesIO()
    package("GREEN TEA", seed=2).resize((250, 250)).save(file, "JPEG", quality=60)
    page = ask(Image.open(file).convert("RGB"))

    assert skus(page)[0] == "PKG-2"
    assert (page.hits[0].reason, page.hits[0].grade.value) == ("same picture", "same item")


def test_the_very_same_picture_is_found_however_far_its_vector_is():
    """A preview of 100 px: of one door in 124 the vector was the sixtieth."""
    asked = package("GREEN TEA", seed=2).resize((100, 100))
    hits = [LegHit(f"{number}", 1 - number / 300, f"{number}.jpg") for number in range(200)]
    pictures = {(hit.id, hit.key): KeptPicture(copies.thumbnail(package("TEA")), b"") for hit in hits}
    pictures["150", "150.jpg"] = KeptPicture(copies.thumbnail(package("GREEN TEA", seed=2)), b"")
    looked = photos.Looked({}, thumbnail=copies.thumbnail(asked))
    assert photos.confirm(looked, hits, lambda wanted, keypoints: pictures) == ({}, ("150",))


def test_keypoints_confirm_the_thing_that_was_photographed(packages):
    page = ask(on_a_shelf(package("GREEN TEA", seed=2)), read=False, explain=True)

    assert skus(page)[0] == "PKG-2"
    assert page.hits[0].legs["confirmed"] > 0
    assert page.photo.witness.confirmed[page.hits[0].id] > 0.5


def test_a_barcode_in_the_photo_finds_its_product(packages):
    product = packages.add("4006381333931", "Text marker", package("X", seed=9))
    packages.index()
    page = ask(barcode("4006381333931"))
    assert (page.hits[0].id, page.hits[0].reason) == (str(product.pk), "exact code")
    assert page.photo.witness.codes[0] == "4006381333931"
    assert ask(barcode("4006381333931"), read=False).hits[0].reason != "exact code"


def test_the_token_answers_as_the_photo_did(packages):
    photo = on_a_shelf(package(TEXT, colour="darkgreen", seed=0))
    first = ask(photo)
    again = search.search(Query(pictures=(tokens.photo_from_token(tokens.photo_token(first.photo)),)))
    assert skus(again) == skus(first)
    assert [hit.reason for hit in again.hits] == [hit.reason for hit in first.hits]
    assert again.photo.witness == first.photo.witness


def test_filters_hold_for_what_a_photo_says_too(packages):
    product = packages.add("4006381333931", "Text marker", package("GREEN TEA", seed=2), category="Office")
    packages.index()
    page = ask(package("GREEN TEA", seed=2), filters=(AnyOf("category", ("Food",)),))
    assert str(product.pk) not in {hit.id for hit in page.hits}
    assert "PKG-2" in skus(page)


def test_a_reader_that_fails_costs_nothing_but_the_label(packages, caplog):
    packages.use(READER={"BACKEND": "tests.querying.test_photos.BrokenReader"})
    page = ask(on_a_shelf(package("GREEN TEA", seed=2)))
    assert page.degraded == ("reader",)
    assert page.hits
    # What stands in a stranger's photo is nobody's business.
    assert "Smith" not in caplog.text
    assert "RuntimeError" in caplog.text


def test_a_page_of_print_is_read_in_part_and_the_answer_says_so(packages):
    page = ask(printed(14, 40))
    assert page.degraded == ("reader",)
    assert "VALIO" in page.photo.witness.text


def test_a_token_of_an_older_version_is_read_without_what_it_lacks(packages, monkeypatch):
    page = ask(package("GREEN TEA", seed=2))
    monkeypatch.setattr(tokens, "asdict", lambda witness: {"text": 1})
    token = tokens.photo_token(page.photo)
    assert tokens.photo_from_token(token).witness.codes == ()
    with pytest.raises(BadInput):
        tokens.photo_from_token(token[:-4] + "AAAA")


def test_the_api_names_what_it_read(packages, client):
    file = io.BytesIO()
    on_a_shelf(package("VALIO MAITO", seed=7)).save(file, "PNG")
    for read, seen in (("true", True), ("false", False)):
        file.seek(0)
        file.name = "photo.png"
        body = client.post("/api/v1/search", {"image": file, "read": read}).json()
        assert ("VALIO" in body["seen"]["text"]) is seen
        assert (body["hits"][0]["label_words"] == "VALIO MAITO") is seen


def test_the_page_names_what_it_read(packages, client):
    file = io.BytesIO()
    on_a_shelf(package("VALIO MAITO", seed=7)).save(file, "PNG")
    file.seek(0)
    file.name = "photo.png"
    page = client.post("/search/", {"image": file}).content.decode()
    assert "VALIO MAITO</q>" in page
    assert "The label says" in page


def test_one_reader_serves_several_threads():
    """All four come before its models are loaded, and each gets the answer to its own picture."""
    reader, gate = LabelReader(), threading.Barrier(4)
    pictures = [package(words) for words in ("GREEN TEA", "VALIO MAITO")] * 2

    def read(image: Image.Image) -> Reading:
        gate.wait()
        return reader.read(image)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(read, pictures))
    assert [" ".join(line.text for line in reading.lines) for reading in found[:2]] == ["GREEN TEA", "VALIO MAITO"]
    assert found[2:] == found[:2]


def test_what_looks_foreign_must_say_clearly_what_it_is():
    legs = [LegId(kind) for kind in (LegKind.PHOTO, LegKind.LABEL, LegKind.CONFIRMED)]
    known, foreign = (
        scales_of(legs, weights={}, limits={legs[0]: limits}, said={}, calibration=UNCALIBRATED)
        for limits in (UNCALIBRATED.of(PHOTO), None)
    )
    assert [known[leg].admits for leg in legs] == [0.28, 0.3, 0.5]
    assert [foreign[leg].admits for leg in legs] == [None, 0.6, 0.7]


def test_tokens_of_several_photos_answer_as_the_photos_did(packages, client):
    """Each photo keeps what was seen in it: its vectors, its words and codes, its kind of picture, and who shows the same."""
    photos = [on_a_shelf(package("VALIO MAITO", seed=7)), package("GREEN TEA", seed=2)]
    first = search.search(Query(pictures=tuple(map(QueryPicture, photos)), explain=True))
    kept = [tokens.photo_from_token(tokens.photo_token(picture)) for picture in first.pictures]
    again = search.search(Query(pictures=tuple(kept), explain=True))

    for before, after in zip(first.pictures, again.pictures, strict=True):
        assert after.witness == before.witness
        assert after.vectors.keys() == before.vectors.keys()
        assert after.vectors["image"] == pytest.approx(before.vectors["image"], abs=2e-3)
    assert [picture.witness.studio for picture in first.pictures] == [False, True]
    assert "VALIO" in first.pictures[0].witness.text
    assert "TEA" in first.pictures[1].witness.text
    assert first.pictures[1].witness.copies == (packages.id("PKG-2"),), "the second photo is compared, too"
    assert skus(again) == skus(first)
    assert [hit.reason for hit in again.hits] == [hit.reason for hit in first.hits]
    assert {"label", "label1"} <= set(again.hits[1].legs)


def test_programs_get_what_was_seen_in_each_photo(packages, client):
    def ask(pictures):
        return client.post("/api/v1/search", json.dumps({"pictures": pictures}), "application/json").json()

    sent = [on_a_shelf(package("VALIO MAITO", seed=7)), package("GREEN TEA", seed=2)]
    first = ask([{"image": base64.b64encode(to_bytes(photo)).decode()} for photo in sent])
    again = ask([{"photo_token": picture["photo_token"]} for picture in first["pictures"]])
    for body in (first, again):
        assert "VALIO" in body["pictures"][0]["seen"]["text"]
        assert "TEA" in body["pictures"][1]["seen"]["text"]
        assert body["seen"] == body["pictures"][0]["seen"]
        assert body["photo_token"]
    assert [hit["sku"] for hit in again["hits"]] == [hit["sku"] for hit in first["hits"]]
