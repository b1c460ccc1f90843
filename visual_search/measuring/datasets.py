"""Reads catalogues and query sets from folders of CSV files and pictures (docs/how-to/measure-quality.md)."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from multilingual.languages import base_code
from visual_search.errors import BadInput
from visual_search.measuring.alterations import ALTERATIONS
from visual_search.types import Text

_T = TypeVar("_T")
MOST_COPIED = 120  # products whose pictures are copied for `near_duplicates`; each is asked in every alteration


@dataclass(frozen=True, slots=True)
class Item:
    """Something that can be found: a product or a member of a gallery."""

    id: str
    title: str
    pictures: tuple[Path, ...]
    texts: Mapping[str, Text] = field(default_factory=dict)
    category: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One query with its ground truth: a picture, words, or an item to resemble.

    `group`: what its bootstrap draws go by, mostly the product asked for. `kind`: what its figures are broken down by.
    """

    id: str
    relevance: Mapping[str, int]
    picture: Path | None = None
    words: str = ""
    language: str | None = None
    like: str = ""  # id of the item to resemble
    alteration: str = ""  # what is done to the picture before it is asked (alterations.py)
    kind: str = ""
    group: str = ""
    verbatim: bool = False  # a right answer has these very words for a title: full text finds it, meaning isn't needed


@dataclass(frozen=True, slots=True)
class Task:
    """`exact`: the least relevance of the very thing. `titles`: whether the items' texts are in the index.

    `left_out`: questions that nothing in the index answers.
    """

    name: str
    items: tuple[Item, ...]
    questions: tuple[Question, ...]
    exact: int
    titles: bool = True
    left_out: int = 0


def read_task(name: str, *, catalogue: Path, queries: Path) -> Task:
    """Raises BadInput that names the unknown task, the missing file or the missing column."""
    if name not in READERS:
        raise BadInput(f"There is no task '{name}'. Known: {', '.join(READERS)}.", field="task")
    task = READERS[name](catalogue, queries)
    if not task.questions:
        raise BadInput(f"Task '{name}' has no queries in {queries} that its relevance table knows.", field="task")
    return _with_verbatim(_with_identical_pictures(_of_known_items(task, catalogue, queries)))


def spread(task: Task, limit: int | None) -> Task:
    """The same task with at most `limit` questions, evenly spread over all of them."""
    return replace(task, questions=tuple(evenly(task.questions, limit)))


def evenly(every: Sequence[_T], limit: int | None) -> list[_T]:
    """At most `limit` of them, evenly spread over all. Raises BadInput for a limit below 1."""
    if limit is None or limit >= len(every):
        return list(every)
    if limit < 1:
        raise BadInput(f"The limit is {limit}; it must be 1 or more.", field="limit")
    step = len(every) / limit
    return [every[int(n * step)] for n in range(limit)]


def confirmed(task: Task, photos: int) -> Task:
    """The same task as if the shop's staff had kept the first `photos` photos of each thing (storefront/teaching.py).

    They are pictures of it from then on, and aren't asked any more. Without photos, the task as it is.
    """
    if photos < 0:
        raise BadInput(f"The number of confirmed photos is {photos}; it must be 0 or more.", field="confirmed")
    kept: dict[str, list[Path]] = defaultdict(list)
    asked = []
    for question in task.questions:
        right = next((id for id, relevance in question.relevance.items() if relevance >= task.exact), "")
        if question.picture is not None and right and len(kept[right]) < photos:
            kept[right].append(question.picture)
        else:
            asked.append(question)
    items = tuple(replace(item, pictures=(*item.pictures, *kept.get(item.id, ()))) for item in task.items)
    return replace(task, items=items, questions=tuple(asked)) if any(kept.values()) else task


# --- Readers ------------------------------------------------------------------------------------


def read_catalogue(folder: Path) -> tuple[Item, ...]:
    texts: dict[str, dict[str, Text]] = defaultdict(dict)
    translations = folder / "products_i18n.csv"
    for row in rows(translations, "sku", "lang", "title") if translations.exists() else ():
        language = base_code(row["lang"])
        if language:
            texts[row["sku"]].setdefault(language, Text(row["title"], row.get("description", "")))
    items = []
    for row in rows(folder / "products.csv", "sku", "title", "image"):
        names = [row["image"], *row.get("extra_images", "").split("|")]
        english = {"en": Text(row["title"], row.get("description", ""))}
        items.append(
            Item(
                id=row["sku"],
                title=row["title"],
                pictures=tuple(folder / name for name in names if name),
                texts=english | texts[row["sku"]],
                category=row.get("category", ""),
            )
        )
    return tuple(items)


def _photo_task(name: str) -> Callable[[Path, Path], Task]:
    """queries.csv (query_id, image) and qrels.csv (query_id, sku, relevance) over the catalogue."""

    def read(catalogue: Path, queries: Path) -> Task:
        folder = queries / name
        relevance = _qrels(folder / "qrels.csv", "query_id", "sku")
        return _task(name, read_catalogue(catalogue), _pictures(folder, relevance))

    return read


def _clothing(catalogue: Path, queries: Path) -> Task:
    folder = queries / "clothing_photo"
    by_label = _qrels(folder / "label_qrels.csv", "label", "sku")
    questions = [
        Question(row["query_id"], by_label[row["label"]], folder / row["image"], group=row["label"])
        for row in rows(folder / "queries.csv", "query_id", "image", "label")
        if row["label"] in by_label
    ]
    return _task("clothing_photo", read_catalogue(catalogue), questions)


def _text_multilingual(catalogue: Path, queries: Path) -> Task:
    folder = queries / "text_multilingual"
    by_concept = _qrels(folder / "concept_qrels.csv", "concept", "sku")
    questions = []
    for row in rows(folder / "queries.csv", "query_id", "lang", "text", "concepts"):
        relevance: dict[str, int] = {}
        for concept in row["concepts"].split("|"):
            for sku, grade in by_concept.get(concept, {}).items():
                relevance[sku] = max(grade, relevance.get(sku, 0))
        if relevance:
            questions.append(
                Question(
                    row["query_id"],
                    relevance,
                    words=row["text"],
                    language=base_code(row["lang"]),
                    group=row["concepts"],
                )
            )
    return _task("text_multilingual", read_catalogue(catalogue), questions)


def _words_to_picture(catalogue: Path, queries: Path) -> Task:
    """Titles as queries, with all texts left out of the index: can the pictures alone be found by words?"""
    items = read_catalogue(catalogue)
    by_title: dict[str, dict[str, int]] = defaultdict(dict)
    for item in items:
        by_title[item.title][item.id] = 1
    questions = [
        Question(f"title-{n}", relevance, words=title, language="en", group=title)
        for n, (title, relevance) in enumerate(by_title.items())
    ]
    return replace(_task("words_to_picture", items, questions), titles=False)


def _gallery_task(name: str, gallery: str, key: str, title: str) -> Callable[[Path, Path], Task]:
    """Pictures against a gallery of their own; its names aren't in the index."""

    def read(catalogue: Path, queries: Path) -> Task:
        relevance = _qrels(queries / name / "qrels.csv", "query_id", key)
        items = _gallery(queries / gallery, key, title)
        return replace(_task(name, items, _pictures(queries / name, relevance)), titles=False)

    return read


def _text_stamps(catalogue: Path, queries: Path) -> Task:
    folder = queries / "text_stamps"
    relevance = _qrels(folder / "qrels.csv", "query_id", "item_id")
    questions = [
        Question(
            row["query_id"],
            relevance[row["query_id"]],
            words=row["text"],
            language=base_code(row["lang"]),
            group=row["title_en"],
        )
        for row in rows(folder / "queries.csv", "query_id", "lang", "text", "title_en")
        if row["query_id"] in relevance
    ]
    return _task("text_stamps", _gallery(queries / "gallery_stamps", "item_id", "title_en"), questions)


def _text_parallel(catalogue: Path, queries: Path) -> Task:
    """Sentences in other languages against the same ones in English: captions*.csv, one column for each language."""
    folder = queries / "text_parallel"
    items, questions = [], []
    for path in sorted(folder.glob("captions*.csv")) or [folder / "captions.csv"]:
        for row in rows(path, "caption_id", "en"):
            id = row["caption_id"]
            items.append(Item(id, row["en"], (), {"en": Text(row["en"])}))
            questions += [
                Question(f"{id}-{column}", {id: 1}, words=text, language=base_code(column), group=id)
                for column, text in row.items()
                if column not in {"caption_id", "en"} and text and base_code(column) == column
            ]
    return _task("text_parallel", items, questions)


def _related_products(catalogue: Path, queries: Path) -> Task:
    """A product against those that its shop shows beside it: links.csv (source_id, linked_source_id).

    Colours of one garment share a source_id; only the first of them is in the index, else a garment's own other colours
    would crowd out all that goes with it.
    """
    folder = queries / "related_products"
    links: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows(folder / "links.csv", "source_id", "linked_source_id"):
        if row["source_id"] != row["linked_source_id"]:
            links[row["source_id"]][row["linked_source_id"]] = 1
    linked = set(links) | {id for beside in links.values() for id in beside}
    first: dict[str, str] = {}
    for row in rows(catalogue / "products.csv", "sku", "source_id"):
        if row["source_id"] in linked:
            first.setdefault(row["source_id"], row["sku"])
    known = set(first.values())
    questions = [
        Question(f"like-{source}", {first.get(id, id): 1 for id in beside}, like=first[source], group=source)
        for source, beside in links.items()
        if source in first
    ]
    return _task("related_products", (item for item in read_catalogue(catalogue) if item.id in known), questions)


def _near_duplicates(catalogue: Path, queries: Path) -> Task:
    """Copied pictures of the catalogue's own products, each altered in the ways of alterations.py."""
    items = read_catalogue(catalogue)
    shown = [item for item in items if item.pictures]
    chosen = shown[:: max(1, len(shown) // MOST_COPIED)]
    questions = [
        Question(f"{item.id}-{name}", {item.id: 1}, item.pictures[0], alteration=name, kind=name, group=item.id)
        for item in chosen
        for name in ALTERATIONS
    ]
    return _task("near_duplicates", items, questions)


READERS: Mapping[str, Callable[[Path, Path], Task]] = {
    "grocery_photo": _photo_task("grocery_photo"),
    "product_views": _photo_task("product_views"),
    "model_views": _photo_task("model_views"),
    "clothing_photo": _clothing,
    "text_multilingual": _text_multilingual,
    "words_to_picture": _words_to_picture,
    "text_stamps": _text_stamps,
    "logos": _gallery_task("logos", "gallery_logos", "brand_id", "brand"),
    "scene_ikea": _gallery_task("scene_ikea", "gallery_ikea", "item_id", "name"),
    "near_duplicates": _near_duplicates,
    "related_products": _related_products,
    "text_parallel": _text_parallel,
}


# --- Files --------------------------------------------------------------------------------------


def rows(path: Path, *columns: str, tabs: bool = False) -> Iterable[dict[str, str]]:
    """The rows of a CSV file; `tabs`: of one with tabs in place of commas, and without quoting.

    Raises BadInput for a missing file or column, or text that isn't UTF-8.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            manner: dict[str, Any] = {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if tabs else {}
            reader = csv.DictReader(file, **manner)
            missing = [name for name in columns if name not in (reader.fieldnames or [])]
            if missing:
                raise BadInput(
                    f"{path} has no column {', '.join(map(repr, missing))}. Its columns: {', '.join(reader.fieldnames or [])}.",
                    field="columns",
                )
            yield from ({name: value or "" for name, value in row.items() if name} for row in reader)
    except OSError as error:
        raise BadInput(
            f"{path} can't be read: {error.strerror}. Give the folder that holds it.", field="path"
        ) from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} isn't UTF-8 ({error.reason}).", field="path") from error
    except csv.Error as error:
        raise BadInput(
            f"{path}, behind line {reader.line_num}: {error}. Correct or shorten that row.", field="path"
        ) from error


def _qrels(path: Path, query: str, item: str) -> dict[str, dict[str, int]]:
    """What is right for each query that anything is right for."""
    right = {
        id: {item: grade for item, grade in each.items() if grade} for id, each in grades(path, query, item).items()
    }
    return {id: each for id, each in right.items() if each}


def grades(path: Path, query: str, item: str) -> dict[str, dict[str, int]]:
    """What was rated for each query, 0 to 3, 0 for what is wrong. Raises BadInput for any other rating."""
    by_query: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows(path, query, item, "relevance"):
        grade = row["relevance"].strip()
        if grade not in {"0", "1", "2", "3"}:
            raise BadInput(
                f"{path}: relevance is {grade!r} for {row[query]} and {row[item]}; it must be a whole number, 0 to 3.",
                field="relevance",
            )
        by_query[row[query]][row[item]] = int(grade)
    return dict(by_query)


def _pictures(folder: Path, relevance: Mapping[str, Mapping[str, int]]) -> list[Question]:
    return [
        Question(row["query_id"], relevance[row["query_id"]], folder / row["image"], group=_best(relevance[row["query_id"]]))
        for row in rows(folder / "queries.csv", "query_id", "image")
        if row["query_id"] in relevance
    ]  # fmt: skip


def _gallery(folder: Path, key: str, title: str) -> tuple[Item, ...]:
    return tuple(
        Item(row[key], row[title], (folder / row["image"],), {"en": Text(row[title])})
        for row in rows(folder / "items.csv", key, title, "image")
    )


def _task(name: str, items: Iterable[Item], questions: Iterable[Question]) -> Task:
    asked = tuple(questions)
    exact = max((grade for question in asked for grade in question.relevance.values()), default=1)
    return Task(name, tuple(items), asked, exact)


def _best(relevance: Mapping[str, int]) -> str:
    return max(sorted(relevance), key=relevance.__getitem__)


def _of_known_items(task: Task, catalogue: Path, queries: Path) -> Task:
    """Only questions that something in the index answers. Raises BadInput where there are none.

    A part of a catalogue, such as the demo's, is measured on the questions that belong to it. Questions for items that
    aren't in it would lower every figure without a visible reason.
    """
    known = {item.id for item in task.items}
    questions = []
    for question in task.questions:
        relevance = {id: grade for id, grade in question.relevance.items() if id in known}
        if relevance:
            questions.append(replace(question, relevance=relevance))
    if not questions:
        missing = next(iter(task.questions[0].relevance), "")
        raise BadInput(
            f"Task '{task.name}' asks for items such as '{missing}', and none of them is in {catalogue} or in a gallery "
            f"of {queries}. Give the catalogue that the queries were made for.",
            field="catalogue",
        )
    left_out = task.left_out + len(task.questions) - len(questions)
    return replace(task, questions=tuple(questions), left_out=left_out)


def _with_verbatim(task: Task) -> Task:
    """Mark the questions that a right answer has for a title, word for word, in any language."""
    if not task.titles:
        return task
    titles = {item.id: {_plain(text.title) for text in item.texts.values()} for item in task.items}
    return replace(
        task,
        questions=tuple(
            replace(question, verbatim=any(_plain(question.words) in titles[id] for id in question.relevance))
            if question.words
            else question
            for question in task.questions
        ),
    )


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _with_identical_pictures(task: Task) -> Task:
    """Credit every item whose main picture is byte for byte that of a right one, since such items can't be told apart."""
    if all(question.picture is None for question in task.questions):
        return task
    twins: dict[str, list[str]] = defaultdict(list)
    digest = {}
    for item in task.items:
        if item.pictures and item.pictures[0].is_file():
            digest[item.id] = hashlib.sha256(item.pictures[0].read_bytes()).hexdigest()
            twins[digest[item.id]].append(item.id)
    questions = []
    for question in task.questions:
        relevance = dict(question.relevance)
        for id, grade in question.relevance.items():
            for twin in twins.get(digest.get(id, ""), ()):
                relevance[twin] = max(grade, relevance.get(twin, 0))
        questions.append(replace(question, relevance=relevance))
    return replace(task, questions=tuple(questions))
