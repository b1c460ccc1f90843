"""The measure of models asks what it says it asks: later baskets, the rest of them, and nothing that taught."""

from __future__ import annotations

import csv
import gzip
import math
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.core.conftest import picture
from tests.shop.doubles import ThumbnailEncoder
from visual_search.errors import BadInput
from visual_search.features.recommendations import lists, training
from visual_search.features.recommendations.baskets import read
from visual_search.features.recommendations.measuring import budget, kept, links, purchases
from visual_search.features.recommendations.recommenders import RECOMMENDERS, Lesson
from visual_search.measuring.measures import Conditions
from visual_search.types import Basket

COLUMNS = (
    "household_id",
    "ts",
    "product_id",
    "brand",
    "department",
    "product_category",
    "product_type",
    "package_size",
)
FIRST = date(2024, 1, 1)


def write(folder: Path, rows: list[tuple[str, int, str]]) -> Path:
    """Household, day and product; a product is described by the first letter of its name."""
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / purchases.FILE, "wt", newline="") as file:
        out = csv.writer(file)
        out.writerow(COLUMNS)
        for household, day, product in rows:
            kind = product[0].upper()
            out.writerow(
                [household, f"{FIRST + timedelta(day)} 10:00:00", product, "", kind, kind, f"KIND {kind}", "1 CT"]
            )
    return folder


def shop(days: int = 100) -> list[tuple[str, int, str]]:
    """Households buy of one of two worlds, six things at a time; the last one is bought by nobody early."""
    rng = np.random.default_rng(0)
    rows = []
    for household in range(24):
        world = "ab"[household % 2]
        for day in range(household % 3, days, 6):
            chosen = rng.choice(12, 6, replace=False)
            rows += [(str(household), day, f"{world}{n}") for n in chosen]
            if day > 90:
                rows.append((str(household), day, f"{world}new"))
    return rows


@pytest.fixture
def case(tmp_path) -> purchases.Case:
    return purchases.make_case(*purchases.read_purchases(write(tmp_path, shop()) / purchases.FILE))


def test_what_teaches_lies_before_what_is_asked(case) -> None:
    ids = case.lesson.baskets.ids
    assert case.lesson.baskets.day.max() <= case.lesson.today
    taught = {ids[item] for item in case.lesson.baskets.item}
    assert "anew" not in taught
    assert "anew" in {ids[item] for item in case.tested}


def test_a_question_shows_a_part_and_wants_the_rest(case) -> None:
    for question in (*case.one, *case.basket, *case.cold, *case.new):
        assert not set(question.asked) & question.wanted
        assert question.novel <= question.wanted
    assert {len(question.asked) for question in case.one} == {1}
    assert {len(question.asked) for question in case.basket} == {3}
    assert {case.lesson.baskets.ids[question.asked[0]] for question in case.cold} == {"anew", "bnew"}


def test_ndcg_is_that_of_the_formula() -> None:
    assert purchases.ndcg([7, 1, 8, 2], frozenset({1, 2, 3})) == pytest.approx(
        (1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3) + 1 / math.log2(4))
    )
    assert purchases.ndcg([1], frozenset()) == 0


def test_counts_find_the_world_of_a_household_and_best_sellers_do_not(tmp_path) -> None:
    table = purchases.measure(write(tmp_path, shop()))
    assert list(table.rows) == ["random", *RECOMMENDERS, purchases.KEPT]
    assert table.rows[purchases.KEPT]["basket"] == pytest.approx(table.rows["co-counts"]["basket"], abs=0.05)
    assert table.rows["co-counts"]["one"] > table.rows["popularity"]["one"] + 0.1
    # What is new has no list, and borrows.
    assert table.rows["borrowed"]["cold"] > table.rows["co-counts"]["cold"] + 0.1
    assert table.rows["co-counts"]["repeat"] > 0
    low, high = table.intervals["co-counts"]["one"]
    assert low <= table.rows["co-counts"]["one"] <= high
    found = {
        name: float(rest[:5])
        for name, _, rest in (note.strip().partition(": ") for note in table.notes)
        if name in RECOMMENDERS
    }
    assert found["borrowed"] > found["popularity"] + 0.1
    assert any("all clients: 9" in note or "all clients: 100%" in note for note in table.notes)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"household_id,ts\n1,2024\n", "can't be read as purchases"), (b"household_id,ts,product_id\n", "has no rows")],
)
def test_a_file_that_is_none_is_named(tmp_path, content, words) -> None:
    (tmp_path / purchases.FILE).write_bytes(gzip.compress(content))
    with pytest.raises(BadInput, match=words):
        purchases.measure(tmp_path)


def test_the_first_folder_with_purchases_is_read(tmp_path) -> None:
    write(tmp_path / "personalisation", shop())
    assert "24 clients" in purchases.measure_folder(tmp_path, Conditions(tmp_path)).title
    with pytest.raises(BadInput, match="recommendations"):
        purchases.measure_folder(tmp_path / "nowhere", Conditions(tmp_path))


def test_a_smaller_shop_reaches_less_far(case) -> None:
    assert purchases.reach(case, 4).share == 0
    assert purchases.reach(case, None).share > 0.9


def test_what_pages_read_is_measured_as_pages_read_it() -> None:
    assert (kept.LONGEST, kept.DEEPEST, kept.SHALLOWEST) == (training.LONGEST, lists.DEEPEST, lists.SHALLOWEST)


def test_new_things_are_those_that_nobody_bought_in_what_is_learned(case) -> None:
    asked = {one.asked[0] for one in case.new}
    assert asked
    assert not asked & set(case.unseen.baskets.item.tolist())
    assert asked <= set(case.lesson.baskets.item.tolist())
    assert len(case.unseen.baskets.day) == len(case.lesson.baskets.day)
    assert all(one.asked[0] not in one.wanted for one in case.new)


def test_the_budget_is_measured_on_as_many_as_it_says() -> None:
    table = budget.measure(items=300, baskets=2000, clients=200)
    assert "300 products, 2000 baskets of 200 clients" in table.title
    row = table.rows["co-counts"]
    assert row["rows"] > 0
    assert row["MB"] > 0
    assert table.rows["similar"]["rows"] == 300 * budget.SIMILAR


# --- Links --------------------------------------------------------------------------------------


@pytest.fixture
def folders(tmp_path) -> Path:
    """Ten desks and ten chairs; each desk is linked to three chairs that look like nothing else."""
    catalogue, queries = tmp_path / "catalogue", tmp_path / "queries"
    (queries / "related_products").mkdir(parents=True)
    catalogue.mkdir()
    names = [f"{kind} {n}" for kind in ("desk", "chair", "lamp") for n in range(10)]
    with (catalogue / "products.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(
            ["sku", "title", "description", "category", "brand", "color", "image", "extra_images", "source_id"]
        )
        for number, name in enumerate(names):
            (catalogue / f"{number}.png").write_bytes(picture(number))
            out.writerow([name, name, "", name.split()[0], "", "", f"{number}.png", "", name])
    with (queries / "related_products/links.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["source_id", "linked_source_id"])
        out.writerows([f"desk {n}", f"chair {(n + step) % 10}"] for n in range(10) for step in range(3))
        out.writerow(["lamp 0", "lamp 1"])
    return tmp_path


def test_links_of_others_teach_what_looks_do_not(folders) -> None:
    table = links.related(folders / "catalogue", folders / "queries", ThumbnailEncoder())
    assert table.rows["goes with, all teach"]["R@10"] > table.rows["content alone"]["R@10"] + 0.2
    assert table.rows["goes with, a fifth teaches"]["R@10"] > table.rows["content alone"]["R@10"] + 0.2


def test_a_product_never_teaches_about_itself(folders, monkeypatch) -> None:
    """Were its own links known when it is asked, the table would lead there at once."""
    teachers = []
    plain = links._ranked

    def watched(things, asked, weights, teacher):
        teachers.append(teacher)
        return plain(things, asked, weights, teacher)

    monkeypatch.setattr(links, "_ranked", watched)
    links.related(folders / "catalogue", folders / "queries", ThumbnailEncoder())
    task = links.read_task("related_products", catalogue=folders / "catalogue", queries=folders / "queries")
    number = {item.id: place for place, item in enumerate(task.items)}
    of_content, of_all, of_a_fifth = teachers
    for question in task.questions:
        for teacher in (of_all, of_a_fifth):
            assert teacher(question.like)
            assert number[question.like] not in {first for first, _ in teacher(question.like)}
        assert not of_content(question.like)


def test_related_products_needs_a_catalogue(tmp_path) -> None:
    with pytest.raises(BadInput, match="needs --catalogue"):
        links.related_products(tmp_path, Conditions(tmp_path))


def test_random_finds_nearly_nothing() -> None:
    lesson = Lesson(read([Basket("a", 1, range(50))]), today=1, clients=5)
    rank = purchases.by_chance(lesson.size)
    assert rank([0]) != rank([0])
