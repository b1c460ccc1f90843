"""What is remembered of the words that were asked: vectors, for a minute, and nothing by which the words could be read."""

from __future__ import annotations

import gc
import threading
import time
from typing import Any

import numpy as np
import pytest

from tests.shop.doubles import LearningEncoder, ThumbnailEncoder
from visual_search import wiring
from visual_search.encoders.base import Encoder, lesson_of
from visual_search.encoders.joined import JoinedEncoder
from visual_search.encoders.offline import OfflineEncoder
from visual_search.querying import remembered
from visual_search.querying.remembered import Remembering, memory_of
from visual_search.search import search
from visual_search.types import Query


class FittedEncoder(LearningEncoder):
    """Says what it learned last, as the reference encoder does."""

    def __init__(self) -> None:
        super().__init__()
        self.fitted = 0

    def fit(self, pictures: Any, titles: Any, languages: Any) -> None:
        self.fitted += 1


@pytest.fixture(autouse=True)
def encoded(_intact) -> list[tuple[str, str | None]]:
    """The texts that were encoded, with their languages."""
    return ThumbnailEncoder.texts_encoded


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    """A clock of one number, which the test moves."""
    now = [1000.0]
    monkeypatch.setattr(remembered.time, "monotonic", lambda: now[0])
    return now


def ask(encoder: Encoder, words: str = "red chair", language: str | None = "en", role: Any = "query") -> np.ndarray:
    rows = Remembering(encoder).texts([words], role=role, language=language).text
    assert rows is not None
    return rows


def test_the_same_question_encodes_nothing(shop, encoded) -> None:
    encoded.clear()
    first = search(Query(words="red chair", words_not=("blue",), language="en"))
    assert sorted(encoded) == [("blue", "en"), ("red chair", "en")]
    again = search(Query(words="red chair", words_not=("blue",), language="en", page_size=3))
    assert len(encoded) == 2
    assert [(hit.id, hit.score) for hit in again.hits] == [(hit.id, hit.score) for hit in first.hits[:3]]
    search(Query(words="blauer Stuhl", language="de"))
    assert encoded[2:] == [("blauer stuhl", "de")]


def test_vectors_are_those_of_the_encoder_itself() -> None:
    encoder = ThumbnailEncoder()
    ask(encoder)
    assert (ask(encoder) == encoder.texts(["red chair"], role="query", language="en").text).all()


def test_each_language_each_role_and_each_word_is_asked_by_itself(encoded) -> None:
    encoder = ThumbnailEncoder()
    asked = [("red chair", "en"), ("red chair", None), ("red chair", "de"), ("Red chair", "en"), ("red chair ", "en")]
    for words, language in asked * 2:
        ask(encoder, words, language)
    assert encoded == asked
    ask(encoder, role="document")
    ask(encoder, role="document")
    assert encoded[5:] == [("red chair", "en")] * 2


def test_several_texts_at_once_are_not_remembered(encoded) -> None:
    encoder = Remembering(ThumbnailEncoder())
    for _ in range(2):
        encoder.texts(["red", "blue"], role="query", language="en")
    assert len(encoded) == 4
    assert len(memory_of(encoder.inner)) == 0


def test_after_a_minute_it_is_encoded_anew(encoded, clock) -> None:
    encoder = ThumbnailEncoder()
    ask(encoder)
    clock[0] += 59.9
    ask(encoder)  # Asking again doesn't prolong it.
    assert len(encoded) == 1
    clock[0] += 0.1
    ask(encoder)
    assert len(encoded) == 2


def test_what_is_old_is_forgotten_with_any_question(clock) -> None:
    encoder = ThumbnailEncoder()
    for number in range(5):
        ask(encoder, f"chair {number}")
    assert len(memory_of(encoder)) == 5
    clock[0] += 60
    ask(encoder, "sofa")
    assert len(memory_of(encoder)) == 1


def test_what_is_old_is_forgotten_without_a_question(monkeypatch) -> None:
    monkeypatch.setattr(remembered, "SECONDS", 0.05)
    encoder = ThumbnailEncoder()
    ask(encoder)
    until = time.monotonic() + 30
    while len(memory_of(encoder)) and time.monotonic() < until:
        threading.Event().wait(0.02)
    assert len(memory_of(encoder)) == 0


def test_it_is_bounded(monkeypatch, encoded) -> None:
    monkeypatch.setattr(remembered, "MOST", 3)
    encoder = ThumbnailEncoder()
    for number in (1, 2, 3, 4):
        ask(encoder, f"chair {number}")
    assert len(memory_of(encoder)) == 3
    for number in (4, 3, 2, 1):
        ask(encoder, f"chair {number}")
    assert encoded[4:] == [("chair 1", "en")]


def test_a_fit_ends_it(encoded) -> None:
    encoder = FittedEncoder()
    ask(encoder)
    ask(encoder)
    assert len(encoded) == 1
    encoder.fit((), (), ())
    ask(encoder)
    assert len(encoded) == 2


def test_an_encoder_that_fits_and_does_not_say_what_is_not_remembered(encoded) -> None:
    for encoder in (LearningEncoder(), JoinedEncoder(LearningEncoder(), ThumbnailEncoder("b"), 0.5)):
        encoded.clear()
        ask(encoder)
        ask(encoder)
        assert len(encoded) == 2


def test_an_encoder_around_another_says_what_that_one_learned() -> None:
    inner = FittedEncoder()
    joined = JoinedEncoder(inner, ThumbnailEncoder("b"), 0.5)
    before = lesson_of(joined)
    inner.fit((), (), ())
    assert before is not None
    assert lesson_of(joined) not in (None, before)


def test_the_offline_encoder_notices_a_map_of_another_process(tmp_path) -> None:
    one, other = OfflineEncoder(tmp_path), OfflineEncoder(tmp_path)
    without = lesson_of(one)
    other.guess_path.write_bytes(b"a map")
    first = lesson_of(one)
    # As a fit writes it: a new file in the place of the old one.
    (tmp_path / "new").write_bytes(b"another map")
    (tmp_path / "new").replace(other.guess_path)
    assert len({without, first, lesson_of(one)}) == 3
    assert None not in (without, first)


def test_another_encoder_of_the_same_card_knows_nothing_of_it(encoded) -> None:
    for encoder in (ThumbnailEncoder(), ThumbnailEncoder()):
        ask(encoder)
    assert len(encoded) == 2


def test_other_settings_begin_anew(shop, encoded) -> None:
    search(Query(words="red chair", language="en"))
    wiring.reset()
    encoded.clear()
    search(Query(words="red chair", language="en"))
    assert encoded == [("red chair", "en")]


def test_no_words_are_in_memory() -> None:
    encoder = ThumbnailEncoder()
    secret = "".join(["xylo", "phone ", "quartz"])
    ask(encoder, secret)
    reached: dict[int, object] = {}
    waiting: list[object] = [memory_of(encoder)]
    while waiting:
        thing = waiting.pop()
        if id(thing) in reached or isinstance(thing, type | threading.Thread) or callable(thing):
            continue
        reached[id(thing)] = thing
        assert not (isinstance(thing, str | bytes) and "xylo" in repr(thing))
        waiting += gc.get_referents(thing)
    # The walk came as far as the vectors.
    assert any(isinstance(thing, np.ndarray) for thing in reached.values())


def test_two_processes_hash_differently() -> None:
    assert memory_of(ThumbnailEncoder()).key("red chair") != memory_of(ThumbnailEncoder()).key("red chair")


def test_nobody_changes_what_others_read() -> None:
    encoder = ThumbnailEncoder()
    with pytest.raises(ValueError, match="read-only"):
        ask(encoder)[0] += 1
