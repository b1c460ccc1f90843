"""The one file that tells visual_search how to read a product."""

from functools import lru_cache

from django.core.files.base import ContentFile
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from catalog.files import is_private
from catalog.languages.names import category_names, colour_name
from catalog.merits import merits_of
from catalog.models import Product, ProductImage, ProductText
from catalog.orders.telling import baskets
from visual_search.registry import Source, register
from visual_search.types import Card, FacetField, FacetKind, Picture, Text


@lru_cache(maxsize=32)
def _of_cards(language: str | None) -> QuerySet[Product]:
    # Making this queryset takes a quarter of the time of a page's cards, and it is the same each time. It is never evaluated
    # itself: all() and filter() copy it.
    return Product.objects.published().for_cards(language)


@register
class Products(Source):
    model = Product
    watch = {ProductImage: "product", ProductText: "product"}
    currency = "EUR"  # in which words such as "under 50 euro" are understood; tiles show each product's own
    schema = (
        FacetField("category", FacetKind.PATH, _("Category")),
        FacetField("brand", FacetKind.KEYWORD, _("Brand")),
        FacetField("colour", FacetKind.KEYWORD, _("Colour")),
        FacetField("price", FacetKind.NUMBER, _("Price")),
        FacetField("in_stock", FacetKind.BOOLEAN, _("In stock")),
    )

    merits = {"stock": _("Stock"), "newness": _("Newness"), "popularity": _("Sold in 28 days")}

    def queryset(self):
        return Product.objects.published().whole()

    def merits_of(self, merit, ids):
        return merits_of(merit, ids)

    def baskets(self, since):
        return baskets(since)

    def card_queryset(self, language):
        return _of_cards(language).all()

    def pictures(self, product):
        for image in product.images.all():
            # A photo to recognise by is shown to nobody, so nobody is told where staff find it.
            hidden = image.role == ProductImage.Role.PHOTO or is_private(str(image.file.name))
            address = "" if hidden else image.url
            yield Picture(str(image.pk), image.read, image.position, image.role, address)

    def keep_photo(self, product, data):
        last = max((image.position for image in product.images.all()), default=-1)
        photo = ProductImage(product=product, position=last + 1, role=ProductImage.Role.PHOTO)
        photo.file.save("photo.jpg", ContentFile(data, "photo.jpg"))

    def texts(self, product):
        ordered = sorted(product.texts.all(), key=lambda text: text.language != "en")
        return {text.language: Text(text.title, text.description, tuple(text.keywords)) for text in ordered}

    def facets(self, product):
        return {
            "category": product.category or None,
            "brand": product.brand or None,
            "colour": product.colour or None,
            "price": product.price,
            "in_stock": product.in_stock,
        }

    def value_labels(self, facet, values, language):
        if facet == "category":
            return category_names(language, values)
        return {value: colour_name(value, language) for value in values} if facet == "colour" else {}

    def codes(self, product):
        return [product.sku, *product.codes]

    def family(self, product):
        head = product.parent_id or product.pk
        return Product.objects.filter(Q(parent_id=head) | Q(pk=head)).values_list("pk", flat=True)

    def family_key(self, product):
        return str(product.parent_id or product.pk)

    def tile_pictures(self, nearest):
        shown = ProductImage.objects.shown().filter(pk__in=[key for key in nearest.values() if key.isdecimal()])
        return {str(image.product_id): (image.url, image.tile_sources()) for image in shown}

    def card(self, product, language=None):
        title, image_url, image_sources = product.tile(language)
        return Card(
            id=str(product.pk),
            sku=product.sku,
            title=title,
            url=product.get_absolute_url(),
            image_url=image_url,
            price=product.price_text,
            in_stock=product.in_stock,
            brand=product.brand,
            colour=colour_name(product.colour),
            image_sources=image_sources,
        )
