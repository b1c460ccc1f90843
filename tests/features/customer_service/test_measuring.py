"""The figures of the measured set: each is what it says."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.features.customer_service.desk import fill_dangers
from tests.search.shop import draw
from visual_search.errors import BadInput
from visual_search.features.customer_service import dangers
from visual_search.features.customer_service.measuring import parts
from visual_search.features.customer_service.measuring.questions import measure
from visual_search.measuring.measures import Conditions

ARTICLES = """number,sku,category,title,also_said
1,A,,leg wobbles,one leg is short|not stable
2,B,,light flickers,
3,,Home,stain on cover,
"""
QUESTIONS = """number,sku,en,de,fr,es,pt,ja
1,A,not stable,leg wobbles,leg wobbles,light flickers,leg wobbles,leg wobbles
2,B,light flickers,light flickers,light flickers,light flickers,light flickers,light flickers
3,C,stain on cover,stain on cover,stain on cover,stain on cover,stain on cover,stain on cover
"""
PRODUCTS = "sku,title,category,image\nA,Chair,Home > Chairs,\nB,Lamp,Light,\nC,Sofa,Home > Sofas,\n"


def test_its_figures(desk, tmp_path: Path) -> None:
    folder = tmp_path / "customer_service"
    folder.mkdir()
    (folder / "articles.csv").write_text(ARTICLES)
    (folder / "questions.csv").write_text(QUESTIONS)
    (folder / "without.csv").write_text("number,sku,lang,text\n1,A,en,quite another thing\n")
    (tmp_path / "products.csv").write_text(PRODUCTS)
    found = measure(tmp_path, Conditions(cache=tmp_path, catalogue=tmp_path)).rows
    assert found["figures, en"] == {
        "questions": 2, "first": 1.0, "in 3": 1.0, "answered": 1.0, "nothing close": 0.0, "unknown product": 1.0,
    }  # fmt: skip
    assert found["figures, es"]["answered"] == 0.5  # The lamp's article doesn't answer for the chair.
    assert found["development, en"]["questions"] == 1
    assert found["figures, without an article"]["nothing close"] == 1.0


def test_it_needs_a_catalogue(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="--catalogue"):
        measure(tmp_path, Conditions(cache=tmp_path))


def test_missing_parts_are_told_by_pictures(desk, tmp_path: Path) -> None:
    folder = tmp_path / "customer_service" / "parts"
    folder.mkdir(parents=True)
    states = {
        "A-1-whole": ("chair", "red"),
        "A-1-a": ("chair", "blue"),
        "B-2-whole": ("lamp", "brass"),
        "B-2-a": ("mug", "black"),
    }
    for name, drawn in states.items():
        draw(*drawn).save(folder / f"{name}-article.jpg")
        draw(*drawn, shift=4).save(folder / f"{name}-photo.jpg")
    draw("lamp", "brass").save(folder / "B-2-a-photo.jpg")  # It looks whole.
    found = parts.measure(tmp_path, Conditions(cache=tmp_path)).rows
    assert found["whole"] == {"photos": 2, "first": 1.0, "product": 1.0, "unknown product": 1.0}
    assert found["a part is missing"]["first"] == 0.5
    with pytest.raises(BadInput, match="no pictures called"):
        parts.measure(tmp_path / "nowhere", Conditions(cache=tmp_path))


def test_no_question_of_the_measured_set_is_taken_for_danger(db) -> None:
    """Half of those questions set the limits of answers; none of them tells of danger."""
    fill_dangers()
    folder = Path(__file__).resolve().parents[2] / "quality/customer_service"
    asked, without = (
        list(csv.DictReader((folder / name).read_text(encoding="utf-8").splitlines()))
        for name in ("questions.csv", "without.csv")
    )
    texts = [row[language] for row in asked for language in ("en", "de", "fr", "es", "pt", "ja")]
    texts += [row["text"] for row in without]
    assert len(texts) == 408
    assert [text for text in texts if dangers.warned(text, "en")] == []
