"""Lists in the admin in which staff write."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


class NamedFields:
    """For a `ModelAdmin` with `list_editable`: in a list only the head of a column names its fields, so each says its name itself."""

    list_editable: Any = ()

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest | None, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]  # the ModelAdmin's
        if field is not None and db_field.name in self.list_editable:
            field.widget.attrs["aria-label"] = str(field.label)
        return field
