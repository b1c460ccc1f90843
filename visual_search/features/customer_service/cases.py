"""A case from the shopper's click to its end: opened, answered, solved or closed; each change goes into the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import get_language

from visual_search.errors import BadInput, said
from visual_search.features.customer_service import dangers, ledger, photos, scopes
from visual_search.features.customer_service.kinds import CaseState, What
from visual_search.features.customer_service.models import MOST_WORDS, CasePhoto, CaseReply, ServiceCase


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What a shopper hands over. `photo`: a JPEG that they chose to send along."""

    words: str
    email: str
    product: str = ""
    shown: Sequence[int] = ()
    photo: bytes | None = None


@transaction.atomic
def open_case(given: HandedOver) -> ServiceCase:
    """Open the case. Nothing is sent here: mail and webhook follow, and are tried again, by `telling`."""
    language = get_language() or ""
    product = scopes.product(given.product, language)
    danger = dangers.warned(given.words, language)
    case = ServiceCase.objects.create(
        danger=danger.kind if danger else "",
        collection=product.collection if product else "",
        object_id=product.id if product else "",
        product=f"{product.title} ({product.sku})"[:300] if product else "",
        words=given.words[:MOST_WORDS],
        language=language,
        email=given.email,
        shown=list(given.shown),
    )
    if given.photo is not None:
        photos.add(case, given.photo)
    facts = {"danger": case.danger, "product": case.object_id, "shown": case.shown, "photo": given.photo is not None}
    ledger.note(ledger.SHOPPER, case, What.OPENED, facts)
    return case


@transaction.atomic
def move(case: ServiceCase, state: str, actor: str) -> None:
    """Give the case another status. Raises BadInput for one that there isn't, and where it has that status already."""
    case = ServiceCase.objects.select_for_update().get(pk=case.pk)
    if state not in CaseState.values:
        raise BadInput(said("There is no status '%(state)s'.", state=state[:40]), field="state")
    if state == case.state:
        raise BadInput(said("The case has this status already."), field="state")
    before, case.state = case.state, state
    case.save(update_fields=["state", "changed_at"])
    ledger.note(actor, case, What.MOVED, {"from": before, "to": state})


@transaction.atomic
def assign(case: ServiceCase, user: User | None, actor: str) -> None:
    """Give the case to a colleague, or to nobody."""
    before, after = case.assigned.pk if case.assigned else None, user.pk if user else None
    if before == after:
        return
    case.assigned = user
    case.save(update_fields=["assigned", "changed_at"])
    ledger.note(actor, case, What.ASSIGNED, {"from": before, "to": after})


@transaction.atomic
def reply(case: ServiceCase, text: str, actor: str) -> CaseReply:
    """Write a reply, which `telling` mails. Raises BadInput for an empty one, and where nobody can be written to any more."""
    text = text.strip()
    if not text:
        raise BadInput(said("Write a reply first."), field="text")
    if len(text) > MOST_WORDS:
        raise BadInput(
            said("The reply has %(count)s characters; %(most)s are sent at most.", count=len(text), most=MOST_WORDS),
            field="text",
        )
    if case.forgotten_at is not None:
        raise BadInput(said("The mail address of this case was deleted; nobody can be written to."), field="text")
    written = CaseReply.objects.create(case=case, text=text, actor=actor[:160])
    ledger.note(actor, case, What.REPLIED, {"reply": written.pk})
    if case.state == CaseState.NEW:
        move(case, CaseState.ANSWERED, actor)
    return written


@transaction.atomic
def withdraw_photo(case: ServiceCase) -> None:
    """The shopper takes the photo back; nothing happens where there is none."""
    photo = CasePhoto.objects.filter(case=case).first()
    if photo is not None:
        photos.destroy(photo, ledger.SHOPPER)
