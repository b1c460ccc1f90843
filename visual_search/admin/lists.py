"""Lists in the admin in which staff write."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.text import capfirst


class NamedFields:
    """For a `ModelAdmin` with `list_editable`: each field says its name and its row's, since only the head of the column does."""

    def get_changelist_formset(self, request: HttpRequest, **kwargs: Any) -> Any:
        class Named(super().get_changelist_formset(request, **kwargs)):  # type: ignore[misc]  # the ModelAdmin's
            def add_fields(self, form: Any, index: int | None) -> None:
                for field in form.fields.values():
                    field.widget.attrs["aria-label"] = f"{capfirst(field.label)}: {form.instance}"
                    field.help_text = ""  # The list doesn't show it, so nothing may refer to it.
                super().add_fields(form, index)

        return Named
