"""The gallery in the database: pictures go in one by one, and a rebuild learns new visual words from all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import numpy as np
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Count, Max
from PIL import Image

from visual_search import registry, wiring
from visual_search.conf import conf
from visual_search.content import objects, vectors
from visual_search.errors import BadInput, PictureRefused, said
from visual_search.features.brand_protection import files, matching, votes
from visual_search.features.brand_protection.gallery import Gallery, Genuine
from visual_search.features.brand_protection.kinds import GenuineKind
from visual_search.features.brand_protection.levels import Levels
from visual_search.features.brand_protection.models import Brand, GenuinePicture, Thresholds, VisualWords
from visual_search.imaging import keypoint_matching
from visual_search.imaging.decode import content_hash, decode
from visual_search.types import Picture

_GROWN = 2.0  # times as many pictures as the words were learned from: then new words are worth learning
_lock = threading.Lock()
_loaded: tuple[tuple[object, ...], Gallery] | None = None


def current() -> Gallery:
    """The gallery of all watched brands as the database has it now; read again only when something has changed."""
    global _loaded  # noqa: PLW0603 - one a process
    with _lock:
        stamp = _stamp()
        if _loaded is None or _loaded[0] != stamp:
            _loaded = (stamp, _load())
        return _loaded[1]


def levels() -> Levels:
    """The levels that were learned from the shop's own gallery, or the usual ones."""
    row = Thresholds.objects.order_by("-pk").first()
    if row is None:
        return Levels()
    fits = row.fingerprint == wiring.encoder().card.image.fingerprint
    return Levels(row.inliers, row.cosine if fits else Levels().cosine)


def add(brand: Brand, data: bytes, *, item: str = "", kind: str = GenuineKind.PICTURE) -> GenuinePicture:
    """Add a picture or mark of the brand; the same one again changes nothing. Raises PictureRefused."""
    key = content_hash(data)
    known = GenuinePicture.objects.filter(brand=brand, content_hash=key).first()
    if known is not None:
        return known
    row = GenuinePicture(brand=brand, kind=kind, item=item[:200], content_hash=key)
    fill(row, data)
    row.file.save(f"{key[:32]}.jpg", ContentFile(data), save=False)
    row.save()
    return row


def describe(row: GenuinePicture, data: bytes) -> None:
    """Fill in what a new file of this row is compared by. Raises PictureRefused, and BadInput where the brand has it already."""
    row.content_hash = content_hash(data)
    if GenuinePicture.objects.filter(brand=row.brand, content_hash=row.content_hash).exclude(pk=row.pk).exists():
        raise BadInput(said("The brand has this picture already."), field="file")
    fill(row, data)


def fill(row: GenuinePicture, data: bytes, image: Image.Image | None = None) -> None:
    """Keypoints, words and vector of a row that has its hash. Raises PictureRefused."""
    points = matching.genuine_points(image or opened(data))
    row.keypoints = points.pack()
    words = VisualWords.objects.order_by("-pk").first()
    if words is not None:
        row.words = votes.unpack(bytes(words.centres)).words(points.descriptors).tobytes()
        row.vocabulary = words.pk
    if (made := vector_of(data)) is not None:
        row.vector, row.fingerprint = made[0].astype("<f2").tobytes(), made[1]


def add_catalogue(brand: Brand, progress: Callable[[int], None] = lambda count: None) -> tuple[int, int]:
    """Take in the pictures of the shop's products of this brand, and drop those that are no longer there.

    Returns how many are new and how many were dropped. What was taken in stays if it is interrupted; the next run goes on.
    """
    if not brand.catalogue_brand:
        return 0, 0
    source = registry.source(brand.collection or registry.default())
    known = {
        (row.object_id, row.picture_id): row
        for row in GenuinePicture.objects.filter(brand=brand, collection=source.collection).exclude(object_id="")
    }
    contents = set(GenuinePicture.objects.filter(brand=brand).values_list("content_hash", flat=True))
    added, there = 0, set()
    for ids in objects.pages_of_ids(source):
        for id, obj in objects.read_objects(source, ids).items():
            if not _is_of(brand, source.facets(obj).get("brand")):
                continue
            item = next(iter(map(str, source.codes(obj))), id)
            for picture in source.pictures(obj):
                there.add((id, picture.id))
                row = known.get((id, picture.id))
                data = loaded(picture)
                if data is None or (row is not None and row.content_hash == content_hash(data)):
                    continue
                if row is not None:
                    row.delete()
                elif content_hash(data) in contents:
                    continue
                added += _add_from_catalogue(brand, data, item, (source.collection, id, picture.id))
                contents.add(content_hash(data))
                progress(1)
    gone = [row.pk for pair, row in known.items() if pair not in there]
    GenuinePicture.objects.filter(pk__in=gone).delete()
    return added, len(gone)


def rebuild(progress: Callable[[int], None] = lambda count: None) -> int:
    """Learn visual words from all genuine pictures and write each in them; returns how many pictures.

    The old words hold until the last picture is written, and an interrupted run changes nothing.
    """
    rows = list(GenuinePicture.objects.order_by("pk").only("pk", "keypoints"))
    unpacked = [keypoint_matching.unpack(bytes(row.keypoints)) for row in rows]
    vocabulary = votes.learn(unpacked)
    with transaction.atomic():
        made = VisualWords.objects.create(centres=vocabulary.pack())
        for row, points in zip(rows, unpacked, strict=True):
            row.words, row.vocabulary = vocabulary.words(points.descriptors).tobytes(), made.pk
            progress(1)
        GenuinePicture.objects.bulk_update(rows, ["words", "vocabulary"], batch_size=100)
        VisualWords.objects.exclude(pk=made.pk).delete()
    return len(rows)


def needs_words() -> bool:
    """Whether there are no words yet, or the gallery has grown so much since that others would be better."""
    count = GenuinePicture.objects.count()
    with_words = GenuinePicture.objects.exclude(vocabulary=0).count()
    return bool(count) and (with_words == 0 or count > _GROWN * with_words)


def opened(data: bytes) -> Image.Image:
    """Raises PictureRefused."""
    return decode(data, max_bytes=conf.PICTURE_MAX_BYTES, max_pixels=conf.PICTURE_MAX_PIXELS)


def vector_of(data: bytes) -> tuple[np.ndarray[tuple[int], np.dtype[np.float32]], str] | None:
    """The picture's vector in the encoder's image space, and the space's fingerprint; None where it gives none.

    Of content that was encoded before, such as the shop's own products, the kept vector is taken.
    """
    encoder = wiring.encoder()
    space = encoder.card.image
    made = vectors.of_pictures(encoder, {"one": Picture("one", lambda: data)}).vectors.get("one", {})
    return (np.asarray(made[space.name], np.float32), space.fingerprint) if space.name in made else None


def loaded(picture: Picture) -> bytes | None:
    """The picture's bytes; None where the shop's storage doesn't give them."""
    try:
        return picture.load()
    # A shop's storage may raise anything; the other pictures go on.
    except Exception:
        return None


def picture_data(row: GenuinePicture) -> bytes | None:
    """The bytes of a genuine picture, from its file or from the catalogue; None where neither has them any more."""
    if row.file:
        return files.read(row.file)
    return of_object(row.collection, row.object_id, row.picture_id) if row.object_id else None


def of_object(collection: str, id: str, picture_id: str) -> bytes | None:
    """The bytes of a picture as the shop's object has it now; None where it hasn't any more."""
    source = registry.source(collection)
    obj = objects.read_objects(source, [id]).get(id)
    picture = next((one for one in source.pictures(obj) if one.id == picture_id), None) if obj is not None else None
    return loaded(picture) if picture else None


def _add_from_catalogue(brand: Brand, data: bytes, item: str, place: tuple[str, str, str]) -> int:
    row = GenuinePicture(brand=brand, item=item[:200], content_hash=content_hash(data))
    row.collection, row.object_id, row.picture_id = place
    try:
        fill(row, data)
    except PictureRefused:
        return 0
    row.save()
    return 1


def _is_of(brand: Brand, value: object) -> bool:
    if brand.catalogue_brand == "*":
        return True
    values: Iterable[object] = value if isinstance(value, list | tuple) else [value]
    return brand.catalogue_brand.casefold() in {str(one).casefold() for one in values if one}


def _stamp() -> tuple[object, ...]:
    pictures = GenuinePicture.objects.filter(brand__active=True)
    counted = pictures.aggregate(Count("pk"), Max("pk"), Max("added_at"))
    return (
        *counted.values(),
        VisualWords.objects.aggregate(Max("pk"))["pk__max"],
        wiring.encoder().card.image.fingerprint,
    )


def _load() -> Gallery:
    words = VisualWords.objects.order_by("-pk").first()
    vocabulary = votes.unpack(bytes(words.centres)) if words else votes.learn([])
    fingerprint = wiring.encoder().card.image.fingerprint
    rows = GenuinePicture.objects.filter(brand__active=True, vocabulary=words.pk if words else 0).order_by("pk")
    return Gallery([_genuine(row, fingerprint) for row in rows.iterator(chunk_size=500)], vocabulary)


def _genuine(row: GenuinePicture, fingerprint: str) -> Genuine:
    vector = np.frombuffer(bytes(row.vector), "<f2").astype(np.float32)
    return Genuine(
        key=row.pk,
        brand=row.brand_id,
        item=row.item,
        content_hash=row.content_hash,
        keypoints=keypoint_matching.unpack(bytes(row.keypoints)),
        words=np.frombuffer(bytes(row.words), np.uint16),
        # Half precision leaves the length a thousandth off, and cosines near 1 matter.
        vector=vector / max(1e-9, float(np.linalg.norm(vector))) if row.fingerprint == fingerprint else vector[:0],
    )
