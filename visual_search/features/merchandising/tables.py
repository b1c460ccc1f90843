"""Synonyms as CSV: written for a spreadsheet, and read again with each mistake told by its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from visual_search import csv_tables, wiring
from visual_search.errors import BadInput
from visual_search.features.merchandising import current
from visual_search.features.merchandising.facts import tokens
from visual_search.features.merchandising.kinds import Like
from visual_search.features.merchandising.models import LONGEST, SynonymSet
from visual_search.features.merchandising.synonyms import terms
from visual_search.translating import in_words

NEEDED, OPTIONAL = ("kind", "language", "words"), ("others", "enabled")
COLUMNS = (*NEEDED, *OPTIONAL)
MOST_ROWS = 20_000
MOST_BYTES = 5 * 1024 * 1024
MOST_FAULTS = 20  # told at once
_YES, _NO = ("", "1", "yes", "true"), ("0", "no", "false")


@dataclass(frozen=True, slots=True)
class Read:
    """What a file says. With `faults` nothing of it is taken."""

    sets: tuple[SynonymSet, ...] = ()
    faults: tuple[str, ...] = ()


def written(sets: Iterable[SynonymSet]) -> str:
    """The sets as CSV, a line each, with a head."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for one in sets:
        writer.writerow((one.kind, one.language, one.words, one.others, "1" if one.enabled else "0"))
    return out.getvalue()


def read(data: bytes) -> Read:
    """The sets of a file in UTF-8, whose columns a comma or a semicolon separates."""
    if len(data) > MOST_BYTES:
        return Read(faults=(_("The file has more than %(most)s MB.") % {"most": MOST_BYTES // 1024**2},))
    try:
        rows = csv_tables.rows(data, NEEDED, OPTIONAL, most=MOST_ROWS)
    except BadInput as problem:
        return Read(faults=(in_words(problem),))
    sets: dict[tuple[str, ...], SynonymSet] = {}
    faults: list[str] = []
    for number, row in rows:
        one = _set(row)
        if isinstance(one, str):
            faults.append(_("Line %(number)s: %(fault)s") % {"number": number, "fault": one})
            continue
        problems = problems_of(one)
        faults += [_("Line %(number)s: %(fault)s") % {"number": number, "fault": problem} for problem in problems]
        sets[one.kind, one.language, one.words, one.others] = one
    return Read((), tuple(faults[:MOST_FAULTS])) if faults else Read(tuple(sets.values()))


def _set(row: dict[str, str]) -> SynonymSet | str:
    enabled = row["enabled"].casefold()
    if enabled not in (*_YES, *_NO):
        return _("“%(value)s” is neither 1 nor 0.") % {"value": row["enabled"][:80]}
    words, others = (", ".join(current.listed(row[name])) for name in ("words", "others"))
    return SynonymSet(kind=row["kind"], language=row["language"], words=words, others=others, enabled=enabled in _YES)


def problems_of(one: SynonymSet) -> Iterator[str]:
    """What is wrong with a set of synonyms, in words; nothing for a good one."""
    words, others = current.listed(one.words), current.listed(one.others)
    if one.kind not in Like.values:
        known = ", ".join(Like.values)
        yield _("The kind is “%(kind)s”; it must be one of %(known)s.") % {"kind": one.kind[:80], "known": known}
        return
    if one.language not in wiring.languages():
        known = ", ".join(wiring.languages())
        yield _("The language is “%(code)s”; it must be one of %(known)s.") % {
            "code": one.language[:80],
            "known": known,
        }
        return
    for name in ("words", "others"):
        if len(getattr(one, name)) > LONGEST:
            yield _("“%(text)s…” has more than %(most)s characters.") % {
                "text": getattr(one, name)[:40],
                "most": LONGEST,
            }
    for text in (*words, *others):
        if not tokens(text):
            yield _("“%(text)s” has no word.") % {"text": text[:80]}
    if one.kind == Like.TWO_WAY:
        if len(words) < 2 or others:
            yield _("Write two words or more, separated by commas, and no others.")
    elif not words or not others:
        yield _("Write the words, and the others that belong to them.")
    elif one.kind == Like.REPLACE and len(others) > 1:
        yield _("Words can be replaced by one other only.")
    elif one.kind == Like.KEEP_APART:
        alike = [(a, b) for a in words for b in others if terms(a, one.language) == terms(b, one.language)]
        for a, b in alike:
            yield _("“%(one)s” and “%(two)s” have the same stem, so the index can't tell them apart.") % {
                "one": a,
                "two": b,
            }


def take(sets: Iterable[SynonymSet], *, instead: bool) -> int:
    """Keep the sets of a file; `instead`: of all that there are. Returns how many are new or changed."""
    with transaction.atomic():
        if instead:
            SynonymSet.objects.all().delete()
        there = {(one.kind, one.language, one.words, one.others): one for one in SynonymSet.objects.all()}
        new, changed = [], []
        for one in sets:
            known = there.get((one.kind, one.language, one.words, one.others))
            if known is None:
                new.append(one)
            elif known.enabled != one.enabled:
                known.enabled = one.enabled
                changed.append(known)
        SynonymSet.objects.bulk_create(new, batch_size=500)
        SynonymSet.objects.bulk_update(changed, ["enabled"], batch_size=500)
        current.changed()
    return len(new) + len(changed)
