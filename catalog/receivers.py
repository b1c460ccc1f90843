"""Picture files go with their rows, also where a row goes because its product does; copies are made of those that come."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save, pre_delete
from django.dispatch import receiver

from catalog import files, tasks
from catalog.models import Product, ProductImage


@receiver(pre_delete, sender=ProductImage)
def note_the_file(instance: ProductImage, **kwargs: Any) -> None:
    """The file may have moved since the object was read, and after the deletion nobody knows where to."""
    row = instance._row()
    instance._read_file = row[0] if row else ""


@receiver(post_delete, sender=ProductImage)
def remove_the_file(instance: ProductImage, **kwargs: Any) -> None:
    files.forget(ProductImage, instance._read_file)


@receiver(post_save, sender=Product)
@receiver(post_save, sender=ProductImage)
def make_copies(**kwargs: Any) -> None:
    tasks.schedule()
