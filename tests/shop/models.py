"""Gadgets with pictures, makers and tags: one relation of each kind that a source may watch."""

from __future__ import annotations

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
