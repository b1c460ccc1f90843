"""PostgreSQL keeps tables and the indexes of constraints in one list of names, so none may be called as another."""

from __future__ import annotations

from collections import Counter

from django.apps import apps


def test_no_constraint_or_index_is_called_as_a_table() -> None:
    models = [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]
    names = [model._meta.db_table for model in models]
    names += [each.name for model in models for each in (*model._meta.constraints, *model._meta.indexes)]
    assert [name for name, count in Counter(names).items() if count > 1] == []
