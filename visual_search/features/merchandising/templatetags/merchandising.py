"""`{% merchandising_script %}` for the shop's base template: it gives staff a button on each tile."""

from django import template
from django.template import Context
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()


@register.simple_tag(takes_context=True)
def merchandising_script(context: Context) -> SafeString:
    """The script for staff who may write rules; nothing for everybody else."""
    user = getattr(context.get("request"), "user", None)
    if user is None or not user.is_active or not user.is_staff:
        return SafeString("")
    if not user.has_perms(["visual_search_merchandising.view_rule", "visual_search_merchandising.add_rule"]):
        return SafeString("")
    try:
        address = reverse("admin:visual_search_merchandising_rule_workbench")
    except NoReverseMatch:
        return SafeString("")
    source = static("visual_search_merchandising/pin.js")
    return format_html('<script src="{}" defer data-address="{}" data-label="{}"></script>', source, address, _("Pin…"))
