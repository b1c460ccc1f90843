"""The journey of a question before it is asked: replacements, synonyms, then the filters and the order that rules add."""

from __future__ import annotations

from dataclasses import replace

from django.utils import timezone

from visual_search import wiring
from visual_search.features.merchandising import current
from visual_search.features.merchandising.facts import of_question, replaced
from visual_search.features.merchandising.filters import is_order, usable
from visual_search.features.merchandising.kinds import Then
from visual_search.features.merchandising.matching import phrase_of
from visual_search.hooks import Moment, Rewritten
from visual_search.types import Query


class MerchandisingRewriter:
    """Rules that ask for what is seen wait for the curator: a photo isn't looked at yet, on its first page."""

    name = "merchandising"

    def rewrite(self, query: Query, moment: Moment) -> Rewritten:
        compiled = current.compiled()
        moment.check()
        facts = of_question(query, timezone.localtime())
        rules = () if query.like else compiled.matcher.holding(facts)
        needed = any(action.kind in (Then.FILTER, Then.SORT) for rule in rules for action in rule.actions)
        schema = wiring.schema(query.collection) if needed else None
        done: set[str] = set()
        changed, filters, own_order = query, list(query.filters), query.sort not in ("", "relevance")
        acted = []
        for rule in rules:
            for action in rule.actions:
                if action.kind == Then.REPLACE and Then.REPLACE not in done:
                    words = replaced(changed.words, phrase_of(rule), action.value)
                    changed = replace(changed, words=words) if words != changed.words else changed
                elif action.kind == Then.FILTER and schema is not None:
                    filters += [wanted for wanted in usable([action], schema) if wanted not in filters]
                elif action.kind == Then.SORT and Then.SORT not in done and schema is not None:
                    usable_order = not own_order and is_order(action.value, schema)
                    changed = replace(changed, sort=action.value) if usable_order else changed
                else:
                    continue
                done.add(action.kind)
                acted.append(rule)
        current.tell(acted)
        if filters != list(query.filters):
            changed = replace(changed, filters=tuple(filters))
        changed = compiled.thesaurus.applied(changed, facts.language)
        return Rewritten(changed, "rewritten" if changed != query else "")
