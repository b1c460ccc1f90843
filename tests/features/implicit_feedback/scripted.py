"""Sealed questions, and sums, as tests write them down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from tests.search.shop import Shop
from visual_search import search
from visual_search.features.implicit_feedback import current
from visual_search.features.implicit_feedback.models import CollectionFeedback, ObjectFeedback
from visual_search.types import AnyOf, Found, Query, SealedEvent, SealedQuestion

HOOK = {"BACKEND": "visual_search.features.implicit_feedback.rescorer.FeedbackRescorer"}
HOOKS = {"RESCORERS": [HOOK], "RESCORE_LIMIT_MS": 60_000}


def asked(
    client: int = 0,
    *,
    seen: Sequence[str] = (),
    clicks: Iterable[str] = (),
    words: int | None = 1,
    first: int = 1,
    more: Sequence[SealedEvent] = (),
    **fields,
) -> SealedQuestion:
    """A question whose hits `seen` came into view, from the place `first` on."""
    places = {id: first + n for n, id in enumerate(seen)}
    events = [SealedEvent("impression", id, place) for id, place in places.items()]
    events += [SealedEvent("click", id, places.get(id, 1)) for id in clicks]
    given = {"collection": "products", "language": "en", "kind": "text", "found": Found.MANY, **fields}
    return SealedQuestion(UUID(int=0), client=client, words=words, text=None, events=(*events, *more), **given)


def know(rates: Mapping[str, float], *, looks: float = 1_000.0, collection: str = "products") -> None:
    """Each of these objects has so many looks, and this rate of choices; other objects are usual, with a rate of .1."""
    today = current.today()
    ObjectFeedback.objects.bulk_create(
        [
            ObjectFeedback(
                collection=collection, object_id=id, day=today, browsers=looks, looks=looks, choices=rate * looks
            )
            for id, rate in rates.items()
        ]
    )
    CollectionFeedback.objects.create(
        collection=collection, day=today, browsers=1e6, looks=1e6, choices=1e5, curve=[0.0] * 41
    )
    current.forget()


class OrderOnAnEngine:
    """What is chosen often comes earlier on any engine. A subclass gives `desk`, a shop with the hook."""

    def ids(self, words: str, **more) -> list[str]:
        return [hit.id for hit in search.search(Query(words=words, language="en", **more)).hits]

    def test_of_two_that_fit_alike_the_one_that_is_chosen_comes_first(self, desk: Shop) -> None:
        before = self.ids("chair")
        red, blue = (desk.id(sku) for sku in ("CHR-RED-01", "CHR-BLU-02"))
        first, second = sorted((red, blue), key=before.index)
        know({first: 0.05, second: 0.3})
        page = search.search(Query(words="chair", language="en", explain=True))
        after = [hit.id for hit in page.hits]
        assert (after.index(second), after.index(first)) == (before.index(first), before.index(second))
        assert sorted(after) == sorted(before)
        assert page.notes == ("feedback:weighed",)
        assert page.degraded == ()
        assert {hit.id for hit in page.hits if "feedback" in hit.legs} <= {first, second}

    def test_what_doesnt_fit_never_passes_what_does(self, desk: Shop) -> None:
        before = self.ids("chair")
        chairs = {desk.id(sku) for sku in ("CHR-RED-01", "CHR-BLU-02")}
        know({id: 0.9 for id in before if id not in chairs} | dict.fromkeys(chairs, 0.01))
        assert set(self.ids("chair")[:2]) == chairs

    def test_an_order_by_price_stays_as_the_shopper_wants_it(self, desk: Shop) -> None:
        by_price = self.ids("chair", sort="-price")
        know({by_price[-1]: 0.9, by_price[0]: 0.01})
        assert self.ids("chair", sort="-price") == by_price

    def test_filters_leave_out_what_they_left_out(self, desk: Shop) -> None:
        know({desk.id("CHR-BLU-02"): 0.9})
        red = self.ids("chair", filters=(AnyOf("colour", ("red",)),))
        assert red[0] == desk.id("CHR-RED-01")
        assert desk.id("CHR-BLU-02") not in red
