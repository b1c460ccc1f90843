"""The pages of a case, and the page by which listings come in."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import AbstractUser, Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from visual_search.access.staff import who
from visual_search.errors import BadInput
from visual_search.features.brand_protection import cases, exporting, notices, offers, watching
from visual_search.features.brand_protection.forms import ListingsForm, NoticeForm
from visual_search.features.brand_protection.kinds import State, What
from visual_search.features.brand_protection.models import BrandCase, CaseEvent, Match, Notice
from visual_search.features.brand_protection.options import options
from visual_search.signals import staff_looked
from visual_search.translating import in_words

LABEL = "visual_search_brand_protection"
HOME = f"admin/{LABEL}"
MOST_AT_ONCE = 20  # listings that are looked at while somebody waits for the page, some ten seconds
CASE = f"admin:{LABEL}_brandcase_change"


def may(request: HttpRequest, permission: str) -> bool:
    return cast(AbstractUser, request.user).has_perm(f"{LABEL}.{permission}")


def context_of(request: HttpRequest, case: BrandCase) -> dict[str, Any]:
    """What the page of a case shows beside its fields."""
    note(request, "view brand case", case.pk)
    return {
        "case": case,
        "listing": case.listing,
        "matches": list(case.matches.select_related("genuine")),
        "events": [(entry, *_moved(entry)) for entry in cases.events(case)],
        "notices": list(case.notices.all()),
        "states": [(value, label) for value, label in State.choices if value not in (case.state, State.SENT)],
        "colleagues": colleagues(),
        "may_decide": may(request, "decide_brandcase"),
        "may_notify": may(request, "notify_seller"),
        "may_export": may(request, "export_evidence"),
    }


def _moved(entry: CaseEvent) -> tuple[str, str]:
    """From what to what, in the words of the page."""
    labels = {str(value): str(label) for value, label in State.choices} if entry.what == What.MOVED else {}
    before, after = (str(entry.facts.get(name) or "") for name in ("from", "to"))
    return labels.get(before, before), labels.get(after, after)


def colleagues() -> list[User]:
    """Staff who may decide cases."""
    decide = Permission.objects.filter(content_type__app_label=LABEL, codename="decide_brandcase")
    groups = Group.objects.filter(permissions__in=decide)
    may_decide = Q(is_superuser=True) | Q(user_permissions__in=decide) | Q(groups__in=groups)
    return list(User.objects.filter(may_decide, is_staff=True, is_active=True).distinct().order_by("username"))


def note(request: HttpRequest, action: str, number: int) -> None:
    """Whoever keeps an audit log hears who looks at cases and takes them out."""
    staff_looked.send(sender=BrandCase, actor=f"user {request.user.pk}", action=action, facts={"number": number})


@require_POST
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """A click on the page of a case: another status, a colleague, or the last change taken back."""
    case = case_of(request, number, "decide_brandcase")
    try:
        if "undo" in request.POST:
            cases.undo(case, who(request))
        elif "assign" in request.POST:
            chosen = request.POST.get("colleague", "")
            user = next((one for one in colleagues() if str(one.pk) == chosen), None)
            if chosen and user is None:
                raise BadInput(_("That colleague may not decide cases."))
            cases.assign(case, user, who(request))
        else:
            cases.move(case, request.POST.get("state", ""), who(request), request.POST.get("reason", ""))
    except BadInput as problem:
        messages.error(request, in_words(problem))
    else:
        messages.success(request, _("It is noted in the case's ledger."))
    return redirect(CASE, case.pk)


def picture(request: HttpRequest, number: int, match: int) -> HttpResponse:
    """The listing's picture as it was seen (0), or both pictures with what matches."""
    case = case_of(request, number, "view_brandcase")
    if match == 0:
        data = exporting.evidence_of(case)
    else:
        row = Match.objects.filter(case=case, pk=match).select_related("genuine").first()
        data = exporting.drawn(case, row) if row else None
    if data is None:
        raise Http404("The picture isn't there any more.")
    return _private(HttpResponse(data, content_type=exporting.type_of(data)))


def export(request: HttpRequest, number: int) -> HttpResponse:
    """The case as a ZIP file."""
    case = case_of(request, number, "export_evidence")
    note(request, "export brand case", case.pk)
    response = HttpResponse(exporting.exported(case), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="case-{case.pk}.zip"'
    return _private(response)


def notice(request: HttpRequest, number: int, everywhere: dict[str, Any]) -> HttpResponse:
    """A notice in the chosen language, to be read and changed; it is sent by the button alone."""
    case = case_of(request, number, "notify_seller")
    user = cast(AbstractUser, request.user)
    signed = notices.Signed(options().sender_name or user.get_full_name() or user.get_username(), user.email)
    language = request.GET.get("language", "")
    if language not in dict(notices.languages()):
        language = notices.languages()[0][0]
    subject, body = notices.draft(case, language, signed)
    form = NoticeForm(
        request.POST if request.method == "POST" else None,
        initial={"language": language, "subject": subject, "body": body},
    )
    if request.method == "POST" and form.is_valid():
        try:
            notices.send(case, **form.cleaned_data, signed=signed, actor=who(request))
        except BadInput as problem:
            form.add_error(problem.field if problem.field in form.fields else None, in_words(problem))
        else:
            messages.success(request, _("The notice was sent, and the case has the status “notice sent”."))
            return redirect(CASE, case.pk)
    context = {
        **everywhere,
        "title": _("Notice"),
        "case": case,
        "form": form,
        "language": language,
        "languages": notices.languages(),
        "sent": Notice.objects.filter(case=case),
    }
    status = 422 if request.method == "POST" else 200
    return _private(TemplateResponse(request, f"{HOME}/notice.html", context, status=status))


def listings(request: HttpRequest, everywhere: dict[str, Any]) -> HttpResponse:
    """Listings come in by a ZIP file or one by one; the first of them are looked at while the page loads."""
    if not may(request, "add_listing"):
        raise PermissionDenied
    form, taken = _listings_form(request), offers.Taken()
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            if given["archive"]:
                taken = offers.take_zip(given["archive"].read())
            else:
                told = {name: given[name] for name in ("url", "seller", "title", "price")}
                told["currency"] = given["currency"].upper()
                taken = offers.take_picture(told, given["picture"].name, given["picture"].read())
        except BadInput as problem:
            field = "archive" if given["archive"] else "picture"
            form.add_error(field, in_words(problem))
        else:
            _looked(request, taken)
            if not taken.faults:
                return redirect(f"admin:{LABEL}_brandcase_changelist")
    context = {**everywhere, "title": _("Take listings in"), "form": form, "taken": taken}
    status = 422 if request.method == "POST" and form.errors else 200
    return _private(TemplateResponse(request, f"{HOME}/listings.html", context, status=status))


def _looked(request: HttpRequest, taken: offers.Taken) -> None:
    watched = watching.watch(limit=MOST_AT_ONCE)
    said = _("%(new)s new listings, %(changed)s changed, %(same)s as before; %(cases)s new cases, %(left)s still wait.")
    values = {"new": taken.new, "changed": taken.changed, "same": taken.same}
    left = watching.waiting().count() if watched.others else watched.left
    messages.success(request, said % {**values, "cases": len(watched.opened), "left": left})


def case_of(request: HttpRequest, number: int, permission: str) -> BrandCase:
    """The case, for whoever may do this with it."""
    if not (may(request, permission) and may(request, "view_brandcase")):
        raise PermissionDenied
    case = BrandCase.objects.select_related("brand", "listing", "assigned").filter(pk=number).first()
    if case is None:
        raise Http404(f"There is no case {number}.")
    return case


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    return response


def _listings_form(request: HttpRequest) -> ListingsForm:
    return ListingsForm(request.POST, request.FILES) if request.method == "POST" else ListingsForm()
