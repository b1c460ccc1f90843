"""Lists in the admin in which staff write."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


class NamedFields:
    """For a `ModelAdmin` with `list_editable`: each field in the list says its name, since only the head of the column does."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest | None, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]  # the ModelAdmin's
        if field is not None and db_field.name in self.list_editable:  # type: ignore[attr-defined]  # as above
            field.widget.attrs["aria-label"] = str(field.label)
        return field
