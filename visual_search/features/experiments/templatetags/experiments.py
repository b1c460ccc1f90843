"""A filter for the page of an experiment."""

from django import template

register = template.Library()


@register.filter
def percent(share: float) -> str:
    """0.123 -> '12.3 %'."""
    return f"{share * 100:.1f} %"
