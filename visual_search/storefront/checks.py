"""What `manage.py check` says about the pages: their addresses, the shop's base template, style and scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.template import Context, Template, TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import get_template
from django.template.loader_tags import BlockNode, ExtendsNode
from django.urls import NoReverseMatch, reverse

from visual_search.conf import conf


@register("visual_search")
def check_pages(**kwargs: Any) -> list[CheckMessage]:
    if not isinstance(getattr(settings, "VISUAL_SEARCH", {}), dict):
        return []  # Another check says so.
    messages = [*_addresses(), *_templates()]
    if not apps.is_installed("django.contrib.staticfiles"):
        messages.append(
            Warning(
                "Django serves no static files, so search's pages have neither style nor scripts.",
                hint="Add 'django.contrib.staticfiles' to INSTALLED_APPS.",
                id="visual_search.W012",
            )
        )
    return messages


def _addresses() -> Iterator[CheckMessage]:
    if not getattr(settings, "ROOT_URLCONF", None):
        return
    pages = "The results page has no address, so no search box can be shown."
    api = "The REST API has no address, so nothing is suggested while typing."
    for name, path, room, what, id in (
        ("visual_search:results", "search/", "storefront", pages, "visual_search.W010"),
        ("visual_search_api:search", "api/v1/", "api", api, "visual_search.W011"),
    ):
        try:
            reverse(name)
        except NoReverseMatch:
            yield Warning(
                what,
                hint=f'Add path("{path}", include("visual_search.{room}.urls")) to urlpatterns in urls.py. A shop that wants '
                f"to do without lists '{id}' in SILENCED_SYSTEM_CHECKS.",
                id=id,
            )


def _templates() -> Iterator[CheckMessage]:
    try:
        get_template("visual_search/results.html")
    except TemplateDoesNotExist:
        yield Error(
            "Django doesn't find the templates of search.",
            hint="Set 'APP_DIRS': True in TEMPLATES, where BACKEND is 'django.template.backends.django.DjangoTemplates'.",
            id="visual_search.E030",
        )
        return
    named = f"VISUAL_SEARCH['BASE_TEMPLATE'] is {conf.BASE_TEMPLATE!r}"
    try:
        base = getattr(get_template(conf.BASE_TEMPLATE), "template", None)
        has_content = isinstance(base, Template) and _has_block(base, "content")
    except TemplateDoesNotExist as missing:
        yield Error(
            f"{named}, but there is no template {str(missing)!r}.",
            hint="Correct the name. Templates are looked for in the templates folder of each app, and in DIRS of TEMPLATES.",
            id="visual_search.E031",
        )
    except TemplateSyntaxError as mistake:
        yield Error(f"{named}, which can't be read: {mistake}.", hint="Correct the template.", id="visual_search.E032")
    else:
        if not has_content:
            yield Error(
                f"{named}, which has no block 'content', so results would be shown nowhere.",
                hint="Write {% block content %}{% endblock %} in it, where results shall stand.",
                id="visual_search.E033",
            )


def _has_block(template: Template, name: str) -> bool:
    """Whether the template, or one that it extends, has this block. One whose parent is chosen at run time may have it."""
    blocks = [node for node in template.nodelist.get_nodes_by_type(BlockNode) if isinstance(node, BlockNode)]
    for node in template.nodelist:
        if not isinstance(node, ExtendsNode):
            continue
        blocks += node.blocks.values()
        if not isinstance(getattr(node.parent_name, "var", None), str):
            return True
        context = Context()
        context.template = template
        with context.render_context.push_state(template):
            if _has_block(node.get_parent(context), name):
                return True
    return any(block.name == name for block in blocks)
