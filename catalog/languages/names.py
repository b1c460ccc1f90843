"""What categories, colours and measures are called in the language of the page."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import get_language, override, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from catalog.languages.models import CategoryText
from multilingual.languages import base_code

MAIN = "en"  # in which paths of categories, colours and measures are written

# The colours that multilingual/data/colours.txt knows. A shop's own further ones are shown as it writes them.
COLOURS = (
    pgettext_lazy("colour", "black"), pgettext_lazy("colour", "white"), pgettext_lazy("colour", "grey"),
    pgettext_lazy("colour", "red"), pgettext_lazy("colour", "orange"), pgettext_lazy("colour", "yellow"),
    pgettext_lazy("colour", "green"), pgettext_lazy("colour", "blue"), pgettext_lazy("colour", "turquoise"),
    pgettext_lazy("colour", "purple"), pgettext_lazy("colour", "pink"), pgettext_lazy("colour", "brown"),
    pgettext_lazy("colour", "beige"), pgettext_lazy("colour", "gold"), pgettext_lazy("colour", "silver"),
)  # fmt: skip
MEASURES = {"width": _("Width"), "depth": _("Depth"), "height": _("Height")}


def category_names(language: str | None, paths: Collection[str] | None = None) -> dict[str, str]:
    """path -> name in this language, for those (or all) categories that have one. One query; none in the main language."""
    base = base_code(language) or MAIN
    if base == MAIN:
        return {}
    texts = CategoryText.objects.filter(language__startswith=base)
    if paths is not None:
        texts = texts.filter(path__in=paths)
    rows = [row for row in texts.values_list("path", "language", "name") if base_code(row[1]) == base]
    # The last one stands: the very form that is asked for, else the plain language, else another form of it.
    rows.sort(key=lambda row: (row[1] == (language or "").lower(), row[1] == base))
    return {path: name for path, _tag, name in rows}


def colour_name(colour: str, language: str | None = None) -> str:
    """What this colour is called in the language, by default that of the page."""
    with override(language or get_language()):
        return pgettext("colour", colour) if colour else ""
