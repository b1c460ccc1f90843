"""Shoppers of the shop's own pages, each with a browser and an address of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from visual_search import search
from visual_search.types import Page


@pytest.fixture
def served() -> Iterator[list[Page]]:
    """The pages that were answered."""
    pages: list[Page] = []
    search.search_served.connect(listen := lambda query, page, **kwargs: pages.append(page), weak=False)
    yield pages
    search.search_served.disconnect(listen)


def shopper(number: int, **headers: str) -> Client:
    return Client(REMOTE_ADDR=f"203.0.{number}.7", headers={"User-Agent": f"Browser/{number}", **headers})
