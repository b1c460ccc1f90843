"""What engines keep of texts and ask them for: weighted terms of each language, and pieces of words. Pure functions."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from multilingual.analysis import HEAD_SIGN, Alternative, Related, Slot, analyse, analyse_query, function_terms
from multilingual.grams import grams
from multilingual.heads import head_asked, heads
from multilingual.languages import UNDETERMINED
from multilingual.normalising import normalise
from multilingual.segmenting import characters
from visual_search.ranking.bm25 import PART_WEIGHTS, inverse_document_frequency, kept_length, saturation
from visual_search.types import CollectionSchema, Document, FacetKind, Text, WordsLeg

MOST_TERMS = 32  # A longer query is a pasted text; its first terms carry the wish.
OTHER_LANGUAGE_WEIGHT = 0.5  # The first language asked weighs 1.0: it is the shopper's.
COMMON_SHARE = 0.2  # A word in more than this share of the documents doesn't tell which of them are meant,
COMMON_AT_LEAST = 5_000  # unless these are few enough to be ranked anyhow.
SHORTEST_BEGINNING = 3  # Fewer letters begin too many words,
SHORTEST_BEGUN_CODE = 2  # but "m4" begins few: M4x20.
PAIR = 0.3  # what a pair of characters counts that stands alone, where the question has it in a short name
MOST_WHOLE = 3  # words of a question of which a document must have all; of longer ones it may lack one
HEAD_SHARE = 0.07  # of all that the words count, for a title that is about what the question is about
BEGUN_WEIGHT = 0.5  # What a word counts that only begins as the shopper's does.

MOST_GRAMS_KEPT = 4_096  # of one object
MOST_GRAMS_READ = 256  # of a photo, in the order in which it was read
MOST_GRAMS_ASKED = 64  # of these, the rarest that the collection has: common ones cost time and tell little
DESCRIPTION_CHARACTERS = 2_000  # of each language's; a description may be a book


def language_field(language: str, schema: CollectionSchema) -> str:
    """The language under which a text of this language is kept."""
    return language if language in schema.languages else UNDETERMINED


# --- What is kept of a document -----------------------------------------------------------------


def term_counts(document: Document, schema: CollectionSchema) -> dict[str, dict[str, int]]:
    """Language -> term -> the weights of the places in which it stands, added. Languages without a term are left out.

    What no language owns, such as a brand, stands in every language of the document: a question in one language asks for
    a brand and a kind of thing at once.
    """
    texts = document.texts or {UNDETERMINED: Text("")}
    facets = searchable_text(document, schema)
    counts_by_language: dict[str, dict[str, int]] = {}
    for part, weight in PART_WEIGHTS.items():
        terms: dict[str, dict[str, None]] = {}
        for language, text in texts.items():
            known = language_field(language, schema)
            said = facets if part == "facets" else _part(text, part)
            terms.setdefault(known, {}).update(dict.fromkeys(analyse(said, known)))
        for known, distinct in terms.items():
            counts = counts_by_language.setdefault(known, {})
            for term in distinct:
                counts[term] = counts.get(term, 0) + weight
    for language, text in texts.items():
        known = language_field(language, schema)
        counts_by_language[known].update(dict.fromkeys(heads(text.title, known), 1))
    return {language: counts for language, counts in counts_by_language.items() if counts}


def _part(text: Text, part: str) -> str:
    return " . ".join(text.keywords) if part == "keywords" else str(getattr(text, part))


def searchable_text(document: Document, schema: CollectionSchema) -> str:
    """The values of the facets that words may find."""
    values = (
        document.facets.get(field.name)
        for field in schema.facets
        if field.searchable and field.kind in (FacetKind.KEYWORD, FacetKind.PATH)
    )
    return " . ".join(
        part for value in values if value for part in (value if isinstance(value, tuple) else (str(value),))
    )


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
    """A question in one language, a slot for each word (multilingual/analysis.py).

    `small`: the places of words such as "for" and "the", which a document may lack. `beginning`: the last word, where it
    may not be finished yet. `near`: by place, what counts a little without being what the word asks for. `shares`: by place
    and alternative, what share of the word's weight it counts, where that is less than all. `heads`: the terms of which a
    title has one that is about what the question is about.
    """

    language: str
    weight: float
    slots: tuple[Slot, ...]
    small: frozenset[int] = frozenset()
    beginning: str | None = None
    near: Mapping[int, Slot] = field(default_factory=dict)
    shares: Mapping[tuple[int, Alternative], float] = field(default_factory=dict)
    heads: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        slots = itertools.chain(self.slots, self.near.values())
        return tuple(dict.fromkeys(part for slot in slots for alternative in slot for part in alternative))


def asked_in(leg: WordsLeg, schema: CollectionSchema, held: Collection[str] | None = None) -> tuple[Asked, ...]:
    """The query in each of its languages, the first of them weighing most; only in those that are `held`, if given."""
    queries = []
    for place, language in enumerate(dict.fromkeys(language_field(known, schema) for known in leg.languages)):
        if held is not None and language not in held:
            continue
        slots = analyse_query(leg.text, language)[:MOST_TERMS]
        if leg.endings:
            ending = _ending(leg.endings, language, schema)
            slots = [*slots, ending] if ending else []
        if slots:
            last = slots[-1][0]
            begun = len(last) == 1 and _may_be_begun(last[0]) and not leg.endings
            words = frozenset() if leg.every else function_terms(language)
            small = frozenset(n for n, slot in enumerate(slots) if slot[0][0] in words)
            related = [each for each in leg.related if each.language == language]
            whole, near, shares = _with_related(slots, related)
            queries.append(
                Asked(
                    language,
                    1.0 if place == 0 else OTHER_LANGUAGE_WEIGHT,
                    whole,
                    small if len(small) < len(slots) else frozenset(),
                    last[0] if begun else None,
                    near,
                    shares,
                    () if leg.every or leg.endings else _heads_asked(leg.text, language, related),
                )
            )
    return tuple(queries)


def _heads_asked(text: str, language: str, related: Iterable[Related]) -> tuple[str, ...]:
    """What the question is about, and the compounds that end so: a "Schreibtischlampe" is a "Lampe", too."""
    head = head_asked(text, language)
    alike = (each.alternative for each in related if each.whole and each.term == head)
    terms = dict.fromkeys([head, *(alternative[0] for alternative in alike if len(alternative) == 1)])
    return tuple(HEAD_SIGN + term for term in terms) if head else ()


def _ending(endings: Iterable[tuple[str, str]], language: str, schema: CollectionSchema) -> Slot:
    """One slot of all words that the last one may be in this language; none if it has none."""
    words = (word for known, word in endings if language_field(known, schema) == language)
    return tuple(dict.fromkeys(each for word in words for slot in analyse_query(word, language) for each in slot))


def _may_be_begun(word: str) -> bool:
    code = any(map(str.isdigit, word)) and not word.isdigit()
    return len(word) >= (SHORTEST_BEGUN_CODE if code else SHORTEST_BEGINNING)


def _with_related(
    slots: Sequence[Slot], related: Sequence[Related]
) -> tuple[tuple[Slot, ...], dict[int, Slot], dict[tuple[int, Alternative], float]]:
    """The slots with what would do as well, what is only near them by place, and what share each of that counts."""
    whole: list[Slot] = []
    near: dict[int, Slot] = {}
    shares: dict[tuple[int, Alternative], float] = {}
    for place, slot in enumerate(slots):
        others = [each for each in related if (each.term,) == slot[0] and each.alternative not in slot]
        if len(slot[0]) > 1:
            # A name in a script without spaces, of which a text has a part.
            others += [Related("", "", (pair,), PAIR, whole=False) for pair in slot[0] if len(characters(pair)) > 1]
        # Of an alternative that is given twice, the greater share comes last and counts.
        others.sort(key=lambda each: each.share)
        shares |= {(place, each.alternative): each.share for each in others}
        whole.append((*slot, *dict.fromkeys(each.alternative for each in others if each.whole)))
        if also := tuple(dict.fromkeys(each.alternative for each in others if not each.whole)):
            near[place] = also
    return tuple(whole), near, shares


@dataclass(frozen=True, slots=True)
class Counted:
    """How many documents have a text in one language, each part of a term, and a word that begins as the last one does."""

    documents: int
    frequencies: Mapping[str, int]
    begun: int = 0

    def of(self, slot: Slot) -> int:
        """At most so many documents satisfy the slot: those that have the rarest part of each alternative, added."""
        return min(self.documents, sum(self.of_alternative(alternative) for alternative in slot))

    def of_alternative(self, alternative: Alternative) -> int:
        return min(self.frequencies.get(part, 0) for part in alternative)


@dataclass(frozen=True, slots=True)
class Clause:
    """One slot as it is scored: its alternatives, whose parts have weights; or all words that begin so, for one weight each.

    The best of the alternatives counts.
    """

    alternatives: tuple[tuple[tuple[str, float], ...], ...] = ()
    beginning: tuple[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for in one language. With `all_of` a document must have every clause, else any of them.

    A document with `least` of the clauses of `telling` has what was asked for; where `telling` is empty, none has.
    Of those that have it, each with one of `heads` gets `bonus` more.
    """

    language: str
    clauses: tuple[Clause, ...]
    all_of: bool
    telling: tuple[Clause, ...] = ()
    least: int = 0
    heads: tuple[str, ...] = ()
    bonus: float = 0.0


def is_begun(asked: Iterable[Asked], counted: Mapping[str, Counted]) -> bool:
    """Whether the last word is taken for the beginning of one: it is itself a word of the shop in none of the languages."""
    queries = [query for query in asked if query.language in counted]
    return any(query.beginning for query in queries) and not any(
        counted[query.language].of(query.slots[-1]) for query in queries if query.beginning
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
    telling: list[Clause] = []
    limit = max(COMMON_AT_LEAST, COMMON_SHARE * counted.documents)
    for place, slot in enumerate(query.slots):
        if begun and query.beginning and place == len(query.slots) - 1:
            clause = Clause(beginning=(query.beginning, query.weight * BEGUN_WEIGHT * _tells(counted.begun, counted)))
            frequency = counted.begun
        else:
            clause = _clause(place, slot, query, counted)
            frequency = counted.of(slot)
        near = () if enough else query.near.get(place, ())
        if frequency and place not in query.small:
            telling.append(clause)
        if near and (also := counted.of(near)):
            clause = _clause(place, (*slot, *near), query, counted)
            frequency += also
        if frequency:
            clauses.append(clause)
            if frequency <= limit:
                rare.append(clause)
    # An unfinished word says nothing yet.
    heads = () if begun else query.heads
    bonus = HEAD_SHARE * sum(map(_most, clauses)) if heads else 0.0
    if enough:
        every = len(clauses) == len(query.slots)
        return Wanted(query.language, tuple(clauses), all_of=True, heads=heads, bonus=bonus) if every else None
    chosen = rare or clauses
    if not chosen:
        return None
    least = _least([slot for place, slot in enumerate(query.slots) if place not in query.small])
    return Wanted(
        query.language,
        tuple(chosen),
        all_of=False,
        telling=tuple(telling) if len(telling) >= least else (),
        least=least,
        heads=heads,
        bonus=bonus,
    )


def _most(clause: Clause) -> float:
    """More than a document can get for the clause."""
    if clause.beginning is not None:
        return clause.beginning[1]
    return max(sum(weight for _, weight in alternative) for alternative in clause.alternatives)


def _least(words: Sequence[Slot]) -> int:
    """So many of the words make a document what was asked for: all of them, of more than three all but one.

    Who writes a number means this one: 15 kg isn't 5 kg, however many other words agree.
    """
    exact = any(character.isdigit() for slot in words for part in slot[0] for character in part)
    return len(words) if exact or len(words) <= MOST_WHOLE else len(words) - 1


def _clause(place: int, slot: Slot, query: Asked, counted: Counted) -> Clause:
    if len(slot) == 1:
        weights = ((part, _tells(counted.frequencies.get(part, 0), counted)) for part in slot[0])
        return Clause((tuple((part, query.weight * tells) for part, tells in weights),))
    # However it is spelt, a word weighs the same; a part that nobody has costs nothing.
    tells = query.weight * _tells(counted.of(slot), counted)
    known = [alternative for alternative in slot if counted.of_alternative(alternative)] or [slot[0]]
    shares = [query.shares.get((place, alternative), 1.0) / len(alternative) for alternative in known]
    return Clause(
        tuple(
            tuple((part, tells * share) for part in alternative)
            for alternative, share in zip(known, shares, strict=True)
        )
    )


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
