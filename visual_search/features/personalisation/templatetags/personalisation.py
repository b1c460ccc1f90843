"""`{% memory_script %}` for the shop's base template; `{% if category|is_sensitive %} data-vs-private` for its product page."""

from __future__ import annotations

from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from visual_search import wiring
from visual_search.features.personalisation import accounts
from visual_search.features.personalisation.rescorer import PersonalRescorer, is_sensitive_in

register = template.Library()


@register.simple_tag(takes_context=True)
def memory_script(context: dict[str, Any]) -> SafeString:
    """The script that remembers. It reads its addresses from attributes, because a shop may forbid inline scripts."""
    user = getattr(context.get("request"), "user", None)
    return format_html(
        # Before the page is drawn: where an order of the shopper's own comes, no other is shown before it.
        '<script src="{}" data-results="{}" data-shown="{}" data-account="{}" data-signed-in="{}"></script>',
        static("visual_search_personalisation/memory.js"),
        reverse("visual_search:results"),
        reverse("personalisation:shown"),
        reverse("personalisation:account"),
        "on" if user is not None and accounts.opted_in(user) else "off",
    )


@register.filter
def is_sensitive(category: str) -> bool:
    """Whether the shop's settings call this category sensitive: then nothing in it may be remembered."""
    return any(
        is_sensitive_in(category, options.get("sensitive", ()))
        for cls, options in wiring.resolve_hooks("RESCORERS")
        if issubclass(cls, PersonalRescorer)
    )
