"""How many milliseconds ten thousand rules add to a question, and how long it takes to read them anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from visual_search.features.merchandising import current
from visual_search.features.merchandising.curator import MerchandisingCurator
from visual_search.features.merchandising.kinds import Then, When
from visual_search.features.merchandising.matching import Matcher
from visual_search.features.merchandising.rewriter import MerchandisingRewriter
from visual_search.features.merchandising.rules import Action, Condition, Rule, Synonyms
from visual_search.features.merchandising.synonyms import Thesaurus
from visual_search.hooks import Moment
from visual_search.measuring.measures import Table
from visual_search.measuring.times import timed
from visual_search.types import Query

RULES, SETS, WORDS, THINGS = 10_000, 2_000, 8_000, 80
FOREVER = Moment(float("inf"))
COLLECTION = "products"


def overhead(questions: int) -> Table:
    """Measure with made-up rules of this process alone: nothing is written."""
    rng = np.random.default_rng(0)
    rules = list(_rules(rng))
    sets = [Synonyms("two_way", "en", (f"word{n}", f"{_word(rng)} {_word(rng)}")) for n in range(1, SETS + 1)]
    begin = time.perf_counter()
    compiled = current.Compiled(Matcher(rules), Thesaurus(sets))
    built = (time.perf_counter() - begin) * 1000
    asked = [
        Query(collection=COLLECTION, words=" ".join(_word(rng) for _ in range(1 + n % 4)), language="en")
        for n in range(max(questions, 200))
    ]
    rewriter, curator = MerchandisingRewriter(), MerchandisingCurator()

    def all_of_them(query: Query) -> None:
        changed = rewriter.rewrite(query, FOREVER).query
        curator.offers(changed, FOREVER)
        curator.curate(changed, (), (), FOREVER)

    with current.trying(compiled):
        rows = {
            "all that rules do": _timed(asked, all_of_them),
            "before the question is asked": _timed(asked, lambda query: rewriter.rewrite(query, FOREVER)),
            "what may be pinned": _timed(asked, lambda query: curator.offers(query, FOREVER)),
            "rules of its hits": _timed(asked, lambda query: curator.curate(query, (), (), FOREVER)),
        }
    with current.trying(current.Compiled()):
        rows["without a rule"] = _timed(asked, lambda query: rewriter.rewrite(query, FOREVER))
    return Table(
        title=f"merchandising: {RULES} rules, {SETS} synonyms, {len(asked)} questions",
        columns=dict.fromkeys(("p50 ms", "p95 ms", "p99 ms", "CPU p99"), "{:.3f}"),
        rows=rows,
        notes=(f"Compiling them takes a process {built:.0f} ms, after each change; the former ones answer meanwhile.",),
    )


def _word(rng: np.random.Generator) -> str:
    """A word of a shop: the commonest stands in some percent of its texts, and most in few (Zipf's law)."""
    return f"word{int(WORDS ** rng.random())}"


def _rules(rng: np.random.Generator) -> Iterator[Rule]:
    """Each for words of its own, as an owner writes them; a fifth for a thing in the photo."""
    known: set[str] = set()
    while len(known) < RULES:
        number = len(known) + 1
        phrase = " ".join(_word(rng) for _ in range(1 + number % 3))
        if phrase in known:
            phrase += f" {_word(rng)}"
        if phrase in known:
            continue
        known.add(phrase)
        kind = (When.WORDS_ARE, When.WORDS_CONTAIN, When.WORDS_CONTAIN, When.WORDS_BEGIN, When.THING)[number % 5]
        value = f"thing{number % THINGS}" if kind is When.THING else phrase
        conditions = [Condition(kind, value)]
        if number % 7 == 0:
            conditions.append(Condition(When.FILTER, f"Category {number % 50}", "category"))
        actions = (
            Action(Then.PIN, item=str(number), position=1 + number % 10),
            Action(Then.HIDE, item=str(number + 1)),
        )
        yield Rule(number, phrase, COLLECTION, tuple(conditions), actions, priority=number % 3)


def _timed(queries: list[Query], ask: Callable[[Query], object]) -> dict[str, float]:
    for query in queries[:20]:
        ask(query)  # Caches fill.
    wall, work = np.array([timed(partial(ask, query))[1] for query in queries]).T
    p50, p95, p99 = (float(np.percentile(wall, q)) for q in (50, 95, 99))
    return {"p50 ms": p50, "p95 ms": p95, "p99 ms": p99, "CPU p99": float(np.percentile(work, 99))}
