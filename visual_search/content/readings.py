"""Reads catalogue pictures after indexing: label text, keypoints and thumbnails, once for each content.

The first indexing only encodes pictures, so that searches find a new product by its looks within seconds; its label follows soon
after. The database says what is still to do (pictures whose content has no `PictureSight` by today's maker), so a crash loses
nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from uuid import uuid4

from django.utils import timezone

from visual_search import registry, wiring
from visual_search.conf import conf
from visual_search.content import documents, uses
from visual_search.content.documents import Content
from visual_search.errors import PictureRefused
from visual_search.imaging import copies, keypoint_matching, named_colours
from visual_search.imaging.decode import content_hash, decode
from visual_search.imaging.reading import WORDS_VERSION, words_of
from visual_search.models import IndexEntry, PictureSight, ShownPicture, Turn
from visual_search.types import KeptPicture, Picture

LOOKING = "look at pictures"  # the turn of the process that does
LOOKS_FOR = timedelta(minutes=2)  # far longer than a picture takes; after that a killed process loses its turn
MOST_SHARES = 50_000  # pictures whose colours stay in memory: 10 MB
_shares: dict[str, named_colours.Floats] = {}  # by content, so nothing in it ever gets old

logger = logging.getLogger(__name__)

# Takes object ids and a colour; gives which share of the thing in each object's most colourful picture has it.
Looks = Callable[[Sequence[str], str], Mapping[str, float]]
# Takes hits (object id, picture id) and a count; gives what is kept of their pictures, with keypoints for the first `count`.
# A hit whose picture isn't named ("") stands for all pictures of its object.
Kept = Callable[[Sequence[tuple[str, str]], int], Mapping[tuple[str, str], KeptPicture]]


def maker() -> str:
    """The reader and the detectors of today, as one text. When it changes, every picture is looked at again."""
    reader = wiring.reader()
    read = f"{reader.fingerprint} {WORDS_VERSION}" if reader else "no reader"
    return "; ".join((read, keypoint_matching.maker(), copies.MAKER))


def shown(contents: Iterable[Content], hashes: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """For each object, which content each of its pictures has now; `hashes` go by `documents.picture_key`."""
    return {
        content.id: {
            picture.id: hashes[key]
            for picture in content.pictures
            if (key := documents.picture_key(content, picture)) in hashes
        }
        for content in contents
    }


def record(collection: str, shown: Mapping[str, Mapping[str, str]]) -> None:
    """Remember what `shown` gave, because the live index has these objects so."""
    ShownPicture.objects.all().record(collection, shown)


def texts(content_hashes: Iterable[str]) -> dict[str, str]:
    """Label text by content hash. Pictures without text, or not read yet, are left out."""
    rows = PictureSight.objects.filter(content_hash__in=set(content_hashes), maker=maker()).exclude(text="")
    return dict(rows.values_list("content_hash", "text"))


def kept(collection: str) -> Kept:
    """A function that gives what is kept of the pictures of hits; it leaves out pictures that were not looked at yet.

    It reads keypoints for the first hits alone, because they are five times as large as all else.
    """
    return partial(_kept, collection)


def _kept(collection: str, hits: Sequence[tuple[str, str]], keypoints: int) -> Mapping[tuple[str, str], KeptPicture]:
    wanted = set(hits)
    shown = ShownPicture.objects.all().hashes(collection, {id for id, _ in wanted})
    hash_of = {hit: key for hit, key in shown.items() if hit in wanted or (hit[0], "") in wanted}
    rows = PictureSight.objects.filter(maker=maker(), problem="")
    whole = {hash_of[hit] for hit in hits[:keypoints] if hit in hash_of}
    thumbnails = rows.filter(content_hash__in=set(hash_of.values())).values_list("content_hash", "thumbnail")
    points = dict(rows.filter(content_hash__in=whole).values_list("content_hash", "keypoints")) if whole else {}
    sights = {key: KeptPicture(bytes(thumbnail), bytes(points.get(key, b""))) for key, thumbnail in thumbnails}
    return {pair: sights[key] for pair, key in hash_of.items() if key in sights}


def colours(collection: str) -> Looks:
    """A function that gives how much of an object's most colourful picture has a colour; nothing of pictures not looked at yet.

    What a picture shows is kept in memory: the next question with a colour doesn't read it again.
    """
    return partial(_colours, collection)


def _colours(collection: str, ids: Sequence[str], colour: str) -> Mapping[str, float]:
    if colour not in named_colours.NAMES:
        return {}
    place = named_colours.NAMES.index(colour)
    hash_of = ShownPicture.objects.all().hashes(collection, set(ids))
    missing = set(hash_of.values()) - _shares.keys()
    if missing:
        rows = PictureSight.objects.filter(maker=maker(), problem="", content_hash__in=missing)
        thumbnails = {key: bytes(thumbnail) for key, thumbnail in rows.values_list("content_hash", "thumbnail")}
        if len(_shares) + len(thumbnails) > MOST_SHARES:
            _shares.clear()
        _shares.update(zip(thumbnails, named_colours.shares(list(thumbnails.values())), strict=True))
    found: dict[str, float] = {}
    for (id, _), key in hash_of.items():
        if (shares := _shares.get(key)) is not None:
            found[id] = max(found.get(id, 0.0), float(shares[place]))
    return found


def waiting() -> int:
    """How many pictures have not been looked at yet."""
    return ShownPicture.objects.all().unseen(maker()).values("content_hash").distinct().count()


def others_look() -> bool:
    """Whether another process looks at pictures now, or was killed while it did, a moment ago."""
    return Turn.objects.filter(name=LOOKING, until__gt=timezone.now()).exists()


def see_pending(
    *,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] = lambda count: None,
    wait: Callable[[], None] = lambda: None,
) -> int:
    """Look at every waiting picture, and note objects with label text for indexing. Returns the number of pictures.

    One process at a time: where another one looks, this returns at once. `wait` is called before each picture, and may take
    as long as something else goes first.
    """
    owner = str(uuid4())
    try:
        return _see_pending(owner, should_stop, progress, wait)
    finally:
        Turn.objects.all().give_back(LOOKING, owner)


def _see_pending(
    owner: str, should_stop: Callable[[], bool], progress: Callable[[int], None], wait: Callable[[], None]
) -> int:
    seen = 0
    last = 0
    uses.note([maker()])
    # One by one: reading takes half a second, and what somebody saves meanwhile waits for no more than that.
    while Turn.objects.all().take(LOOKING, owner, LOOKS_FOR):
        wait()
        if should_stop():
            break
        # In the order of keys: a picture that can't be loaded now waits for the next run, and no row is read twice.
        row = ShownPicture.objects.all().unseen(maker()).filter(pk__gt=last).order_by("pk").first()
        if row is None:
            break
        last = row.pk
        sight = _see(row)
        if sight is None:
            continue
        PictureSight.objects.bulk_create([sight], ignore_conflicts=True)
        if sight.text:
            _note_readable(sight.content_hash)
        seen += 1
        progress(1)
    return seen


def _note_readable(content_hash: str) -> None:
    """Note the objects that show this picture for indexing with the text. Their vectors are in the cache."""
    shown = ShownPicture.objects.filter(content_hash=content_hash)
    for collection in set(shown.values_list("collection", flat=True)):
        ids = set(shown.filter(collection=collection).values_list("object_id", flat=True))
        IndexEntry.objects.all().note_alone(collection, ids)


def _see(row: ShownPicture) -> PictureSight | None:
    """What the reader and the detectors see; None if the storage doesn't give the picture now, or gives another one."""
    data = _load(row)
    if data is None:
        return None
    sight = PictureSight(content_hash=row.content_hash, maker=maker(), thumbnail=b"", keypoints=b"")
    try:
        image = decode(data, max_bytes=conf.PICTURE_MAX_BYTES, max_pixels=conf.PICTURE_MAX_PIXELS)
        sight.thumbnail = copies.thumbnail(image)
        sight.keypoints = keypoint_matching.of_catalogue_picture(image).pack()
        reader = wiring.reader()
        sight.text = words_of(reader.read(image)) if reader else ""
    except PictureRefused as problem:
        sight.problem = str(problem)
    # Native code may raise anything for strange content. Searches still find the picture by its vectors.
    except Exception as problem:
        logger.exception("Picture %s couldn't be looked at.", row)
        sight.problem = f"{type(problem).__name__}: {problem}"
    return sight


def _load(row: ShownPicture) -> bytes | None:
    try:
        picture = _picture(row)
        data = picture.load() if picture else None
    # A shop's source and storage may raise anything.
    except Exception as problem:
        logger.warning("%s can't be looked at now (%s: %s).", row, type(problem).__name__, problem)
        return None
    # If the content changed since, the object's entry is pending, and indexing will record the new content.
    return data if data is not None and content_hash(data) == row.content_hash else None


def _picture(row: ShownPicture) -> Picture | None:
    source = registry.source(row.collection)
    obj = source.queryset().filter(pk=row.object_id).first()
    if obj is None:
        return None
    return next((one for one in documents.read(source, obj).pictures if one.id == row.picture_id), None)
