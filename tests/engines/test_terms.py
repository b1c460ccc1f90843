"""What is kept of texts, and how a question is planned: the same for every engine."""

from __future__ import annotations

import pytest

from multilingual.grams import grams
from tests.contracts.engine import make_document, make_schema
from visual_search.engines import terms
from visual_search.engines.terms import Asked, Clause, Counted, Wanted
from visual_search.ranking.bm25 import USUAL_GRAMS, inverse_document_frequency, kept_length, saturation
from visual_search.types import Text, WordsLeg

SCHEMA = make_schema()


def test_a_term_counts_by_the_places_in_which_it_stands() -> None:
    text = Text("red sofa", "A red sofa, red as red can be.", ("sofa", "couch"))
    counts = terms.term_counts({"en": text}, SCHEMA)
    assert counts["en"]["sofa"] == 7
    assert counts["en"]["red"] == 5
    assert counts["en"]["couch"] == 2


def test_languages_without_a_field_share_one_and_empty_ones_are_left_out() -> None:
    counts = terms.term_counts({"fi": Text("tuoli"), "sv": Text("stol tuoli"), "en": Text("?!")}, SCHEMA)
    assert counts == {"und": {"tuoli": 4, "stol": 4}}


def test_a_label_is_compared_with_all_that_an_object_says() -> None:
    texts = {"en": Text("Milk", "fresh", ("dairy",)), "sv": Text("Mjölk")}
    assert terms.gram_text(make_document("a", texts=texts, seen_text="VALIO")) == "valio milk mjölk dairy fresh"


def test_a_book_of_a_description_is_cut() -> None:
    text = terms.gram_text(make_document("a", texts={"en": Text("x", "abcdefgh " * 9999)}))
    assert len(text) <= terms.DESCRIPTION_CHARACTERS + 2
    noise = " ".join(f"{n * 7919:x}{n * 104729:x}" for n in range(3000))
    assert len(terms.kept_grams(noise)) == terms.MOST_GRAMS_KEPT


def test_the_first_language_weighs_most_and_only_held_ones_are_asked() -> None:
    leg = WordsLeg("w", "red sofas", ("de", "en", "fi", "sv"), 5)
    asked = terms.asked_in(leg, SCHEMA)
    assert [(query.language, query.weight) for query in asked] == [("de", 1.0), ("en", 0.5), ("und", 0.5)]
    assert asked[1].terms == (("red",), ("sofa",))
    assert [query.language for query in terms.asked_in(leg, SCHEMA, {"en": 3})] == ["en"]


@pytest.mark.parametrize(
    ("text", "language", "beginning"),
    [("red sof", "en", "sof"), ("so", "en", None), ("连衣裙", "zh", None), ("裙", "zh", None)],
)
def test_the_last_word_may_be_unfinished(text: str, language: str, beginning: str | None) -> None:
    assert terms.asked_in(WordsLeg("w", text, (language,), 5), SCHEMA)[0].beginning == beginning


def test_a_last_word_that_some_language_has_is_finished() -> None:
    asked = (Asked("en", 1.0, (("lamp",),), "lamp"), Asked("de", 0.5, (("lamp",),), "lamp"))
    nowhere = {"en": Counted(9, {"lamp": 0}, 2), "de": Counted(9, {"lamp": 0}, 3)}
    assert terms.is_begun(asked, nowhere)
    assert not terms.is_begun(asked, {**nowhere, "de": Counted(9, {"lamp": 1}, 3)})
    assert not terms.is_begun((Asked("en", 1.0, (("so",),)),), {"en": Counted(9, {"so": 0})})


RED_SOFA = (Asked("en", 1.0, (("red",), ("sofa",)), "sofa"),)


def tell(frequency: int, documents: int) -> float:
    return inverse_document_frequency(frequency, documents)


def test_where_enough_have_all_words_all_are_wanted() -> None:
    counted = {"en": Counted(100, {"red": 50, "sofa": 10})}
    expected = (Clause((("red", tell(50, 100)),)), Clause((("sofa", tell(10, 100)),)))
    assert terms.plan(RED_SOFA, counted, begun=False, enough=True) == (Wanted("en", expected, all_of=True),)
    assert terms.plan(RED_SOFA, counted, begun=False, enough=False) == (Wanted("en", expected, all_of=False),)


def test_a_very_common_word_does_not_count_beside_a_rarer_one_unless_all_are_wanted() -> None:
    counted = {"en": Counted(100_000, {"red": 50_000, "sofa": 10})}
    (some,) = terms.plan(RED_SOFA, counted, begun=False, enough=False)
    assert [clause.parts[0][0] for clause in some.clauses] == ["sofa"]
    (every,) = terms.plan(RED_SOFA, counted, begun=False, enough=True)
    assert [clause.parts[0][0] for clause in every.clauses] == ["red", "sofa"]
    (common,) = terms.plan(RED_SOFA, {"en": Counted(100_000, {"red": 50_000, "sofa": 0})}, begun=False, enough=False)
    assert [clause.parts[0][0] for clause in common.clauses] == ["red"]


def test_words_that_nobody_has_are_not_looked_for() -> None:
    nothing = {"en": Counted(100, {"red": 0, "sofa": 0}), "de": Counted(0, {})}
    assert terms.plan(RED_SOFA, nothing, begun=False, enough=False) == ()
    assert terms.plan(RED_SOFA, {"en": Counted(100, {"red": 9, "sofa": 0})}, begun=False, enough=True) == ()


def test_a_begun_word_counts_half() -> None:
    asked = (Asked("en", 0.5, (("red",), ("sof",)), "sof"),)
    (wanted,) = terms.plan(asked, {"en": Counted(100, {"red": 9, "sof": 0}, 4)}, begun=True, enough=False)
    assert wanted.clauses[1] == Clause(beginning=("sof", 0.25 * tell(4, 100)))


def test_the_rarest_pieces_of_a_label_are_asked() -> None:
    frequencies = {f"g{n:03}": n for n in range(200)}
    weights = terms.weigh_grams(frequencies, 1000, USUAL_GRAMS)
    assert list(weights) == [f"g{n:03}" for n in range(1, terms.MOST_GRAMS_ASKED + 1)]
    assert weights["g001"] > weights["g064"] > 0
    assert terms.weigh_grams({"abc": 0}, 1000, USUAL_GRAMS) == {}


def test_an_object_that_says_just_what_the_label_says_scores_one() -> None:
    read = grams("valio mellanmjolk")
    weights = terms.weigh_grams(dict.fromkeys(read, 3), 1000, USUAL_GRAMS)
    score = sum(weights.values()) * float(saturation(1, kept_length(len(read)), USUAL_GRAMS))
    assert score == pytest.approx(1.0)


def test_the_pieces_of_a_text_stay_the_same() -> None:
    """The embedded engine removes what it once wrote: whoever changes this raises its FORMAT."""
    assert terms.kept_grams("ärtsoppa 茶") == [
        "art", "rts", "tso", "sop", "opp", "ppa", "arts", "rtso", "tsop", "sopp", "oppa", "茶",
    ]  # fmt: skip
