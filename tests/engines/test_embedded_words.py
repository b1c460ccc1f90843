"""Full text in SQLite: common words, filters and languages, each with the trap that it avoids."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.contracts.engine import SHOP, hits, make_document, make_schema
from visual_search.engines import terms
from visual_search.engines.answers import LEAST_TEXT_SCORE
from visual_search.engines.embedded import EmbeddedEngine, words
from visual_search.engines.embedded.store import languages_of
from visual_search.ranking import bm25
from visual_search.types import AnyOf, EngineQuery, LegAnswer, Text, VersionedId, WordsLeg


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
    monkeypatch.setattr(terms, "COMMON_AT_LEAST", 20)


@pytest.mark.usefixtures("impatient")
def test_one_very_common_word_finds_all_and_is_ranked(engine: EmbeddedEngine) -> None:
    fill(engine)
    leg = ask(engine, "lamp", k=100)
    assert leg.total == 100
    assert leg.hits[-1].id == "d099"  # Its title says more than that it is a lamp.


@pytest.mark.usefixtures("impatient")
def test_two_common_words_are_both_wanted_where_enough_have_them(engine: EmbeddedEngine) -> None:
    fill(engine)
    leg = ask(engine, "red tall", k=31)
    assert leg.total == 31
    assert leg.hits[0].id == "d099"
    assert ask(engine, "red tall", k=32).total == 81


@pytest.mark.usefixtures("impatient")
def test_a_common_word_beside_a_rare_one_brings_in_nothing(engine: EmbeddedEngine) -> None:
    fill(engine)
    engine.upsert(SHOP, [make_document("a", title="vase red"), make_document("b", title="vase blue")])
    assert {hit.id for hit in ask(engine, "red vase").hits} == {"a", "b"}  # Not all the red lamps.
    assert [hit.id for hit in ask(engine, "vase red", k=1).hits] == ["a"]


@pytest.mark.usefixtures("impatient")
def test_a_common_word_beside_one_that_is_not_in_the_shop_still_finds_its_objects(engine: EmbeddedEngine) -> None:
    fill(engine)
    assert ask(engine, "lamp vase").total == 100
    assert ask(engine, "vsae lamp").total == 100


@pytest.mark.usefixtures("impatient")
def test_common_words_that_never_come_together_still_find_something(engine: EmbeddedEngine) -> None:
    engine.upsert(SHOP, [make_document(f"d{n:02}", title="red" if n % 2 else "tall") for n in range(99)])
    assert ask(engine, "red tall").total == 99


def test_a_term_is_read_once_a_question(engine: EmbeddedEngine) -> None:
    fill(engine)
    with engine._opened(SHOP).store.lent() as connection:
        statements: list[str] = []
        connection.set_trace_callback(statements.append)
        words.search(
            connection, WordsLeg("w", "red lamp red", ("en",), 5), schema=make_schema(), allowed=np.arange(101) <= 50
        )
        connection.set_trace_callback(None)
        # Both words, and what the question is about.
        assert len([statement for statement in statements if "group_concat" in statement]) == 3
        (plan,) = connection.execute("EXPLAIN QUERY PLAN SELECT rid, value FROM word WHERE term = 1").fetchall()
        assert "SEARCH word USING PRIMARY KEY" in plan[3]


def test_a_word_counts_where_it_stands_and_by_the_length_of_the_text(engine: EmbeddedEngine) -> None:
    texts = {
        "title": Text("sofa"), "keywords": Text("seat", keywords=("sofa",)), "description": Text("seat", "a sofa"),
        "long": Text("seat", "a sofa " + " ".join(f"word{n}" for n in range(60))), "none": Text("lamp"),
    }  # fmt: skip
    engine.upsert(SHOP, [make_document(id, texts={"en": text}) for id, text in texts.items()])
    scores = {hit.id: hit.score for hit in ask(engine, "sofa").hits}
    assert list(scores) == ["title", "keywords", "description", "long"]
    tells = bm25.inverse_document_frequency(4, 5)
    for id, count, length in (("title", 4, 4), ("keywords", 2, 6), ("description", 1, 6), ("long", 1, 66)):
        expected = tells * float(bm25.saturation(count, bm25.kept_length(length), bm25.USUAL_WORDS))
        expected += terms.HEAD_SHARE * tells if id == "title" else 0.0
        assert scores[id] == pytest.approx(expected, abs=1e-5)


def test_a_changed_or_deleted_text_leaves_nothing_behind(engine: EmbeddedEngine) -> None:
    first = make_document("a", texts={"en": Text("sofa"), "de": Text("Sofa")}, seen_text="valio")
    engine.upsert(SHOP, [first, make_document("b", title="lamp")])
    engine.upsert(SHOP, [make_document("a", version=2, title="bench")])
    engine.delete(SHOP, [VersionedId("b", 2)])
    engine.delete(SHOP, [VersionedId("a", 3)])
    with engine._opened(SHOP).store.lent() as connection:
        assert connection.execute("SELECT count(*) FROM word").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM text").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM gram_terms").fetchone() == (0,)
        assert languages_of(connection) == {}


def test_an_unfinished_last_word_finds_its_words(engine: EmbeddedEngine) -> None:
    engine.upsert(SHOP, [make_document("a", title="green armchair"), make_document("b", title="arm rest")])
    assert [hit.id for hit in ask(engine, "armch").hits] == ["a"]
    assert [hit.id for hit in ask(engine, "arm").hits] == ["b"]  # A whole word isn't taken for a beginning.


def test_a_translation_beside_a_title_does_not_weaken_it(engine: EmbeddedEngine) -> None:
    long = Text("Sofa", "ein langer Text " * 50)
    filler = [make_document(f"f{n}", title=f"chair {n}") for n in range(20)]
    engine.upsert(
        SHOP, [make_document("both", texts={"en": Text("sofa"), "de": long}), make_document("one", texts={"en": Text("sofa")}), *filler]
    )  # fmt: skip
    scores = {hit.id: hit.score for hit in ask(engine, "sofa").hits}
    assert scores["both"] == pytest.approx(scores["one"])


def test_only_languages_with_texts_are_asked(engine: EmbeddedEngine) -> None:
    def held() -> dict[str, int]:
        with engine._opened(SHOP).store.lent() as connection:
            return languages_of(connection)

    assert held() == {}
    engine.upsert(SHOP, [make_document("a", texts={"de": Text("Stuhl"), "fi": Text("tuoli")})])
    assert held() == {"de": 1, "und": 1}
    other = EmbeddedEngine(engine.generations.folder)
    assert hits(other.search(SHOP, EngineQuery((WordsLeg("leg", "tuoli", ("en", "fi"), 5),)))) == ["a"]
    other.upsert(SHOP, [make_document("b", texts={"en": Text("chair")})])
    assert hits(engine.search(SHOP, EngineQuery((WordsLeg("leg", "chairs", ("en", "fi"), 5),)))) == ["b"]
    other.close()


def test_a_language_may_have_a_region(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path)
    engine.ensure(SHOP, make_schema(languages=("pt-br", "en")))
    engine.upsert(SHOP, [make_document("a", texts={"pt-br": Text("cadeira")})])
    assert hits(engine.search(SHOP, EngineQuery((WordsLeg("leg", "Cadeira", ("pt-br",), 5),)))) == ["a"]
    engine.close()


def test_what_matches_has_a_positive_score_however_little_it_weighs(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As little as a word weighs that stands in each of 100,000 objects.
    monkeypatch.setattr(terms, "OTHER_LANGUAGE_WEIGHT", 1e-7)
    engine.upsert(SHOP, [make_document("a", title="lamp"), make_document("b", title="lamp")])
    leg = engine.search(SHOP, EngineQuery((WordsLeg("leg", "lamp", ("de", "en"), 5),))).leg("leg")
    assert [(hit.id, hit.score) for hit in leg.hits] == [("a", LEAST_TEXT_SCORE), ("b", LEAST_TEXT_SCORE)]
