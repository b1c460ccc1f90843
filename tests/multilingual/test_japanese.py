"""Kana and kanji of one word meet where the extra `japanese` is installed, and stay apart without it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from multilingual import japanese
from multilingual.analysis import analyse, analyse_query


def finds(asked: str, written: str) -> bool:
    terms = set(analyse(written, "ja"))
    slots = analyse_query(asked, "ja")
    return all(any(terms.issuperset(alternative) for alternative in slot) for slot in slots)


SAME = ("椅子", "いす", "イス")


@pytest.mark.parametrize("asked", SAME)
@pytest.mark.parametrize("written", SAME)
def test_however_a_word_is_written(asked: str, written: str) -> None:
    assert finds(asked, written)
    assert finds(asked, f"木製の{written}")
    assert finds(f"木製の{asked}", f"木製の{written}")
    assert not finds(asked, "机")


def test_other_words_stay_apart() -> None:
    assert not finds("いす", "いか")
    assert not finds("椅子", "帽子")
    assert finds("ソファ", "ソファー")
    assert finds("ヴァイオリン", "バイオリン")


def test_threads_have_a_tokenizer_each() -> None:
    materials = ("木製", "革製", "鉄製", "布製")
    runs = [
        f"{one}と{other}の" + "いすと" * count + "机"
        for one in materials
        for other in materials
        for count in range(1, 9)
    ]
    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(japanese.usual_writing, runs))
    assert written == [run.replace("いす", "椅子") for run in runs]


def test_without_the_extra_pairs_are_compared_as_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(japanese, "_dictionary", lambda: None)
    assert japanese.usual_writing("いす") == ""
    assert finds("いす", "木製のいす")
    assert not finds("いす", "椅子")
    assert analyse("木製のいす", "ja") == ["木製", "製の", "のい", "いす", "木", "製", *analyse("木製のいす", "ja")[6:]]
