"""`python -m tests.bench_peers.asking NAME build|ask DATA FOLDER`: one engine, in a process of its own, on one core.

Prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.bench_peers.contender import Contender
from tests.bench_peers.data import Data

# Where each contender stands: its module is imported only when it is asked.
CONTENDERS = {
    "ours": ("ours", "Ours"),
    "ours-200": ("ours", "OursDeep"),
    "lancedb": ("peers", "LanceDB"),
    "sqlite-vec": ("peers", "SqliteVec"),
    "usearch-tantivy": ("peers", "UsearchTantivy"),
}
ROUNDS = 2  # The best of so many times counts: another process may slow one of them.


def main(name: str, step: str, data: Data, folder: Path) -> dict[str, object]:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    module, cls = CONTENDERS[name]
    begin = time.perf_counter()
    contender: type[Contender] = getattr(__import__(f"tests.bench_peers.{module}", fromlist=[cls]), cls)
    if step == "build":
        contender.build(folder, data)
        return {"build s": time.perf_counter() - begin, "disk MB": _size(folder) / 1e6}
    return _asked(contender(folder), data, begin)


def _asked(engine: Contender, data: Data, begin: float) -> dict[str, object]:
    questions, vectors, nearest = data.questions, data.asked, data.nearest
    engine.knn(vectors[0], None)
    figures: dict[str, object] = {"first answer s": time.perf_counter() - begin}
    found: dict[str, list[list[int]]] = {}
    ways: dict[str, Callable[[int], object]] = {}
    for which, filtered in (("all", False), ("filtered", True)):
        departments = [question["department"] if filtered else None for question in questions]
        words = [question["words"] for question in questions]
        behind = ", filtered" if filtered else ""
        ways |= {
            f"knn{behind}": lambda n, of=departments: engine.knn(vectors[n], of[n]),
            f"words{behind}": lambda n, of=departments, w=words: engine.words(w[n], of[n]),
            f"hybrid{behind}": lambda n, of=departments, w=words: engine.hybrid(vectors[n], w[n], of[n]),
        }
        found[which] = [list(engine.knn(vectors[n], departments[n])) for n in range(len(questions))]
    for way, ask in ways.items():
        times = [min(_timed(ask, n) for _ in range(ROUNDS)) * 1000 for n in range(len(questions))]
        figures[way] = [float(np.percentile(times, share)) for share in (50, 95)]
    for which, answers in found.items():
        right = sum(len({*own} & {*answer[:10]}) for own, answer in zip(nearest[which], answers, strict=True))
        figures[f"recall {which}"] = right / sum(map(len, nearest[which]))
    figures["RSS MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    return figures


def _timed(ask: Callable[[int], object], n: int) -> float:
    begin = time.perf_counter()
    ask(n)
    return time.perf_counter() - begin


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    name, step, data, folder = sys.argv[1:]
    sys.stdout.write(json.dumps(main(name, step, Data(Path(data)), Path(folder))) + "\n")
