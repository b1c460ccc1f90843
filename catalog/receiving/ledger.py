"""Stock moves from one place to another, and never otherwise: double-entry by place.

A movement takes from one place what it gives to another. `Level` keeps the sum of each place, `Product.stock` that of all places
of the kind "stock"; all three are written in one transaction, under the lock of the product's row. Nothing is edited: a
mistake is reversed by one more movement. A product enters the ledger with its first movement; what it had then, and what an
import or the admin sets later, is noted as counted.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone

from catalog.models import Product
from catalog.receiving.kinds import PlaceKind, What
from catalog.receiving.models import Level, Movement, Place
from visual_search.errors import BadInput, said
from visual_search.models import chain
from visual_search.signals import objects_changed

_HASHED = (
    "number", "at", "actor", "what", "product_id", "sku", "source_id", "target_id", "quantity", "lot", "expiry",
    "reference", "key", "reverses_id",
)  # fmt: skip
SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Move:
    """What shall be moved. `key`: who books the same key twice gets the first movement."""

    product: int
    source: Place
    target: Place
    quantity: int
    what: What
    lot: str = ""
    expiry: datetime.date | None = None
    reference: str = ""
    key: str | None = None
    reverses: int | None = None


class NotEnough(BadInput):
    """A place has fewer than shall be taken from it."""

    code = "not_enough"


def place_of(kind: PlaceKind) -> Place:
    """The place of this kind; of stock the first one, where goods go unless somebody says otherwise."""
    found = Place.objects.filter(kind=kind).first()
    if found is not None:
        return found
    if kind is PlaceKind.STOCK:
        return Place.objects.create(name="Shop", kind=kind)
    return Place.objects.get_or_create(kind=kind)[0]


@transaction.atomic
def book(moves: Sequence[Move], actor: str) -> list[Movement]:
    """Book all of them or none, in the order given. Raises NotEnough, and BadInput for a product that is gone."""
    locked = _locked({move.product for move in moves})
    booked = []
    for move in moves:
        product = locked.get(move.product)
        if product is None:
            raise BadInput(said("This product isn't in the shop any more, so nothing was booked."), field="product")
        before = Movement.objects.filter(key=move.key).first() if move.key is not None else None
        booked.append(before or _append(product, move, actor))
    _tell(locked.values())
    return booked


@transaction.atomic
def reverse(number: int, actor: str) -> Movement:
    """Take a movement back, by one the other way. Raises BadInput where it was reversed already, or is a reversal itself."""
    row = Movement.objects.select_related("source", "target").filter(pk=number).first()
    if row is None:
        raise BadInput(said("There is no movement %(number)s.", number=number), field="movement")
    _locked({row.product_id})  # Of two that reverse it, the second one waits here.
    if row.reverses_id is not None or Movement.objects.filter(reverses=row).exists():
        raise BadInput(said("Movement %(number)s was undone already.", number=number), field="movement")
    back = Move(
        product=row.product_id,
        source=row.target,
        target=row.source,
        quantity=row.quantity,
        what=What.REVERSED,
        lot=row.lot,
        expiry=row.expires_on,
        reference=row.reference,
        reverses=row.number,
    )
    return book([back], actor)[0]


@transaction.atomic
def sell(product: Product, quantity: int, reference: str, actor: str = "shop") -> None:
    """Take so many of it from the places of stock, the first ones first. Raises NotEnough, and then nothing was taken."""
    _locked({product.pk})
    wanted, moves, customers = quantity, [], place_of(PlaceKind.CUSTOMERS)
    for level in _stocked(product.pk).filter(quantity__gt=0).select_related("place").order_by("place"):
        taken = min(wanted, level.quantity)
        if taken:
            moves.append(Move(product.pk, level.place, customers, taken, What.SOLD, reference=reference))
        wanted -= taken
    if wanted:
        raise NotEnough(said("Only %(stock)s of %(sku)s are there.", stock=quantity - wanted, sku=product.sku))
    book(moves, actor)


@transaction.atomic
def follow(product: int) -> None:
    """Note what was set outside of the ledger, if this product is in it."""
    if Level.objects.filter(product=product).exists():
        _locked({product})


def verify() -> str:
    """'' if the chain is whole, and each level and each stock is the sum of its movements; else what is wrong, for people."""
    return chain.verify(Movement, _HASHED) or next(iter(differences()), "")


def differences() -> list[str]:
    """Levels that aren't the sum of their movements, and stocks that aren't the sum of their levels. Empty where all is well."""
    sums: dict[tuple[int, int], int] = {}
    for column, sign in (("target_id", 1), ("source_id", -1)):
        rows = Movement.objects.order_by().values_list("product_id", column).annotate(Sum("quantity"))
        for product, place, total in rows:
            sums[product, place] = sums.get((product, place), 0) + sign * total
    wrong = []
    for product, place, kept in Level.objects.values_list("product_id", "place_id", "quantity"):
        if (summed := sums.get((product, place), 0)) != kept:
            wrong.append(said("Product %(product)s has %(kept)s in place %(place)s, but its movements give %(summed)s.",
                              product=product, kept=kept, place=place, summed=summed))  # fmt: skip
    stock = Sum("levels__quantity", filter=Q(levels__place__kind=PlaceKind.STOCK), default=0)
    known = Product.objects.filter(levels__isnull=False).annotate(summed=stock).exclude(stock=F("summed"))
    wrong += [
        said(
            "Product %(sku)s has the stock %(stock)s, but its places have %(summed)s.",
            sku=sku,
            stock=kept,
            summed=total,
        )
        for sku, kept, total in known.values_list("sku", "stock", "summed")
    ]
    return [str(one) for one in wrong]


def _locked(ids: Iterable[int]) -> dict[int, Product]:
    """These products, which nobody else books until the transaction ends. What was set outside of the ledger is noted first.

    In the same order everywhere, so that two bookings of the same products wait for each other and never deadlock.
    """
    rows = Product.objects.select_for_update().filter(pk__in=list(ids)).order_by("pk").only("sku", "stock")
    locked = {product.pk: product for product in rows}
    for product in locked.values():
        _note_drift(product)
    return locked


def _note_drift(product: Product) -> None:
    """What an import, the admin or other code has set becomes a movement between stock and counting."""
    drift = product.stock - (_stocked(product.pk).aggregate(total=Sum("quantity"))["total"] or 0)
    if not drift:
        return
    counting, what = place_of(PlaceKind.COUNTING), What.COUNTED
    if drift > 0:
        _append(product, Move(product.pk, counting, place_of(PlaceKind.STOCK), drift, what), SYSTEM)
        return
    for level in _stocked(product.pk).filter(quantity__gt=0).select_related("place").order_by("place"):
        taken = min(-drift, level.quantity)
        if taken:
            _append(product, Move(product.pk, level.place, counting, taken, what), SYSTEM)
        drift += taken


def _stocked(product: int) -> QuerySet[Level]:
    return Level.objects.filter(product=product, place__kind=PlaceKind.STOCK)


def _append(product: Product, move: Move, actor: str) -> Movement:
    if move.quantity < 1:
        raise BadInput(said("The quantity is %(quantity)s; book at least 1.", quantity=move.quantity), field="quantity")
    if move.source.kind == PlaceKind.STOCK:
        there = Level.objects.filter(product=product, place=move.source).values_list("quantity", flat=True).first() or 0
        if there < move.quantity:
            raise NotEnough(
                said(
                    "%(place)s has %(there)s of %(sku)s, so %(quantity)s can't be taken away. Count what is there first.",
                    place=move.source,
                    there=there,
                    sku=product.sku,
                    quantity=move.quantity,
                ),
                field="quantity",
            )
    row = chain.append(
        Movement,
        _HASHED,
        at=timezone.now().isoformat(timespec="seconds"),
        actor=actor[:160],
        what=str(move.what),
        product_id=product.pk,
        sku=product.sku,
        source_id=move.source.pk,
        target_id=move.target.pk,
        quantity=move.quantity,
        lot=move.lot,
        expiry=move.expiry.isoformat() if move.expiry else "",
        reference=move.reference[:80],
        key=move.key,
        reverses_id=move.reverses,
    )
    for place, change in ((move.source, -move.quantity), (move.target, move.quantity)):
        level, _ = Level.objects.get_or_create(product=product, place=place)
        Level.objects.filter(pk=level.pk).update(quantity=F("quantity") + change)
    return row


def _tell(products: Iterable[Product]) -> None:
    """Write the stock of these products, and tell search of those whose stock is another one now."""
    changed = []
    for product in products:
        total = _stocked(product.pk).aggregate(total=Sum("quantity"))["total"] or 0
        if total != product.stock:
            Product.objects.filter(pk=product.pk).update(stock=total, updated_at=timezone.now())
            changed.append(product.pk)
    if changed:
        # `update()` sends no signals.
        objects_changed.send(Product, ids=changed, deleted=False)
