"""What a question doesn't want, looked up among what it found: who loses how much, and who is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from visual_search.encoders.base import Encoder
from visual_search.engines.base import Engine
from visual_search.ranking.composing import Unwanted, penalties
from visual_search.types import EngineQuery, Leg, LegAnswer, NamedVector, Query, Vector, VectorLeg, WordsLeg

MOST = 8  # things not wanted: each is one more leg
LOOKS, SAME_LOOKS = 0.28, 1.0  # cosines of pictures from which on a look costs, and at which it costs all
MEANS, SAME_MEANING = 0.35, 0.85  # of texts


def losses(
    query: Query,
    found: Iterable[LegAnswer],
    disliked: Mapping[str, Sequence[NamedVector]],
    *,
    engine: Engine,
    encoder: Encoder,
    languages: tuple[str, ...],
    meaning_of: Callable[[str], Vector | None],
) -> tuple[dict[str, float], frozenset[str]]:
    """What each found object loses, and the objects whose texts say what mustn't be said (these are left out).

    One more request to the engine, over the found objects alone and exact, so that nothing that was found can slip
    through because a leg stopped early. None where nothing is unwanted.
    """
    ids = tuple(dict.fromkeys(hit.id for leg in found for hit in leg.hits))
    legs, costs = _legs(query, disliked, encoder, languages, meaning_of=meaning_of, count=len(ids))
    if not ids or not legs:
        return {}, frozenset()
    answer = engine.search(query.collection, EngineQuery(tuple(legs), only=ids))
    said: set[str] = set()
    for number, phrase in enumerate(query.words_not[:MOST]):
        words = phrase.split()
        matched = [{hit.id for hit in answer.leg(f"not{number}.{place}").hits} for place in range(len(words))]
        said |= set.intersection(*matched) if matched else set()
    cost = penalties(Unwanted(answer.leg(name), *scale, weight) for name, (scale, weight) in costs.items())
    return cost, frozenset(said)


def _legs(
    query: Query,
    disliked: Mapping[str, Sequence[NamedVector]],
    encoder: Encoder,
    languages: tuple[str, ...],
    *,
    meaning_of: Callable[[str], Vector | None],
    count: int,
) -> tuple[list[Leg], dict[str, tuple[tuple[float, float], float]]]:
    """The legs, and what those over vectors cost: name -> (scale, weight)."""
    legs: list[Leg] = []
    costs: dict[str, tuple[tuple[float, float], float]] = {}
    image, text = encoder.card.image.name, encoder.card.text

    def near(name: str, space: str, vector: Vector, scale: tuple[float, float], weight: float) -> None:
        legs.append(VectorLeg(name, space, vector, count, exact=True, named=False))
        costs[name] = scale, weight

    for number, item in enumerate(disliked.get(image, ())[:MOST]):
        near(f"unlike{number}", image, item.vector, (LOOKS, SAME_LOOKS), item.weight)
    for number, picture in enumerate(query.pictures):
        if picture.weight < 0 and image in picture.vectors:
            near(f"unseen{number}", image, picture.vectors[image], (LOOKS, SAME_LOOKS), -picture.weight)
    for number, phrase in enumerate(query.words_not[:MOST]):
        legs += [WordsLeg(f"not{number}.{place}", word, languages, count) for place, word in enumerate(phrase.split())]
        if text is not None and (vector := meaning_of(phrase)) is not None:
            near(f"not_meant{number}", text.name, vector, (MEANS, SAME_MEANING), 1.0)
    return legs, costs
