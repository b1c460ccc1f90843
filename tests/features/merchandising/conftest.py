"""The small indexed shop, with an owner who writes rules."""

from __future__ import annotations

from django.apps import apps

from tests.search.shop import _intact, empty_shop, shop  # noqa: F401 - pytest finds fixtures by name here.

if apps.is_installed("visual_search.features.merchandising"):
    from tests.features.merchandising.desk import no_rules_of_other_tests  # noqa: F401
else:
    collect_ignore_glob = ["test_*.py"]
