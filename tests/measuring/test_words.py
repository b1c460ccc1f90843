"""What words find without pictures: judged questions, the same with slips, and two ways to write the same."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from rapidfuzz.distance import OSA

from tests.measuring.conftest import write
from visual_search.errors import BadInput
from visual_search.measuring.words import Judged, Pair, judged, mistyped, read_pairs, read_questions, slip

LATIN = tuple("abcdefghijklmnopqrstuvwxyz")


def measured(queries: Path, *tasks: str, **options: object) -> dict[str, dict]:
    file = queries / "figures.json"
    call_command("visual_search", "measure_quality", *tasks, queries=queries, json=file, cache=queries / "c", **options)
    return json.loads(file.read_text())["measures"]


@pytest.fixture
def chorus(tmp_path: Path) -> Path:
    """Four products and five questions, two of which nothing is right for."""
    folder = tmp_path / "words_chorus"
    write(
        folder / "products.csv",
        "sku,title,description,brand,price_cents",
        "c,wooden chair,,Oakland,100",
        "d,desk,,Oakland,100",
        "l,lamp for a desk,,Lumen,100",
        "p,printer paper,,Lumen,100",
    )
    write(
        folder / "queries.csv",
        "query_id,query,lang",
        "q1,chair,en",
        "q2,desk,en",
        "q3,seat,en",
        "q4,sofa,en",
        "q5,tv,en",
    )
    write(
        folder / "qrels.csv",
        "query_id,sku,relevance",
        *("q1,c,3", "q1,d,0", "q2,d,0", "q2,l,2", "q3,c,3", "q3,p,0", "q4,d,0", "q5,gone,3"),
    )
    return tmp_path


def test_figures_with_and_without_what_nobody_rated() -> None:
    """By hand: gains 7 and 1; the ideal is 7 + 1 / log2(3) = 7.631. All: (7 / log2(3) + 1 / log2(5)) / ideal."""
    figures = judged(["unrated", "best", "wrong", "fair"], {"best": 3, "wrong": 0, "fair": 1, "wrong too": 0})
    assert figures == {
        "nDCG@10": pytest.approx(0.6352, abs=1e-4),
        "rated only": pytest.approx(0.9828, abs=1e-4),  # (7 + 1 / log2(4)) / ideal
        "P@1": 0.0,
        "P@10": 0.2,
        "rated wrong": 1.0,
    }
    beyond = judged([*map(str, range(10)), "wrong", "best"], {"best": 3, "wrong": 0})
    assert beyond["nDCG@10"] == beyond["rated wrong"] == 0.0, "only the first ten count"
    assert beyond["rated only"] == pytest.approx(0.6309, abs=1e-4), "and these are others where the unrated are gone"


def test_only_questions_that_something_is_right_for(chorus: Path) -> None:
    questions, left_out = read_questions(chorus / "words_chorus", {"c", "d", "l", "p"})
    assert [question.id for question in questions] == ["q1", "q2", "q3"]
    assert (left_out, questions[1].ratings) == (2, {"d": 0, "l": 2})
    assert [one.id for one in read_questions(chorus / "words_chorus", {"c", "d", "l", "p"}, 2)[0]] == ["q1", "q2"]
    with pytest.raises(BadInput, match="No question of .* has a right product"):
        read_questions(chorus / "words_chorus", {"d"})
    with pytest.raises(BadInput, match="The limit is 0"):
        read_questions(chorus / "words_chorus", {"c"}, 0)


def test_words_by_full_text_by_meaning_and_by_both(chorus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = measured(chorus, "words")["words"]
    assert list(table["rows"]) == ["words", "meaning", "both"]
    words = table["rows"]["words"]
    # chair: the chair. desk: the wrong desk first, then the lamp: 1 / log2(3). seat: no word of the shop.
    assert words["nDCG@10"] == words["rated only"] == pytest.approx((1 + 0.6309 + 0) / 3, abs=1e-4)
    assert (words["P@1"], words["P@10"]) == (pytest.approx(1 / 3), pytest.approx(0.2 / 3))
    assert (words["rated wrong"], words["queries"]) == (pytest.approx(1 / 3), 3)
    # Vectors bring all four products for each question, so every rated one is seen.
    meaning = table["rows"]["meaning"]
    assert meaning["rated wrong"] == 1.0
    assert meaning["rated only"] > words["rated only"], "a seat is a chair"
    assert table["rows"]["both"]["nDCG@10"] > words["nDCG@10"]
    assert list(table["intervals"]["both"]) == ["nDCG@10", "rated only", "P@1", "P@10", "rated wrong"]
    assert "Left out: 2 without a right product." in capsys.readouterr().out
    assert list((chorus / "c").glob("*.sqlite3")), "the vectors of titles are kept"


def test_a_slip_is_one_edit_and_never_none() -> None:
    drawn = np.random.default_rng(0)
    for word in ("aaaa", "abab", "printer"):
        made = [slip(word, LATIN, drawn) for _ in range(300)]
        assert {OSA.distance(word, each) for each in made} == {1}
        assert {len(each) - len(word) for each in made} == {-1, 0, 1}


def test_slips_are_even_over_kinds_places_and_letters() -> None:
    drawn = np.random.default_rng(0)
    made = [slip("abcd", ("y", "z"), drawn) for _ in range(8000)]
    swapped = {"bacd", "acbd", "abdc"}
    kinds = Counter(len(each) - 4 if each not in swapped else 2 for each in made)
    assert all(1800 < count < 2200 for count in kinds.values()), kinds
    counts = Counter(made)
    put_in = [counts["abcd"[:place] + letter + "abcd"[place:]] for place in range(5) for letter in "yz"]
    changed = [counts["abcd"[:place] + letter + "abcd"[place + 1 :]] for place in range(4) for letter in "yz"]
    left_out = [counts[each] for each in ("bcd", "acd", "abd", "abc")]
    assert sum((*put_in, *changed, *left_out)) + sum(counts[each] for each in swapped) == 8000
    for each in (put_in, changed, left_out, [counts[one] for one in swapped]):
        even = 2000 / len(each)
        assert all(0.8 * even < count < 1.2 * even for count in each), each


def test_one_word_of_four_letters_or_more_is_mistyped_in_its_own_script() -> None:
    questions = [
        Judged("a", "Usb 3 printer", "en", {}),
        Judged("b", "tv", "en", {}),
        Judged("c", "стул", "ru", {}),
        Judged("d", "红色连衣裙", "zh", {}),
        Judged("e", "iphone12 ps4", "en", {}),
    ]
    letters = {"LATIN": LATIN, "CYRILLIC": tuple("абв")}
    made = [(question.id, typed) for question, typed in mistyped(questions, letters, range(50))]
    assert made == [(question.id, typed) for question, typed in mistyped(questions, letters, range(50))]
    assert Counter(id for id, _ in made) == {"a": 50, "c": 50}
    assert all(typed.startswith("usb 3 ") and typed != "usb 3 printer" for id, typed in made if id == "a")
    assert {letter for id, typed in made if id == "c" for letter in typed} == set("стулабв")


def test_slips_as_typed_and_as_searched(chorus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = chorus / "words_chorus"
    write(folder / "queries.csv", "query_id,query,lang", "q1,chair,en", "q3,printer,en", "q2,tv,en", "q4,sofa,en")
    write(folder / "qrels.csv", "query_id,sku,relevance", "q1,c,3", "q3,p,1", "q2,l,1")
    rows = measured(chorus, "words_slips")["words_slips"]["rows"]
    assert rows["words, clean"] == {"nDCG@10": 1.0, "rated only": 1.0, "as meant": 1.0}
    assert rows["words, slip as typed"] == {"nDCG@10": 0.0, "rated only": 0.0, "as meant": 0.0}
    assert rows["words, slip as searched"] == {"nDCG@10": 1.0, "rated only": 1.0, "as meant": 1.0}
    assert {"both, clean", "both, slip as typed", "both, slip as searched"} < rows.keys()
    assert rows["both, slip as searched"]["as meant"] == 1.0
    printed = capsys.readouterr().out
    assert "words_slips: 2 judged questions, each with one slip, 4 times" in printed
    assert "Left out: 1 without a word of 4 letters, 1 without a right product." in printed
    write(folder / "queries.csv", "query_id,query,lang", "q2,tv,en")
    with pytest.raises(CommandError, match="has no question with a word of 4 letters or more"):
        measured(chorus, "words_slips")


@pytest.fixture
def spellings(tmp_path: Path) -> Path:
    folder = tmp_path / "words_spelling"
    folder.mkdir()
    (folder / "pairs.tsv").write_text(
        "group\tlang\tindexed\tasked\tresult\n"
        "A\tde\tStühle\tStuhle\tpass\n"
        "A\tfr\tcafé au lait\tcafe\tpass\n"
        "B\tru\tкрасный стул\tkursi\tFAIL\n"
        "B\ten\tred desk\tred lamp\tFAIL\n",
        encoding="utf-8",
    )
    (folder / "units.tsv").write_text(
        'lang\tindexed\tasked\tnow\nen\t27″ monitor\t27" monitor\tpass\n', encoding="utf-8"
    )
    return tmp_path


def test_pairs_are_read_with_their_quotes(spellings: Path) -> None:
    pairs = read_pairs(spellings / "words_spelling")
    assert pairs[0] == Pair("A", "de", "Stühle", "Stuhle")
    assert pairs[-1] == Pair("units", "en", "27″ monitor", '27" monitor')


def test_a_pair_passes_when_one_finds_the_other_with_all_words(
    spellings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = measured(spellings, "words_spelling")["words_spelling"]["rows"]
    assert rows == {
        "A": {"pairs": 2, "pass": 1.0},
        "B": {"pairs": 2, "pass": 0.0},
        "units": {"pairs": 1, "pass": 1.0},
        "all": {"pairs": 5, "pass": 0.6},
    }
    assert "not found, B: kursi -> красный стул (ru); red lamp -> red desk (en)" in capsys.readouterr().out
    assert measured(spellings, "words_spelling", limit=2)["words_spelling"]["rows"]["all"]["pairs"] == 2


def test_a_pair_is_asked_alone(spellings: Path) -> None:
    """What other pairs say must not help or hinder: "стол" finds its own plural only where nobody has the word itself."""
    (spellings / "words_spelling" / "pairs.tsv").write_text(
        "group\tlang\tindexed\tasked\nA\tbg\tстол\tстол\nB\tbg\tстолове\tстол\n", encoding="utf-8"
    )
    rows = measured(spellings, "words_spelling")["words_spelling"]["rows"]
    assert rows["B"] == {"pairs": 1, "pass": 1.0}


def test_what_lacks_is_named(tmp_path: Path) -> None:
    for task, missing in (
        ("words", "words_chorus/products.csv"),
        ("words_slips", "words_chorus/products.csv"),
        ("words_spelling", "words_spelling/pairs.tsv"),
    ):
        with pytest.raises(CommandError, match=f"{missing} can't be read: No such file"):
            call_command("visual_search", "measure_quality", task, queries=tmp_path, cache=tmp_path / "c")
