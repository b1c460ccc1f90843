"""Fills every engine, asks them the same questions one after the other, and prints the table of the docs.

`--peers PYTHON`: the interpreter of the peers' environment; without it ours alone is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.bench_peers.asking import CONTENDERS
from tests.bench_peers.making import make

COLUMNS = ("knn", "knn, filtered", "words", "words, filtered", "hybrid", "hybrid, filtered")
OTHER_COLUMNS = ("recall@10, filtered", "RSS MB", "disk MB", "build s", "first answer s")
OURS = ("ours", "ours-200")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench_peers", description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--folder", type=Path, default=Path("build/peers-data"), help="data and indexes; kept")
    parser.add_argument("--peers", type=Path, help="the interpreter of the peers' environment")
    parser.add_argument("--only", nargs="*", choices=list(CONTENDERS), help="default: all that can be asked")
    parser.add_argument("--again", action="store_true", help="fill indexes that are there already once more")
    options = parser.parse_args()
    data = make(options.folder / "data", products=options.products, questions=options.questions)
    names = options.only or [name for name in CONTENDERS if name in OURS or options.peers]
    sys.stdout.write("| | " + " | ".join((*COLUMNS, *OTHER_COLUMNS)) + " |\n" + "|---" * (len(COLUMNS) + 6) + "|\n")
    for name in names:
        python = Path(sys.executable) if name in OURS else options.peers
        if python is None:
            parser.error(f"{name} needs --peers, the interpreter of an environment with requirements.txt.")
        folder = options.folder / name.removesuffix("-200")  # Both ways to ask ours share an index.
        figures = _built(python, name, data.folder, folder, again=options.again and name != "ours-200")
        figures |= _run(python, name, "ask", data.folder, folder)
        sys.stdout.write(line(name, figures) + "\n")
        sys.stdout.flush()


def _built(python: Path, name: str, data: Path, folder: Path, *, again: bool) -> dict[str, object]:
    """What filling took, now or when it was done."""
    kept = folder / "built.json"
    recipe = (data / "recipe.json").read_text()
    if not again and kept.exists() and (known := json.loads(kept.read_text()))["recipe"] == recipe:
        return known
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    figures = _run(python, name, "build", data, folder)
    kept.write_text(json.dumps({**figures, "recipe": recipe}))
    return figures


def _run(python: Path, name: str, step: str, data: Path, folder: Path) -> dict[str, object]:
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS", "LANCE_CPU_THREADS"), "1")
    command = [str(python), "-m", "tests.bench_peers.asking", name, step, str(data), str(folder)]
    answer = subprocess.run(command, env=os.environ | one, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(answer.stdout.splitlines()[-1])


def line(name: str, figures: dict[str, object]) -> str:
    """The row of one engine."""
    times = ["{:.1f} / {:.1f}".format(*figures[column]) for column in COLUMNS]  # type: ignore[misc]
    recall = "{:.3f}, {:.3f}".format(figures["recall all"], figures["recall filtered"])
    sizes = [f"{figures[column]:.0f}" for column in ("RSS MB", "disk MB", "build s")]
    return "| " + " | ".join([name, *times, recall, *sizes, f"{figures['first answer s']:.1f}"]) + " |"


if __name__ == "__main__":
    main()
