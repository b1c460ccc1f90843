"""The journey of a listing: its picture is compared with all genuine ones, and what is found becomes a case.

Its words, seller and price are looked at as well. Whoever was allowed by the brand is no case. What a person once called a false
alarm isn't proposed again. What is still to be looked at stands in the database, so a run that was interrupted goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils import timezone
from PIL import Image, ImageOps

from visual_search import wiring
from visual_search.content import readings
from visual_search.errors import PictureRefused
from visual_search.features.brand_protection import cases, offers, signs, storing
from visual_search.features.brand_protection.cases import Evidence
from visual_search.features.brand_protection.confirming import COPIED, share_of_same
from visual_search.features.brand_protection.gallery import Found
from visual_search.features.brand_protection.kinds import Finding
from visual_search.features.brand_protection.levels import Levels
from visual_search.features.brand_protection.matching import KEPT_SIDE, Points, points_of
from visual_search.features.brand_protection.models import Brand, BrandCase, GenuinePicture, Listing
from visual_search.features.brand_protection.options import options
from visual_search.imaging.decode import content_hash
from visual_search.imaging.reading import words_of
from visual_search.models import Turn

logger = logging.getLogger(__name__)

WATCHING, LASTS = "watch listings", timedelta(minutes=5)  # the turn of the process that does; far longer than one takes
_BY_WORDS = 0.55  # how sure words and a price far below make a case: enough to be seen, less than a picture
_MOST_MATCHES = 5  # of one brand in a picture; more of them are the same product's other pictures
_MOST_LINES = 40  # pairs of places that are drawn


@dataclass(frozen=True, slots=True)
class Watched:
    """What a run did. `others`: another process is at it, so this one did nothing."""

    looked: int = 0
    opened: tuple[int, ...] = ()  # keys of new cases
    left: int = 0
    others: bool = False


def watch(
    *,
    limit: int | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] = lambda count: None,
) -> Watched:
    """Look at every listing that waits, at most `limit`; one process at a time."""
    owner = str(uuid4())
    if not Turn.objects.all().take(WATCHING, owner, LASTS):
        return Watched(others=True)
    try:
        offers.take_saved()
        if storing.needs_words():
            storing.rebuild()
        looked, opened, last = 0, [], 0
        while (limit is None or looked < limit) and not should_stop():
            # In the order of keys, so that one whose picture can't be read now doesn't hold up the others.
            listing = waiting().filter(pk__gt=last).order_by("pk").first()
            if listing is None or not Turn.objects.all().take(WATCHING, owner, LASTS):
                break
            last = listing.pk
            opened += [case.pk for case in look(listing)]
            looked += 1
            progress(1)
        return Watched(looked, tuple(opened), waiting().count())
    finally:
        Turn.objects.all().give_back(WATCHING, owner)


def waiting() -> QuerySet[Listing]:
    """Listings that nobody has looked at since they came or changed."""
    return Listing.objects.filter(checked_at=None)


def look_again() -> int:
    """All listings wait again, such as after new genuine pictures; cases that a person has closed stay closed."""
    return Listing.objects.exclude(checked_at=None).update(checked_at=None)


def look(listing: Listing) -> list[BrandCase]:
    """Look at one listing; returns the cases that it opened."""
    data, problem, found = offers.picture_of(listing), "", []
    brands = {brand.pk: brand for brand in Brand.objects.filter(active=True)}
    try:
        if data is None:
            problem = "The picture isn't there any more."
        else:
            listing.sha256 = content_hash(data)
            found = _evidence(listing, data, brands)
    except PictureRefused as refused:
        problem = str(refused)
    except DatabaseError:
        raise
    # Native code may raise anything for strange content; the others go on.
    except Exception as failed:
        logger.exception("Listing %s couldn't be looked at.", listing.pk)
        problem = f"{type(failed).__name__}: {failed}"
    opened = []
    for brand, evidence in found:
        case, new = cases.propose(brand, listing, evidence, data or b"")
        opened += [case] if new else []
    listing.problem, listing.checked_at = problem[:300], timezone.now()
    listing.save(update_fields=["sha256", "label_text", "problem", "checked_at"])
    return opened


def _evidence(listing: Listing, data: bytes, brands: dict[int, Brand]) -> list[tuple[Brand, list[Evidence]]]:
    """What speaks against the listing, by brand; nothing of brands that allow its seller."""
    against = {
        key: brand for key, brand in brands.items() if not signs.is_allowed(listing.seller, signs.lines(brand.sellers))
    }
    if not against:
        return []
    image, gallery, levels = storing.opened(data), storing.current(), storing.levels()
    listing.label_text = _label_text(listing.sha256, image)
    points = points_of(image)
    made = storing.vector_of(data)
    strangers = cases.known_strangers(listing)
    apart = {
        one.key for one in gallery.genuine if one.brand not in against or (one.brand, one.content_hash) in strangers
    }
    found = gallery.find(points, made and made[0], levels, candidates=options().candidates, without=apart)
    evidence = []
    for key, brand in against.items():
        seen = [one for one in found if one.genuine.brand == key and one.sureness >= brand.least_sure][:_MOST_MATCHES]
        spoken = [] if (key, "") in strangers else _of_words(listing, brand, alone=not seen)
        by_words = {one.kind for one in spoken}
        # Words alone stand in every honest resale, and a low price alone in every sale.
        if seen or (Finding.PRICE in by_words and len(by_words) > 1):
            evidence.append((brand, [*(_of_picture(one, image, points, levels) for one in seen), *spoken]))
    return evidence


def _of_picture(found: Found, image: Image.Image, points: Points, levels: Levels) -> Evidence:
    genuine, alike = found.genuine, found.alike
    facts: dict[str, object] = {"inliers": found.inliers, "cosine": round(found.cosine, 4), "item": genuine.item}
    if alike is None or alike.inliers < levels.inliers:
        return Evidence(Finding.LOOKS, found.sureness, genuine.key, genuine.content_hash, facts)
    row = GenuinePicture.objects.filter(pk=genuine.key).first()
    data = storing.picture_data(row) if row else None
    seen = ImageOps.mirror(image) if alike.mirrored else image
    ours = storing.opened(data) if data else None
    same = share_of_same(seen, ours, points, alike.matrix) if ours else None
    kind = Finding.PRODUCT if same is not None and same < COPIED else Finding.COPY
    facts |= {"mirrored": alike.mirrored} | ({} if same is None else {"same": round(same, 3)})
    return Evidence(
        kind,
        found.sureness,
        genuine.key,
        genuine.content_hash,
        facts,
        alike.matrix.tolist(),
        _lines(found, points, ours),
    )


def _lines(found: Found, points: Points, ours: Image.Image | None) -> list[list[float]] | None:
    """Pairs of places, in shares of the sides: x and y in the listing's picture as it is, x and y in the genuine one."""
    if ours is None or found.alike is None:
        return None
    width, height = points.size
    scale = KEPT_SIDE / max(ours.size)
    step = max(1, found.inliers // _MOST_LINES)
    lines = []
    for (x, y), (u, v) in list(zip(found.alike.theirs.tolist(), found.alike.ours.tolist(), strict=True))[::step]:
        across = 1 - x / width if found.alike.mirrored else x / width
        lines.append(
            [round(share, 4) for share in (across, y / height, u / (ours.width * scale), v / (ours.height * scale))]
        )
    return lines


def _of_words(listing: Listing, brand: Brand, *, alone: bool) -> list[Evidence]:
    """What words and price say. That the seller isn't allowed is known already. `alone`: the picture says nothing."""
    evidence, words = [], signs.lines(brand.words)
    seller = {"seller": listing.seller}
    if word := signs.word_in(words, listing.title):
        evidence.append(Evidence(Finding.WORDS, _BY_WORDS, facts={"word": word, **seller}))
    if word := signs.word_in(words, listing.label_text):
        evidence.append(Evidence(Finding.LABEL, _BY_WORDS, facts={"word": word, **seller}))
    if alone and not evidence:
        return []  # A low price alone says nothing, and for each price thousands of offers are read.
    offer = signs.Offer(listing.title, listing.seller, listing.price, listing.currency, listing.label_text)
    low = signs.far_below(
        offer,
        floor=brand.price_floor,
        currency=brand.currency,
        prices=_prices(listing, words),
        share=options().far_below,
        least=options().least_prices,
    )
    if low is not None:
        facts = {"price": str(low.price), "limit": str(low.limit), "median": str(low.median or ""), "offers": low.count}
        evidence.append(Evidence(Finding.PRICE, _BY_WORDS, facts={**facts, "currency": listing.currency}))
    return evidence


def _prices(listing: Listing, words: Sequence[str]) -> list[Decimal]:
    """What others ask for what has the brand's words in its title, one price an offer, in the listing's currency."""
    rows = Listing.objects.filter(currency=listing.currency, price__gt=0).exclude(pk=listing.pk).order_by("-pk")
    named = rows.values_list("url", "title", "price")[:5_000]
    return list({url or title: price for url, title, price in named if price and signs.word_in(words, title)}.values())


def _label_text(sha256: str, image: Image.Image) -> str:
    """What the index has read in this very picture, or what is read in it now where the shop wants that."""
    known = readings.texts([sha256]).get(sha256, "")
    reader = wiring.reader() if options().read and not known else None
    return known or (words_of(reader.read(image)) if reader else "")
