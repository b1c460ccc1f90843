"""What the core's signal `day_sealed` says of a day: its questions in random order, with numbers in place of clients."""

from __future__ import annotations

import random
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from visual_search import registry
from visual_search.errors import VisualSearchError
from visual_search.features.query_log.models import Counter, LoggedEvent, LoggedQuery
from visual_search.features.query_log.rows import Opened
from visual_search.learning import calibrating
from visual_search.models import chunks
from visual_search.privacy.keys import DAY_SECONDS
from visual_search.types import SealedEvent, SealedQuestion

_chance = random.SystemRandom()


def questions(
    rows: Sequence[LoggedQuery], boxes: Mapping[UUID, Opened], texts: Mapping[UUID, str]
) -> tuple[SealedQuestion, ...]:
    """The rows whose box could be opened. `texts`: those that became readable, by question."""
    known = [row for row in rows if row.query_id in boxes]
    _chance.shuffle(known)
    clients = _numbers(boxes[row.query_id].client for row in known)
    words = _numbers(box.day_share.tag for box in boxes.values() if box.day_share is not None)
    categories = _categories(known)
    events = _events([row.query_id for row in known])
    told = []
    for row in known:
        box = boxes[row.query_id]
        close = [row.object_ids[place] for place in box.facts.close]
        told.append(
            SealedQuestion(
                query_id=row.query_id,
                client=clients[box.client],
                words=words[box.day_share.tag] if box.day_share is not None else None,
                text=texts.get(row.query_id),
                collection=row.collection,
                language=row.language,
                kind=row.kind,
                found=box.facts.found,
                category=_commonest(categories[row.collection].get(id, "") for id in close),
                seen=box.facts.seen,
                facets=box.facts.facets,
                refinements=box.facts.refinements,
                page=box.facts.page,
                took_ms=box.facts.took_ms,
                timings_ms=box.facts.timings_ms,
                hits=tuple(row.object_ids),
                notes=box.facts.notes,
                events=tuple(events[row.query_id]),
            )
        )
    return tuple(told)


def counts(day: int) -> Mapping[str, int]:
    """All counts of the day by name, added up over its hours."""
    begin, end = (datetime.fromtimestamp(number * DAY_SECONDS, tz=UTC) for number in (day, day + 1))
    tally: Tally[str] = Tally()
    for name, value in Counter.objects.filter(hour__gte=begin, hour__lt=end).values_list("name", "value"):
        tally[name] += value
    return tally


def _numbers(values: Iterable[bytes]) -> dict[bytes, int]:
    """A number for each different value. They are given at random, so that no two announcements agree."""
    different = sorted(set(values))
    _chance.shuffle(different)
    return {value: number for number, value in enumerate(different)}


def _categories(rows: Sequence[LoggedQuery]) -> dict[str, Mapping[str, str]]:
    """The category paths of the hits, by collection and id, as the shop sorts them now."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        wanted[row.collection].update(row.object_ids)
    found: dict[str, Mapping[str, str]] = defaultdict(dict)
    for collection, ids in wanted.items():
        try:
            registry.source(collection)
        except VisualSearchError:
            # The shop has taken the collection out since.
            continue
        kinds = calibrating.kinds(collection)
        found[collection] = {id: path for some in chunks(sorted(ids)) for id, path in kinds(some).items()}
    return found


def _commonest(paths: Iterable[str]) -> str:
    """The path that stands there most often, of several the first; "" where there is none."""
    tally = Tally(path for path in paths if path)
    return tally.most_common(1)[0][0] if tally else ""


def _events(query_ids: Iterable[UUID]) -> dict[UUID, list[SealedEvent]]:
    done: dict[UUID, list[SealedEvent]] = defaultdict(list)
    for ids in chunks(query_ids):
        for event in LoggedEvent.objects.filter(query_id__in=ids):
            done[event.query_id].append(SealedEvent(event.action_name, event.object_id, event.position))
    return done
