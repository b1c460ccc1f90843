"""The desk: deliveries, what came in with them, and what a person makes of it. Staff alone, each step by its permission."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.receiving import arriving, confirming
from catalog.receiving.differences import differences
from catalog.receiving.forms import AddForm, ConfirmForm, OpenForm
from catalog.receiving.kinds import DeliveryState, LineState
from catalog.receiving.models import Delivery, DeliveryLine
from catalog.receiving.showing import shown
from visual_search.access.staff import who
from visual_search.errors import BadInput, VisualSearchError
from visual_search.translating import in_words

View = Callable[..., HttpResponseBase]
PAGE_SIZE = 10  # lines on a page, each with the pictures of its candidates
RECENT = 20  # deliveries that are shown closed


def may(request: HttpRequest, permission: str) -> bool:
    return cast(AbstractUser, request.user).has_perm(f"catalog.{permission}")


def staff(*permissions: str) -> Callable[[View], View]:
    """For members of the staff with all of these permissions. Nothing of what they see is kept by a browser."""

    def decorated(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path(), reverse("admin:login"))
            if not request.user.is_staff or not all(may(request, one) for one in permissions):
                raise PermissionDenied
            response = view(request, *args, **kwargs)
            response["Cache-Control"] = "private, no-store"
            response["X-Robots-Tag"] = "noindex"
            return response

        return never_cache(checked)

    return decorated


@staff("view_delivery")
@require_http_methods(["GET", "HEAD", "POST"])
def desk(request: HttpRequest) -> HttpResponseBase:
    """Deliveries that are open, and the form that opens another one."""
    form = OpenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if not may(request, "add_delivery"):
            raise PermissionDenied
        if form.is_valid():
            return redirect(arriving.open_delivery(who(request), **form.cleaned_data))
    deliveries = Delivery.objects.select_related("supplier", "order__supplier")
    context = {
        "form": form,
        "open": deliveries.filter(state=DeliveryState.OPEN),
        "closed": deliveries.filter(state=DeliveryState.CLOSED)[:RECENT],
        "may_add": may(request, "add_delivery"),
        "may_order": may(request, "view_purchaseorder"),
    }
    return render(request, "catalog/receiving/desk.html", context, status=400 if form.errors else 200)


@staff("view_delivery")
@require_http_methods(["GET", "HEAD", "POST"])
def delivery(request: HttpRequest, number: int) -> HttpResponseBase:
    """What came in with this delivery; what is sent here comes in with it."""
    found = get_object_or_404(Delivery.objects.select_related("supplier", "order__supplier", "place"), pk=number)
    form = AddForm(request.POST, request.FILES) if request.method == "POST" else AddForm()
    if request.method == "POST":
        if not may(request, "add_delivery"):
            raise PermissionDenied
        if form.is_valid() and _added(request, found, form):
            return redirect(found)
    return _delivery(request, found, form, status=400 if form.errors else 200)


def _added(request: HttpRequest, found: Delivery, form: AddForm) -> bool:
    """Take in what the form brings. What can't be used is said at its field, and the rest comes in all the same."""
    given, came, actor = form.cleaned_data, 0, who(request)

    def photo_taker(file: Any) -> Callable[[], int]:
        return lambda: bool(arriving.take_photo(found, file.read(), file.name, actor))

    def slip_taker(file: Any) -> Callable[[], int]:
        return lambda: len(arriving.take_slip(found, file.read(), file.name, actor))

    takers = [("photos", photo_taker(file)) for file in given["photos"]]
    takers += [("slip", slip_taker(file)) for file in given["slip"]]
    if given["code"].strip():
        takers.append(("code", lambda: bool(arriving.take_code(found, given["code"], actor))))
    if not takers:
        form.add_error(None, _("Choose photos or a packing slip, or type a code."))
    for field, take in takers:
        try:
            came += take()
        except BadInput as problem:
            form.add_error(field, in_words(problem))
        except VisualSearchError as problem:
            form.add_error(field, str(problem))
    if came:
        messages.success(
            request, ngettext("%(count)d line came in.", "%(count)d lines came in.", came) % {"count": came}
        )
    return not form.errors


def _delivery(
    request: HttpRequest, found: Delivery, form: AddForm, filled: ConfirmForm | None = None, *, status: int = 200
) -> HttpResponse:
    lines = found.lines.select_related("product", "slip")
    page = Paginator(lines.filter(state=LineState.WAITING), PAGE_SIZE).get_page(request.GET.get("page"))
    booked = lines.filter(state=LineState.BOOKED)
    known = shown([*page.object_list, *booked], get_language())
    context = {
        "delivery": found,
        "form": form,
        "page": page,
        "waiting": [(line, known.candidates(line), _form_of(line, filled)) for line in page.object_list],
        "booked": [(line, known.product(line)) for line in booked],
        "dismissed": lines.filter(state=LineState.DISMISSED),
        "differences": differences(found, get_language()),
        "may_add": may(request, "add_delivery") and found.state == DeliveryState.OPEN,
        "may_book": may(request, "book_delivery"),
        "may_draft": may(request, "add_product"),
        "may_teach": may(request, "change_product"),
    }
    return render(request, "catalog/receiving/delivery.html", context, status=status)


def _form_of(line: DeliveryLine, filled: ConfirmForm | None) -> ConfirmForm:
    return filled if filled is not None and filled.prefix == f"line{line.pk}" else ConfirmForm(line=line)


@staff("view_delivery", "book_delivery")
@require_POST
def decide(request: HttpRequest, number: int) -> HttpResponseBase:
    """A click at a line: confirm, undo, dismiss, take up again, look again, or make a draft of it."""
    line = get_object_or_404(DeliveryLine.objects.select_related("delivery"), pk=number)
    try:
        if "confirm" in request.POST:
            form = ConfirmForm(request.POST, line=line)
            if not form.is_valid():
                return _delivery(request, line.delivery, AddForm(), form, status=400)
            _confirm(request, line, form.cleaned_data)
        elif "undo" in request.POST:
            confirming.undo(line, who(request))
            messages.success(request, _("The booking was taken back."))
        elif "dismiss" in request.POST:
            confirming.dismiss(line, who(request))
        elif "restore" in request.POST:
            confirming.restore(line, who(request))
        elif "again" in request.POST:
            arriving.look_again(line)
        elif "draft" in request.POST:
            _draft(request, line)
        else:
            raise BadInput(_("Choose what shall happen with the line."))
    except BadInput as problem:
        messages.error(request, in_words(problem))
    # What was done stands at the top; a line that still waits is shown again.
    place = f"line-{line.pk}" if {"draft", "again"} & request.POST.keys() else "content"
    return redirect(f"{line.delivery.get_absolute_url()}#{place}")


def _confirm(request: HttpRequest, line: DeliveryLine, given: dict[str, Any]) -> None:
    done = confirming.confirm(
        line,
        given["product"],
        given["quantity"] * given["pack"],
        who(request),
        lot=given["lot"],
        expiry=given["expiry"],
        pack=given["pack"],
        keep_photo=given["keep_photo"] and may(request, "change_product"),
    )
    said = _("%(quantity)d pieces of %(title)s were booked.")
    title = done.product.title(get_language()) if done.product else ""
    messages.success(request, said % {"quantity": done.quantity or 0, "title": title})


def _draft(request: HttpRequest, line: DeliveryLine) -> None:
    if not may(request, "add_product"):
        raise PermissionDenied
    made = confirming.draft(line, request.POST.get("title", ""), who(request), get_language() or "en")
    line.candidates = [{"product": made.pk, "how": "code", "grade": "", "pack": 1}, *line.candidates]
    line.save(update_fields=["candidates"])
    messages.success(request, _("The draft %(sku)s was made. Now confirm the line.") % {"sku": made.sku})


@staff("view_delivery", "book_delivery")
@require_POST
def close(request: HttpRequest, number: int) -> HttpResponseBase:
    """Nothing more comes with this delivery."""
    found = get_object_or_404(Delivery, pk=number)
    try:
        arriving.close(found, who(request))
    except BadInput as problem:
        messages.error(request, in_words(problem))
        return redirect(found)
    return redirect("catalog:receiving")


@staff("view_delivery")
@require_safe
def photo(request: HttpRequest, number: int) -> HttpResponseBase:
    """The photo of a line, for staff."""
    line = get_object_or_404(DeliveryLine, pk=number)
    if not line.picture:
        raise Http404
    try:
        response = FileResponse(line.picture.open(), content_type="image/jpeg")
    # A storage may raise anything.
    except Exception as problem:
        raise Http404 from problem
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response
