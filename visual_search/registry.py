"""How a shop tells us about a model: a `Source` in its app's `search.py`, found as `admin.py` is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.text import capfirst

from multilingual.languages import base_code
from visual_search.errors import ConfigurationError
from visual_search.types import Card, FacetField, FacetValue, Picture, Text

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

Way = str | Callable[[Any], Iterable[Any]]


class Source:
    """Reads one model for search. Subclass it, set the class attributes, and decorate it with `@register`.

    `watch` maps related models to the way from their rows to `model`: saving one indexes its objects again. A way is a
    path over relations of any kind, as in `filter()` ("product", "variant__product"), a function that takes the row and
    gives the objects' ids, or a list of such ways.
    """

    model: ClassVar[type[Model]]
    collection: ClassVar[str] = "products"
    watch: ClassVar[Mapping[type[Model], Way | list[Way] | tuple[Way, ...]]] = {}
    schema: ClassVar[tuple[FacetField, ...]] = ()
    currency: ClassVar[str] = ""  # what `card` writes behind a price
    public: ClassVar[bool] = True
    """Whether anybody may ask this collection, over REST and on the search pages. False: only code, by `search()`."""

    @property
    def label(self) -> str:
        """What the pages call these objects: "Articles". By default the model's `verbose_name_plural`."""
        return capfirst(str(self.model._meta.verbose_name_plural))

    def queryset(self) -> QuerySet[Any]:
        """All objects that belong into the index, with what the other methods read prefetched."""
        return self.model._default_manager.all()

    def pictures(self, obj: Any) -> Iterable[Picture]:
        return ()

    def texts(self, obj: Any) -> Mapping[str, Text]:
        """Language code -> texts; the first is the shop's main language."""
        return {}

    def facets(self, obj: Any) -> Mapping[str, FacetValue]:
        """Values for the fields of `schema`."""
        return {}

    def codes(self, obj: Any) -> Iterable[str]:
        """SKU, GTIN and other codes that a shopper may type or scan."""
        return ()

    def card(self, obj: Any, language: str | None = None) -> Card:
        """What a result tile shows, in the shopper's language where there is a text in it.

        Written here of what the other methods say: the title, the first picture and code, `get_absolute_url()` and the
        facets "price" and "in_stock". A shop that shows something else writes its own.
        """
        texts = self.texts(obj)
        spoken = (text for tag, text in texts.items() if language and base_code(tag) == base_code(language))
        text = next(spoken, None) or next(iter(texts.values()), Text(""))
        picture = min(self.pictures(obj), key=lambda item: item.position, default=None)
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
        )

    def keep_photo(self, obj: Any, data: bytes) -> None:
        """Keep a photo (JPEG) of which the staff say that it shows this very object: yield it from `pictures` as well.

        Optional. Where a source has it, the results page offers it to staff who may change the model.
        """
        raise NotImplementedError

    @property
    def keeps_photos(self) -> bool:
        return type(self).keep_photo is not Source.keep_photo


_sources: dict[str, Source] = {}


def register(cls: type[Source]) -> type[Source]:
    """Class decorator. One source a collection and one a model; a second is a ConfigurationError."""
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
    _sources.pop(collection, None)


def sources() -> Iterator[Source]:
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
    try:
        return _sources[collection]
    except KeyError:
        known = ", ".join(sorted(_sources)) or "none; does an app of INSTALLED_APPS have a search.py?"
        raise ConfigurationError(f"No source is registered for collection '{collection}'. Known: {known}.") from None
