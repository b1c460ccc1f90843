"""Full text in SQLite: common words, filters and languages, each with the trap that it avoids."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.contracts.engine import SHOP, hits, make_document, make_schema
from visual_search.engines.embedded import EmbeddedEngine, words
from visual_search.engines.embedded.store import languages_of
from visual_search.types import AnyOf, EngineQuery, LegAnswer, Text, WordsLeg


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(tmp_path)
    engine.ensure(SHOP, make_schema())
    yield engine
    engine.close()


def ask(engine: EmbeddedEngine, text: str, *, brand: str | None = None, k: int = 50) -> LegAnswer:
    filters = () if brand is None else (AnyOf("brand", (brand,)),)
    return engine.search(SHOP, EngineQuery((WordsLeg("leg", text, ("en",), k),), filters)).leg("leg")


def fill(engine: EmbeddedEngine) -> None:
    """100 lamps; 60 are red, 50 are tall, 30 both, d099 has 'red lamp' in its title and the rest elsewhere."""
    engine.upsert(
        SHOP,
        [
            make_document(
                f"d{n:03}",
                texts={"en": Text("lamp", " ".join(["red"] * (n < 60) + ["tall"] * (30 <= n < 80)))}
                if n < 99 else {"en": Text("red lamp tall")},
                facets={"brand": "x" if n % 10 == 9 else "y"},
            )
            for n in range(100)
        ],
    )  # fmt: skip


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if 100 documents were a very large shop."""
    monkeypatch.setattr(words, "RANKED_ROWS", 40)
    monkeypatch.setattr(words, "NARROW", 20)


@pytest.mark.usefixtures("impatient")
def test_one_very_common_word_is_a_filter_and_no_order(engine: EmbeddedEngine) -> None:
    fill(engine)
    leg = ask(engine, "lamp", k=100)
    assert leg.total == 100
    assert {hit.score for hit in leg.hits} == {words.UNRANKED}


@pytest.mark.usefixtures("impatient")
def test_two_common_words_are_both_wanted_and_ranked(engine: EmbeddedEngine) -> None:
    fill(engine)
    leg = ask(engine, "red tall")
    assert leg.total == 31
    assert leg.hits[0].id == "d099"


@pytest.mark.usefixtures("impatient")
def test_a_common_word_beside_a_rare_one_decides_among_those_that_have_the_rare_one(engine: EmbeddedEngine) -> None:
    fill(engine)
    engine.upsert(SHOP, [make_document("a", title="vase red"), make_document("b", title="vase blue")])
    assert [hit.id for hit in ask(engine, "red vase").hits] == ["a", "b"]  # Not all the red lamps.
    assert [hit.id for hit in ask(engine, "vase red").hits] == ["a", "b"]


@pytest.mark.usefixtures("impatient")
def test_a_common_word_beside_one_that_is_not_in_the_shop_still_finds_its_objects(engine: EmbeddedEngine) -> None:
    fill(engine)
    assert ask(engine, "lamp vase").total == 100
    assert ask(engine, "vsae lamp").total == 100


@pytest.mark.usefixtures("impatient")
def test_common_words_that_never_come_together_still_find_something(engine: EmbeddedEngine) -> None:
    engine.upsert(SHOP, [make_document(f"d{n:02}", title="red" if n % 2 else "tall") for n in range(99)])
    assert ask(engine, "red tall").total == 99


@pytest.mark.usefixtures("impatient")
def test_behind_a_narrow_filter_common_words_are_ranked_too(engine: EmbeddedEngine) -> None:
    fill(engine)
    leg = ask(engine, "red lamp", brand="x")
    assert leg.hits[0].id == "d099"
    assert len(leg.hits) == 10
    assert leg.hits[0].score > leg.hits[-1].score > 0


def test_a_narrow_filter_is_not_looked_up_row_by_row(engine: EmbeddedEngine) -> None:
    """`rowid IN (...)` without the plus makes SQLite run the full-text query once for each rowid."""
    fill(engine)
    with engine._opened(SHOP).store.lent() as connection:
        statements: list[str] = []
        connection.set_trace_callback(statements.append)
        words.search(
            connection, text="red lamp", languages=("en",), schema=make_schema(),
            allowed=np.arange(101) <= 50, documents=100, k=5,
        )  # fmt: skip
        connection.set_trace_callback(None)
        ranked = [statement for statement in statements if "bm25" in statement]
        assert ranked
        for statement in ranked:
            (plan,) = [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + statement) if "fts_en" in row[3]]
            # "M" is the MATCH; an "=" would be the lookup of one rowid.
            assert "VIRTUAL TABLE INDEX 0:M" in plan
            assert "=" not in plan


def test_an_unfinished_last_word_finds_its_words(engine: EmbeddedEngine) -> None:
    engine.upsert(SHOP, [make_document("a", title="green armchair"), make_document("b", title="arm rest")])
    assert [hit.id for hit in ask(engine, "armch").hits] == ["a"]
    assert [hit.id for hit in ask(engine, "arm").hits] == ["b"]  # A whole word isn't taken for a beginning.


def test_a_translation_beside_a_title_does_not_weaken_it(engine: EmbeddedEngine) -> None:
    """In one table, bm25() would divide by the length of both languages."""
    long = Text("Sofa", "ein langer Text " * 50)
    filler = [make_document(f"f{n}", title=f"chair {n}") for n in range(20)]
    engine.upsert(
        SHOP, [make_document("both", texts={"en": Text("sofa"), "de": long}), make_document("one", texts={"en": Text("sofa")}), *filler]
    )  # fmt: skip
    scores = {hit.id: hit.score for hit in ask(engine, "sofa").hits}
    assert scores["both"] == pytest.approx(scores["one"])


def test_a_language_gets_its_table_with_its_first_text(engine: EmbeddedEngine) -> None:
    def tables() -> list[str]:
        with engine._opened(SHOP).store.lent() as connection:
            return sorted(languages_of(connection))

    assert tables() == []
    engine.upsert(SHOP, [make_document("a", texts={"de": Text("Stuhl"), "fi": Text("tuoli")})])
    assert tables() == ["de", "und"]
    other = EmbeddedEngine(engine.generations.folder)
    assert hits(other.search(SHOP, EngineQuery((WordsLeg("leg", "tuoli", ("en", "fi"), 5),)))) == ["a"]
    other.upsert(SHOP, [make_document("b", texts={"en": Text("chair")})])
    assert hits(engine.search(SHOP, EngineQuery((WordsLeg("leg", "chairs", ("en", "fi"), 5),)))) == ["b"]
    other.close()


def test_a_language_with_a_region_may_have_a_table(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path)
    engine.ensure(SHOP, make_schema(languages=("pt-br", "en")))
    engine.upsert(SHOP, [make_document("a", texts={"pt-br": Text("cadeira")})])
    assert hits(engine.search(SHOP, EngineQuery((WordsLeg("leg", "Cadeira", ("pt-br",), 5),)))) == ["a"]
    engine.close()
