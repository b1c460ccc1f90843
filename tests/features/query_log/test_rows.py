"""What becomes of an answered question before anything is written."""

from __future__ import annotations

import uuid
from dataclasses import replace

from tests.features.query_log.shop import material, page
from visual_search.features.query_log.models import LoggedQuery, QueryCount
from visual_search.features.query_log.options import day_keys, now, options, window_keys
from visual_search.features.query_log.rows import MAX_TEXT_CHARS, Keys, Row, row_of
from visual_search.types import Query


def keys() -> Keys:
    day, window = day_keys(), window_keys()
    return Keys(day.epoch(), day.current()[1], window.epoch(), window.current()[1])


def row(words: str, held: Keys) -> Row:
    query_id = uuid.uuid4()
    return row_of(Query(words=words), page(query_id), material=material(1), keys=held, options=options(), now=now())


def test_no_report_of_an_error_shows_keys_words_or_client(shop) -> None:
    """Error reports print the objects of each frame."""
    held = keys()
    made = replace(row("canaryword", held), masked="canarymask")
    for shown, secrets in (
        (repr(held), (held.day_key, held.window_key)),
        (repr(made), (made.client, made.closed, "canaryword", "canarymask")),
    ):
        assert [secret for secret in secrets if (secret if isinstance(secret, str) else repr(secret)) in shown] == []
    # The control: what tells nothing is shown.
    assert held.day.name in repr(held)
    assert str(made.query_id) in repr(made)


def test_a_text_is_kept_up_to_its_limit(shop) -> None:
    held = keys()
    longest = ("red chair " * MAX_TEXT_CHARS)[: MAX_TEXT_CHARS - 1] + "s"
    assert row(longest, held).words == longest
    assert row(longest + "t", held).words == longest


def test_a_pasted_page_counts_as_what_is_left_of_it(shop) -> None:
    """Uncut it would be more than a share can hold, and its rows would be lost."""
    pasted = "red chairs " * 500
    for client in range(3):
        shop.ask(pasted, client)
    shop.finish_day()
    count = QueryCount.objects.get()
    assert (count.text, count.clients) == (pasted[:MAX_TEXT_CHARS], 3)
    assert set(LoggedQuery.objects.values_list("text", flat=True)) == {count.text}
