"""What may stand in a rule. A value that a condition or an action can't have is refused in words, with what it may be."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.models import BaseInlineFormSet
from django.utils.functional import lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from multilingual.languages import LANGUAGES
from visual_search import registry, wiring
from visual_search.content.objects import id_of
from visual_search.errors import VisualSearchError
from visual_search.features.merchandising.facts import tokens
from visual_search.features.merchandising.filters import asked_filter, is_order, number_of
from visual_search.features.merchandising.kinds import SEEN, WORDS, Op, Then, When
from visual_search.features.merchandising.matching import days_of, hours_of
from visual_search.features.merchandising.models import Action, Condition, Rule, SynonymSet
from visual_search.features.merchandising.rules import Action as PlainAction
from visual_search.features.merchandising.tables import problems_of
from visual_search.imaging.named_colours import NAMES
from visual_search.querying.cards import cards
from visual_search.translating import in_words
from visual_search.types import FacetKind

SEVERAL = {Op.IS, Op.AT_LEAST, Op.AT_MOST}


def _collections() -> list[tuple[str, str]]:
    return [(source.collection, source.label) for source in registry.sources()]


def _known() -> set[str]:
    return {source.collection for source in registry.sources()}


def _languages() -> list[tuple[str, str]]:
    return sorted(
        ((code, LANGUAGES[code].name if code in LANGUAGES else code) for code in wiring.languages()),
        key=lambda each: each[1],
    )


def _every_language() -> list[tuple[str, object]]:
    return [("", gettext_lazy("every language")), *_languages()]


class RuleForm(forms.ModelForm):
    collection = forms.ChoiceField(label=gettext_lazy("Collection"), choices=_collections)
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=_every_language, required=False)

    class Meta:
        model = Rule
        fields = ("name", "enabled", "priority", "collection", "language", "experiment", "starts", "ends", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # In the admin a time is two fields, of which neither has a label of its own.
        for name in ("starts", "ends"):
            field = self.fields[name]
            for part, of in zip(getattr(field.widget, "widgets", ()), (_("date"), _("time")), strict=False):
                part.attrs["aria-label"] = f"{field.label}: {of}"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("starts") and data.get("ends") and data["starts"] >= data["ends"]:
            self.add_error("ends", _("The rule would end before it starts."))
        return data


class ConditionForm(forms.ModelForm):
    collection = ""  # the formset tells it

    class Meta:
        model = Condition
        fields = ("kind", "field", "value")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        kind, value = data.get("kind", ""), data.get("value", "").strip()
        if kind != When.FILTER:
            data["field"] = ""
        if kind == When.NOTHING_CLOSE:
            data["value"] = ""
        elif kind in (*WORDS, When.LABEL) and not tokens(value):
            self.add_error("value", _("Write the words that are asked for."))
        elif kind in (When.FILTER, When.THING, When.BEST_CATEGORY) and not value:
            self.add_error("value", _("Write the value that is asked for."))
        elif kind == When.COLOUR and value.casefold() not in NAMES:
            self.add_error("value", _("Write one of %(known)s.") % {"known": ", ".join(NAMES)})
        elif kind in (When.HOURS, When.DAYS):
            self._clean_time(kind, value)
        if kind == When.FILTER and self.collection:
            facets = [facet.name for facet in wiring.schema(self.collection).told.facets]
            if data.get("field") not in facets:
                self.add_error("field", _("Write one of %(known)s.") % {"known": ", ".join(facets)})
        return data

    def _clean_time(self, kind: str, value: str) -> None:
        try:
            hours_of(value) if kind == When.HOURS else days_of(value)
        except ValueError:
            example = "18:00-22:00" if kind == When.HOURS else "mon, tue, wed, thu, fri, sat, sun"
            self.add_error("value", _("Write it as %(example)s.") % {"example": example})


class ActionForm(forms.ModelForm):
    collection = ""  # the formset tells it

    class Meta:
        model = Action
        fields = ("kind", "item", "position", "field", "op", "value", "strength", "url")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        action = self.instance
        if action.item and action.rule_id and action.rule.collection in _known():
            # Staff know a product by its title, and not by its id.
            card = cards(action.rule.collection, [action.item], get_language()).get(action.item)
            self.fields["item"].help_text = card.title if card else _("There is no such product any more.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        kind = data.get("kind", "")
        for name in ("item", "field", "value", "url"):
            data[name] = (data.get(name) or "").strip()
        if self.collection:
            try:
                self._clean(kind, data)
            except VisualSearchError as problem:
                self.add_error("value", in_words(problem))
        return data

    def _clean(self, kind: str, data: dict[str, Any]) -> None:
        if kind in (Then.PIN, Then.HIDE) or (kind in (Then.BOOST, Then.BURY) and data["item"]):
            self._clean_item(data)
        if kind == Then.PIN and not data.get("position"):
            data["position"] = 1
        if kind in (Then.BOOST, Then.BURY):
            self._clean_boost(data)
        elif kind == Then.FILTER:
            if not data["value"]:
                self.add_error("value", _("Write the value that is asked for."))
                return
            asked_filter(
                PlainAction(kind, field=data["field"], op=data.get("op", ""), value=data["value"]), self._schema
            )
        elif kind == Then.REPLACE and not tokens(data["value"]):
            self.add_error("value", _("Write the words to ask instead."))
        elif kind == Then.BANNER and not data["value"]:
            self.add_error("value", _("Write what the banner says."))
        elif kind == Then.SORT and not is_order(data["value"], self._schema):
            numbers = [facet.name for facet in self._schema.told.facets if facet.kind is FacetKind.NUMBER]
            known = ", ".join(f"{number}, -{number}" for number in numbers)
            self.add_error("value", _("Write one of %(known)s.") % {"known": known})
        address = data["url"]
        if kind == Then.REDIRECT and not address:
            self.add_error("url", _("Write the address of the page, such as /sale/."))
        # An address of another kind could be a script, and browsers read "/\host" as another host.
        is_path = address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
        if address and not (address.startswith(("https://", "http://")) or is_path):
            self.add_error("url", _("An address begins with / or https://."))

    @property
    def _schema(self) -> Any:
        return wiring.schema(self.collection)

    def _clean_item(self, data: dict[str, Any]) -> None:
        if not data["item"]:
            self.add_error("item", _("Write the product's id or article number."))
        elif found := id_of(self.collection, data["item"]):
            data["item"] = found
        else:
            self.add_error("item", _("There is no product “%(name)s” in the index.") % {"name": data["item"]})

    def _clean_boost(self, data: dict[str, Any]) -> None:
        if not data.get("strength"):
            self.add_error("strength", _("Write how strong, from 1 to 100 percent."))
        if data["item"]:
            data["field"] = data["value"] = data["op"] = ""
            return
        kinds = {facet.name: facet.kind for facet in self._schema.told.facets}
        kinds |= dict.fromkeys(registry.source(self.collection).merits, FacetKind.NUMBER)
        kind, op = kinds.get(data["field"]), data.get("op")
        if kind is None:
            self.add_error("field", _("Write a product, or one of %(known)s.") % {"known": ", ".join(kinds)})
        elif not op:
            self.add_error("op", _("Choose how the field is compared."))
        elif op != Op.IS and kind is not FacetKind.NUMBER:
            self.add_error("op", _("Only numbers can be compared so."))
        elif op in SEVERAL and not data["value"]:
            self.add_error("value", _("Write the value that is asked for."))
        elif op in SEVERAL and kind is FacetKind.NUMBER:
            number_of(data["value"])


class OfCollection(BaseInlineFormSet):
    """Tells each form the collection that the rule is for, which the page sends with them."""

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form = super()._construct_form(i, **kwargs)  # type: ignore[misc]
        sent = self.data.get(self.collection_field, "") if self.is_bound else ""
        form.collection = sent if sent in _known() else ""
        return form

    collection_field = "collection"


class ActionFormSet(OfCollection):
    """What all actions and conditions of a rule must be together."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        left = [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        if not left:
            raise forms.ValidationError(_("A rule without an action does nothing. Add one."))
        kinds = self._conditions_sent()
        if any(form.cleaned_data.get("kind") == Then.REPLACE for form in left):
            if not kinds & WORDS:
                raise forms.ValidationError(_("Words can be replaced only where a condition asks for words."))
            if kinds & SEEN:
                raise forms.ValidationError(
                    _("Words are asked beside the photo, so what is seen in it can't replace them.")
                )

    def _conditions_sent(self) -> set[str]:
        sent = self.data.get("conditions-TOTAL_FORMS", "0")
        numbers = range(int(sent) if sent.isdecimal() and len(sent) < 5 else 0)
        return {
            self.data.get(f"conditions-{number}-kind", "")
            for number in numbers
            if not self.data.get(f"conditions-{number}-DELETE")
        }


class SynonymForm(forms.ModelForm):
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=lazy(_languages, list))

    class Meta:
        model = SynonymSet
        fields = ("kind", "language", "words", "others", "enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # On a phone no head of a column names them.
        for name in ("words", "others"):
            self.fields[name].widget.attrs["placeholder"] = str(self.fields[name].label)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            made = SynonymSet(**{name: data[name] for name in self.Meta.fields if name in data})
            for problem in problems_of(made):
                self.add_error("words", problem)
        return data


class ImportForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("CSV file"))
    instead = forms.BooleanField(label=gettext_lazy("Instead of all synonyms that there are"), required=False)
