"""Form fields for what products keep as JSON: lists of texts, and pairs of a name and a value, a line each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class _Lines(forms.CharField):
    """Text of several lines, of which empty ones don't count."""

    widget = forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"})

    def __init__(self, *, encoder: Any = None, decoder: Any = None, **options: Any) -> None:
        """`encoder` and `decoder` are what a model's field tells a form about JSON; nothing here is JSON."""
        super().__init__(**options)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return _lines(self.prepare_value(initial)) != _lines(data)


class ListOfTexts(_Lines):
    """['couch', 'settee'] as two lines."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else value

    def to_python(self, value: Any) -> Any:
        return _lines(value)


class Pairs(_Lines):
    """{'width': '60'} as the line "width: 60". A value that isn't a text stands as JSON writes it, and comes back as it was."""

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return "\n".join(f"{name}: {one if isinstance(one, str) else json.dumps(one)}" for name, one in value.items())

    def to_python(self, value: Any) -> Any:
        pairs: dict[str, str] = {}
        for line in _lines(value):
            name, colon, one = (part.strip() for part in line.partition(":"))
            if not colon or not name:
                raise ValidationError(_("“%(line)s” is no pair. Write it as width: 60."), params={"line": line[:100]})
            if name in pairs:
                raise ValidationError(_("“%(name)s” is there twice."), params={"name": name[:100]})
            pairs[name] = one
        return pairs


def kept(pairs: Mapping[str, str], before: Any) -> dict[str, Any]:
    """The pairs, with the values of before where they say the same: a number stays a number."""
    was = before if isinstance(before, Mapping) else {}
    return {
        name: was[name] if name in was and not isinstance(was[name], str) and json.dumps(was[name]) == one else one
        for name, one in pairs.items()
    }


def _lines(value: Any) -> list[str]:
    return [line.strip() for line in str(value or "").splitlines() if line.strip()]


class ProductForm(forms.ModelForm):
    class Meta:
        field_classes: ClassVar = {"attributes": Pairs, "codes": ListOfTexts}
        help_texts: ClassVar = {
            "attributes": _("One a line, with a colon: width: 60"),
            "codes": _("GTINs, one a line."),
        }

    def clean_attributes(self) -> dict[str, Any]:
        return kept(self.cleaned_data["attributes"], self.instance.attributes)


class ProductTextForm(forms.ModelForm):
    class Meta:
        field_classes: ClassVar = {"keywords": ListOfTexts}
        help_texts: ClassVar = {"keywords": _("Other words for it, one a line: couch")}
