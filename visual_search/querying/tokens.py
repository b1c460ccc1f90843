"""Seals what was seen in a photo into a token that the browser keeps instead of the photo. Only this shop can read it."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, replace

from django.conf import settings

from visual_search import wiring
from visual_search.conf import conf
from visual_search.errors import BadInput, said
from visual_search.privacy.packing import pack_regions, unpack_regions
from visual_search.privacy.sealing import Sealer, pack_vectors, unpack_vectors
from visual_search.querying.uploads import naming
from visual_search.types import QueryPicture, Region, Scene, Space, Vector, Witness

SCENE_BYTES = 20_000  # as text a third more; with the photo's own part it stays far below what a form may send
LEAST_PARTS = 3  # what is chosen, the whole, and one object
_PURPOSE = "photo"
_SCENE_PURPOSE = "photo's objects"


def photo_token(picture: QueryPicture | None) -> str:
    """The photo's token: its vectors and witness, then a dot and the things in it; '' if there is no photo."""
    if picture is None or not picture.vectors:
        return ""
    return _sealed_photo(picture) + _sealed_scene(picture)


def seconds_left(picture: QueryPicture | None) -> int:
    """How many seconds the photo's token still works. If the question came with a token, that one's end counts."""
    until = picture.expires if picture else None
    whole = conf.PHOTO_TOKEN_SECONDS
    return whole if until is None else max(0, min(whole, until - math.floor(time.time())))


def photo_from_token(token: str) -> QueryPicture:
    """The photo's vectors from a sealed token. Raises BadInput for one that is tampered, expired or of another encoder."""
    token, _, sealed_scene = token.partition(".")
    with naming("photo_token"):
        opened = _sealer().open(token, purpose=_PURPOSE)
        payload, expires = opened.payload, opened.expires
        end = 4 + int.from_bytes(payload[:4], "big")
        sealed, witness, preview = unpack_vectors(payload[4:end]), _witness(payload[end:]), _preview(payload[end:])
        scene = None
        if sealed_scene:
            opened = _sealer().open(sealed_scene, purpose=_SCENE_PURPOSE)
            # Somebody may join the parts of two tokens, so the earlier end counts.
            scene, expires = _scene(opened.payload), min(expires, opened.expires)
    known = {_label(space): space for space in wiring.encoder().card.spaces}
    vectors = {
        known[label].name: vector
        for label, vector in sealed.items()
        if label in known and vector.size == known[label].dims
    }
    if wiring.encoder().card.image.name not in vectors:
        raise BadInput(
            said("The shop's picture search has been renewed since this photo was added. Add the photo again."),
            field="photo_token",
            code="token_outdated",
        )
    return QueryPicture(vectors=vectors, witness=witness, scene=scene, expires=expires, preview=preview)


def _witness(packed: bytes) -> Witness:
    """The witness in a token; an empty one if another version sealed the token."""
    try:
        told = json.loads(packed)
        return Witness(
            text=str(told["text"]),
            codes=tuple(map(str, told["codes"])),
            copies=tuple(map(str, told["copies"])),
            confirmed={str(id): float(sure) for id, sure in told["confirmed"].items()},
            studio=bool(told.get("studio")),
            colours=tuple(map(str, told.get("colours", ()))),
            nothing=str(told.get("nothing", "")),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return Witness()


def _preview(packed: bytes) -> str:
    """The digest of the preview that belongs to the token; "" for a token that came with none."""
    try:
        told = json.loads(packed)
    except ValueError:
        return ""
    return str(told.get("preview", "")) if isinstance(told, dict) else ""


def _sealed_photo(picture: QueryPicture) -> str:
    packed = pack_vectors(_labelled(picture.vectors))
    known = asdict(picture.witness or Witness())
    if picture.preview:
        known["preview"] = picture.preview
    told = json.dumps(known, ensure_ascii=False, separators=(",", ":")).encode()
    payload = len(packed).to_bytes(4, "big") + packed + told
    # `until` keeps the end of the token that the vectors came from, so that no answer prolongs it.
    return _sealer().seal(payload, purpose=_PURPOSE, ttl=conf.PHOTO_TOKEN_SECONDS, until=picture.expires)


def _sealed_scene(picture: QueryPicture) -> str:
    """The part of the token behind the dot, by which things can be chosen later; '' if there are none."""
    scene = picture.scene
    if scene is None or not scene.things:
        return ""
    chosen = Region(scene.chosen, vectors=scene.whole.vectors)
    parts = [replace(part, vectors=_labelled(part.vectors)) for part in (chosen, scene.whole, *scene.things)]
    while len(parts) >= LEAST_PARTS:
        packed = pack_regions(parts)
        if len(packed) <= SCENE_BYTES:
            sealed = _sealer().seal(packed, purpose=_SCENE_PURPOSE, ttl=conf.PHOTO_TOKEN_SECONDS, until=picture.expires)
            return f".{sealed}"
        # Vectors with many dimensions fill the token sooner; then the least sure things are left out.
        parts.pop()
    return ""


def _scene(packed: bytes) -> Scene | None:
    parts = unpack_regions(packed)
    known = {_label(space): space for space in wiring.encoder().card.spaces}
    if len(parts) < LEAST_PARTS or any(set(part.vectors) - set(known) for part in parts):
        return None
    chosen, whole, *things = (
        replace(part, vectors={known[label].name: vector for label, vector in part.vectors.items()}) for part in parts
    )
    return Scene(whole, tuple(things), chosen.box)


def _labelled(vectors: Mapping[str, Vector]) -> dict[str, Vector]:
    """Vectors by a label of space and weights, so that another encoder's vectors are never taken for today's."""
    spaces = {space.name: space for space in wiring.encoder().card.spaces}
    return {_label(spaces[name]): vector for name, vector in vectors.items()}


def _label(space: Space) -> str:
    return f"{space.name}:{space.fingerprint[:12]}"


def _sealer() -> Sealer:
    return Sealer([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])
