"""What kinds of places, movements, lines and orders there are, as staff read them."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class PlaceKind(TextChoices):
    """Goods stand in places of the first kind alone; the others are where they come from and go to."""

    STOCK = "stock", _("stock")
    SUPPLIERS = "suppliers", _("suppliers")
    CUSTOMERS = "customers", _("customers")
    COUNTING = "counting", _("counting")


class What(TextChoices):
    """Why goods moved."""

    RECEIVED = "received", _("received")
    SOLD = "sold", _("sold")
    COUNTED = "counted", _("counted")
    REVERSED = "reversed", _("reversed")


class Origin(TextChoices):
    """How a line came in."""

    PHOTO = "photo", _("photo")
    CODE = "code", _("code")
    SLIP = "slip", _("packing slip")


class LineState(TextChoices):
    WAITING = "waiting", _("waiting")
    BOOKED = "booked", _("booked")
    DISMISSED = "dismissed", _("dismissed")


class DeliveryState(TextChoices):
    OPEN = "open", _("open")
    CLOSED = "closed", _("closed")


class PurchaseState(TextChoices):
    DRAFT = "draft", _("draft")
    ORDERED = "ordered", _("ordered")
    CLOSED = "closed", _("closed")


class Matched(TextChoices):
    """What speaks for a candidate, surest first."""

    CODE = "code", _("its code")
    SUPPLIER_CODE = "supplier code", _("the supplier's code")
    NEAR_CODE = "near code", _("almost its code")
    WORDS = "words", _("words")
    LOOKS = "looks", _("its looks")


class Doubt(TextChoices):
    """Why the amount of a line wants a second look."""

    UNREAD = "unread", _("the amount couldn't be read")
    UNSURE = "unsure", _("the amount was hard to read")
    SUM = "sum", _("amount times price isn't the sum on the slip")
    ORDER = "order", _("the amount isn't the one that was ordered")
    NOT_ORDERED = "not ordered", _("this wasn't ordered")
    CODE = "code", _("the code was hard to read")


class Decision(TextChoices):
    """What somebody did, beside the movements, which tell themselves."""

    OPENED = "opened", _("delivery opened")
    CLOSED = "closed", _("delivery closed")
    ADDED = "added", _("line added")
    BOOKED = "booked", _("line booked")
    UNDONE = "undone", _("booking undone")
    DISMISSED = "dismissed", _("line dismissed")
    RESTORED = "restored", _("line taken up again")
    LEARNED = "learned", _("supplier's code learned")
    FORGOTTEN = "forgotten", _("supplier's code forgotten")
    DRAFTED = "drafted", _("draft made")
    PROPOSED = "proposed", _("order proposed")
    ORDERED = "ordered", _("order placed")
    PURCHASE_CLOSED = "purchase closed", _("order closed")
