import csv
import errno
import hashlib
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.management import CommandError, call_command

from catalog.importing import import_rows
from catalog.models import Product, ProductImage, ProductText, State
from catalog.reading import Catalogue, ImportRefused
from tests.catalog.conftest import picture
from visual_search.models import IndexEntry

pytestmark = pytest.mark.django_db
Write = Callable[..., Path]


def run(folder: Path, **options: object):
    catalogue = Catalogue.read(folder)
    return import_rows(catalogue, catalogue.rows, **options)


def files(settings) -> list[str]:
    """The public and the private files."""
    folders = (Path(settings.MEDIA_ROOT), Path(settings.STORAGES["private"]["OPTIONS"]["location"]))
    return sorted(path.name for folder in folders for path in folder.rglob("*") if path.is_file())


def stored() -> list[str]:
    """What the rows name."""
    return sorted(Path(image.file.name).name for image in ProductImage.objects.all())


def test_a_row_becomes_a_product_with_pictures_and_texts(catalogue: Write) -> None:
    folder = catalogue(
        {"sku": "A-1", "title": "Red chair", "category": "Home > Office", "brand": "Acme", "color": "red", "price": "12.50", "currency": "EUR", "image": "images/a.jpg", "extra_images": "images/b.jpg|images/c.jpg", "attributes": '{"width": "60"}', "gtin": "4006381333931", "stock": "3"},
        translations=({"sku": "A-1", "lang": "zh-CN", "title": "红色椅子", "description": ""}, {"sku": "A-1", "lang": "de", "title": "Roter Stuhl", "description": "Bequem."}),
    )  # fmt: skip
    summary = run(folder)
    assert (summary.created, summary.faults) == (1, [])
    product = Product.objects.get()
    assert (product.state, product.stock, product.price_text) == ("published", 3, "€12.50")
    assert (product.category, product.brand, product.colour) == ("Home > Office", "Acme", "red")
    assert product.codes == ["4006381333931"]
    assert {text.language: text.title for text in product.texts.all()} == {
        "en": "Red chair",
        "zh": "红色椅子",
        "de": "Roter Stuhl",
    }
    # Read as rows: an image without measures would measure itself again when it is read.
    assert list(product.images.values_list("position", "role", "width", "height")) == [
        (0, "main", 64, 48),
        (1, "view", 64, 48),
        (2, "view", 64, 48),
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


COLUMNS = "sku,title,description,keywords,category,brand,color,price,currency,image,extra_images,attributes,gtin,stock,source,licence,attribution"
FIRST = (
    'A,Chair,Plain,seat|stool,Home,Acme,red,5,EUR,images/a.jpg,images/b.png,"{""w"": 1}",4006381333931,3,shop,CC0,Ann'
)
SECOND = 'A,Sofa,Soft,couch,Garden,Bolt,blue,7.50,USD,images/c.webp,images/a.jpg,"{""h"": 2}",96385074|5901234123457,9,club,CC-BY,Bob'


@pytest.mark.django_db(transaction=True)
def test_a_second_import_takes_over_whatever_has_changed(tmp_path: Path, settings) -> None:
    (tmp_path / "images").mkdir()
    for name, colour, kind in (("a.jpg", "red", "JPEG"), ("b.png", "green", "PNG"), ("c.webp", "blue", "WEBP")):
        (tmp_path / "images" / name).write_bytes(picture(colour, kind=kind))

    def after(row: str, translation: str) -> dict[str, object]:
        rewrite(tmp_path, f"{COLUMNS}\n{row}\n")
        rewrite(tmp_path, f"sku,lang,title,description,keywords\nA,{translation}\n", "products_i18n.csv")
        assert run(tmp_path).faults == []
        product = Product.objects.get()
        names = [
            "category",
            "brand",
            "colour",
            "price_text",
            "attributes",
            "codes",
            "stock",
            "source",
            "licence",
            "attribution",
        ]
        texts = {text.language: [text.title, text.description, text.keywords] for text in product.texts.all()}
        endings = [Path(image.file.name).suffix for image in product.images.all()]
        return {name: getattr(product, name) for name in names} | texts | {"endings": endings}

    assert after(FIRST, "de,Stuhl,Schlicht,Sitz") == {
        "category": "Home", "brand": "Acme", "colour": "red", "price_text": "€5.00", "attributes": {"w": 1},
        "codes": ["4006381333931"], "stock": 3, "source": "shop", "licence": "CC0", "attribution": "Ann",
        "en": ["Chair", "Plain", ["seat", "stool"]], "de": ["Stuhl", "Schlicht", ["Sitz"]], "endings": [".jpg", ".png"],
    }  # fmt: skip
    assert after(SECOND, "de,Sofa,Weich,Couch|Liege") == {
        "category": "Garden", "brand": "Bolt", "colour": "blue", "price_text": "$7.50", "attributes": {"h": 2},
        "codes": ["96385074", "5901234123457"], "stock": 9, "source": "club", "licence": "CC-BY", "attribution": "Bob",
        "en": ["Sofa", "Soft", ["couch"]], "de": ["Sofa", "Weich", ["Couch", "Liege"]], "endings": [".webp", ".jpg"],
    }  # fmt: skip
    assert files(settings) == stored()


def test_pictures_in_another_order_are_the_same_files_in_that_order(catalogue: Write, settings) -> None:
    colours = {"images/a.jpg": "red", "images/b.jpg": "green", "images/c.jpg": "blue"}
    folder = catalogue({"sku": "A", "image": "images/a.jpg", "extra_images": "images/b.jpg|images/c.jpg"})
    for name, colour in colours.items():
        (folder / name).write_bytes(picture(colour))
    run(folder)
    product = Product.objects.get()
    stored = {image.read(): (image.pk, image.file.name) for image in product.images.all()}
    catalogue({"sku": "A", "image": "images/c.jpg", "extra_images": "images/a.jpg|images/b.jpg"})
    assert run(folder).changed == 1
    images = list(product.images.all())
    assert [(image.position, image.read()) for image in images] == [
        (0, picture("blue")),
        (1, picture("red")),
        (2, picture("green")),
    ]
    assert {image.read(): (image.pk, image.file.name) for image in images} == stored
    assert len(files(settings)) == 3


def test_a_picture_that_the_owner_has_added_is_not_stored_again(catalogue: Write, settings) -> None:
    run(catalogue({"sku": "A", "image": "images/a.jpg"}))
    product = Product.objects.get()
    own = ProductImage(product=product, position=9, alt="From the left")
    own.file.save("own.jpg", ContentFile(picture("blue")), save=True)
    folder = catalogue({"sku": "A", "image": "images/a.jpg", "extra_images": "images/b.jpg"})
    (folder / "images/b.jpg").write_bytes(picture("blue"))
    assert run(folder).changed == 1
    assert [(image.position, image.alt, image.read()) for image in product.images.all()] == [
        (0, "", picture("red")),
        (1, "From the left", picture("blue")),
    ]
    assert files(settings) == stored()
    assert len(stored()) == 2


class SmallDisk(FileSystemStorage):
    """Has room for two files, as a disk that is full at the third."""

    def _save(self, name: str, content: object) -> str:
        if len(list(Path(self.location).rglob("*.jpg"))) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super()._save(name, content)


def test_a_row_that_fails_while_it_is_stored_leaves_no_file_behind(catalogue: Write, settings) -> None:
    run(catalogue({"sku": "A", "image": "images/a.jpg"}))
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": f"{__name__}.SmallDisk"}}
    folder = catalogue({"sku": "B", "image": "images/b.jpg", "extra_images": "images/c.jpg"})
    (folder / "images/c.jpg").write_bytes(picture("blue"))
    with pytest.raises(OSError, match="No space left"):
        run(folder)
    assert [product.sku for product in Product.objects.all()] == ["A"]
    assert files(settings) == stored()
    assert len(stored()) == 1


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
        ({"category_picture": "maybe"}, "write yes"),
        ({"attributes": "{"}, "JSON"),
        ({"attributes": "[]"}, "object"),
        ({"gtin": "4006381333932"}, "check digit is 1"),
        ({"currency": "Euro"}, "currency"),
        ({"sku": "a//b"}, "sku"),
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


def rewrite(folder: Path, text: str, name: str = "products.csv") -> None:
    (folder / name).write_text(text, newline="", encoding="utf-8")


@pytest.mark.parametrize(
    "row",
    [
        {"gtin": "4006381333932"},
        {"title": "x" * 400},
        {"currency": "Euro", "price": "1"},
        {"image": "images/broken.jpg"},
    ],
)
def test_a_dry_run_finds_what_a_real_run_would_find(catalogue: Write, row: dict[str, str]) -> None:
    folder = catalogue({"sku": "A"}, {"sku": "B", **row})
    if "image" in row:
        (folder / row["image"]).write_bytes(picture()[:200])
    dry = run(folder, dry_run=True)
    assert [str(fault) for fault in dry.faults] == [str(fault) for fault in run(folder).faults]
    assert len(dry.faults) == 1


def test_a_dry_run_knows_that_a_variant_needs_its_head(catalogue: Write) -> None:
    folder = catalogue({"sku": "H", "price": "x"}, {"sku": "V", "parent_sku": "H"})
    assert [fault.line for fault in run(folder, dry_run=True).faults] == [2, 3]


def test_only_line_feeds_end_a_line(tmp_path: Path) -> None:
    rewrite(tmp_path, 'sku,title\r\nA,Chair\u2028soft\x0bred\x85\r\n\r\n,\r\nB,"two\nlines"\r\nC,Sofa\r\n')
    rows = Catalogue.read(tmp_path).rows
    assert [(row.sku, row.line) for row in rows] == [("A", 2), ("B", 5), ("C", 7)]
    assert rows[0].values["title"] == "Chair\u2028soft\x0bred"


def test_a_description_may_be_of_any_length(catalogue: Write) -> None:
    text = "soft " * 40_000 + "amber"
    limit = csv.field_size_limit()
    folder = catalogue({"sku": "A", "description": text}, {"sku": "B"})
    assert run(folder).created == 2
    assert ProductText.objects.get(product__sku="A").description == text
    assert csv.field_size_limit() == limit


def test_a_long_text_does_not_hide_an_open_quotation_mark(tmp_path: Path) -> None:
    rewrite(tmp_path, 'sku,title\nA,Chair\nB,"Sofa\n' + "C,Chair\n" * 30_000)
    with pytest.raises(ImportRefused, match="line 3: .*quotation mark"):
        Catalogue.read(tmp_path)


def test_a_sku_may_hold_any_signs(catalogue: Write) -> None:
    skus = ["A/B-12", "M4 x 20", "C++", "#12", "a|b"]
    rows = [{"sku": sku, "parent_sku": "A/B-12"} for sku in skus]
    translations = tuple({"sku": sku, "lang": "de", "title": "Stuhl"} for sku in skus)
    assert run(catalogue(*rows, translations=translations)).faults == []
    assert sorted(Product.objects.values_list("sku", flat=True)) == sorted(skus)
    assert {product.title("de") for product in Product.objects.all()} == {"Stuhl"}
    assert set(Product.objects.get(sku="A/B-12").variants.values_list("sku", flat=True)) == set(skus[1:])


def texts_of(sku: str) -> dict[str, list[object]]:
    texts = ProductText.objects.filter(product__sku=sku)
    return {text.language: [text.title, text.description] for text in texts}


@pytest.mark.parametrize(
    ("translations", "expected"),
    [
        ([("zh-CN", "充电宝"), ("zh-TW", "行動電源")], {"zh": "充电宝", "zh-tw": "行動電源"}),
        ([("zh-Hant", "行動電源"), ("zh-Hans", "充电宝")], {"zh": "行動電源", "zh-hans": "充电宝"}),
        # The language itself is what has no region, wherever it stands.
        ([("pt-BR", "Ônibus"), ("pt", "Autocarro")], {"pt-br": "Ônibus", "pt": "Autocarro"}),
        ([("pt_BR", "Ônibus")], {"pt": "Ônibus"}),
        ([("en-GB", "Pushchair"), ("en-AU", "Pram")], {"en-gb": "Pushchair", "en-au": "Pram"}),
        ([("en", "Stroller")], {}),
    ],
)
def test_forms_of_one_language_are_all_kept(
    catalogue: Write, translations: list[tuple[str, str]], expected: dict[str, str]
) -> None:
    rows = ({"sku": "A", "lang": tag, "title": title, "description": f"{title}."} for tag, title in translations)
    if translations[0][0] == "en":
        rows = ({**row, "description": ""} for row in rows)
    assert run(catalogue({"sku": "A", "title": "Stroller"}, translations=tuple(rows))).faults == []
    assert texts_of("A") == {"en": ["Stroller", ""]} | {tag: [title, f"{title}."] for tag, title in expected.items()}


@pytest.mark.parametrize(
    ("tags", "line", "reason"),
    [
        (["de", "DE"], 3, "lang 'DE' stands in line 2 too"),
        (["pt-BR", "pt_br"], 3, "lang 'pt_br' stands in line 2 too"),
        (["en"], 2, "lang is 'en', the language of products.csv, where line 2 says otherwise"),
        (["de-!"], 2, "lang is 'de-!'; give a code such as de or zh-CN."),
    ],
)
def test_no_text_is_left_out_in_silence(catalogue: Write, tags: list[str], line: int, reason: str) -> None:
    rows = tuple({"sku": "A", "lang": tag, "title": "Stuhl"} for tag in tags)
    (fault,) = run(catalogue({"sku": "A"}, translations=rows)).faults
    assert (fault.file, fault.line) == ("products_i18n.csv", line)
    assert reason in fault.message


def test_what_earlier_imports_left_out_comes_with_the_next(catalogue: Write) -> None:
    folder = catalogue(
        {"sku": "A"},
        translations=({"sku": "A", "lang": "zh-CN", "title": "充电宝"}, {"sku": "A", "lang": "zh-TW", "title": "行動電源"}),
    )  # fmt: skip
    run(folder)
    # What an import kept of this row before it knew forms of a language.
    read = [*Catalogue.read(folder).rows, *Catalogue.read(folder).translations["A"]]
    values = [read[0].values, None, [row.values for row in read[1:]], ""]
    Product.objects.update(import_hash=hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest())
    ProductText.objects.filter(language="zh-tw").delete()
    assert run(folder).changed == 1
    assert texts_of("A")["zh-tw"] == ["行動電源", ""]
    assert run(folder).unchanged == 1


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_picture_is_found_however_its_letters_are_written(catalogue: Write, forms: tuple[str, str]) -> None:
    named, stored = (unicodedata.normalize(form, "möbel/stühle/café.jpg") for form in forms)
    folder = catalogue({"sku": "A"})
    (folder / stored).parent.mkdir(parents=True)
    (folder / stored).write_bytes(picture("green"))
    rewrite(folder, f"sku,title,image\nA,Chair,{named}\n")
    assert run(folder).faults == []
    assert Product.objects.get().images.get().read() == picture("green")


def test_of_two_files_with_the_same_letters_the_one_that_is_named_is_taken(catalogue: Write) -> None:
    folder = catalogue({"sku": "A"}, {"sku": "B"})
    rows = []
    for sku, form, colour in (("A", "NFC", "green"), ("B", "NFD", "blue")):
        name = unicodedata.normalize(form, "images/café.jpg")
        (folder / name).write_bytes(picture(colour))
        rows.append(f"{sku},Chair,{name}\n")
    rewrite(folder, "sku,title,image\n" + "".join(rows))
    run(folder)
    assert Product.objects.get(sku="A").images.get().read() == picture("green")
    assert Product.objects.get(sku="B").images.get().read() == picture("blue")


def test_a_picture_outside_of_the_folder_stays_outside(catalogue: Write, tmp_path: Path) -> None:
    outside = unicodedata.normalize("NFD", "café.jpg")
    (tmp_path / outside).write_bytes(picture())
    folder = catalogue({"sku": "A"})
    rewrite(folder, "sku,title,image\nA,Chair,../café.jpg\n")
    assert "outside of the catalogue's folder" in str(run(folder).faults[0])


def test_skus_meet_however_their_letters_are_written(catalogue: Write) -> None:
    composed, taken_apart = (unicodedata.normalize(form, "É-1") for form in ("NFC", "NFD"))
    folder = catalogue(
        {"sku": composed},
        {"sku": "B", "parent_sku": taken_apart},
        translations=({"sku": taken_apart, "lang": "de", "title": "Stuhl"},),
    )
    assert run(folder).faults == []
    assert Product.objects.get(sku="B").parent == Product.objects.get(sku=composed)
    assert Product.objects.get(sku=composed).title("de") == "Stuhl"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sku;title\nA;Chair\n", "by commas"),
        ("sku,title,title\nA,Chair,Sofa\n", "'title' twice"),
        ("sku,title\nA,Ch\0air\n", "line 2.*NUL"),
    ],
)
def test_more_files_that_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    rewrite(tmp_path, text)
    with pytest.raises(ImportRefused, match=reason):
        Catalogue.read(tmp_path)


@pytest.mark.parametrize(
    ("translations", "line", "reason"),
    [
        (({"lang": "de", "title": "Stuhl"}, {"lang": "fr", "title": ""}), 3, "title is ''"),
        (({"lang": "de", "title": "Stuhl"}, {"lang": "de", "title": "Sessel"}), 3, "line 2"),
        (({"lang": "klingon", "title": "x"},), 2, "'klingon'"),
    ],
)
def test_a_faulty_translation_is_named_by_its_own_line(
    catalogue: Write, translations: tuple[dict[str, str], ...], line: int, reason: str
) -> None:
    folder = catalogue({"sku": "A"}, translations=tuple({"sku": "A", **one} for one in translations))
    (fault,) = run(folder).faults
    assert (fault.file, fault.line) == ("products_i18n.csv", line)
    assert reason in fault.message
    assert Product.objects.count() == 0


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"currency": "Euro", "price": "1"}, "currency is 'Euro'"),
        ({"price": "5"}, "without a currency"),
        ({"price": "1_000", "currency": "EUR"}, "'1_000'"),
        ({"price": "12.505", "currency": "EUR"}, "price is '12.505'"),
        ({"stock": "9" * 5000}, "whole number"),
        ({"attributes": '{"a": NaN}'}, "NaN"),
        ({"attributes": '{"a": "\\u0000"}'}, "NUL"),
        ({"sku": ".."}, "sku is '..'"),
    ],
)
def test_faults_name_the_value(catalogue: Write, row: dict[str, str], reason: str) -> None:
    (fault,) = run(catalogue({"sku": "A", **row})).faults
    assert reason in fault.message


def test_a_currency_can_be_given_for_the_whole_file(catalogue: Write) -> None:
    folder = catalogue({"sku": "A", "price": "5"}, {"sku": "B", "price": "6", "currency": "JPY"}, {"sku": "C"})
    assert run(folder, currency="EUR").faults == []
    assert list(Product.objects.values_list("currency", flat=True)) == ["EUR", "JPY", ""]


def test_columns_that_a_file_lacks_leave_the_product_as_it_is(catalogue: Write, settings) -> None:
    folder = catalogue(
        {
            "sku": "A",
            "category": "Home",
            "brand": "Acme",
            "stock": "7",
            "image": "images/a.jpg",
            "attributes": '{"a": 1}',
        },
        translations=({"sku": "A", "lang": "de", "title": "Stuhl"},),
    )
    run(folder)
    (folder / "products_i18n.csv").unlink()
    rewrite(folder, "sku,title,price,currency\nA,Chair,9.50,EUR\n")
    assert run(folder).changed == 1
    product = Product.objects.get()
    assert (product.price_text, product.category, product.brand, product.stock) == ("€9.50", "Home", "Acme", 7)
    assert product.attributes == {"a": 1}
    assert product.title("de") == "Stuhl"
    assert len(files(settings)) == 1


@pytest.mark.django_db(transaction=True)
def test_the_owners_work_outlives_the_next_import(catalogue: Write, settings) -> None:
    folder = catalogue({"sku": "A", "image": "images/a.jpg", "extra_images": "images/b.jpg"})
    (folder / "images/b.jpg").write_bytes(picture("green"))
    run(folder)
    product = Product.objects.get()
    product.state, product.stock = State.ARCHIVED, 5
    product.save()
    ProductText.objects.create(product=product, language="nl", title="Stoel")
    product.images.filter(position=0).update(alt="A red chair")
    own = ProductImage(product=product, position=9)
    own.file.save("own.jpg", ContentFile(picture("blue")), save=True)
    first = product.images.get(position=0)

    (folder / "images/b.jpg").write_bytes(picture("yellow"))
    assert run(folder).changed == 1
    product = Product.objects.get()
    assert (product.state, product.stock, product.title("nl")) == (State.ARCHIVED, 5, "Stoel")
    images = list(product.images.all())
    assert [image.read() for image in images] == [picture("red"), picture("yellow"), picture("blue")]
    # What didn't change is the same row with the same file: its address stays, too.
    assert (images[0].pk, images[0].file.name, images[0].alt) == (first.pk, first.file.name, "A red chair")
    assert len(files(settings)) == 3


@pytest.mark.django_db(transaction=True)
def test_an_interruption_after_the_commit_leaves_the_files(catalogue: Write, settings, monkeypatch) -> None:
    folder = catalogue({"sku": "A", "image": "images/a.jpg"})

    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("visual_search.tasks.start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(folder)
    assert Product.objects.get().images.get().read() == picture()
    assert len(files(settings)) == 1


def test_a_picture_is_stored_under_the_ending_of_what_it_is(catalogue: Write, settings) -> None:
    run(catalogue({"sku": "A", "image": "images/a.html"}))
    assert [Path(name).suffix for name in files(settings)] == [".jpg"]


def test_the_first_rows_come_with_the_heads_of_their_families(catalogue: Write) -> None:
    folder = catalogue({"sku": "V", "parent_sku": "H"}, {"sku": "X"}, {"sku": "H"}, {"sku": "Y"})
    catalogue_read = Catalogue.read(folder)
    rows = catalogue_read.first(1)
    assert [row.sku for row in rows] == ["V", "H"]
    assert import_rows(catalogue_read, rows).faults == []


def test_a_family_may_get_a_new_head_or_find_one_in_the_shop(catalogue: Write) -> None:
    run(catalogue({"sku": "V1", "parent_sku": "family"}, {"sku": "V2", "parent_sku": "family"}))
    folder = catalogue(
        {"sku": "V0", "parent_sku": "family"},
        {"sku": "V1", "parent_sku": "family"},
        {"sku": "V2", "parent_sku": "family"},
    )
    assert run(folder).faults == []
    run(catalogue({"sku": "V3", "parent_sku": "V0"}))
    parents = {product.sku: product.parent and product.parent.sku for product in Product.objects.all()}
    assert parents == {"V0": None, "V1": "V0", "V2": "V0", "V3": "V0"}


def test_the_index_hears_of_a_family_that_gets_another_head(catalogue: Write) -> None:
    run(catalogue({"sku": "V1", "parent_sku": "V1"}, {"sku": "V2", "parent_sku": "V1"}))
    second = str(Product.objects.get(sku="V2").pk)
    before = IndexEntry.objects.get(collection="products", object_id=second).version
    # Its own row isn't in the file, so nothing but its head changes.
    run(catalogue({"sku": "V0", "parent_sku": "V0"}, {"sku": "V1", "parent_sku": "V0"}))
    assert Product.objects.get(sku="V2").parent == Product.objects.get(sku="V0")
    assert IndexEntry.objects.get(collection="products", object_id=second).version > before


@pytest.mark.parametrize("limit", ["0", "-3", "many"])
def test_a_senseless_limit_is_refused(catalogue: Write, limit: str) -> None:
    with pytest.raises(CommandError, match=limit):
        call_command("import_catalogue", str(catalogue({"sku": "A"})), f"--limit={limit}")


def test_the_command_tells_what_it_did_not_use_and_how_to_go_on(catalogue: Write, capsys, monkeypatch) -> None:
    folder = catalogue({"sku": "A"})
    rewrite(folder, "sku,title,prise\nA,Chair,5\n")
    call_command("import_catalogue", str(folder))
    assert "not used: prise" in capsys.readouterr().out

    def interrupted(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("catalog.management.commands.import_catalogue.import_rows", interrupted)
    with pytest.raises(CommandError, match="go on") as stopped:
        call_command("import_catalogue", str(folder))
    assert stopped.value.returncode == 130


def test_progress_is_plain_lines_in_a_log(catalogue: Write, capsys, monkeypatch) -> None:
    monkeypatch.setattr("catalog.management.commands.import_catalogue.SECONDS_BETWEEN_LINES", 0.0)
    call_command("import_catalogue", str(catalogue({"sku": "A"}, {"sku": "B"})))
    assert "1 of 2 products" in capsys.readouterr().out


def test_a_row_says_which_picture_stands_for_its_category(catalogue: Write) -> None:
    run(catalogue({"sku": "A"}, {"sku": "B", "category_picture": "Yes"}, {"sku": "C", "category_picture": "no"}))
    assert list(Product.objects.order_by("sku").values_list("stands_for_category", flat=True)) == [False, True, False]
    run(catalogue({"sku": "A"}, {"sku": "B"}, {"sku": "C", "category_picture": "yes"}))
    assert list(Product.objects.order_by("sku").values_list("stands_for_category", flat=True)) == [False, False, True]
