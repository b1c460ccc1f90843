"""Takes a picture that a product's page shows as the photo of a question, as if the shopper had taken it."""

from __future__ import annotations

import logging

from django.utils.translation import gettext as _

from visual_search import registry
from visual_search.content.objects import objects_by_id
from visual_search.errors import BadInput
from visual_search.querying import uploads
from visual_search.types import QueryPicture

logger = logging.getLogger(__name__)


def picture_of(collection: str, object_id: str, picture_id: str) -> QueryPicture:
    """The picture of this object. Raises BadInput (404) where the shop shows none of this name, or can't read it.

    Only what has an address is shown; other pictures, such as photos that staff keep, are nobody's to look at.
    """
    source = registry.source(collection)
    obj = objects_by_id(source, [object_id]).get(object_id)
    found = None
    if obj is not None:
        try:
            found = next((one for one in source.pictures(obj) if one.id == picture_id and one.url), None)
        # The source is the shop's code.
        except Exception:
            logger.exception("%s.pictures() failed for %s.", type(source).__name__, object_id)
    if found is None:
        raise BadInput(
            _("The shop doesn't show this picture any more. Go back and choose another one."),
            field="picture",
            status=404,
        )
    try:
        data = found.load()
    # A storage may raise anything.
    except Exception as problem:
        logger.warning("The picture %s of %s can't be read: %s", picture_id, object_id, problem)
        raise BadInput(
            _("This picture can't be read at the moment. Go back and choose another one."), field="picture", status=404
        ) from problem
    return uploads.photo(data, name=found.id)
