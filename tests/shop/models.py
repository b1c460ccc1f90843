"""Gadgets with pictures, makers and tags; and items, to which longer paths lead: all that a source may watch."""

from __future__ import annotations

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Maker(models.Model):
    name = models.CharField(max_length=100)


class Tag(models.Model):
    name = models.CharField(max_length=100)


class Gadget(models.Model):
    name = models.CharField(max_length=200)
    name_de = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    sku = models.CharField(max_length=50, blank=True)
    category = models.CharField(max_length=200, blank=True)
    price = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    published = models.BooleanField(default=True)
    maker = models.ForeignKey(Maker, models.SET_NULL, null=True, related_name="gadgets")
    tags = models.ManyToManyField(Tag, related_name="gadgets")


class BigGadget(Gadget):
    """Saving a child model sends the child's signals only."""

    weight = models.FloatField(default=0)


class RenamedGadget(Gadget):
    """So does saving a proxy."""

    class Meta:
        proxy = True


class GadgetImage(models.Model):
    gadget = models.ForeignKey(Gadget, models.CASCADE, related_name="images")
    file = models.FileField(upload_to="gadgets")
    position = models.IntegerField(default=0)


class Brand(models.Model):
    name = models.CharField(max_length=100)


class Line(models.Model):
    brand = models.ForeignKey(Brand, models.CASCADE, related_name="lines")


class Item(models.Model):
    name = models.CharField(max_length=100)
    line = models.ForeignKey(Line, models.SET_NULL, null=True, related_name="items")
    parent = models.ForeignKey("self", models.SET_NULL, null=True, related_name="variants")
    reviews = GenericRelation("Review", related_query_name="item")


class SpecialItem(Item):
    """A part of its row stands in the parent's table, which may be saved alone."""

    offer = models.CharField(max_length=100, blank=True)


class Label(models.Model):
    item = models.ForeignKey(Item, models.CASCADE, related_name="labels")
    words = models.CharField(max_length=100, blank=True)


class RenamedLabel(Label):
    class Meta:
        proxy = True


class GoldLabel(Label):
    carat = models.IntegerField(default=18)


class Sentence(models.Model):
    """Three steps away from an item's parent."""

    label = models.ForeignKey(Label, models.CASCADE, related_name="sentences")
    words = models.CharField(max_length=100)


class Badge(models.Model):
    name = models.CharField(max_length=100)
    items = models.ManyToManyField(Item, related_name="badges")


class Campaign(models.Model):
    name = models.CharField(max_length=100)
    badges = models.ManyToManyField(Badge, related_name="campaigns")
    items = models.ManyToManyField(Item, through="Place", related_name="campaigns")


class Place(models.Model):
    """A relation with a model of its own."""

    campaign = models.ForeignKey(Campaign, models.CASCADE)
    item = models.ForeignKey(Item, models.CASCADE)


class Remark(models.Model):
    """Names items in a text, which no path can follow."""

    items = models.CharField(max_length=100, blank=True)
    words = models.CharField(max_length=100, blank=True)


class Review(models.Model):
    """May belong to a row of any model."""

    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveIntegerField()
    about = GenericForeignKey()
    words = models.CharField(max_length=100, blank=True)


class Leftover(models.Model):
    """Django does nothing with it when its item is deleted: the database shall."""

    item = models.ForeignKey(Item, models.DO_NOTHING, db_constraint=False)
    brand = models.ForeignKey(Brand, models.DO_NOTHING, db_constraint=False, null=True)


class Part(models.Model):
    """Its key is what the shop calls it, whatever signs are in it."""

    number = models.CharField(max_length=64, primary_key=True)
    name = models.CharField(max_length=100)
