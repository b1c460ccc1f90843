"""Makes the data by the generator of `visual_search bench`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tests.bench_peers.data import DIMS, PICTURES, Data, passes
from visual_search.measuring.synthetic import FACETS, Generator
from visual_search.types import CollectionSchema, Document, Space

SPACE = Space("image", DIMS, "synthetic")
SCHEMA = CollectionSchema(spaces=(SPACE,), facets=FACETS, languages=("en",))
SEED = 7


def make(folder: Path, *, products: int, questions: int) -> Data:
    """The data in `folder`, made only where the same isn't there already."""
    data, recipe = Data(folder), json.dumps([products, questions, SEED])
    done = folder / "recipe.json"
    if done.exists() and done.read_text() == recipe:
        return data
    folder.mkdir(parents=True, exist_ok=True)
    generator = Generator(SCHEMA, SEED)
    vectors = np.lib.format.open_memmap(
        folder / "vectors.npy", mode="w+", dtype=np.float16, shape=(products * PICTURES, DIMS)
    )
    with (folder / "products.jsonl").open("w") as file:
        for n, document in enumerate(generator.documents(products)):
            vectors[n * PICTURES : (n + 1) * PICTURES] = [named.vector for named in document.vectors[SPACE.name]]
            file.write(json.dumps(_row(document)) + "\n")
    vectors.flush()
    asked = np.asarray(generator.queries(SPACE, questions), np.float32)
    np.save(folder / "asked.npy", asked)
    departments = [f"Kind {n % 10}" for n in range(questions)]
    rows = [
        {"words": words, "department": department}
        for words, department in zip(generator.phrases(questions), departments, strict=True)
    ]
    (folder / "questions.json").write_text(json.dumps(rows))
    (folder / "nearest.json").write_text(json.dumps(_nearest(data, asked, departments)))
    done.write_text(recipe)
    return data


def _row(document: Document) -> dict[str, object]:
    department, kind = str(document.facets["category"]).split(" > ")
    text = document.texts["en"]
    facets = {name: document.facets[name] for name in ("brand", "price", "in_stock")}
    return {
        "id": document.id,
        "title": text.title,
        "text": text.description,
        "department": department,
        "kind": kind,
        **facets,
    }


def _nearest(data: Data, asked: np.ndarray, departments: list[str]) -> dict[str, list[list[int]]]:
    vectors = data.vectors
    best = np.empty((len(vectors) // PICTURES, len(asked)), np.float32)
    for start in range(0, len(vectors), 20_000):
        part = np.asarray(vectors[start : start + 20_000], np.float32)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
        scores = (part @ asked.T).reshape(-1, PICTURES, len(asked)).max(axis=1)
        best[start // PICTURES : start // PICTURES + len(scores)] = scores
    masks = {name: np.array([passes(product, name) for product in data.products()]) for name in set(departments)}
    return {
        "all": [np.argsort(-column)[:10].tolist() for column in best.T],
        "filtered": [
            np.argsort(-np.where(masks[name], column, -2))[: min(10, masks[name].sum())].tolist()
            for column, name in zip(best.T, departments, strict=True)
        ],
    }
