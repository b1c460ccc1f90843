"""Makes `data/classic.npz`: codebooks and means that ship with the classic encoder.

    python -m visual_search.encoders.classic_training catalog/demo [OUTPUT]

The first argument is a folder with `products.csv` (column image) that may be redistributed. Takes a few minutes on one core.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from visual_search.encoders.atomic import write_once
from visual_search.encoders.classic import FEATURES, SHIPPED, learned_from

EVERY_NTH = 2  # Every second product is enough: the codebook of all of them was the same to the eye.


def main(arguments: Sequence[str]) -> None:
    """Read every second picture, learn, and write OUTPUT (default: the package's own file)."""
    folder = Path(arguments[0])
    with (folder / "products.csv").open(encoding="utf-8", newline="") as file:
        paths = [folder / row["image"] for row in csv.DictReader(file)][::EVERY_NTH]
    pictures = (Image.open(path).convert("RGB") for path in tqdm(paths, "pictures"))
    free = [name for name in FEATURES if not name.startswith("surf")]
    write_once(Path(arguments[1]) if len(arguments) > 1 else SHIPPED, learned_from(pictures, free))


if __name__ == "__main__":
    main(sys.argv[1:])
