"""What the rows of a packing slip mean: which products, and which amounts want a second look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rapidfuzz.distance import Levenshtein
from rapidfuzz.fuzz import token_set_ratio

from catalog.models import Product, ProductText
from catalog.receiving.kinds import Doubt, Matched
from catalog.receiving.matching import Candidate, by_words, distinct
from catalog.receiving.models import Delivery, SupplierCode
from catalog.receiving.slips.tables import SlipRow
from visual_search.errors import VisualSearchError
from visual_search.imaging.reading import gtin_forms

SURE = 0.9  # of an amount or a code: one that was read less surely is marked
NEAR = 2  # letters by which a code may differ from the one that is meant
_ALIKE = str.maketrans(
    {"O": "0", "Q": "0", "D": "0", "I": "1", "L": "1", "|": "1", "S": "5", "B": "8", "Z": "2", "G": "6"}
)
_LEAST_ALIKE = 55  # of words, in percent, for a code that is only near
_SAME_PRICE = Decimal("0.011")


@dataclass(frozen=True, slots=True)
class Meant:
    """What a row means: candidates, best first, and the doubts about it."""

    candidates: tuple[Candidate, ...]
    doubts: tuple[Doubt, ...]


class Codes:
    """All codes that a slip may say. `products`: key, article number, GTINs, price. `learned`: the supplier's own codes.

    `titles` gives all titles of some products, `ask` the candidates for words.
    """

    def __init__(
        self,
        products: Iterable[tuple[int, str, Sequence[str], Decimal | None]],
        learned: Iterable[tuple[str, int, int]],
        titles: Callable[[Sequence[int]], Iterable[tuple[int, str]]],
        ask: Callable[[str], list[Candidate]] = by_words,
    ) -> None:
        self._own: dict[str, list[int]] = {}
        self._near: dict[str, list[int]] = {}
        self.prices: dict[int, Decimal | None] = {}
        self.titles, self.ask = titles, ask
        for pk, sku, gtins, price in products:
            self.prices[pk] = price
            for code in (sku, *(form for gtin in gtins for form in gtin_forms(gtin))):
                self._own.setdefault(code.casefold(), []).append(pk)
            self._near.setdefault(_look(sku), []).append(pk)
        self._supplier = {code.casefold(): (pk, pack) for code, pk, pack in learned}

    @classmethod
    def of(cls, delivery: Delivery) -> Codes:
        """Those of the shop and of the delivery's supplier. They are read once for a slip."""
        products = Product.objects.values_list("pk", "sku", "codes", "price")
        learned = SupplierCode.objects.filter(supplier=delivery.supplier).values_list("code", "product_id", "pack_size")
        return cls(products.iterator(), learned if delivery.supplier else (), _titles)

    def knows(self, text: str) -> bool:
        return text.casefold() in self._own or text.casefold() in self._supplier

    def exact(self, code: str) -> list[Candidate]:
        found = []
        if (learned := self._supplier.get(code.casefold())) is not None:
            found.append(Candidate(learned[0], Matched.SUPPLIER_CODE, pack=learned[1]))
        for form in dict.fromkeys((code.casefold(), *gtin_forms(code))):
            found += [Candidate(pk, Matched.CODE) for pk in self._own.get(form, ())]
        return found

    def near(self, code: str) -> list[Candidate]:
        """Products whose article number looks the same to a reader, or differs in two letters at most, nearest first."""
        look = _look(code)
        if len(look) < 4:
            return []
        found = [(0, pk) for pk in self._near.get(look, ())]
        for other, products in self._near.items():
            distance = Levenshtein.distance(look, other, score_cutoff=NEAR)
            if 0 < distance <= NEAR:
                found += [(distance, pk) for pk in products]
        return [Candidate(pk, Matched.NEAR_CODE) for _, pk in sorted(found)]


def meaning(row: SlipRow, codes: Codes, ordered: Mapping[int, int]) -> Meant:
    """The products that a row may mean, and what is doubtful. `ordered`: by product how many are to come; {} where none were."""
    found = [*codes.exact(row.code), *codes.exact(row.other_code)] if row.code or row.other_code else []
    near = bool(not found and row.code)
    if near:
        found = _with_words(codes.near(row.code), row.words, codes)
    if not found:
        near = False
        try:
            found = _with_price(codes.ask(row.words), row.price, codes)
        except VisualSearchError:
            found = []  # The line comes in all the same; "look again" asks once more.
    found = distinct(found)
    return Meant(tuple(found), tuple(_doubts(row, found, ordered, near)))


def _doubts(row: SlipRow, found: Sequence[Candidate], ordered: Mapping[int, int], near: bool) -> list[Doubt]:
    doubts = []
    if row.quantity is None:
        doubts.append(Doubt.UNREAD)
    elif row.sure_of_quantity < SURE:
        doubts.append(Doubt.UNSURE)
    if near or (row.code and row.sure_of_code < SURE):
        doubts.append(Doubt.CODE)
    if row.quantity is not None and row.price is not None and row.sum is not None:
        doubts += [Doubt.SUM] * (abs(row.quantity * row.price - row.sum) > _SAME_PRICE)
    if ordered and found:
        wanted = ordered.get(found[0].product)
        if wanted is None:
            doubts.append(Doubt.NOT_ORDERED)
        elif row.quantity is not None and row.quantity * found[0].pack != wanted:
            doubts.append(Doubt.ORDER)
    return doubts


def _with_words(candidates: Sequence[Candidate], words: str, codes: Codes) -> list[Candidate]:
    """Those whose titles the words of the row resemble; all of them where the row has no words."""
    if not words or not candidates:
        return list(candidates)
    alike: dict[int, float] = {}
    for product, title in codes.titles([one.product for one in candidates]):
        alike[product] = max(alike.get(product, 0), token_set_ratio(title.casefold(), words.casefold()))
    kept = [one for one in candidates if alike.get(one.product, 0) >= _LEAST_ALIKE]
    return sorted(kept, key=lambda one: -alike[one.product])


def _titles(products: Sequence[int]) -> Iterable[tuple[int, str]]:
    return ProductText.objects.filter(product__in=products).values_list("product", "title")


def _with_price(candidates: Sequence[Candidate], price: Decimal | None, codes: Codes) -> list[Candidate]:
    """Those of this price first; a supplier's price is mostly another one, so none is left out."""
    return sorted(candidates, key=lambda one: price is None or codes.prices.get(one.product) != price)


def _look(code: str) -> str:
    """What a code looks like to a reader: without marks, with letters and digits that are taken for each other as one."""
    return "".join(c for c in code.upper() if c.isalnum()).translate(_ALIKE)
