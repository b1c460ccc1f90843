"""The measurement itself is right: no look into the future, all candidates ranked, figures as defined."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from tests.evaluation import evaluation_data
from visual_search.features.personalisation.measuring.purchases import (
    Purchase,
    by_average_vector,
    by_history,
    by_popularity,
    compare,
    item_vectors,
    questions,
    read_purchases,
    standard_rankers,
)
from visual_search.ranking.rescoring import Weights

START = datetime(2017, 6, 1, tzinfo=UTC)


def buy(household: str, product: str, day: float, type: str = "apples") -> Purchase:
    return Purchase(household, START + timedelta(days=day), product, type, (type, f"kind={product}"))


PURCHASES = sorted(
    [buy("a", "gala", -9), buy("b", "gala", -8), buy("c", "gala", -7), buy("a", "fuji", -5), buy("a", "fuji", 3),
     buy("b", "pink", 4), buy("a", "milk", 5, "dairy")],
    key=lambda row: row.at,
)  # fmt: skip


def test_a_question_knows_the_past_alone() -> None:
    asked = list(questions(PURCHASES, start=START, end=START + timedelta(days=30)))
    fuji, pink = asked  # a type with one product asks nothing
    assert fuji.ids == ("gala", "fuji", "pink")  # popularity before the split, ties by id
    assert fuji.ids[fuji.target] == "fuji"
    assert fuji.repeat
    assert [(event.id, event.age_days) for event in fuji.history] == [("gala", 12.0), ("fuji", 8.0)]
    assert not pink.repeat
    assert pink.ids[pink.target] == "pink"


def test_figures_are_as_defined() -> None:
    asked = list(questions(PURCHASES, start=START, end=START + timedelta(days=30)))
    [plain, perfect] = compare(
        asked, {"popularity": by_popularity, "oracle": lambda q: [q.target, *(set(range(3)) - {q.target})]}
    )
    assert plain.figures.mrr.mean == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert (plain.gain.mean, plain.figures.worse.mean) == (0, 0)
    assert (perfect.figures.mrr.mean, perfect.figures.better.mean) == (1, 1)
    assert (plain.figures.repeat.mean, plain.figures.new.mean) == pytest.approx((1 / 2, 1 / 3))


def test_every_ranker_ranks_all_candidates() -> None:
    vectors = item_vectors(PURCHASES, dims=4)
    asked = list(questions(PURCHASES, start=START, end=START + timedelta(days=30)))
    for ranker in (
        *standard_rankers(vectors).values(),
        by_average_vector(vectors),
        by_history(vectors, Weights(), last=1),
    ):
        assert all(sorted(ranker(question)) == [0, 1, 2] for question in asked)


def test_products_described_alike_have_one_vector() -> None:
    rows = [buy("a", "x", 0), buy("a", "y", 0), Purchase("a", START, "twin", "apples", ("apples", "kind=x"))]
    vectors = item_vectors(rows, dims=2)
    np.testing.assert_allclose(vectors["x"], vectors["twin"])
    assert all(np.isfinite(vector).all() for vector in vectors.values())


@pytest.mark.quality
@pytest.mark.slow
def test_real_households_gain_and_new_things_are_not_hidden() -> None:
    """On the part of the purchases that lies beside the project, where only one target in nine is a repeat."""
    purchases = read_purchases(evaluation_data("eval", "personalisation", "transactions.csv.gz"))
    asked = list(
        questions(purchases, start=datetime(2017, 11, 5, tzinfo=UTC), end=datetime(2018, 1, 10, tzinfo=UTC), limit=2000)
    )
    by_name = {item.name: item for item in compare(asked, standard_rankers(item_vectors(purchases)))}
    for name in ("kernel + own", "kernel + own, device"):
        assert by_name[name].gain.low > 0.0
        assert by_name[name].new_gain.mean > -0.02
        assert by_name[name].figures.worse.mean <= 0.12
        assert by_name[name].figures.repeat.mean > by_name["popularity"].figures.repeat.mean * 1.1


def _table(tmp_path: Path, rows: list[str]) -> Path:
    folder = tmp_path / "personalisation"
    folder.mkdir()
    with gzip.open(folder / "transactions.csv.gz", "wt") as file:
        file.write("\n".join(rows) + "\n")
    return tmp_path


HEADER = "household_id,ts,product_id,brand,department,product_category,product_type,package_size"


def test_the_command_prints_every_ranker_and_its_share_of_harm(tmp_path, capsys) -> None:
    rows = [HEADER]
    for day in range(1, 29):
        for household in range(4):
            product = f"p{household if day % 3 else (household + day) % 6}"
            rows.append(
                f"{household},2017-0{1 + household}-{day:02} 10:00:00,{product},National,FRUIT,APPLES,{product[:1]}PLES,1 LB"
            )
    queries = _table(tmp_path, rows)
    call_command("visual_search", "measure_quality", "personalisation", queries=queries, json=tmp_path / "figures.json")
    printed = capsys.readouterr().out
    for name in ("popularity", "average vector", "kernel", "kernel + own", "kernel + own, device"):
        assert f"\n  {name} " in printed
    table = json.loads((tmp_path / "figures.json").read_text())["measures"]["personalisation"]
    assert set(table["columns"]) == set(table["intervals"]["kernel"]) == set(table["rows"]["kernel"])
    # All questions are one household's, and households are drawn whole: there is nothing to vary.
    assert table["intervals"]["kernel + own"]["gain"] == pytest.approx([table["rows"]["kernel + own"]["gain"]] * 2)
    assert table["rows"]["popularity"]["worse"] == 0.0
    assert table["rows"]["kernel + own"]["gain"] > table["rows"]["kernel"]["gain"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [([HEADER], "has no rows"), (["a,b", "1,2"], "can't be read as purchases"), (None, "can't be read")],
)
def test_a_folder_that_is_no_purchases_is_explained(tmp_path, rows, said) -> None:
    queries = _table(tmp_path, rows) if rows else tmp_path
    with pytest.raises(CommandError, match=said):
        call_command("visual_search", "measure_quality", "personalisation", queries=queries)


def test_other_tasks_still_need_a_catalogue(tmp_path) -> None:
    with pytest.raises(CommandError, match="grocery_photo needs --catalogue"):
        call_command("visual_search", "measure_quality", "grocery_photo", queries=tmp_path)
