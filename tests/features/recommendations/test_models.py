"""The tables can be made on every database."""

from __future__ import annotations

from django.apps import apps


def test_no_constraint_is_called_like_a_table() -> None:
    """PostgreSQL keeps both under one roof, and refuses the second of a name. SQLite wouldn't mind."""
    models = list(apps.get_models())
    tables = {model._meta.db_table for model in models}
    named = {part.name for model in models for part in (*model._meta.constraints, *model._meta.indexes)}
    assert {"visual_search_recommendations_neighbour_rank"} <= named
    assert not named & tables
