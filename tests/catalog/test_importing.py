from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from catalog.importing import Catalogue, ImportRefused, import_rows
from catalog.models import Product, ProductImage
from tests.catalog.conftest import picture
from visual_search.models import IndexEntry

pytestmark = pytest.mark.django_db
Write = Callable[..., Path]


def run(folder: Path, **options: object):
    catalogue = Catalogue.read(folder)
    return import_rows(catalogue, catalogue.rows, **options)


def files(settings) -> list[str]:
    return sorted(path.name for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file())


def test_a_row_becomes_a_product_with_pictures_and_texts(catalogue: Write) -> None:
    folder = catalogue(
        {"sku": "A-1", "title": "Red chair", "category": "Home > Office", "brand": "Acme", "color": "red", "price": "12.50", "currency": "EUR", "image": "images/a.jpg", "extra_images": "images/b.jpg|images/c.jpg", "attributes": '{"width": "60"}', "gtin": "4006381333931", "stock": "3"},
        translations=({"sku": "A-1", "lang": "zh-CN", "title": "红色椅子", "description": ""}, {"sku": "A-1", "lang": "de", "title": "Roter Stuhl", "description": "Bequem."}),
    )  # fmt: skip
    summary = run(folder)
    assert (summary.created, summary.faults) == (1, [])
    product = Product.objects.get()
    assert (product.state, product.stock, product.price_text) == ("published", 3, "12.50 EUR")
    assert (product.category, product.brand, product.colour) == ("Home > Office", "Acme", "red")
    assert product.codes == ["4006381333931"]
    assert {text.language: text.title for text in product.texts.all()} == {
        "en": "Red chair",
        "zh": "红色椅子",
        "de": "Roter Stuhl",
    }
    assert [(image.position, image.role, image.width) for image in product.images.all()] == [
        (0, "main", 64),
        (1, "view", 64),
        (2, "view", 64),
    ]
    assert IndexEntry.objects.filter(collection="products", object_id=str(product.pk)).exists()


def test_running_again_changes_only_what_changed(catalogue: Write) -> None:
    folder = catalogue({"sku": "A", "image": "images/a.jpg"}, {"sku": "B", "image": "images/b.jpg"})
    run(folder)
    before = {product.sku: product.updated_at for product in Product.objects.all()}
    assert run(folder).unchanged == 2
    (folder / "images/b.jpg").write_bytes(picture("blue"))
    summary = run(folder)
    assert (summary.created, summary.changed, summary.unchanged) == (0, 1, 1)
    after = {product.sku: product.updated_at for product in Product.objects.all()}
    assert after["A"] == before["A"]
    assert after["B"] > before["B"]
    assert Product.objects.get(sku="B").images.get().read() == picture("blue")


@pytest.mark.django_db(transaction=True)
def test_replaced_pictures_leave_no_file_behind(catalogue: Write, settings) -> None:
    folder = catalogue({"sku": "A", "image": "images/a.jpg", "extra_images": "images/b.jpg"})
    run(folder)
    assert len(files(settings)) == 2
    (folder / "images/a.jpg").write_bytes(picture("blue"))
    run(folder)
    assert len(files(settings)) == 2


def test_an_interrupted_import_goes_on(catalogue: Write) -> None:
    folder = catalogue(*[{"sku": f"S{n}"} for n in range(5)])
    calls: list[int] = []

    def stop_after_three() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(folder, advanced=stop_after_three)
    assert Product.objects.count() == 3
    summary = run(folder)
    assert (summary.created, summary.unchanged) == (2, 3)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"price": "12,50"}, "'12,50'"),
        ({"price": "-3"}, "'-3'"),
        ({"stock": "many"}, "'many'"),
        ({"attributes": "{"}, "JSON"),
        ({"attributes": "[]"}, "object"),
        ({"gtin": "4006381333932"}, "check digit is 1"),
        ({"currency": "Euro"}, "currency"),
        ({"sku": "a b"}, "sku"),
        ({"title": ""}, "title"),
        ({"title": "x" * 400}, "300"),
        ({"image": "images/nowhere/x.jpg"}, "nowhere"),
        ({"image": "../../secret.jpg"}, "outside"),
    ],
)
def test_a_faulty_row_is_named_and_the_others_go_on(
    catalogue: Write, settings, row: dict[str, str], reason: str
) -> None:
    picture_name = row.pop("image", None)
    folder = catalogue({"sku": "A"}, {"sku": "B", "image": "images/b.jpg", **row}, {"sku": "C"})
    if picture_name:
        text = (folder / "products.csv").read_text().replace("images/b.jpg", picture_name)
        (folder / "products.csv").write_text(text)
    summary = run(folder)
    assert [product.sku for product in Product.objects.all()] == ["A", "C"]
    (fault,) = summary.faults
    assert (fault.file, fault.line) == ("products.csv", 3)
    assert reason in str(fault)
    assert files(settings) == []


def test_a_broken_second_picture_leaves_nothing_half_written(catalogue: Write, settings) -> None:
    folder = catalogue({"sku": "A", "image": "images/a.jpg", "extra_images": "images/b.jpg"})
    (folder / "images/b.jpg").write_bytes(picture()[:200])
    summary = run(folder)
    assert "b.jpg" in str(summary.faults[0])
    assert Product.objects.count() == 0
    assert ProductImage.objects.count() == 0
    assert files(settings) == []


def test_variants_share_a_head(catalogue: Write) -> None:
    folder = catalogue(
        {"sku": "C1", "parent_sku": "head"},
        {"sku": "V1", "parent_sku": "nobody"},
        {"sku": "V2", "parent_sku": "nobody"},
        {"sku": "head"},
    )
    assert run(folder).faults == []
    parents = {product.sku: product.parent and product.parent.sku for product in Product.objects.all()}
    assert parents == {"head": None, "C1": "head", "V1": None, "V2": "V1"}


def test_a_dry_run_writes_nothing(catalogue: Write, settings) -> None:
    folder = catalogue({"sku": "A", "image": "images/a.jpg"}, {"sku": "B", "price": "x"})
    summary = run(folder, dry_run=True)
    assert (summary.created, len(summary.faults)) == (1, 1)
    assert Product.objects.count() == 0
    assert files(settings) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"sku,name\nA,Chair\n", "'title'"),
        (b"sku,title\nA,St\xfchl\n", "line 2.*UTF-8"),
        (b"sku,title\nA\n", "line 2.*fields"),
        (b"sku,title\nA,Chair\nA,Sofa\n", "line 3.*'A'.*line 2"),
        (b'sku,title\nA,"Chair\n', "quotation mark"),
        (b"", "'sku', 'title'"),
    ],
)
def test_a_file_that_is_wrong_as_a_whole_is_refused_before_anything_is_written(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "products.csv").write_bytes(content)
    with pytest.raises(ImportRefused, match=reason):
        Catalogue.read(tmp_path)


def test_the_command_speaks_plainly(catalogue: Write, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is no folder"):
        call_command("import_catalogue", str(tmp_path / "nothing"))
    folder = catalogue({"sku": "A"}, {"sku": "B", "price": "x"})
    with pytest.raises(CommandError, match="1 rows were left out"):
        call_command("import_catalogue", str(folder))
    printed = capsys.readouterr()
    assert "products.csv, line 3: price is 'x'" in printed.err
    assert "1 new, 0 changed, 0 unchanged, 1 with faults" in printed.out
