"""Messages of errors keep what they are made of, so that the edges can say them in the language of the request."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from visual_search.errors import BadInput, Busy, said
from visual_search.translating import in_words


def test_a_message_is_plain_english_wherever_nobody_translates() -> None:
    message = said("page is %(page)s; pages start at 1.", page=0)
    assert message == "page is 0; pages start at 1."
    assert str(BadInput(message)) == message
    assert in_words(BadInput("Something of the shop's own.")) == "Something of the shop's own."
    assert in_words(BadInput("")) == ""
    assert in_words(Busy(retry_after=3)) == str(Busy(retry_after=3))


def test_a_percent_sign_stays_one_and_what_was_sent_is_no_template() -> None:
    assert said("100 % of it") == "100 % of it"
    error = BadInput(said("There is no facet '%(name)s'. Known: %(known)s.", name="%(known)s %s", known="brand"))
    assert str(error) == "There is no facet '%(known)s %s'. Known: brand."
    with override("de"):
        assert "%(known)s %s" in in_words(error)


def test_a_message_in_a_message_is_said_in_the_same_language() -> None:
    error = BadInput(said("%(who)s is empty (0 bytes). Choose the picture again.", who=said("The picture")))
    with override("de"):
        assert in_words(error) == "Das Bild ist leer (0 Bytes). Wählen Sie das Bild noch einmal."
    assert in_words(error) == "The picture is empty (0 bytes). Choose the picture again."


@pytest.mark.django_db
def test_an_answer_of_the_api_follows_accept_language_and_its_code_does_not(client) -> None:
    english = client.get("/api/v1/search", {"page": "0"})
    german = client.get("/api/v1/search", {"page": "0"}, headers={"accept-language": "de-AT, en;q=0.5"})
    strange = client.get("/api/v1/search", {"page": "0"}, headers={"accept-language": "tlh"})
    assert german.status_code == english.status_code == 400
    kept = ("type", "status", "code", "field")
    assert [german.json()[name] for name in kept] == [english.json()[name] for name in kept]
    assert german.json()["title"] == "Ungültige Anfrage"
    assert german.json()["detail"] == "page ist 0; Seiten beginnen bei 1."
    assert strange.json() == english.json()
    assert english.json()["detail"] == "page is 0; pages start at 1."
