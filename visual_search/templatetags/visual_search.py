"""`{% load visual_search %}`: `{% search_head %}` in a page's head, `{% search_box %}` where shoppers search.

`{% search_widget %}` searches in the page where it stands.
"""

import json
import re
from typing import Any

from django import template
from django.template import Context
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from visual_search import registry
from visual_search.conf import conf
from visual_search.errors import ConfigurationError
from visual_search.storefront import showing, trails
from visual_search.storefront.integrity import integrity
from visual_search.types import EXACT_CODE, PRICE, SAME_PICTURE, Grade, Hit, Variant

register = template.Library()

BROUGHT = "visual_search: style and scripts are brought"
SIMILAR = "visual_search: the address of similar objects in "
STAND_IN = "the-id-of-an-object"
ON_THE_PAGE = ("photo_token", "preview", "chips", "words_not")  # what a page of results tells the box beside its words
PLAIN_ID = re.compile(r"[0-9A-Za-z_-]+")  # what stands in an address as it is


@register.simple_tag(takes_context=True)
def search_head(context: Context) -> SafeString:
    """The style and the scripts of search, once a page: the tag that comes first brings them, the others nothing."""
    # The lowest scope belongs to the whole page, with all that it extends and includes; Django keeps the templates that
    # a page includes there, too.
    page = context.render_context.dicts[0]
    if BROUGHT in page:
        return SafeString("")
    page[BROUGHT] = "yes"
    names = [
        "htmx",
        "field",
        "photos",
        "search",
        "sheet",
        "acts",
        "parts",
        "facets",
        *(["suggest"] if _suggestions() else []),
    ]
    style = format_html('<link rel="stylesheet" href="{}">\n', static("visual_search/search.css"))
    scripts = ((static(f"visual_search/{name}.js"),) for name in names)
    return style + format_html_join("\n", '<script src="{}" defer></script>', scripts)


@register.simple_tag(takes_context=True)
def results_url(context: Context, collection: str | None = None) -> str:
    """The results page of a collection, by default of the one that this page shows."""
    name = context.get("collection") if collection is None else collection
    return reverse("visual_search:results", args=[name] if name else [])


@register.simple_tag
def photo_links() -> bool:
    """Whether a link may come in place of a photo."""
    return bool(conf.PHOTO_LINKS)


@register.simple_tag(takes_context=True)
def similar_url(context: Context, id: str) -> str:
    """The page of what resembles an object of the collection that this page shows."""
    name = context.get("collection") or ""
    if not PLAIN_ID.fullmatch(str(id)):
        return trails.similar_url(name, id)
    # Making an address takes a third of a tile's time, and those of one page differ only in their ids.
    made = context.render_context.dicts[0]
    if (key := SIMILAR + name) not in made:
        made[key] = trails.similar_url(name, STAND_IN)
    return made[key].replace(STAND_IN, str(id))


@register.simple_tag(takes_context=True)
def variant_label(context: Context, variant: Variant) -> str:
    """What tells this size or colour from the others: "blue, €59.00", and "Out of stock"."""
    source = registry.source(context.get("collection") or registry.default())
    texts = []
    for facet, values in variant.values.items():
        words = [value for value in values if isinstance(value, str)]
        called = source.value_labels(facet, words, get_language() or "") if words else {}
        texts += [called.get(word) or word for word in words]
    price = variant.card.price if PRICE.name in variant.values else ""
    gone = "" if variant.card.in_stock else _("Out of stock")
    return ", ".join(filter(None, (*texts, price, gone))) or variant.card.title


# The answers of the REST API keep these words as they are.
WHYS = {
    EXACT_CODE: pgettext_lazy("why it is found", "exact code"),
    SAME_PICTURE: pgettext_lazy("why it is found", "same picture"),
    Grade.SAME: pgettext_lazy("how near it is", "same item"),
    Grade.VERY_SIMILAR: pgettext_lazy("how near it is", "very similar"),
    Grade.SIMILAR: pgettext_lazy("how near it is", "similar style"),
    Grade.DISTANT: pgettext_lazy("how near it is", "nothing close"),
}


@register.filter
def why(hit: Hit) -> str:
    """How near a hit is, in the language of the page; of an exact code and of the same picture, that it is that."""
    return str(WHYS.get(hit.reason) or WHYS[hit.grade] if hit.grade else "")


@register.inclusion_tag("visual_search/search_box.html", takes_context=True)
def search_box(context: Context, collection: str = "", samples: str = "") -> dict[str, Any]:
    """A field for words with a camera button for photos. Works without JavaScript.

    `collection`: which to ask, as in `{% search_box collection="articles" %}`; by default the shop's products.
    `samples`: the address of a list of pictures to try, which the sheet behind the camera loads when it opens.
    """
    public = registry.public()
    if collection and collection not in public:
        raise ConfigurationError(
            f"search_box has collection={collection!r}; it must be one of: {', '.join(public) or 'none'}."
        )
    place = showing.place(collection)
    other = place["collection"]
    request = context.get("request")
    # A page of results fills the box that leads to it.
    here = (context.get("collection") or "") == other
    words = context.get("words") if here else ""
    if words is None and request is not None:
        words = request.GET.get("q", "")
    return {
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "words": words or "",
        **({name: context.get(name) for name in ON_THE_PAGE} if here else {}),
        "head": search_head(context),
        "samples": samples,
        "life": showing.photo_life(),
        "suggest_url": _suggestions(),
        **place,
        "mark": f"-{other}" if other else "",  # A page may have a box of each collection, and an id only once.
    }


WIDGET = "visual_search/widget.js"


@register.inclusion_tag("visual_search/widget.html", takes_context=True)
def search_widget(context: Context, collection: str = "", basket: bool = False) -> dict[str, Any]:
    """Search with its results in this very page, by the REST API: `<visual-search>`, and once a page the script that makes it.

    `basket`: whether tiles have a button, which sends the event `visual-search:basket`. Raises ConfigurationError in a shop that
    includes no API.
    """
    try:
        api = reverse("visual_search_api:search").removesuffix("search")
    except NoReverseMatch as problem:
        raise ConfigurationError(
            "search_widget asks the REST API: include 'visual_search.api.urls' in the project's addresses."
        ) from problem
    page = context.render_context.dicts[0]
    is_first = WIDGET not in page
    page[WIDGET] = "yes"
    return {
        "api": api,
        "collection": collection,
        "basket": basket,
        "script": static(WIDGET) if is_first else "",
        "integrity": integrity(WIDGET),
        "texts": json.dumps(
            {
                "words": _("Words, or a photo"),
                "search": pgettext("product search", "Search"),
                "photo": _("Search by image"),
                "close": pgettext("product search", "Close"),
                "basket": _("Add to basket"),
                "looking": _("Searching …"),
                "nothing": _("Nothing close"),
                "whole": _("Whole photo"),
                "thing": _("Something"),
                "failed": _("The shop can not be reached. Check your connection and try again."),
            },
            ensure_ascii=False,
        ),
    }


def _suggestions() -> str:
    """Where the words of a shopper who still types are sent; nowhere in a shop that includes no API."""
    try:
        return reverse("visual_search_api:suggest")
    except NoReverseMatch:
        return ""
