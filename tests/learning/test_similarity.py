"""The similarity is learned from the shop's pictures, and the index follows it."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.core.conftest import GADGETS, picture
from tests.shop.doubles import ThumbnailEncoder
from tests.shop.models import Gadget
from visual_search import rebuilding, tasks, wiring
from visual_search.encoders.whitened import WhitenedEncoder
from visual_search.errors import EngineUnavailable


@pytest.fixture
def whitened(shop, settings, tmp_path):
    """A shop whose index is of cosine, and whose setting asks for another similarity from now on."""
    for n in range(8):
        shop.add(f"thing {n}", picture(n))
    shop.index()
    settings.VISUAL_SEARCH = {
        **settings.VISUAL_SEARCH,
        "ENCODER": {
            "BACKEND": "visual_search.encoders.whitened.WhitenedEncoder",
            "OPTIONS": {
                "encoder": {"BACKEND": "tests.shop.doubles.ThumbnailEncoder"},
                "folder": tmp_path / "encoders",
                "shrinkage": 0.5,
            },
        },
    }
    return shop


def run(**options: object) -> str:
    out = StringIO()
    call_command("visual_search", "fit_similarity", collection=GADGETS, stdout=out, **options)
    return out.getvalue()


def found(shop, n: int) -> str:
    return Gadget.objects.get(pk=shop.by_picture(picture(n))[0]).name


def test_the_first_metric_fills_the_index_and_pictures_are_found_by_it(whitened) -> None:
    said = run()
    assert wiring.encoder().card.image.fingerprint != "thumbnail-a"
    assert "Learned from 8 pictures; the first one." in said
    assert "8 documents" in said
    encoder = wiring.encoder()
    assert isinstance(encoder, WhitenedEncoder)
    assert encoder.path.is_file()
    for n in (0, 3, 7):
        assert found(whitened, n) == f"thing {n}"
    assert whitened.held() == whitened.expected()


def test_what_hardly_moved_is_left_alone_unless_asked(whitened) -> None:
    run()
    before = wiring.encoder().path.stat().st_mtime_ns
    assert "left as it is" in run()
    assert wiring.encoder().path.stat().st_mtime_ns == before
    assert "Rebuilt" in run(always=True)


def test_a_rebuild_that_fails_leaves_metric_and_index(whitened, monkeypatch) -> None:
    run()
    before, card = wiring.encoder().path.read_bytes(), wiring.encoder().card

    def fails(collection: str) -> None:
        raise EngineUnavailable("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(rebuilding, "rebuild", fails)
        with pytest.raises(CommandError, match="stays as it was: The disk is full"):
            run(always=True)
    assert wiring.encoder().path.read_bytes() == before
    assert wiring.encoder().card == card
    assert found(whitened, 3) == "thing 3"


def test_the_schedule_refits_where_there_is_something_to_refit(whitened, settings) -> None:
    tasks.refit_similarity(GADGETS)
    assert wiring.encoder().path.is_file()
    settings.VISUAL_SEARCH = {
        **settings.VISUAL_SEARCH,
        "ENCODER": {"BACKEND": "tests.shop.doubles.ThumbnailEncoder"},
    }
    encoded = ThumbnailEncoder.pictures
    tasks.refit_similarity(GADGETS)
    assert ThumbnailEncoder.pictures == encoded
    with pytest.raises(CommandError, match="ThumbnailEncoder, which learns no similarity"):
        run()
    with pytest.raises(CommandError, match="--most is 1"):
        run(most=1)
