"""What was changed of which rule by whom: append-only, in a chain of hashes (`models/chain.py`); and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from visual_search.errors import BadInput, said
from visual_search.features.merchandising.models import Action, Condition, Rule, RuleRevision
from visual_search.models import chain

OF_RULE = ("name", "enabled", "priority", "collection", "language", "experiment", "starts", "ends", "note")
OF_CONDITION = ("kind", "field", "value")
OF_ACTION = ("kind", "item", "position", "field", "op", "value", "strength", "url")
_HASHED = ("number", "at", "actor", "rule", "name", "before", "after")


def snapshot(rule: Rule) -> dict[str, Any]:
    """All that a rule says, as JSON keeps it."""
    told = {name: getattr(rule, name) for name in OF_RULE}
    for name in ("starts", "ends"):
        told[name] = told[name].isoformat() if told[name] else None
    told["conditions"] = [_row(row, OF_CONDITION) for row in rule.conditions.order_by("pk")]
    told["actions"] = [_row(row, OF_ACTION) for row in rule.actions.order_by("pk")]
    return told


def note(actor: str, rule: int, name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> None:
    """Add an entry; nothing where nothing changed. None stands for a rule that isn't there."""
    if before == after:
        return
    at = timezone.now().isoformat(timespec="seconds")
    chain.append(RuleRevision, _HASHED, at=at, actor=actor[:160], rule=rule, name=name, before=before, after=after)


def undo(entry: RuleRevision, actor: str) -> Rule | None:
    """Make the rule what it was before this entry, which is an entry, too. None where it wasn't there before.

    Raises BadInput where the rule has changed since: later changes are undone first.
    """
    with transaction.atomic():
        rule = Rule.objects.select_for_update().filter(pk=entry.rule).first()
        now = snapshot(rule) if rule else None
        if now != entry.after:
            raise BadInput(said("“%(name)s” has changed since. Undo the later changes first.", name=entry.name))
        if entry.before is None:
            assert rule is not None
            rule.delete()
            note(actor, entry.rule, entry.name, now, None)
            return None
        rule = rule or Rule(pk=entry.rule)
        for name in OF_RULE:
            value = entry.before[name]
            setattr(rule, name, parse_datetime(value) if name in ("starts", "ends") and value else value)
        rule.save()
        rule.conditions.all().delete()
        rule.actions.all().delete()
        for row in entry.before["conditions"]:
            Condition.objects.create(rule=rule, **row)
        for row in entry.before["actions"]:
            Action.objects.create(rule=rule, **row)
        note(actor, rule.pk, rule.name, now, snapshot(rule))
        return rule


def verify() -> str:
    """'' if each entry is as it was written and follows the one before; else what is wrong."""
    return chain.verify(RuleRevision, _HASHED)


def lines(told: Mapping[str, Any] | None) -> list[str]:
    """A snapshot as people read it, a line for each thing that it says."""
    if told is None:
        return []
    rule = Rule(**{name: told[name] for name in OF_RULE if name not in ("starts", "ends")})
    named = [(field.verbose_name, told[field.name]) for field in Rule._meta.fields if field.name in OF_RULE]
    said_of_rule = [f"{name}: {_plain(value)}" for name, value in named if value not in ("", None)]
    conditions = [str(Condition(rule=rule, **row)) for row in told["conditions"]]
    actions = [str(Action(rule=rule, **row)) for row in told["actions"]]
    return [
        *said_of_rule,
        *(f"{_('If')}: {line}" for line in conditions),
        *(f"{_('Then')}: {line}" for line in actions),
    ]


def _plain(value: object) -> str:
    return {True: _("yes"), False: _("no")}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _row(row: Condition | Action, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
