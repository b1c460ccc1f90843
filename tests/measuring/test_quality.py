"""What is asked of whom: an encoder that learns from titles never learns the ones it is asked for, nor from the shop."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.measuring.conftest import write
from visual_search import wiring
from visual_search.encoders.base import Encoder, Fitting, Role
from visual_search.encoders.offline import OfflineEncoder
from visual_search.measuring.alterations import ALTERATIONS
from visual_search.measuring.by_vectors import bytes_an_item, measure_vectors
from visual_search.measuring.datasets import Question, read_task
from visual_search.measuring.quality import measure
from visual_search.measuring.scratch import CachingEncoder, scratch_encoder
from visual_search.measuring.showing import report_lines
from visual_search.types import EncoderCard, ImageVectors, Matrix, Space, TextVectors, unit

Folders = tuple[Path, Path]


class Pupil:
    """Sees a picture's mean colour, reads nothing, and guesses pictures by the titles it was taught, word for word."""

    card = EncoderCard("pupil", Space("image", 3, "i"), None, Space("text", 3, "t"), frozenset({"en"}), "none")

    def __init__(self) -> None:
        self.known: dict[str, np.ndarray] = {}
        self.lessons: list[list[str]] = []
        self.asked: list[tuple[str, int]] = []  # words, and how many lessons there had been
        self.encoded = 0

    def images(self, pictures: Sequence[Image.Image]) -> ImageVectors:
        self.encoded += len(pictures)
        means = [255 - np.asarray(image, np.float32).reshape(-1, 3).mean(axis=0) for image in pictures]
        return ImageVectors(unit(np.reshape(means, (-1, 3)).astype(np.float32)))

    def texts(self, texts: Sequence[str], *, role: Role, language: str | None) -> TextVectors:
        if role == "query":
            self.asked += [(text, len(self.lessons)) for text in texts]
        guessed = np.array([self.known.get(text, np.zeros(3)) for text in texts], np.float32).reshape(-1, 3)
        return TextVectors(text=np.zeros((len(texts), 3), np.float32), image=guessed if self.known else None)

    def fit(self, pictures: Matrix, titles: Sequence[str], languages: Sequence[str]) -> None:
        self.known = dict(zip(titles, pictures, strict=True))
        self.lessons.append(list(titles))

    def canary(self) -> None:
        pass


@pytest.fixture
def pupil() -> Pupil:
    return Pupil()


@pytest.fixture
def caching(pupil: Pupil, tmp_path: Path) -> Iterator[CachingEncoder]:
    encoder = CachingEncoder(pupil, tmp_path / "vectors.sqlite3", teachable=True)
    yield encoder
    encoder.close()


def test_no_hidden_title_is_asked_after_a_lesson_that_had_it(
    folders: Folders, pupil: Pupil, caching: CachingEncoder
) -> None:
    task = read_task("words_to_picture", catalogue=folders[0], queries=folders[1])
    report = measure(task, caching)
    assert report.taught
    assert len(pupil.lessons) == 5
    assert sorted(words for words, _ in pupil.asked) == sorted(question.words for question in task.questions)
    for words, lessons in pupil.asked:
        assert words not in pupil.lessons[lessons - 1]
    # It knows only what it was taught, so it can't have known any of these.
    assert report.results["search"]["R@1"].mean == 0


def test_shown_titles_are_all_learned_as_after_a_rebuild(
    folders: Folders, pupil: Pupil, caching: CachingEncoder
) -> None:
    measure(read_task("text_multilingual", catalogue=folders[0], queries=folders[1]), caching)
    assert [len(lesson) for lesson in pupil.lessons] == [6]


def test_photos_need_no_lesson(folders: Folders, pupil: Pupil, caching: CachingEncoder) -> None:
    report = measure(read_task("grocery_photo", catalogue=folders[0], queries=folders[1]), caching)
    assert (pupil.lessons, report.taught) == ([], False)


def test_what_the_shop_has_learned_is_not_asked(pupil: Pupil, tmp_path: Path) -> None:
    pupil.fit(np.eye(3, dtype=np.float32)[:1], ["red disc"], ["en"])
    encoder = CachingEncoder(pupil, tmp_path / "vectors.sqlite3", teachable=False)
    assert encoder.texts(["red disc"], role="query", language="en").image is None
    encoder.fit(np.eye(3, dtype=np.float32)[1:2], ["blue disc"], ["en"])
    assert pupil.lessons == [["red disc"]]
    encoder.close()


def test_each_lesson_has_answers_of_its_own(pupil: Pupil, caching: CachingEncoder) -> None:
    pictures = np.eye(3, dtype=np.float32)
    for row in (0, 1, 0):
        caching.fit(pictures[row : row + 1], ["disc"], ["en"])
        found = caching.texts(["disc"], role="query", language="en").image
        assert found is not None
        assert found[0].tolist() == pictures[row].tolist()
    assert len(pupil.asked) == 2  # The third answer was kept from the first.


def test_the_scratch_encoder_learns_beside_the_shop() -> None:
    shop = wiring.encoder()
    assert isinstance(shop, OfflineEncoder)
    before = shop.guess_path.read_bytes() if shop.guess_path.exists() else None
    with scratch_encoder() as (encoder, teachable):
        assert teachable
        assert isinstance(encoder, OfflineEncoder)
        assert isinstance(encoder, Encoder)
        assert isinstance(encoder, Fitting)
        assert encoder.card == shop.card
        assert encoder.guess_path != shop.guess_path
        random = np.random.default_rng(0)
        titles = [f"thing {n}" for n in range(30)]
        encoder.fit(unit(random.normal(size=(30, encoder.card.image.dims))), titles, ["en"] * 30)
        assert encoder.texts(["thing"], role="query", language="en").image is not None
    assert (shop.guess_path.read_bytes() if shop.guess_path.exists() else None) == before


def test_new_words_are_told_from_titles_word_for_word(folders: Folders, caching: CachingEncoder) -> None:
    catalogue, queries = folders
    with (queries / "text_multilingual/queries.csv").open("a") as file:
        file.write("t4,de,Kreis,red\n")
    task = read_task("text_multilingual", catalogue=catalogue, queries=queries)
    assert [question.verbatim for question in task.questions] == [True, True, False]
    report = measure(task, caching)
    assert report.new_words is not None
    assert report.new_words.queries == 1
    assert report.results["search"]["exact@1"].mean > report.new_words.results["exact@1"].mean


def test_names_that_are_no_title_are_told_by_each_way_alone(folders: Folders, caching: CachingEncoder) -> None:
    catalogue, queries = folders
    with (queries / "text_multilingual/queries.csv").open("a") as file:
        file.write("t4,en,red thing with a circle,red\nt5,ru,круг,red\n")
    report = measure(read_task("text_multilingual", catalogue=catalogue, queries=queries), caching)
    assert list(report.alone) == ["words", "meaning", "both"]
    words, meaning, both = report.alone.values()
    assert words.languages["en"][1] > words.languages["ru"][1] == 0.0
    assert words.scripts.keys() == {"Latin", "Cyrillic"}
    assert meaning.every.mean == 0.0, "The encoder knows no text."
    assert both.every.mean == report.new_words.results["R@10"].mean  # type: ignore[union-attr]
    lines = list(report_lines(report))
    assert any(line.split() == ["new", "words,", "R@10", "words", "meaning", "both"] for line in lines)
    assert any(line.startswith("  Cyrillic (1)") for line in lines)


def test_photos_are_told_by_no_way_of_words(folders: Folders, caching: CachingEncoder) -> None:
    report = measure(read_task("grocery_photo", catalogue=folders[0], queries=folders[1]), caching)
    assert report.alone == {}


def test_rankings_are_reported_query_by_query(folders: Folders, caching: CachingEncoder) -> None:
    task = read_task("grocery_photo", catalogue=folders[0], queries=folders[1])
    report = measure(task, caching)
    assert report.rankings["q-red"][0] == "red"
    assert report.engine


def test_vectors_alone_rank_by_the_best_picture_of_each_item(folders: Folders, caching: CachingEncoder) -> None:
    catalogue, queries = folders
    # The red disc gets a blue picture beside its own, so that blue asks are met by two items.
    text = (catalogue / "products.csv").read_text().replace("images/red.jpg,", "images/red.jpg,images/blue.jpg")
    (catalogue / "products.csv").write_text(text)
    task = read_task("grocery_photo", catalogue=catalogue, queries=queries)
    report = measure_vectors(task, caching)
    assert report.rankings["q-red"][0] == "red"
    assert set(report.rankings["q-blue"][:2]) == {"red", "blue"}
    assert len(report.rankings["q-green"]) == len(task.items)
    assert report.rows["q-green"]["exact@1"] == 1.0
    assert report.groups["q-green"] == "green"
    assert bytes_an_item(task, caching) == pytest.approx(4 * 3 * 7 / 6)


def test_what_goes_with_an_item_never_lists_the_item(folders: Folders, caching: CachingEncoder) -> None:
    task = read_task("near_duplicates", catalogue=folders[0], queries=folders[1])
    question = Question("like-red", {"orange": 1}, like="red", group="red")
    task = replace(task, questions=(question,), titles=False)
    for report in (measure(task, caching), measure_vectors(task, caching)):
        assert "red" not in report.rankings["like-red"]
        assert report.rankings["like-red"][0] == "orange"  # by colour the nearest of the five
        assert set(report.results) == {"search", "colour", "random"}


def test_kinds_of_copies_are_told_apart(folders: Folders, caching: CachingEncoder) -> None:
    report = measure(read_task("near_duplicates", catalogue=folders[0], queries=folders[1]), caching)
    assert set(report.kinds) == set(ALTERATIONS)
    assert report.kinds["saved again"] == (6, report.kinds["saved again"][1])
    assert report.kinds["saved again"][1]["exact@1"] == 1.0


def test_sentences_without_pictures_teach_nothing(folders: Folders, pupil: Pupil, caching: CachingEncoder) -> None:
    catalogue, queries = folders
    write(queries / "text_parallel/captions.csv", "caption_id,en,de", "a,red dog,red dog", "b,blue cat,blau")
    report = measure(read_task("text_parallel", catalogue=catalogue, queries=queries), caching)
    assert (pupil.lessons, report.taught) == ([], False)
    assert report.rankings["a-de"][0] == "a"


def test_the_things_in_a_photo_are_encoded_by_two_threads_that_share_the_cache(
    pupil: Pupil, caching: CachingEncoder
) -> None:
    pictures = [Image.new("RGB", (20, 20), (n, 2 * n, 90)) for n in range(40)]
    alone = caching.images(pictures[:1]).image
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda picture: caching.images([picture]).image, [*pictures, *pictures]))
    assert np.array_equal(found[0], alone)
    assert np.array_equal(np.concatenate(found[:40]), np.concatenate(found[40:]))
