"""What is typed and not asked leaves nothing (promise P1)."""

from __future__ import annotations

import pytest

from tests.search.shop import _intact, empty_shop  # noqa: F401


@pytest.mark.parametrize("mode", ["anonymous", "counters"])
def test_half_typed_words_leave_nothing_while_a_question_is_noted(shop, empty_shop, client, mode) -> None:  # noqa: F811
    shop.use(MODE=mode)
    empty_shop.fill()
    before = shop.everything()
    for typed in ("re", "red", "red c", "red cha", "red chai"):
        answer = client.get("/api/v1/suggest", {"q": typed})
        assert answer.status_code == 200
    assert answer.json()["suggestions"]
    shop.buffer.flush()
    assert shop.everything() == before
    client.get("/api/v1/search", {"q": "red chair"})
    shop.buffer.flush()
    assert shop.everything() != before
