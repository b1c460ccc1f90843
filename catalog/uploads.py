"""What is uploaded to any address of the shop stays in memory, whoever sends it."""

from __future__ import annotations

from django.conf import settings

from visual_search.querying.uploads import PhotoUploadHandler


class FormUploadHandler(PhotoUploadHandler):
    """For FILE_UPLOAD_HANDLERS: room for several product pictures, and no file for what has no room."""

    def most(self) -> int:
        return int(settings.FILE_UPLOAD_MAX_MEMORY_SIZE)
