"""The command that searches with a photo from the shell."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from tests.search.shop import photo_of
from tests.shop import doubles


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "my photo.jpg"
    path.write_bytes(photo_of("chair", "red"))
    return path


def run(*arguments: object, **options: object) -> str:
    out = io.StringIO()
    call_command("visual_search", "try_photo", *map(str, arguments), stdout=out, **options)
    return out.getvalue()


def test_it_prints_a_table(shop, photo) -> None:
    lines = run(photo, k=3).splitlines()
    assert lines[0].split() == ["#", "score", "grade", "sku", "title"]
    assert lines[1].split()[0] == "1"
    assert "same item" in lines[1]
    assert lines[1].endswith("Red chair")
    assert len([line for line in lines if line.strip()[:1].isdigit() and "ms" not in line]) == 3


def test_the_things_in_the_photo_and_one_of_them(shop, tmp_path) -> None:
    from tests.querying.test_scenes import ROWS_OF_ROOM, own_detector, room

    shop.use(DETECTOR=own_detector(tmp_path, ROWS_OF_ROOM))
    room().save(tmp_path / "room.png")
    text = run(tmp_path / "room.png", object=1)
    assert "object 0  0.90  0.00,0.00,0.50,1.00  chair" in text
    assert "object 1* 0.80  0.50,0.00,1.00,1.00  sofa" in text
    assert text.splitlines()[1].endswith("Green sofa")


def test_words_are_searched_too(shop, photo) -> None:
    lines = run(photo, words="blauer Stuhl", language="de").splitlines()
    assert lines[1].endswith("Blauer Stuhl")


def test_an_empty_index(empty_shop, photo) -> None:
    assert "visual_search rebuild" in run(photo)


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "can't be read"), (b"hello", "isn't a picture"), (photo_of("chair", "red")[:200], "broken off")],
)
def test_what_is_wrong_is_said(shop, tmp_path, content, says) -> None:
    path = tmp_path / "x.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError, match=says):
        run(path)


def test_a_folder_and_a_wrong_number(shop, photo, tmp_path) -> None:
    with pytest.raises(CommandError, match="can't be read"):
        run(tmp_path)
    for k in (0, 101):
        with pytest.raises(CommandError, match=f"-k is {k}; 1 to 100 are allowed"):
            run(photo, k=k)
    with pytest.raises(CommandError, match="--language is 'klingon'; it must be a language code"):
        run(photo, language="klingon")


def test_an_outage(shop, photo, monkeypatch) -> None:
    monkeypatch.setattr(doubles.BreakableEngine, "down", True)
    with pytest.raises(CommandError, match="doesn't answer"):
        run(photo)
