"""The tiny shop with the real embedded engine in a folder of its own and an encoder that costs nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from django.core.files.base import ContentFile
from PIL import Image

from tests.shop import doubles
from tests.shop.models import Gadget, GadgetImage
from visual_search import indexing, wiring
from visual_search.models import IndexEntry
from visual_search.types import BrowseLeg, EngineQuery, VectorLeg, WordsLeg

GADGETS = "gadgets"


class Shop:
    """What the tests do with the shop and its index."""

    def __init__(self, settings, folder) -> None:
        self.settings = settings
        self.folder = folder

    def use(self, *, encoder="ThumbnailEncoder", engine="BreakableEngine", options=None, **more) -> None:
        self.settings.VISUAL_SEARCH = {
            **self.settings.VISUAL_SEARCH,
            "ENGINE": {"BACKEND": f"tests.shop.doubles.{engine}", "OPTIONS": {"folder": self.folder}},
            "ENCODER": {"BACKEND": f"tests.shop.doubles.{encoder}", "OPTIONS": options or {}},
            **more,
        }

    def add(self, name="lamp", *pictures: bytes, **fields) -> Gadget:
        gadget = Gadget.objects.create(name=name, **fields)
        for position, data in enumerate(pictures):
            self.add_picture(gadget, data, position=position)
        return gadget

    def add_picture(self, gadget, data: bytes, **fields) -> GadgetImage:
        return GadgetImage.objects.create(gadget=gadget, file=ContentFile(data, name="picture.png"), **fields)

    def entry(self, gadget) -> IndexEntry:
        return IndexEntry.objects.get(collection=GADGETS, object_id=str(getattr(gadget, "pk", gadget)))

    def state(self, gadget) -> str:
        return self.entry(gadget).state

    def index(self) -> indexing.Outcome:
        return indexing.index_pending()

    def held(self) -> dict[str, int]:
        """Ids and versions in the index."""
        return {item.id: item.version for item in wiring.engine().versions(GADGETS)}

    def expected(self) -> dict[str, int]:
        """Ids and versions that the database says should be there."""
        ids = {str(pk) for pk in Gadget.objects.filter(published=True).values_list("pk", flat=True)}
        entries = IndexEntry.objects.filter(collection=GADGETS, object_id__in=ids)
        versions = dict(entries.values_list("object_id", "version"))
        assert set(versions) == ids
        return versions

    def search(self, leg) -> list[str]:
        return [hit.id for hit in wiring.engine().search(GADGETS, EngineQuery((leg,))).legs[0].hits]

    def by_words(self, text: str, language: str = "en") -> list[str]:
        return self.search(WordsLeg("words", text, (language,), 10))

    def by_picture(self, data: bytes) -> list[str]:
        encoder = wiring.encoder()
        vector = encoder.images([Image.open(io.BytesIO(data)).convert("RGB")]).image[0]
        return self.search(VectorLeg("picture", encoder.card.image.name, vector, 10))

    def all_ids(self) -> list[str]:
        return self.search(BrowseLeg("all", 1000))


def picture(seed: int = 0, *, colour: tuple[int, int, int] | None = None) -> bytes:
    """A PNG of 6 x 6 coloured squares, or of one colour."""
    if colour is not None:
        image = Image.new("RGB", (60, 60), colour)
    else:
        squares = np.random.default_rng(seed).integers(0, 255, (6, 6, 3), np.uint8)
        image = Image.fromarray(squares).resize((60, 60), Image.Resampling.NEAREST)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def unsaved_shop(settings, tmp_path) -> Iterator[Shop]:
    """Without a database: the test's own mark decides between rolled-back and real transactions."""
    settings.MEDIA_ROOT = tmp_path / "media"
    shop = Shop(settings, tmp_path / "search")
    shop.use()
    yield shop
    wiring.reset()


@pytest.fixture
def shop(unsaved_shop, db) -> Shop:
    return unsaved_shop


@pytest.fixture
def live_shop(unsaved_shop, transactional_db) -> Shop:
    """Saves really commit, so indexing runs by itself, in the saving thread."""
    return unsaved_shop


@pytest.fixture(autouse=True)
def _intact(monkeypatch) -> None:
    """Each test begins with nothing broken and counters at zero."""
    for cls, values in {
        doubles.ThumbnailEncoder: {
            "down": False, "wrong_weights": False, "pictures": 0, "texts_encoded": [], "on_images": None,
        },
        doubles.LearningEncoder: {"lesson": None},
        doubles.BreakableEngine: {"down": False, "poison": "", "upserts": 0},
    }.items():  # fmt: skip
        for name, value in values.items():
            monkeypatch.setattr(cls, name, value)
