"""From a question to the owner's articles: what holds for which product, how sure it is, and when a person takes over."""

from __future__ import annotations

import numpy as np
import pytest

from tests.search.shop import draw
from tests.shop import doubles
from visual_search import search
from visual_search.features.customer_service import nearness
from visual_search.features.customer_service.kinds import Danger, HelpState, Sureness


def test_an_answer_quotes_the_article_in_the_language_of_the_page(desk) -> None:
    answer = desk.ask("one leg wobbles", "CHR-RED-01").answers[0]
    assert (answer.text.title, answer.text.body, answer.sureness) == (
        "one leg wobbles",
        "Tighten the screws.",
        Sureness.CLOSE,
    )
    assert desk.titles("one leg wobbles", "CHR-RED-01", language="de")[0] == "ein Bein wackelt"
    assert desk.titles("one leg wobbles", "CHR-RED-01", language="ja")[0] == "one leg wobbles"


def test_articles_hold_for_a_product_its_categories_or_everything(desk) -> None:
    assert desk.titles("one leg wobbles", "CHR-BLU-02") == []  # It is the red chair's.
    assert desk.titles("the seat squeaks", "CHR-BLU-02") == ["the seat squeaks"]
    assert desk.titles("the seat squeaks", "LMP-BRS-04") == []
    assert desk.titles("a part is missing", "LMP-BRS-04") == ["a part is missing"]
    assert desk.titles("light flickers") == ["light flickers"]  # Without a product all may answer.


def test_nothing_close_is_said_and_no_answer_is_made_up(desk) -> None:
    found = desk.ask("when does my parcel arrive", "CHR-RED-01")
    assert found.nothing_close
    assert found.answers == ()
    assert found.degraded == ()


def test_what_is_not_published_answers_nothing(desk) -> None:
    from visual_search.features.customer_service import articles

    articles.move(desk.articles["light flickers"], HelpState.WITHDRAWN, "user 1 ann")
    desk.index()
    assert desk.titles("light flickers") == []


def test_a_display_code_answers_within_its_product(desk) -> None:
    for words in ("it shows e 15", "E15", "E-15!", "Fehler e15 leuchtet"):
        for sku, title in (("CHR-RED-01", "one leg wobbles"), ("LMP-BRS-04", "light flickers")):
            answer = desk.ask(words, sku).answers[0]
            assert (answer.text.title, answer.sureness, answer.because) == (title, Sureness.CODE, "code")
        assert desk.ask(words, "MUG-BLK-05").answers == ()
        assert desk.ask(words).answers == ()  # Which product's code it is nobody knows.


def test_danger_goes_to_a_person_before_anything_is_searched(desk, monkeypatch) -> None:
    monkeypatch.setattr(search, "search", lambda *args, **named: pytest.fail("it was searched"))
    found = desk.ask("one leg wobbles and I smell gas", "CHR-RED-01")
    assert found.warned is not None
    assert found.warned.kind is Danger.GAS
    assert "windows" in found.warned.advice
    assert found.answers == ()


def test_a_photo_says_which_product_it_is(desk) -> None:
    found = desk.ask("one leg wobbles", photo=draw("chair", "red", shift=4, background="#f4f2ee"))
    assert found.recognised
    assert found.product is not None
    assert found.product.sku == "CHR-RED-01"
    assert found.answers[0].text.title == "one leg wobbles"
    assert found.photo is not None
    assert found.photo.image is None  # No pixels are kept for what follows.


def test_a_known_product_is_not_changed_by_a_photo(desk) -> None:
    found = desk.ask("light flickers", "LMP-BRS-04", photo=draw("chair", "red"))
    assert found.product is not None
    assert (found.product.sku, found.recognised) == ("LMP-BRS-04", False)


def test_a_photo_alone_finds_an_article_by_its_picture(desk) -> None:
    found = desk.ask("", "CHR-RED-01", photo=draw("chair", "red"))
    assert [(answer.text.title, answer.because) for answer in found.answers] == [("the seat squeaks", "looks")]


def test_what_is_asked_is_no_search_of_the_log(desk) -> None:
    heard = []
    search.search_served.connect(listen := lambda context, **named: heard.append(context), weak=False)
    desk.ask("one leg wobbles", photo=draw("chair", "red"))
    search.search_served.disconnect(listen)
    assert heard == [{"log": False}, {"log": False}]


def test_where_search_fails_a_person_takes_over(desk) -> None:
    for broken in (doubles.BreakableEngine, doubles.ThumbnailEncoder):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(broken, "down", True)
            found = desk.ask("", "CHR-RED-01", photo=draw("chair", "red"))
        assert found.nothing_close
        assert found.degraded == ("search",)


def test_half_of_what_a_question_shares_with_others_is_taken_off(desk, monkeypatch) -> None:
    phrases = {1: np.array([[1, 0]]), 2: np.array([[0, 1], [0.6, 0.8]]), 3: np.empty((0, 2))}
    near = nearness.of_articles(np.array([1, 0]), phrases, np.array([[0.8, 0.6], [0, 1]]))
    assert near == pytest.approx({1: 0.6, 2: 0.2})
    assert nearness.of_articles(np.array([1, 0]), phrases, np.empty((0, 2)))[1] == 1
    monkeypatch.setattr(nearness, "OTHER_QUESTIONS", ("one leg wobbles",))
    assert desk.ask("one leg wobbles", "CHR-RED-01").answers[0].nearness == pytest.approx(0.5, abs=0.01)
