"""The page on which staff ask a question, see its hits with why, change a rule, and see before and after before they save."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms import inlineformset_factory
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from multilingual.languages import LANGUAGES, base_code
from visual_search import registry, wiring
from visual_search.errors import VisualSearchError
from visual_search.features.merchandising import current, revisions
from visual_search.features.merchandising.facts import Seen, seen_in
from visual_search.features.merchandising.forms import ActionForm, ActionFormSet, ConditionForm, OfCollection, RuleForm
from visual_search.features.merchandising.kinds import Then, When
from visual_search.features.merchandising.models import Action, Condition, Rule
from visual_search.features.merchandising.rules import Rule as PlainRule
from visual_search.features.merchandising.trying import Comparison, compare
from visual_search.querying import things, tokens
from visual_search.storefront import forms as storefront
from visual_search.translating import in_words
from visual_search.types import CATEGORY, FacetKind, Query

TEMPLATE = "admin/visual_search_merchandising/workbench.html"
MOST_ROWS = 20  # conditions, and actions, that the page offers to add
ConditionRows = inlineformset_factory(Rule, Condition, form=ConditionForm, formset=OfCollection, extra=0)
ActionRows = inlineformset_factory(Rule, Action, form=ActionForm, formset=ActionFormSet, extra=0)


@dataclass(slots=True)
class Draft:
    """The rule as the page shows it, saved or not."""

    form: RuleForm
    conditions: Any
    actions: Any

    @property
    def parts(self) -> tuple[Any, ...]:
        return self.form, self.conditions, self.actions

    @property
    def headed(self) -> list[tuple[Any, str]]:
        """The rows with what the page calls them, and their buttons."""
        self.conditions.add_label, self.actions.add_label = _("Add a condition"), _("Add an action")
        return [(self.conditions, _("If all of this holds")), (self.actions, _("Then"))]

    def is_valid(self) -> bool:
        # All of them are looked at, so that every mistake is told at once.
        good = [part.is_valid() for part in self.parts]
        return all(good)

    def plain(self) -> PlainRule:
        """What is tried. Only for a valid one."""
        conditions = (form.instance for form in self.conditions.forms if _is_left(form))
        actions = (form.instance for form in self.actions.forms if _is_left(form))
        return current.plain_rule(
            self.form.instance, map(current.plain_condition, conditions), map(current.plain_action, actions)
        )

    def save(self, user: Any, actor: str) -> Rule:
        with transaction.atomic():
            before = Rule.objects.filter(pk=self.form.instance.pk).first()
            was = revisions.snapshot(before) if before else None
            if before is None:
                self.form.instance.author = user
            rule: Rule = self.form.save()
            for formset in (self.conditions, self.actions):
                formset.instance = rule
                formset.save()
            revisions.note(actor, rule.pk, rule.name, was, revisions.snapshot(rule))
        return rule


def workbench(request: HttpRequest, admin: ModelAdmin[Any], actor: str) -> HttpResponse:
    """Needs the permission to see rules; to save one, that to change or add it."""
    if not admin.has_view_permission(request):
        raise PermissionDenied
    data = (request.POST if request.method == "POST" else request.GET).copy()
    collection = data.get("collection") or registry.default()
    if collection not in {source.collection for source in registry.sources()}:
        collection = registry.default()
    saved = Rule.objects.filter(pk=key).first() if (key := data.get("rule", "")).isdecimal() else None
    context: dict[str, Any] = {"preview": "", "photo_token": "", "fault": ""}
    query = Query(collection=collection)
    try:
        asked = storefront.read(request, collection)
        query = replace(asked.query, language=base_code(data.get("lang")) or None, disjunctive=False, taste=())
        context["preview"] = asked.preview
        draft = _draft(data, saved, query)
        tried = draft.form.is_bound and "more" not in data and draft.is_valid()
        comparison = compare(query, draft.plain() if tried else None, on=bool(data.get("enabled")))
    except VisualSearchError as problem:
        context["fault"] = in_words(problem)
        draft, comparison, tried = _draft(data, saved, query), None, False
    if comparison is not None and ("pin" in data or "hide" in data) and not _has_rule(data):
        # What the photo shows is known only now.
        draft = _draft(_asking(data, comparison), saved, query)
        tried = draft.is_valid()
        comparison = compare(replace(query, pictures=comparison.before.page.pictures), draft.plain() if tried else None)
    if tried and "save" in data:
        allowed = admin.has_change_permission(request, saved) if saved else admin.has_add_permission(request)
        if not allowed:
            raise PermissionDenied
        saved = draft.save(request.user, actor)
        admin.message_user(request, _("Saved. It holds in all processes within two seconds."), messages.SUCCESS)
        if not query.pictures:
            kept = [(name, value) for name in ("q", "lang", "sort", "collection") if (value := data.get(name))]
            kept += [(name, value) for name in data if name.startswith("f.") for value in data.getlist(name)]
            address = reverse("admin:visual_search_merchandising_rule_workbench")
            return redirect(f"{address}?{urlencode([('rule', saved.pk), *kept])}")
        draft = _draft(QueryDict(), saved, query)
        comparison = compare(replace(query, pictures=comparison.before.page.pictures)) if comparison else None
    context |= _shown(data, query, comparison)
    return TemplateResponse(
        request,
        TEMPLATE,
        {
            **admin.admin_site.each_context(request),
            "title": _("Workbench"),
            "opts": admin.model._meta,
            "rule": saved,
            "draft": draft,
            "comparison": comparison,
            "tried": tried,
            "may_save": admin.has_change_permission(request, saved) if saved else admin.has_add_permission(request),
            "media": forms.Media(),
            **context,
        },
    )


def _shown(data: QueryDict, query: Query, comparison: Comparison | None) -> dict[str, Any]:
    """What the page needs of the question to ask it again, and what was seen in its photo."""
    schema = wiring.schema(query.collection).told
    languages = sorted((LANGUAGES[code].name, code) for code in wiring.languages() if code in LANGUAGES)
    page = comparison.before.page if comparison else None
    seen = seen_in(page.pictures) if page else Seen()
    numbers = [
        (facet.name, str(facet.label or facet.name)) for facet in schema.facets if facet.kind is FacetKind.NUMBER
    ]
    category = any(facet.name == CATEGORY.name for facet in schema.facets)
    named = ("q", "f.category")
    return {
        "collection": query.collection,
        "collections": [(source.collection, source.label) for source in registry.sources()],
        "words": query.words,
        "category": data.get("f.category", "") if category else None,
        "lang": query.language or "",
        "languages": languages,
        "orders": [
            order
            for name, label in numbers
            for order in ((name, _("%s, low to high") % label), (f"-{name}", _("%s, high to low") % label))
        ],
        "sort": query.sort,
        "carried": [
            (name, value)
            for name in data
            if name.startswith("f.") and name not in named
            for value in data.getlist(name)
        ],
        "photo_token": tokens.photo_token(page.photo) if page else data.get("photo_token", ""),
        "seen": seen,
        "seen_things": [(label, things.name(label)) for label in sorted(seen.things)],
        "label": " ".join(seen.label),
        "at": data.get("at") if (data.get("at") or "").isdecimal() else "1",
    }


def _is_left(form: Any) -> bool:
    return (
        bool(form.cleaned_data) and not form.cleaned_data.get("DELETE") and bool(form.has_changed() or form.instance.pk)
    )


def _has_rule(data: QueryDict) -> bool:
    """Whether the page sent a rule. One that nobody has begun yet is none."""
    begun = any(data.get(f"{name}-TOTAL_FORMS", "0") != "0" for name in ("conditions", "actions"))
    sent = "conditions-TOTAL_FORMS" in data
    return sent and (begun or bool(data.get("name") or data.get("rule") or "more" in data or "save" in data))


def _draft(data: QueryDict, saved: Rule | None, query: Query) -> Draft:
    """The rule that the page sent, with what its buttons add; the saved one where it sent none; else an empty one."""
    if not _has_rule(data):
        initial = {"collection": query.collection, "enabled": True}
        return Draft(
            RuleForm(instance=saved, initial={} if saved else initial),
            ConditionRows(instance=saved),
            ActionRows(instance=saved),
        )
    sent = data.copy()
    for name in ("conditions", "actions"):
        if sent.get("more") == name:
            _add(sent, name, {})
    for button, kind in (("pin", Then.PIN), ("hide", Then.HIDE)):
        if id := sent.get(button):
            _add(sent, "actions", {"kind": kind, "item": id, "position": sent.get("at") or "1"})
    sent["collection"] = query.collection
    rule = RuleForm(sent, instance=saved)
    return Draft(rule, ConditionRows(sent, instance=saved), ActionRows(sent, instance=saved))


def _add(sent: QueryDict, name: str, row: dict[str, str]) -> None:
    total = sent.get(f"{name}-TOTAL_FORMS", "0")
    number = int(total) if total.isdecimal() and len(total) < 4 else 0
    if number >= MOST_ROWS:
        return
    sent[f"{name}-TOTAL_FORMS"] = str(number + 1)
    for key, value in row.items():
        sent[f"{name}-{number}-{key}"] = value


def _asking(data: QueryDict, comparison: Comparison) -> QueryDict:
    """A new rule for this very question: its words, or what its photo shows, or its category."""
    sent, page = data.copy(), comparison.before.page
    seen = seen_in(page.pictures)
    words, category = page.typed or page.words, data.get("f.category", "")
    row = {"kind": str(When.WORDS_ARE), "value": words}
    if not words and seen.things:
        row = {"kind": str(When.THING), "value": min(seen.things)}
    elif not words and seen.colours:
        row = {"kind": str(When.COLOUR), "value": min(seen.colours)}
    elif not words and category:
        row = {"kind": str(When.FILTER), "field": CATEGORY.name, "value": category}
    for name in ("conditions", "actions"):
        sent[f"{name}-TOTAL_FORMS"] = sent[f"{name}-INITIAL_FORMS"] = "0"
    if row["value"]:
        _add(sent, "conditions", row)
    sent["name"] = (row["value"] or _("Every question"))[:100]
    sent["enabled"], sent["priority"] = "on", "0"
    return sent
