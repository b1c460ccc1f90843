"""The words of a text that a shop keeps as HTML, such as what a rich-text editor writes."""

from __future__ import annotations

import html
import re

# It stops at the next bracket, so that a text of brackets alone takes no longer than another: the standard parser took
# minutes for one of 100,000 characters.
_TAG = re.compile(r"<(?P<closes>/?)(?P<name>[a-zA-Z!][a-zA-Z0-9!-]*)[^<>]*>")
# Within a word these change its looks alone; any other tag ends it: "<li>oak</li><li>steel</li>" are two words.
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "cite", "code", "em", "font", "i", "ins", "kbd", "mark", "q", "s", "samp"}
    | {"small", "span", "strong", "sub", "sup", "u", "var", "wbr"}
)
_UNSEEN = frozenset({"script", "style", "template"})


def plain_text(text: str) -> str:
    """What a reader sees of it: no tags, no scripts and styles, entities as letters.

    A text without tags keeps its spaces and lines, and what isn't HTML, such as "a < b", stays.
    """
    parts: list[str] = []
    inside, end = "", 0
    for tag in _TAG.finditer(text):
        name = tag["name"].lower()
        if not inside:
            parts.append(text[end : tag.start()])
            parts.append("" if name in _INLINE else " ")
        if inside:
            inside = "" if tag["closes"] and name == inside else inside
        elif name in _UNSEEN and not tag["closes"]:
            inside = name
        end = tag.end()
    if not end:
        return html.unescape(text).replace("\xa0", " ") if "&" in text else text
    parts.append("" if inside else text[end:])
    return " ".join(html.unescape("".join(parts)).split())
