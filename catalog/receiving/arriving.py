"""What comes in becomes lines of a delivery, each with the products that it may be, also while search is down."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence

from django.core.files.base import ContentFile
from django.db import transaction
from PIL import Image

from catalog.files import limits
from catalog.models import ProductImage
from catalog.receiving import events, files, gs1, matching
from catalog.receiving.differences import ordered
from catalog.receiving.kinds import Decision, DeliveryState, LineState, Origin, PlaceKind
from catalog.receiving.ledger import place_of
from catalog.receiving.matching import Candidate
from catalog.receiving.models import (
    LONGEST_CODE,
    LONGEST_LOT,
    Delivery,
    DeliveryLine,
    PackingSlip,
    Place,
    PurchaseOrder,
    Supplier,
)
from catalog.receiving.slips.lines import Codes, meaning
from catalog.receiving.slips.pages import print_of
from catalog.receiving.slips.tables import rows_of
from visual_search.errors import BadInput, PictureRefused, VisualSearchError, said
from visual_search.imaging.counting import count
from visual_search.imaging.decode import decode
from visual_search.imaging.documents import scanned

logger = logging.getLogger(__name__)

LOOKED_SIDE = 2048  # px; bars of a code are lost at less


@transaction.atomic
def open_delivery(
    actor: str, *, supplier: Supplier | None = None, order: PurchaseOrder | None = None, place: Place | None = None
) -> Delivery:
    """A new delivery: of an order, or unplanned."""
    if order is not None:
        supplier = order.supplier
    place = place or place_of(PlaceKind.STOCK)
    delivery = Delivery.objects.create(supplier=supplier, order=order, place=place)
    events.note(actor, Decision.OPENED, delivery.pk, {"supplier": str(supplier or ""), "order": order and order.pk})
    return delivery


@transaction.atomic
def close(delivery: Delivery, actor: str) -> None:
    """Nothing more comes. Raises BadInput as long as lines wait."""
    waiting = delivery.lines.filter(state=LineState.WAITING).count()
    if waiting:
        raise BadInput(said("%(count)s lines still wait. Confirm or dismiss them first.", count=waiting))
    Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.CLOSED)
    delivery.state = DeliveryState.CLOSED
    events.note(actor, Decision.CLOSED, delivery.pk)


def take_photo(delivery: Delivery, data: bytes, name: str, actor: str) -> DeliveryLine:
    """A photo of goods becomes a line. Raises PictureRefused."""
    image = files.opened(data, name, LOOKED_SIDE)
    line = DeliveryLine(delivery=delivery, origin=Origin.PHOTO)
    _look(line, image)
    return _added(line, actor, image)


def take_code(delivery: Delivery, text: str, actor: str) -> DeliveryLine:
    """A code that was typed or scanned becomes a line. Raises BadInput."""
    if not text.strip():
        raise BadInput(said("Type or scan a code."), field="code")
    if len(text) > 10 * LONGEST_CODE:
        raise BadInput(said("The code has %(length)s characters; that is no code.", length=len(text)), field="code")
    line = DeliveryLine(delivery=delivery, origin=Origin.CODE, proposed=1)
    found = _told(line, [text])
    if not found:
        found = _asked(line, lambda: matching.by_words(text))
    line.candidates = [one.kept() for one in found]
    return _added(line, actor)


def take_slip(delivery: Delivery, data: bytes, name: str, actor: str) -> list[DeliveryLine]:
    """A packing slip, PDF or photo, becomes lines. Raises BadInput, PictureRefused, ReaderUnavailable.

    The same file once more brings nothing: it is there already.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    if delivery.slips.filter(sha256=sha256).exists():
        raise BadInput(said("This packing slip is in the delivery already."), field="slip")
    codes = Codes.of(delivery)
    rows = [row for page in print_of(data, name) for row in rows_of(page, codes.knows)]
    if not rows:
        raise BadInput(
            said(
                "No lines with amounts were found on %(name)s. Photograph it from above, in good light.", name=name[:80]
            ),
            field="slip",
        )
    wanted = ordered(delivery)
    meant = [meaning(row, codes, wanted) for row in rows]
    with transaction.atomic():
        slip = PackingSlip(delivery=delivery, sha256=sha256)
        slip.file.save("slip.pdf" if data.lstrip().startswith(b"%PDF") else "slip.jpg", ContentFile(data))
        return [
            _added(
                DeliveryLine(
                    delivery=delivery,
                    origin=Origin.SLIP,
                    slip=slip,
                    code=(row.code or row.other_code)[:LONGEST_CODE],
                    words=row.words[:300],
                    price=row.price,
                    proposed=row.quantity,
                    doubts=[str(doubt) for doubt in found.doubts],
                    candidates=[one.kept() for one in found.candidates],
                ),
                actor,
            )
            for row, found in zip(rows, meant, strict=True)
        ]


def look_again(line: DeliveryLine) -> None:
    """Propose anew, such as after search was down, or once more products are in the index."""
    line.trouble = ""
    if line.picture:
        with line.picture.open() as file:
            _look(line, files.opened(file.read(), str(line.picture.name), LOOKED_SIDE))
    else:
        found = matching.by_code(line.code, line.delivery.supplier) or _asked(
            line, lambda: matching.by_words(line.words or line.code)
        )
        line.candidates = [one.kept() for one in found]
    # Somebody may have booked the line meanwhile, so nothing else of it is written.
    line.save(update_fields=["code", "words", "lot", "expiry", "proposed", "candidates", "trouble"])


def _look(line: DeliveryLine, image: Image.Image) -> None:
    found = _told(line, scanned(image))

    def looked() -> list[Candidate]:
        seen = matching.by_photo(image)
        line.words = seen.words[:300]
        return list(seen.candidates)

    found = matching.distinct([*found, *_asked(line, looked)])
    line.candidates = [one.kept() for one in found]
    if line.proposed is None and found:
        line.proposed = max(1, _counted(image, found[0]))


def _told(line: DeliveryLine, texts: Sequence[str]) -> list[Candidate]:
    """What codes say: article, lot, expiry, count. The line keeps it; products that bear a code are returned."""
    found: list[Candidate] = []
    for text in texts:
        code = gs1.read(text)
        line.code = line.code or code.code[:LONGEST_CODE]
        line.lot = line.lot or code.lot[:LONGEST_LOT]
        line.expiry = line.expiry or code.expiry
        line.proposed = line.proposed if code.count is None else code.count
        found += matching.by_code(code.code[:LONGEST_CODE], line.delivery.supplier)
    return matching.distinct(found)


def _asked(line: DeliveryLine, ask: Callable[[], list[Candidate]]) -> list[Candidate]:
    """What search answers; [] with the trouble noted where it can't."""
    try:
        return ask()
    except PictureRefused as problem:
        line.trouble = str(problem)[:300]
    except VisualSearchError as problem:
        logger.warning("Nothing is proposed for a line of delivery %s: %s", line.delivery_id, problem)
        line.trouble = str(problem)[:300]
    return []


def _counted(image: Image.Image, candidate: Candidate) -> int:
    """How many of it stand in the photo, by the picture of it that is told best; 0 where that can't be told."""
    best = 0
    for row in ProductImage.objects.filter(product=candidate.product).exclude(file="")[:2]:
        try:
            picture = decode(row.read(), **limits(), name=str(row))
        # A storage may raise anything, and the count is only a proposal.
        except Exception:
            logger.exception("Picture %s can't be compared.", row.pk)
            continue
        best = max(best, count(image, picture))
    return best


@transaction.atomic
def _added(line: DeliveryLine, actor: str, image: Image.Image | None = None) -> DeliveryLine:
    if line.delivery.state != DeliveryState.OPEN:
        raise BadInput(said("Delivery %(number)s is closed. Open another one.", number=line.delivery_id))
    if image is not None:
        content = files.kept(image)
        line.picture.save(str(content.name), content, save=False)
    line.save()
    events.note(
        actor, Decision.ADDED, line.delivery_id, {"line": line.pk, "origin": str(line.origin), "code": line.code}
    )
    return line
