"""Descriptions that a rich-text editor wrote."""

from __future__ import annotations

import pytest

from visual_search.types.plain_text import plain_text


@pytest.mark.parametrize(
    ("html", "seen"),
    [
        ("<ul><li>oak</li><li>steel</li></ul>", "oak steel"),
        ("<p>Seat<br>and back</p><p>of cane</p>", "Seat and back of cane"),
        ("an <strong>arm</strong>chair", "an armchair"),
        ('<a href="/oak/" title="Oak">solid</a>', "solid"),
        ("Caf&eacute; &amp; bar&nbsp;stool &#8364;", "Café & bar stool €"),
        ("<style>p { color: red }</style>desk<script>hidden()</script> lamp", "desk lamp"),
        ("<p>unclosed <b>and</i> wrong", "unclosed and wrong"),
        ("</script>left over", "left over"),
        ("less < more, 3 > 2", "less < more, 3 > 2"),
        ("<!-- a note -->shelf", "shelf"),
        ("<p>two</p>\n\n words ", "two words"),
        ("  two\n\n words ", "  two\n\n words "),
        ("R&D <2>", "R&D <2>"),
        ("", ""),
    ],
)
def test_what_a_reader_sees(html: str, seen: str) -> None:
    assert plain_text(html) == seen
