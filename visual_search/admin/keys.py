"""Keys of the REST API in the admin. A secret is shown once, on the page that follows its making."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from visual_search.models import ApiKey, Scope

STATES = {"active": _("active"), "expired": _("expired"), "revoked": _("revoked")}  # as `ApiKey.state` says
GRACE = timedelta(days=1)  # in which a rotated secret is still good


class ApiKeyForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(label=_("scopes"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple)
    origins = forms.CharField(
        label=_("origins"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For a key in a page: the pages that may use it, one in a line: https://www.example.com"),
    )

    class Meta:
        model = ApiKey
        fields = ("name", "scopes", "origins", "per_minute", "expires_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["origins"] = "\n".join(self.instance.origins)

    def clean_origins(self) -> list[str]:
        return list(dict.fromkeys(self.cleaned_data["origins"].split()))


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    form = ApiKeyForm
    list_display = ("name", "prefix", "condition", "good_for", "created_at", "expires_at", "last_used_at")
    list_filter = ("revoked_at",)
    search_fields = ("name", "prefix")
    ordering = ("-created_at",)
    actions = ("rotate", "revoke")

    @admin.display(description=_("state"))
    def condition(self, key: ApiKey) -> str:
        return str(STATES[key.state])

    @admin.display(description=_("good for"))
    def good_for(self, key: ApiKey) -> str:
        return ", ".join([*key.scopes, *key.origins])

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if not change:
            # Kept on the object alone, for the page that answers this request. A message would lie in a cookie or a session.
            obj.shown = obj.give_secret()  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        return self._shown(request, obj, obj.shown)  # type: ignore[attr-defined]

    @admin.action(
        description=_("Give the chosen key another secret; the old one is good for a day"), permissions=["change"]
    )
    def rotate(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> HttpResponse | None:
        chosen = list(queryset[:2])
        if len(chosen) != 1 or chosen[0].state == "revoked":
            self.message_user(
                request, _("Choose one key that isn't revoked: its secret is shown once."), messages.ERROR
            )
            return None
        (key,) = chosen
        secret = key.rotate(GRACE)
        self.log_change(request, key, "Gave it another secret.")
        return self._shown(request, key, secret)

    @admin.action(description=_("Revoke the chosen keys at once"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for key in queryset:
            key.revoke()
            self.log_change(request, key, "Revoked it.")
        self.message_user(request, _("They open nothing any more."), messages.SUCCESS)

    def _shown(self, request: HttpRequest, key: ApiKey, secret: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("The key, shown once"),
            "opts": self.model._meta,
            "key": key,
            "secret": secret,
        }
        response = TemplateResponse(request, "admin/visual_search/apikey/shown.html", context)
        response["Cache-Control"] = "private, no-store"
        return response
