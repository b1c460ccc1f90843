"""Hears of new cases and replies, which are to be sent, and of pictures and photos that go with their rows."""

from __future__ import annotations

from typing import Any

from django.core.signals import request_started
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_delete, post_save

from visual_search.features.customer_service import background, photos, tasks
from visual_search.features.customer_service.models import CasePhoto, CaseReply, HelpPicture, ServiceCase
from visual_search.tasks import in_process, publish


def connect() -> None:
    for sender in (ServiceCase, CaseReply):
        post_save.connect(_saved, sender=sender, dispatch_uid=f"customer_service.saved.{sender.__name__}")
    post_delete.connect(_picture_gone, sender=HelpPicture, dispatch_uid="customer_service.picture_gone")
    post_delete.connect(_photo_gone, sender=CasePhoto, dispatch_uid="customer_service.photo_gone")
    request_started.connect(_serving, dispatch_uid="customer_service.serving")


def _saved(*, sender: type[Model], created: bool, using: str, **kwargs: Any) -> None:
    if created:
        transaction.on_commit(_send, using=using, robust=True)


def _send() -> None:
    if in_process():
        background.thread.wake_if_serving()
    else:
        publish(tasks.tell_help_desk, "the case waits for `tell_help_desk`")


def _picture_gone(*, instance: HelpPicture, using: str, **kwargs: Any) -> None:
    """A row's file goes with it, once that is certain."""
    storage, name = instance.file.storage, instance.file.name
    if name:
        transaction.on_commit(lambda: storage.delete(name), using=using, robust=True)


def _photo_gone(*, instance: CasePhoto, using: str, **kwargs: Any) -> None:
    """Whoever deletes the row, its key goes, too."""
    transaction.on_commit(lambda: photos.forget_key(instance.key), using=using, robust=True)


def _serving(**kwargs: Any) -> None:
    background.thread.serve()
