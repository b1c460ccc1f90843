"""What is kept of pictures and titles by their content: vectors, label text, keypoints, thumbnails."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from django.db import models

from visual_search.models.writing import CHUNK, patient


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

    def hashes(self, collection: str, object_ids: Collection[str]) -> dict[tuple[str, str], str]:
        """The content hash of each picture of these objects, by object id and picture id."""
        rows = self.filter(collection=collection, object_id__in=object_ids)
        named = rows.values_list("object_id", "picture_id", "content_hash")
        return {(object_id, picture_id): content for object_id, picture_id, content in named}

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
