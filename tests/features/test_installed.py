"""A feature that isn't installed takes its tests along; here it is said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.apps import apps

import visual_search.features

FEATURES = sorted(path.parent.name for path in Path(visual_search.features.__file__).parent.glob("*/apps.py"))


@pytest.mark.parametrize("name", FEATURES)
def test_the_tests_of_each_feature_run(name: str) -> None:
    if apps.is_installed(f"visual_search.features.{name}"):
        return
    reason = f"{name} isn't in INSTALLED_APPS, so none of its tests runs"
    if os.environ.get("REQUIRE_LIVE") == "1":
        pytest.fail(f"REQUIRE_LIVE=1, but {reason}")
    pytest.skip(reason)


def test_the_features_are_found() -> None:
    assert FEATURES == [
        "brand_protection",
        "compatibility",
        "customer_service",
        "experiments",
        "implicit_feedback",
        "insights",
        "merchandising",
        "personalisation",
        "query_log",
        "recommendations",
        "seo",
    ]
