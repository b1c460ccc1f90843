"""A part that the browser cut out of a photo is searched, and the page goes on with the whole photo.

The browser has the photo's pixels and the shop has none, so another part needs pixels once more. The form then brings the
cut-out alone, the token of the whole photo, and where in the photo the cut-out stood.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from visual_search.imaging.regions import WHOLE
from visual_search.types import Box, Page, QueryPicture, Region, Scene


@dataclass(frozen=True, slots=True)
class CutOut:
    """Where a cut-out stood in the photo (shares of its sides), and what is known of that photo from its token."""

    box: Box
    photo: QueryPicture


def put_back(page: Page, cut: CutOut) -> Page:
    """The same answer, with what was searched told as a part of the whole photo, whose things can still be chosen."""
    seen = page.pictures[0]
    inner = seen.scene.chosen if seen.scene else WHOLE
    scene = cut.photo.scene or Scene(Region(WHOLE, vectors=cut.photo.vectors))
    whole = replace(
        seen,
        scene=replace(scene, chosen=_outwards(inner, cut.box)),
        # The answer's token ends when that of the photo does, and belongs to the photo's preview.
        expires=cut.photo.expires,
        preview=cut.photo.preview,
    )
    return replace(page, pictures=(whole, *page.pictures[1:]))


def _outwards(inner: Box, outer: Box) -> Box:
    """A box inside of `outer` as a box of the whole photo."""
    left, top, right, bottom = outer
    width, height = right - left, bottom - top
    x1, y1, x2, y2 = inner
    return left + x1 * width, top + y1 * height, left + x2 * width, top + y2 * height
