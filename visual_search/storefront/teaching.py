"""Keeps photos of which staff say "this shows that product": each is one more picture by which search recognises it."""

from __future__ import annotations

import base64
import logging

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from visual_search import registry
from visual_search.content import objects
from visual_search.errors import BadInput
from visual_search.storefront.forms import Asked

logger = logging.getLogger(__name__)


def may_teach(request: HttpRequest, collection: str) -> bool:
    """Whether this shop keeps such photos, and this user is a member of the staff who may change its objects."""
    source = registry.source(collection)
    user = getattr(request, "user", None)
    if user is None or not source.keeps_photos or not user.is_staff:
        return False
    meta = source.model._meta
    return bool(user.has_perm(f"{meta.app_label}.change_{meta.model_name}"))


def keep(request: HttpRequest, asked: Asked) -> str:
    """Keep the photo's preview as a picture of the object `asked.shows`; returns its title. Raises BadInput.

    Only the preview exists: the shop never stored the photo, and the page carries the preview along. `forms` has checked that
    it is the one that the shop made of the photo that these results are for.
    """
    source = registry.source(asked.query.collection)
    if not may_teach(request, asked.query.collection):
        raise BadInput(_("Only staff who may change products can say what a photo shows."), field="shows", status=403)
    obj = objects.objects_by_id(source, [asked.shows]).get(asked.shows)
    if obj is None:
        raise BadInput(_("There is no product '%s' any more.") % asked.shows[:60], field="shows", status=404)
    if not asked.preview or request.FILES:
        # A photo that comes with this very question is one that nobody has seen beside the hits.
        raise BadInput(_("The photo is gone. Upload it again, then say what it shows."), field="shows")
    data = base64.b64decode(asked.preview.partition(",")[2])
    with transaction.atomic():
        source.keep_photo(obj, data)
    logger.info("User %s said that a photo shows %s %s.", request.user.pk, asked.query.collection, asked.shows)
    return source.card(obj, asked.query.language).title
