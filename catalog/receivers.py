"""Picture files go with their rows, also where a row goes because its product does; copies are made of those that come."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save, pre_delete
from django.dispatch import receiver

from catalog import files, tasks
from catalog.models import Product, ProductImage
from catalog.receiving import ledger
from visual_search.signals import objects_changed


@receiver(pre_delete, sender=ProductImage)
def note_the_file(instance: ProductImage, **kwargs: Any) -> None:
    """The file may have moved since the object was read, and after the deletion nobody knows where to."""
    row = instance._row()
    instance._read_file = row[0] if row else ""


@receiver(post_delete, sender=ProductImage)
def remove_the_file(instance: ProductImage, **kwargs: Any) -> None:
    files.forget(ProductImage, instance._read_file)


@receiver(pre_delete, sender=Product)
def tell_of_the_variants(instance: Product, **kwargs: Any) -> None:
    """The database takes the head from its variants without a word, and each of them is a thing of its own from then on."""
    if ids := [str(key) for key in instance.variants.values_list("pk", flat=True)]:
        objects_changed.send(Product, ids=ids, deleted=False)


@receiver(post_save, sender=Product)
@receiver(post_save, sender=ProductImage)
def make_copies(**kwargs: Any) -> None:
    tasks.schedule()


@receiver(post_save, sender=Product)
def note_the_stock(
    instance: Product, raw: bool = False, update_fields: frozenset[str] | None = None, **kwargs: Any
) -> None:
    """What the admin or an import sets becomes a movement, too."""
    if not raw and (update_fields is None or "stock" in update_fields):
        ledger.follow(instance.pk)
