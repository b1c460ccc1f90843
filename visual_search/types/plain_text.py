"""The words of a text that a shop keeps as HTML, such as what a rich-text editor writes."""

from __future__ import annotations

from html.parser import HTMLParser

# Within a word these change its looks alone; any other tag ends it: "<li>oak</li><li>steel</li>" are two words.
INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "cite", "code", "em", "font", "i", "ins", "kbd", "mark", "q", "s", "samp"}
    | {"small", "span", "strong", "sub", "sup", "u", "var", "wbr"}
)
UNSEEN = frozenset({"script", "style", "template"})


def plain_text(html: str) -> str:
    """What a reader sees of it: no tags, no scripts and styles, entities as letters, one space between words."""
    seen = _Seen()
    seen.feed(html)
    seen.close()
    return " ".join("".join(seen.parts).split())


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in UNSEEN
        self._end_word(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._end_word(tag)

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= bool(self._unseen) and tag in UNSEEN
        self._end_word(tag)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)

    def _end_word(self, tag: str) -> None:
        if tag not in INLINE:
            self.parts.append(" ")
