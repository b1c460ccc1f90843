"""The hooks of the feature keep the contracts of the core, without a rule and with one of each kind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.contracts.hooks import FOREVER, CuratorContract, RescorerContract, RewriterContract
from tests.features.merchandising.desk import HOOKS
from visual_search.features.merchandising import current
from visual_search.features.merchandising.curator import MerchandisingCurator
from visual_search.features.merchandising.kinds import Like, Then, When
from visual_search.features.merchandising.matching import Matcher
from visual_search.features.merchandising.rescorer import MerchandisingRescorer
from visual_search.features.merchandising.rewriter import MerchandisingRewriter
from visual_search.features.merchandising.rules import Action, Condition, Rule, Synonyms
from visual_search.features.merchandising.synonyms import Thesaurus
from visual_search.types import Grade, Hit, Query

ACTIONS = (
    Action(Then.PIN, item="99", position=2), Action(Then.PIN, item="3", position=3), Action(Then.HIDE, item="5"),
    Action(Then.BOOST, item="4", strength=60), Action(Then.BURY, item="1", strength=90),
    Action(Then.FILTER, field="price", op="at_most", value="50"), Action(Then.REPLACE, value="chair"),
    Action(Then.BANNER, value="Hello"),
)  # fmt: skip
RULES = (Rule(1, "all", "products", (Condition(When.WORDS_CONTAIN, "chair"),), ACTIONS), Rule(2, "none", "products"))
SETS = (
    Synonyms(Like.TWO_WAY, "en", ("chair", "seat")), Synonyms(Like.REPLACE, "en", ("red",), ("dark red",)),
    Synonyms(Like.KEEP_APART, "en", ("chair",), ("armchair",)),
)  # fmt: skip


@pytest.fixture(params=["with rules", "without"], autouse=True)
def _rules(request, monkeypatch, shop):
    shop.use(**HOOKS)
    with_rules = current.Compiled(Matcher(RULES), Thesaurus(SETS))
    # Other threads of the contract know nothing of what is tried in this one.
    compiled = with_rules if request.param == "with rules" else current.Compiled()
    monkeypatch.setattr(current, "compiled", lambda: compiled)
    for name in ("_values", "_categories"):
        monkeypatch.setattr(f"visual_search.features.merchandising.curator.{name}", lambda collection, ids: {})


class TestRewriter(RewriterContract):
    @pytest.fixture
    def hook(self):
        return MerchandisingRewriter()

    def test_a_replacement_that_holds_the_word_itself_is_made_once(self, hook) -> None:
        once = hook.rewrite(Query(words="red lamp", language="en"), FOREVER).query
        again = hook.rewrite(replace(once, asked=""), FOREVER).query
        assert again.words == once.words


class TestRescorer(RescorerContract):
    @pytest.fixture
    def hook(self):
        return MerchandisingRescorer()

    def test_a_boost_lifts_what_is_far_and_a_bury_sinks_it(self, hook, monkeypatch) -> None:
        """Scores of far hits are below zero, so a factor alone would do the opposite."""
        compiled = current.Compiled(Matcher(RULES))
        monkeypatch.setattr(current, "compiled", lambda: compiled)
        far = tuple(Hit(id, -0.2, grade=Grade.DISTANT) for id in ("1", "2", "4"))
        after = hook.rescore(Query(words="chair", language="en"), far, FOREVER).hits
        assert [hit.id for hit in after] == ["4", "2", "1"]


class TestCurator(CuratorContract):
    @pytest.fixture
    def hook(self):
        return MerchandisingCurator()
