"""What the database keeps for search: the outbox of changes, and vectors by content."""

from __future__ import annotations

import functools
import itertools
import operator
import random
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import OperationalError, connections, models, router, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Greatest
from django.utils import timezone

from visual_search.conf import conf

Function = TypeVar("Function", bound=Callable[..., Any])

CHUNK = 500  # values in one statement; SQLite allowed 999 for many years
HASHES = 200  # rows in one statement that gives each its own value, which takes three values a row
LOCK_PATIENCE = 60.0  # seconds of trying again while another process holds SQLite's lock
LONGEST_WAIT = timedelta(hours=1)  # between two attempts at an entry that keeps failing


def patient(function: Function) -> Function:
    """Run it again while SQLite says "database is locked", for up to `LOCK_PATIENCE` seconds.

    Inside a transaction the error goes up at once: only the whole transaction may be tried again.
    """

    @functools.wraps(function)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        connection = connections[self.db]
        give_up = time.monotonic() + LOCK_PATIENCE
        for attempt in itertools.count():
            try:
                return function(self, *args, **kwargs)
            except OperationalError as problem:
                locked = "locked" in str(problem) or "busy" in str(problem)
                if not locked or connection.in_atomic_block or time.monotonic() > give_up:
                    raise
            # A random part keeps two waiting processes from colliding again and again.
            time.sleep(random.uniform(0.5, 1.0) * min(1.0, 0.02 * 2**attempt))  # noqa: S311
        raise AssertionError("unreachable")

    return wrapper  # type: ignore[return-value]


def chunks(values: Iterable[Any], size: int = CHUNK) -> Iterable[list[Any]]:
    iterator = iter(values)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk


def clock_version() -> int:
    """Milliseconds since 1970: where an entry's version starts.

    An index may outlive the database (a developer deletes it, a backup is restored). Versions that start at 1 would
    then be "older" than what the index holds, and saves would be skipped. Each save adds one, so no clock decides
    between two saves of one object.
    """
    return time.time_ns() // 1_000_000


class State(models.TextChoices):
    PENDING = "pending", "pending"
    PROCESSING = "processing", "processing"
    INDEXED = "indexed", "indexed"
    FAILED = "failed", "failed"


class IndexEntryQuerySet(models.QuerySet["IndexEntry"]):
    def note(
        self,
        collection: str,
        object_ids: Iterable[object],
        *,
        deleted: bool = False,
        created: bool = False,
        leap: bool = False,
        not_before: timedelta | None = None,
    ) -> int:
        """Raise the version of these objects' entries and make them pending; returns how many objects.

        Belongs into the transaction that changes the objects. One statement where all entries exist. `created` is a
        hint that they don't. `leap` raises the version above whatever an index may remember of the object.
        `not_before` keeps workers away for a while.
        """
        ids = sorted({str(object_id) for object_id in object_ids})
        for chunk in chunks(ids):
            if not created and self._touch(collection, chunk, deleted, leap, not_before) == len(chunk):
                continue
            version = clock_version()
            self.bulk_create(
                [IndexEntry(collection=collection, object_id=id, version=version, deleted=deleted) for id in chunk],  # type: ignore[misc]  # the stubs can't tie a query set's base to its own model
                ignore_conflicts=True,
            )
            # Once more for all: another transaction may have made one of these entries a moment ago, and a worker may
            # already have read the object as it was before this change.
            self._touch(collection, chunk, deleted, leap, not_before)
        return len(ids)

    def _touch(
        self, collection: str, ids: Sequence[str], deleted: bool, leap: bool, not_before: timedelta | None
    ) -> int:
        now = timezone.now()
        version: Any = F("version") + 1
        return self.filter(collection=collection, object_id__in=ids).update(
            version=Greatest(version, clock_version()) if leap else version,
            state=State.PENDING,
            deleted=deleted,
            attempts=0,
            error="",
            next_attempt_at=now + not_before if not_before else None,
            claim="",
            claimed_until=None,
            updated_at=now,
        )

    @patient
    def note_alone(self, collection: str, object_ids: Iterable[object], **options: Any) -> int:
        """`note` in a transaction of its own, which waits where SQLite is locked."""
        ids = list(object_ids)
        if connections[self.db].in_atomic_block:
            return self.note(collection, ids, **options)
        with transaction.atomic(using=self.db):
            return self.note(collection, ids, **options)

    def due(self) -> IndexEntryQuerySet:
        """Entries that some worker should take now."""
        now = timezone.now()
        waiting = Q(state__in=[State.PENDING, State.FAILED]) & _ready(now)
        return self.filter(waiting | Q(state=State.PROCESSING, claimed_until__lt=now))

    @patient
    def claim(self, size: int, collection: str | None = None, *, failed_by: datetime | None = None) -> list[IndexEntry]:
        """Take up to `size` due entries for this worker alone, for `INDEX_LEASE_SECONDS`; empty when none is due.

        Due are pending entries, then those whose worker died, then failed ones whose retry time has come, or had come
        at `failed_by`.
        """
        now = timezone.now()
        entries = self.filter(collection=collection) if collection else self
        claim = uuid.uuid4().hex
        taken = 0
        with transaction.atomic(using=self.db):
            for state, due in (
                (State.PENDING, _ready(now)),
                (State.PROCESSING, Q(claimed_until__lt=now)),
                (State.FAILED, _ready(failed_by or now)),
            ):
                candidates = entries.filter(due, state=state).order_by("pk")
                if connections[self.db].features.has_select_for_update_skip_locked:
                    candidates = candidates.select_for_update(skip_locked=True)
                keys = list(candidates.values_list("pk", flat=True)[: size - taken])
                # The condition stands here again: without row locks another worker may have been faster.
                taken += self.filter(due, pk__in=keys, state=state).update(
                    state=State.PROCESSING,
                    claim=claim,
                    claimed_until=now + timedelta(seconds=conf.INDEX_LEASE_SECONDS),
                )
                if taken >= size:
                    break
        return list(self.filter(claim=claim).order_by("pk")) if taken else []

    # A change made meanwhile has emptied the claim, and a lease that ran out has replaced it. So whatever ends an
    # attempt goes by the claim: then it never touches an entry that has become someone else's business.

    @patient
    def settle(
        self,
        entries: Sequence[IndexEntry],
        *,
        deleted: bool,
        warning: str = "",
        hashes: Mapping[str, str] | None = None,
    ) -> int:
        """These entries' versions are in the index (or out of it); returns how many are still what they were.

        `hashes`: of the indexed content, by object id.
        """
        return sum(
            self.filter(pk__in=[entry.pk for entry in chunk], claim=chunk[0].claim).update(
                deleted=deleted, warning=warning[:2000], content_hash=_hash_of(chunk, hashes or {}), **_success()
            )
            for chunk in chunks(entries, HASHES)
        )

    @patient
    def settle_partly(self, entry: IndexEntry, reason: str, *, content_hash: str = "") -> None:
        """The index has this entry without a part that can't be had now; try again with a new version later."""
        self.filter(pk=entry.pk, claim=entry.claim).update(
            indexed_version=F("version"),
            version=F("version") + 1,
            deleted=False,
            content_hash=content_hash,
            **_failure(entry.attempts, reason),
        )

    @patient
    def settle_versions(self, collection: str, versions: Mapping[str, int]) -> int:
        """A new index holds these versions, whatever the entries' states were; returns how many were settled."""
        settled = 0
        for ids in chunks(versions):
            open_ids = self.filter(collection=collection, object_id__in=ids).exclude(
                state=State.INDEXED, indexed_version=F("version")
            )
            for few in chunks(open_ids.values_list("object_id", flat=True), 100):
                same = functools.reduce(operator.or_, (Q(object_id=id, version=versions[id]) for id in few))
                settled += self.filter(same, collection=collection).update(deleted=False, **_success())
        return settled

    @patient
    def record_hashes(self, collection: str, contents: Mapping[str, tuple[int, str]]) -> None:
        """A new index holds these objects with this version and this content hash. Newer entries have their own."""
        for ids in chunks(contents, HASHES):
            same = self.filter(collection=collection, object_id__in=ids, deleted=False)
            rows = list(same.only("pk", "object_id", "version", "content_hash"))
            # An entry whose version has risen since is settled with the hash of its newer content.
            held = [row for row in rows if row.version == contents[row.object_id][0]]
            stale = [row for row in held if row.content_hash != contents[row.object_id][1]]
            if stale:
                hashes = {row.object_id: contents[row.object_id][1] for row in stale}
                self.filter(pk__in=[row.pk for row in stale]).update(content_hash=_hash_of(stale, hashes))

    @patient
    def record_warnings(self, collection: str, warnings: Mapping[str, str]) -> None:
        """Exactly these objects of the collection, by id, have something left out."""
        self.filter(collection=collection).exclude(warning="").update(warning="")
        for id, warning in warnings.items():
            self.filter(collection=collection, object_id=id).update(warning=warning[:2000])

    @patient
    def fail(self, entries: Sequence[IndexEntry], reason: str) -> None:
        """Record why, and when to try again: the wait doubles with each attempt, up to an hour."""
        for attempts, group in itertools.groupby(sorted(entries, key=_attempts), key=_attempts):
            for chunk in chunks(group):
                self.filter(pk__in=[entry.pk for entry in chunk], claim=chunk[0].claim).update(
                    **_failure(attempts, reason)
                )

    @patient
    def requeue(self, collection: str) -> int:
        """Take claimed entries away from their workers, so that they are done once more; returns how many."""
        return self.filter(collection=collection, state=State.PROCESSING).update(
            state=State.PENDING, claim="", claimed_until=None
        )

    @patient
    def retry_now(self, collection: str | None = None, pks: Collection[int] | None = None) -> int:
        """Make failed entries due at once; returns how many."""
        failed = self.filter(state=State.FAILED)
        if collection:
            failed = failed.filter(collection=collection)
        if pks is not None:
            failed = failed.filter(pk__in=pks)
        return failed.update(state=State.PENDING, attempts=0, next_attempt_at=None)


def _ready(now: datetime) -> Q:
    return Q(next_attempt_at=None) | Q(next_attempt_at__lte=now)


def _hash_of(entries: Sequence[IndexEntry], hashes: Mapping[str, str]) -> Any:
    """The value of `content_hash` for each of these rows in one UPDATE; empty for those without one."""
    known = [entry for entry in entries if entry.object_id in hashes]
    whens = [When(pk=entry.pk, then=Value(hashes[entry.object_id])) for entry in known]
    return Case(*whens, default=Value("")) if whens else ""


def _success() -> dict[str, Any]:
    return {
        "state": State.INDEXED,
        "indexed_version": F("version"),
        "attempts": 0,
        "error": "",
        "next_attempt_at": None,
        "claim": "",
        "claimed_until": None,
    }


def _failure(attempts: int, reason: str) -> dict[str, Any]:
    wait = timedelta(seconds=conf.INDEX_RETRY_SECONDS * 2.0 ** min(attempts, 20))
    return {
        "state": State.FAILED,
        "attempts": attempts + 1,
        "error": reason[:2000],
        "next_attempt_at": timezone.now() + min(wait, LONGEST_WAIT),
        "claim": "",
        "claimed_until": None,
    }


def _attempts(entry: IndexEntry) -> int:
    return entry.attempts


class IndexEntryManager(models.Manager.from_queryset(IndexEntryQuerySet)):  # type: ignore[misc]
    """Reads where it writes: a replica that lags behind would give work out twice or not at all."""

    def get_queryset(self) -> IndexEntryQuerySet:
        entries: IndexEntryQuerySet = super().get_queryset()
        return entries.using(router.db_for_write(self.model))


class IndexEntry(models.Model):
    """One object that belongs into an index, and how far that is. The row outlives the object, for its version.

    `version` rises with every change; what the index holds is `indexed_version`.
    """

    collection = models.CharField(max_length=64)
    object_id = models.CharField(max_length=200)
    version = models.BigIntegerField()
    indexed_version = models.BigIntegerField(null=True, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.PENDING)
    deleted = models.BooleanField(default=False, help_text="The object is gone or doesn't belong into the index.")
    attempts = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True, default="")
    warning = models.TextField(blank=True, default="", help_text="What was left out, such as a broken picture.")
    content_hash = models.CharField(max_length=32, blank=True, default="", help_text="Of what was indexed last.")
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    claim = models.CharField(max_length=32, blank=True, default="", db_index=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = IndexEntryManager()

    class Meta:
        verbose_name = "index entry"
        verbose_name_plural = "index entries"
        constraints = [
            models.UniqueConstraint(fields=["collection", "object_id"], name="visual_search_entry_object"),
        ]
        indexes = [models.Index(fields=["state", "id"], name="visual_search_entry_claim")]

    def __str__(self) -> str:
        return f"{self.collection}/{self.object_id} ({self.state})"


class MakerUseQuerySet(models.QuerySet["MakerUse"]):
    @patient
    def note(self, makers: Iterable[str]) -> None:
        """Note that these makers are used now."""
        now = timezone.now()
        self.bulk_create(
            [MakerUse(maker=maker, used_at=now) for maker in sorted(set(makers))],  # type: ignore[misc]
            update_conflicts=True,
            unique_fields=["maker"],
            update_fields=["used_at"],
        )

    @patient
    def note_unknown(self, makers: Iterable[str]) -> None:
        """Note that makers without a row are used now: nobody has said when they were used last."""
        now = timezone.now()
        self.bulk_create(
            [MakerUse(maker=maker, used_at=now) for maker in sorted(set(makers))],  # type: ignore[misc]
            ignore_conflicts=True,
        )


class MakerUse(models.Model):
    """When some process last worked with what made stored rows: a space's fingerprint, or a `PictureSight.maker`."""

    maker = models.CharField(max_length=200, unique=True)
    used_at = models.DateTimeField()

    objects = MakerUseQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.maker}, last used {self.used_at:%Y-%m-%d}"


class MadeRows(models.QuerySet[Any]):
    """Rows that can be made again."""

    @patient
    def drop_after(self, pk: int) -> tuple[int, int]:
        """Delete the first `CHUNK` of these rows behind this primary key; how many, and the last one's key."""
        pks = list(self.filter(pk__gt=pk).order_by("pk").values_list("pk", flat=True)[:CHUNK])
        if pks:
            self.model._base_manager.using(self.db).filter(pk__in=pks).delete()
        return len(pks), pks[-1] if pks else pk


class EmbeddingQuerySet(models.QuerySet["Embedding"]):
    @patient
    def keep(self, embeddings: Sequence[Embedding]) -> None:
        """Store those that aren't there yet."""
        self.bulk_create(embeddings, ignore_conflicts=True, batch_size=CHUNK)  # type: ignore[arg-type]


class Embedding(models.Model):
    """A vector by what it was made of: equal content in an equal space is encoded once, whoever shows it."""

    content_hash = models.CharField(
        max_length=64
    )  # SHA-256 in hex, of a picture's bytes or of a text with its language
    fingerprint = models.CharField(max_length=128)  # of the space (types.Space)
    dims = models.PositiveIntegerField()
    vector = models.BinaryField()  # float16, little-endian
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EmbeddingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["content_hash", "fingerprint"], name="visual_search_embedding_content"),
        ]

    def __str__(self) -> str:
        return f"{self.content_hash[:12]} in {self.fingerprint}"


class ShownPictureQuerySet(models.QuerySet["ShownPicture"]):
    @patient
    def record(self, collection: str, shown: Mapping[str, Mapping[str, str]]) -> None:
        """Exactly these pictures (object id -> picture id -> content hash) belong to these objects from now on."""
        wanted = {
            (object_id, picture_id, content)
            for object_id, pictures in shown.items()
            for picture_id, content in pictures.items()
        }
        rows = self.filter(collection=collection, object_id__in=shown)
        known = {row[1:]: row[0] for row in rows.values_list("pk", "object_id", "picture_id", "content_hash")}
        if stale := [pk for key, pk in known.items() if key not in wanted]:
            self.filter(pk__in=stale).delete()
        self.bulk_create(
            [
                ShownPicture(collection=collection, object_id=object_id, picture_id=picture_id, content_hash=content)  # type: ignore[misc]
                for object_id, picture_id, content in sorted(wanted - set(known))
            ],
            update_conflicts=True,
            unique_fields=["collection", "object_id", "picture_id"],
            update_fields=["content_hash"],
            batch_size=CHUNK,
        )

    def unseen(self, maker: str) -> ShownPictureQuerySet:
        """Pictures whose content this maker hasn't looked at yet."""
        seen = PictureSight.objects.filter(maker=maker, content_hash=models.OuterRef("content_hash"))
        return self.filter(~models.Exists(seen))


class ShownPicture(models.Model):
    """Which content an object's picture had when it was indexed. It leads from a hit to the `PictureSight` of its picture."""

    collection = models.CharField(max_length=64)
    object_id = models.CharField(max_length=200)
    picture_id = models.CharField(max_length=200)
    content_hash = models.CharField(max_length=64, db_index=True)

    objects = ShownPictureQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "object_id", "picture_id"], name="visual_search_shown_picture"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.picture_id} of {self.collection}/{self.object_id}"


class PictureSight(models.Model):
    """What `content/readings.py` saw in a catalogue picture, by its content: label text, keypoints, a thumbnail."""

    content_hash = models.CharField(max_length=64)
    maker = models.CharField(max_length=200)  # which reader and which detector; another one looks again
    text = models.TextField(blank=True, default="")
    thumbnail = models.BinaryField()
    keypoints = models.BinaryField()
    problem = models.TextField(blank=True, default="")  # why there is nothing; a look isn't repeated

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["content_hash", "maker"], name="visual_search_picture_sight_content"),
        ]

    def __str__(self) -> str:
        return f"{self.content_hash[:12]} by {self.maker}"


class LastRebuildQuerySet(models.QuerySet["LastRebuild"]):
    @patient
    def record(self, collection: str, **counts: Any) -> None:
        """This is what became of the collection's last rebuild."""
        self.update_or_create(collection=collection, defaults={"ended_at": timezone.now(), **counts})


class LastRebuild(models.Model):
    """What became of the last rebuild of a collection's index."""

    collection = models.CharField(max_length=64, unique=True)
    ended_at = models.DateTimeField()
    taken = models.BooleanField(help_text="The new index is in use; else the earlier one stayed.")
    problem = models.TextField(blank=True, default="", help_text="Why the new index was not taken.")
    objects_read = models.PositiveIntegerField(default=0)
    pictures = models.PositiveIntegerField(default=0)
    warnings = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    reasons = models.JSONField(default=list, help_text="The first failures.")

    objects = LastRebuildQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.collection}: {'taken' if self.taken else 'not taken'}, {self.ended_at:%Y-%m-%d %H:%M}"


class StoredCalibration(models.Model):
    """Which grade a cosine means in a collection (ranking/calibration.py), for one image space."""

    collection = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=128)  # of the image space
    limits = models.JSONField()
    made_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "calibration of grades"
        verbose_name_plural = "calibrations of grades"
        constraints = [
            models.UniqueConstraint(fields=["collection", "fingerprint"], name="visual_search_calibration_space"),
        ]

    def __str__(self) -> str:
        return f"grades of {self.collection}"
