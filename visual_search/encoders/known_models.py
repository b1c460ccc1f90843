"""Published facts about known models: languages, licence, and the prompts that they were trained with.

The figures behind the choice stand in docs/how-to/choose-a-model.md. A model that isn't here works all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


ENGLISH = _codes("en")
# The 36 languages of XM3600 (Thapliyal et al. 2022), in which SigLIP 2 was tested; it was trained on text in 109.
XM3600 = _codes(
    "ar bn cs da de el en es fa fi fil fr he hi hr hu id it ja ko mi nl no pl pt quz ro ru sv sw te th tr uk vi zh"
)
# The 50 languages that sentence-transformers' multilingual students were taught in.
DISTILLED = _codes(
    "ar bg ca cs da de el en es et fa fi fr gl gu he hi hr hu hy id it ja ka ko ku lt lv mk mn mr ms my nb nl pl pt ro"
    " ru sk sl sq sr sv th tr uk ur vi zh"
)


@dataclass(frozen=True, slots=True)
class KnownModel:
    """`languages`: None where the model's card doesn't list them. `prompts`: role -> what goes before the text.

    `lower`: the model was trained on lower-case text.
    """

    languages: frozenset[str] | None
    licence: str
    prompts: Mapping[str, str] = field(default_factory=dict)
    lower: bool = False


_SIGLIP2 = KnownModel(XM3600, "Apache-2.0", lower=True)
_MARQO = KnownModel(ENGLISH, "Apache-2.0")
_QWEN = KnownModel(None, "Apache-2.0")
_E5 = KnownModel(None, "MIT", {"query": "query: ", "document": "passage: "})

KNOWN: Mapping[str, KnownModel] = {
    "google/siglip2-base-patch32-256": _SIGLIP2,
    "google/siglip2-base-patch16-224": _SIGLIP2,
    "google/siglip2-large-patch16-256": _SIGLIP2,
    "google/siglip2-so400m-patch14-384": _SIGLIP2,
    "sentence-transformers/clip-ViT-B-32": KnownModel(ENGLISH, "see the model's card"),
    "sentence-transformers/clip-ViT-B-32-multilingual-v1": KnownModel(DISTILLED, "see the model's card"),
    "Marqo/marqo-ecommerce-embeddings-B": _MARQO,
    "Marqo/marqo-ecommerce-embeddings-L": _MARQO,
    "Qwen/Qwen3-VL-Embedding-2B": _QWEN,
    "Qwen/Qwen3-VL-Embedding-8B": _QWEN,
    "facebook/dinov2-base": KnownModel(ENGLISH, "Apache-2.0"),
    "intfloat/multilingual-e5-small": _E5,
    "intfloat/multilingual-e5-base": _E5,
    "sentence-transformers/all-MiniLM-L6-v2": KnownModel(ENGLISH, "Apache-2.0"),
}
UNKNOWN = KnownModel(None, "see the model's card")


def known(name: str) -> KnownModel:
    """What is published about the model of this id; an empty card for folders and ids that aren't listed."""
    return KNOWN.get(name, UNKNOWN)
