"""The journey of a public list: made once for each window that is over, paid for in the ledger, and then its data are gone.

These lists are all that shoppers, or anybody but staff, may see of what many asked. Texts come from shares that many together
make readable, products, categories and labels from tallies over keys that the shop publishes itself.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from django.db import IntegrityError, transaction

from visual_search import registry, wiring
from visual_search.features.query_log import audit, tallies
from visual_search.features.query_log.models import LedgerEntry, PublicRelease, WindowShare, WindowTally
from visual_search.features.query_log.options import SETTLE_SECONDS, now, options, tally_keys, window_keys
from visual_search.imaging.regions import PERSON
from visual_search.models import StoredPhrase
from visual_search.privacy.ledger import BudgetSpent, Cost, Ledger
from visual_search.privacy.thresholds import Share, recover

TEXTS, PRODUCTS, CATEGORIES = "texts", "products", "categories"
MOST_PRODUCTS = 1_000  # the greatest counts, for of a large catalogue nearly all the others are noise alone

Counts = Mapping[str, int]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _List:
    """A list that may be made: what it costs, and how. `make` draws its noise, so it is called once, after it is paid for."""

    name: str
    cost: Cost
    make: Callable[[], Counts]
    readable_from: int | None = None
    threshold: int | None = None


def release_due() -> list[int]:
    """Make the only public lists of each window that is over, and delete the data that they came from; returns the windows."""
    # The last day of a window is sealed after its end.
    over = window_keys().epoch(now() - 2 * SETTLE_SECONDS).number
    windows = {
        window
        for model in (WindowShare, WindowTally)
        for window in model._default_manager.filter(window__lt=over).values_list("window", flat=True)
    }
    return [window for window in sorted(windows) if _release(window)]


def newest(name: str) -> Counts:
    """What the last public list of this name says; nothing where none was made yet."""
    release = PublicRelease.objects.filter(entry__name=name).order_by("-entry__made_at", "-pk").first()
    return release.counts if release else {}


def _release(window: int) -> bool:
    made = []
    try:
        with transaction.atomic():
            ledger = _ledger(window)
            for one in _lists(window):
                try:
                    ledger = _publish(window, one, ledger)
                except BudgetSpent as problem:
                    # Mostly an earlier run has made it. A second list of the same data would weaken its noise.
                    if one.name not in ledger.spent:
                        logger.warning("Window %d has no list of %s: %s", window, one.name, problem)
                    continue
                made.append(one.name)
            _forget(window)
            if made:
                audit.append("system", "release window", window=window, lists=", ".join(made))
    except IntegrityError:
        # Another process has made them at the same time.
        _forget(window)
        return False
    window_keys().destroy(window)
    tally_keys().destroy(window)
    return bool(made)


def _publish(window: int, one: _List, ledger: Ledger) -> Ledger:
    """Pay for the list, then make and keep it. The only way of any count of questions to the public."""
    after = ledger.spend(one.name, one.cost)
    entry = LedgerEntry.objects.create(
        window=window,
        window_days=options().window_days,
        name=one.name,
        epsilon=str(one.cost.epsilon),
        delta=str(one.cost.delta),
        per_client=options().per_client,
    )
    counts = sorted(one.make().items(), key=lambda item: (-item[1], item[0]))
    PublicRelease.objects.create(
        entry=entry, readable_from=one.readable_from, threshold=one.threshold, counts=dict(counts)
    )
    return after


def _ledger(window: int) -> Ledger:
    entries = LedgerEntry.objects.select_for_update().filter(window=window)
    spent = {entry.name: Cost(Fraction(entry.epsilon), Fraction(entry.delta)) for entry in entries}
    return Ledger(options().budget, spent)


def _forget(window: int) -> None:
    WindowShare.objects.filter(window=window).delete()
    WindowTally.objects.filter(window=window).delete()


# --- What is listed -----------------------------------------------------------------------------


def _lists(window: int) -> Iterable[_List]:
    texts, products, categories = options().release, options().products, options().categories
    yield _List(TEXTS, texts.cost, lambda: _texts(window), readable_from=texts.readable_from, threshold=texts.threshold)
    counted = tallies.of(window)
    if counted is None:
        return  # Nothing was counted, or nobody can read it any more: a list would be noise alone.
    yield _List(PRODUCTS, products.cost, lambda: _greatest(products.apply(counted.products, _sold())))
    yield _List(CATEGORIES, categories.cost, lambda: categories.apply(counted.categories, _named()))


def _texts(window: int) -> Counts:
    terms = options().release
    by_tag: dict[bytes, list[Share]] = defaultdict(list)
    for packed in WindowShare.objects.filter(window=window).values_list("share", flat=True):
        part = Share.unpack(bytes(packed))
        by_tag[part.tag].append(part)
    shown = terms.apply({tag: len({part.x for part in parts}) for tag, parts in by_tag.items()})
    texts = {tag: recover(by_tag[tag], k=terms.readable_from) for tag in shown}
    return {text: shown[tag] for tag, text in texts.items() if text is not None}


def _greatest(counts: Counts) -> Counts:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_PRODUCTS])


def _sold() -> Iterable[str]:
    """The ids of what the shop publishes."""
    source = registry.source(registry.default())
    return (str(key) for key in source.queryset().prefetch_related(None).values_list("pk", flat=True).iterator())


def _named() -> Iterable[str]:
    """The shop's categories and the detector's labels, as keys of the list. Nobody's question adds to them."""
    paths = StoredPhrase.objects.filter(collection=registry.default(), is_category=True)
    yield from (tallies.category_key(path) for path in paths.values_list("text", flat=True))
    labels: Iterable[str] = getattr(wiring.detector(), "labels", ())
    yield from (tallies.label_key(label) for label in labels if label != PERSON)
