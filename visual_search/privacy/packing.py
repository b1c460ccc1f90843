"""Packs the objects of a photo into compact bytes for a sealed token: boxes, labels and vectors, no pixels."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from visual_search.errors import BadInput, said
from visual_search.privacy.sealing import pack_vectors, unpack_vectors
from visual_search.types import Box, Region

VERSION = 1
MOST_REGIONS = 255  # Their number is packed in one byte.
_REGION = struct.Struct(">4HBBH")  # x1, y1, x2, y2 in 65535ths; score in 255ths; bytes of the label; of the vectors
_MALFORMED = said("This photo link holds no readable objects. Add the photo again.")


def pack_regions(regions: Sequence[Region]) -> bytes:
    """All of them, in order. ValueError for more than 255, or one whose vectors can't be packed."""
    if len(regions) > MOST_REGIONS:
        raise ValueError(f"{len(regions)} regions; a photo has at most {MOST_REGIONS}.")
    parts = [struct.pack(">BB", VERSION, len(regions))]
    for region in regions:
        label = region.label.encode()[:255]
        vectors = pack_vectors(region.vectors)
        corners = (round(min(max(corner, 0.0), 1.0) * 65535) for corner in region.box)
        score = round(min(max(region.score, 0.0), 1.0) * 255)
        parts += [_REGION.pack(*corners, score, len(label), len(vectors)), label, vectors]
    return b"".join(parts)


def unpack_regions(packed: bytes) -> tuple[Region, ...]:
    """What `pack_regions` packed. BadInput (token_malformed) unless every byte is accounted for."""
    try:
        version, count = struct.unpack_from(">BB", packed)
        at, regions = 2, []
        for _ in range(count if version == VERSION else -1):
            x1, y1, x2, y2, score, label, vectors = _REGION.unpack_from(packed, at)
            at += _REGION.size
            text, body = packed[at : at + label].decode(), packed[at + label : at + label + vectors]
            if len(body) != vectors or x1 >= x2 or y1 >= y2:
                raise ValueError("cut short, or no box")
            at += label + vectors
            box: Box = (x1 / 65535, y1 / 65535, x2 / 65535, y2 / 65535)
            regions.append(Region(box, text, score / 255, unpack_vectors(body)))
        if version != VERSION or at != len(packed):
            raise ValueError("another version, or more than it says")
    except (struct.error, ValueError) as problem:
        raise BadInput(_MALFORMED, field="token", code="token_malformed") from problem
    return tuple(regions)
