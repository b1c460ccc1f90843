from pathlib import Path

import pytest
from PIL import Image

from tests.measuring.conftest import draw, write
from visual_search.errors import BadInput
from visual_search.measuring.alterations import ALTERATIONS
from visual_search.measuring.datasets import confirmed, read_task, rows, spread

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


def test_what_nothing_answers_is_left_out_and_counted(folders: Folders) -> None:
    catalogue, queries = folders
    write(
        queries / "grocery_photo/qrels.csv",
        "query_id,sku,relevance",
        "q-red,red,2",
        "q-red,gone,1",
        "q-blue,gone,2",
        "q-green,green,0",
    )
    task = read_task("grocery_photo", catalogue=catalogue, queries=queries)
    assert [(question.id, question.relevance) for question in task.questions] == [("q-red", {"red": 2})]
    assert task.left_out == 1


def test_another_catalogue_is_noticed(folders: Folders) -> None:
    catalogue, queries = folders
    write(queries / "grocery_photo/qrels.csv", "query_id,sku,relevance", "q-red,GRO-1,2")
    with pytest.raises(BadInput, match=r"asks for items such as 'GRO-1', and none of them is in .*catalogue"):
        read_task("grocery_photo", catalogue=catalogue, queries=queries)


@pytest.mark.parametrize("grade", ["", "high", "-1", "2.0"])
def test_a_wrong_relevance_is_named_with_its_file(folders: Folders, grade: str) -> None:
    catalogue, queries = folders
    write(queries / "grocery_photo/qrels.csv", "query_id,sku,relevance", f"q-red,red,{grade}")
    with pytest.raises(BadInput, match=rf"qrels\.csv: relevance is '{grade}' for q-red and red"):
        read_task("grocery_photo", catalogue=catalogue, queries=queries)


def test_a_gallery_is_searched_instead_of_the_catalogue(folders: Folders) -> None:
    catalogue, queries = folders
    for mark in ("round", "square"):
        draw(queries / f"gallery_logos/images/{mark}.jpg", "black", shift=len(mark))
        draw(queries / f"logos/images/{mark}.jpg", "black")
    write(
        queries / "gallery_logos/items.csv",
        "brand_id,brand,image",
        "r,Round,images/round.jpg",
        "s,Square,images/square.jpg",
    )
    write(queries / "logos/queries.csv", "query_id,image", "q1,images/round.jpg")
    write(queries / "logos/qrels.csv", "query_id,brand_id,relevance", "q1,r,1")
    task = read_task("logos", catalogue=catalogue, queries=queries)
    assert ([item.id for item in task.items], task.titles, task.exact) == (["r", "s"], False, 1)
    assert task.questions[0].relevance == {"r": 1}


def test_garments_are_asked_for_by_their_kind(folders: Folders) -> None:
    catalogue, queries = folders
    draw(queries / "clothing_photo/images/a.jpg", "red")
    write(queries / "clothing_photo/queries.csv", "query_id,image,label", "c1,images/a.jpg,Hat", "c2,images/a.jpg,Belt")
    write(queries / "clothing_photo/label_qrels.csv", "label,sku,relevance", "Hat,red,1", "Hat,blue,1")
    task = read_task("clothing_photo", catalogue=catalogue, queries=queries)
    assert [(question.id, question.relevance, question.group) for question in task.questions] == [
        ("c1", {"red": 1, "blue": 1}, "Hat")
    ]


def test_a_part_is_spread_over_all_questions(folders: Folders) -> None:
    task = read_task("grocery_photo", catalogue=folders[0], queries=folders[1])
    assert [question.id for question in spread(task, 3).questions] == ["q-red", "q-blue", "q-purple"]
    assert spread(task, 100) == task == spread(task, None)
    with pytest.raises(BadInput, match="limit is 0"):
        spread(task, 0)


def test_sentences_are_asked_in_every_other_language(folders: Folders) -> None:
    catalogue, queries = folders
    write(
        queries / "text_parallel/captions.csv",
        "caption_id,flickr_image,en,de,cs",
        "a,1.jpg,a dog runs,ein Hund rennt,",
        "b,2.jpg,a red car,ein rotes Auto,cervene auto",
    )
    write(queries / "text_parallel/captions_more.csv", "caption_id,en,ja", "c,a cat,neko")
    task = read_task("text_parallel", catalogue=catalogue, queries=queries)
    assert [item.id for item in task.items] == ["a", "b", "c"]
    assert [(question.language, question.words, question.relevance) for question in task.questions] == [
        ("de", "ein Hund rennt", {"a": 1}),
        ("de", "ein rotes Auto", {"b": 1}),
        ("cs", "cervene auto", {"b": 1}),
        ("ja", "neko", {"c": 1}),
    ]


def test_what_goes_with_a_product_is_sought_among_one_colour_of_each(folders: Folders) -> None:
    catalogue, queries = folders
    write(
        catalogue / "products.csv",
        "sku,title,image,source_id",
        "red,Shirt,images/red.jpg,S1",
        "blue,Shirt,images/blue.jpg,S1",
        "green,Shorts,images/green.jpg,S2",
        "yellow,Lamp,images/yellow.jpg,S3",
    )
    write(
        queries / "related_products/links.csv",
        "source_id,linked_source_id,link",
        "S1,S2,related",
        "S1,S2,crosssell",
        "S1,S1,related",
        "S9,S1,related",
    )
    task = read_task("related_products", catalogue=catalogue, queries=queries)
    assert [item.id for item in task.items] == ["red", "green"]
    assert [(question.like, question.relevance) for question in task.questions] == [("red", {"green": 1})]


def test_copied_pictures_are_altered_in_every_way(folders: Folders) -> None:
    task = read_task("near_duplicates", catalogue=folders[0], queries=folders[1])
    assert len(task.questions) == 6 * len(ALTERATIONS)
    question = task.questions[0]
    assert (question.relevance, question.kind, question.alteration) == ({"red": 1}, "saved again", "saved again")


@pytest.mark.parametrize("name", list(ALTERATIONS))
@pytest.mark.parametrize("size", [(120, 90), (1, 1)])
def test_each_alteration_changes_a_picture_and_fits_any(name: str, size: tuple[int, int]) -> None:
    gradient = Image.linear_gradient("L").convert("RGB").rotate(30).resize(size)
    altered = ALTERATIONS[name](gradient)
    assert altered.mode == "RGB"
    assert min(altered.size) >= 1
    if size != (1, 1):
        assert altered.size != size or altered.tobytes() != gradient.tobytes()
        assert ALTERATIONS[name](gradient).tobytes() == altered.tobytes()


def test_confirmed_photos_are_pictures_and_not_asked(folders: Folders) -> None:
    task = read_task("grocery_photo", catalogue=folders[0], queries=folders[1])
    taught = confirmed(task, 1)
    kept = {id for question in task.questions for id, relevance in question.relevance.items() if relevance == 2}
    assert len(taught.questions) == len(task.questions) - len(kept)
    for before, after in zip(task.items, taught.items, strict=True):
        assert len(after.pictures) - len(before.pictures) == (before.id in kept)
        assert not set(after.pictures) & {question.picture for question in taught.questions}
    assert confirmed(task, 0) == task
    with pytest.raises(BadInput, match="confirmed photos is -1; it must be 0 or more"):
        confirmed(task, -1)


def test_a_row_that_is_too_long_is_named(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text(f"sku,title\nA,chair\nB,{'x' * 200_000}\n")
    with pytest.raises(BadInput, match=r"products\.csv, behind line 2: field larger than field limit \(131072\)"):
        list(rows(path, "sku", "title"))
