"""Which products a code, a supplier's code, words or a photo may mean: candidates, among which a person chooses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import TextField
from django.db.models.functions import Cast
from PIL import Image

from catalog.models import Product
from catalog.receiving.kinds import Matched
from catalog.receiving.models import Supplier, SupplierCode
from visual_search.imaging.reading import gtin_forms
from visual_search.search import search
from visual_search.types import Hit, Page, Query, QueryPicture
from visual_search.types.answer import EXACT_CODE

MOST = 6  # candidates that a page shows: two rows on a phone
COLLECTION = "products"
_QUIET = {"log": False}  # what staff take in is no question of a shopper


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product that may be meant. `grade` in the words of search, "" where nothing was compared; `pack`: pieces in one unit."""

    product: int
    how: Matched
    grade: str = ""
    pack: int = 1

    def kept(self) -> dict[str, Any]:
        return {"product": self.product, "how": str(self.how), "grade": self.grade, "pack": self.pack}

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Candidate:
        return cls(int(kept["product"]), Matched(kept["how"]), str(kept["grade"]), int(kept["pack"]))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a photo shows: candidates, best first, and what is printed on it."""

    candidates: tuple[Candidate, ...]
    words: str = ""


def by_code(code: str, supplier: Supplier | None = None) -> list[Candidate]:
    """Products with this article number, this GTIN in any of its lengths, or this code of the supplier; drafts as well.

    Without a supplier the codes of all of them count.
    """
    if not code:
        return []
    codes = SupplierCode.objects.filter(code__iexact=code)
    if supplier is not None:
        codes = codes.filter(supplier=supplier)
    found = [Candidate(one.product_id, Matched.SUPPLIER_CODE, pack=one.pack_size) for one in codes[:MOST]]
    own = list(Product.objects.filter(sku__iexact=code).values_list("pk", flat=True)[:MOST])
    written = Product.objects.annotate(written=Cast("codes", TextField()))
    for form in gtin_forms(code):
        own += written.filter(written__contains=f'"{form}"').values_list("pk", flat=True)[:MOST]
    return distinct([*found, *(Candidate(pk, Matched.CODE) for pk in own)])


def by_words(words: str, language: str | None = None) -> list[Candidate]:
    """Products that these words find. Raises what search raises."""
    if not words.strip():
        return []
    query = Query(words=words[:200], language=language, page_size=MOST, facets=(), understand=False)
    return _candidates(search(query, context=_QUIET), Matched.WORDS)


def by_photo(image: Image.Image) -> Seen:
    """Products that look like the thing in the photo, or whose label or code is on it. Raises what search raises."""
    query = Query(pictures=(QueryPicture(image=image),), page_size=MOST, facets=())
    page = search(query, context=_QUIET)
    witness = page.pictures[0].witness if page.pictures else None
    return Seen(tuple(_candidates(page, Matched.LOOKS)), witness.text if witness else "")


def distinct(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Each product once, by its first candidate, which gets the grade that another one has."""
    first: dict[int, Candidate] = {}
    for one in candidates:
        before = first.setdefault(one.product, one)
        if one.grade and not before.grade:
            first[one.product] = replace(before, grade=one.grade)
    return list(first.values())[:MOST]


def _candidates(page: Page, how: Matched) -> list[Candidate]:
    """The hits, and behind them the other sizes and colours of the first one."""
    hits = [hit for hit in page.hits if not hit.is_promoted]
    found = [Candidate(int(hit.id), _how(hit, how), str(hit.grade or "")) for hit in hits]
    beside = hits[0].variants if hits else ()
    return distinct([*found, *(Candidate(int(one.card.id), how, str(hits[0].grade or "")) for one in beside)])


def _how(hit: Hit, how: Matched) -> Matched:
    return Matched.CODE if hit.reason == EXACT_CODE else how
