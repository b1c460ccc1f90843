"""Secrets that are planted in requests, and a sweep that finds them in whatever form they were kept."""

from __future__ import annotations

import base64
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.imaging.labels import package

# What shoppers type, or their browsers send: a place where it is planted -> pieces by which it is found again.
TYPED: Mapping[str, tuple[str, ...]] = {
    "lamp for Xaverine Quandtbauer": ("xaverine", "quandtbauer"),
    "xq4711@quandtmail.example": ("xq4711", "quandtmail"),
    "call +49 30 90182017": ("90182017", "3090182017"),
    "4556 7375 8689 9855": ("4556737586899855", "7375 8689"),
    "token ghp_C4n4ryT0k3nZq81LmX2": ("c4n4ryt0k3n",),
    "chair to Hinterquandtgasse 17b": ("hinterquandtgasse",),
    "DE89 3704 0044 0532 0130 00": ("370400440532013000", "3704 0044"),
    "クワント太郎の椅子": ("クワント太郎", "太郎の椅"),
}
HEADERS: Mapping[str, str] = {
    "User-Agent": "Browser/1 (canaryagent)", "Cookie": "shop=canarycookie", "Referer": "https://canaryreferer.example/x",
    "X-Forwarded-For": "198.51.100.231", "X-Device-Id": "canarydevice-0123456789", "Authorization": "Bearer canarybearer",
    "Accept-Language": "en;q=0.9, canarylang;q=0.1",
}  # fmt: skip
SEEN = "ZYLQUAND"  # stands in the photo, and is read there
FILE_NAME = "canaryfilename of Xaverine.jpg"
METADATA = ("canaryartist", "canarycomment", "canaryxmp", "canarymaker", "canarytext", "canaryzip")
API_KEY = "vs_00000000_canarysecret"
TASTE, KEY, FIELD = "canarytaste-1", "canaryjsonkey", "canaryvalue"
NEEDLES = tuple(
    dict.fromkeys(
        [needle for pieces in TYPED.values() for needle in pieces]
        + ["canaryagent", "canarycookie", "canaryreferer", "198.51.100.231", "canarydevice", "canarybearer", "canarylang"]
        + [SEEN.lower(), "canaryfilename", *METADATA, TASTE, KEY, FIELD, "canarysecret"]
    )
)  # fmt: skip


def photo() -> bytes:
    """A JPEG with a word in its pixels and a secret in each place where a camera or an editor leaves something."""
    exif = Image.Exif()
    exif[0x013B], exif[0x010E] = "canaryartist", "canarytext"
    exif.get_ifd(0x8769)[0x927C] = b"canarymaker"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    file = io.BytesIO()
    package(SEEN).save(
        file, "JPEG", quality=92, exif=exif, comment=b"canarycomment",
        xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>canaryxmp</x:xmpmeta>",
    )  # fmt: skip
    with zipfile.ZipFile(file, "a") as attached:
        attached.writestr("canaryzip.txt", "canaryzip")
    return file.getvalue()


def png() -> bytes:
    notes = PngInfo()
    notes.add_text("Author", "canaryartist")
    notes.add_itxt("XML:com.adobe.xmp", "canaryxmp")
    file = io.BytesIO()
    package("LAMP", seed=3).save(file, "PNG", pnginfo=notes)
    return file.getvalue()


def forms(needle: str) -> Iterator[tuple[str, bytes]]:
    """The ways in which software keeps a text: (name, bytes in any case, or exact ones for base64)."""
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        yield encoding, needle.encode(encoding)
    yield "hex", needle.encode().hex().encode()
    if quote(needle) != needle:
        yield "urlencoded", quote(needle).lower().encode()
        yield "JSON escapes", needle.encode("unicode_escape")
    for spelling in dict.fromkeys((needle, needle.upper(), needle.capitalize())):
        for offset in range(3):
            # Of each alignment the part that doesn't depend on what stands around.
            whole = base64.b64encode(bytes(offset) + spelling.encode())
            known = whole[(0, 2, 3)[offset] : (offset + len(spelling.encode())) * 8 // 6]
            if len(known) >= 7:
                yield f"base64 of {spelling} at {offset}", known


def found_in(data: bytes, needles: Iterable[str]) -> list[str]:
    """'needle (form)' for each that stands in this data, packed parts of it unpacked."""
    hits = []
    for layer in _layers(data):
        lower = layer.lower()
        for needle in needles:
            hits += [
                f"{needle} ({name})"
                for name, form in forms(needle)
                if (form in layer if name.startswith("base64") else form.lower() in lower)
            ]
    return hits


def _layers(data: bytes) -> Iterator[bytes]:
    yield data
    at = data.find(b"\x1f\x8b\x08")
    while at >= 0:
        with suppress(zlib.error):
            yield zlib.decompressobj(wbits=31).decompress(data[at:], 10_000_000)
        at = data.find(b"\x1f\x8b\x08", at + 1)


def files_under(*folders: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


def sweep(places: Mapping[str, bytes], needles: Iterable[str] = NEEDLES) -> list[str]:
    """Where something was found: 'place: needle (form)'."""
    needles = tuple(needles)
    return [f"{place}: {hit}" for place, data in places.items() for hit in found_in(data, needles)]


def proof_of_the_sweep() -> list[str]:
    """Needles that the sweep misses in any of the forms that it claims to find; must be empty."""
    return [
        f"{needle} in {kept[:60]!r}"
        for needle in NEEDLES
        for kept in (
            f"..{needle}..".encode(), f"..{needle.upper()}..".encode(), f"x{needle}".encode("utf-16-le"), needle.encode().hex().upper().encode(),
            quote(f" {needle} ").encode(), *(base64.b64encode(b"#" * n + f"{needle} and more".encode()) for n in range(3)),
            b"before" + gzip.compress(f"..{needle}..".encode()),
        )
        if not found_in(kept, [needle])
    ]  # fmt: skip
