"""A person says what a line is, and it becomes stock; the same person or another one takes that back."""

from __future__ import annotations

import datetime
import secrets

from django.db import transaction

from catalog.codes import why_no_gtin
from catalog.models import Product, ProductImage, ProductText, State
from catalog.receiving import events, ledger
from catalog.receiving.kinds import Decision, LineState, PlaceKind, What
from catalog.receiving.ledger import Move
from catalog.receiving.models import DeliveryLine, DeskEvent, SupplierCode
from catalog.search import Products
from visual_search.errors import BadInput, said

MOST_AT_ONCE = 100_000  # pieces; more is a slip of the finger


@transaction.atomic
def confirm(
    line: DeliveryLine,
    product: Product,
    quantity: int,
    actor: str,
    *,
    lot: str = "",
    expiry: datetime.date | None = None,
    learn: bool = True,
    pack: int = 1,
    keep_photo: bool = False,
) -> DeliveryLine:
    """Book the line: so many pieces of this product come from the supplier to the delivery's place. Returns the line as it is.

    Who confirms a line that is booked already changes nothing: of two at the same moment one books. `learn`: whether the line's
    code is the supplier's for this product from now on. `keep_photo`: whether its photo becomes a view to recognise by. Raises
    BadInput.
    """
    line = _locked(line)
    if line.state == LineState.BOOKED:
        return line
    if line.state == LineState.DISMISSED:
        raise BadInput(said("The line was dismissed meanwhile. Take it up again first."), field="line")
    if not 1 <= quantity <= MOST_AT_ONCE:
        raise BadInput(
            said("The quantity is %(quantity)s; book 1 to %(most)s pieces.", quantity=quantity, most=MOST_AT_ONCE),
            field="quantity",
        )
    move = Move(
        product.pk,
        ledger.place_of(PlaceKind.SUPPLIERS),
        line.delivery.place,
        quantity,
        What.RECEIVED,
        lot=lot,
        expiry=expiry,
        reference=f"delivery {line.delivery_id}, line {line.pk}",
        key=f"line {line.pk}.{line.attempt}",
    )
    line.movement = ledger.book([move], actor)[0].number
    line.state, line.product, line.quantity, line.lot, line.expiry = LineState.BOOKED, product, quantity, lot, expiry
    if keep_photo and line.picture:
        line.kept_photo = _kept(line, product)
    line.save()
    facts = {"line": line.pk, "product": product.sku, "quantity": quantity, "movement": line.movement}
    events.note(actor, Decision.BOOKED, line.delivery_id, facts)
    if learn:
        _learn(line, product, pack, actor)
    return line


@transaction.atomic
def undo(line: DeliveryLine, actor: str) -> DeliveryLine:
    """Take the booking back by a movement the other way, with what was learned by it. Returns the line, which waits again.

    Raises BadInput where it isn't booked, and NotEnough where the goods aren't there any more.
    """
    line = _locked(line)
    if line.state != LineState.BOOKED or line.movement is None:
        raise BadInput(said("The line isn't booked, so there is nothing to undo."), field="line")
    back = ledger.reverse(line.movement, actor)
    _forget(line, actor)
    if line.kept_photo is not None:
        line.kept_photo.delete()
        line.kept_photo = None
    facts = {"line": line.pk, "movement": line.movement, "by": back.number}
    line.state, line.movement, line.attempt = LineState.WAITING, None, line.attempt + 1
    line.save()
    events.note(actor, Decision.UNDONE, line.delivery_id, facts)
    return line


@transaction.atomic
def dismiss(line: DeliveryLine, actor: str) -> DeliveryLine:
    """This line brings nothing. Raises BadInput for one that is booked."""
    return _moved(line, LineState.WAITING, LineState.DISMISSED, Decision.DISMISSED, actor)


@transaction.atomic
def restore(line: DeliveryLine, actor: str) -> DeliveryLine:
    """Take a dismissed line up again. Raises BadInput."""
    return _moved(line, LineState.DISMISSED, LineState.WAITING, Decision.RESTORED, actor)


@transaction.atomic
def draft(line: DeliveryLine, title: str, actor: str, language: str = "en") -> Product:
    """What the shop doesn't know becomes a draft with the line's photo and code; the rest is written later. Raises BadInput."""
    title = title.strip()
    if not title:
        raise BadInput(said("Say what it is, in a few words."), field="title")
    product = Product.objects.create(sku=f"NEW-{line.pk}-{secrets.token_hex(2).upper()}", state=State.DRAFT)
    if line.code and why_no_gtin(line.code) is None:
        product.codes = [line.code]
        product.save()
    ProductText.objects.create(product=product, language=language, title=title[:300])
    if line.picture:
        with line.picture.open() as file:
            image = ProductImage(product=product, position=0)
            image.file.save("photo.jpg", file)
    events.note(actor, Decision.DRAFTED, line.delivery_id, {"line": line.pk, "product": product.sku})
    return product


def _moved(line: DeliveryLine, before: LineState, after: LineState, decision: Decision, actor: str) -> DeliveryLine:
    line = _locked(line)
    if line.state == after:
        return line
    if line.state != before:
        raise BadInput(said("The line is booked. Undo that first."), field="line")
    line.state = after
    line.save(update_fields=["state"])
    events.note(actor, decision, line.delivery_id, {"line": line.pk})
    return line


def _locked(line: DeliveryLine) -> DeliveryLine:
    """The line as it is now, which nobody else decides until the transaction ends."""
    return (
        DeliveryLine.objects.select_for_update(of=("self",))
        .select_related("delivery", "delivery__place")
        .get(pk=line.pk)
    )


def _kept(line: DeliveryLine, product: Product) -> ProductImage | None:
    with line.picture.open() as file:
        Products().keep_photo(product, file.read())
    return product.images.filter(role=ProductImage.Role.PHOTO).order_by("-pk").first()


def _learn(line: DeliveryLine, product: Product, pack: int, actor: str) -> None:
    """The supplier's code means this product from now on. The shop's own codes aren't learned."""
    supplier, code = line.delivery.supplier, line.code
    if supplier is None or not code or code.casefold() == product.sku.casefold() or code in product.codes:
        return
    known = SupplierCode.objects.filter(supplier=supplier, code=code).first()
    if known is not None and (known.product_id, known.pack_size) == (product.pk, pack):
        return
    before = known and {"product": known.product.sku, "pack": known.pack_size, "line": known.line_id}
    SupplierCode.objects.update_or_create(
        supplier=supplier, code=code, defaults={"product": product, "pack_size": max(1, pack), "line": line}
    )
    facts = {"code": code, "supplier": supplier.name, "product": product.sku, "pack": pack, "before": before}
    events.note(actor, Decision.LEARNED, line.delivery_id, facts)


def _forget(line: DeliveryLine, actor: str) -> None:
    """What this line taught is no longer known; what was known before it is known again."""
    for known in SupplierCode.objects.filter(line=line).select_related("supplier"):
        facts = {"code": known.code, "supplier": known.supplier.name}
        taught = DeskEvent.objects.filter(
            delivery=line.delivery_id, what=Decision.LEARNED, facts__code=known.code
        ).first()
        before = taught.facts["before"] if taught is not None else None
        product = Product.objects.filter(sku=before["product"]).first() if before else None
        if before and product is not None:
            known.product, known.pack_size, known.line_id = product, before["pack"], before["line"]
            known.save()
        else:
            known.delete()
        events.note(actor, Decision.FORGOTTEN, line.delivery_id, facts)
