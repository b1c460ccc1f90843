"""What the encoder and the reader make of a question: its legs, and of each photo its vectors and what it says."""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass, field, replace

from visual_search.conf import conf
from visual_search.encoders.base import Encoder
from visual_search.errors import BadInput, EncoderUnavailable
from visual_search.imaging.reading import Reader
from visual_search.querying.legs import vector_legs
from visual_search.querying.photos import Looked, look
from visual_search.querying.timing import Clock
from visual_search.types import GramsLeg, Leg, LegId, LegKind, Query, QueryPicture, Vector, VectorLeg, Witness

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Encoded:
    """`pictures`: the question's, with vectors and witness and without pixels. `looked`: by the place of each photo that
    came as pixels.
    """

    pictures: list[QueryPicture]
    legs: list[Leg] = field(default_factory=list)
    looked: dict[int, Looked] = field(default_factory=dict)
    degraded: tuple[str, ...] = ()


def encode(
    query: Query, words: str, language: str | None, encoder: Encoder, *, reader: Reader | None, clock: Clock
) -> Encoded:
    """The legs that need the encoder or the reader, what each photo gave, and what had to be left out.

    Words are still answered by full text where the encoder fails. Raises EncoderUnavailable where there are none, and
    BadInput for a photo in which there is nothing to see.
    """
    result = Encoded([replace(picture, image=None) for picture in query.pictures])
    try:
        for number, picture in enumerate(query.pictures):
            if picture.weight > 0:
                _add_photo(result, picture, number, encoder, reader=reader if query.read else None, clock=clock)
        if words:
            with clock.step("encoder"):
                result.legs += vector_legs(words, language, encoder)
    except BadInput:
        raise
    # An encoder runs foreign code over strangers' pictures: what it may raise besides EncoderUnavailable isn't known.
    except Exception as error:
        _log(error)
        if not words:
            if isinstance(error, EncoderUnavailable):
                raise
            raise EncoderUnavailable(f"The encoder failed on this photo ({type(error).__name__}).") from error
        result.degraded += ("encoder",)
    return result


def meaning(encoder: Encoder, language: str | None, phrase: str) -> Vector | None:
    """The vector of words that mustn't be meant; None where the encoder doesn't know them, or fails."""
    try:
        vectors = encoder.texts([phrase], role="query", language=language).text
    except Exception as error:
        # Objects whose texts say these words are left out all the same.
        _log(error)
        return None
    return vectors[0] if vectors is not None and vectors[0].any() else None


def _add_photo(
    result: Encoded, picture: QueryPicture, number: int, encoder: Encoder, *, reader: Reader | None, clock: Clock
) -> None:
    """One photo's legs. Without a reader, what an earlier reading left in a token is kept, but doesn't count."""
    space = encoder.card.image.name
    vectors, witness = picture.vectors, picture.witness or Witness()
    if picture.image is not None:
        looked = look(picture.image, encoder, reader, vectors=vectors)
        vectors, witness = looked.vectors, Witness(looked.text, looked.codes, studio=looked.studio)
        result.degraded = tuple(dict.fromkeys((*result.degraded, *looked.degraded)))
        for step, taken in looked.timings_ms.items():
            clock.add(step, taken)
        result.looked[number] = looked
    photo = LegId(LegKind.PHOTO, number)
    result.legs.append(VectorLeg(photo, space, vectors[space], conf.RANK_WINDOW))
    # A photo of many things is asked by each of them; `composing.gathered` makes one leg of these again.
    for part, other in enumerate(picture.others):
        result.legs.append(VectorLeg(replace(photo, part=part), space, other[space], conf.RANK_WINDOW))
    if witness.text and reader is not None:
        result.legs.append(GramsLeg(LegId(LegKind.LABEL, number), witness.text, conf.RANK_WINDOW))
    result.pictures[number] = replace(result.pictures[number], vectors=vectors, witness=witness)


def _log(error: Exception) -> None:
    # Where it failed, but not what it said: a tokenizer's message may quote the shopper's words.
    said = str(error) if isinstance(error, EncoderUnavailable) else ""
    where = "".join(traceback.format_tb(error.__traceback__))
    logger.error("The encoder failed: %s %s\n%s", type(error).__name__, said, where)
