"""How the tiny shop is read."""

from __future__ import annotations

from tests.shop.models import Gadget, GadgetImage, Maker, Tag
from visual_search.registry import Source, register
from visual_search.types import Card, FacetField, FacetKind, Picture, Text


def _bytes(file):
    with file.open("rb") as opened:
        return opened.read()


@register
class Gadgets(Source):
    model = Gadget
    collection = "gadgets"
    watch = {GadgetImage: "gadget", Maker: "gadgets", Tag: "gadgets"}
    schema = (
        FacetField("category", FacetKind.PATH, "Category"),
        FacetField("maker", FacetKind.KEYWORD, "Maker"),
        FacetField("tags", FacetKind.KEYWORD, "Tags"),
        FacetField("price", FacetKind.NUMBER, "Price"),
    )

    def queryset(self):
        return Gadget.objects.filter(published=True).select_related("maker").prefetch_related("images", "tags")

    def pictures(self, gadget):
        for image in gadget.images.all():
            yield Picture(id=str(image.pk), load=lambda image=image: _bytes(image.file), position=image.position)

    def texts(self, gadget):
        if "unreadable" in gadget.name:
            raise RuntimeError("no texts today")
        texts = {"en": Text(gadget.name, gadget.description)}
        if gadget.name_de:
            texts["de-AT"] = Text(gadget.name_de)
        return texts

    def facets(self, gadget):
        return {
            "category": gadget.category,
            "maker": gadget.maker.name if gadget.maker else None,
            "tags": [tag.name for tag in gadget.tags.all()],
            "price": gadget.price,
        }

    def codes(self, gadget):
        return [gadget.sku]

    def card(self, gadget, language=None):
        return Card(id=str(gadget.pk), sku=gadget.sku, title=gadget.name, url=f"/gadgets/{gadget.pk}/")
