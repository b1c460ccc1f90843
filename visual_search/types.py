"""Frozen dataclasses that cross rooms. They know no Django, no engine and no encoder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

Vector = npt.NDArray[np.float32]  # shape (dims,), unit length
Matrix = npt.NDArray[np.float32]  # shape (rows, dims), rows of unit length
FacetValue = str | float | bool | tuple[str, ...] | None
Relation = Literal["eq", "gte"]
PATH_SEPARATOR = " > "


# --- What a shop tells us about an object -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of an object. `load` gives the file's bytes on demand; `id` is stable over saves."""

    id: str
    load: Callable[[], bytes]
    position: int = 0
    role: str = "main"
    url: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """What an object says in one language."""

    title: str
    description: str = ""
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """What a result tile shows. `price` is already formatted for people."""

    id: str
    sku: str
    title: str
    url: str
    image_url: str = ""
    price: str = ""
    subtitle: str = ""
    in_stock: bool = True


# --- What the index keeps -----------------------------------------------------------------------


class FacetKind(StrEnum):
    KEYWORD = "keyword"  # one string, or several
    PATH = "path"  # "Home > Office": a filter on any prefix matches
    NUMBER = "number"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class FacetField:
    name: str
    kind: FacetKind
    label: str = ""


@dataclass(frozen=True, slots=True)
class Space:
    """A vector space: vectors of one space are comparable with each other and with no others.

    `fingerprint` covers weights, preprocessing and projection: equal fingerprints mean equal vectors.
    """

    name: str
    dims: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class CollectionSchema:
    """The shape of one collection. An index made for another schema is refused, never mixed."""

    spaces: tuple[Space, ...]
    facets: tuple[FacetField, ...]
    languages: tuple[str, ...]  # ISO 639-1 codes with an own text field; others go to "und"

    def space(self, name: str) -> Space:
        return next(space for space in self.spaces if space.name == name)


@dataclass(frozen=True, slots=True)
class NamedVector:
    """`key` says what the vector stands for: a picture's id, or a text's language."""

    key: str
    vector: Vector
    weight: float = 1.0  # beside others of its kind, in a question; an index keeps none


@dataclass(frozen=True, slots=True)
class Document:
    """Everything the index keeps of one object. A greater `version` replaces a smaller one, never the reverse."""

    id: str
    version: int
    texts: Mapping[str, Text] = field(default_factory=dict)
    vectors: Mapping[str, tuple[NamedVector, ...]] = field(default_factory=dict)  # space name -> vectors
    facets: Mapping[str, FacetValue] = field(default_factory=dict)
    codes: tuple[str, ...] = ()  # SKU, GTIN: matched whole, without case
    seen_text: str = ""  # what is written on the object, as read from its pictures


@dataclass(frozen=True, slots=True)
class VersionedId:
    id: str
    version: int


# --- What an engine is asked, and answers -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The facet has at least one of these values. On a path, a value matches itself and all below it."""

    field: str
    values: tuple[str | float | bool, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """The number lies between both ends, ends included; None leaves that side open."""

    field: str
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, slots=True)
class Not:
    filter: AnyOf | Between


Filter = AnyOf | Between | Not


@dataclass(frozen=True, slots=True)
class VectorLeg:
    """The `k` objects nearest by cosine in one space; an object's best vector counts, and is `named` by its key."""

    name: str
    space: str
    vector: Vector
    k: int
    exact: bool = False
    named: bool = True  # False where nobody asks which picture or language it was: naming it costs Elasticsearch time


@dataclass(frozen=True, slots=True)
class WordsLeg:
    """BM25 over titles, keywords and descriptions, with the analyzer of each language; the first weighs most."""

    name: str
    text: str
    languages: tuple[str, ...]
    k: int


@dataclass(frozen=True, slots=True)
class CodeLeg:
    """Objects that carry one of these codes, whole and without case."""

    name: str
    codes: tuple[str, ...]
    k: int


@dataclass(frozen=True, slots=True)
class IdsLeg:
    """Objects with these ids that pass the filters, in the order of `ids`: the first `k` of them, each once.

    Ids that the index doesn't have are simply not there. At most 10,000 ids.
    """

    name: str
    ids: tuple[str, ...]
    k: int


@dataclass(frozen=True, slots=True)
class BrowseLeg:
    """All objects that pass the filters, in the order of a number facet, or of their ids."""

    name: str
    k: int
    order_by: str | None = None
    descending: bool = False


@dataclass(frozen=True, slots=True)
class GramsLeg:
    """Objects whose texts (in any language) or `seen_text` share pieces of words with what a photo says.

    Pieces of three and four characters survive the letters that a reader of labels drops and swaps.
    """

    name: str
    text: str
    k: int


Leg = VectorLeg | WordsLeg | CodeLeg | IdsLeg | BrowseLeg | GramsLeg


@dataclass(frozen=True, slots=True)
class EngineQuery:
    legs: tuple[Leg, ...]
    filters: tuple[Filter, ...] = ()  # all of them hold, inside every leg, before anything is scored
    exclude: tuple[str, ...] = ()  # ids that may not come back
    only: tuple[str, ...] | None = None  # if given, no other ids may come back


@dataclass(frozen=True, slots=True)
class LegHit:
    """`score`: cosine in [-1, 1] for a vector leg; BM25 (open-ended, larger is better) for words; for grams the share in
    [0, 1] of the most that the text could give; 1.0 otherwise.
    """

    id: str
    score: float
    key: str = ""  # of the best vector, where the leg names it: a picture's id or a language


@dataclass(frozen=True, slots=True)
class LegAnswer:
    """Hits best first, ties by id; those of an IdsLeg in the order of its ids.

    `total` counts matches ("gte" where the engine stopped at k).
    """

    name: str
    hits: tuple[LegHit, ...]
    total: int
    relation: Relation = "eq"


@dataclass(frozen=True, slots=True)
class EngineAnswer:
    legs: tuple[LegAnswer, ...]
    degraded: tuple[str, ...] = ()

    def leg(self, name: str) -> LegAnswer:
        return next(leg for leg in self.legs if leg.name == name)


@dataclass(frozen=True, slots=True)
class FacetCount:
    value: str | bool
    count: int


@dataclass(frozen=True, slots=True)
class FacetAnswer:
    """Counts, most first, ties by value; for a number its least and greatest value instead."""

    field: str
    counts: tuple[FacetCount, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class UpsertReport:
    """`skipped`: the index already had that version or a newer one; that is a success."""

    stored: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True)
class RebuildReport:
    documents: int
    rejected: tuple[Rejected, ...]
    seconds: float
    index: str  # the name of the new index
    previous: str | None  # kept for rollback


@dataclass(frozen=True, slots=True)
class Health:
    ok: bool
    engine: str
    detail: str = ""
    documents: Mapping[str, int] = field(default_factory=dict)  # collection -> count
    advice: tuple[str, ...] = ()


# --- What stands in a picture --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line of text in a picture: confidence in [0, 1], box (x1, y1, x2, y2) in shares of the picture."""

    text: str
    confidence: float = 1.0
    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Reading:
    """What stands in a picture: lines in reading order, and the contents of barcodes and QR codes."""

    lines: tuple[ReadLine, ...] = ()
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Witness:
    """What a photo says beside its vectors. It lives in the answer and in the sealed token, never in a log."""

    text: str = ""  # of labels, cleaned (imaging/reading.py)
    codes: tuple[str, ...] = ()  # barcodes and QR codes, in the forms that shops write them in
    copies: tuple[str, ...] = ()  # ids of objects that show the very same picture, nearest first
    confirmed: Mapping[str, float] = field(default_factory=dict)  # object id -> how surely keypoints agree, in [0, 1]
    studio: bool = False  # whether it is on white, as a shop shows its goods


@dataclass(frozen=True, slots=True)
class SeenPicture:
    """What is kept of a catalogue picture beside its vectors, packed (imaging/copies.py, keypoint_matching.py)."""

    thumbnail: bytes
    keypoints: bytes  # empty where nobody asked for them


# --- What an encoder gives ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EncoderCard:
    """A model card as data. `cross` may be the same space as `image` (CLIP and its kin)."""

    id: str
    image: Space
    cross: Space | None  # pictures comparable with words
    text: Space | None
    languages: frozenset[str]
    licence: str
    description: str = ""

    @property
    def spaces(self) -> tuple[Space, ...]:
        found = {space.name: space for space in (self.image, self.cross, self.text) if space is not None}
        return tuple(found.values())


@dataclass(frozen=True, slots=True)
class ImageVectors:
    """Row i belongs to picture i. `cross` is None where the card's cross space is the image space."""

    image: Matrix
    cross: Matrix | None = None


@dataclass(frozen=True, slots=True)
class TextVectors:
    """Row i belongs to text i. `image` is a learned guess of the picture that the words ask for."""

    text: Matrix | None = None
    cross: Matrix | None = None
    image: Matrix | None = None


# --- What is seen in a photo ---------------------------------------------------------------------

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
    objects: tuple[Region, ...] = ()  # surest first
    chosen: Box = (0.0, 0.0, 1.0, 1.0)
    proposals: tuple[Region, ...] = ()


# --- What a shopper asks, and gets --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QueryPicture:
    """A photo that has passed `imaging.decode`, or the vectors made of it earlier (from a sealed token)."""

    image: Image.Image | None = None
    vectors: Mapping[str, Vector] = field(default_factory=dict)  # space name -> vector
    witness: Witness | None = None  # of a photo that comes as vectors
    box: Box | None = None  # the part to search by; None: `object`, else what looks best
    object: int | None = None  # the part to search by, as its place among the photo's objects
    point: Point | None = None  # where somebody tapped: the thing there is the part to search by
    scene: Scene | None = None  # what the photo shows, once looked at
    expires: int | None = (
        None  # when the token that this came from ends, in seconds since 1970; None: it came as pixels
    )
    others: tuple[Mapping[str, Vector], ...] = ()  # vectors of parts that count beside `vectors`: the nearest decides
    weight: float = 1.0  # beside the other parts of the question; 0: as if it weren't there


@dataclass(frozen=True, slots=True)
class TasteEvent:
    """One thing that this shopper did, as their own device tells it. `kind`: view, click, basket, purchase or dislike."""

    id: str
    kind: str
    age_days: float = 0.0


@dataclass(frozen=True, slots=True)
class Query:
    """One question, whoever asked it: a photo, words, a product to resemble, or any mix."""

    collection: str = "products"
    pictures: tuple[QueryPicture, ...] = ()
    words: str = ""
    like: tuple[str, ...] = ()  # ids of objects to resemble; never among the hits
    like_weights: Mapping[str, float] = field(default_factory=dict)  # by id; 1 where none is given
    words_weight: float = 1.0
    unlike: tuple[str, ...] = ()  # ids of objects that the hits shouldn't resemble; never among the hits
    words_not: tuple[str, ...] = ()  # what the hits mustn't say: a word each, or a few that go together
    language: str | None = None  # None: detect
    filters: tuple[Filter, ...] = ()
    sort: str = "relevance"
    page: int = 1
    page_size: int = 24
    facets: tuple[str, ...] | None = None  # None: all of the collection
    explain: bool = False
    proposals: bool = False  # whether the answer shall list what may be more things in a photo
    read: bool = True  # whether label text and codes in photos count
    # What the shopper's device remembers. It lives for this answer alone: nothing may store or log it.
    taste: tuple[TasteEvent, ...] = field(default=(), repr=False)
    taste_problem: str = ""  # why what the device sent was ignored; '' where nothing was wrong


class Grade(StrEnum):
    SAME = "same item"
    VERY_SIMILAR = "very similar"
    SIMILAR = "similar style"
    DISTANT = "nothing close"


@dataclass(frozen=True, slots=True)
class Hit:
    """`score` is comparable within one reply only. `legs` holds each leg's part where explain was asked.

    `reason` says in a word why the hit stands where it stands ("exact code", "viewed"), `because` which object that is
    about, if another one.
    """

    id: str
    score: float
    grade: Grade | None = None
    picture: str = ""  # id of the picture that matched best
    card: Card | None = None
    legs: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""
    label: str = ""  # words on the photo's label that the object's own words share
    because: str = ""
    because_card: Card | None = None


@dataclass(frozen=True, slots=True)
class Page:
    query_id: str
    took_ms: float
    total: int
    relation: Relation
    hits: tuple[Hit, ...]
    facets: tuple[FacetAnswer, ...]
    page: int
    page_size: int
    language: str | None = None
    distant: int = 0  # how many of `total` are graded "nothing close": they only keep the page from being bare
    warnings: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # what each rescorer did, or why nothing: "personal:personalised", "personal:exact"
    photo_vectors: Mapping[str, Vector] = field(default_factory=dict)  # for the sealed token
    photo_witness: Witness = field(default_factory=Witness)  # for the sealed token; `text` and `codes` for the shopper
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    words: str = ""  # as they were read: without what mustn't be said
    words_not: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()  # of those asked for, the objects that there are
    pictures: tuple[QueryPicture, ...] = ()  # what was searched by, in the question's order; without pixels


def path_prefixes(path: str) -> tuple[str, ...]:
    """'Home > Office > Desk' -> ('Home', 'Home > Office', 'Home > Office > Desk')."""
    parts = [part.strip() for part in path.split(">") if part.strip()]
    return tuple(PATH_SEPARATOR.join(parts[: n + 1]) for n in range(len(parts)))


def unit(vectors: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """The same vectors at length 1, along the last axis; a zero vector stays zero."""
    array = np.asarray(vectors, dtype=np.float32)
    length = np.linalg.norm(array, axis=-1, keepdims=True)
    return np.asarray(array / np.where(length > 0, length, 1.0), dtype=np.float32)
