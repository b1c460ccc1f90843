"""What the database keeps for search, in one file for each thing."""

from visual_search.models.content import Embedding, EmbeddingQuerySet, PictureSight, ShownPicture, ShownPictureQuerySet
from visual_search.models.keys import ApiKey, ApiKeyQuerySet, Scope
from visual_search.models.learned import (
    LastRebuild,
    LastRebuildQuerySet,
    RunningRebuild,
    RunningRebuildQuerySet,
    StoredCalibration,
)
from visual_search.models.limits import Spent, SpentQuerySet
from visual_search.models.outbox import (
    HASHES,
    LONGEST_WAIT,
    IndexEntry,
    IndexEntryManager,
    IndexEntryQuerySet,
    State,
    clock_version,
)
from visual_search.models.phrases import LONGEST_PHRASE, StoredPhrase, StoredPhraseQuerySet
from visual_search.models.turns import Turn, TurnQuerySet
from visual_search.models.uses import MadeRows, MakerUse, MakerUseQuerySet
from visual_search.models.words import LONGEST_KEPT, Word, WordQuerySet
from visual_search.models.writing import CHUNK, LOCK_PATIENCE, chunks, patient

__all__ = [
    "CHUNK",
    "HASHES",
    "LOCK_PATIENCE",
    "LONGEST_KEPT",
    "LONGEST_PHRASE",
    "LONGEST_WAIT",
    "ApiKey",
    "ApiKeyQuerySet",
    "Embedding",
    "EmbeddingQuerySet",
    "IndexEntry",
    "IndexEntryManager",
    "IndexEntryQuerySet",
    "LastRebuild",
    "LastRebuildQuerySet",
    "MadeRows",
    "MakerUse",
    "MakerUseQuerySet",
    "PictureSight",
    "RunningRebuild",
    "RunningRebuildQuerySet",
    "Scope",
    "ShownPicture",
    "ShownPictureQuerySet",
    "Spent",
    "SpentQuerySet",
    "State",
    "StoredCalibration",
    "StoredPhrase",
    "StoredPhraseQuerySet",
    "Turn",
    "TurnQuerySet",
    "Word",
    "WordQuerySet",
    "chunks",
    "clock_version",
    "patient",
]
