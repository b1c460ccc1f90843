"""`{% events_script %}` for the shop's base template, and a filter for the report."""

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from visual_search.features.query_log.options import Mode, options

register = template.Library()


@register.simple_tag
def events_script() -> SafeString:
    """The script that reports what is done with answers; nothing if the shop keeps no log."""
    if options().mode is Mode.OFF:
        return SafeString("")
    source = static("visual_search_query_log/events.js")
    return format_html('<script src="{}" defer data-address="{}"></script>', source, reverse("query_log:events"))


@register.filter
def percent(share: float) -> str:
    """0.123 -> '12.3 %'."""
    return f"{share * 100:.1f} %"
