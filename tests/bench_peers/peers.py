"""What one would take in place of the embedded engine. Each is imported only where it is asked for.

Two pictures a product: each peer is asked for twice the pictures that are wanted, and they are folded into products.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench_peers.contender import folded, joined
from tests.bench_peers.data import MOST_PRICE, PICTURES, WANTED, Data

NEAR = WANTED * PICTURES
BATCH = 5_000


class LanceDB:
    """IVF with product quantisation, refined by whole vectors, and its full-text index."""

    def __init__(self, folder: Path) -> None:
        import lancedb

        self.table = lancedb.connect(folder / "lance").open_table("pictures")
        self.texts = lancedb.connect(folder / "lance").open_table("products")

    @staticmethod
    def build(folder: Path, data: Data) -> None:
        import lancedb
        import pyarrow as pa

        vectors, rows = data.vectors, list(data.products())
        base = lancedb.connect(folder / "lance")
        columns = ("department", "price", "in_stock")

        def batches() -> Iterator[Any]:
            for start in range(0, len(rows), BATCH):
                part = rows[start : start + BATCH]
                own = np.asarray(vectors[start * PICTURES : (start + len(part)) * PICTURES], np.float32)
                numbers = np.repeat(np.arange(start, start + len(part)), PICTURES)
                yield pa.record_batch(
                    {
                        "product": numbers,
                        "vector": pa.FixedSizeListArray.from_arrays(pa.array(own.ravel()), own.shape[1]),
                        **{name: [row[name] for row in part for _ in range(PICTURES)] for name in columns},
                    }
                )

        first, *others = batches()
        pictures = base.create_table("pictures", pa.Table.from_batches([first, *others]))
        # With the default of 32 codes a vector, .77 of the nearest ten are found.
        pictures.create_index(metric="cosine", vector_column_name="vector", index_type="IVF_PQ", num_sub_vectors=128)
        pictures.create_scalar_index("department", index_type="BITMAP")
        texts = base.create_table(
            "products",
            [
                {"product": n, "words": f"{row['title']} {row['text']}", **{name: row[name] for name in columns}}
                for n, row in enumerate(rows)
            ],
        )
        texts.create_fts_index("words")
        texts.create_scalar_index("department", index_type="BITMAP")

    def knn(self, vector: np.ndarray, department: str | None) -> Sequence[int]:
        query = self.table.search(vector).metric("cosine").refine_factor(4).limit(NEAR).select(["product", "_distance"])
        rows = _where(query, department).to_arrow()["product"].to_pylist()
        return list(dict.fromkeys(rows))[:WANTED]

    def words(self, words: str, department: str | None) -> Sequence[int]:
        query = self.texts.search(words, query_type="fts").limit(WANTED).select(["product", "_score"])
        return _where(query, department).to_arrow()["product"].to_pylist()

    def hybrid(self, vector: np.ndarray, words: str, department: str | None) -> Sequence[int]:
        return joined(self.knn(vector, department), self.words(words, department))


def _where(query: Any, department: str | None) -> Any:
    if department is None:
        return query
    return query.where(f"department = '{department}' AND price <= {MOST_PRICE} AND in_stock", prefilter=True)


class SqliteVec:
    """sqlite-vec's exact scan, and SQLite's FTS5."""

    def __init__(self, folder: Path) -> None:
        self.connection = _sqlite(folder)

    @staticmethod
    def build(folder: Path, data: Data) -> None:
        connection = _sqlite(folder)
        connection.execute(
            "CREATE VIRTUAL TABLE pictures USING vec0(vector float[512] distance_metric=cosine, "
            "department text, price float, in_stock boolean)"
        )
        connection.execute("CREATE VIRTUAL TABLE texts USING fts5(words, content = '')")
        connection.execute("CREATE TABLE product (id INTEGER PRIMARY KEY, department TEXT, price REAL, in_stock INT)")
        with connection:
            SqliteVec._fill(connection, data)

    @staticmethod
    def _fill(connection: Any, data: Data) -> None:
        vectors = data.vectors
        for n, row in enumerate(data.products()):
            known = row["department"], row["price"], row["in_stock"]
            for place in range(PICTURES):
                picture = n * PICTURES + place
                vector = np.asarray(vectors[picture], np.float32).tobytes()
                connection.execute(
                    "INSERT INTO pictures(rowid, vector, department, price, in_stock) VALUES (?, ?, ?, ?, ?)",
                    (picture, vector, *known),
                )
            connection.execute("INSERT INTO texts(rowid, words) VALUES (?, ?)", (n, f"{row['title']} {row['text']}"))
            connection.execute("INSERT INTO product VALUES (?, ?, ?, ?)", (n, *known))
        connection.execute("INSERT INTO texts(texts) VALUES ('optimize')")

    def knn(self, vector: np.ndarray, department: str | None) -> Sequence[int]:
        asked = np.asarray(vector, np.float32).tobytes(), NEAR
        if department is None:
            query = "SELECT rowid FROM pictures WHERE vector MATCH ? AND k = ? ORDER BY distance"
            rows = self.connection.execute(query, asked)
        else:
            query = (
                "SELECT rowid FROM pictures WHERE vector MATCH ? AND k = ? "
                "AND department = ? AND price <= ? AND in_stock = 1 ORDER BY distance"
            )
            rows = self.connection.execute(query, (*asked, department, MOST_PRICE))
        return folded([row for (row,) in rows], PICTURES)

    def words(self, words: str, department: str | None) -> Sequence[int]:
        any_word = " OR ".join(words.split())
        if department is None:
            query = "SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT ?"
            return [row for (row,) in self.connection.execute(query, (any_word, WANTED))]
        query = (
            "SELECT texts.rowid FROM texts JOIN product ON product.id = texts.rowid WHERE texts MATCH ? "
            "AND department = ? AND price <= ? AND in_stock ORDER BY rank LIMIT ?"
        )
        return [row for (row,) in self.connection.execute(query, (any_word, department, MOST_PRICE, WANTED))]

    def hybrid(self, vector: np.ndarray, words: str, department: str | None) -> Sequence[int]:
        return joined(self.knn(vector, department), self.words(words, department))


def _sqlite(folder: Path) -> Any:
    # The sqlite3 of some Pythons loads no extensions; apsw brings an SQLite of its own.
    import apsw
    import sqlite_vec

    connection = apsw.Connection(str(folder / "shop.sqlite"))
    connection.enable_load_extension(True)
    connection.load_extension(sqlite_vec.loadable_path())
    return connection


class UsearchTantivy:
    """A bare graph of float16 vectors and a bare index of words: no versions, one process, filters after the search."""

    WIDER = 20  # times as many pictures are asked for behind a filter, of which most are thrown away

    def __init__(self, folder: Path) -> None:
        import tantivy
        from usearch.index import Index

        self.graph = Index.restore(folder / "pictures.usearch", view=True)
        self.index = tantivy.Index.open(str(folder / "words"))
        self.searcher = self.index.searcher()
        self.facets = json.loads((folder / "facets.json").read_text())

    @staticmethod
    def build(folder: Path, data: Data) -> None:
        import tantivy
        from usearch.index import Index

        vectors = data.vectors
        graph = Index(ndim=vectors.shape[1], metric="cos", dtype="f16")
        for start in range(0, len(vectors), BATCH):
            part = np.asarray(vectors[start : start + BATCH])
            graph.add(np.arange(start, start + len(part)), part)
        graph.save(folder / "pictures.usearch")
        schema = tantivy.SchemaBuilder()
        schema.add_unsigned_field("product", stored=True, fast=True)
        schema.add_text_field("department", stored=False, tokenizer_name="raw")
        schema.add_float_field("price", indexed=True)
        schema.add_boolean_field("in_stock", indexed=True)
        schema.add_text_field("words", stored=False, tokenizer_name="en_stem")
        (folder / "words").mkdir()
        writer = tantivy.Index(schema.build(), str(folder / "words")).writer(num_threads=1)
        facets = []
        for n, row in enumerate(data.products()):
            known = {name: row[name] for name in ("department", "price", "in_stock")}
            facets.append(list(known.values()))
            document = tantivy.Document()
            document.add_unsigned("product", n)
            document.add_text("words", f"{row['title']} {row['text']}")
            document.add_text("department", known["department"])
            document.add_float("price", known["price"])
            document.add_boolean("in_stock", known["in_stock"])
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        (folder / "facets.json").write_text(json.dumps(facets))

    def knn(self, vector: np.ndarray, department: str | None) -> Sequence[int]:
        wider = 1 if department is None else self.WIDER
        numbers = self.graph.search(np.asarray(vector, np.float16), NEAR * wider).keys.tolist()
        if department is not None:
            numbers = [number for number in numbers if self._passes(number // PICTURES, department)]
        return folded(numbers, PICTURES)

    def _passes(self, product: int, department: str) -> bool:
        own, price, in_stock = self.facets[product]
        return own == department and price <= MOST_PRICE and in_stock

    def words(self, words: str, department: str | None) -> Sequence[int]:
        asked = words
        if department is not None:
            asked = f'+({words}) +department:"{department}" +price:[0 TO {MOST_PRICE}] +in_stock:true'
        query = self.index.parse_query(asked, ["words"])
        found = self.searcher.search(query, WANTED).hits
        return [self.searcher.doc(address)["product"][0] for _, address in found]

    def hybrid(self, vector: np.ndarray, words: str, department: str | None) -> Sequence[int]:
        return joined(self.knn(vector, department), self.words(words, department))
