"""Copies of pictures: made once, shown by the pages, and never by an address."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from django.db import transaction
from django.urls import reverse
from PIL import Image

from catalog import renditions, tasks
from catalog.models import Product, ProductImage, State
from config import urls
from tests.catalog.conftest import picture
from tests.catalog.test_files import Disk, disk, image, product, read  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


def test_copies_are_what_their_names_say(disk: Disk) -> None:  # noqa: F811
    made = image(product(), picture("blue", (1400, 700)))
    assert renditions.make_due() == 1
    current = read(made.pk)
    assert current.renditions == {"avif": [320, 640, 1280], "webp": [320, 640, 1280]}
    for source in current.sources():
        for told in source.srcset.split(", "):
            address, width = told.split(" ")
            with Image.open(disk.public / address.removeprefix("/media/")) as copy:
                assert (f"image/{copy.format.lower()}", f"{copy.width}w", copy.height) == (
                    source.type,
                    width,
                    copy.width // 2,
                )


def test_copies_are_made_once(disk: Disk) -> None:  # noqa: F811
    made = image(product())
    assert renditions.make_due() == 1
    times = {name: (disk.public / name).stat().st_mtime_ns for name in disk()[0]}
    assert renditions.make_due() == 0
    # Another process had begun, too.
    ProductImage.objects.filter(pk=made.pk).update(renditions=None)
    assert renditions.make_due() == 1
    assert {name: (disk.public / name).stat().st_mtime_ns for name in disk()[0]} == times


def test_a_picture_that_goes_meanwhile_leaves_no_copies(disk: Disk) -> None:  # noqa: F811
    of = product()
    for leave in (lambda made: made.delete(), lambda made: of.__class__.objects.get().delete()):
        made = read(image(of).pk)
        bytes_read = made.read()
        leave(read(made.pk))
        made.read = lambda bytes_read=bytes_read: bytes_read  # It was read a moment ago.
        assert renditions.make(made)
        assert disk() == ([], [])


def test_small_and_lost_pictures_are_shown_as_they_are(disk: Disk, client, caplog) -> None:  # noqa: F811
    of = product()
    small = image(of, picture(size=(200, 150)))
    lost = image(of, position=1)
    (disk.public / lost.file.name).unlink()
    assert renditions.make_due() == 2
    assert read(small.pk).sources() == read(lost.pk).sources() == ()
    assert f"There are no copies of '{lost.file.name}'" in caplog.text
    assert renditions.make_due() == 0
    page = client.get(of.get_absolute_url()).content.decode()
    assert f'<img src="{small.url}"' in page
    assert "<source" not in page.partition('class="gallery"')[2].partition("</div>")[0]


def test_a_storage_that_is_away_is_asked_again(disk: Disk, monkeypatch, caplog) -> None:  # noqa: F811
    made = image(product())
    other = image(made.product, position=1)
    with monkeypatch.context() as broken:
        broken.setattr(renditions.files.PictureStorage, "exists", lambda self, name: 1 / 0)
        assert renditions.make_due() == 0
    assert "have to wait (ZeroDivisionError" in caplog.text
    assert renditions.make_due() == 2
    assert read(other.pk).sources()


def test_pages_name_the_copies_with_their_sizes(client) -> None:
    of = product()
    of.category = "Chairs"
    of.save()
    made = image(of, picture("blue", (1400, 700)))
    renditions.make_due()
    stem = made.url.removesuffix(".jpg")
    page = client.get(of.get_absolute_url()).content.decode()
    assert f'srcset="{stem}-1.avif 320w, {stem}-2.avif 640w, {stem}-3.avif 1280w"' in page
    assert page.index('"image/avif"') < page.index('"image/webp"') < page.index(f'src="{made.url}"')
    assert 'width="1400" height="700"' in page
    for address in (reverse("catalog:home"), reverse("catalog:category", args=["chairs"])):
        tiles = client.get(address).content.decode()
        assert f'srcset="{stem}-1.webp 320w, {stem}-2.webp 640w"' in tiles
        assert "1280w" not in tiles


def test_no_address_makes_a_copy_and_a_name_never_means_another_file(client, settings) -> None:
    # The folder that the address was made for when the process started
    settings.MEDIA_ROOT = next(one for one in urls.urlpatterns if "media" in str(one.pattern)).default_args[
        "document_root"
    ]
    made = image(product())
    for question in ("?w=640", "?width=640&format=avif"):
        answer = client.get(made.url + question)
        assert b"".join(answer.streaming_content) == made.read()
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get(made.url.replace(".jpg", "-2.avif")).status_code == 404
    assert len(list((Path(settings.MEDIA_ROOT) / made.file.name).parent.glob(f"{Path(made.file.name).stem}*"))) == 1


def until_idle(background: tasks.Background) -> None:
    end = time.monotonic() + 60
    while background.is_running():
        assert time.monotonic() < end, "It is still at work."
        time.sleep(0.02)


def test_a_process_that_serves_makes_copies_after_a_save(settings, client, monkeypatch) -> None:
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "INDEX_IN_BACKGROUND": True}
    monkeypatch.setattr(tasks, "background", tasks.Background())
    of = product()
    first = image(of)
    assert read(first.pk).renditions is None  # A command leaves them.
    tasks.look_for_leftovers()
    until_idle(tasks.background)
    assert read(first.pk).renditions == {"avif": [320, 400], "webp": [320, 400]}
    second = image(of, position=1)
    until_idle(tasks.background)
    assert read(second.pk).renditions == {"avif": [320, 400], "webp": [320, 400]}
    tasks.background.stop()
    assert not tasks.background.is_running()


def test_a_broker_that_is_down_keeps_nobody_from_saving(settings, caplog, monkeypatch) -> None:
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "IN_PROCESS": False}
    monkeypatch.setattr("visual_search.tasks._broker_rests_until", 0.0)
    monkeypatch.setattr(tasks.make_renditions, "apply_async", lambda **options: 1 / 0)
    monkeypatch.setattr("visual_search.tasks.index_pending.apply_async", lambda **options: None)
    made = image(product())
    assert read(made.pk).read()
    assert "copies of pictures wait for the next run" in caplog.text


def test_the_task_makes_them() -> None:
    made = image(product())
    tasks.make_renditions()
    assert read(made.pk).renditions
    Product.objects.filter(pk=made.product_id).update(state=State.DRAFT)
    tasks.tidy_pictures()
    assert read(made.pk).file.name.startswith("private/")


def test_one_transaction_asks_the_workers_once(settings, monkeypatch) -> None:
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "IN_PROCESS": False}
    asked: list[str] = []
    monkeypatch.setattr("visual_search.tasks._broker_rests_until", 0.0)
    monkeypatch.setattr("visual_search.tasks.index_pending.apply_async", lambda **options: None)
    monkeypatch.setattr(tasks.make_renditions, "apply_async", lambda **options: asked.append("copies"))
    with transaction.atomic():
        for number in range(3):
            image(product(f"A-{number}"))
        with transaction.atomic():
            image(product("B"))
            transaction.set_rollback(True)
        assert asked == []
    assert asked == ["copies"]
    with transaction.atomic():
        with transaction.atomic():
            image(product("B"))
            transaction.set_rollback(True)
        image(product("C"))
    assert asked == ["copies", "copies"]
