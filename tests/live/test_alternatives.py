"""On Elasticsearch, too, the lists of a night are those that its index gives."""

from __future__ import annotations

import pytest

from tests.features.recommendations.conftest import furnished  # noqa: F401 - pytest finds fixtures by name here.
from tests.features.recommendations.test_alike import assert_lists_are_those_of_the_index
from tests.live.moving import to_elasticsearch
from tests.search.shop import _intact, empty_shop  # noqa: F401 - as above
from visual_search.features.recommendations import facts, lists, nearest

pytestmark = [pytest.mark.live, pytest.mark.django_db]


def test_a_night_makes_the_lists_that_elasticsearch_would_give(furnished, elasticsearch_url, prefix) -> None:  # noqa: F811
    to_elasticsearch(furnished, elasticsearch_url, prefix)
    for module in (facts, lists, nearest):
        module.forget()
    assert_lists_are_those_of_the_index(furnished)
