"""What a shop says of its objects."""

from __future__ import annotations

from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from django.db.models.fields.files import FieldFile

from tests.shop.models import GadgetImage
from visual_search.types import Picture


def test_a_picture_of_a_file_is_read_when_it_is_asked_for_and_as_often_as_it_is() -> None:
    storage = InMemoryStorage(base_url="/media/")
    field = GadgetImage._meta.get_field("file")
    name = storage.save("chair.png", ContentFile(b"a chair"))
    file = FieldFile(GadgetImage(pk=5), field, name)
    file.storage = storage
    picture = Picture.from_file(file, 5, 2, "photo")
    assert (picture.id, picture.position, picture.role, picture.url) == ("5", 2, "photo", "/media/chair.png")
    storage.delete(name)
    storage.save(name, ContentFile(b"another chair"))
    assert picture.load() == b"another chair"
    assert picture.load() == b"another chair"
