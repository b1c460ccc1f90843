"""The rules and synonyms of this process: read once, and again when the stamp of the tables has changed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import uuid4

from django.db import connections

from visual_search.features.merchandising.matching import Matcher
from visual_search.features.merchandising.models import Action, Condition, Rule, RulesStamp, SynonymSet
from visual_search.features.merchandising.rules import Action as PlainAction
from visual_search.features.merchandising.rules import Condition as PlainCondition
from visual_search.features.merchandising.rules import Rule as PlainRule
from visual_search.features.merchandising.rules import Synonyms
from visual_search.features.merchandising.synonyms import Thesaurus

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0  # between two looks at the stamp: a change holds in all processes within two seconds
# More are read on a thread, and the former ones answer meanwhile: a hook has but a few milliseconds, and 500 rules take some 75.
# Only questions look; a server that starts asks one itself (`warming.py`), and what asks nothing, such as whether the process
# lives, depends on no table.
MOST_AT_ONCE = 50
STAMP = 1  # the key of the one row


@dataclass(frozen=True, slots=True)
class Compiled:
    """All that is decided, ready to be asked."""

    matcher: Matcher = field(default_factory=lambda: Matcher(()))
    thesaurus: Thesaurus = field(default_factory=lambda: Thesaurus(()))


class _Kept:
    """What this process knows, and when it looked last."""

    def __init__(self) -> None:
        self.compiled = Compiled()
        self.stamp: str | None = None
        self.looked_at = float("-inf")
        self.lock = threading.Lock()
        self.reading = False


_kept = _Kept()
_trying: ContextVar[Compiled | None] = ContextVar("merchandising_trying", default=None)
_told: ContextVar[list[int] | None] = ContextVar("merchandising_told", default=None)


def compiled() -> Compiled:
    """What holds now; what is being tried, inside `trying`."""
    tried = _trying.get()
    if tried is not None:
        return tried
    look()
    return _kept.compiled


def look() -> None:
    """Read all anew if it has changed since this process looked last; it looks once a second at most."""
    now = time.monotonic()
    # One thread looks; the others go on with what there is.
    if now - _kept.looked_at >= LOOK_SECONDS and _kept.lock.acquire(blocking=_kept.stamp is None):
        try:
            if now - _kept.looked_at >= LOOK_SECONDS:
                _look()
                _kept.looked_at = now
        finally:
            _kept.lock.release()


def changed() -> None:
    """Tell all processes that a rule or a synonym has changed; to be called in the transaction of the change."""
    RulesStamp.objects.update_or_create(pk=STAMP, defaults={"value": uuid4().hex})
    _kept.looked_at = float("-inf")


def forget() -> None:
    """Read all anew when it is next asked for."""
    _kept.stamp, _kept.compiled, _kept.looked_at = None, Compiled(), float("-inf")


@contextmanager
def trying(compiled: Compiled) -> Iterator[list[int]]:
    """Questions of this thread are answered by these rules. Gives a list that is filled with the ids of those that held."""
    told: list[int] = []
    one, two = _trying.set(compiled), _told.set(told)
    try:
        yield told
    finally:
        _trying.reset(one)
        _told.reset(two)


def tell(rules: Iterable[PlainRule]) -> None:
    """These rules held, should somebody want to know."""
    if (told := _told.get()) is not None:
        told += [id for id in dict.fromkeys(rule.id for rule in rules) if id not in told]


def _look() -> None:
    stamp = RulesStamp.objects.filter(pk=STAMP).values_list("value", flat=True).first() or ""
    if stamp == _kept.stamp or _kept.reading:
        return
    if Rule.objects.filter(enabled=True).count() <= MOST_AT_ONCE:
        _kept.compiled, _kept.stamp = read(), stamp
        return
    _kept.reading = True
    threading.Thread(target=_read_aside, args=(stamp,), name="merchandising-rules", daemon=True).start()


def _read_aside(stamp: str) -> None:
    try:
        _kept.compiled, _kept.stamp = read(), stamp
    except Exception:
        logger.exception("The rules can't be read; the former ones are used, and it is tried again in a second.")
    finally:
        _kept.reading = False
        connections.close_all()


def read() -> Compiled:
    """All that is on, from the tables."""
    return Compiled(Matcher(saved_rules().values()), Thesaurus(_saved_synonyms()))


def saved_rules() -> dict[int, PlainRule]:
    """The rules that are on, by key."""
    conditions: dict[int, list[PlainCondition]] = {}
    for condition in Condition.objects.filter(rule__enabled=True):
        conditions.setdefault(condition.rule_id, []).append(plain_condition(condition))
    actions: dict[int, list[PlainAction]] = {}
    for action in Action.objects.filter(rule__enabled=True):
        actions.setdefault(action.rule_id, []).append(plain_action(action))
    return {
        rule.pk: plain_rule(rule, conditions.get(rule.pk, ()), actions.get(rule.pk, ()))
        for rule in Rule.objects.filter(enabled=True).defer("note")
    }


def plain_rule(rule: Rule, conditions: Iterable[PlainCondition], actions: Iterable[PlainAction]) -> PlainRule:
    return PlainRule(
        id=rule.pk or 0,
        name=rule.name,
        collection=rule.collection,
        conditions=tuple(conditions),
        actions=tuple(actions),
        priority=rule.priority,
        language=rule.language,
        experiment=rule.experiment,
        starts=rule.starts,
        ends=rule.ends,
    )


def plain_condition(row: Condition) -> PlainCondition:
    return PlainCondition(row.kind, row.value, row.field)


def plain_action(row: Action) -> PlainAction:
    return PlainAction(row.kind, row.item, row.position or 1, row.field, row.op, row.value, row.strength or 0, row.url)


def _saved_synonyms() -> Iterator[Synonyms]:
    rows = SynonymSet.objects.filter(enabled=True).values_list("kind", "language", "words", "others")
    for kind, language, words, others in rows:
        yield Synonyms(kind, language, listed(words), listed(others))


def listed(text: str) -> tuple[str, ...]:
    """'couch, settee' as its parts."""
    return tuple(dict.fromkeys(part for part in (part.strip() for part in text.split(",")) if part))
