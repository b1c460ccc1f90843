"""Photos wait for their turn in a queue that has an end; words, and photos that were looked at before, never wait."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.search.shop import photo_of
from visual_search import search
from visual_search.errors import Busy
from visual_search.querying import admission
from visual_search.querying.admission import Gate
from visual_search.querying.uploads import photo
from visual_search.types import Query


def test_as_many_are_inside_as_there_are_slots() -> None:
    gate = Gate(slots=2, queue=20)
    inside, most = [], []

    def work(number: int) -> None:
        with gate.entered(60):
            inside.append(number)
            most.append(len(inside))
            pause.wait(0.01)
            inside.remove(number)

    pause = threading.Event()
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(work, range(20)))
    assert len(most) == 20
    assert max(most) == 2


def test_who_comes_first_enters_first() -> None:
    gate = Gate(slots=1, queue=5)
    order: list[int] = []

    def work(number: int) -> None:
        with gate.entered(60):
            order.append(number)

    with gate.entered(0):
        threads = []
        for number in range(5):
            threads.append(threading.Thread(target=work, args=(number,)))
            threads[-1].start()
            while len(gate._line) <= number:  # until it stands in the queue
                pass
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_a_full_queue_refuses_at_once_and_a_long_wait_ends() -> None:
    gate = Gate(slots=1, queue=1)
    with gate.entered(0):
        with pytest.raises(Busy) as refused, gate.entered(0.05):
            pytest.fail("somebody was let in")
        assert refused.value.retry_after >= 1
        waiting = threading.Event()

        def wait() -> None:
            waiting.set()
            with gate.entered(60):
                pass

        thread = threading.Thread(target=wait)
        thread.start()
        waiting.wait()
        while not gate._line:
            pass
        with pytest.raises(Busy), gate.entered(60):  # It doesn't wait for a minute.
            pytest.fail("somebody was let in")
    thread.join()
    with gate.entered(0):
        pass


def test_who_may_wait_learns_when_it_is_quiet() -> None:
    gate = Gate(slots=2, queue=2)
    assert gate.is_idle_within(0)
    with gate.entered(0):
        assert not gate.is_idle_within(0.01)
        quiet: list[bool] = []
        thread = threading.Thread(target=lambda: quiet.append(gate.is_idle_within(60)))
        thread.start()
    thread.join()
    assert quiet == [True]


def test_an_error_inside_gives_the_place_back() -> None:
    gate = Gate(slots=1, queue=0)
    for _ in range(3):
        with pytest.raises(ValueError, match="inside"), gate.entered(0):
            raise ValueError("inside")


@pytest.fixture
def crowded(shop):
    """A shop whose one place for photos is taken."""
    shop.use(PHOTO_SLOTS=1, PHOTO_QUEUE=0, PHOTO_WAIT_SECONDS=0.05)
    admission._gates.clear()
    with admission.photo():
        yield shop
    admission._gates.clear()


def test_words_are_answered_while_photos_must_wait(crowded, client) -> None:
    assert client.get("/api/v1/search", {"q": "red chair"}).json()["hits"][0]["sku"] == "CHR-RED-01"
    assert client.get("/api/v1/health/live").status_code == 200
    with photo_file() as file:
        answer = client.post("/api/v1/search", {"image": file})
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "busy", "1")
    assert "Please try again in 1 s." in answer.json()["detail"]
    with photo_file() as file:
        page = client.post("/search/", {"image": file})
    assert (page.status_code, page["Retry-After"]) == (503, "1")
    assert "send yours again in a few seconds" in page.content.decode()
    with photo_file() as file:
        several = client.post("/api/v1/search/grouped", {"image": file})
    assert (several.status_code, several.json()["code"]) == (503, "busy")


def test_a_photo_that_was_looked_at_does_not_wait(shop) -> None:
    picture = photo(photo_of("chair", "red"))
    page = search.search(Query(pictures=(picture,)))
    assert page.timings_ms["queue"] >= 0
    shop.use(PHOTO_SLOTS=1, PHOTO_QUEUE=0, PHOTO_WAIT_SECONDS=0.05)
    admission._gates.clear()
    with admission.photo():
        again = search.search(Query(pictures=page.pictures, page=2, page_size=2))
        with pytest.raises(Busy):
            search.search(Query(pictures=(picture,)))
    admission._gates.clear()
    assert again.page == 2
    assert "queue" not in again.timings_ms


def photo_file() -> io.BytesIO:
    file = io.BytesIO(photo_of("chair", "red"))
    file.name = "chair.jpg"
    return file
