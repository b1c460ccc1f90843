"""The shop that every engine gets, in files: products, vectors, questions, and the right answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

DIMS = 512
PICTURES = 2  # of a product; the vectors 2 n and 2 n + 1 are those of product n
WANTED = 24  # products of an answer: a page
MOST_PRICE = 500.0


@dataclass(frozen=True)
class Data:
    """What lies in `folder`. Vectors are of length 1."""

    folder: Path

    @property
    def vectors(self) -> np.ndarray:
        """Shape (products x 2, 512), float16."""
        return np.load(self.folder / "vectors.npy", mmap_mode="r")

    def products(self) -> Iterator[dict[str, Any]]:
        """id, title, text, department, kind, brand, price, in_stock; in the order of their vectors."""
        with (self.folder / "products.jsonl").open() as file:
            yield from map(json.loads, file)

    @property
    def questions(self) -> list[dict[str, Any]]:
        """words, department (for the filter); the vector of the n-th one is `asked[n]`."""
        return json.loads((self.folder / "questions.json").read_text())

    @property
    def asked(self) -> np.ndarray:
        return np.load(self.folder / "asked.npy")

    @property
    def nearest(self) -> dict[str, list[list[int]]]:
        """The numbers of the ten products that are nearest to each question: "all", and those that pass the filter."""
        return json.loads((self.folder / "nearest.json").read_text())


def passes(product: dict[str, Any], department: str) -> bool:
    """The filter of the filtered questions: about 4 % of the products."""
    return product["department"] == department and product["price"] <= MOST_PRICE and product["in_stock"]
