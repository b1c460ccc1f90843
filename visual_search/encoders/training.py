"""Makes `data/offline.npz` and `data/offline_canary.npz`: the numbers that ship with the offline encoder.

    python -m visual_search.encoders.training catalog/demo [OUTPUT]

The first argument is a folder with `products.csv` (columns image, title) and `products_i18n.csv` (column title). It may
only hold what may be redistributed: the numbers are derived from it. Takes about five minutes on one core.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from tqdm import tqdm

from visual_search.encoders import canary, efficientnet, learned, looks, words
from visual_search.encoders.augment import PhotoMaker
from visual_search.encoders.offline import CONSE_CLASSES, CONSE_TEMPERATURE
from visual_search.imaging import colour
from visual_search.types import unit

Floats = npt.NDArray[np.float32]

# docs/decisions/0004-offline-encoder.md has the figures of the encoder that was trained with these.
PHOTOS_EACH = 6  # made-up photos of each product that the whitening learns from
RECOLOURED_EACH = 2  # recoloured pictures, and as many recoloured photos, of each product
MOST_TITLES = 800  # titles that e5's mean is taken over, at random from some 2,000
SHRINKAGE = 1.0  # added to the within-product covariance, times its mean eigenvalue
SEED = 7  # any fixed number, so that the same folder gives the same files


def main(arguments: Sequence[str]) -> None:
    """Read the pictures and titles, learn, and write both files into OUTPUT (default: the package's own folder)."""
    folder = Path(arguments[0])
    output = Path(arguments[1]) if len(arguments) > 1 else learned.FILE.parent
    products = _rows(folder / "products.csv")
    pictures = [Image.open(folder / row["image"]).convert("RGB") for row in products]
    pictures = [one for one in pictures if colour.white_border_share(colour.thumbnail(one)) > looks.ON_WHITE]
    maker = PhotoMaker(pictures, SEED)
    output.mkdir(parents=True, exist_ok=True)
    cache = output / "graph"
    titles = sorted({row["title"] for row in products + _rows(folder / "products_i18n.csv")})
    # A sample of the titles gives the same mean to three digits as all of them.
    some = np.random.default_rng(SEED).permutation(titles)[:MOST_TITLES].tolist()
    # The quick parts come first, so that a mistake in them doesn't cost five minutes.
    numbers = learn_words(some) | learn_colours(maker) | learn_network(maker, cache)
    np.savez_compressed(output / learned.FILE.name, allow_pickle=False, **numbers)
    np.savez_compressed(output / learned.CANARY_FILE.name, allow_pickle=False, **record_canary(output, cache))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def learn_network(maker: PhotoMaker, cache: Path) -> dict[str, npt.NDArray[np.floating]]:
    """The mean of the studio pictures' features, and their projection: it whitens them, then keeps the 384 directions in
    which photos differ most.
    """
    session = efficientnet.open_session(efficientnet.graph_path(cache), 1)
    clean = np.stack([looks.observe(session, picture).network for picture in tqdm(maker.pictures, "pictures")])
    photos = np.stack(
        [
            [looks.observe(session, maker.photo(number)).network for _ in range(PHOTOS_EACH)]
            for number in tqdm(range(len(maker.pictures)), "photos")
        ]
    )
    whiten = whitening(np.concatenate([clean[:, None], photos], axis=1).astype(np.float64))
    mean = clean.mean(axis=0)
    spread = np.cov(((photos.reshape(-1, efficientnet.FEATURES) - mean) @ whiten).T)
    directions = np.linalg.eigh(spread)[1][:, ::-1][:, : looks.SHAPE_DIMS]
    return {"network_mean": mean.astype(np.float32), "network": (whiten @ directions).astype(np.float16)}


def whitening(groups: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """W = V / sqrt(e + s mean(e)), from the covariance within products; `groups` is (products, pictures each, dims).

    Within-class covariance normalisation (Hatch, Stolcke 2006): what differs between pictures of one product is noise.
    """
    within = (groups - groups.mean(axis=1, keepdims=True)).reshape(-1, groups.shape[2])
    values, vectors = np.linalg.eigh(within.T @ within / len(within))
    return np.asarray(vectors / np.sqrt(values + SHRINKAGE * values.mean()))


def learn_colours(maker: PhotoMaker) -> dict[str, npt.NDArray[np.floating]]:
    """Means and half-whitened principal directions of both histograms, over pictures recoloured at random."""
    recoloured = [
        colour.thumbnail(maker.recoloured(picture)) for picture in maker.pictures for _ in range(RECOLOURED_EACH)
    ]
    photos = [
        colour.thumbnail(maker.recoloured(maker.photo(number)))
        for number in range(len(maker.pictures))
        for _ in range(RECOLOURED_EACH)
    ]
    whole = np.stack([colour.hsv_histogram(pixels) for pixels in recoloured])
    middle = np.stack(
        [colour.lab_histogram(pixels) for pixels in photos]
        + [colour.lab_histogram(pixels, colour.foreground(pixels)) for pixels in recoloured]
    )
    result: dict[str, npt.NDArray[np.floating]] = {}
    for name, histograms, dims in (("whole", whole, looks.WHITE_DIMS), ("middle", middle, looks.PHOTO_DIMS)):
        mean = histograms.mean(axis=0)
        _, strengths, directions = np.linalg.svd(histograms - mean, full_matrices=False)
        half_whitened = directions[:dims].T / np.sqrt(strengths[:dims] / strengths[0])
        result |= {f"{name}_mean": mean, name: half_whitened.astype(np.float16)}
    return result


def learn_words(titles: Sequence[str]) -> dict[str, npt.NDArray[np.floating]]:
    """e5's mean vectors of both roles, and where the class names of the network lie in USE's space."""
    nothing = np.zeros(words.E5_DIMS, np.float32)
    models = words.WordEncoder({"query": nothing, "document": nothing}, threads=1)
    names = learned.class_names()
    plain = models.use([synonyms[0] for synonyms in names])
    synonyms = unit(np.stack([models.use(others[1:]).mean(axis=0) for others in names]))
    return {
        "e5_query": models.e5(titles, "query").mean(axis=0),
        "e5_document": models.e5(titles, "document").mean(axis=0),
        "names": unit(plain + synonyms).astype(np.float16),
    }


def record_canary(folder: Path, cache: Path) -> dict[str, Floats]:
    """What the encoder with the numbers in `folder` gives for the canary's picture and texts."""
    numbers = learned.read(folder / learned.FILE.name)
    session = efficientnet.open_session(efficientnet.graph_path(cache), 1)
    observed = looks.observe(session, canary.picture())
    shares = looks.class_shares(observed.logits[None], keep=CONSE_CLASSES, temperature=CONSE_TEMPERATURE)
    vectors = {"image": numbers.projection.vectors([observed]), "cross": unit(shares @ numbers.class_names)}
    models = words.WordEncoder(numbers.means, threads=1)
    for role in canary.ROLES:
        for language, texts in canary.TEXTS.items():
            share = words.use_shares(texts, role, language)
            vectors[f"{role}-{language}"] = words.join(models.use(texts), models.e5(texts, role), share)
    return vectors


if __name__ == "__main__":
    main(sys.argv[1:])
