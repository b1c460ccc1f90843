"""Hears of saves: of offers in watched collections, of listings that came in, and of pictures whose files go with them."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.signals import request_started
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_delete, post_save

from visual_search import registry, watching
from visual_search.errors import ConfigurationError
from visual_search.features.brand_protection import background, tasks
from visual_search.features.brand_protection.models import BrandCase, GenuinePicture, Listing
from visual_search.features.brand_protection.options import options
from visual_search.tasks import in_process, publish

_FILES = {Listing: "file", GenuinePicture: "file", BrandCase: "evidence"}


def connect() -> None:
    # Which models lead to watched offers is known when all apps are there, so the receiver asks then.
    post_save.connect(_saved, dispatch_uid="brand_protection.saved")
    for sender in _FILES:
        post_delete.connect(_deleted, sender=sender, dispatch_uid=f"brand_protection.deleted.{sender.__name__}")
    request_started.connect(_serving, dispatch_uid="brand_protection.serving")


def senders() -> set[type[Model]]:
    """The models whose saves change a watched offer, as the index hears them."""
    found: set[type[Model]] = set()
    for collection in options().collections:
        try:
            found |= {sender for sender, _ in watching.links(registry.source(collection))}
        # The checks tell of it; a save must not fail for it.
        except ConfigurationError:
            continue
    return found


def _saved(*, sender: type[Model], instance: Any, using: str, **kwargs: Any) -> None:
    if not apps.ready or not ((sender is Listing and instance.checked_at is None) or sender in senders()):
        return
    waiting = transaction.get_connection(using).run_on_commit
    if not any(entry[1] is _look for entry in waiting):
        transaction.on_commit(_look, using=using, robust=True)


def _deleted(*, sender: type[Model], instance: Any, using: str, **kwargs: Any) -> None:
    """A row's file goes with it, once that is certain."""
    file = getattr(instance, _FILES[sender])
    if file:
        storage, name = file.storage, file.name
        transaction.on_commit(lambda: storage.delete(name), using=using, robust=True)


def _look() -> None:
    if in_process():
        background.thread.wake_if_serving()
    else:
        publish(tasks.watch_listings, "the listings wait for `watch_listings`")


def _serving(**kwargs: Any) -> None:
    background.thread.serve()
