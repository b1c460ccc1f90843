"""A case as a ZIP file: the pictures as they were seen, drawings of what matches, all that is known, with hashes and times.

Anybody can check it without this program: SHA256SUMS lists each file, and each entry of events.json seals the one before.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator

from django.template.loader import render_to_string
from django.utils import timezone

from visual_search.errors import PictureRefused
from visual_search.features.brand_protection import cases, files, storing
from visual_search.features.brand_protection.drawing import beside
from visual_search.features.brand_protection.models import BrandCase, CaseEvent, Match

_TYPES = {b"\xff\xd8": "jpg image/jpeg", b"\x89P": "png image/png", b"RI": "webp image/webp"}


def exported(case: BrandCase) -> bytes:
    """The ZIP file. The same case gives the same files, but for the time of the export."""
    files = dict(_files(case))
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in [*sorted(files.items()), ("SHA256SUMS", sums.encode())]:
            archive.writestr(name, data)
    return buffer.getvalue()


def evidence_of(case: BrandCase) -> bytes | None:
    """The listing's picture as it was when the case was opened; None where the storage has lost it."""
    return files.read(case.evidence) if case.evidence else None


def drawn(case: BrandCase, match: Match) -> bytes | None:
    """Both pictures side by side with what matches, as JPEG; None where one of them is gone."""
    seen = evidence_of(case)
    ours = storing.picture_data(match.genuine) if match.genuine else None
    if seen is None or ours is None:
        return None
    try:
        page = beside(storing.opened(seen), storing.opened(ours), match.lines or [])
    except PictureRefused:
        return None
    buffer = io.BytesIO()
    page.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def type_of(data: bytes) -> str:
    """The media type of one of these pictures."""
    return _TYPES.get(data[:2], " application/octet-stream").split(" ")[1]


def _files(case: BrandCase) -> Iterator[tuple[str, bytes]]:
    matches = list(case.matches.select_related("genuine"))
    events = [_event(entry) for entry in cases.events(case)]
    told = _told(case, matches)
    yield "case.json", _json(told)
    yield "events.json", _json(events)
    if seen := evidence_of(case):
        yield f"listing{_suffix(seen)}", seen
    shown = []
    for number, match in enumerate(matches, 1):
        if match.genuine is None:
            continue
        if data := storing.picture_data(match.genuine):
            yield f"genuine-{number}{_suffix(data)}", data
        if picture := drawn(case, match):
            shown.append(f"match-{number}.jpg")
            yield shown[-1], picture
    page = {"case": case, "listing": case.listing, "matches": matches, "events": events, "shown": shown, "told": told}
    yield "case.html", render_to_string("visual_search_brand_protection/export.html", page).encode()


def _told(case: BrandCase, matches: list[Match]) -> dict[str, object]:
    listing = case.listing
    return {
        "case": case.pk,
        "brand": case.brand.name,
        "status": case.state,
        "reason": case.reason,
        "sureness": case.sureness,
        "opened": case.opened_at.isoformat(),
        "changed": case.changed_at.isoformat(),
        "exported": timezone.now().isoformat(timespec="seconds"),
        "listing": {
            "url": listing.url,
            "seller": listing.seller,
            "title": listing.title,
            "price": None if listing.price is None else str(listing.price),
            "currency": listing.currency,
            "source": listing.source,
            "first_seen": listing.seen_at.isoformat(),
            "looked_at": listing.checked_at.isoformat() if listing.checked_at else None,
            "sha256": case.evidence_sha256,
        },
        "found": [
            {
                "kind": match.kind,
                "sureness": match.score,
                "genuine_sha256": match.genuine.content_hash if match.genuine else None,
                "matrix": match.matrix,
                **match.facts,
            }
            for match in matches
        ],
    }


def _event(entry: CaseEvent) -> dict[str, object]:
    names = ("number", "at", "actor", "case", "what", "facts", "previous", "hash")
    return {name: getattr(entry, name) for name in names}


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


def _suffix(data: bytes) -> str:
    return "." + _TYPES.get(data[:2], "bin ").split(" ")[0]
