"""The kinds of conditions, actions and synonyms, as staff read them."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class When(TextChoices):
    """What a condition looks at."""

    WORDS_ARE = "words_are", _("the words are")
    WORDS_BEGIN = "words_begin", _("the words begin with")
    WORDS_CONTAIN = "words_contain", _("the words contain")
    FILTER = "filter", _("asked with the filter")
    HOURS = "hours", _("the time of day is")
    DAYS = "days", _("the day of the week is")
    THING = "thing", _("the photo shows the thing")
    COLOUR = "colour", _("the photo shows the colour")
    LABEL = "label", _("a label in the photo says")
    BEST_CATEGORY = "best_category", _("the best hits are in the category")
    NOTHING_CLOSE = "nothing_close", _("nothing close is found")


class Then(TextChoices):
    """What an action does."""

    PIN = "pin", _("pin a product at a place")
    HIDE = "hide", _("hide a product")
    BOOST = "boost", _("boost")
    BURY = "bury", _("bury")
    FILTER = "filter", _("show only")
    REPLACE = "replace", _("replace the words by")
    REDIRECT = "redirect", _("go to a page")
    BANNER = "banner", _("show a banner")
    SORT = "sort", _("sort by")


class Op(TextChoices):
    """How an action compares a field."""

    IS = "is", _("is")
    AT_LEAST = "at_least", _("is at least")
    AT_MOST = "at_most", _("is at most")
    MORE = "more", _("the more, the more")
    LESS = "less", _("the less, the more")


class Like(TextChoices):
    """How the words of a set of synonyms hang together."""

    TWO_WAY = "two_way", _("each stands for the others")
    ONE_WAY = "one_way", _("the words find the others, too")
    REPLACE = "replace", _("the words are replaced by the first of the others")
    KEEP_APART = "keep_apart", _("the words are kept apart")


BOOSTS = frozenset({Then.BOOST, Then.BURY})
WORDS = frozenset({When.WORDS_ARE, When.WORDS_BEGIN, When.WORDS_CONTAIN})
# Known once the photo was looked at; the last two once the hits are there.
SEEN = frozenset({When.THING, When.COLOUR, When.LABEL, When.BEST_CATEGORY, When.NOTHING_CLOSE})
OF_HITS = frozenset({When.BEST_CATEGORY, When.NOTHING_CLOSE})
