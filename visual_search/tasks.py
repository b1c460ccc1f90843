"""Starts indexing after a commit, on a Celery worker or in this process. `indexing.py` does the work.

Without a broker, one background thread in each process does the work. A save returns at once; a burst of saves becomes
a few batches, because the thread takes whatever has come up while it worked; and an encoder is loaded once a process.
Indexing inside the request would make every save wait for the encoder, a thread per save would load it many times, and
a child process would need one of its own. Nothing is lost with the thread: all work stands in the outbox. Only processes
that serve requests have the thread: a command such as an import ends when its own work is done, and a thread cut off
inside an encoder's native code would abort the whole process. What commands save is taken up within
`INDEX_POLL_SECONDS` by a process that serves, or at once by `visual_search reconcile` and `visual_search rebuild`.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from celery import shared_task
from django.conf import settings
from django.db import connections, transaction

from visual_search import indexing, rebuilding, reconciling, registry, wiring
from visual_search.conf import conf
from visual_search.content import pruning, readings
from visual_search.encoders.whitened import WhitenedEncoder
from visual_search.errors import VisualSearchError
from visual_search.learning import calibrating, similarity
from visual_search.models import IndexEntry
from visual_search.querying import admission

logger = logging.getLogger(__name__)

BROKER_REST = 30.0  # seconds without a try after the broker didn't answer, so that not every save waits for it
SEE_SECONDS = 50.0
LOGGED_OBJECTS = 1000  # objects of a rebuild between two lines in the log
PHOTOS_FIRST = 30.0  # seconds that a picture of the catalogue waits for shoppers' photos; then one is read all the same
LAST_BATCH = 60.0  # seconds that a process which ends waits for the batch in work: native code can't be cut off safely


# --- Celery ------------------------------------------------------------------------------------


@shared_task(name="visual_search.tasks.index_pending", ignore_result=True, acks_late=True)
def index_pending() -> None:
    """Index whatever is due. It may run twice or late: entries are claimed, and versions decide."""
    indexing.index_pending()


@shared_task(name="visual_search.tasks.see_pictures", ignore_result=True, acks_late=True)
def see_pictures() -> None:
    """Read label text of pictures that were indexed since, and index what can be read. It may run twice or late."""
    # Scheduled every minute, and shorter than that: reading thousands of pictures never takes more than one worker.
    end = time.monotonic() + SEE_SECONDS
    if readings.see_pending(should_stop=lambda: time.monotonic() > end):
        indexing.index_pending()


@shared_task(name="visual_search.tasks.reconcile", ignore_result=True, acks_late=True)
def reconcile(deep: bool = False) -> None:
    """Index what a crash left pending, and repair differences between database and index.

    A deep one reads every object and finds also what changed without a note; once a night is enough.
    """
    reconciling.reconcile(retry_failed=False, deep=deep)


@shared_task(name="visual_search.tasks.rebuild", ignore_result=True, acks_late=False)
def rebuild(collection: str | None = None) -> None:
    """Fill a new index and swap it in, as `manage.py visual_search rebuild` does; the log says how far it is.

    Raises what `rebuilding.rebuild` raises; then the live index stays as it is.
    """
    collection = collection or registry.default()
    total, done = registry.source(collection).queryset().count(), 0

    def progress(count: int) -> None:
        nonlocal done
        if (done + count) // LOGGED_OBJECTS > done // LOGGED_OBJECTS:
            logger.info("'%s': %d of %d objects read for the new index.", collection, done + count, total)
        done += count

    rebuilt = rebuilding.rebuild(collection, progress=progress)
    logger.info("'%s' was rebuilt: %s. %s", collection, rebuilt.tally, " ".join(rebuilt.problems))


@shared_task(name="visual_search.tasks.refit_similarity", ignore_result=True, acks_late=False)
def refit_similarity(collection: str | None = None) -> None:
    """Learn the similarity anew, where the shop's encoder has one, and rebuild the indexes if it moved."""
    if not issubclass(wiring.resolve("ENCODER")[0], WhitenedEncoder):
        return
    refitted = similarity.refit_similarity(collection or registry.default())
    logger.info(
        "Similarity: agreement %s over %d pictures, %s.",
        refitted.agreement,
        refitted.pictures,
        "indexes rebuilt" if refitted.rebuilt else "nothing moved",
    )


@shared_task(name="visual_search.tasks.calibrate", ignore_result=True, acks_late=True)
def calibrate() -> None:
    """Learn anew which grade a cosine means, because the catalogue has changed."""
    for source in registry.sources():
        try:
            calibrating.learn(source.collection)
        except VisualSearchError as problem:
            logger.warning("The grades of '%s' stay as they are: %s", source.collection, problem)


@shared_task(name="visual_search.tasks.prune", ignore_result=True, acks_late=True)
def prune() -> None:
    """Remove what only former encoders and readers made. It may run twice or late."""
    try:
        pruned = pruning.prune()
    except VisualSearchError as problem:
        logger.warning("What former encoders made stays: %s", problem)
        return
    for maker, counts in pruned.removed.items():
        logger.info("Removed what %s made: %s", maker, counts)


# --- After a commit ----------------------------------------------------------------------------


class _AfterCommit:
    """Starts indexing once, however often one transaction asks for it."""

    def __init__(self) -> None:
        self.done = False

    def __call__(self) -> None:
        if not self.done:
            self.done = True
            start()


def schedule(using: str) -> None:
    """Start indexing after the transaction commits, once for all its saves; now, where there is no transaction."""
    waiting = (entry[1] for entry in reversed(transaction.get_connection(using).run_on_commit))
    known = next((item for item in waiting if isinstance(item, _AfterCommit) and not item.done), None)
    # The same object goes in again: a savepoint that is rolled back takes its own registration with it.
    transaction.on_commit(known or _AfterCommit(), using=using, robust=True)


def start() -> None:
    """Let the Celery worker or this process's thread index pending entries. Returns at once and never raises."""
    if not in_process():
        publish(index_pending, "the entries wait for `reconcile`")
    elif conf.INDEX_IN_BACKGROUND:
        if background.serving:
            background.wake()
    else:
        _index_here()


def in_process() -> bool:
    if conf.IN_PROCESS is not None:
        return bool(conf.IN_PROCESS)
    return not getattr(settings, "CELERY_BROKER_URL", "")


def look_for_leftovers(**kwargs: Any) -> None:
    """Called at each request: starts this process's thread, which also indexes what other processes left pending.

    Bound to requests and not to start-up, so that `manage.py check`, `migrate` and their like never index.
    """
    if in_process() and conf.INDEX_IN_BACKGROUND and not background.is_running():
        background.serving = True
        background.wake()


def _index_here() -> None:
    try:
        indexing.index_pending()
    except Exception:
        logger.exception("Indexing failed; the entries stay in the outbox.")


_broker_rests_until = 0.0


def publish(task: Any, otherwise: str) -> None:
    """Send a task to the workers; where the broker doesn't take it, the log says what happens `otherwise`. Never raises."""
    global _broker_rests_until  # noqa: PLW0603
    if time.monotonic() < _broker_rests_until:
        return
    try:
        task.apply_async(retry=False)
    # Each broker library raises its own errors; to the save they all mean the same.
    except Exception as problem:
        _broker_rests_until = time.monotonic() + BROKER_REST
        logger.warning("The broker didn't take the task (%s); %s.", problem, otherwise)


# --- In this process ---------------------------------------------------------------------------


class Background:
    """One daemon thread that empties the outbox. It starts when first needed, saves wake it, and it also looks by itself.

    Other rooms that have work of the kind give their own `_run`.
    """

    name = "visual-search-index"
    patience = LAST_BATCH

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.serving = False  # whether this process has answered a request

    def wake(self) -> None:
        self._wake.set()
        with self._lock:
            if not self.is_running() and not self._stop.is_set():
                self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
                self._thread.start()

    def is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def stop(self, timeout: float | None = None) -> None:
        """Stop the thread after what is in work, for which it waits `patience` seconds at most. `wake` starts it again."""
        self._stop.set()
        self._wake.set()
        if (thread := self._thread) is not None:
            thread.join(self.patience if timeout is None else timeout)
        self._thread = None
        self._stop = threading.Event()
        self._wake = threading.Event()

    def _run(self) -> None:
        stop, wake = self._stop, self._wake
        while not stop.is_set():
            wake.clear()
            try:
                if IndexEntry.objects.due().exists():
                    indexing.index_pending(should_stop=stop.is_set)
                # What waits to be indexed goes first, also when it comes up while pictures are read.
                if readings.see_pending(
                    should_stop=lambda: stop.is_set() or IndexEntry.objects.due().exists(),
                    wait=lambda: let_photos_go_first(stop),
                ):
                    continue
            # The thread must outlive a database that is away for a while.
            except Exception:
                logger.exception("Indexing in the background failed; next try in %s s.", conf.INDEX_POLL_SECONDS)
            finally:
                # An idle thread keeps no connection from the database server.
                connections.close_all()
            wake.wait(conf.INDEX_POLL_SECONDS)


class Repeated(Background):
    """A feature's own work in a thread of a process that serves and has no broker: when woken, and after each rest.

    `work` is called with what says that the process ends; `rest` gives seconds; `called` is what the log says of a failure.
    """

    def __init__(
        self, name: str, work: Callable[[threading.Event], None], rest: Callable[[], float], *, called: str
    ) -> None:
        super().__init__()
        self.name, self._work, self._rest, self._called = name, work, rest, called
        os.register_at_fork(after_in_child=super().__init__)  # The thread stayed in the parent.
        atexit.register(self.stop)

    def wake_if_serving(self) -> None:
        """Let the thread work now, if this process serves."""
        if conf.INDEX_IN_BACKGROUND and self.serving:
            self.wake()

    def serve(self) -> None:
        """Called at each request: from the first one on this process does the work."""
        if conf.INDEX_IN_BACKGROUND and in_process() and not self.is_running():
            self.serving = True
            self.wake()

    def _run(self) -> None:
        stop, wake = self._stop, self._wake
        while not stop.is_set():
            wake.clear()
            try:
                self._work(stop)
            # The thread must outlive a database that is away for a while.
            except Exception:
                logger.exception("%s failed; next try in %s s.", self._called, self._rest())
            finally:
                connections.close_all()
            wake.wait(self._rest())


def let_photos_go_first(stop: threading.Event) -> None:
    """Wait until no shopper's photo is being looked at in this process, for half a minute at most."""
    end = time.monotonic() + PHOTOS_FIRST
    while not stop.is_set() and time.monotonic() < end and not admission.photos().is_idle_within(1.0):
        pass


background = Background()


def _after_fork() -> None:
    # The thread stayed in the parent.
    global background  # noqa: PLW0603
    background = Background()


def _at_exit() -> None:
    background.stop()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
