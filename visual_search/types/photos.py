"""What is read and seen in a photo, of a shopper's or of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from visual_search.types.vectors import Vector


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line of text in a picture: confidence in [0, 1], box (x1, y1, x2, y2) in shares of the picture."""

    text: str
    confidence: float = 1.0
    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Reading:
    """What stands in a picture: lines in reading order, and the contents of barcodes and QR codes.

    `whole`: whether all lines were read; a page of print has more than time allows.
    """

    lines: tuple[ReadLine, ...] = ()
    codes: tuple[str, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Witness:
    """What a photo says beside its vectors. It lives in the answer and in the sealed token, never in a log."""

    text: str = ""  # of labels, cleaned (imaging/reading.py)
    codes: tuple[str, ...] = ()  # barcodes and QR codes, in the forms that shops write them in
    copies: tuple[str, ...] = ()  # ids of objects that show the very same picture, nearest first
    confirmed: Mapping[str, float] = field(default_factory=dict)  # object id -> how surely keypoints agree, in [0, 1]
    studio: bool = False  # whether it is on white, as a shop shows its goods
    colours: tuple[str, ...] = ()  # of which it has much, as `imaging.named_colours` calls them, most first
    nothing: str = ""  # why it shows no thing, as the warning of the answer is called; "" for a photo of something


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """What is kept of a catalogue picture beside its vectors, packed (imaging/copies.py, imaging/keypoint_matching.py)."""

    thumbnail: bytes
    keypoints: bytes  # empty where nobody asked for them


Box = tuple[float, float, float, float]  # x1, y1, x2, y2 as shares of width and height, from the top left
Point = tuple[float, float]  # x, y as such shares


@dataclass(frozen=True, slots=True)
class Region:
    """One thing in a photo. `label`: a detector's class name, "" where nobody knows; `score`: how sure it is, 0 to 1.

    `faint`: too unsure to be searched by unasked; it waits for a tap on it.
    """

    box: Box
    label: str = ""
    score: float = 0.0
    vectors: Mapping[str, Vector] = field(default_factory=dict, repr=False)  # space name -> vector, once encoded
    faint: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """A photo taken apart. `whole` has the box of everything; `chosen` is the part that is searched, one of them or not.

    `proposals` are the faint ones, surest first: known while the pixels are here, never in a token.
    """

    whole: Region
    things: tuple[Region, ...] = ()  # surest first
    chosen: Box = (0.0, 0.0, 1.0, 1.0)
    proposals: tuple[Region, ...] = ()
