"""Marks the words of a question where a text says them, as Algolia's `_highlightResult` does.

A hit that was found by its meaning or its looks alone has nothing to mark, and then nothing is marked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from multilingual.analysis import analyse
from multilingual.normalising import fold, normalise

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Marker:
    """Marks one question's words, between `before` and `after`. `words`: word -> its terms."""

    words: dict[str, frozenset[str]]
    last: str  # may be unfinished, for these clients ask at each key
    language: str
    before: str = "<em>"
    after: str = "</em>"

    @classmethod
    def of(cls, text: str, language: str | None, **marks: str) -> Marker:
        words = _WORD.findall(normalise(text))
        language = language or "und"
        return cls(
            {word: frozenset(analyse(word, language)) for word in words}, words[-1] if words else "", language, **marks
        )

    def marked(self, text: str) -> dict[str, Any]:
        """The text with marks, which words were found in it, and whether that is all of them."""
        found: dict[str, None] = {}
        pieces = []
        end = 0
        for start, stop, word in self._places(text):
            found[word] = None
            pieces += [text[end:start], self.before, text[start:stop], self.after]
            end = stop
        level = "none" if not found else "full" if len(found) == len(self.words) else "partial"
        return {"value": "".join([*pieces, text[end:]]), "matchLevel": level, "matchedWords": list(found)}

    def _places(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Where each word of the question stands: begin, end, word."""
        for match in _WORD.finditer(text):
            terms = frozenset(analyse(match[0], self.language))
            if len(terms) > 1:
                # A script without spaces: the terms are pairs of characters, and only the very word is marked.
                yield from self._inside(match[0], match.start())
                continue
            for word, its in self.words.items():
                if its & terms:
                    yield match.start(), match.end(), word
                    break
            else:
                if self.last and fold(normalise(match[0])).startswith(fold(self.last)):
                    yield match.start(), match.end(), self.last

    def _inside(self, run: str, offset: int) -> Iterator[tuple[int, int, str]]:
        for word in self.words:
            if (place := run.find(word)) >= 0:
                yield offset + place, offset + place + len(word), word
                return
