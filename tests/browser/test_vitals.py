"""Nothing on a page moves after it was drawn: CLS as `python -m tests.vitals` tells it. Times aren't judged by tests."""

from __future__ import annotations

import pytest

from tests.browser.test_search import photo  # noqa: F401
from tests.vitals import WATCH, WIDTHS, WORDS, of_page, of_photo

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_moves_after_it_was_drawn(tab, photo, width) -> None:  # noqa: F811
    across, down = WIDTHS[width]
    tab.set_viewport_size({"width": across, "height": down})
    tab.add_init_script(WATCH)
    moved = {name: look(tab)["cls"] for name, look in (("words", of_page(WORDS)), ("photo", of_photo(photo)))}
    assert {name: cls for name, cls in moved.items() if cls > 0.02} == {}
    assert tab.script_errors == []
