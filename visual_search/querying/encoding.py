"""Lets encoder and reader work on a question: makes its legs, and the vectors and the witness of each photo."""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass, field, replace

from visual_search.conf import conf
from visual_search.encoders.base import Encoder
from visual_search.errors import BadInput, EncoderUnavailable
from visual_search.imaging.reading import Reader
from visual_search.querying.legs import vector_legs
from visual_search.querying.photos import COMPARED, Looked, look
from visual_search.querying.timing import Clock
from visual_search.types import GramsLeg, Leg, LegId, LegKind, Query, QueryPicture, Vector, VectorLeg, Witness

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Encoded:
    """`pictures`: those of the question, with vectors and witness, without pixels. `looked`: what was seen in each photo
    that came as pixels, by its place in `pictures`.
    """

    pictures: list[QueryPicture]
    legs: list[Leg] = field(default_factory=list)
    looked: dict[int, Looked] = field(default_factory=dict)
    degraded: tuple[str, ...] = ()


def encode(
    query: Query, words: str, language: str | None, encoder: Encoder, *, reader: Reader | None, clock: Clock
) -> Encoded:
    """Make the legs that need the encoder or the reader, and fill in what each photo shows.

    If the encoder fails, full text still answers the words, and `degraded` says so. Raises EncoderUnavailable if there
    are no words, and BadInput for a photo that shows nothing.
    """
    result = Encoded([replace(picture, image=None) for picture in query.pictures])
    try:
        for number, picture in enumerate(query.pictures):
            if picture.weight > 0:
                _add_photo(result, picture, number, encoder, reader=reader if query.read else None, clock=clock)
        if words:
            with clock.step("encoder"):
                result.legs += vector_legs(words, language, encoder)
        _leave_out_blanks(result, asks_more=bool(words or query.like))
    except BadInput:
        raise
    # An encoder runs foreign code over strangers' pictures, so it may raise anything.
    except Exception as error:
        _log(error)
        if not words:
            if isinstance(error, EncoderUnavailable):
                raise
            raise EncoderUnavailable(f"The encoder failed on this photo ({type(error).__name__}).") from error
        result.degraded += ("encoder",)
    return result


def meaning(encoder: Encoder, language: str | None, phrase: str) -> Vector | None:
    """The vector of a phrase that hits must not mean; None if the encoder doesn't know the words, or fails."""
    try:
        vectors = encoder.texts([phrase], role="query", language=language).text
    except Exception as error:
        # Without the vector, the search still leaves out objects whose texts say these words.
        _log(error)
        return None
    return vectors[0] if vectors is not None and vectors[0].any() else None


def _add_photo(
    result: Encoded, picture: QueryPicture, number: int, encoder: Encoder, *, reader: Reader | None, clock: Clock
) -> None:
    """Add one photo's legs. Without a reader, the text that came with a token stays in the witness but adds no leg."""
    space = encoder.card.image.name
    vectors, witness = picture.vectors, picture.witness or Witness()
    if picture.image is not None:
        looked = look(picture.image, encoder, reader, vectors=vectors)
        vectors, witness = (
            looked.vectors,
            Witness(looked.text, looked.codes, studio=looked.studio, colours=looked.colours, nothing=looked.nothing),
        )
        result.degraded = tuple(dict.fromkeys((*result.degraded, *looked.degraded)))
        for step, taken in looked.timings_ms.items():
            clock.add(step, taken)
        if not looked.nothing:
            result.looked[number] = looked
    photo = LegId(LegKind.PHOTO, number)
    result.legs.append(VectorLeg(photo, space, vectors[space], conf.RANK_WINDOW, named=COMPARED))
    # Each thing in the photo is one more leg; `composing.gathered` later joins their answers into one.
    for part, other in enumerate(picture.others):
        part_of = replace(photo, part=part)
        result.legs.append(VectorLeg(part_of, space, other[space], conf.RANK_WINDOW, named=COMPARED))
    if witness.text and reader is not None:
        result.legs.append(GramsLeg(LegId(LegKind.LABEL, number), witness.text, conf.RANK_WINDOW))
    result.pictures[number] = replace(result.pictures[number], vectors=vectors, witness=witness)


def _leave_out_blanks(result: Encoded, *, asks_more: bool) -> None:
    """Take out the legs of photos that show nothing, if anything else is asked: what is near to a blank is chance."""
    blank = {number for number, one in enumerate(result.pictures) if one.witness and one.witness.nothing}
    asked = {leg.name.number for leg in result.legs if isinstance(leg.name, LegId) and leg.name.kind is LegKind.PHOTO}
    if asks_more or asked - blank:
        result.legs = [
            leg
            for leg in result.legs
            if not (isinstance(leg.name, LegId) and leg.name.kind is LegKind.PHOTO and leg.name.number in blank)
        ]


def _log(error: Exception) -> None:
    # The log gets the place of the failure but not its message: a tokenizer may quote the shopper's words in it.
    said = str(error) if isinstance(error, EncoderUnavailable) else ""
    where = "".join(traceback.format_tb(error.__traceback__))
    logger.error("The encoder failed: %s %s\n%s", type(error).__name__, said, where)
