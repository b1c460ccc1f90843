"""Takes in a shopper's photo, as an uploaded file or as base64: keeps it in memory alone and opens it safely."""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from PIL import Image

from visual_search.conf import conf
from visual_search.errors import BadInput, PictureRefused, Said, said
from visual_search.imaging.decode import decode
from visual_search.querying import admission, fetching
from visual_search.types import QueryPicture

_PREVIEW_SIDE = 320  # px: large enough to tap the things in it, about 12 KB
_OTHER_FIELDS = 1024 * 1024  # bytes beside the photo: words, filters, token, preview
_READ_TO_THE_END = 64 * 1024 * 1024  # bytes; a larger body is refused unread, though browsers then show no answer


class PhotoUploadHandler(FileUploadHandler):
    """Keeps an uploaded photo in memory, whatever FILE_UPLOAD_HANDLERS says, so that it is never written to a disk.

    Django's own memory handler drops a file above its limit in silence, and a photo of 13 MB would search for nothing.
    This one reads on and keeps one byte more than allowed, so that `uploaded` can name the size.
    """

    chunk_size = 64 * 1024

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        if content_length > _READ_TO_THE_END:
            raise RequestDataTooBig(too_large(content_length))
        self._room = self.most() + 1

    def most(self) -> int:
        """How many bytes are kept of all files of the request together."""
        return int(conf.PICTURE_MAX_BYTES)

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._kept = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        part = raw_data[: self._room]
        self._room -= len(part)
        self._kept.write(part)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self._kept.seek(0)
        return InMemoryUploadedFile(
            file=self._kept, field_name=self.field_name, name=self.file_name, content_type=self.content_type,
            size=file_size, charset=self.charset, content_type_extra=self.content_type_extra,
        )  # fmt: skip


def in_memory(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For a view to which strangers send forms: what files they add stays in memory, whatever FILE_UPLOAD_HANDLERS says.

    Django checks the form's CSRF token in this view and not before: the check reads the form, files and all.
    """
    protected = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.upload_handlers = [PhotoUploadHandler(request)]
        return protected(request, *args, **kwargs)

    return kept


def too_large(size: int) -> Said:
    return said(
        "What was sent has %(megabytes)s MB; a photo may have %(most)s MB. "
        "Send a smaller version, or a photo at a lower resolution.",
        megabytes=f"{size / 1e6:.1f}",
        most=f"{conf.PICTURE_MAX_BYTES / 1e6:.1f}",
    )


def refuse_too_large(content_length: int) -> None:
    """Raises PictureRefused (413) for a body without files that is larger than a photo in base64 and the other fields."""
    if content_length > conf.PICTURE_MAX_BYTES * 4 // 3 + _OTHER_FIELDS:
        raise PictureRefused(too_large(content_length), field="image", code="too_large", status=413)


def uploaded(file: UploadedFile[Any]) -> QueryPicture:
    """The photo in an uploaded file. Raises PictureRefused."""
    if (file.size or 0) > conf.PICTURE_MAX_BYTES:
        raise PictureRefused(too_large(file.size or 0), field="image", code="too_large", status=413)
    return photo(file.read(), name=file.name or "")


def photo(data: bytes, *, name: str = "") -> QueryPicture:
    """A photo, opened safely under the shop's limits. Raises PictureRefused."""
    with naming("image"), admission.photo():
        image = decode(data, max_bytes=conf.PICTURE_MAX_BYTES, max_pixels=conf.PICTURE_MAX_PIXELS, name=name)
    return QueryPicture(image=image)


def photo_from_base64(text: str) -> QueryPicture:
    """A photo as base64, with or without `data:image/...;base64,` in front."""
    body = text.partition(",")[2] if text.startswith("data:") else text
    if len(body) * 3 // 4 > conf.PICTURE_MAX_BYTES + 3:
        raise PictureRefused(too_large(len(body) * 3 // 4), field="image", code="too_large", status=413)
    try:
        data = base64.b64decode(re.sub(r"\s+", "", body), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInput(
            said("image is no valid base64 (%(error)s). Encode the file's bytes with standard base64.", error=error),
            field="image",
        ) from error
    return photo(data)


def photo_from_link(link: str) -> QueryPicture:
    """The photo behind a link. Raises BadInput where the shop takes none, and as `fetching.fetched` and `photo`."""
    if not conf.PHOTO_LINKS:
        raise BadInput(
            said("This shop takes no links to pictures. Send the picture itself as `image`."),
            field=fetching.FIELD,
            code="links_off",
        )
    data = fetching.fetched(
        link, most=conf.PICTURE_MAX_BYTES, seconds=conf.PHOTO_LINK_SECONDS, insecure=conf.PHOTO_LINKS_HTTP
    )
    with naming(fetching.FIELD):
        return photo(data)


def preview(image: Image.Image) -> str:
    """A small JPEG of the photo as a data URI, made from its pixels alone, which the results page shows."""
    small = image.copy()
    small.thumbnail((_PREVIEW_SIDE, _PREVIEW_SIDE))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=75)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


@contextmanager
def naming(field: str) -> Iterator[None]:
    """Errors of inner rooms name the parameter that was sent, which these rooms don't know."""
    try:
        yield
    except BadInput as error:
        error.field = field
        raise
