"""The staff's pages of a case: reply, status, the opened photo, and the draft of an article."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import AbstractUser, Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from visual_search.access.staff import who
from visual_search.errors import BadInput
from visual_search.features.customer_service import articles, cases, ledger, photos
from visual_search.features.customer_service.kinds import CaseState, HelpState, What
from visual_search.features.customer_service.models import HelpArticle, ServiceCase, ServiceEvent
from visual_search.signals import staff_looked
from visual_search.translating import in_words

LABEL = "visual_search_customer_service"
HOME = f"admin/{LABEL}"
CASE = f"admin:{LABEL}_servicecase_change"
ARTICLE = f"admin:{LABEL}_helparticle_change"


def may(request: HttpRequest, permission: str) -> bool:
    return cast(AbstractUser, request.user).has_perm(f"{LABEL}.{permission}")


def context_of(request: HttpRequest, case: ServiceCase) -> dict[str, Any]:
    """What the page of a case shows."""
    # Whoever keeps an audit log hears who reads what shoppers write.
    staff_looked.send(
        sender=ServiceCase, actor=f"user {request.user.pk}", action="view service case", facts={"number": case.pk}
    )
    photo = getattr(case, "photo", None)
    return {
        "case": case,
        "shown": HelpArticle.objects.filter(pk__in=case.shown),
        "replies": list(case.replies.all()),
        "events": [(entry, *moved(entry, CaseState)) for entry in ledger.events(case)],
        "states": [(value, label) for value, label in CaseState.choices if value not in (case.state, CaseState.NEW)],
        "colleagues": colleagues(),
        "photo": photo,
        "may_answer": may(request, "answer_servicecase"),
        "may_see_photo": may(request, "view_casephoto_open"),
        "may_draft": may(request, "add_helparticle") and case.state == CaseState.SOLVED,
    }


def moved(entry: ServiceEvent, states: type[CaseState] | type[HelpState]) -> tuple[str, str]:
    """From what to what, in the words of the page; ("", "") for another kind of entry."""
    if entry.what != What.MOVED:
        return "", ""
    labels = {str(value): str(label) for value, label in states.choices}
    before, after = (str(entry.facts.get(name) or "") for name in ("from", "to"))
    return labels.get(before, before), labels.get(after, after)


def colleagues() -> list[User]:
    """Staff who may answer cases."""
    answer = Permission.objects.filter(content_type__app_label=LABEL, codename="answer_servicecase")
    groups = Group.objects.filter(permissions__in=answer)
    may_answer = Q(is_superuser=True) | Q(user_permissions__in=answer) | Q(groups__in=groups)
    return list(User.objects.filter(may_answer, is_staff=True, is_active=True).distinct().order_by("username"))


@require_POST
def answer(request: HttpRequest, number: int) -> HttpResponse:
    """A click on the page of a case: a reply, another status, or a colleague."""
    case = _case(request, number, "answer_servicecase")
    actor = who(request)
    try:
        if "assign" in request.POST:
            chosen = request.POST.get("colleague", "")
            user = next((one for one in colleagues() if str(one.pk) == chosen), None)
            if chosen and user is None:
                raise BadInput(_("That colleague may not answer cases."))
            cases.assign(case, user, actor)
        elif "state" in request.POST:
            cases.move(case, request.POST["state"], actor)
        else:
            cases.reply(case, request.POST.get("text", ""), actor)
    except BadInput as problem:
        messages.error(request, in_words(problem))
    else:
        messages.success(request, _("It is noted in the case's ledger."))
    return redirect(CASE, case.pk)


@require_safe
def photo(request: HttpRequest, number: int) -> HttpResponse:
    """The shopper's photo, opened for whoever may see it; each look stands in the ledger."""
    case = _case(request, number, "view_casephoto_open")
    row = getattr(case, "photo", None)
    data = photos.opened(row) if row is not None else None
    if data is None:
        raise Http404("The photo isn't there any more.")
    with transaction.atomic():
        ledger.note(who(request), case, What.PHOTO_SEEN)
    response = HttpResponse(data, content_type="image/jpeg")
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
def draft(request: HttpRequest, number: int) -> HttpResponse:
    """A solved case becomes the draft of an article, which a person reads before it is published."""
    case = _case(request, number, "add_helparticle")
    try:
        article = articles.drafted(case, who(request))
    except BadInput as problem:
        messages.error(request, in_words(problem))
        return redirect(CASE, case.pk)
    messages.success(
        request, _("This is a draft. Take out names and what else is personal, and write it so that it helps others.")
    )
    return redirect(ARTICLE, article.pk)


@require_POST
def publish(request: HttpRequest, number: int) -> HttpResponse:
    """Another status of an article."""
    if not may(request, "publish_helparticle"):
        raise PermissionDenied
    article = HelpArticle.objects.filter(pk=number).first()
    if article is None:
        raise Http404("There is no such article.")
    try:
        articles.move(article, request.POST.get("state", ""), who(request))
    except BadInput as problem:
        messages.error(request, in_words(problem))
    else:
        messages.success(request, _("The article is: %(state)s.") % {"state": _label(request.POST["state"])})
    return redirect(ARTICLE, number)


def _label(state: str) -> str:
    return str(HelpState(state).label)


def _case(request: HttpRequest, number: int, permission: str) -> ServiceCase:
    if not (may(request, "view_servicecase") and may(request, permission)):
        raise PermissionDenied
    case = ServiceCase.objects.filter(pk=number).select_related("photo", "assigned").first()
    if case is None:
        raise Http404("There is no such case.")
    return case
