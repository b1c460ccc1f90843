"""What the shop sells: products, their pictures in order, and their texts in every language."""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog import files
from catalog.codes import why_no_gtin
from catalog.languages.models import AccountLanguage, CategoryText  # noqa: F401 - as below
from catalog.orders.models import Order, OrderLine  # noqa: F401 - Django looks for models in this module.
from catalog.prices import price_text
from catalog.receiving.models import (  # noqa: F401 - as above
    Delivery,
    DeliveryLine,
    DeskEvent,
    Level,
    Movement,
    PackingSlip,
    Place,
    PurchaseLine,
    PurchaseOrder,
    Supplier,
    SupplierCode,
)
from multilingual.languages import LANGUAGES, base_code
from visual_search.conf import conf
from visual_search.errors import PictureRefused
from visual_search.imaging.decode import decode
from visual_search.signals import objects_changed
from visual_search.translating import in_words
from visual_search.types import ImageSource, path_prefixes

logger = logging.getLogger(__name__)


def check_sku(sku: str) -> None:
    """Raises ValidationError for a sku that people couldn't tell from another one, or that makes no address."""
    if not sku.isprintable() or sku != " ".join(sku.split()):
        raise ValidationError(_("Use characters that can be seen, and single spaces between them."))
    if not {"", ".", ".."}.isdisjoint(sku.split("/")):
        # Browsers and web servers shorten addresses with such parts.
        raise ValidationError(_("Write something other than '.' or '..' before, between and behind slashes."))


class State(models.TextChoices):
    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    ARCHIVED = "archived", _("archived")


class ProductQuerySet(models.QuerySet["Product"]):
    def published(self) -> ProductQuerySet:
        return self.filter(state=State.PUBLISHED)

    def for_sale(self) -> ProductQuerySet:
        """Those that can be put into a basket; a price on request is for a person to say."""
        return self.published().filter(price__isnull=False)

    def in_category(self, path: str) -> ProductQuerySet:
        """Products of this category and of all below it."""
        return self.filter(models.Q(category=path) | models.Q(category__startswith=f"{path} > "))

    def whole(self) -> ProductQuerySet:
        """With all texts and pictures, in three queries for any number of products."""
        return self.prefetch_related("images", "texts")

    def for_cards(self, language: str | None = None) -> ProductQuerySet:
        """With what a tile shows in this language and nothing else, in one query: what `Product.tile()` gives."""
        tag = (language or "en").lower()
        base = base_code(tag) or tag
        own = models.Case(
            models.When(language=tag, then=0),
            models.When(language=base, then=1),
            models.When(language__startswith=f"{base}-", then=2),
            models.When(language="en", then=3),
            default=4,
        )
        texts = ProductText.objects.filter(product=models.OuterRef("pk")).order_by(own, "pk")
        images = ProductImage.objects.shown().filter(product=models.OuterRef("pk"))
        return self.only("sku", "price", "currency", "stock", "brand", "colour").annotate(
            tile_title=models.Subquery(texts.values("title")[:1]),
            tile_file=models.Subquery(images.order_by("position", "pk").values("file")[:1]),
            tile_renditions=models.Subquery(images.order_by("position", "pk").values("renditions")[:1]),
        )


class Product(models.Model):
    """One thing to buy. Variants (colours, sizes) are products of their own that share a `parent`."""

    sku = models.CharField(_("article number"), max_length=64, unique=True, validators=[check_sku])
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="variants", verbose_name=_("parent")
    )
    category = models.CharField(
        _("category"),
        max_length=300,
        blank=True,
        db_index=True,
        help_text=_("Levels joined by ' > ', such as Home > Office."),
    )
    brand = models.CharField(_("brand"), max_length=120, blank=True)
    colour = models.CharField(_("colour"), max_length=80, blank=True)
    price = models.DecimalField(
        _("price"), max_digits=12, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(Decimal(0))]
    )
    currency = models.CharField(
        _("currency"),
        max_length=3,
        blank=True,
        validators=[RegexValidator(r"^[A-Z]{3}\Z", _("Write the three capital letters of ISO 4217, such as EUR."))],
    )
    stock = models.PositiveIntegerField(_("stock"), default=0)
    stands_for_category = models.BooleanField(
        _("stands for category"), default=False, help_text=_("Its picture stands for its category on the start page.")
    )
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    codes = models.JSONField(
        _("codes"), default=list, blank=True, help_text=_('A list of GTINs, such as ["4006381333931"].')
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT, db_index=True)
    source = models.CharField(_("source"), max_length=200, blank=True)
    licence = models.CharField(_("licence"), max_length=200, blank=True)
    attribution = models.CharField(_("attribution"), max_length=500, blank=True)
    import_hash = models.CharField(_("import hash"), max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = ProductQuerySet.as_manager()
    # Only where `for_cards()` has read it
    tile_title: str | None
    tile_file: str | None
    tile_renditions: dict[str, list[int]] | None

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["sku"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(price__isnull=True) | models.Q(price__gte=0),
                name="catalog_product_price_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(price__isnull=True) | ~models.Q(currency=""),
                name="catalog_product_price_has_currency",
                violation_error_message=_("A price needs a currency, such as EUR."),
            ),
            models.CheckConstraint(
                condition=models.Q(parent__isnull=True) | ~models.Q(parent=models.F("pk")),
                name="catalog_product_no_own_parent",
                violation_error_message=_("A product can't be a variant of itself."),
            ),
        ]
        indexes = [
            # The category tree is counted on every page, from this index alone.
            models.Index(fields=["state", "category"], name="catalog_product_tree"),
            models.Index(fields=["state", "-created_at"], name="catalog_product_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.title()} ({self.sku})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """With the product, its picture files become public, or are so no more."""
        with transaction.atomic():
            super().save(*args, **kwargs)
            if place(self.images.all()):
                getattr(self, "_prefetched_objects_cache", {}).pop("images", None)  # They have other files now.

    def get_absolute_url(self) -> str:
        return reverse("catalog:product", args=[self.sku])

    def clean(self) -> None:
        self.category = " > ".join(path_prefixes(self.category)[-1:]) if self.category else ""
        if not isinstance(self.codes, list) or not all(isinstance(code, str) for code in self.codes):
            raise ValidationError({"codes": _('Give a list of texts, such as ["4006381333931"].')})
        for code in self.codes:
            if fault := why_no_gtin(code):
                raise ValidationError({"codes": fault})
        if not isinstance(self.attributes, dict):
            raise ValidationError({"attributes": _('Give an object, such as {"width": "60"}.')})
        if self.price is not None and not self.currency:
            raise ValidationError({"currency": _("A price needs a currency, such as EUR.")})
        if self.price is None:
            self.currency = ""
        if self.parent is not None and self.parent.parent_id is not None:
            raise ValidationError({"parent": _("A variant can't have variants of its own. Choose the top product.")})
        if self.parent is not None and self.pk is not None and self.variants.exists():
            raise ValidationError({"parent": _("This product has variants, so it can't be one. Move them first.")})

    @property
    def in_stock(self) -> bool:
        return self.stock > 0

    @property
    def price_text(self) -> str:
        """As the shopper's language writes numbers: '€1,250.00', '1.250,00 €', '¥1,250'; '' without a price."""
        return "" if self.price is None else price_text(self.price, self.currency)

    def text(self, language: str | None = None) -> ProductText | None:
        """The text in this language, else in another form of it, else in English, else the first one.

        It reads what was prefetched.
        """
        texts = {text.language: text for text in self.texts.all()}
        tag = (language or "en").lower()
        base = base_code(tag)
        kin = (text for code, text in texts.items() if base_code(code) == base)
        text = texts.get(tag) or texts.get(base or "") or next(kin, None) or texts.get("en")
        return text or next(iter(texts.values()), None)

    def title(self, language: str | None = None) -> str:
        text = self.text(language)
        return text.title if text else self.sku

    def tile(self, language: str | None = None) -> tuple[str, str, tuple[ImageSource, ...]]:
        """The title in this language, the address of the main picture ("" without one), and where its copies are.

        Read with `for_cards()`, a product brings all of it; else it is taken from its texts and images.
        """
        if not hasattr(self, "tile_title"):
            image = self.main_image()
            return self.title(language), image.url if image else "", image.tile_sources() if image else ()
        title = self.sku if self.tile_title is None else self.tile_title
        storage = ProductImage._meta.get_field("file").storage
        sources = _sources(storage, self.tile_file, self.tile_renditions, TILE_WIDTH)
        return title, _address(storage, self.tile_file), sources

    def main_image(self) -> ProductImage | None:
        return next(iter(self.shown_images()), None)

    def shown_images(self) -> list[ProductImage]:
        """The pictures that anybody may see. It reads what was prefetched."""
        return [image for image in self.all_images() if not files.is_private(str(image.file.name))]

    def all_images(self) -> list[ProductImage]:
        """For staff: also those of a draft, without those that only serve recognition or have no file."""
        return [image for image in self.images.all() if image.role != ProductImage.Role.PHOTO and image.file]


def _address(storage: Any, name: str | None) -> str:
    """Where browsers get this file; "" for none, and where the storage can't say it."""
    try:
        return str(storage.url(name)) if name else ""
    # A storage may raise anything. A page without one picture is better than none.
    except Exception as problem:
        logger.warning("The storage gives no address for '%s' (%s: %s).", name, type(problem).__name__, problem)
        return ""


TILE_WIDTH = 640  # px: 300 on a dense screen; a tile needs no larger copy


def _sources(
    storage: Any, name: str | None, renditions: dict[str, list[int]] | None, most: int | None = None
) -> tuple[ImageSource, ...]:
    """The copies of this file for `<source>`, those no wider than `most` px; () as long as there are none."""
    sources = []
    for kind, made in (renditions or {}).items() if name else ():
        told = [
            f"{address} {width}w"
            for number, width in enumerate(made, 1)
            if (most is None or width <= most)
            and (address := _address(storage, files.rendition_name(str(name), number, kind)))
        ]
        if told:
            sources.append(ImageSource(f"image/{kind}", ", ".join(told)))
    return tuple(sources)


def place(images: models.QuerySet[ProductImage]) -> bool:
    """Move the files of these pictures to where they belong; the index is told of products whose files moved."""
    moved = files.place(images)
    if moved:
        objects_changed.send(Product, ids=sorted(moved), deleted=False)
    return bool(moved)


class PictureField(models.ImageField):
    """The image field of `ProductImage`: its files are cleaned, and stand where `files.py` says.

    Rows can be read while the storage doesn't give their files: Django opens the file of each row without measures, wherever
    it is read, and raises what the storage raises.
    """

    attr_class = files.PictureFile

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"storage": files.picture_storage, **kwargs})

    def formfield(self, **kwargs: Any) -> Any:
        """A field for any file: `ProductImage.clean` says what is wrong with it, before Pillow opens it."""
        return models.FileField.formfield(self, **kwargs)

    def update_dimension_fields(self, instance: Any, force: bool = False, *args: Any, **kwargs: Any) -> None:
        try:
            super().update_dimension_fields(instance, force, *args, **kwargs)
        # A storage may raise anything.
        except Exception as problem:
            logger.warning("%s can't be measured (%s: %s).", self.name, type(problem).__name__, problem)
            instance.width = instance.height = None

    def deconstruct(self) -> Any:
        """As Django's own field: the table is the same."""
        name, _, args, kwargs = super().deconstruct()
        kwargs.pop("storage", None)
        return name, "django.db.models.ImageField", args, kwargs


class ProductImageQuerySet(models.QuerySet["ProductImage"]):
    def shown(self) -> ProductImageQuerySet:
        """Those that pages show: not the photos that only serve recognition, and not rows whose file was deleted, or is
        private because it couldn't be moved yet.
        """
        return self.exclude(role=ProductImage.Role.PHOTO).exclude(file="").exclude(file__startswith=files.PRIVATE)


class ProductImage(models.Model):
    """One picture; the one with the lowest position stands for the product."""

    class Role(models.TextChoices):
        MAIN = "main", _("main")
        VIEW = "view", _("another view")
        DETAIL = "detail", _("detail")
        SCENE = "scene", _("in a scene")
        PHOTO = "photo", _("a photo to recognise it by (never shown)")

    product = models.ForeignKey(Product, models.CASCADE, related_name="images", verbose_name=_("product"))
    file = PictureField(
        _("file"), upload_to=files.random_name, width_field="width", height_field="height", db_index=True
    )
    width = models.PositiveIntegerField(_("width"), null=True, editable=False)
    height = models.PositiveIntegerField(_("height"), null=True, editable=False)
    position = models.PositiveIntegerField(_("position"), default=0)
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.MAIN)
    alt = models.CharField(
        _("text in place of the picture"),
        max_length=300,
        blank=True,
        help_text=_("What the picture shows, for those who don't see it."),
    )

    # Format -> the widths of its copies, narrowest first. None: not made yet.
    renditions = models.JSONField(_("renditions"), null=True, editable=False)
    import_hash = models.CharField(
        _("import hash"),
        max_length=64,
        blank=True,
        editable=False,
        help_text=_("SHA-256 of a file that an import brought; else empty."),
    )

    objects = ProductImageQuerySet.as_manager()
    _read_file = ""  # what the row named when this object was read

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return f"{self.product.sku} #{self.position}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A file that was replaced goes after the commit, and a file that stands in the wrong place moves."""
        with transaction.atomic():
            # Who publishes the product, or takes it back, waits until this picture is there, and then moves it, too.
            Product.objects.select_for_update().filter(pk=self.product_id).values_list("pk").first()
            row = self._row()
            former = row[0] if row else ""
            if row and getattr(self.file, "_committed", True) and self.file.name == self._read_file:
                # Another process may have moved the file since this object was read, and then its name is no longer true.
                self.__dict__["file"], self.renditions = row
            else:
                self.renditions = None
            if (fields := kwargs.get("update_fields")) is not None and "file" in fields:
                kwargs["update_fields"] = {*fields, "width", "height", "renditions"}
            super().save(*args, **kwargs)
            if former and former != self.file.name:
                files.forget(ProductImage, former)
            place(ProductImage.objects.filter(pk=self.pk))
            self._read_file, self.renditions = self._row() or ("", None)
            if self._read_file != self.file.name:
                self.__dict__["file"] = self._read_file

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> Self:
        image = super().from_db(*args, **kwargs)
        image._read_file = str(image.__dict__.get("file") or "")
        return image

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        super().refresh_from_db(*args, **kwargs)
        self._read_file = str(self.__dict__.get("file") or "")

    def _row(self) -> tuple[str, Any] | None:
        """The file and its copies as the database has them now, and keeps them until the transaction ends."""
        rows = ProductImage.objects.filter(pk=self.pk).select_for_update()
        return rows.values_list("file", "renditions").first() if self.pk is not None else None

    @property
    def is_public(self) -> bool:
        """Whether anybody may see it."""
        product = getattr(self, "product", None)
        return product is not None and product.state == State.PUBLISHED and self.role != self.Role.PHOTO

    def clean(self) -> None:
        """Refuse a new file that the index couldn't open, while the owner still has the form before them."""
        if self.file and not getattr(self.file, "_committed", True):  # Django's own mark of a new file
            self.file.open()
            data = self.file.read()
            if len(data) < self.file.size <= conf.PICTURE_MAX_BYTES:
                raise ValidationError({"file": _("The form's files are too large together. Save a few at a time.")})
            try:
                decode(data, **files.limits(), name=str(self.file.name))
            except PictureRefused as error:
                raise ValidationError({"file": in_words(error)}) from error
            self.file.seek(0)

    @property
    def url(self) -> str:
        """Where browsers get the file; "" where there is none, or its storage doesn't answer."""
        return _address(self.file.storage, self.file.name)

    def sources(self) -> tuple[ImageSource, ...]:
        """Its copies in other formats and widths, for `<source>`."""
        return _sources(self.file.storage, self.file.name, self.renditions)

    def tile_sources(self) -> tuple[ImageSource, ...]:
        """Those of its copies that a tile may need."""
        return _sources(self.file.storage, self.file.name, self.renditions, TILE_WIDTH)

    def read(self) -> bytes:
        """The file's bytes. Raises FileNotFoundError if the row has no file, or the storage has lost it."""
        if not self.file:
            raise FileNotFoundError("its file was deleted; add another one, or delete the picture")
        with self.file.storage.open(str(self.file.name)) as file:
            data: bytes = file.read()
        return data


def language_choices() -> list[tuple[str, Any]]:
    """Languages by their code. A text may be in a regional form of one, too, such as pt-br."""
    return [(code, language.name) for code, language in sorted(LANGUAGES.items(), key=lambda item: item[1].name)]


class ProductText(models.Model):
    """Title, description and keywords in one language, or in one regional form of it."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="texts", verbose_name=_("product"))
    language = models.CharField(
        _("language"),
        max_length=35,
        default="en",
        validators=[RegexValidator(r"^[a-z]{2,3}(-[a-z0-9]{1,8})*\Z", _("Write a code such as de or pt-br."))],
    )
    title = models.CharField(_("title"), max_length=300)
    description = models.TextField(_("description"), blank=True)
    keywords = models.JSONField(
        _("keywords"), default=list, blank=True, help_text=_('A list of words, such as ["couch", "settee"].')
    )

    class Meta:
        verbose_name = _("text")
        verbose_name_plural = _("texts")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["product", "language"], name="catalog_text_once_a_language")]

    def __str__(self) -> str:
        return f"{self.title} [{self.language}]"

    def clean(self) -> None:
        if not isinstance(self.keywords, list) or not all(isinstance(word, str) for word in self.keywords):
            raise ValidationError({"keywords": _('Give a list of words, such as ["couch", "settee"].')})
