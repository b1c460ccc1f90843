"""What kinds of articles, dangers and statuses there are, as people read them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class HelpKind(models.TextChoices):
    FAULT = "fault", _("known fault")
    GUIDE = "guide", _("guide")


class HelpState(models.TextChoices):
    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    WITHDRAWN = "withdrawn", _("withdrawn")


class Danger(models.TextChoices):
    """What goes to a person at once."""

    GAS = "gas", _("gas")
    MAINS = "mains", _("mains voltage")
    FIRE = "fire", _("fire or smoke")
    INJURY = "injury", _("injury")


class CaseState(models.TextChoices):
    NEW = "new", _("new")
    ANSWERED = "answered", _("answered")
    SOLVED = "solved", _("solved")
    CLOSED = "closed", _("closed without a solution")


class What(models.TextChoices):
    """What happened to a case or an article, as the ledger has it."""

    OPENED = "opened", _("opened")
    MOVED = "status", _("another status")
    ASSIGNED = "assigned", _("assigned")
    TOLD = "help desk told", _("help desk told")
    REPLIED = "reply", _("reply sent")
    PHOTO_SEEN = "photo seen", _("photo looked at")
    PHOTO_GONE = "photo gone", _("photo deleted")
    DRAFTED = "drafted", _("article drafted from the case")
    FORGOTTEN = "forgotten", _("words and address deleted")


class Sureness(models.TextChoices):
    """How near an answer is to what was asked."""

    CODE = "code", _("This very code")
    CLOSE = "close", _("Fits well")
    LIKELY = "likely", _("May fit")
