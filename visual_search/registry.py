"""How a shop tells us about a model: a `Source` in its app's `search.py`, found as Django finds an app's `admin`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.text import capfirst
from django.utils.translation import get_language

from multilingual.languages import base_code
from visual_search.errors import ConfigurationError
from visual_search.types import COLOUR_FACETS, Basket, Card, FacetField, FacetValue, ImageSource, Picture, Text

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

logger = logging.getLogger(__name__)

Way = str | Callable[[Any], Iterable[Any]]


class Source:
    """Reads one model for search. Subclass it in your app's `search.py`, and decorate the class with `@register`.

    It needs `model`, `card()` and at least one of `pictures()`, `texts()` and `codes()`; all else is optional. A source
    is made once a process and used by several threads, so keep nothing of an object or a request in it. What a method
    raises costs that object alone: the admin shows it beside the object, and the log has what `card()` raised.

        @register
        class Things(Source):
            model = Thing

            def texts(self, thing):
                return {"en": Text(title=thing.name)}

            def card(self, thing, language=None):
                return Card(id=str(thing.pk), sku=thing.sku, title=thing.name, url=thing.get_absolute_url())
    """

    model: ClassVar[type[Model]]
    """The model whose objects are found. A model has one source."""

    collection: ClassVar[str] = "products"
    """The name of the index, unlike that of any other source: up to 63 small letters, digits and underscores."""

    watch: ClassVar[Mapping[type[Model], Way | list[Way] | tuple[Way, ...]]] = {}
    """Related models, and the way from their rows to `model`: saving one indexes its objects again.

    A way is a path over relations of any kind, as in `filter()` ("product", "variant__product"), a function that takes
    the row and gives the objects or their ids, or a list of such ways.

        watch = {Photo: "thing", Price: lambda price: Thing.objects.filter(sku=price.sku)}
    """

    schema: ClassVar[tuple[FacetField, ...]] = ()
    """The facets, in the order in which pages show them. After a change of it: `manage.py visual_search rebuild`."""

    currency: ClassVar[str] = ""
    """The currency of the facet "price", such as "EUR" (ISO 4217): words such as "under 50 euro" ask for it, and amounts in
    another one stay words. `card` writes it behind a price, where the source has no `card` of its own.
    """

    folds: ClassVar[bool] = True
    """Whether results show the sizes and colours of one thing as one tile. False: each has a tile, as if they were strangers."""

    sold_out_last: ClassVar[bool] = False
    """Whether what is not in stock, by the boolean facet "in_stock", stands behind all other close hits, in every order. An
    exact code and the very picture of the photo keep their place. False: the tile says so, and that is all.
    """

    merits: ClassVar[Mapping[str, object]] = {}
    """Numbers by which the shop may prefer one object to another, and which shoppers neither see nor filter by, by name:
    `{"stock": _("Stock"), "margin": _("Margin")}`. `merits_of` reads them while somebody searches.
    """

    public: ClassVar[bool] = True
    """Whether anybody may ask this collection, over REST and on the search pages. False: only code, by `search()`."""

    @property
    def label(self) -> str:
        """What the pages call these objects: "Articles". By default the model's `verbose_name_plural`."""
        return capfirst(str(self.model._meta.verbose_name_plural))

    def queryset(self) -> QuerySet[Any]:
        """All objects that belong into the index, with what the other methods read prefetched.

        An object that leaves it, such as one that is no longer published, leaves the index at its next save. Tiles are
        read from it too, so what it leaves out is never shown. It mustn't hang on the request or the user: indexing
        would take what it doesn't see out of the index. All objects of the model by default.
        """
        return self.model._default_manager.all()

    def card_queryset(self, language: str | None) -> QuerySet[Any]:
        """The objects of `queryset()` with only what `card()` reads in this language, since every page of results reads it.

        Optional: `queryset()` by default, which fetches all that indexing needs, such as the texts in every language.
        It must hold the same objects. Code of the shop may still call `card()` with an object of `queryset()`.

            def card_queryset(self, language):
                return Thing.objects.filter(published=True).only("sku", "name")
        """
        return self.queryset()

    def pictures(self, obj: Any) -> Iterable[Picture]:
        """The pictures by which photos find the object; none by default."""
        return ()

    def texts(self, obj: Any) -> Mapping[str, Text]:
        """Texts by language code ("en", "pt-br"); the first is in the shop's main language. None by default.

        Only the part before the dash counts: of "pt-br" and "pt-pt" the second one's title and keywords become keywords
        of the first, and descriptions are joined. Write "und" where the language isn't known.
        """
        return {}

    def facets(self, obj: Any) -> Mapping[str, FacetValue]:
        """Values for the fields of `schema` by name; None, or no entry, where the object has none.

        A keyword or a path is a str or several (list, tuple or set), a number an int, float or Decimal, and a boolean a
        bool. Another type, or a name that `schema` doesn't have, is an error of this object, which isn't indexed.
        """
        return {}

    def value_labels(self, facet: str, values: Collection[str], language: str) -> Mapping[str, str]:
        """What pages and suggestions call these values of a facet in this language ("pt", "pt-br"), such as names of categories.

        Optional. A value that it leaves out is shown as it is, and a path by its last level. It is asked once for each facet
        that a page shows, so it should take no more than one query.

            def value_labels(self, facet, values, language):
                return dict(Tag.objects.filter(code__in=values).values_list("code", f"name_{language[:2]}"))
        """
        return {}

    def merits_of(self, merit: str, ids: Collection[str]) -> Mapping[str, float]:
        """By id, how much these objects have of one of the `merits`; those that have none are left out.

        It is asked for the best hits of a question, up to `RANK_WINDOW`, so it should take one short query.

            def merits_of(self, merit, ids):
                return dict(Thing.objects.filter(pk__in=ids).values_list("pk", merit))
        """
        return {}

    def baskets(self, since: date) -> Iterable[Basket]:
        """What was bought since this day, by which one learns what goes together: one basket for each client and day, or several.

        Optional; none by default. Clients are told apart while that is learned, and never kept. Only what at least five of
        them bought together is learned. Yield rows as they come, and don't hold a year of them.

            def baskets(self, since):
                for order in Order.objects.filter(day__gte=since).prefetch_related("lines").iterator(1000):
                    yield Basket(str(order.customer_id), epoch_day(order.day), [line.thing_id for line in order.lines.all()])
        """
        return ()

    @property
    def tells_baskets(self) -> bool:
        """Whether the source has a `baskets` of its own. Read only."""
        return type(self).baskets is not Source.baskets

    def codes(self, obj: Any) -> Iterable[str]:
        """SKU, GTIN and other codes that a shopper may type or scan. They are found whole, without regard to case."""
        return ()

    def card(self, obj: Any, language: str | None = None) -> Card:
        """What a result tile shows, in the shopper's language where there is a text in it.

        Written here of what the other methods say: the title, the first picture and code, `get_absolute_url()` and the
        facets "price", "in_stock", "brand" and "colour". A shop that shows something else writes its own.

        `language`: the two letters of the language that the question came with, or that its words are in ("pt", also for
        "pt-br"); None where nobody knows. It is called for each hit of a page, so it should read nothing that
        `card_queryset()` hasn't fetched.
        """
        texts = self.texts(obj)
        text = text_in(texts, language) or next(iter(texts.values()), Text(""))
        try:
            picture = min(self.pictures(obj), key=lambda item: item.position, default=None)
        # A picture that the shop's code can't describe, such as a row without its file, costs the tile no more than that.
        except Exception:
            logger.exception("%s.pictures() failed for %s %s.", type(self).__name__, self.model.__name__, obj.pk)
            picture = None
        facets = self.facets(obj)
        price = facets.get("price")
        return Card(
            id=str(obj.pk),
            sku=next((str(code) for code in self.codes(obj) if code), ""),
            title=str(text.title or ""),
            url=obj.get_absolute_url() if hasattr(obj, "get_absolute_url") else "",
            image_url=picture.url if picture else "",
            price="" if price is None else f"{price:.2f} {self.currency}".strip(),
            in_stock=facets.get("in_stock") is not False,
            brand=self._called("brand", facets.get("brand")),
            colour=next((words for name in COLOUR_FACETS if (words := self._called(name, facets.get(name)))), ""),
        )

    def _called(self, facet: str, value: object) -> str:
        """A facet's value as a tile shows it, in the language of the page; "" for what is no text."""
        values = [value] if isinstance(value, str) else list(map(str, value)) if isinstance(value, list | tuple) else []
        called = self.value_labels(facet, values, get_language() or "") if any(values) else {}
        return ", ".join(called.get(each) or each for each in values)

    def tile_pictures(self, nearest: Mapping[str, str]) -> Mapping[str, tuple[str, tuple[ImageSource, ...]]]:
        """By object id the picture to show in place of the card's: its address, and its copies in other formats.

        `nearest`: by object id the id of the picture that a photo found, as `pictures()` named it. By default the addresses
        that `pictures()` gives, read once for a page of hits. A picture without an address isn't shown.
        """
        found = {}
        for obj in self.queryset().filter(pk__in=nearest):
            url = next((item.url for item in self.pictures(obj) if item.id == nearest.get(str(obj.pk))), "")
            if url:
                found[str(obj.pk)] = (url, ())
        return found

    def family(self, obj: Any) -> Iterable[Any]:
        """The primary keys of what is this object in another size or colour.

        None of it is shown as "more like this". Optional; it may hold the object itself. It is called for the objects of a
        question, and when an object is indexed where the source has no `family_key`.
        """
        return ()

    def family_key(self, obj: Any) -> str:
        """What all sizes and colours of one thing share, and nothing else does, such as the primary key of their parent.

        It is kept in the index, and results show one tile a family, with the others as swatches on it. By default the least
        key of the object and its `family()`. After a change of it: `manage.py visual_search rebuild`.
        """
        return min((str(obj.pk), *map(str, self.family(obj))), key=lambda key: (len(key), key))

    @property
    def has_families(self) -> bool:
        """Whether the source has a `family` or a `family_key` of its own. Read only."""
        return type(self).family is not Source.family or type(self).family_key is not Source.family_key

    def keep_photo(self, obj: Any, data: bytes) -> None:
        """Keep a photo (JPEG) of which the staff say that it shows this very object: yield it from `pictures` as well.

        Somebody took it, perhaps at home: give its file no public address, and delete it with the object. Optional. Where a
        source has it, the results page offers it to staff who may change the model.
        """
        raise NotImplementedError

    @property
    def keeps_photos(self) -> bool:
        """Whether the source has a `keep_photo` of its own. Read only."""
        return type(self).keep_photo is not Source.keep_photo


def text_in(texts: Mapping[str, Text], language: str | None) -> Text | None:
    """The text in this language, of whichever country ("pt" finds "pt-br"); None where there is none."""
    base = base_code(language)
    return next((text for tag, text in texts.items() if base and base_code(tag) == base), None)


_sources: dict[str, Source] = {}


def register(cls: type[Source]) -> type[Source]:
    """Class decorator: search uses the source from now on.

    ConfigurationError for a class without `model`, and for a second source of a model or a collection.
    """
    name = f"{cls.__module__}.{cls.__qualname__}"
    if not hasattr(cls, "model"):
        raise ConfigurationError(f"{name} doesn't say which model it describes. Write in it: model = YourModel.")
    for known in _sources.values():
        if type(known) is cls:
            continue
        other = f"{type(known).__module__}.{type(known).__qualname__}"
        if known.model is cls.model:
            raise ConfigurationError(
                f"{name} describes {cls.model.__name__}, but {other} already does. A model has one source: put both into "
                "one class, or remove @register from one of them."
            )
        if known.collection == cls.collection:
            raise ConfigurationError(
                f"{name} registers collection '{cls.collection}', but {other} already did, for {known.model.__name__}. "
                f"Give one of them another, such as: collection = '{cls.model.__name__.lower()}s'."
            )
    _sources[cls.collection] = cls()
    return cls


def unregister(collection: str) -> None:
    """Search forgets the source of this collection; nothing happens if there is none. Of use to tests."""
    _sources.pop(collection, None)


def sources() -> Iterator[Source]:
    """All registered sources, in the order in which they were registered."""
    yield from _sources.values()


def default() -> str:
    """The collection that is asked where none is named: "products", else the public one that was registered first.

    Raises ConfigurationError where there is none.
    """
    names = public()
    if not names:
        raise ConfigurationError(
            "Nothing can be searched: no app of INSTALLED_APPS has a search.py with a public source."
        )
    return Source.collection if Source.collection in names else names[0]


def public() -> list[str]:
    """The collections that anybody may ask, in the order of their registration."""
    return [one.collection for one in _sources.values() if one.public]


def source(collection: str) -> Source:
    """The source of this collection; ConfigurationError, with the known names, where there is none."""
    try:
        return _sources[collection]
    except KeyError:
        known = ", ".join(sorted(_sources)) or "none; does an app of INSTALLED_APPS have a search.py?"
        raise ConfigurationError(f"No source is registered for collection '{collection}'. Known: {known}.") from None
