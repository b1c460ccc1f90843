"""The second look: each picture once, whatever crashes, and what it finds reaches the index."""

from __future__ import annotations

import io
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from PIL import Image

from tests.imaging.labels import package
from tests.shop.doubles import BreakableEngine
from visual_search import rebuilding, wiring
from visual_search.content import readings
from visual_search.imaging import keypoint_matching
from visual_search.models import PictureSight, ShownPicture, Turn
from visual_search.types import GramsLeg

REAL_READER = {"BACKEND": "visual_search.imaging.reading.LabelReader"}


def png(image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def reading_shop(shop):
    shop.use(READER=REAL_READER)
    return shop


def by_label(shop, text: str) -> list[str]:
    return shop.search(GramsLeg("label", text, 10))


def test_label_text_is_found_after_the_second_look(reading_shop):
    milk = reading_shop.add("carton", png(package("VALIO MAITO")))
    tea = reading_shop.add("box", png(package("GREEN TEA", seed=1)))
    reading_shop.index()
    assert by_label(reading_shop, "valio maito") == []
    assert readings.waiting() == 2

    assert readings.see_pending() == 2
    reading_shop.index()

    assert by_label(reading_shop, "VALI0 MAITO") == [str(milk.pk)]  # a zero for the letter, as readers do
    assert by_label(reading_shop, "green tea") == [str(tea.pk)]
    assert reading_shop.held() == reading_shop.expected()
    assert readings.waiting() == 0
    assert readings.see_pending() == 0


def test_equal_content_is_looked_at_once_and_found_for_all(reading_shop):
    data = png(package("VALIO MAITO"))
    ids = {str(reading_shop.add(name, data).pk) for name in ("one", "two")}
    reading_shop.index()

    assert readings.see_pending() == 1
    reading_shop.index()

    assert set(by_label(reading_shop, "valio maito")) == ids


def test_a_changed_picture_is_looked_at_again_and_its_old_text_is_gone(reading_shop):
    gadget = reading_shop.add("carton", png(package("VALIO MAITO")))
    reading_shop.index()
    readings.see_pending()
    reading_shop.index()

    gadget.images.all().delete()
    reading_shop.add_picture(gadget, png(package("GREEN TEA", seed=1)))
    reading_shop.index()
    assert by_label(reading_shop, "valio maito") == []
    readings.see_pending()
    reading_shop.index()

    assert by_label(reading_shop, "green tea") == [str(gadget.pk)]
    assert ShownPicture.objects.count() == 1


def test_a_stop_loses_nothing(reading_shop):
    for seed in range(3):
        reading_shop.add(f"box {seed}", png(package("TEA", seed=seed)))
    reading_shop.index()
    answers = iter([False, True])

    # It is heeded after each picture: whoever saves meanwhile doesn't wait for the others.
    assert readings.see_pending(should_stop=lambda: next(answers)) == 1
    assert readings.see_pending() == 2


def test_one_process_looks_at_a_time(reading_shop, monkeypatch, capsys):
    for name in ("one", "two", "three"):
        reading_shop.add(name, png(package(name)))
    reading_shop.index()
    meanwhile = []

    def wait() -> None:
        meanwhile.append((readings.see_pending(), readings.others_look()))  # as another process would

    call_command("visual_search", "read_pictures", "--dry-run")
    assert readings.see_pending(wait=wait, should_stop=lambda: len(meanwhile) > 2) == 2
    assert meanwhile == [(0, True)] * 3
    assert not readings.others_look()
    # A process that was killed keeps its turn for a while, and the command says so.
    Turn.objects.all().take(readings.LOOKING, "killed", timedelta(minutes=1))
    call_command("visual_search", "read_pictures", stderr=(said := StringIO()))
    assert "1 pictures wait: another process reads them now." in said.getvalue()
    Turn.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert readings.see_pending() == 1


def test_a_picture_that_cannot_be_read_is_recorded_once(reading_shop, monkeypatch):
    reading_shop.add("box", png(package("TEA")))
    reading_shop.index()
    monkeypatch.setattr(keypoint_matching, "of_catalogue_picture", lambda image: 1 / 0)

    assert readings.see_pending() == 1
    assert "ZeroDivisionError" in PictureSight.objects.get().problem
    assert readings.see_pending() == 0


def test_a_storage_that_is_away_is_tried_again(reading_shop, settings, tmp_path):
    reading_shop.add("box", png(package("TEA")))
    reading_shop.index()
    there, settings.MEDIA_ROOT = settings.MEDIA_ROOT, tmp_path / "elsewhere"
    assert readings.see_pending() == 0
    assert readings.waiting() == 1

    settings.MEDIA_ROOT = there
    assert readings.see_pending() == 1


def test_without_a_reader_pictures_are_still_compared(shop):
    gadget = shop.add("box", png(package("TEA")))
    shop.index()
    assert readings.see_pending() == 1

    sight = PictureSight.objects.get()
    assert sight.text == ""
    hit = (str(gadget.pk), ShownPicture.objects.get().picture_id)
    hits = [hit, ("no such", "1"), (hit[0], "other")]
    kept = readings.kept("gadgets")(hits, 3)
    assert set(kept) == {hit}
    assert len(keypoint_matching.unpack(kept[hit].keypoints).places) > 20
    thumbnails_alone = readings.kept("gadgets")(hits, 0)
    assert (thumbnails_alone[hit].thumbnail, thumbnails_alone[hit].keypoints) == (kept[hit].thumbnail, b"")


def test_another_reader_looks_again(shop):
    shop.add("box", png(package("GREEN TEA")))
    shop.index()
    readings.see_pending()
    shop.use(READER=REAL_READER)
    assert readings.waiting() == 1
    assert readings.see_pending() == 1
    assert "GREEN" in PictureSight.objects.exclude(text="").get().text


def test_a_rebuild_keeps_the_text(reading_shop):
    gadget = reading_shop.add("carton", png(package("VALIO MAITO")))
    reading_shop.index()
    readings.see_pending()

    rebuilding.rebuild("gadgets")

    assert by_label(reading_shop, "valio maito") == [str(gadget.pk)]


def test_an_unchanged_object_costs_no_write(shop, django_assert_num_queries):
    shop.add("box", png(package("TEA")))
    shop.index()
    rows = dict(ShownPicture.objects.values_list("object_id", "content_hash"))
    shown = {id: {ShownPicture.objects.get().picture_id: content} for id, content in rows.items()}
    with django_assert_num_queries(1):  # the look at what is there
        ShownPicture.objects.all().record("gadgets", shown)


def test_the_command_reads_and_indexes(reading_shop):
    gadget = reading_shop.add("carton", png(package("VALIO MAITO")))
    reading_shop.index()
    said = StringIO()

    call_command("visual_search", "read_pictures", dry_run=True, stdout=said)
    call_command("visual_search", "read_pictures", stdout=said)

    assert "1 pictures wait" in said.getvalue()
    assert "1 pictures read; 1 objects" in said.getvalue()
    assert by_label(reading_shop, "valio maito") == [str(gadget.pk)]
    assert wiring.reader() is not None


def test_the_command_names_what_is_left(reading_shop, monkeypatch):
    gadget = reading_shop.add("Carton", png(package("VALIO MAITO", seed=7)))
    reading_shop.index()
    monkeypatch.setattr(BreakableEngine, "poison", str(gadget.pk))
    said, wrong = StringIO(), StringIO()
    call_command("visual_search", "read_pictures", stdout=said, stderr=wrong)
    assert "1 pictures read; 0 objects" in said.getvalue()
    assert "1 objects were left as they were in the index" in wrong.getvalue()
    assert f"{gadget.pk}: ZeroDivisionError: an engine's bug" in wrong.getvalue()
    reading_shop.add("Box", png(package("GREEN TEA", seed=2)))
    reading_shop.index()
    monkeypatch.setattr(BreakableEngine, "down", True)
    with pytest.raises(CommandError, match="Stopped early: The engine doesn't answer. The entries stay in the outbox"):
        call_command("visual_search", "read_pictures", stdout=said, stderr=wrong)


def test_colours_of_pictures_are_those_of_today(shop, monkeypatch):
    looks = readings.colours("gadgets")
    chair = shop.add("chair", png(Image.new("RGB", (60, 60), (200, 30, 30))))
    lamp = shop.add("lamp", png(Image.new("RGB", (60, 60), (30, 60, 200))))
    shop.index()
    ids = [str(chair.pk), str(lamp.pk)]
    assert looks(ids, "red") == {}, "Nobody has looked yet."
    readings.see_pending()
    assert looks(ids, "red") == {ids[0]: 1.0, ids[1]: 0.0}
    assert looks(ids, "beige") == {}, "No pixel tells."

    shop.add_picture(lamp, png(Image.new("RGB", (60, 60), (200, 30, 30))))
    shop.index()
    assert looks(ids, "red")[ids[1]] == 1.0, "The most colourful picture counts, and this content is known."
    lamp.images.all().delete()
    shop.index()
    assert looks(ids, "blue") == {ids[0]: 0.0}
    monkeypatch.setattr(readings, "MOST_SHARES", 1)
    readings._shares.clear()
    assert looks(ids, "red") == {ids[0]: 1.0}
