"""Rules, synonyms and revisions in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from visual_search.access.staff import who
from visual_search.admin import KeptForGood, NamedFields
from visual_search.errors import BadInput
from visual_search.features.merchandising import revisions, tables
from visual_search.features.merchandising.forms import (
    ActionForm,
    ActionFormSet,
    ConditionForm,
    ImportForm,
    OfCollection,
    RuleForm,
    SynonymForm,
)
from visual_search.features.merchandising.models import Action, Condition, Rule, RuleRevision, SynonymSet
from visual_search.features.merchandising.workbench import workbench
from visual_search.translating import in_words

HOME = "admin/visual_search_merchandising"


class ConditionInline(admin.StackedInline):
    model = Condition
    form = ConditionForm
    formset = OfCollection
    fields = (("kind", "field", "value"),)
    extra = 0


class ActionInline(admin.StackedInline):
    model = Action
    form = ActionForm
    formset = ActionFormSet
    fields = (("kind", "item", "position", "strength"), ("field", "op", "value", "url"))
    extra = 0
    min_num = 1


@admin.register(Rule)
class RuleAdmin(admin.ModelAdmin):
    form = RuleForm
    inlines = (ConditionInline, ActionInline)
    list_display = ("name", "enabled", "priority", "summary", "starts", "ends", "author")
    list_filter = ("enabled", "collection", "actions__kind", "conditions__kind")
    search_fields = ("name", "note", "conditions__value", "actions__value", "=actions__item")
    actions = ("switch_on", "switch_off")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "name",
                    ("enabled", "priority"),
                    ("collection", "language"),
                    "experiment",
                    "starts",
                    "ends",
                    "note",
                )
            },
        ),
    )

    class Media:
        css = {"all": ["visual_search_merchandising/desk.css"]}
        js = ["visual_search_merchandising/rule.js"]

    change_list_template = f"{HOME}/rules.html"
    change_form_template = f"{HOME}/rule.html"

    def get_urls(self) -> list[URLPattern]:
        desk = self.admin_site.admin_view(self.workbench_view)
        return [path("workbench/", desk, name="visual_search_merchandising_rule_workbench"), *super().get_urls()]

    def workbench_view(self, request: HttpRequest) -> HttpResponse:
        return workbench(request, self, who(request))

    @admin.display(description=gettext_lazy("what it does"))
    def summary(self, rule: Rule) -> str:
        return "; ".join(map(str, rule.actions.all()))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        return super().get_queryset(request).prefetch_related("actions").select_related("author")

    # --- Every change is noted ---

    def save_model(self, request: HttpRequest, obj: Rule, form: Any, change: bool) -> None:
        before = Rule.objects.filter(pk=obj.pk).first() if change else None
        request.before = revisions.snapshot(before) if before else None  # type: ignore[attr-defined]
        if not change:
            obj.author = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        rule = form.instance
        before = request.before  # type: ignore[attr-defined]
        revisions.note(who(request), rule.pk, rule.name, before, revisions.snapshot(rule))

    def delete_model(self, request: HttpRequest, obj: Rule) -> None:
        key, before = obj.pk, revisions.snapshot(obj)
        super().delete_model(request, obj)
        revisions.note(who(request), key, obj.name, before, None)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        for rule in queryset:
            self.delete_model(request, rule)

    @admin.action(description=gettext_lazy("Switch the chosen rules on"), permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        self._switch(request, queryset, on=True)

    @admin.action(description=gettext_lazy("Switch the chosen rules off"), permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        self._switch(request, queryset, on=False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[Rule], *, on: bool) -> None:
        for rule in queryset:
            before = revisions.snapshot(rule)
            rule.enabled = on
            rule.save()
            revisions.note(who(request), rule.pk, rule.name, before, revisions.snapshot(rule))
        self.message_user(request, _("The change holds in all processes within two seconds."), messages.SUCCESS)


@admin.register(SynonymSet)
class SynonymSetAdmin(NamedFields, admin.ModelAdmin):
    """A table to write in, and a file to import and export."""

    form = SynonymForm
    list_display = ("pk", "kind", "language", "words", "others", "enabled")
    list_editable = ("kind", "language", "words", "others", "enabled")
    search_fields = ("words", "others", "=language", "=kind")
    list_per_page = 50
    change_list_template = f"{HOME}/synonyms.html"

    class Media:
        css = {"all": ["visual_search_merchandising/desk.css"]}

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        return super().get_changelist_form(request, **{**kwargs, "form": SynonymForm})

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("csv/", view(self.export_view), name="visual_search_merchandising_synonymset_export"),
            path("import/", view(self.import_view), name="visual_search_merchandising_synonymset_import"),
            *super().get_urls(),
        ]

    def export_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        response = HttpResponse(tables.written(SynonymSet.objects.all()), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="synonyms.csv"'
        return response

    def import_view(self, request: HttpRequest) -> HttpResponse:
        if not (self.has_add_permission(request) and self.has_change_permission(request)):
            raise PermissionDenied
        form = ImportForm(request.POST or None, request.FILES or None)
        faults: tuple[str, ...] = ()
        if request.method == "POST" and form.is_valid():
            instead = form.cleaned_data["instead"]
            if instead and not self.has_delete_permission(request):
                raise PermissionDenied
            found = tables.read(form.cleaned_data["file"].read(tables.MOST_BYTES + 1))
            faults = found.faults
            if not faults:
                count = tables.take(found.sets, instead=instead)
                said = _("%(count)s synonyms are new or changed; they hold in all processes within two seconds.")
                self.message_user(request, said % {"count": count}, messages.SUCCESS)
                return redirect("admin:visual_search_merchandising_synonymset_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import synonyms"),
            "opts": self.model._meta,
            "form": form,
            "faults": faults,
            "columns": ", ".join(tables.COLUMNS),
        }
        return TemplateResponse(request, f"{HOME}/import.html", context, status=422 if faults else 200)


@admin.register(RuleRevision)
class RuleRevisionAdmin(KeptForGood):
    """What was changed by whom, newest first, with the way back."""

    list_display = ("number", "at", "name", "actor", "what")
    list_display_links = ("number", "name")
    search_fields = ("name", "actor")
    fields = ("number", "at", "actor", "name", "was", "became")
    readonly_fields = fields
    change_form_template = f"{HOME}/revision.html"

    class Media:
        css = {"all": ["visual_search_merchandising/desk.css"]}

    def get_urls(self) -> list[URLPattern]:
        undo = self.admin_site.admin_view(self.undo_view)
        name = "visual_search_merchandising_rulerevision_undo"
        return [path("<int:number>/undo/", undo, name=name), *super().get_urls()]

    @admin.display(description=gettext_lazy("what"))
    def what(self, entry: RuleRevision) -> str:
        if entry.before is None:
            return _("made")
        return _("deleted") if entry.after is None else _("changed")

    @admin.display(description=gettext_lazy("before"))
    def was(self, entry: RuleRevision) -> SafeString | str:
        return _list(revisions.lines(entry.before))

    @admin.display(description=gettext_lazy("after"))
    def became(self, entry: RuleRevision) -> SafeString | str:
        return _list(revisions.lines(entry.after))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        problem = revisions.verify()
        subtitle = problem or _("The chain is whole.")
        return super().changelist_view(request, {"subtitle": subtitle, **(extra_context or {})})

    def undo_view(self, request: HttpRequest, number: int) -> HttpResponse:
        if request.method != "POST" or not request.user.has_perm("visual_search_merchandising.change_rule"):
            raise PermissionDenied
        entry = RuleRevision.objects.filter(pk=number).first()
        if entry is None:
            raise PermissionDenied
        try:
            rule = revisions.undo(entry, who(request))
        except BadInput as problem:
            self.message_user(request, in_words(problem), messages.ERROR)
        else:
            self.message_user(request, _("“%(name)s” is as it was before.") % {"name": entry.name}, messages.SUCCESS)
            if rule is not None:
                return redirect(reverse("admin:visual_search_merchandising_rule_change", args=[rule.pk]))
        return redirect("admin:visual_search_merchandising_rulerevision_changelist")


def _list(lines: list[str]) -> SafeString | str:
    items = format_html_join("", "<li>{}</li>", ((line,) for line in lines))
    return format_html("<ul>{}</ul>", items) if lines else "–"
