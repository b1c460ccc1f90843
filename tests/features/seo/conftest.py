"""Tests of what search engines are told; they go with the feature."""

from __future__ import annotations

from django.apps import apps

if not apps.is_installed("visual_search.features.seo"):
    collect_ignore_glob = ["test_*.py"]
