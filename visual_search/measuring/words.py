"""Measures what words find without any picture: the tasks `words`, `words_slips` and `words_spelling`.

`<queries>/words_chorus/` holds products.csv (sku, title, description, brand), queries.csv (query_id, query, lang) and
qrels.csv (query_id, sku, relevance: 0 is wrong, 3 is the best). `<queries>/words_spelling/` holds pairs.tsv (group, lang,
indexed, asked) and units.tsv (lang, indexed, asked), both without quoting.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict

import numpy as np

from multilingual.languages import UNDETERMINED, base_code
from multilingual.normalising import fold, normalise
from multilingual.segmenting import placed_runs
from multilingual.spelling import Lexicon, spelt
from visual_search import search, wiring
from visual_search.content.lexicon import Counts
from visual_search.encoders.base import Encoder
from visual_search.engines.base import Engine
from visual_search.errors import BadInput
from visual_search.measuring import alone, metrics, running
from visual_search.measuring.contenders import SHOP, contender
from visual_search.measuring.datasets import evenly, grades, rows
from visual_search.measuring.measures import Conditions, Table
from visual_search.measuring.scratch import filled, scratch_index
from visual_search.types import (
    ALL_WORDS,
    CollectionSchema,
    Document,
    FacetField,
    FacetKind,
    LegHit,
    NamedVector,
    Query,
    Text,
    VersionedId,
)

QUESTIONS_FOLDER, PAIRS_FOLDER = "words_chorus", "words_spelling"
LANGUAGE = "en"  # of titles and descriptions in products.csv
TITLES_A_BATCH = 200  # titles that are encoded at once, so that memory stays bounded
SEEDS = (7, 8, 9, 10)  # of the slips; each question is asked once with each
LEAST_LETTERS = 4  # of a word that gets a slip
UNRELATED = "unrelated"  # the id of the text that no pair is about
_BRAND = (FacetField("brand", FacetKind.KEYWORD),)
_JUDGED = {"nDCG@10": "{:.3f}", "rated only": "{:.3f}", "P@1": "{:.3f}", "P@10": "{:.3f}", "rated wrong": "{:.2f}"}


@dataclass(frozen=True, slots=True)
class Judged:
    """What a shopper asked, and the products that people rated for it: 0 is wrong, 3 is the best."""

    id: str
    words: str
    language: str | None
    ratings: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Pair:
    """`asked` should find `indexed`."""

    group: str
    language: str
    indexed: str
    asked: str


# --- words: judged questions --------------------------------------------------------------------


def measure(queries: Path, conditions: Conditions) -> Table:
    """The task `words`: full text, the meaning of titles, and both as the shop searches."""
    folder = queries / QUESTIONS_FOLDER
    products = read_products(folder)
    questions, left_out = read_questions(folder, {product.id for product in products}, conditions.limit)
    figures: dict[str, list[dict[str, float]]] = defaultdict(list)
    with (
        running.opened(contender(SHOP), conditions.cache) as encoder,
        scratch_index(encoder, use_configured_engine=conditions.configured_engine, facets=_BRAND) as scratch,
    ):
        index = _Index(*scratch)
        index.fill(_with_meaning(products, encoder))
        for question in questions:
            for name, ask in _ways(index, encoder).items():
                figures[name].append(judged(ask(question), question.ratings))
    means, intervals = _estimated(figures, [question.id for question in questions])
    return Table(
        title=f"words: {len(questions)} judged questions over {len(products)} products",
        columns=_JUDGED | {"queries": "{:.0f}"},
        rows={name: row | {"queries": len(questions)} for name, row in means.items()},
        intervals=intervals,
        notes=(
            "words: full text alone. meaning: titles by their vectors alone. both: the whole search, as it was asked.",
            "nDCG@10 counts products without a rating as wrong; 'rated only' takes them out of the ranking. Either alone "
            "misleads.",
            "rated wrong: how many of the first ten were rated and are wrong.",
            f"Left out: {left_out} without a right product.",
        ),
    )


def judged(ranking: Sequence[str], ratings: Mapping[str, int]) -> dict[str, float]:
    """The figures of one question. `ratings`: id -> 0 (wrong) to 3, of the products that have one."""
    plain = metrics.of_ranking(ranking, ratings, exact=1)
    rated = metrics.of_ranking([id for id in ranking if id in ratings], ratings, exact=1)
    return {
        "nDCG@10": plain["nDCG@10"],
        "rated only": rated["nDCG@10"],
        "P@1": plain["exact@1"],
        "P@10": plain["P@10"],
        "rated wrong": float(sum(ratings.get(id) == 0 for id in ranking[:10])),
    }


def _ways(index: _Index, encoder: Encoder) -> dict[str, Callable[[Judged], list[str]]]:
    """By row: how its ranking is made."""

    def by_words(question: Judged) -> list[str]:
        return [hit.id for hit in index.by_words(question.words, question.language)]

    def by_meaning(question: Judged) -> list[str]:
        found = alone.by_meaning(question.words, question.language, encoder=encoder, **index.asked)
        return [hit.id for hit in found]

    def by_both(question: Judged) -> list[str]:
        ranking = search.rank(
            Query(collection=index.collection, words=question.words, language=question.language),
            engine=index.engine,
            encoder=encoder,
            schema=index.schema,
        )
        return [hit.id for hit in ranking.hits]

    return {"words": by_words, "meaning": by_meaning, "both": by_both}


# --- words_slips: the same, mistyped ------------------------------------------------------------


def measure_slips(queries: Path, conditions: Conditions) -> Table:
    """The task `words_slips`: one slip a question, as typed and as the shop's words mend it, by words alone and by all."""
    folder = queries / QUESTIONS_FOLDER
    products = read_products(folder)
    questions, left_out = read_questions(folder, {product.id for product in products}, conditions.limit)
    figures: dict[str, list[dict[str, float]]] = defaultdict(list)
    groups: list[str] = []
    with (
        running.opened(contender(SHOP), conditions.cache) as encoder,
        scratch_index(encoder, use_configured_engine=conditions.configured_engine, facets=_BRAND) as scratch,
    ):
        index = _Index(*scratch)
        index.fill(_with_meaning(products, encoder))
        lexicon, letters = _lexicon(products, index.schema)
        ways = _ways(index, encoder)
        for question, typed in mistyped(questions, letters):
            clean, mended = (spelt(words, lexicon, question.language).words for words in (question.words, typed))
            for name, words in (("clean", clean), ("slip as typed", typed), ("slip as searched", mended)):
                same = fold(normalise(words)) == fold(normalise(question.words))
                for way in ("words", "both"):
                    ranking = ways[way](replace(question, words=words))
                    row = f"{way}, {name}"
                    figures[row].append(judged(ranking, question.ratings) | {"as meant": float(same)})
            groups.append(question.id)
    if not groups:
        raise BadInput(f"{folder / 'queries.csv'} has no question with a word of {LEAST_LETTERS} letters or more.")
    shown = {"nDCG@10": "{:.3f}", "rated only": "{:.3f}", "as meant": "{:.3f}"}
    means, intervals = _estimated(figures, groups)
    kept = len(set(groups))
    return Table(
        title=f"words_slips: {kept} judged questions, each with one slip, {len(SEEDS)} times",
        columns=shown,
        rows={name: {column: row[column] for column in shown} for name, row in means.items()},
        intervals={name: {column: ends[column] for column in shown} for name, ends in intervals.items()},
        notes=(
            "words: full text alone. both: the whole search.",
            "slip as searched: each word that the shop doesn't have is taken for the one that is meant. So is 'clean'.",
            "as meant: the share of questions whose words are those without the slip.",
            f"Left out: {len(questions) - kept} without a word of {LEAST_LETTERS} letters, {left_out} without a right "
            "product.",
        ),
    )


def mistyped(
    questions: Sequence[Judged], letters: Mapping[str, Sequence[str]], seeds: Sequence[int] = SEEDS
) -> Iterator[tuple[Judged, str]]:
    """Each question once for each seed, with a slip in one of its words. `letters`: of each script, as `script_of` says.

    Questions without a word that is long enough are passed over.
    """
    for seed in seeds:
        drawn = np.random.default_rng(seed)
        for question in questions:
            text = normalise(question.words)
            words = [
                (run, start)
                for run, start, unspaced in placed_runs(text)
                if not unspaced and run.isalpha() and len(run) >= LEAST_LETTERS
            ]
            if words:
                word, start = words[drawn.integers(len(words))]
                typed = slip(word, letters.get(script_of(word[0]), ()), drawn)
                yield question, text[:start] + typed + text[start + len(word) :]


def slip(word: str, letters: Sequence[str], drawn: np.random.Generator) -> str:
    """The word with one letter left out, put in or changed, or two neighbours swapped, each equally often.

    Places and letters are drawn evenly. Mending takes the letters of a keyboard into account, so nothing here may.
    """
    swaps = [place for place in range(len(word) - 1) if word[place] != word[place + 1]]
    kinds = ["left out", *(("put in", "changed") if letters else ()), *(("swapped",) if swaps else ())]
    kind = kinds[drawn.integers(len(kinds))]
    if kind == "swapped":
        place = swaps[drawn.integers(len(swaps))]
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == "put in":
        place = int(drawn.integers(len(word) + 1))
        return word[:place] + letters[int(drawn.integers(len(letters)))] + word[place:]
    place = int(drawn.integers(len(word)))
    others = [letter for letter in letters if letter != word[place]]
    return (
        word[:place] + (others[drawn.integers(len(others))] if kind == "changed" and others else "") + word[place + 1 :]
    )


def script_of(letter: str) -> str:
    """'a' -> 'LATIN', as Unicode's names begin."""
    return unicodedata.name(letter, "").split(" ")[0]


def _lexicon(products: Sequence[Document], schema: CollectionSchema) -> tuple[Lexicon, dict[str, list[str]]]:
    """The words of the products as a shop keeps them, and the letters of each script in titles and facets."""
    counts = Counts()
    counts.add(products, schema)
    letters: dict[str, list[str]] = defaultdict(list)
    for letter in sorted({letter for _, word in counts.titled for letter in word}):
        letters[script_of(letter)].append(letter)
    return counts.lexicon(), letters


# --- words_spelling: two ways to write the same -------------------------------------------------


def measure_spelling(queries: Path, conditions: Conditions) -> Table:
    """The task `words_spelling`: the share of pairs whose second text finds the first by words alone, with all words."""
    pairs = evenly(read_pairs(queries / PAIRS_FOLDER), conditions.limit)
    # Each pair is of a shop that sells in its language, whatever the languages of the settings are.
    languages = dict.fromkeys((*(pair.language for pair in pairs if pair.language != UNDETERMINED), LANGUAGE))
    with scratch_index(
        wiring.encoder(),
        use_configured_engine=conditions.configured_engine,
        facets=(),
        languages=tuple(languages),
    ) as scratch:
        index = _Index(*scratch)
        index.fill([_text(UNRELATED, LANGUAGE, "zzz other thing")])
        found = [_finds(pair, f"pair-{number}", index) for number, pair in enumerate(pairs)]
    by_group: dict[str, list[bool]] = defaultdict(list)
    failed: dict[str, list[str]] = defaultdict(list)
    for pair, passed in zip(pairs, found, strict=True):
        by_group[pair.group].append(passed)
        if not passed:
            failed[pair.group].append(f"{pair.asked} -> {pair.indexed} ({pair.language})")
    by_group["all"] = found
    return Table(
        title=f"words_spelling: {len(pairs)} pairs, by words alone",
        columns={"pairs": "{:.0f}", "pass": "{:.3f}"},
        rows={name: {"pairs": len(each), "pass": sum(each) / len(each)} for name, each in by_group.items()},
        notes=(
            "pass: the share of pairs whose second text finds the first with all its words.",
            *(f"not found, {group}: {'; '.join(names)}" for group, names in failed.items()),
        ),
    )


def _finds(pair: Pair, id: str, index: _Index) -> bool:
    """Whether it does, with all its words, and the unrelated text isn't found with them.

    Words of another alphabet are read as the shop reads them; slips aren't mended, which would let every pair pass.
    """
    document = _text(id, pair.language, pair.indexed)
    index.fill([document])
    lexicon, _ = _lexicon([document], index.schema)
    asked = spelt(pair.asked, lexicon, pair.language, slips=False).words
    whole = {hit.id for hit in index.by_words(asked, pair.language) if hit.key == ALL_WORDS}
    # The words of one pair would be known words for the next.
    index.engine.delete(index.collection, [VersionedId(id, 2)])
    return whole == {id}


def _text(id: str, language: str, words: str) -> Document:
    return Document(id, 1, texts={language: Text(words)}, vectors={}, facets={}, codes=())


# --- Files --------------------------------------------------------------------------------------


def read_products(folder: Path) -> list[Document]:
    """The rows of products.csv, without vectors. Raises BadInput for a missing file or column."""
    products = [
        Document(
            row["sku"],
            1,
            texts={LANGUAGE: Text(row["title"], row["description"])},
            vectors={},
            facets={"brand": row["brand"] or None},
            codes=(row["sku"],),
        )
        for row in rows(folder / "products.csv", "sku", "title", "description", "brand")
    ]
    if not products:
        raise BadInput(f"{folder / 'products.csv'} has no products.")
    return products


def read_questions(folder: Path, known: Set[str], limit: int | None = None) -> tuple[list[Judged], int]:
    """The questions that some known product is right for, and how many others there are. Raises BadInput."""
    ratings = grades(folder / "qrels.csv", "query_id", "sku")
    every = [
        Judged(
            row["query_id"],
            row["query"],
            base_code(row["lang"]),
            {sku: grade for sku, grade in ratings.get(row["query_id"], {}).items() if sku in known},
        )
        for row in rows(folder / "queries.csv", "query_id", "query", "lang")
    ]
    answerable = [question for question in every if any(question.ratings.values())]
    if not answerable:
        raise BadInput(f"No question of {folder / 'queries.csv'} has a right product in qrels.csv and products.csv.")
    return evenly(answerable, limit), len(every) - len(answerable)


def read_pairs(folder: Path) -> list[Pair]:
    """The rows of pairs.tsv, then those of units.tsv as the group 'units'. Raises BadInput."""
    columns = ("lang", "indexed", "asked")
    by_group = rows(folder / "pairs.tsv", "group", *columns, tabs=True)
    read = [Pair(row["group"], *(row[column] for column in columns)) for row in by_group]
    units = rows(folder / "units.tsv", *columns, tabs=True)
    read += [Pair("units", *(row[column] for column in columns)) for row in units]
    if not read:
        raise BadInput(f"{folder} has no pairs.")
    return [replace(pair, language=base_code(pair.language) or UNDETERMINED) for pair in read]


# --- The scratch index --------------------------------------------------------------------------


class _Asked(TypedDict):
    engine: Engine
    collection: str
    schema: CollectionSchema


@dataclass(frozen=True, slots=True)
class _Index:
    engine: Engine
    collection: str
    schema: CollectionSchema

    @property
    def asked(self) -> _Asked:
        return {"engine": self.engine, "collection": self.collection, "schema": self.schema}

    def fill(self, documents: Iterable[Document]) -> None:
        filled(self.engine, self.collection, documents)

    def by_words(self, words: str, language: str | None) -> tuple[LegHit, ...]:
        """What full text alone finds, best first: as many as the shop looks at."""
        return alone.by_words(words, language, **self.asked)


def _with_meaning(products: Sequence[Document], encoder: Encoder) -> Iterator[Document]:
    """The same with the vectors of their titles, where the encoder has a space for them."""
    space = encoder.card.text
    for start in range(0, len(products), TITLES_A_BATCH):
        batch = products[start : start + TITLES_A_BATCH]
        titles = [product.texts[LANGUAGE].title for product in batch]
        made = encoder.texts(titles, role="document", language=LANGUAGE).text
        for place, product in enumerate(batch):
            if space is None or made is None or not titles[place] or not made[place].any():
                yield product
            else:
                yield replace(product, vectors={space.name: (NamedVector(LANGUAGE, made[place]),)})


def _estimated(
    figures: Mapping[str, Sequence[Mapping[str, float]]], groups: Sequence[str]
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, tuple[float, float]]]]:
    """Means by row and column, and their intervals by a bootstrap over questions."""
    estimates = {name: metrics.estimates(values, groups) for name, values in figures.items()}
    means = {name: {column: one.mean for column, one in row.items()} for name, row in estimates.items()}
    ends = {name: {column: (one.low, one.high) for column, one in row.items()} for name, row in estimates.items()}
    return means, ends
