"""Where picture files stand, who may see them, and that they go with their rows."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.core.checks import run_checks
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections, transaction
from PIL import Image

from catalog import files, renditions
from catalog.models import Product, ProductImage, State
from tests.catalog.conftest import picture
from tests.imaging.test_cleaning import SECRET, exif, jpeg_with_everything
from tests.imaging.test_decode import encoded
from tests.imaging.test_decode import picture as striped
from visual_search.errors import PictureRefused
from visual_search.models import IndexEntry

PHOTO = ProductImage.Role.PHOTO
pytestmark = pytest.mark.django_db(transaction=True)


class Disk:
    """What lies in the two folders."""

    def __init__(self, settings) -> None:
        self.public = Path(settings.MEDIA_ROOT)
        self.private = Path(settings.STORAGES["private"]["OPTIONS"]["location"])

    def names(self, folder: Path) -> list[str]:
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())

    def __call__(self) -> tuple[list[str], list[str]]:
        return self.names(self.public), self.names(self.private)

    def counts(self) -> tuple[int, int]:
        public, private = self()
        return len(public), len(private)


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def disk(settings) -> Disk:
    return Disk(settings)


def product(sku: str = "A", state: State = State.PUBLISHED) -> Product:
    return Product.objects.create(sku=sku, state=state)


def image(of: Product, data: bytes | None = None, name: str = "x.jpg", **more: object) -> ProductImage:
    made = ProductImage(product=of, **more)
    made.file.save(name, ContentFile(data or picture(size=(400, 300))))
    return made


def read(pk: int) -> ProductImage:
    return ProductImage.objects.select_related("product").get(pk=pk)


# --- Names and bytes ----------------------------------------------------------------------------


def test_a_name_says_nothing_and_ends_in_the_true_format() -> None:
    made = image(product(), encoded(striped(), "PNG"), name="from the desk of Ann Smith.html")
    assert re.fullmatch(r"products/([0-9a-f]{2})/\1[0-9a-f]{30}\.png", made.file.name)
    assert image(made.product, encoded(striped(), "PNG"), name="same.png").file.name != made.file.name


def test_what_is_stored_is_clean_and_upright() -> None:
    made = image(product(), jpeg_with_everything())
    assert SECRET not in made.read()
    lying = image(made.product, encoded(striped(), "JPEG", exif=exif(6)), position=1)
    assert (lying.width, lying.height) == (40, 60) == (read(lying.pk).width, read(lying.pk).height)
    assert b"Exif" not in lying.read()
    again = image(made.product, encoded(striped(), "JPEG", exif=exif(6)), position=2)
    assert again.read() == lying.read()
    plain = encoded(striped(), "JPEG")
    assert image(made.product, plain, position=3).read() == plain


def test_a_file_that_is_no_picture_is_not_stored(disk) -> None:
    with pytest.raises(PictureRefused):
        image(product(), b"#!/bin/sh")
    assert disk() == ([], [])


# --- Files go with their rows -------------------------------------------------------------------


def go_by_itself(made: ProductImage) -> None:
    made.delete()


def go_with_its_product(made: ProductImage) -> None:
    made.product.delete()


def go_in_bulk(made: ProductImage) -> None:
    Product.objects.filter(pk=made.product_id).delete()


@pytest.mark.parametrize("go", [go_by_itself, go_with_its_product, go_in_bulk])
@pytest.mark.parametrize("state", [State.PUBLISHED, State.DRAFT])
def test_a_file_goes_with_its_row_and_its_copies_too(go, state, disk) -> None:
    made = image(product(state=state))
    other = image(product("B"))
    renditions.make_due()
    assert sum(disk.counts()) == (10 if state == State.PUBLISHED else 6)
    with rolled_back():
        go(read(made.pk))
    assert sum(disk.counts()) == (10 if state == State.PUBLISHED else 6)
    with transaction.atomic():
        go(read(made.pk))
        assert sum(disk.counts()) == (10 if state == State.PUBLISHED else 6)
    stem = other.file.name.removesuffix(".jpg")
    kept = [other.file.name, *(f"{stem}-{number}.{kind}" for number in (1, 2) for kind in ("avif", "webp"))]
    assert disk() == (sorted(kept), [])


def test_a_file_that_another_row_names_stays(disk) -> None:
    made = image(product())
    copy = read(made.pk)
    copy.pk, copy._state.adding = None, True
    copy.save()
    assert copy.file.name == made.file.name
    made.delete()
    assert read(copy.pk).read()
    read(copy.pk).delete()
    assert disk() == ([], [])


def test_a_replaced_file_goes_after_the_commit(disk) -> None:
    made = image(product())
    renditions.make_due()
    former = made.file.name
    for fields in (None, ["file"]):
        made = read(made.pk)
        made.file = ContentFile(picture("blue", (500, 200)), "y.jpg")
        with rolled_back():
            made.save(update_fields=fields)
        assert read(made.pk).file.name == former
        assert read(made.pk).read()
        made = read(made.pk)
        made.file = ContentFile(picture("blue", (500, 200)), "y.jpg")
        made.save(update_fields=fields)
        assert not (disk.public / former).exists()
        assert (read(made.pk).width, read(made.pk).renditions) == (500, None)
        former = made.file.name
        renditions.make_due()
        assert read(made.pk).renditions == {"avif": [320, 500], "webp": [320, 500]}


def test_a_row_may_lose_its_file(disk) -> None:
    made = image(product())
    made.file.delete()
    assert disk() == ([], [])
    assert not read(made.pk).file


class Full(FileSystemStorage):
    """A storage that neither removes nor takes anything."""

    def delete(self, name: str) -> None:
        raise OSError("The storage is away.")

    def _save(self, name: str, content: object) -> str:
        raise OSError("The storage is away.")


@pytest.fixture
def away(settings):
    def put(alias: str) -> None:
        settings.STORAGES = {
            **settings.STORAGES, alias: {**settings.STORAGES[alias], "BACKEND": f"{__name__}.Full"},
        }  # fmt: skip

    return put


def test_a_storage_that_fails_keeps_nobody_from_deleting(away, caplog) -> None:
    made = image(product())
    away("default")
    made.product.delete()
    assert not Product.objects.exists()
    assert f"The file '{made.file.name}' can't be removed (OSError: The storage is away.)" in caplog.text


# --- Who may see them ---------------------------------------------------------------------------


@pytest.fixture
def staff(client) -> User:
    user = User.objects.create_user("owner", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_product"))
    client.force_login(user)
    return user


@pytest.mark.parametrize("state", [State.DRAFT, State.ARCHIVED])
def test_pictures_that_are_not_published_have_no_public_address(state, disk, client, staff) -> None:
    made = image(product(state=state))
    assert disk.counts() == (0, 1)
    assert made.url.startswith("/admin/")
    answer = client.get(made.url)
    assert (b"".join(answer.streaming_content), answer["Content-Type"]) == (made.read(), "image/jpeg")
    assert "private" in answer["Cache-Control"]
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    client.logout()
    assert client.get(made.url).status_code == 302
    client.force_login(User.objects.create_user("clerk", is_staff=True))
    assert client.get(made.url).status_code == 403
    client.force_login(User.objects.create_user("shopper"))
    assert client.get(made.url).status_code == 302


def test_staff_get_no_other_file(client, staff, disk) -> None:
    made = image(product(state=State.DRAFT))
    (disk.private / "notes.txt").write_text("not a picture of a product")
    for name in ("notes.txt", "../private/notes.txt", "../../etc/passwd", "nowhere.jpg"):
        assert client.get(made.url.partition("products/")[0] + name).status_code == 404
    (disk.private / made.file.name.removeprefix("private/")).unlink()
    assert client.get(made.url).status_code == 404


def test_a_photo_to_recognise_by_is_never_public(disk, client) -> None:
    of = product()
    image(of, role=PHOTO)
    assert disk.counts() == (0, 1)
    shown = image(of, picture("blue", (400, 300)), position=1)
    assert disk.counts() == (1, 1)
    former = shown.file.name
    shown.role = PHOTO
    shown.save()
    assert disk.counts() == (0, 2)
    assert files.is_private(shown.file.name)
    shown.role = ProductImage.Role.VIEW
    shown.save(update_fields=["role"])
    assert disk.counts() == (1, 1)
    assert shown.file.name not in (former, files.PRIVATE + former)


def test_files_move_with_the_state_of_the_product(disk) -> None:
    of = product(state=State.DRAFT)
    made = image(of)
    data, names = made.read(), set()
    for state, counts in [(State.PUBLISHED, (1, 0)), (State.ARCHIVED, (0, 1)), (State.PUBLISHED, (1, 0))]:
        of.state = state
        with rolled_back():
            of.save()
        assert read(made.pk).read() == data
        of.save(update_fields=["state"])
        current = read(made.pk)
        assert (current.read(), current.width) == (data, 400)
        public, private = disk()
        assert current.file.name in (public if counts[0] else [files.PRIVATE + name for name in private])
        names.add(current.file.name)
    assert len(names) == 3  # Whoever knew the first public address has nothing by it.


def test_copies_are_public_as_long_as_their_picture_is(disk) -> None:
    of = product()
    made = image(of)
    image(of, role=PHOTO)
    assert renditions.make_due() == 1
    assert disk.counts() == (5, 1)
    of.state = State.DRAFT
    of.save()
    assert disk.counts() == (0, 2)
    assert read(made.pk).sources() == ()
    assert renditions.make_due() == 0
    of.state = State.PUBLISHED
    of.save()
    assert renditions.make_due() == 1
    assert disk.counts() == (5, 1)


def test_an_object_that_was_read_before_a_move_does_not_undo_it(disk) -> None:
    of = product(state=State.DRAFT)
    made = image(of)
    before, also = read(made.pk), read(made.pk)
    of.state = State.PUBLISHED
    of.save()
    renditions.make_due()
    before.alt = "From the left"
    before.save()
    current = read(made.pk)
    assert (current.alt, disk.counts()) == ("From the left", (5, 0))
    assert current.read()
    assert before.file.name == current.file.name
    assert current.renditions == {"avif": [320, 400], "webp": [320, 400]}
    also.delete()
    assert disk() == ([], [])


@pytest.mark.parametrize(("state", "private"), [(State.PUBLISHED, False), (State.ARCHIVED, True)])
def test_a_picture_that_is_saved_while_its_product_moves_moves_with_it(state, private) -> None:
    of = product(state=State.DRAFT if state == State.PUBLISHED else State.PUBLISHED)
    reading = threading.Event()

    def move() -> None:
        other = Product.objects.get(pk=of.pk)
        other.state = state
        reading.set()
        other.save()
        connections.close_all()

    thread = threading.Thread(target=move)
    with transaction.atomic():
        made = image(of)
        thread.start()
        reading.wait(1)  # Where a writer keeps readers out, too, it comes later.
        time.sleep(0.3)  # On PostgreSQL the other one waits for the product by now.
    thread.join()
    assert files.is_private(read(made.pk).file.name) == private
    assert read(made.pk).read()


def test_the_index_is_told_of_files_that_moved() -> None:
    of = product()
    made = image(of)
    IndexEntry.objects.all().delete()
    Product.objects.filter(pk=of.pk).update(state=State.DRAFT)
    made = read(made.pk)
    ProductImage.objects.filter(pk=made.pk).update(role=PHOTO)
    of.refresh_from_db()
    of.state = State.PUBLISHED
    of.save()
    assert IndexEntry.objects.filter(object_id=str(of.pk)).exists()
    assert files.is_private(read(made.pk).file.name)


def test_a_storage_that_fails_keeps_nobody_from_publishing(away, caplog, client) -> None:
    of = product(state=State.DRAFT)
    made = image(of)
    away("default")
    of.state = State.PUBLISHED
    of.save()
    assert f"The file '{made.file.name}' can't be moved (OSError: The storage is away.)" in caplog.text
    assert files.is_private(read(made.pk).file.name)
    assert read(made.pk).read()
    page = client.get(of.get_absolute_url())
    assert page.status_code == 200
    assert b"/admin/" not in page.content


def test_a_private_folder_that_is_served_is_named(settings) -> None:
    def ids() -> list[str]:
        return [message.id for message in run_checks(tags=["catalog"])]

    assert ids() == []
    inside = {**settings.STORAGES["private"], "OPTIONS": {"location": Path(settings.MEDIA_ROOT) / "private"}}
    settings.STORAGES = {**settings.STORAGES, "private": inside}
    assert ids() == ["catalog.E002"]
    settings.STORAGES = {name: each for name, each in settings.STORAGES.items() if name != "private"}
    assert ids() == ["catalog.E001"]


# --- What staff upload ----------------------------------------------------------------------------


def _form(data: bytes, name: str) -> dict[str, object]:
    return {
        "sku": "N-1", "stock": "1", "state": "draft", "attributes": "", "codes": "",
        "texts-TOTAL_FORMS": "0", "texts-INITIAL_FORMS": "0", "images-TOTAL_FORMS": "1", "images-INITIAL_FORMS": "0",
        "images-0-file": SimpleUploadedFile(name, data), "images-0-position": "0", "images-0-role": "main",
    }  # fmt: skip


@pytest.mark.parametrize(("data", "says"), [
    (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n", "of the format PostScript, which isn&#x27;t accepted"),
    (encoded(striped(), "GIF"), "of the format GIF, which isn&#x27;t accepted"),
    (encoded(striped(), "JPEG")[:300], "is broken off or damaged"),
    (b"", "empty"),
])  # fmt: skip
def test_a_file_that_search_refuses_is_refused_in_the_form_and_no_reader_opens_it(
    admin_client, data, says, monkeypatch
) -> None:
    monkeypatch.setattr(Image, "open", lambda *args, **kwargs: pytest.fail("Pillow tries every format that it knows."))
    answer = admin_client.post("/admin/catalog/product/add/", _form(data, "x.jpg"))
    assert answer.status_code == 200
    assert says in answer.content.decode()
    assert not Product.objects.exists()


def test_a_photo_that_staff_upload_is_measured_as_it_is_shown(admin_client, monkeypatch) -> None:
    monkeypatch.setattr(Image, "open", lambda *args, **kwargs: pytest.fail("Pillow tries every format that it knows."))
    lying = encoded(striped(), "JPEG", exif=exif(6))
    assert admin_client.post("/admin/catalog/product/add/", _form(lying, "a b.JPEG")).status_code == 302
    made = ProductImage.objects.get()
    assert (made.width, made.height, files.is_private(made.file.name)) == (40, 60, True)
