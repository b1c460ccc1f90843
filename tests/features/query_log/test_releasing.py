"""Public lists: paid for once, made of no more than a client-day may add, and all that shoppers ever see (promise P4)."""

from __future__ import annotations

import ast
import math
import random
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Model

from tests.features.query_log.shop import material
from visual_search.errors import ConfigurationError
from visual_search.features.query_log import releasing, tallies
from visual_search.features.query_log.models import (
    AuditEntry,
    LedgerEntry,
    PublicRelease,
    WindowShare,
    WindowTally,
)
from visual_search.features.query_log.options import day_keys, options, read, tally_keys, window_keys
from visual_search.features.query_log.rows import WINDOW_SCOPE
from visual_search.models import StoredPhrase
from visual_search.privacy import noise
from visual_search.privacy.ledger import Cost, total
from visual_search.privacy.pseudonyms import pseudonym
from visual_search.privacy.thresholds import share
from visual_search.types import Found, SealedEvent, SealedQuestion, SeenThing

TEXTS, PRODUCTS, CATEGORIES = releasing.TEXTS, releasing.PRODUCTS, releasing.CATEGORIES


def counts(name: str = TEXTS) -> dict[str, int]:
    return PublicRelease.objects.get(entry__name=name).counts


# --- Texts --------------------------------------------------------------------------------------


def test_a_client_day_adds_to_few_texts_of_a_window(shop) -> None:
    for n in range(10):
        shop.ask(f"text number {n}", client=1)
        shop.ask("text number 0", client=1)
    shop.finish_day()
    assert WindowShare.objects.count() == options().per_client == 3


def test_the_order_of_parts_does_not_tell_which_are_one_clients(shop) -> None:
    """Grouped by client they would stand in eight groups; a fair shuffle brings that about once in 10^13 times."""
    texts, clients = ("red chair", "oak table", "blue lamp"), range(8)
    for client in clients:
        for text in texts:
            shop.ask(text, client)
    day, window = day_keys().epoch().number, window_keys().epoch().number
    names = {n: pseudonym(day_keys().key(day), site=options().site, client=material(n)) for n in clients}
    terms = {"k": options().readable_from, "scope": WINDOW_SCOPE}
    whose = {
        share(window_keys().key(window), text=text, client=names[n], **terms).pack(): n
        for n in clients
        for text in texts
    }
    shop.finish_day()
    order = [whose[packed] for packed in _as_stored(WindowShare, "share")]
    assert sorted(order) == sorted([*clients] * len(texts))
    assert sum(one != other for one, other in pairwise(order)) >= len(clients)


def test_a_window_gives_one_list_and_then_its_parts_are_gone(shop) -> None:
    shop.use(WINDOW_DAYS=2, EPSILON=4, EPSILON_CAP=5)
    threshold = options().release.threshold
    for client in range(threshold + 30):
        shop.ask("red chair", client)
    for client in range(4):
        shop.ask("canarysecret", client)
    shop.finish_day()
    assert releasing.release_due() == []  # the window isn't over
    shop.later(days=2)
    [window] = releasing.release_due()
    made = PublicRelease.objects.get(entry__name=TEXTS, entry__window=window)
    assert made.counts.keys() == {"red chair"}
    assert abs(made.counts["red chair"] - (threshold + 30)) < 25
    assert not WindowShare.objects.exists()
    assert not any(name.startswith("window-") for name in _key_names(shop))
    entry = AuditEntry.objects.get(action="release window")
    assert (entry.actor, entry.facts) == ("system", {"window": window, "lists": "texts, products, categories"})
    first = made.counts
    assert releasing.release_due() == []
    assert counts() == first


@pytest.mark.skipif(connection.vendor == "postgresql", reason="PostgreSQL orders the keys of its JSON itself")
def test_a_list_goes_from_the_commonest_and_equal_ones_by_the_alphabet(shop) -> None:
    shop.use(WINDOW_DAYS=1, EPSILON=900, EPSILON_CAP=901)  # noise of 0 but once in e^300 draws
    texts = ("zinc", "ash", "oak", "elm", "fir", "yew", "box", "may")
    for number, text in enumerate(texts):
        for client in range(8 if text == "oak" else 6):
            shop.ask(text, client=10 * number + client)
    shop.finish_day()
    shop.later(days=2)
    releasing.release_due()
    assert list(counts().items()) == [
        ("oak", 8),
        *((text, 6) for text in ("ash", "box", "elm", "fir", "may", "yew", "zinc")),
    ]


def test_parts_that_come_after_the_list_never_make_another(shop) -> None:
    """Fresh noise over the same data would average out."""
    shop.use(WINDOW_DAYS=1)
    shop.ask(client=1)
    shop.finish_day()
    shop.later(days=2)
    [window] = releasing.release_due()
    share = b"\x01" * 200
    WindowShare.objects.create(window=window, share=share)
    assert releasing.release_due() == []
    assert PublicRelease.objects.filter(entry__name=TEXTS).count() == 1
    assert not WindowShare.objects.exists()


def test_one_client_on_every_day_of_a_window_stays_unreadable(shop) -> None:
    shop.use(WINDOW_DAYS=4, EPSILON=20, EPSILON_CAP=21, DELTA=0.5, K=2)
    for _ in range(4):
        shop.ask("canarysecret", client=1)
        shop.finish_day()
    assert WindowShare.objects.count() == 4
    shop.later(days=3)
    releasing.release_due()
    assert counts() == {}
    assert "canarysecret" not in shop.everything()


# --- Public keys --------------------------------------------------------------------------------


@pytest.fixture
def sold(monkeypatch) -> None:
    """What the shop publishes: three products, three categories, two labels."""
    monkeypatch.setattr(releasing, "_sold", lambda: ["1", "2", "3"])
    for path in ("Chairs", "Lamps", "Tables"):
        StoredPhrase.objects.create(collection="products", is_category=True, text=path, plain=path.lower())

    class Seeing:
        labels = ("chair", "person", "vase")

    monkeypatch.setattr("visual_search.wiring.detector", Seeing)


def question(
    client: int, *, category: str = "", seen: Iterable[str] = (), clicked: Iterable[str] = (), **more
) -> SealedQuestion:
    return SealedQuestion(
        query_id=uuid4(), client=client, words=None, text=None, collection=more.pop("collection", "products"), language="en",
        kind="text", found=Found.MANY, category=category, seen=tuple(SeenThing(label) for label in seen),
        events=tuple(SealedEvent("click", id, 1) for id in clicked), **more,
    )  # fmt: skip


def today() -> int:
    return day_keys().epoch().number


def window_over(shop) -> int:
    """Seal the window and make its lists."""
    window = window_keys().epoch().number
    shop.later(days=options().window_days)
    assert releasing.release_due() == [window]
    return window


def test_what_is_sealed_of_real_questions_is_counted(shop, sold) -> None:
    for client in range(30):
        query_id = shop.ask("red chair", client)
        shop.buffer.event(query_id, "click", "2", position=1, opted_out=False)
        shop.buffer.event(query_id, "impression", "1", position=1, opted_out=False)
    shop.finish_day()
    assert tallies.of(window_keys().epoch().number).products == {"2": 30}


def test_a_client_day_adds_to_few_keys_however_much_it_asks(shop, sold) -> None:
    clicked = [str(n) for n in range(50)]
    paths = [f"Path {n}" for n in range(50)]
    asked = [question(1, category=path, seen=["chair", "vase"], clicked=clicked) for path in paths]
    tallies.add(today(), [*asked, *asked])
    counted = tallies.of(window_keys().epoch().number)
    assert (counted.products.total(), counted.categories.total()) == (3, 3)
    assert max([*counted.products.values(), *counted.categories.values()]) == 1
    shop.later(days=1)
    tallies.add(today(), asked)
    assert tallies.of(window_keys().epoch().number).products.total() == 6, "another day is another client-day"


def test_a_list_names_all_that_the_shop_publishes_and_nothing_that_was_asked(shop, sold) -> None:
    shop.use(WINDOW_DAYS=1)
    asked = [question(n, category="Chairs", seen=["chair"], clicked=["2"]) for n in range(200)]
    asked += [question(n, category="canary path", seen=["canary"], clicked=["999"]) for n in range(200, 400)]
    tallies.add(today(), asked)
    window_over(shop)
    listed = counts(CATEGORIES)
    assert listed.keys() == {"category:Chairs", "category:Lamps", "category:Tables", "label:chair", "label:vase"}
    assert counts(PRODUCTS).keys() == {"1", "2", "3"}
    far = 6 * 40  # noise beyond 40 scales has a probability below 1e-17
    assert abs(listed["category:Chairs"] - 200) < far
    assert abs(counts(PRODUCTS)["2"] - 200) < far
    assert not WindowTally.objects.exists()
    assert "canary" not in shop.everything()


def test_of_many_products_the_commonest_are_kept(shop, sold, monkeypatch) -> None:
    monkeypatch.setattr(releasing, "_sold", lambda: map(str, range(1500)))
    shop.use(WINDOW_DAYS=1)
    tallies.add(today(), [question(n, clicked=["7"]) for n in range(500)])
    window_over(shop)
    assert len(counts(PRODUCTS)) == releasing.MOST_PRODUCTS
    assert "7" in counts(PRODUCTS)


def test_what_other_collections_are_asked_is_not_counted(shop, sold) -> None:
    tallies.add(today(), [question(1, collection="articles", category="Chairs", clicked=["2"])])
    counted = tallies.of(window_keys().epoch().number)
    assert not counted.products
    assert not counted.categories


def test_until_the_window_is_over_a_copy_of_the_database_tells_nothing_of_the_numbers(shop, sold) -> None:
    tallies.add(today(), [question(1, category="Chairs", seen=["vase"])])
    one = len(bytes(WindowTally.objects.get().closed))
    tallies.add(today(), [question(n, category="Lamps", clicked=["3"]) for n in range(40)])
    kept = bytes(WindowTally.objects.get().closed)
    assert len(kept) == one
    assert b"Chairs" not in kept
    tally_keys().destroy(window_keys().epoch().number)
    assert tallies.of(window_keys().epoch().number) is None


def test_the_tally_of_a_windows_last_day_is_still_in_time(shop, sold) -> None:
    shop.use(WINDOW_DAYS=1)
    last = today()
    shop.to_midnight(minutes=40)
    tallies.add(last, [question(1, category="Chairs")])
    assert releasing.release_due() == []
    shop.later(hours=1)
    assert releasing.release_due() == [last]
    assert LedgerEntry.objects.count() == 3
    assert not any(name.startswith("tally-") for name in _key_names(shop))
    shop.later(days=4)
    tallies.add(last, [question(1, category="Chairs")])
    assert not WindowTally.objects.exists(), "What comes so late is too late for its window."


def test_keys_of_tallies_end_two_days_after_their_window(shop, sold) -> None:
    tallies.add(today(), [question(1, category="Chairs")])
    assert any(name.startswith("tally-") for name in _key_names(shop))
    shop.later(days=31)
    tally_keys().sweep()
    assert not any(name.startswith("tally-") for name in _key_names(shop))


def test_without_a_key_no_list_of_noise_alone_is_made(shop, sold) -> None:
    shop.use(WINDOW_DAYS=1)
    tallies.add(today(), [question(1, category="Chairs")])
    tally_keys().destroy(window_keys().epoch().number)
    window_over(shop)
    assert [entry.name for entry in LedgerEntry.objects.all()] == [TEXTS]


# --- The ledger ---------------------------------------------------------------------------------


def test_a_windows_lists_cost_what_was_promised_and_no_more(shop, sold) -> None:
    tallies.add(today(), [question(1, category="Chairs")])
    window = window_over(shop)
    entries = {entry.name: entry for entry in LedgerEntry.objects.filter(window=window)}
    spent = {name: Cost(Fraction(entry.epsilon), Fraction(entry.delta)) for name, entry in entries.items()}
    assert spent == options().budget.shares
    assert total(spent.values()) == Cost(Fraction(2), Fraction(1, 10**6))
    assert {entry.per_client for entry in entries.values()} == {3}


def test_no_list_is_made_twice_whatever_comes_later(shop, sold) -> None:
    shop.use(WINDOW_DAYS=1)
    tallies.add(today(), [question(1, category="Chairs")])
    window = window_over(shop)
    before = {name: counts(name) for name in (TEXTS, PRODUCTS, CATEGORIES)}
    WindowTally.objects.create(window=window, closed=b"late")
    WindowShare.objects.create(window=window, share=b"\x01" * 200)
    assert releasing.release_due() == []
    assert {name: counts(name) for name in before} == before
    assert not WindowTally.objects.exists()
    assert not WindowShare.objects.exists()


def test_what_an_earlier_list_has_spent_leaves_less_for_the_others(shop, sold, caplog) -> None:
    """The shop made a list at a higher price, then set the options of the documentation."""
    shop.use(WINDOW_DAYS=1)
    window = window_keys().epoch().number
    tallies.add(today(), [question(1, category="Chairs")])
    LedgerEntry.objects.create(window=window, window_days=1, name=TEXTS, epsilon="7/4", delta="0", per_client=3)
    shop.later(days=1)
    assert releasing.release_due() == []
    assert [entry.name for entry in LedgerEntry.objects.all()] == [TEXTS]
    assert "has spent epsilon 1.75 of epsilon 2" in caplog.text


def test_noise_is_drawn_after_it_is_paid_for(shop, sold, monkeypatch) -> None:
    """A crash in between loses the list; the other way round a second run would draw noise over the same data."""
    tallies.add(today(), [question(1, category="Chairs")])
    seen: list[int] = []
    monkeypatch.setattr(
        releasing, "_greatest", lambda made: seen.append(LedgerEntry.objects.filter(name=PRODUCTS).count()) or {}
    )
    window_over(shop)
    assert seen == [1]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"EPSILON": 1.5}, "cost epsilon 2.5 and delta 1e-06 together, more than the cap of epsilon 2"),
        ({"EPSILON_PRODUCTS": 0}, "epsilon > 0"),
        ({"EPSILON_CAP": 1}, "more than the cap of epsilon 1"),
    ],
)
def test_options_that_would_overspend_are_refused(given, problem) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        read(given)


def test_nothing_but_a_paid_list_draws_noise() -> None:
    """Whoever adds a release passes the ledger: only `releasing` asks the mechanism, and only `_publish` makes its lists."""
    package = Path(noise.__file__).resolve().parents[1]
    asking = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and node.module == "visual_search.privacy.noise"
        and {alias.name for alias in node.names} & {"Release", "PublicKeys", "discrete_laplace"}
    }
    assert asking == {"features/query_log/options.py"}, "These are the terms; `releasing` reads them there."
    tree = ast.parse(Path(releasing.__file__).read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]

    def using(attribute: str) -> set[str]:
        return {
            function.name
            for function in functions
            for node in ast.walk(function)
            if isinstance(node, ast.Attribute) and node.attr == attribute
        }

    assert using("apply") == {"_texts", "_lists"}
    assert using("make") == {"_publish"}
    makers = [path for path in package.rglob("*.py") if "PublicRelease.objects.create" in path.read_text()]
    assert [path.name for path in makers] == ["releasing.py"]


# --- Many releases ------------------------------------------------------------------------------


def released(shop, monkeypatch, runs: int, clients: int) -> Counter[int]:
    """The count of one category in many lists over the same data, each of a window of its own."""
    shop.use(WINDOW_DAYS=1, EPSILON_CATEGORIES=0.5, PER_CLIENT=1)
    below = random.Random(23).randrange
    drawn = noise.discrete_laplace
    monkeypatch.setattr(noise, "discrete_laplace", lambda scale, *, below: drawn(scale, below=seeded))
    seeded = below
    found: Counter[int] = Counter()
    for _ in range(runs):
        tallies.add(today(), [question(n, category="Chairs") for n in range(clients)])
        shop.later(days=1)
        [window] = releasing.release_due()
        found[PublicRelease.objects.get(entry__name=CATEGORIES, entry__window=window).counts["category:Chairs"]] += 1
    return found


def chi_square(found: Counter[int], centre: int, scale: float) -> float:
    """Against the law that was promised, in five bins: how far the counts lie from it."""
    runs, limits = found.total(), (-3, -1, 1, 3)

    def law(low: float, high: float) -> float:
        return sum(math.tanh(1 / (2 * scale)) * math.exp(-abs(x) / scale) for x in range(-200, 201) if low < x <= high)

    value = 0.0
    for low, high in pairwise((-math.inf, *limits, math.inf)):
        expected = runs * law(low, high)
        here = sum(times for shown, times in found.items() if low < shown - centre <= high)
        value += (here - expected) ** 2 / expected
    return value


RUNS, CLIENTS, LIMIT = 150, 20, 23.5  # 4 degrees of freedom: P(more) is 1e-4


def test_what_is_released_follows_the_law_that_was_promised(shop, sold, monkeypatch) -> None:
    assert chi_square(released(shop, monkeypatch, RUNS, CLIENTS), CLIENTS, 2) < LIMIT


FAULTS = {
    "no noise": ("visual_search.privacy.noise.discrete_laplace", lambda scale, *, below: 0),
    "a quarter of the noise": (
        "visual_search.privacy.noise.PublicKeys.scale",
        property(lambda self: Fraction(self.per_client) / self.epsilon / 4),
    ),
    "no bound on what a client-day adds": (
        "visual_search.features.query_log.tallies.bounded",
        lambda keys, limit: [*keys] * 2,
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_in_what_is_released_would_be_noticed(shop, sold, monkeypatch, fault) -> None:
    """The control of the test above."""
    monkeypatch.setattr(*fault)
    assert chi_square(released(shop, monkeypatch, 60, CLIENTS), CLIENTS, 2) > LIMIT


def _as_stored(model: type[Model], name: str) -> list[bytes]:
    """A column in the order in which the rows lie, as who copies the files would see it."""
    place = "ctid" if connection.vendor == "postgresql" else "rowid"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name} FROM {model._meta.db_table} ORDER BY {place}")  # noqa: S608 - names of ours
        return [bytes(value) for (value,) in cursor.fetchall()]


def _key_names(shop) -> list[str]:
    return sorted(path.stem for path in shop.folder.glob("*.key"))
