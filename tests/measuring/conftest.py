"""A tiny catalogue with queries, drawn on the spot."""

import csv
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

COLOURS = ["red", "green", "blue", "yellow", "purple", "orange"]


def draw(path: Path, colour: str, *, shift: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", (120, 120), "white")
    ImageDraw.Draw(image).ellipse((20 + shift, 30, 90 + shift, 100), fill=colour)
    image.save(path, quality=90)


def write(path: Path, columns: str, *rows: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([columns.split(","), *[row.split(",") for row in rows]])


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """(catalogue, queries): six discs of different colours, and the same discs moved."""
    catalogue, queries = tmp_path / "catalogue", tmp_path / "eval"
    for colour in COLOURS:
        draw(catalogue / f"images/{colour}.jpg", colour)
        draw(queries / f"grocery_photo/images/{colour}.jpg", colour, shift=8)
    write(
        catalogue / "products.csv",
        "sku,title,description,category,image,extra_images",
        *[f"{c},{c} disc,,Shapes,images/{c}.jpg," for c in COLOURS],
    )
    write(catalogue / "products_i18n.csv", "sku,lang,title", "red,de,rote Scheibe", "blue,de,blaue Scheibe")
    write(queries / "grocery_photo/queries.csv", "query_id,image", *[f"q-{c},images/{c}.jpg" for c in COLOURS])
    write(
        queries / "grocery_photo/qrels.csv",
        "query_id,sku,relevance",
        *[f"q-{c},{c},2" for c in COLOURS],
        "q-red,orange,1",
    )
    write(
        queries / "text_multilingual/queries.csv",
        "query_id,lang,text,concepts",
        "t1,de,rote Scheibe,red",
        "t2,en,blue disc,blue",
        "t3,fr,disque,nowhere",
    )
    write(queries / "text_multilingual/concept_qrels.csv", "concept,sku,relevance", "red,red,2", "blue,blue,2")
    return catalogue, queries
