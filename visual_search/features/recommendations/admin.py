"""The owner's links between products, and which lists there are."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from visual_search import registry
from visual_search.admin import KeptForGood, NamedFields
from visual_search.content.objects import id_of
from visual_search.errors import VisualSearchError
from visual_search.features.recommendations.models import Build, CuratedLink
from visual_search.querying.cards import titles
from visual_search.translating import in_words


def _collections() -> list[tuple[str, str]]:
    return [(source.collection, source.label) for source in registry.sources()]


class LinkForm(forms.ModelForm):
    collection = forms.ChoiceField(label=gettext_lazy("Collection"), choices=_collections)

    class Meta:
        model = CuratedLink
        fields = ("collection", "item", "other", "kind", "position", "pinned")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["collection"].initial = registry.default()
        for name in ("item", "other"):
            self.fields[name].help_text = _("Write the product's id or article number.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        collection = data.get("collection")
        for name in ("item", "other"):
            if not collection or not data.get(name):
                continue
            try:
                found = id_of(collection, data[name])
            except VisualSearchError as problem:
                self.add_error(name, in_words(problem))
                continue
            if not found:
                self.add_error(name, _("There is no product “%(name)s” in the index.") % {"name": data[name]})
            data[name] = found
        if data.get("item") and data.get("item") == data.get("other"):
            self.add_error("other", _("A product can't be linked with itself."))
        return data


@admin.register(CuratedLink)
class CuratedLinkAdmin(NamedFields, admin.ModelAdmin):
    form = LinkForm
    list_display = ("from_title", "to_title", "kind", "position", "pinned")
    list_filter = ("kind", "pinned", "collection")
    list_editable = ("position", "pinned")
    search_fields = ("=item", "=other")
    list_per_page = 50

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The titles of the page's rows are looked up at once."""
        listed = super().get_changelist_instance(request)
        named = [(row.collection, id) for row in listed.result_list for id in (row.item, row.other)]
        called = titles(named, get_language())
        for row in listed.result_list:
            row.titles = [called.get((row.collection, id), id) for id in (row.item, row.other)]
        return listed

    @admin.display(description=gettext_lazy("product"), ordering="item")
    def from_title(self, row: Any) -> str:
        return str(row.titles[0])

    @admin.display(description=gettext_lazy("shown with it"), ordering="other")
    def to_title(self, row: Any) -> str:
        return str(row.titles[1])


@admin.register(Build)
class BuildAdmin(KeptForGood):
    """When which part was made. `train_recommendations --back PART` goes back to the one before."""

    list_display = ("part", "model", "finished", "live", "collection")
    list_filter = ("part", "live", "collection")
