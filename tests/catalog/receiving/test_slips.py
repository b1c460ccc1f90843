"""Packing slips from the file to lines: photographed and read for real, written as PDF, matched, and marked where in doubt."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from PIL import Image

from catalog.receiving import arriving, purchasing
from catalog.receiving.kinds import Doubt, Matched
from catalog.receiving.matching import Candidate
from catalog.receiving.measuring.drawing import Printed, drawn, photographed
from catalog.receiving.models import DeliveryLine, PackingSlip, PurchaseLine, PurchaseOrder, SupplierCode
from catalog.receiving.slips import pages
from catalog.receiving.slips.lines import Codes, meaning
from catalog.receiving.slips.tables import SlipRow
from tests.catalog.receiving import desk
from tests.search.shop import Shop
from visual_search.errors import BadInput

pytestmark = pytest.mark.django_db
ROWS = (("CHR-RED-01", "Red chair", 4), ("LMP-BRS-04", "Brass lamp", 99), ("MUG-BLK-05", "Black mug", 66))


def pdf(*rows: tuple[str, ...]) -> bytes:
    """A page of PDF with these cells, each written by itself, 120 points apart."""
    shown = "".join(
        f"BT /F1 10 Tf {40 + 120 * column} {760 - 20 * number} Td ({cell}) Tj ET\n"
        for number, row in enumerate(rows)
        for column, cell in enumerate(row)
    ).encode()
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(shown), shown),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    data, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return data + b"xref\n0 6\n0000000000 65535 f \n%strailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(data),
    )


def told(lines: list[DeliveryLine]) -> list[tuple[str, int | None, list[str]]]:
    return [(line.code, line.proposed, line.doubts) for line in lines]


def ordered(shop: Shop, *quantities: int) -> PurchaseOrder:
    order = PurchaseOrder.objects.create(supplier=desk.supplier())
    for (sku, _, _), quantity in zip(ROWS, quantities, strict=False):
        PurchaseLine.objects.create(order=order, product=shop.products[sku], sku=sku, quantity=quantity)
    return purchasing.place(order, {}, desk.CLERK)


@pytest.mark.slow
def test_a_photographed_slip_is_read_and_differences_to_the_order_are_marked(shop: Shop) -> None:
    pytest.importorskip("rapidocr", reason="the extra 'reading' reads slips")
    printed = [Printed(sku, title, quantity, quantity, Decimal("12.50")) for sku, title, quantity in ROWS]
    try:
        page = drawn(printed, "ruled", "en", seed=1)
    except BadInput as problem:
        pytest.skip(str(problem))
    buffer = io.BytesIO()
    photographed(page, 1).save(buffer, "JPEG", quality=90)
    delivery = desk.delivery(order=ordered(shop, 4, 96))
    lines = arriving.take_slip(delivery, buffer.getvalue(), "slip.jpg", desk.CLERK)
    assert told(lines) == [
        ("CHR-RED-01", 4, []),
        ("LMP-BRS-04", 99, [Doubt.ORDER]),
        ("MUG-BLK-05", 66, [Doubt.NOT_ORDERED]),
    ]
    assert [line.candidates[0]["product"] for line in lines] == [shop.products[sku].pk for sku, _, _ in ROWS]


def test_a_pdf_is_taken_as_it_is_written(shop: Shop) -> None:
    pytest.importorskip("pypdf", reason="the extra 'demo' brings pypdf")
    data = pdf(("Item no.", "Description", "Qty"), *((sku, title, str(quantity)) for sku, title, quantity in ROWS))
    delivery = desk.delivery(desk.supplier())
    lines = arriving.take_slip(delivery, data, "slip.pdf", desk.CLERK)
    assert told(lines) == [(sku, quantity, []) for sku, _, quantity in ROWS]
    with pytest.raises(BadInput, match="in the delivery already"):
        arriving.take_slip(delivery, data, "slip.pdf", desk.CLERK)
    assert PackingSlip.objects.count() == 1


@pytest.mark.parametrize("data", [b"%PDF-1.4 broken", b"%PDF-1.4\n" + bytes(200)])
def test_a_broken_pdf_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(BadInput, match="PDF"):
        arriving.take_slip(desk.delivery(), data, "slip.pdf", desk.CLERK)
    assert not PackingSlip.objects.exists()


@pytest.mark.parametrize(
    ("limit", "value"), [("MOST_SECONDS", 1), ("MOST_MEMORY", 120_000_000)], ids=["time", "memory"]
)
def test_a_pdf_that_asks_for_too_much_is_ended(monkeypatch: pytest.MonkeyPatch, limit: str, value: int) -> None:
    pytest.importorskip("pypdf", reason="the extra 'demo' brings pypdf")
    monkeypatch.setattr(pages, limit, value)
    data = pdf(*([("x",)] * 400_000))
    with pytest.raises(BadInput, match="too much memory or time"):
        arriving.take_slip(desk.delivery(), data, "slip.pdf", desk.CLERK)
    assert not PackingSlip.objects.exists()


def test_a_pdf_of_too_many_pages_or_scans_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pypdf", reason="the extra 'demo' brings pypdf")
    scan = io.BytesIO()
    Image.new("RGB", (60, 80), "white").save(scan, "PDF", save_all=True, append_images=[Image.new("RGB", (60, 80))] * 5)
    with pytest.raises(BadInput, match="has 6 scanned pages; send at most 5"):
        arriving.take_slip(desk.delivery(), scan.getvalue(), "slip.pdf", desk.CLERK)
    monkeypatch.setattr(pages, "MOST_PAGES", 5)
    with pytest.raises(BadInput, match="has 6 pages; send at most 5"):
        arriving.take_slip(desk.delivery(), scan.getvalue(), "slip.pdf", desk.CLERK)


def test_a_pdf_without_rows_says_what_helps() -> None:
    pytest.importorskip("pypdf", reason="the extra 'demo' brings pypdf")
    with pytest.raises(BadInput, match=r"No lines with amounts were found on letter\.pdf"):
        arriving.take_slip(
            desk.delivery(), pdf(("We regret that nothing was in stock this week.",)), "letter.pdf", desk.CLERK
        )


def codes() -> Codes:
    known = (
        (1, "CHR-RED-01", ["4006381333931"], Decimal(49)),
        (2, "LMP-BRS-04", [], Decimal(89)),
        (3, "LMP-BRS-05", [], None),
    )
    titles = {1: "Red chair", 2: "Brass lamp", 3: "Steel lamp"}
    return Codes(
        known,
        [("OAK-1", 1, 6)],
        lambda products: [(product, titles[product]) for product in products],
        lambda words: [Candidate(1, Matched.WORDS), Candidate(2, Matched.WORDS)],
    )


def row(code: str = "", words: str = "", quantity: int | None = 1, **more: object) -> SlipRow:
    return SlipRow(code, words=words, quantity=quantity, **{"sure_of_quantity": 1.0, "sure_of_code": 1.0, **more})


@pytest.mark.parametrize(
    ("given", "products", "how"),
    [
        (row("chr-red-01"), [1], Matched.CODE),
        (row("04006381333931"), [1], Matched.CODE),
        (row("oak-1"), [1], Matched.SUPPLIER_CODE),
        (row("LMP-BR5-O4", "Brass lamp"), [2, 3], Matched.NEAR_CODE),
        (row("LMP-BRS-O5", "Steel lamp, large"), [3], Matched.NEAR_CODE),
        (row(words="a chair"), [1, 2], Matched.WORDS),
        (row(words="a lamp", price=Decimal(89)), [2, 1], Matched.WORDS),
    ],
)
def test_matching(given: SlipRow, products: list[int], how: Matched) -> None:
    found = meaning(given, codes(), {}).candidates
    assert [one.product for one in found][: len(products)] == products
    assert found[0].how == how


@pytest.mark.parametrize(
    ("given", "ordered", "doubts"),
    [
        (row("CHR-RED-01", quantity=4), {1: 4}, []),
        (row("CHR-RED-01", quantity=4), {1: 5}, [Doubt.ORDER]),
        (row("CHR-RED-01", quantity=4), {2: 4}, [Doubt.NOT_ORDERED]),
        (row("OAK-1", quantity=2), {1: 12}, []),  # packs of six
        (row("CHR-RED-01", quantity=None), {}, [Doubt.UNREAD]),
        (row("CHR-RED-01", sure_of_quantity=0.6), {}, [Doubt.UNSURE]),
        (row("CHR-RED-O1", "Red chair"), {}, [Doubt.CODE]),
        (row("CHR-RED-01", quantity=66, price=Decimal("1.50"), sum=Decimal("148.50")), {}, [Doubt.SUM]),
        (row("CHR-RED-01", quantity=99, price=Decimal("1.50"), sum=Decimal("148.50")), {}, []),
    ],
)
def test_doubts(given: SlipRow, ordered: dict[int, int], doubts: list[Doubt]) -> None:
    assert list(meaning(given, codes(), ordered).doubts) == doubts


def test_the_supplier_s_pack_is_proposed_in_the_form(shop: Shop) -> None:
    oak, chair = desk.supplier(), shop.products["CHR-RED-01"]
    SupplierCode.objects.create(supplier=oak, code="OAK-9", product=chair, pack_size=6)
    found = meaning(row("OAK-9", quantity=2), Codes.of(desk.delivery(oak)), {}).candidates
    assert found[0] == Candidate(chair.pk, Matched.SUPPLIER_CODE, pack=6)
