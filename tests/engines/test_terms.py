"""What is kept of texts, and how a question is planned: the same for every engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from multilingual.analysis import Related
from multilingual.grams import grams
from tests.contracts.engine import make_document, make_schema
from visual_search.engines import terms
from visual_search.engines.terms import Asked, Clause, Counted, Wanted
from visual_search.ranking.bm25 import USUAL_GRAMS, inverse_document_frequency, kept_length, saturation
from visual_search.types import Text, WordsLeg

SCHEMA = make_schema()


def test_a_term_counts_by_the_places_in_which_it_stands() -> None:
    text = Text("red sofa", "A red sofa, red as red can be.", ("sofa", "couch"))
    counts = terms.term_counts(make_document("a", texts={"en": text}), SCHEMA)
    assert counts["en"]["sofa"] == 7
    assert counts["en"]["red"] == 5
    assert counts["en"]["couch"] == 2


def test_languages_without_a_field_share_one_and_empty_ones_are_left_out() -> None:
    texts = {"fi": Text("tuoli"), "sv": Text("stol tuoli"), "en": Text("?!")}
    counts = terms.term_counts(make_document("a", texts=texts), SCHEMA)
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
    assert [slot[0] for slot in asked[1].slots] == [("red",), ("sofa",)]
    assert [query.language for query in terms.asked_in(leg, SCHEMA, {"en": 3})] == ["en"]


@pytest.mark.parametrize(
    ("text", "language", "beginning"),
    [
        ("red sof", "en", "sof"), ("so", "en", None), ("m4", "en", "m4"), ("42", "en", None), ("420", "en", "420"),
        ("连衣裙", "zh", None), ("裙", "zh", None),
    ],
)  # fmt: skip
def test_the_last_word_may_be_unfinished(text: str, language: str, beginning: str | None) -> None:
    assert terms.asked_in(WordsLeg("w", text, (language,), 5), SCHEMA)[0].beginning == beginning


def test_behind_the_text_stands_one_of_the_endings_of_each_language() -> None:
    endings = ("en", "chairs"), ("en", "chain"), ("fi", "tuoli"), ("de", "stuhl")
    leg = WordsLeg("w", "red", ("en", "fi", "zh", "de"), 5, endings=endings)
    asked = {query.language: query for query in terms.asked_in(leg, SCHEMA)}
    assert set(asked) == {"en", "de", "und"}, "Finnish has no field of its own here, and Chinese no ending."
    assert asked["en"].slots[1] == (("chair",), ("+chair",), ("chain",), ("+chain",))
    assert asked["und"].slots[1] == (("tuoli",), ("+tuoli",))
    assert asked["en"].beginning is None


LAMP = ((("lamp",),),)


def test_a_last_word_that_some_language_has_is_finished() -> None:
    asked = (Asked("en", 1.0, LAMP, beginning="lamp"), Asked("de", 0.5, LAMP, beginning="lamp"))
    nowhere = {"en": Counted(9, {"lamp": 0}, 2), "de": Counted(9, {"lamp": 0}, 3)}
    assert terms.is_begun(asked, nowhere)
    assert not terms.is_begun(asked, {**nowhere, "de": Counted(9, {"lamp": 1}, 3)})
    assert not terms.is_begun((Asked("en", 1.0, ((("so",),),)),), {"en": Counted(9, {"so": 0})})


RED_SOFA = (Asked("en", 1.0, ((("red",),), (("sofa",),)), beginning="sofa"),)


def tell(frequency: int, documents: int) -> float:
    return inverse_document_frequency(frequency, documents)


def test_where_enough_have_all_words_all_are_wanted() -> None:
    counted = {"en": Counted(100, {"red": 50, "sofa": 10})}
    expected = (Clause(((("red", tell(50, 100)),),)), Clause(((("sofa", tell(10, 100)),),)))
    assert terms.plan(RED_SOFA, counted, begun=False, enough=True) == (Wanted("en", expected, all_of=True),)
    some = Wanted("en", expected, all_of=False, telling=expected, least=2)
    assert terms.plan(RED_SOFA, counted, begun=False, enough=False) == (some,)


def test_a_very_common_word_does_not_count_beside_a_rarer_one_unless_all_are_wanted() -> None:
    counted = {"en": Counted(100_000, {"red": 50_000, "sofa": 10})}
    (some,) = terms.plan(RED_SOFA, counted, begun=False, enough=False)
    assert [clause.alternatives[0][0][0] for clause in some.clauses] == ["sofa"]
    (every,) = terms.plan(RED_SOFA, counted, begun=False, enough=True)
    assert [clause.alternatives[0][0][0] for clause in every.clauses] == ["red", "sofa"]
    (common,) = terms.plan(RED_SOFA, {"en": Counted(100_000, {"red": 50_000, "sofa": 0})}, begun=False, enough=False)
    assert [clause.alternatives[0][0][0] for clause in common.clauses] == ["red"]


def test_words_that_nobody_has_are_not_looked_for() -> None:
    nothing = {"en": Counted(100, {"red": 0, "sofa": 0}), "de": Counted(0, {})}
    assert terms.plan(RED_SOFA, nothing, begun=False, enough=False) == ()
    assert terms.plan(RED_SOFA, {"en": Counted(100, {"red": 9, "sofa": 0})}, begun=False, enough=True) == ()


def test_a_begun_word_counts_half() -> None:
    asked = (Asked("en", 0.5, ((("red",),), (("sof",),)), beginning="sof"),)
    (wanted,) = terms.plan(asked, {"en": Counted(100, {"red": 9, "sof": 0}, 4)}, begun=True, enough=False)
    assert wanted.clauses[1] == Clause(beginning=("sof", 0.25 * tell(4, 100)))


def test_however_it_is_spelt_a_word_weighs_the_same() -> None:
    asked = (Asked("en", 1.0, ((("usb",), ("+usb",), ("m", "4")),)),)
    counted = {"en": Counted(100, {"usb": 6, "+usb": 0, "m": 9, "4": 3})}
    (wanted,) = terms.plan(asked, counted, begun=False, enough=True)
    weight = tell(9, 100)
    assert wanted.clauses == (Clause(((("usb", weight),), (("m", weight / 2), ("4", weight / 2)))),)


RELATED = (
    Related("en", "sofa", ("settee",), 0.5),
    Related("en", "sofa", ("bed", "sofa"), 0.7),
    Related("en", "sofa", ("seat",), 0.3, whole=False),
    Related("de", "sofa", ("couch",), 0.5),
)


def test_what_is_related_counts_its_share_and_only_the_whole_is_what_was_asked_for() -> None:
    (asked,) = terms.asked_in(WordsLeg("w", "red sofa", ("en",), 5, related=RELATED), SCHEMA)
    assert asked.slots[1][-2:] == (("settee",), ("bed", "sofa"))
    assert asked.near == {1: (("seat",),)}
    assert {"settee", "bed", "seat"} <= set(asked.parts)
    assert "couch" not in asked.parts
    counted = {"en": Counted(100, {"red": 9, "sofa": 5, "settee": 3, "seat": 2, "bed": 1})}
    (some,) = terms.plan((asked,), counted, begun=False, enough=False)
    weight = tell(5 + 3 + 1 + 2, 100)
    parts = (("sofa", weight),), (("settee", weight / 2),), (("bed", weight * 0.35), ("sofa", weight * 0.35))
    assert some.clauses[1] == Clause((*parts, (("seat", weight * 0.3),)))
    assert [each[0][0] for each in some.telling[1].alternatives] == ["sofa", "settee", "bed"]
    (every,) = terms.plan((asked,), counted, begun=False, enough=True)
    assert [each[0][0] for each in every.clauses[1].alternatives] == ["sofa", "settee", "bed"]


def test_who_has_only_what_is_near_a_word_has_not_what_was_asked_for() -> None:
    (asked,) = terms.asked_in(WordsLeg("w", "red sofa", ("en",), 5, related=RELATED), SCHEMA)
    counted = {"en": Counted(100, {"red": 9, "seat": 2})}
    (some,) = terms.plan((asked,), counted, begun=False, enough=False)
    assert (len(some.clauses), some.telling) == (2, ())
    assert terms.plan((asked,), counted, begun=False, enough=True) == ()


def test_pairs_of_a_short_chinese_name_follow_it_and_do_not_make_a_text_what_was_asked_for() -> None:
    schema = replace(SCHEMA, languages=("zh", "ja"))
    asked = terms.asked_in(WordsLeg("w", "床头柜", ("zh", "ja"), 5), schema)
    assert [query.near for query in asked[:2]] == [{0: (("床头",), ("头柜",))}] * 2
    (wanted,) = terms.plan(asked[:1], {"zh": Counted(100, {"床头": 3, "头柜": 0})}, begun=False, enough=False)
    assert wanted.clauses == (Clause(((("床头", tell(3, 100) * terms.PAIR),),)),)
    assert wanted.telling == ()
    kana = terms.asked_in(WordsLeg("w", "いす", ("ja",), 5), schema) + terms.asked_in(
        WordsLeg("w", "ソファ", ("ja",), 5), schema
    )
    assert [query.near for query in kana] == [{}, {}]


def test_a_word_keeps_its_weight_beside_another_to_which_it_is_related() -> None:
    related = (Related("en", "bed", ("sofa",), 0.5),)
    (asked,) = terms.asked_in(WordsLeg("w", "bed sofa", ("en",), 5, related=related), SCHEMA)
    (wanted,) = terms.plan((asked,), {"en": Counted(100, {"sofa": 5})}, begun=False, enough=False)
    assert [clause.alternatives[0][0][1] for clause in wanted.clauses] == [tell(5, 100) / 2, tell(5, 100)]


@pytest.mark.parametrize(
    ("text", "counts", "least", "telling"),
    [
        ("red chair", {"red": 5, "chair": 5}, 2, 2),
        ("red chair", {"red": 5}, 2, 0),  # Nobody has a chair, so nobody has all of it.
        ("chair for the kitchen", {"chair": 5, "for": 5, "kitchen": 5}, 2, 2),
        ("red oak kitchen chair", {"red": 5, "oak": 5, "kitchen": 5}, 3, 3),
        ("dog food 5 kg", {"dog": 5, "food": 5, "5": 5, "kg": 5}, 4, 4),
        ("for the", {"for": 5, "the": 5}, 2, 2),
    ],
)
def test_who_has_what_was_asked_for(text: str, counts: dict[str, int], least: int, telling: int) -> None:
    asked = terms.asked_in(WordsLeg("w", text, ("en",), 5), SCHEMA)
    (wanted,) = terms.plan(asked, {"en": Counted(100, counts)}, begun=False, enough=False)
    assert (wanted.least, len(wanted.telling)) == (least, telling)


def test_a_brand_and_a_category_are_words_in_every_language_of_an_object() -> None:
    texts = {"en": Text("Running shoes"), "de": Text("Laufschuhe")}
    facets = {"brand": "Adidas", "category": "Sport > Shoes", "tags": ("light", "red"), "price": 9.0, "in_stock": True}
    counts = terms.term_counts(make_document("a", texts=texts, facets=facets), SCHEMA)
    assert counts["en"]["adida"] == 2
    assert counts["en"]["shoe"] == 4 + 2
    assert counts["de"]["adidas"] == 2
    assert {"light", "red"} <= counts["de"].keys()
    assert "9" not in counts["en"]
    alone = terms.term_counts(make_document("a", texts={}, facets={"brand": "Adidas"}), SCHEMA)
    assert alone == {"und": {"adidas": 2}}


def test_a_facet_may_be_kept_out_of_words() -> None:
    silent = replace(SCHEMA, facets=tuple(replace(field, searchable=False) for field in SCHEMA.facets))
    document = make_document("a", texts={"en": Text("shoes")}, facets={"brand": "Adidas"})
    assert terms.term_counts(document, silent) == {"en": {"shoe": 4, "^shoe": 1}}


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
