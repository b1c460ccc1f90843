"""What kinds of pictures, findings and states there are, as staff read them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class GenuineKind(models.TextChoices):
    PICTURE = "picture", _("picture of a product")
    MARK = "mark", _("mark")


class Finding(models.TextChoices):
    """What was found. None of them says that something is counterfeit: a person decides."""

    COPY = "copy", _("copied picture")
    PRODUCT = "product", _("same product photographed")
    LOOKS = "looks", _("looks alike as a whole")
    WORDS = "words", _("the brand's words, another seller")
    LABEL = "label", _("the brand's words in the picture")
    PRICE = "price", _("price far below")


class What(models.TextChoices):
    """What happened to a case, as the ledger has it."""

    OPENED = "opened", _("opened")
    FOUND = "found more", _("more was found")
    MOVED = "status", _("another status")
    ASSIGNED = "assigned", _("assigned")
    SENT = "notice sent", _("notice sent")
    TOLD = "brand told", _("brand told")


class State(models.TextChoices):
    NEW = "new", _("new")
    WATCHED = "watched", _("watched")
    SENT = "sent", _("notice sent")
    SETTLED = "settled", _("settled")
    FALSE = "false", _("false alarm")
