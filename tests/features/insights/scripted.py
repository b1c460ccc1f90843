"""A scripted day of searches, of which a test knows all: each question as a plain row, and the same given to the log."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import uuid4

from catalog.models import Product, State
from tests.features.query_log.shop import Shop, page
from visual_search.privacy.pseudonyms import client_material
from visual_search.types import (
    AnyOf,
    Found,
    Grade,
    Hit,
    Query,
    QueryPicture,
    Region,
    Scene,
    SealedEvent,
    SealedQuestion,
    SeenThing,
)

CATEGORIES = ("Home > Office > Chairs", "Home > Office > Desks", "Home > Living > Sofas", "Home > Rare > Odd")
THINGS = ("chair", "couch", "vase", "kite")
WORDS = ("red chair", "desk", "sofa bed", "lamp", "unobtainium", "only mine")
STEPS = ("encoder", "engine", "cards")
ANSWERED = {
    "many": (30, 0),
    "few": (5, 2),
    "nothing_close": (4, 4),
    "nothing": (0, 0),
}  # hits, and distant ones among them


@dataclass
class Asked:
    """One question as the test counts it."""

    client: int
    kind: str
    words: str
    language: str
    found: str
    category: str
    things: tuple[tuple[str, bool], ...]
    facets: tuple[str, ...]
    page: int
    took: float
    steps: dict[str, float]
    hits: tuple[str, ...]
    noted: bool
    clicks: tuple[int, ...] = ()
    basket: bool = False
    seen: tuple[str, ...] = field(default=())


def products() -> list[Product]:
    """Three products in each category, but one in the last. Nothing is indexed."""
    rows = [
        Product(sku=f"{number}-{place}", category=category, state=State.PUBLISHED)
        for number, category in enumerate(CATEGORIES)
        for place in range(3 if number < 3 else 1)
    ]
    return list(Product.objects.bulk_create(rows))


def script(number: int, of: Sequence[Product], seed: int = 17) -> list[Asked]:
    """So many questions of 900 browsers. The last category, thing, text and language are asked for by hardly anybody."""
    chance = random.Random(seed)
    by_category = {name: [str(each.pk) for each in of if each.category == name] for name in CATEGORIES}
    asked = []
    for place in range(number):
        rare = place % 3000 == 7
        kind = chance.choices(("text", "image", "hybrid", "browse"), (60, 20, 10, 10))[0]
        found = chance.choices(tuple(ANSWERED), (60, 20, 12, 8))[0]
        close = found in ("many", "few")
        category = (CATEGORIES[3] if rare else chance.choice(CATEGORIES[:3])) if close else ""
        words = ("only mine" if rare else chance.choice(WORDS[:5])) if kind in ("text", "hybrid") else ""
        photo = kind in ("image", "hybrid")
        hits = (
            tuple(by_category[category])
            if close
            else tuple(by_category[CATEGORIES[0]])
            if found == "nothing_close"
            else ()
        )
        clicks = tuple(chance.sample(range(1, 21), chance.randint(1, 2))) if close and chance.random() < 0.4 else ()
        asked.append(
            Asked(
                client=chance.randrange(900),
                kind=kind,
                words=words,
                language="is" if rare else chance.choice(("en", "en", "de", "fr")),
                found=found,
                category=category,
                things=((("kite" if rare else chance.choice(THINGS[:3])), close),) if photo else (),
                facets=("brand",) if chance.random() < 0.2 else (),
                page=2 if chance.random() < 0.1 else 1,
                took=round(chance.lognormvariate(4.5, 0.8), 1),
                steps={step: round(chance.lognormvariate(2.5, 1), 1) for step in STEPS},
                hits=hits,
                noted=chance.random() > 0.05,
                clicks=clicks,
                basket=bool(clicks) and chance.random() < 0.2,
                seen=hits,
            )
        )
    return asked


def ask(shop: Shop, asked: Sequence[Asked]) -> None:
    """Give these questions, and what was done with their answers, to the log."""
    for one in asked:
        query_id = uuid4()
        scene = None
        if one.things:
            region = Region((0.1, 0.1, 0.6, 0.6), one.things[0][0], 0.9)
            scene = Scene(Region((0.0, 0.0, 1.0, 1.0)), (region,), region.box)
        photos = (QueryPicture(scene=scene),) if scene else ()
        total, distant = ANSWERED[one.found]
        grade = Grade.DISTANT if one.found == "nothing_close" else Grade.SIMILAR
        answer = replace(
            page(query_id),
            hits=tuple(Hit(id, 1.0, grade) for id in one.hits),
            total=total,
            distant=distant,
            language=one.language,
            page=one.page,
            took_ms=one.took,
            timings_ms=one.steps,
            pictures=photos,
        )
        query = Query(
            words=one.words, pictures=photos, filters=tuple(AnyOf(name, ("x",)) for name in one.facets), page=one.page
        )
        material = client_material(address="203.0.113.9", user_agent=f"Browser/{one.client}")
        shop.buffer.question(query, answer, material=material, opted_out=not one.noted)
        for action, places in (("impression", range(1, len(one.seen) + 1)), ("click", one.clicks)):
            for place in places:
                object_id = one.hits[(place - 1) % len(one.hits)]
                shop.buffer.event(query_id, action, object_id, position=place, opted_out=not one.noted)
        if one.basket:
            shop.buffer.event(query_id, "basket", one.hits[0], position=1, opted_out=not one.noted)


def sealed(number: int, of: Sequence[Product], seed: int = 17) -> tuple[SealedQuestion, ...]:
    """The same script as a sealed day tells it, without the log between."""
    return tuple(
        SealedQuestion(
            query_id=uuid4(),
            client=one.client,
            words=None,
            text=one.words or None,
            collection="products",
            language=one.language,
            kind=one.kind,
            found=Found(one.found.replace("_", " ")),
            category=one.category,
            seen=tuple(SeenThing(label, close) for label, close in one.things),
            facets=one.facets,
            refinements=("filters",) * bool(one.facets),
            page=one.page,
            took_ms=one.took,
            timings_ms=one.steps,
            hits=one.hits,
            events=tuple(SealedEvent("impression", id, place) for place, id in enumerate(one.seen, 1))
            + tuple(SealedEvent("click", one.hits[(place - 1) % len(one.hits)], place) for place in one.clicks),
        )
        for one in script(number, of, seed)
    )


def counts_of(asked: Sequence[SealedQuestion]) -> dict[str, int]:
    """All questions of the day by name, as the log counts them."""
    names = [
        name
        for one in asked
        for name in (
            "queries",
            f"queries.{one.kind}",
            f"language.{one.language}",
            f"found.{one.found.replace(' ', '_')}",
            *(["with_words"] if one.kind in ("text", "hybrid") else []),
        )
    ]
    return dict(Counter(names))
