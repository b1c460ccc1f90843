"""Gives each question of a day wholly to one of two arms, for what can't be drafted into one list: rules that change the hits.

All who ask the same on one day get the same arm, so an answer has the same hits on each page, and in each process.
"""

from __future__ import annotations

from dataclasses import replace

from multilingual.normalising import normalise
from visual_search import registry
from visual_search.features.experiments import current, running, teams
from visual_search.features.experiments.drafting import Team, arm
from visual_search.features.experiments.models import Kind
from visual_search.features.experiments.rescorer import secret
from visual_search.hooks import Moment, Rewritten
from visual_search.types import Query


class ArmsRewriter:
    """Adds the name of the variant to the questions of arm B (`Query.variants`). Stands first of the rewriters, so that rules
    can see it. Photos take part in no arm: no two of them are the same question.
    """

    name = teams.ARMS

    def rewrite(self, query: Query, moment: Moment) -> Rewritten:
        tried = current.running()
        if tried is None or tried.kind != Kind.ARMS or not query.pages_of:
            return Rewritten(query)
        if not query.words.strip() or query.pictures or query.collection != registry.default():
            return Rewritten(query)
        of = arm(secret(), normalise(query.words), running.today())
        note = teams.arm(tried.id, query.pages_of, of)
        if of is Team.A or tried.b in query.variants:
            return Rewritten(query, note)
        return Rewritten(replace(query, variants=(*query.variants, tried.b)), note)
