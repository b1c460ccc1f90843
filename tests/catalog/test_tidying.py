"""`manage.py pictures` brings every file to where and how it should be, whatever happened before."""

from __future__ import annotations

import os
import time
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from catalog import files, tidying
from catalog.models import Product, ProductImage, State
from tests.catalog.conftest import picture
from tests.catalog.test_files import PHOTO, SECRET, Disk, disk, image, product, read  # noqa: F401
from tests.imaging.test_cleaning import exif, jpeg_with_everything
from tests.imaging.test_decode import encoded
from tests.imaging.test_decode import picture as striped
from visual_search.models import IndexEntry

pytestmark = pytest.mark.django_db(transaction=True)


def run(*more: str) -> str:
    said = StringIO()
    call_command("pictures", *more, stdout=said)
    return said.getvalue()


def as_before(of: Product, name: str, data: bytes, disk: Disk, **more: object) -> ProductImage:  # noqa: F811
    """A row as earlier versions wrote it: the file as it came, under the name that it had, in the public folder."""
    path = disk.public / "products/2026/11" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    [row] = ProductImage.objects.bulk_create(
        [ProductImage(product=of, file=f"products/2026/11/{name}", width=1, height=1, **more)]
    )
    return row


def make_old(folder: Path, name: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(path.read_bytes() if path.exists() else b"left")
    before = time.time() - tidying.LEFT_FOR.total_seconds() - 60
    os.utime(path, (before, before))


def test_files_of_earlier_versions_are_cleaned_renamed_and_moved(disk: Disk) -> None:  # noqa: F811
    shop, draft = product(), product("B", State.DRAFT)
    rows = {
        "told": as_before(shop, "ann-smith.jpg", jpeg_with_everything(), disk),
        "turned": as_before(shop, "IMG_1.JPG", encoded(striped(), "JPEG", exif=exif(6)), disk),
        "photo": as_before(shop, "photo.jpg", picture(), disk, role=PHOTO),
        "draft": as_before(draft, "secret-plan.png", encoded(striped(), "PNG"), disk),
    }
    plain = rows["draft"].read()
    IndexEntry.objects.all().delete()
    assert "4 pictures would be cleaned or moved" in run("--dry-run")
    assert len(disk()[0]) == 4
    assert "4 pictures cleaned or moved, 0 files removed, copies of 2 pictures made." in run()
    now = {name: read(row.pk) for name, row in rows.items()}
    assert [files.is_private(one.file.name) for one in now.values()] == [False, False, True, True]
    assert all(files.is_made_here(one.file.name) for one in now.values())
    assert SECRET not in now["told"].read()
    assert (now["turned"].width, now["turned"].height) == (40, 60)
    assert now["draft"].read() == plain
    assert disk.counts() == (2, 2)
    assert set(IndexEntry.objects.values_list("object_id", flat=True)) >= {str(shop.pk)}
    assert "0 pictures cleaned or moved, 0 files removed, copies of 0 pictures made." in run()


def test_what_changed_without_a_save_is_put_right(disk: Disk) -> None:  # noqa: F811
    made = image(product())
    run()
    Product.objects.update(state=State.ARCHIVED)
    assert disk.counts() == (5, 0)
    assert "1 pictures cleaned or moved" in run()
    assert disk.counts() == (0, 1)
    assert read(made.pk).read()


def test_files_that_no_row_names_go_when_they_are_old(disk: Disk) -> None:  # noqa: F811
    kept = image(product())
    hidden = image(product("B", State.DRAFT))
    run()
    for name in disk()[0]:
        make_old(disk.public, name)
    make_old(disk.private, hidden.file.name.removeprefix("private/"))
    lost = f"products/ab/{'ab' * 16}"
    for folder, name in [
        (disk.public, f"{lost}.jpg"), (disk.public, f"{lost}-1.avif"), (disk.public, "products/2025/01/chair.png"),
        (disk.private, f"{lost}.webp"), (disk.public, "brochure.pdf"),
    ]:  # fmt: skip
        make_old(folder, name)
    fresh = disk.public / f"products/cd/{'cd' * 16}.jpg"
    fresh.parent.mkdir()
    fresh.write_bytes(b"its save hasn't committed yet")
    said = run("--dry-run")
    assert said.count("No product names ") == 4
    assert f"No product names private/{lost}.webp." in said
    assert disk.counts() == (10, 2)
    assert "4 files removed" in run()
    stem = kept.file.name.removesuffix(".jpg")
    copies = [f"{stem}-{number}.{kind}" for number in (1, 2) for kind in ("avif", "webp")]
    assert disk() == (
        sorted([kept.file.name, *copies, "brochure.pdf", f"products/cd/{'cd' * 16}.jpg"]),
        [hidden.file.name.removeprefix("private/")],
    )


def test_a_file_that_cannot_be_read_is_named_and_the_others_go_on(disk: Disk) -> None:  # noqa: F811
    of = product()
    broken = as_before(of, "broken.jpg", b"not a picture", disk)
    whole = as_before(of, "whole.jpg", picture(), disk)
    with pytest.raises(CommandError, match=r"1 files can't be read or moved, the first is products/2026/11/broken.jpg"):
        run()
    assert read(broken.pk).file.name == "products/2026/11/broken.jpg"
    assert files.is_made_here(read(whole.pk).file.name)


def test_it_stops_where_it_is_told_to_and_goes_on(disk: Disk) -> None:  # noqa: F811
    of = product()
    rows = [as_before(of, f"{number}.jpg", picture(), disk) for number in range(3)]
    seen: list[int] = []
    done = tidying.tidy(should_stop=lambda: len(seen) == 2, advanced=lambda: seen.append(1))
    assert (done.moved, [files.is_made_here(read(row.pk).file.name) for row in rows]) == (2, [True, True, False])
    assert tidying.tidy().moved == 1
