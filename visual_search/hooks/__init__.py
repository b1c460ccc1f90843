"""What the core offers features: three kinds of hooks, each a protocol, with one guard for all (signals: `signals.py`).

`REWRITERS` change the question before it is asked, `RESCORERS` the order of the best hits, `CURATORS` place, add and drop hits
last. The settings name them by dotted paths; an empty list costs nothing. Each kind has a contract test in
`tests/contracts/hooks.py`.
"""

from visual_search.hooks.curating import MOST_OFFERED, Curated, Curator, Curators
from visual_search.hooks.guard import (
    FIRST_MS,
    FIRST_RUNS,
    REST_AFTER,
    REST_SECONDS,
    Guard,
    Guarded,
    Moment,
    OutOfTime,
    Overstepped,
)
from visual_search.hooks.rescoring import Reordered, Rescorer, Rescorers
from visual_search.hooks.rewriting import Rewriter, Rewriters, Rewritten

__all__ = [
    "FIRST_MS",
    "FIRST_RUNS",
    "MOST_OFFERED",
    "REST_AFTER",
    "REST_SECONDS",
    "Curated",
    "Curator",
    "Curators",
    "Guard",
    "Guarded",
    "Moment",
    "OutOfTime",
    "Overstepped",
    "Reordered",
    "Rescorer",
    "Rescorers",
    "Rewriter",
    "Rewriters",
    "Rewritten",
]
