"""Tells the help desk of new cases by mail and webhook, and mails replies to shoppers.

What couldn't be sent is marked nowhere as sent, so the next run tries it again: nothing is lost while mail is down.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar
from uuid import uuid4

from django.conf import settings
from django.core.mail import BadHeaderError, EmailMultiAlternatives
from django.db.models import Model, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from visual_search import webhooks
from visual_search.errors import BadInput
from visual_search.features.customer_service import ledger
from visual_search.features.customer_service.kinds import What
from visual_search.features.customer_service.models import CaseReply, ServiceCase
from visual_search.features.customer_service.options import options
from visual_search.models import Turn

logger = logging.getLogger(__name__)
Row = TypeVar("Row", bound=Model)
RECEIVER = "customer service webhook"  # what its secret is made for
_TURN, _LASTS = "tell the help desk", timedelta(minutes=10)  # longer than many mails take whose server is slow
_LABEL = "visual_search_customer_service"


def tell() -> int:
    """Send all that waits; returns how many messages went out. A message that fails holds up no other; one process at a time."""
    owner = str(uuid4())
    if not Turn.objects.all().take(_TURN, owner, _LASTS):
        return 0
    try:
        return _told()
    finally:
        Turn.objects.all().give_back(_TURN, owner)


def waits() -> bool:
    """Whether something is to be sent."""
    replies = CaseReply.objects.filter(sent_at=None)
    mails = options().recipients and _waiting("mailed_at").exists()
    return bool(mails or (options().webhook_url and _waiting("posted_at").exists()) or replies.exists())


def _told() -> int:
    sent = 0
    if options().recipients:
        sent += _each(_waiting("mailed_at"), _mail_desk)
    if options().webhook_url:
        sent += _each(_waiting("posted_at"), _post)
    return sent + _each(CaseReply.objects.filter(sent_at=None).select_related("case").order_by("pk"), _mail_reply)


def secret() -> str:
    """The secret of the webhook, for whoever checks its signatures."""
    return webhooks.secret_of(settings.SECRET_KEY, RECEIVER)


def _waiting(told: str) -> QuerySet[ServiceCase]:
    return ServiceCase.objects.filter(forgotten_at=None, **{told: None}).order_by("pk")


def _each(rows: QuerySet[Row], send: Callable[[Row], None]) -> int:
    sent = 0
    for row in rows:
        try:
            send(row)
        except (OSError, BadInput, BadHeaderError, ValueError) as problem:
            # The message of the problem may name the shopper's address, so the log has its kind alone.
            kind = type(problem).__name__
            logger.warning("%s %s can't be sent (%s); it is tried again.", row._meta.verbose_name, row.pk, kind)
        else:
            sent += 1
    return sent


def _mail_desk(case: ServiceCase) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        subject = _("Case %(number)s: %(product)s") % {"number": case.pk, "product": case.product or _("no product")}
        if case.danger:
            subject = f"{_('Danger')} – {subject}"
        parts = _rendered("desk", {"case": case, "subject": subject, "address": _admin_address(case)})
    for one in options().recipients:
        # The shopper's address is no sender of the shop's; an answer to the mail goes there all the same.
        _send(subject, parts, to=one, reply_to=case.email)
    _done(case, "mailed_at", "mail")


def _mail_reply(reply: CaseReply) -> None:
    case = reply.case
    if case.forgotten_at is None:
        with translation.override(case.language or settings.LANGUAGE_CODE):
            subject = _("Your case %(number)s: %(product)s") % {"number": case.pk, "product": case.product}
            parts = _rendered("reply", {"case": case, "reply": reply, "subject": subject.rstrip(": ")})
        _send(subject.rstrip(": "), parts, to=case.email, reply_to=next(iter(options().recipients), ""))
    reply.sent_at = timezone.now()
    reply.save(update_fields=["sent_at"])


def _post(case: ServiceCase) -> None:
    body = {
        "type": "service_case.opened",
        "timestamp": case.opened_at.isoformat(),
        "data": {
            "case": case.pk,
            "danger": case.danger or None,
            "product": {"id": case.object_id, "name": case.product} if case.object_id else None,
            "words": case.words,
            "language": case.language,
            "email": case.email,
            "shown": case.shown,
            "url": _admin_address(case),
        },
    }
    status = webhooks.send(
        options().webhook_url,
        json.dumps(body, ensure_ascii=False).encode(),
        # The same id at each try, so that a receiver tells a second try from a second case.
        id=f"service_case_{case.pk}",
        secret=secret(),
        insecure=options().insecure_webhooks,
    )
    if not 200 <= status < 300:
        raise OSError(f"the webhook answered {status}")
    _done(case, "posted_at", "webhook")


def _done(case: ServiceCase, told: str, way: str) -> None:
    setattr(case, told, timezone.now())
    case.save(update_fields=[told])
    ledger.note(ledger.SYSTEM, case, What.TOLD, {"by": way})


def _rendered(name: str, context: dict[str, object]) -> tuple[str, str]:
    text, html = (render_to_string(f"{_LABEL}/mails/{name}.{kind}", context) for kind in ("txt", "html"))
    return text, html


def _send(subject: str, parts: tuple[str, str], *, to: str, reply_to: str) -> None:
    message = EmailMultiAlternatives(
        " ".join(subject.split()), parts[0], to=[to], reply_to=[reply_to] if reply_to else []
    )
    message.attach_alternative(parts[1], "text/html")
    message.send()


def _admin_address(case: ServiceCase) -> str:
    return options().site.rstrip("/") + reverse(f"admin:{_LABEL}_servicecase_change", args=[case.pk])
