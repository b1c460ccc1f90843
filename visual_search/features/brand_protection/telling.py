"""Tells a brand's own people of new cases: at once, or as one mail a day; and their programs, by a webhook.

Nothing here goes to a seller. What couldn't be sent is tried again at the next run.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence

from django.conf import settings
from django.core.mail import BadHeaderError, EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from visual_search import webhooks
from visual_search.errors import BadInput
from visual_search.features.brand_protection import ledger
from visual_search.features.brand_protection.kinds import State, What
from visual_search.features.brand_protection.models import Brand, BrandCase
from visual_search.features.brand_protection.options import options
from visual_search.features.brand_protection.signs import lines

logger = logging.getLogger(__name__)
MOST_IN_MAIL = 50


def receiver(brand: Brand) -> str:
    """What the secret of the brand's webhook is made for."""
    return f"brand webhook {brand.pk}"


def tell_at_once() -> int:
    """Tell of each new case the brands that want it at once; returns how many messages went out."""
    count = 0
    for brand in Brand.objects.filter(active=True).exclude(at_once=False, webhook_url=""):
        if brand.webhook_url:
            count += sum(
                _done([case], "posted_at", "webhook") for case in _new(brand, "posted_at") if _posted(brand, case)
            )
        if brand.at_once and lines(brand.recipients):
            count += sum(_done([case], "told_at", "mail") for case in _new(brand, "told_at") if _mailed(brand, [case]))
    return count


def tell() -> int:
    """Mail each brand all its new cases in one mail, too; returns how many messages went out."""
    count = tell_at_once()
    for brand in Brand.objects.filter(active=True):
        cases = _new(brand, "told_at")
        if cases and lines(brand.recipients) and _mailed(brand, cases):
            count += _done(cases, "told_at", "mail")
    return count


def _new(brand: Brand, told: str) -> list[BrandCase]:
    cases = BrandCase.objects.filter(brand=brand, state__in=(State.NEW, State.WATCHED), **{told: None})
    return list(cases.select_related("listing").prefetch_related("matches").order_by("pk"))


def _done(cases: Sequence[BrandCase], told: str, way: str) -> int:
    for case in cases:
        setattr(case, told, timezone.now())
        case.save(update_fields=[told])
        ledger.note(ledger.SYSTEM, case.pk, What.TOLD, {"by": way})
    return 1


def _mailed(brand: Brand, cases: Sequence[BrandCase]) -> bool:
    with translation.override(brand.language or settings.LANGUAGE_CODE):
        subject = _("%(brand)s: %(count)s new cases") % {"brand": brand.name, "count": len(cases)}
        context = {"brand": brand, "cases": cases[:MOST_IN_MAIL], "left_out": max(0, len(cases) - MOST_IN_MAIL)}
        text, html = (
            render_to_string(f"visual_search_brand_protection/told.{kind}", {**context, "subject": subject})
            for kind in ("txt", "html")
        )
    try:
        # Each gets a mail of their own, so that nobody reads who else gets it.
        for one in lines(brand.recipients):
            message = EmailMultiAlternatives(subject, text, to=[one])
            message.attach_alternative(html, "text/html")
            message.send()
    except (OSError, BadHeaderError) as problem:
        logger.warning("The mail to brand %s can't be sent (%s); it is tried again.", brand.pk, problem)
        return False
    return True


def _posted(brand: Brand, case: BrandCase) -> bool:
    body = json.dumps(
        {
            "type": "brand_case.opened",
            "timestamp": case.opened_at.isoformat(),
            "data": {
                "case": case.pk,
                "brand": brand.name,
                "sureness": round(case.sureness, 3),
                "listing": {
                    "url": case.listing.url,
                    "seller": case.listing.seller,
                    "title": case.listing.title,
                    "price": None if case.listing.price is None else str(case.listing.price),
                    "currency": case.listing.currency,
                    "sha256": case.evidence_sha256,
                },
                "found": [{"kind": match.kind, "sureness": round(match.score, 3)} for match in case.matches.all()],
            },
        },
        ensure_ascii=False,
    ).encode()
    try:
        status = webhooks.send(
            brand.webhook_url,
            body,
            # The same id at each try, so that a receiver tells a second try from a second case.
            id=f"case_{case.pk}",
            secret=webhooks.secret_of(settings.SECRET_KEY, receiver(brand)),
            insecure=options().insecure_webhooks,
        )
    except (OSError, BadInput) as problem:
        logger.warning("The webhook of brand %s can't be told (%s); it is tried again.", brand.pk, problem)
        return False
    if not 200 <= status < 300:
        logger.warning("The webhook of brand %s answered %s; it is told again.", brand.pk, status)
        return False
    return True
