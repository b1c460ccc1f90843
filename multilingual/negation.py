"""Reads what a shopper doesn't want: "sofa -leather", "sofa not leather". When in doubt, a word is wanted.

A minus counts only directly before a word. "not" counts only near the end, after something wanted, and in languages where it
can be told from names and idioms. "without" never counts: titles say "without laces" of the very shoes that are meant.
"""

from __future__ import annotations

import re

# A minus after a space and before a letter; "T-shirt", "A - B" and "-10 %" are something else.
_MINUS = re.compile(r"(?:(?<=\s)|^)[-−–](?=[^\W\d_])(\S+)")
# "not" and one or two words at the end. A longer end is a sentence, in which "not" may mean anything.
_LAST = {
    "en": re.compile(
        r"^(?P<wanted>\S.*?)[\s,]+(?:but\s+)?not\s+(?:in\s+)?(?P<kept_out>[^\W\d_][\w-]*(?:\s[^\W\d_][\w-]*)?)$", re.I
    ),
    "de": re.compile(r"^(?P<wanted>\S.*?)[\s,]+(?:aber\s+)?nicht\s+(?:in\s+|aus\s+)?(?P<kept_out>[^\W\d_][\w-]*)$", re.I),
}  # fmt: skip
_IDIOMS = re.compile(
    r"\bforget[\s-]me[\s-]not\b|\b(if|why|or|is|do|does|did|can|could|may|must|will|would)\s+not\b", re.I
)


def split(words: str, language: str | None = None) -> tuple[str, tuple[str, ...]]:
    """The words that are wanted, and each thing that isn't. `language` is the page's, for "not"; None reads only the minus.

    >>> split("sofa -leather")
    ('sofa', ('leather',))
    >>> split("sofa not leather", "en")
    ('sofa', ('leather',))
    >>> split("forget me not vase", "en")
    ('forget me not vase', ())
    """
    kept_out = tuple(match.group(1).strip(",.;") for match in _MINUS.finditer(words))
    wanted = " ".join(_MINUS.sub(" ", words).split())
    if not wanted:
        # Nothing else is asked for, so the minus was a mistake or a dash.
        return words, ()
    pattern = _LAST.get(language or "")
    if pattern and not _IDIOMS.search(wanted) and (match := pattern.match(wanted)):
        return match["wanted"].rstrip(" ,"), (*kept_out, match["kept_out"])
    return wanted if kept_out else words, tuple(part for part in kept_out if part)
