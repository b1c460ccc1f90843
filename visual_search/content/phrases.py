"""What may be asked of a collection, to suggest it: phrases of its titles, brands and categories.

Each rebuild counts them anew, a save adds its categories, and each process keeps them in memory. What features know of
questions that people asked comes by the signal `phrases_wanted`.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from multilingual.completing import Completions, Phrase, phrases_of, plain_forms, uncovered
from multilingual.spelling import words_of
from visual_search.content import lexicon
from visual_search.engines.terms import language_field
from visual_search.models import LONGEST_PHRASE, StoredPhrase
from visual_search.signals import phrases_wanted
from visual_search.types import CATEGORY, PATH_SEPARATOR, CollectionSchema, Document, FacetKind, path_prefixes

LOOK_SECONDS = 5.0  # between two looks for what other processes have changed
ASK_SECONDS = 3600.0  # between two questions to features; what they know changes by the day
MOST_PHRASES = 50_000  # of a collection, the commonest
LEAST_OBJECTS = 5  # that have a phrase, so that it is worth asking for; in small shops fewer,
OBJECTS_FOR_ONE = 200  # one for so many objects of the shop,
LEAST_OF_ALL = 2  # but never one alone: that object is suggested itself
_ONCE = 2**22  # marks for phrases that were met once; most are never met again, and would fill the memory

Key = tuple[str, str]  # language and words; "" for what no language owns


class Counts:
    """The phrases of many documents, and how many have each, in bounded memory."""

    def __init__(self) -> None:
        self._documents = 0
        self._once = bytearray(_ONCE)
        self._counts: Counter[Key] = Counter()
        self._categories: Counter[str] = Counter()

    def add(self, documents: Iterable[Document], schema: CollectionSchema) -> None:
        """Count the phrases of these documents."""
        for document in documents:
            self._documents += 1
            self._categories.update(set(_categories(document, schema)))
            for key in _phrases(document, schema):
                self._add(key)
            if len(self._counts) > 2 * MOST_PHRASES:
                self._counts = Counter(dict(self._counts.most_common(MOST_PHRASES)))

    def _add(self, key: Key) -> None:
        mark = hash(key) % _ONCE
        if key in self._counts:
            self._counts[key] += 1
        elif self._once[mark]:
            self._counts[key] = 2
        else:
            self._once[mark] = 1

    def queries(self) -> dict[Key, int]:
        """The phrases that enough documents have, and how many."""
        least = max(LEAST_OF_ALL, min(LEAST_OBJECTS, self._documents // OBJECTS_FOR_ONE))
        enough = {key: count for key, count in self._counts.items() if count >= least}
        return dict(Counter(uncovered(enough)).most_common(MOST_PHRASES))

    def askable(self) -> Askable:
        """What may be suggested of these documents alone."""
        titles = (Phrase(text, plain_forms(text), count, known) for (known, text), count in self.queries().items())
        named = (Phrase(path, plain_forms(_name(path)), count) for path, count in self.categories().items())
        return Askable(Completions(titles), Completions(), Completions(named))

    def categories(self) -> dict[str, int]:
        """The categories' paths, each level, and how many documents lie below it."""
        return dict(self._categories.most_common(MOST_PHRASES))


def note(collection: str, documents: Iterable[Document], schema: CollectionSchema) -> None:
    """Keep the categories of these documents that weren't known."""
    paths = {path for document in documents for path in _categories(document, schema)}
    if new := paths - _kept_of(collection).categories.keys():
        StoredPhrase.objects.all().add(_category(collection, path, 1) for path in sorted(new))
        with _lock:
            # Known from now on, else the next save would write them again.
            _collections.setdefault(collection, _Kept()).looked_at = 0.0


def renew(collection: str, counts: Counts) -> None:
    """These are all the phrases of the collection."""
    rows = [
        StoredPhrase(
            collection=collection, language=language, text=text, plain=plain_forms(text), objects_having=objects
        )
        for (language, text), objects in counts.queries().items()
    ]
    rows += [_category(collection, path, objects) for path, objects in counts.categories().items()]
    StoredPhrase.objects.all().renew(collection, rows)
    with _lock:
        _collections.pop(collection, None)


@dataclass(frozen=True, slots=True)
class Askable:
    """What may be suggested of a collection. `asked`: what people ask for, as far as anybody may know it."""

    titles: Completions
    asked: Completions
    categories: Completions

    def queries(self, typed: str, language: str | None, *, most: int) -> list[Phrase]:
        """Questions that go on as typed: those that people asked, then phrases of titles and brands."""
        found = [*self.asked.find(typed, language, most=most), *self.titles.find(typed, language, most=most)]
        return list({phrase.plain: phrase for phrase in reversed(found)}.values())[::-1][:most]


def of(collection: str) -> Askable:
    """What may be suggested as this process knows it, a few seconds old at most."""
    kept = _kept_of(collection)
    return Askable(kept.titles, kept.asked, kept.found)


def forget() -> None:
    """Read all phrases anew when they are next asked for."""
    with _lock:
        _collections.clear()


# --- In this process ----------------------------------------------------------------------------


@dataclass(slots=True)
class _Kept:
    titles: Completions = field(default_factory=Completions)
    asked: Completions = field(default_factory=Completions)
    found: Completions = field(default_factory=Completions)
    categories: dict[str, Phrase] = field(default_factory=dict)  # by path
    oldest: int = 0  # the key of the first row that was read; a rebuild removes it
    newest: int = 0
    looked_at: float = 0.0
    asked_at: float = 0.0


_collections: dict[str, _Kept] = {}
_lock = threading.Lock()


def _kept_of(collection: str) -> _Kept:
    with _lock:
        kept = _collections.setdefault(collection, _Kept())
        now = time.monotonic()
        if not kept.looked_at or now - kept.looked_at >= LOOK_SECONDS:
            kept = _collections[collection] = _looked(collection, kept)
            kept.looked_at = now
        if not kept.asked_at or now - kept.asked_at >= ASK_SECONDS:
            kept.asked = Completions(_asked(collection))
            kept.asked_at = now
        return kept


def _looked(collection: str, kept: _Kept) -> _Kept:
    """What is kept, with the rows that have come since; all of it anew after a rebuild."""
    rows = StoredPhrase.objects.filter(collection=collection)
    # Keys may become visible in another order than they were given, so it may also be that an older one has come.
    if kept.oldest and rows.order_by("pk").values_list("pk", flat=True).first() != kept.oldest:
        kept = _Kept(asked=kept.asked, asked_at=kept.asked_at)
    titles: list[Phrase] = []
    categories = dict(kept.categories)
    oldest, newest = kept.oldest, kept.newest
    fields = ("pk", "is_category", "text", "plain", "objects_having", "language")
    for pk, is_category, *said in rows.filter(pk__gt=newest).order_by("pk").values_list(*fields).iterator():
        phrase = Phrase(*said)
        if is_category:
            categories[phrase.text] = phrase
        else:
            titles.append(phrase)
        oldest, newest = oldest or pk, pk
    # All at the end: where reading fails halfway, the rows are read again.
    if titles:
        kept.titles = Completions(titles)  # Only a rebuild brings them, and it brings all.
    if len(categories) > len(kept.categories):
        kept.categories, kept.found = categories, Completions(categories.values())
    kept.oldest, kept.newest = oldest, newest
    return kept


def _asked(collection: str) -> Iterator[Phrase]:
    """What features know of questions, as far as the shop has all their words: others would find nothing."""
    known = lexicon.of(collection)
    for _, said in phrases_wanted.send_robust(sender=Phrase, collection=collection):
        if isinstance(said, Mapping):  # Django logs the errors.
            for text, count in said.items():
                words = list(words_of(text))
                if words and len(text) <= LONGEST_PHRASE and all(map(known.knows, words)):
                    yield Phrase(text, plain_forms(text), count)


# --- From documents -----------------------------------------------------------------------------


def _phrases(document: Document, schema: CollectionSchema) -> set[Key]:
    keys = {
        (known, phrase)
        for language, text in document.texts.items()
        for known in [language_field(language, schema)]
        for phrase in phrases_of(text.title, known)
    }
    for facet in schema.facets:
        if facet.kind is FacetKind.KEYWORD and facet.searchable:
            keys.update(("", value) for value in _values(document, facet.name))
    return {key for key in keys if len(key[1]) <= LONGEST_PHRASE}


def _categories(document: Document, schema: CollectionSchema) -> Iterator[str]:
    if any(facet.name == CATEGORY.name and facet.kind is FacetKind.PATH for facet in schema.facets):
        for path in _values(document, CATEGORY.name):
            yield from (level for level in path_prefixes(path) if len(level) <= LONGEST_PHRASE)


def _values(document: Document, facet: str) -> Iterator[str]:
    value = document.facets.get(facet)
    for one in value if isinstance(value, tuple) else (value,):
        if isinstance(one, str) and one and "\x00" not in one:
            yield one


def _category(collection: str, path: str, objects: int) -> StoredPhrase:
    return StoredPhrase(
        collection=collection, is_category=True, text=path, plain=plain_forms(_name(path)), objects_having=objects
    )


def _name(path: str) -> str:
    return path.rsplit(PATH_SEPARATOR, 1)[-1]
