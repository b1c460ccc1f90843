"""A notice to a seller or a platform, as Article 16 of the Digital Services Act (Regulation (EU) 2022/2065) wants it:

why the offer is thought to be illegal, its exact address, name and mail of whoever says so, and that it is said in good faith. It
is written from a template in the chosen language, and sent by a person's click or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core.mail import BadHeaderError, EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from visual_search.errors import BadInput, said
from visual_search.features.brand_protection import cases, ledger
from visual_search.features.brand_protection.kinds import State, What
from visual_search.features.brand_protection.models import BrandCase, Notice


@dataclass(frozen=True, slots=True)
class Signed:
    """Who sends a notice."""

    name: str
    mail: str


def draft(case: BrandCase, language: str, signed: Signed) -> tuple[str, str]:
    """Subject and text in this language; the person who sends it may change both."""
    with translation.override(language):
        subject = _("Notice about your offer: %(title)s") % {"title": (case.listing.title or case.listing.key)[:120]}
        context = {"case": case, "listing": case.listing, "matches": case.matches.all(), "signed": signed}
        return subject, render_to_string("visual_search_brand_protection/notice.txt", context).strip()


@transaction.atomic
def send(
    case: BrandCase, *, language: str, recipient: str, subject: str, body: str, signed: Signed, actor: str
) -> Notice:
    """Mail it, with the mail of whoever signs for answers; the case has the status "notice sent" from now on.

    Raises BadInput where it lacks what the law wants of a notice, and where the mail can't be sent.
    """
    if not case.listing.url:
        raise BadInput(said("The listing has no address, and a notice must name it."), field="url")
    for field, value, what in (
        ("body", case.listing.url, said("the address of the offer")),
        ("body", signed.name, said("your name")),
        ("body", signed.mail, said("your mail address")),
    ):
        if not value or value not in body:
            raise BadInput(said("The text lacks %(what)s: %(value)s", what=what, value=value or "–"), field=field)
    notice = Notice.objects.create(
        case=case, language=language, recipient=recipient, subject=subject, body=body, sender=actor[:160]
    )
    ledger.note(actor, case.pk, What.SENT, {"to": recipient, "language": language, "notice": notice.pk})
    if case.state != State.SENT:
        cases.move(case, State.SENT, actor)
    try:
        # Last, so that nothing is sent of which the shop has no note.
        EmailMessage(subject, body, to=[recipient], reply_to=[signed.mail]).send()
    except (OSError, BadHeaderError, ValueError) as problem:
        raise BadInput(said("The mail can't be sent: %(reason)s", reason=str(problem)[:200])) from problem
    return notice


def languages() -> list[tuple[str, str]]:
    """Those of the shop's pages, by their own names."""
    return [(code, str(name)) for code, name in settings.LANGUAGES]
