"""`{% load visual_search %}{% search_box %}`: the search box for any page."""

from typing import Any

from django import template

register = template.Library()


@register.inclusion_tag("visual_search/search_box.html", takes_context=True)
def search_box(context: dict[str, Any]) -> dict[str, Any]:
    """A field for words with a camera button for photos. Works without JavaScript."""
    request = context.get("request")
    words = context.get("words")
    if words is None and request is not None:
        words = request.GET.get("q", "")
    return {"request": request, "csrf_token": context.get("csrf_token"), "words": words or ""}
