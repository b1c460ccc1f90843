"""A photo that a shopper chose to send along: closed with a key of its own, and gone when its time is over.

The row lies in the database, the key in a folder beside it. A backup of the database holds no photo that anybody could open once
the key is destroyed, so deleting is certain (crypto-shredding).
"""

from __future__ import annotations

import io
import logging
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from PIL import Image

from visual_search.errors import BadInput, said
from visual_search.features.customer_service import ledger
from visual_search.features.customer_service.kinds import What
from visual_search.features.customer_service.models import CasePhoto, ServiceCase
from visual_search.features.customer_service.options import options
from visual_search.privacy.keys import FolderKeyStore, KeyGone
from visual_search.privacy.pseudonyms import RowBox

logger = logging.getLogger(__name__)
SIDE = 1280  # px of the longer side that is kept: a broken part can be seen, and a house number in the street can't be made out
_PURPOSE = "photo of a case"


def are_taken() -> bool:
    """Whether the shop has a folder for keys; without one it takes no photos."""
    return bool(options().key_folder)


def kept(image: Image.Image) -> bytes:
    """The photo as a JPEG of its pixels alone, without place and time of its taking."""
    small = image.convert("RGB")
    small.thumbnail((SIDE, SIDE))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def add(case: ServiceCase, data: bytes) -> CasePhoto:
    """Keep the photo (JPEG) with the case. Raises BadInput where the shop takes none, or can't write its key."""
    if not are_taken():
        raise BadInput(said("This shop takes no photos with a case. Describe what is wrong in words."), field="photo")
    name = f"case-{uuid4().hex}"
    until = timezone.now() + timedelta(days=options().photo_days)
    try:
        box = RowBox(_keys().create(name), purpose=_PURPOSE)
    except (OSError, KeyGone) as problem:
        logger.error("No photo can be kept, because no key can be written to %s: %s", options().key_folder, problem)
        raise BadInput(
            said("Photos can't be kept at the moment. Take out the tick, and describe what is wrong in words."),
            field="photo",
        ) from problem
    return CasePhoto.objects.create(case=case, closed=box.close(data), key=name, until=until)


def opened(photo: CasePhoto) -> bytes | None:
    """The JPEG; None where its key is gone or its time is over."""
    key = _keys().get(photo.key) if are_taken() and photo.until > timezone.now() else None
    return RowBox(key, purpose=_PURPOSE).open(bytes(photo.closed)) if key else None


@transaction.atomic
def destroy(photo: CasePhoto, actor: str) -> None:
    """Delete the row; its key goes with it (`receivers`). Another process may have been faster."""
    deleted, _rows = photo.delete()
    if deleted:
        ledger.note(actor, photo.case, What.PHOTO_GONE)


def forget_key(name: str) -> None:
    """Destroy the key: nobody can open the photo any more, wherever a copy of its row lies."""
    if are_taken():
        _keys().destroy(name)


def _keys() -> FolderKeyStore:
    return FolderKeyStore(Path(options().key_folder))
