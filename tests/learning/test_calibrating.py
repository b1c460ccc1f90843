"""The shop's own pictures teach what cosines are worth, and search and admin use it."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.urls import reverse
from PIL import Image, ImageDraw

from tests.core.conftest import GADGETS
from tests.search.shop import to_bytes
from tests.shop.search import Gadgets
from visual_search import search, tasks
from visual_search.errors import BadInput
from visual_search.imaging.decode import decode
from visual_search.learning import calibrating, probes
from visual_search.models import StoredCalibration
from visual_search.querying import kinds, scales
from visual_search.ranking.calibration import PHOTO, STUDIO, UNCALIBRATED
from visual_search.types import Grade, LegKind, Query, QueryPicture


@pytest.fixture(autouse=True)
def _forgotten():
    calibrating.forget()
    yield
    calibrating.forget()


def drawing(seed: int) -> Image.Image:
    """Coloured blocks on white, another for each seed."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", (160, 160), "white")
    pen = ImageDraw.Draw(image)
    for _ in range(5):
        left, top = (int(value) for value in random.integers(20, 90, 2))
        pen.rectangle((left, top, left + 45, top + 45), fill=tuple(int(value) for value in random.integers(0, 255, 3)))
    return image


@pytest.fixture
def filled(shop):
    for n in range(36):
        shop.add(f"thing {n}", to_bytes(drawing(n)), category=("Blocks", "Bricks")[n % 2])
    shop.index()
    return shop


def limits_of_pictures() -> dict:
    stored = StoredCalibration.objects.get().limits
    return {kind: stored[kind] for kind in (PHOTO, STUDIO) if kind in stored}


def asked(image: Image.Image):
    photo = decode(to_bytes(image), max_bytes=10**6, max_pixels=10**6)
    return search.search(Query(collection=GADGETS, pictures=(QueryPicture(photo),)))


def test_nothing_is_learned_of_a_shop_with_few_pictures(shop) -> None:
    shop.add("alone", to_bytes(drawing(1)))
    shop.index()
    with pytest.raises(CommandError, match="has fewer than 30 objects with pictures"):
        call_command("visual_search", "calibrate", collection=GADGETS)
    assert calibrating.current(GADGETS) == UNCALIBRATED


def test_a_small_collection_holds_up_no_other(filled, monkeypatch) -> None:
    learn = calibrating.learn

    def learned(name, **more):
        if name != GADGETS:
            raise BadInput(f"'{name}' has fewer than 30 objects.")
        return learn(name, **more)

    monkeypatch.setattr(calibrating, "learn", learned)
    out, err = StringIO(), StringIO()
    call_command("visual_search", "calibrate", stdout=out, stderr=err)
    assert "'products' has fewer" in err.getvalue()
    assert "studio pictures: same item" in out.getvalue()
    with pytest.raises(CommandError, match="fewer than 30"):
        call_command("visual_search", "calibrate", collection="products")


def test_what_is_learned_grades_the_hits(filled) -> None:
    assert calibrating.current(GADGETS) == UNCALIBRATED
    out = StringIO()
    call_command("visual_search", "calibrate", collection=GADGETS, stdout=out)
    limits = calibrating.current(GADGETS).of(STUDIO)
    assert limits.rates.probes == 36
    assert set(limits.categories) == {"Blocks", "Bricks"}
    assert "studio pictures: same item" in out.getvalue()
    assert asked(drawing(3)).hits[0].grade in {Grade.SAME, Grade.VERY_SIMILAR}
    # The grades are those of the limits, hit by hit.
    StoredCalibration.objects.update(limits={kind: {**found, "same": 1.01, "very_similar": 1.01, "similar": -1.0}
                                             for kind, found in limits_of_pictures().items()})  # fmt: skip
    calibrating.forget()
    assert {hit.grade for hit in asked(drawing(3)).hits[1:]} == {Grade.SIMILAR}


def test_a_photo_of_nothing_here_says_so(filled) -> None:
    calibrating.learn(GADGETS)
    stored = StoredCalibration.objects.get()
    stored.limits = {kind: {**found, "least_density": 2.0} for kind, found in limits_of_pictures().items()}
    stored.save()
    calibrating.forget()
    page = asked(drawing(3).rotate(90))
    assert "nothing_close" in page.warnings
    assert page.distant == page.total > 0


def test_it_is_learned_once_a_space_and_read_once_a_minute(filled, django_assert_num_queries) -> None:
    calibrating.learn(GADGETS)
    calibrating.learn(GADGETS)
    assert StoredCalibration.objects.count() == 1
    calibrating.current(GADGETS)
    with django_assert_num_queries(0):
        assert calibrating.current(GADGETS).limits
    filled.use(options={"flavour": "b"})
    assert calibrating.current(GADGETS) == UNCALIBRATED


def test_what_another_version_stored_is_passed_over(filled, caplog) -> None:
    calibrating.learn(GADGETS)
    StoredCalibration.objects.update(limits={"photo": {"of": "tomorrow"}})
    calibrating.forget()
    assert calibrating.current(GADGETS) == UNCALIBRATED
    assert "run manage.py visual_search calibrate" in caplog.text


def test_the_same_shop_learns_the_same(filled) -> None:
    first = calibrating.learn(GADGETS)
    assert calibrating.learn(GADGETS) == first
    assert first.of(PHOTO).rates is not None


def test_the_category_of_a_hit_decides_with_its_cosine(filled, django_assert_num_queries) -> None:
    calibrating.learn(GADGETS)
    stored = StoredCalibration.objects.get()
    never = {
        "same": 1.01,
        "very_similar": 1.01,
        "similar": -1.0,
        "own": [[-1.0, 0.5], [1.0, 0.5]],
        "hangs_on_kind": -1.0,
    }
    bricks = {**never, "offsets": {"Blocks": -3.0, "Bricks": 3.0}}
    stored.limits = {kind: {**found, **bricks} for kind, found in limits_of_pictures().items()}
    stored.save()
    calibrating.forget()
    hits = asked(drawing(3)).hits
    kinds = calibrating.kinds(GADGETS)([hit.id for hit in hits])
    assert {(kinds[hit.id], hit.grade) for hit in hits if hit.reason != "same picture"} == {
        ("Bricks", Grade.SAME), ("Blocks", Grade.SIMILAR),
    }  # fmt: skip
    with django_assert_num_queries(0):
        assert calibrating.kinds(GADGETS)([hit.id for hit in hits]) == kinds, "read once"


def test_an_object_that_cannot_be_described_is_graded_without_a_category(filled, monkeypatch, caplog) -> None:
    """Its source is the shop's code, and it is asked while a shopper waits."""
    calibrating.learn(GADGETS)
    stored = StoredCalibration.objects.get()
    stored.limits = {kind: {**found, "hangs_on_kind": -1.0} for kind, found in limits_of_pictures().items()}
    stored.save()
    calibrating.forget()
    broken, whole = (hit.id for hit in asked(drawing(3)).hits[:2])
    calibrating.forget()
    plain = Gadgets.facets

    def facets(self, gadget):
        if str(gadget.pk) == broken:
            raise RuntimeError("no facets today")
        return plain(self, gadget)

    monkeypatch.setattr(Gadgets, "facets", facets)
    assert {broken, whole} <= {hit.id for hit in asked(drawing(3)).hits}
    kinds = calibrating.kinds(GADGETS)([broken, whole, "999999", "of another kind of key"])
    assert kinds[whole] in {"Blocks", "Bricks"}
    assert {kinds[id] for id in kinds if id != whole} == {""}
    assert f"Gadgets.facets() failed for {broken}" in caplog.text


@pytest.mark.parametrize(
    ("value", "path"),
    [(None, ""), ("", ""), ([], ""), ("A > B", "A > B"), (["B", "A"], "B"), ({"B", "A"}, "A"), (frozenset("cab"), "a")],
)
def test_of_several_categories_one_counts(value, path) -> None:
    assert calibrating.first_path(value) == path


def test_words_of_titles_teach_what_words_are_worth(filled, monkeypatch) -> None:
    out = StringIO()
    call_command("visual_search", "calibrate", collection=GADGETS, stdout=out)
    learned = calibrating.current(GADGETS).texts
    assert learned["like_text"].probes == 36
    assert "words beside titles: " in out.getvalue()
    assert "depicted" not in learned, "this encoder has no vectors of words beside pictures"

    def found(admits: float) -> int:
        stored = StoredCalibration.objects.get()
        stored.limits["texts"]["meaning"] |= {"admits": admits}
        stored.save()
        calibrating.forget()
        page = search.search(Query(collection=GADGETS, words="thing"))
        return page.total - page.distant

    # Every title says "thing", so the full text finds them all; asked by meaning alone, the limit decides.
    assert found(-1.0) == 36
    assert found(1.01) == 36
    words = kinds.RULES[LegKind.WORDS]
    quiet = {**kinds.RULES, LegKind.WORDS: replace(words, scale=replace(words.scale, admits=None))}
    monkeypatch.setattr(scales, "RULES", quiet)
    assert found(-1.0) == 36
    assert found(1.01) == 0


def test_words_are_learned_anew_for_another_encoder_of_texts(filled) -> None:
    calibrating.learn(GADGETS)
    stored = StoredCalibration.objects.get()
    stored.limits["texts"]["meaning"]["space"] = "of another model"
    stored.save()
    calibrating.forget()
    assert set(calibrating.current(GADGETS).texts) == {"like_text"}


@pytest.mark.parametrize(
    ("title", "can_be"),
    [
        ("Oak table 120x60", {"Oak", "table", "Oak table"}),
        ("A4 80 g", {""}),
        ("椅子です", {"椅子です"}),
        ("木椅 L", {"木椅"}),
        ("의자 2", {"의자"}),
    ],
)
def test_what_is_typed_are_words_of_the_title(title, can_be) -> None:
    found = {probes.typed(title, np.random.default_rng(seed)) for seed in range(30)}
    assert found == can_be


def test_the_schedule_learns_all_collections_and_survives_small_ones(filled, caplog) -> None:
    tasks.calibrate()
    assert StoredCalibration.objects.filter(collection=GADGETS).exists()
    assert "The grades of 'products' stay as they are" in caplog.text


def test_the_owner_sees_the_error_rates(filled, client) -> None:
    calibrating.learn(GADGETS)
    client.force_login(User.objects.create_superuser("owner"))
    stored = StoredCalibration.objects.get()
    overview = client.get(reverse("admin:visual_search_storedcalibration_changelist")).content.decode()
    assert "nothing close wrong / right" in overview
    assert "%" in overview
    page = client.get(reverse("admin:visual_search_storedcalibration_change", args=[stored.pk])).content.decode()
    assert page.count("<td>studio</td>") == 3  # all categories, Blocks, Bricks
    assert "titles beside titles: " in page


@pytest.mark.django_db
@pytest.mark.parametrize("objects", ["0", "-3"])
def test_a_wrong_number_is_named(objects) -> None:
    with pytest.raises(CommandError, match=f"--objects is {objects}; it must be 1 or more"):
        call_command("visual_search", "calibrate", "--objects", objects)
