"""Tables, folders and ZIP files of listings; what is wrong in them is told with its line."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.core.management import CommandError, call_command

from tests.features.brand_protection.market import OTHERS, data_of
from visual_search.errors import BadInput
from visual_search.features.brand_protection import offers
from visual_search.features.brand_protection.models import Listing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_files")]
HEADER = "url,seller,title,price,currency,picture\n"


def take(lines: str) -> offers.Taken:
    return offers.take_table((HEADER + lines).encode(), lambda name: data_of(OTHERS[0]) if name == "a.jpg" else None)


def test_a_table_is_taken_in() -> None:
    assert take("https://m.example/1,Barn,Chair,19.9,eur,a.jpg\n").new == 1
    listing = Listing.objects.get()
    assert (listing.seller, str(listing.price), listing.currency) == ("Barn", "19.90", "EUR")
    assert listing.checked_at is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ftp://m.example/1,B,C,1,EUR,a.jpg", "line 2: url is 'ftp://m.example/1', which is no address."),
        ("https://m.example/1,B,C,cheap,EUR,a.jpg", "line 2: price is 'cheap'; write a number such as 19.90."),
        ("https://m.example/1,B,C,-1,EUR,a.jpg", "line 2: price is '-1'; it must be a positive number."),
        ("https://m.example/1,B,C,NaN,EUR,a.jpg", "line 2: price is 'NaN'; write a number such as 19.90."),
        ("https://m.example/1,B,C,1,euros,a.jpg", "line 2: currency is 'EUROS'; write three letters such as EUR."),
        ("https://m.example/1,B,C,1,EUR,b.jpg", "line 2: There is no picture 'b.jpg'."),
    ],
)
def test_a_line_with_a_mistake_is_left_out_and_named(line, said) -> None:
    taken = take(line + "\nhttps://m.example/2,B,C,1,EUR,a.jpg\n")
    assert taken.faults == [said]
    assert taken.new == 1


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(BadInput, match="it must name url,seller,title,price,currency,picture"):
        offers.take_table(b"url,seller,title,price,currency\n", lambda name: None)


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_a_zip_file_is_taken_in() -> None:
    table = (HEADER + "https://m.example/1,B,C,1,EUR,pictures/a.jpg\n").encode()
    assert offers.take_zip(_zip({"listings.csv": table, "pictures/a.jpg": data_of(OTHERS[0])})).new == 1


def test_what_is_no_zip_file_is_refused() -> None:
    for data, said in ((b"PK no", "no ZIP file"), (_zip({"a.jpg": b"x"}), "no table listings.csv")):
        with pytest.raises(BadInput, match=said):
            offers.take_zip(data)


def test_a_folder_without_a_table_gives_its_pictures(tmp_path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/chair.jpg").write_bytes(data_of(OTHERS[0]))
    (tmp_path / "notes.txt").write_text("no picture")
    call_command("visual_search", "import_listings", str(tmp_path), verbosity=0)
    assert [(one.title, one.source) for one in Listing.objects.all()] == [("chair", "folder")]


def test_a_table_names_no_file_outside_of_its_folder(tmp_path) -> None:
    (tmp_path / "secret.jpg").write_bytes(data_of(OTHERS[0]))
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "listings.csv").write_text(HEADER + "https://m.example/1,B,C,1,EUR,../secret.jpg\n")
    assert offers.take_folder(inside).faults == ["line 2: There is no picture '../secret.jpg'."]


def test_a_folder_that_is_not_there_and_an_empty_one_are_told(tmp_path) -> None:
    for folder, said in ((tmp_path / "gone", "There is no folder"), (tmp_path, "neither listings.csv nor pictures")):
        with pytest.raises(CommandError, match=said):
            call_command("visual_search", "import_listings", str(folder))
