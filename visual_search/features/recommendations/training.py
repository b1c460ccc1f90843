"""The journey of recommendations: the shop's baskets become lists, and nobody who bought is kept.

What clients taught is made anew once a week at most: whoever watched a list change from day to day could tell single baskets of
it. What is made of lists, the catalogue and the owner's links may change each night, and best sellers, which are no pairs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import date, timedelta

import numpy as np
from django.db import connections, models, router, transaction
from django.utils import timezone

from visual_search import registry
from visual_search.conf import conf
from visual_search.features.recommendations import alike, builds, catalogue, goes_with, options, popularity
from visual_search.features.recommendations.baskets import Baskets, read
from visual_search.features.recommendations.catalogue import Catalogue
from visual_search.features.recommendations.models import (
    Build,
    CategoryPair,
    CuratedLink,
    Kind,
    Neighbour,
    Origin,
    Part,
    Popular,
)
from visual_search.features.recommendations.recommenders import RECOMMENDERS, Lesson
from visual_search.features.recommendations.recommenders.base import Lists
from visual_search.features.recommendations.recommenders.borrowed import borrow, selling
from visual_search.learning import calibrating
from visual_search.models import chunks
from visual_search.querying import likes, scales
from visual_search.querying.kinds import RULES
from visual_search.ranking.calibration import STUDIO
from visual_search.ranking.fusion import Scale
from visual_search.types import LegKind

BATCH = 1000
LONGEST = 30  # places of a list: enough after what is sold out, in the basket, or of the same family is left out
LONGEST_GOES_WITH = 12  # Each thing has such a list, so they are the larger table.
LONGEST_SIMILAR = 16  # As above; of what looks alike more is left out for being a near-copy.
MOST_CATEGORIES = 20  # that are kept as going with one
WEEK = timedelta(days=7)
EPOCH = date(1970, 1, 1)

Told = Callable[[str], object]
Advanced = Callable[[int], object]


def train(
    collection: str,
    *,
    now: bool = False,
    model: str | None = None,
    tell: Told = lambda line: None,
    advanced: Advanced = lambda done: None,
) -> list[Build]:
    """Make the lists of this collection that are due, and put them live. Raises ConfigurationError, and what engines raise.

    `now`: also those that were made within the week. `model`: in place of the one that the settings name. `tell` hears of each
    part, `advanced` of the entries of baskets that were worked through.
    """
    name = model or options.model()
    today = timezone.now().date()
    shop = catalogue.read(collection)
    told = registry.source(collection).baskets(today - timedelta(days=options.days()))
    lesson = Lesson(read(told, shop.ids), (today - EPOCH).days, options.clients(), shop.joint, advanced)
    tell(f"{len(lesson.baskets.day)} baskets of {lesson.baskets.clients} clients, {len(shop.ids)} objects")
    makers: list[tuple[Part, str, Callable[[Build], int]]] = [
        (Part.TOGETHER, name, lambda build: _together(build, shop, lesson, name)),
        (Part.CATEGORIES, "co-counts of categories", lambda build: _categories(build, shop, lesson.baskets)),
        (Part.BORROWED, "borrowed", lambda build: _borrowed(build, shop, lesson)),
        (Part.GOES_WITH, "categories and content", lambda build: _goes_with(build, shop, lesson)),
        (Part.POPULAR, "popularity", lambda build: _popular(build, shop, lesson.baskets, lesson.today)),
        (Part.SIMILAR, "look and words", lambda build: _similar(build, shop)),
    ]
    made = []
    for part, by, make in makers:
        if part in (Part.TOGETHER, Part.CATEGORIES) and not now and not due(collection, part):
            tell(f"  {part}: made within the week")
            continue
        build = builds.start(collection, part, by)
        begin = time.process_time()
        rows = make(build)
        seconds = round(time.process_time() - begin, 2)
        builds.publish(build, {"rows": rows, "seconds": seconds, "from_baskets": bool(len(lesson.baskets.day))})
        tell(f"  {part}: {rows} rows, {seconds:.1f} s")
        made.append(build)
    return made


def taught(collection: str) -> bool:
    """Whether there is anything to learn from: baskets, or links of the owner's."""
    source = registry.source(collection)
    return source.tells_baskets or CuratedLink.objects.filter(collection=collection).exists()


def due(collection: str, part: Part) -> bool:
    """Whether the last build of what clients taught is a week old. One that was taken back counts: else it came back at night.

    One that was made before there was any basket doesn't count, since it tells of nobody.
    """
    last = builds.latest(collection, part)
    if last is None or last.finished is None or not last.figures.get("from_baskets", True):
        return True
    return timezone.now() - last.finished >= WEEK


# --- The parts ----------------------------------------------------------------------------------


def _together(build: Build, shop: Catalogue, lesson: Lesson, name: str) -> int:
    recommender = RECOMMENDERS[name]()
    recommender.fit(lesson)
    return _keep(build, shop, recommender.neighbours(LONGEST), Kind.TOGETHER, Origin.ORDERS)


def _categories(build: Build, shop: Catalogue, baskets: Baskets) -> int:
    table = goes_with.from_baskets(baskets, shop.category, options.clients())
    first, second = _links(build.collection, shop)
    table += goes_with.LINK * goes_with.from_links(first, second, shop.category)
    # Of what nobody bought or linked nothing is known, and nothing is kept.
    share = np.where(table > 0, goes_with.shares(table), 0) if table.size else table
    best = np.argsort(-share, axis=1, kind="stable")[:, :MOST_CATEGORIES]
    return _write(
        CategoryPair,
        (
            CategoryPair(
                build=build,
                category=shop.names[own],
                other=shop.names[other],
                rank=rank,
                score=float(share[own, other]),
            )
            for own in range(len(best))
            for rank, other in enumerate(best[own].tolist())
            if share[own, other] > 0
        ),
    )


def _links(collection: str, shop: Catalogue) -> tuple[np.ndarray, np.ndarray]:
    """The owner's links as numbers of objects; those of what is gone are left out."""
    number = {id: place for place, id in enumerate(shop.ids)}
    rows = CuratedLink.objects.filter(collection=collection).exclude(kind=Kind.SIMILAR).values_list("item", "other")
    pairs = [(number[item], number[other]) for item, other in rows if item in number and other in number]
    first, second = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return first, second


def _borrowed(build: Build, shop: Catalogue, lesson: Lesson) -> int:
    """Of the live lists and of what sells alone, so that it tells nothing that they don't."""
    lists = _live(build.collection, shop)
    vectors = shop.joint
    if vectors is None or not len(lists.item):
        return 0
    strangers = np.setdiff1d(np.arange(len(shop.ids)), lists.item)
    return _keep(
        build, shop, borrow(vectors, strangers, lists, LONGEST, selling(lesson)), Kind.TOGETHER, Origin.BORROWED
    )


def _live(collection: str, shop: Catalogue) -> Lists:
    number = {id: place for place, id in enumerate(shop.ids)}
    rows = Neighbour.objects.filter(build__live=True, build__collection=collection, build__part=Part.TOGETHER)
    there = [
        (number[item], number[other], score)
        for item, other, score in rows.values_list("item", "other", "score").iterator(chunk_size=BATCH)
        if item in number and other in number
    ]
    item, other, score = (np.array([row[n] for row in there]) for n in range(3))
    order = np.argsort(item, kind="stable")
    return Lists(item[order].astype(np.int64), other[order].astype(np.int64), score[order].astype(np.float32))


def _goes_with(build: Build, shop: Catalogue, lesson: Lesson) -> int:
    share = np.zeros((len(shop.names), len(shop.names)))
    number = {name: place for place, name in enumerate(shop.names)}
    rows = CategoryPair.objects.filter(build__live=True, build__collection=build.collection)
    for category, other, score in rows.values_list("category", "other", "score"):
        if category in number and other in number:
            share[number[category], number[other]] = score
    things = goes_with.Things(
        category=shop.category,
        series=shop.series,
        sold=popularity.sold(lesson.baskets, lesson.today).astype(float),
        family=shop.family,
        look=shop.look,
        text=shop.text,
    )
    return _keep(
        build, shop, goes_with.GoesWith(things, share).lists(LONGEST_GOES_WITH), Kind.GOES_WITH, Origin.CATEGORY
    )


def _similar(build: Build, shop: Catalogue) -> int:
    """As "more like this" ranks them, by the very weights and limits of the core."""
    calibration = calibrating.current(build.collection)
    pictures, titles = catalogue.whole(build.collection, shop)
    look, text = RULES[LegKind.LIKE].scale, scales.learned(LegKind.LIKE_TEXT, calibration)
    legs = [_leg(pictures, look, calibration.of(STUDIO).similar, likes.MOST_LIKED)]
    if titles is not None:
        legs.append(_leg(titles, text, text.admits, 1))
    places = [part for part in (shop.look, shop.text) if part is not None]
    if not places:
        return 0
    alikes = alike.Alike(tuple(legs), shop.family, np.hstack(places), conf.RANK_WINDOW)
    return _keep(build, shop, alikes.lists(LONGEST_SIMILAR), Kind.SIMILAR, Origin.CONTENT)


def _leg(rows: alike.Rows, scale: Scale, admits: float | None, asked: int) -> alike.Leg:
    low, high = (0.0, 1.0) if scale.low is None or scale.high is None else (scale.low, scale.high)
    return alike.Leg(rows, scale.weight, low, high, np.inf if admits is None else admits, asked)


def _popular(build: Build, shop: Catalogue, baskets: Baskets, today: int) -> int:
    lists = popularity.best_sellers(shop.ids, popularity.sold(baskets, today), shop.levels)
    return _write(
        Popular,
        (
            Popular(build=build, category=category, item=id, rank=rank)
            for category, ids in lists.items()
            for rank, id in enumerate(ids)
        ),
    )


# --- Rows ---------------------------------------------------------------------------------------


def _keep(build: Build, shop: Catalogue, lists: Lists, kind: Kind, origin: Origin) -> int:
    starts = np.flatnonzero(np.diff(lists.item, prepend=-1))
    ranks = np.arange(len(lists.item)) - np.repeat(starts, np.diff(starts, append=len(lists.item)))
    several = [None] * len(lists.item) if lists.of_several is None else lists.of_several.tolist()
    columns = (lists.item.tolist(), lists.other.tolist(), ranks.tolist(), lists.score.tolist(), several)
    return _write(
        Neighbour,
        (
            Neighbour(
                build=build,
                item=shop.ids[item],
                other=shop.ids[other],
                kind=str(kind),
                rank=rank,
                score=score,
                of_several=of_several,
                source=str(origin),
            )
            for item, other, rank, score, of_several in zip(*columns, strict=True)
        ),
    )


def _write(model: type[models.Model], rows: Iterable[models.Model]) -> int:
    """Write the rows in small batches, since a long transaction would hold up a shop on SQLite. Gives how many there were."""
    using = router.db_for_write(model)
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    quote = connections[using].ops.quote_name
    columns = [field.column or field.attname for field in fields]
    names, places = ", ".join(map(quote, columns)), ", ".join(["%s"] * len(fields))
    # `bulk_create` takes five times as long, and there may be hundreds of thousands of rows. All are texts and numbers.
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({places})"  # noqa: S608 - names are the model's.
    count = 0
    for batch in chunks((tuple(getattr(row, field.attname) for field in fields) for row in rows), BATCH):
        with transaction.atomic(using), connections[using].cursor() as cursor:
            cursor.executemany(statement, batch)
        count += len(batch)
    return count
