"""Fixtures that several rooms share."""

from collections.abc import Iterator

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def page_language() -> Iterator[None]:
    """Each test starts in English: a request in another language leaves that language active in its thread."""
    with translation.override("en"):
        yield
