from pathlib import Path

import pytest

from tests.measuring.conftest import draw, write
from visual_search.errors import BadInput
from visual_search.measuring.datasets import read_task

Folders = tuple[Path, Path]


def test_a_photo_task_is_read_whole(folders: Folders) -> None:
    task = read_task("grocery_photo", catalogue=folders[0], queries=folders[1])
    assert (len(task.items), len(task.questions), task.exact, task.titles) == (6, 6, 2, True)
    assert task.items[0].texts["de"].title == "rote Scheibe"
    assert task.questions[0].relevance == {"red": 2, "orange": 1}
    assert task.questions[0].group == "red"


def test_words_without_a_known_concept_are_left_out(folders: Folders) -> None:
    task = read_task("text_multilingual", catalogue=folders[0], queries=folders[1])
    assert [(question.words, question.language) for question in task.questions] == [
        ("rote Scheibe", "de"),
        ("blue disc", "en"),
    ]


def test_titles_are_hidden_where_pictures_are_asked_for_by_words(folders: Folders) -> None:
    task = read_task("words_to_picture", catalogue=folders[0], queries=folders[1])
    assert not task.titles
    assert task.questions[0].words == "red disc"


def test_identical_pictures_are_credited_together(folders: Folders) -> None:
    catalogue, queries = folders
    draw(catalogue / "images/green.jpg", "red")
    task = read_task("grocery_photo", catalogue=catalogue, queries=queries)
    assert task.questions[0].relevance == {"red": 2, "green": 2, "orange": 1}


def test_mistakes_are_named(folders: Folders, tmp_path: Path) -> None:
    catalogue, queries = folders
    with pytest.raises(BadInput, match="no task 'nonsense'. Known: grocery_photo"):
        read_task("nonsense", catalogue=catalogue, queries=queries)
    with pytest.raises(BadInput, match=r"products\.csv can't be read"):
        read_task("grocery_photo", catalogue=tmp_path / "nowhere", queries=queries)
    with pytest.raises(BadInput, match=r"logos/qrels\.csv can't be read"):
        read_task("logos", catalogue=catalogue, queries=queries)
    write(queries / "grocery_photo/qrels.csv", "query_id,product,relevance", "a,b,1")
    with pytest.raises(BadInput, match="no column 'sku'. Its columns: query_id, product"):
        read_task("grocery_photo", catalogue=catalogue, queries=queries)
