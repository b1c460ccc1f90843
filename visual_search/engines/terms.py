"""What engines keep of texts and ask them for: weighted terms of each language, and pieces of words. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from multilingual.analysis import analyse, analyse_query
from multilingual.grams import grams
from multilingual.languages import UNDETERMINED
from multilingual.normalising import normalise
from visual_search.ranking.bm25 import PART_WEIGHTS, inverse_document_frequency, kept_length, saturation
from visual_search.types import CollectionSchema, Document, Text, WordsLeg

MOST_TERMS = 32  # A longer query is a pasted text; its first terms carry the wish.
OTHER_LANGUAGE_WEIGHT = 0.5  # The first language asked weighs 1.0: it is the shopper's.
COMMON_SHARE = 0.2  # A word in more than this share of the documents doesn't tell which of them are meant,
COMMON_AT_LEAST = 5_000  # unless these are few enough to be ranked anyhow.
SHORTEST_BEGINNING = 3  # Fewer letters begin too many words.
BEGUN_WEIGHT = 0.5  # What a word counts that only begins as the shopper's does.

MOST_GRAMS_KEPT = 4_096  # of one object
MOST_GRAMS_READ = 256  # of a photo, in the order in which it was read
MOST_GRAMS_ASKED = 64  # of these, the rarest that the collection has: common ones cost time and tell little
DESCRIPTION_CHARACTERS = 2_000  # of each language's; a description may be a book


def language_field(language: str, schema: CollectionSchema) -> str:
    """The language under which a text of this language is kept."""
    return language if language in schema.languages else UNDETERMINED


# --- What is kept of a document -----------------------------------------------------------------


def term_counts(texts: Mapping[str, Text], schema: CollectionSchema) -> dict[str, dict[str, int]]:
    """Language -> term -> the weights of the places in which it stands, added. Languages without a term are left out."""
    counts_by_language: dict[str, dict[str, int]] = {}
    for part, weight in PART_WEIGHTS.items():
        terms: dict[str, dict[str, None]] = {}
        for language, text in texts.items():
            known = language_field(language, schema)
            terms.setdefault(known, {}).update(dict.fromkeys(analyse(_part(text, part), known)))
        for known, distinct in terms.items():
            counts = counts_by_language.setdefault(known, {})
            for term in distinct:
                counts[term] = counts.get(term, 0) + weight
    return {language: counts for language, counts in counts_by_language.items() if counts}


def _part(text: Text, part: str) -> str:
    return " . ".join(text.keywords) if part == "keywords" else str(getattr(text, part))


def gram_text(document: Document) -> str:
    """Everything that a label may share with an object, normalised: what was read on it, and its texts in all languages."""
    texts = document.texts.values()
    parts = [document.seen_text, *(text.title for text in texts)]
    parts += [word for text in texts for word in text.keywords]
    parts += [text.description[:DESCRIPTION_CHARACTERS] for text in texts]
    return " ".join(dict.fromkeys(normal for part in parts if (normal := normalise(part))))


def kept_grams(text: str) -> list[str]:
    """The pieces that are kept of a `gram_text`."""
    return grams(text)[:MOST_GRAMS_KEPT]


# --- Asking for words ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """A query in one language. A term is a tuple of parts, all of which a document must have.

    `beginning`: the last word, where it may not be finished yet.
    """

    language: str
    weight: float
    terms: tuple[tuple[str, ...], ...]
    beginning: str | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(part for term in self.terms for part in term))


def asked_in(leg: WordsLeg, schema: CollectionSchema, held: Collection[str] | None = None) -> tuple[Asked, ...]:
    """The query in each of its languages, the first of them weighing most; only in those that are `held`, if given."""
    queries = []
    for place, language in enumerate(dict.fromkeys(language_field(known, schema) for known in leg.languages)):
        if held is not None and language not in held:
            continue
        terms = tuple(analyse_query(leg.text, language)[:MOST_TERMS])
        if terms:
            last = terms[-1]
            begun = len(last) == 1 and len(last[0]) >= SHORTEST_BEGINNING
            queries.append(
                Asked(language, 1.0 if place == 0 else OTHER_LANGUAGE_WEIGHT, terms, last[0] if begun else None)
            )
    return tuple(queries)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many documents have a text in one language, each part of a term, and a word that begins as the last one does."""

    documents: int
    frequencies: Mapping[str, int]
    begun: int = 0


@dataclass(frozen=True, slots=True)
class Clause:
    """One term as it is scored: its parts with their weights; or all words that begin so, for one weight each."""

    parts: tuple[tuple[str, float], ...] = ()
    beginning: tuple[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for in one language. With `all_of` a document must have every clause, else any of them."""

    language: str
    clauses: tuple[Clause, ...]
    all_of: bool


def is_begun(asked: Iterable[Asked], counted: Mapping[str, Counted]) -> bool:
    """Whether the last word is taken for the beginning of one: it is itself a word of the shop in none of the languages."""
    queries = [query for query in asked if query.language in counted]
    return any(query.beginning for query in queries) and not any(
        counted[query.language].frequencies.get(query.terms[-1][0], 0) for query in queries if query.beginning
    )


def plan(asked: Iterable[Asked], counted: Mapping[str, Counted], *, begun: bool, enough: bool) -> tuple[Wanted, ...]:
    """What to look for. `begun` as in `is_begun`; `enough`: as many documents as are asked for have all the terms.

    Where they aren't enough, those with some of the terms follow. Then very common terms don't count as long as there
    are rarer ones: they would bring in half of the shop.
    """
    return tuple(
        wanted
        for query in asked
        if query.language in counted and (wanted := _in_language(query, counted[query.language], begun, enough))
    )


def _in_language(query: Asked, counted: Counted, begun: bool, enough: bool) -> Wanted | None:
    clauses: list[Clause] = []
    rare: list[Clause] = []
    limit = max(COMMON_AT_LEAST, COMMON_SHARE * counted.documents)
    for place, term in enumerate(query.terms):
        if begun and query.beginning and place == len(query.terms) - 1:
            clause = Clause(beginning=(query.beginning, query.weight * BEGUN_WEIGHT * _tells(counted.begun, counted)))
            frequency = counted.begun
        else:
            frequencies = {part: counted.frequencies.get(part, 0) for part in term}
            clause = Clause(tuple((part, query.weight * _tells(n, counted)) for part, n in frequencies.items()))
            frequency = min(frequencies.values())
        if frequency:
            clauses.append(clause)
            if frequency <= limit:
                rare.append(clause)
    if enough:
        return Wanted(query.language, tuple(clauses), all_of=True) if len(clauses) == len(query.terms) else None
    chosen = rare or clauses
    return Wanted(query.language, tuple(chosen), all_of=False) if chosen else None


def _tells(frequency: int, counted: Counted) -> float:
    return inverse_document_frequency(frequency, counted.documents)


# --- Asking for pieces of words -----------------------------------------------------------------


def read_grams(text: str) -> list[str]:
    """The pieces of what a photo says that are looked up."""
    return grams(text)[:MOST_GRAMS_READ]


def weigh_grams(frequencies: Mapping[str, int], documents: int, usual: int) -> dict[str, float]:
    """The pieces to ask for, each with its weight. `frequencies`: of all that were read, 0 for those nobody has.

    The weights are such that a document that consists of all that was read, and nothing else, scores 1.
    """
    tells = {gram: inverse_document_frequency(frequency, documents) for gram, frequency in frequencies.items()}
    known = [gram for gram, frequency in frequencies.items() if frequency]
    asked = sorted(known, key=lambda gram: (frequencies[gram], gram))[:MOST_GRAMS_ASKED]
    if not asked:
        return {}
    # What the collection doesn't have was read, too: a label of which it knows one piece in ten isn't a good match.
    read = [*asked, *(gram for gram, frequency in frequencies.items() if not frequency)]
    most = sum(tells[gram] for gram in read) * float(saturation(1, kept_length(len(read)), usual))
    return {gram: tells[gram] / most for gram in asked}
