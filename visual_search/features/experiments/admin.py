"""The admin's pages of experiments: start one, see how it goes, stop it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from visual_search.errors import ConfigurationError, VisualSearchError
from visual_search.features.experiments import options, running
from visual_search.features.experiments.charting import chart
from visual_search.features.experiments.deciding import STOP_AT, Guard
from visual_search.features.experiments.figures import figures
from visual_search.features.experiments.models import GUARDS, Experiment, Status
from visual_search.privacy.keys import date_of

RAILS = {
    Guard.ZERO: _("found nothing close"),
    Guard.SLOW: _("were slow"),
    Guard.BASKETS: _("led to a basket"),
}


class StartForm(forms.ModelForm):
    """What is tried, on how many answers, for how long."""

    a = forms.ChoiceField(label=_("ranking A"), required=False)
    b = forms.ChoiceField(label=_("ranking B"))
    slow_ms = forms.FloatField(
        label=_("an answer is slow from so many milliseconds on"), initial=running.SLOW_MS, min_value=1
    )

    class Meta:
        model = Experiment
        fields = ("a", "b", "share", "most_days")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        try:
            named = [(name, name) for name in options.names()]
        except ConfigurationError:
            named = []  # `manage.py check` says what is wrong.
        self.fields["a"].choices = [(options.SHOPS_OWN, _("the shop’s own")), *named]  # type: ignore[attr-defined]
        self.fields["b"].choices = named  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors:
            if given["a"] == given["b"]:
                self.add_error("b", gettext("These are one ranking; two different ones can be compared."))
            if not 0 < given["share"] <= 1:
                self.add_error("share", gettext("It is above 0 and at most 1."))
            if not 1 <= given["most_days"] <= running.MOST_DAYS:
                self.add_error("most_days", gettext("From 1 to %(most)s days.") % {"most": running.MOST_DAYS})
            if Experiment.objects.filter(status=Status.RUNNING).exists():
                raise forms.ValidationError(gettext("Another experiment is running. Stop it first."))
        return given


@admin.register(Experiment)
class ExperimentAdmin(admin.ModelAdmin):
    """The list, a form that starts one, and a page of figures for each."""

    form = StartForm
    list_display = ("__str__", "state", "began", "outcome")
    fields = ("a", "b", "share", "most_days", "slow_ms")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # What was decided stays, with its figures.

    @admin.display(description=_("state"))
    def state(self, experiment: Experiment) -> str:
        return experiment.get_status_display()

    @admin.display(description=_("from"), ordering="first_day")
    def began(self, experiment: Experiment) -> str:
        return date_of(experiment.first_day).isoformat()

    def save_model(self, request: HttpRequest, obj: Experiment, form: Any, change: bool) -> None:
        given = form.cleaned_data
        started = running.start(
            given["b"],
            a=given["a"],
            share=given["share"],
            most_days=given["most_days"],
            slow_ms=given["slow_ms"],
            author=request.user.get_username(),
        )
        obj.pk = started.pk

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One button starts it: there is no second one to add, and nothing to go on editing."""
        alone = {"show_save_and_add_another": False, "show_save_and_continue": False}
        try:
            return super().add_view(request, form_url, {**alone, **(extra_context or {})})
        except VisualSearchError as problem:
            # Somebody else has started one since the form was checked, or the ranking can't be built.
            messages.error(request, str(problem))
            return HttpResponseRedirect(reverse("admin:visual_search_experiments_experiment_changelist"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The figures; a POST stops it."""
        experiment = self.get_object(request, object_id)
        if experiment is None:
            raise Http404
        if not self.has_view_permission(request, experiment):
            raise PermissionDenied
        if request.method == "POST":
            if not self.has_change_permission(request, experiment):
                raise PermissionDenied
            if running.stop(experiment):
                self.log_change(request, experiment, gettext("Stopped."))
                messages.success(request, gettext("It is stopped: all shoppers see the shop’s own ranking."))
            return HttpResponseRedirect(request.path)
        shown = figures(experiment)
        context = {
            **self.admin_site.each_context(request),
            **(extra_context or {}),
            "title": gettext("Experiment"),
            "subtitle": str(experiment),
            "opts": self.model._meta,
            "experiment": experiment,
            "figures": shown,
            "chart": chart([(day.date, day.e_value) for day in shown.days]) if shown.days else None,
            "stop_at": STOP_AT,
            "rails": [(RAILS[rail.guard], rail) for rail in shown.rails],
            "broken": GUARDS[Guard(experiment.broken)] if experiment.broken else "",
            "may_stop": experiment.status == Status.RUNNING and self.has_change_permission(request, experiment),
        }
        return TemplateResponse(request, "admin/visual_search_experiments/experiment/figures.html", context)
