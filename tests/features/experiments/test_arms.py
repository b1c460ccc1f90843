"""Rules are tried by question and day: one coin for all who ask the same, and votes of pairs of questions."""

from __future__ import annotations

import io
import random
from dataclasses import replace
from uuid import uuid4

import pytest
from django.core.management import call_command

from tests.contracts.hooks import FOREVER, RescorerContract, RewriterContract
from tests.features.query_log.shop import material, page
from visual_search.features.experiments import current, running, teams
from visual_search.features.experiments.current import Running
from visual_search.features.experiments.deciding import STOP_AT, Outcome, e_value
from visual_search.features.experiments.drafting import Team, arm
from visual_search.features.experiments.models import ExperimentDay, Kind
from visual_search.features.experiments.rescorer import InterleavingRescorer, secret
from visual_search.features.experiments.rewriter import ArmsRewriter
from visual_search.features.experiments.voting import Votes, arm_votes
from visual_search.types import Found, Query, QueryPicture, SealedEvent, SealedQuestion

SEED = "0190a0b0-0000-8000-8000-000000000000"
TRIED = Running(3, "", "summer rules", 1.0, Kind.ARMS)


class TestArms(RewriterContract):
    questions = (
        *(Query(words=f"red chair {n}", pages_of=SEED) for n in range(6)),
        Query(words="чайник", pages_of=SEED, page=2),
        *RewriterContract.questions,
    )

    @pytest.fixture
    def hook(self, monkeypatch) -> ArmsRewriter:
        monkeypatch.setattr(current, "running", lambda: TRIED)
        monkeypatch.setattr(running, "clock", lambda: 20_000 * 86_400.0)
        return ArmsRewriter()

    def test_half_of_the_questions_get_the_variant(self, hook) -> None:
        asked = [hook.rewrite(Query(words=f"word {n}", pages_of=SEED), FOREVER) for n in range(400)]
        with_it = [after for after in asked if after.query.variants == ("summer rules",)]
        assert 150 < len(with_it) < 250
        for after in asked:
            noted = teams.read([f"arms:{after.note}"])
            assert noted.arm is (Team.B if after.query.variants else Team.A)

    def test_all_who_ask_the_same_on_a_day_get_the_same_and_the_next_day_throws_anew(self, hook, monkeypatch) -> None:
        words = [f"word {n}" for n in range(60)]

        def arms(seed: str) -> list[tuple[str, ...]]:
            return [hook.rewrite(Query(words=text, pages_of=seed), FOREVER).query.variants for text in words]

        first = arms("one")
        assert arms("other") == first
        assert [
            hook.rewrite(Query(words=f" Word  {n}", pages_of="x"), FOREVER).query.variants for n in range(60)
        ] == first
        monkeypatch.setattr(running, "clock", lambda: 20_001 * 86_400.0)
        assert 10 < sum(one != other for one, other in zip(arms("one"), first, strict=True)) < 50

    @pytest.mark.parametrize(
        "query",
        [
            Query(words="red chair"),
            Query(pages_of=SEED),
            Query(words="red", pictures=(QueryPicture(),), pages_of=SEED),
            Query(words="red chair", collection="gadgets", pages_of=SEED),
        ],
        ids=["no part in it", "no words", "a photo", "another collection"],
    )
    def test_who_takes_no_part_gets_the_shop_as_it_is(self, hook, query) -> None:
        after = hook.rewrite(query, FOREVER)
        assert (after.query, after.note) == (query, "")

    def test_while_rankings_are_tried_no_question_has_a_variant(self, hook, monkeypatch) -> None:
        monkeypatch.setattr(current, "running", lambda: replace(TRIED, kind=Kind.INTERLEAVE))
        for query in self.questions:
            assert hook.rewrite(query, FOREVER).query == query


class TestTheRescorerMeanwhile(RescorerContract):
    questions = (Query(words="red chair", pages_of=SEED),)

    @pytest.fixture
    def hook(self, monkeypatch) -> InterleavingRescorer:
        monkeypatch.setattr(current, "running", lambda: TRIED)
        return InterleavingRescorer()

    def test_it_drafts_nothing(self, hook) -> None:
        assert hook.rescore(self.questions[0], self.hits, FOREVER).hits == self.hits


# --- Votes --------------------------------------------------------------------------------------


def question(words: int | None, of: Team, client: int, *actions: str, experiment: int = 3) -> SealedQuestion:
    return SealedQuestion(
        query_id=uuid4(), client=client, words=words, text=None, collection="products", language="en", kind="text",
        found=Found.MANY, notes=(f"arms:{teams.arm(experiment, str(client), of)}",),
        events=tuple(SealedEvent(action, "1") for action in actions),
    )  # fmt: skip


def votes(asked) -> Votes:
    return arm_votes(asked, 3, random.Random(1))


def test_the_question_after_which_a_greater_share_chose_has_the_vote() -> None:
    asked = [question(1, Team.A, 1, "click"), question(1, Team.A, 2), question(2, Team.B, 3, "click")]
    assert votes(asked) == Votes(wins_b=1)
    assert votes([*asked, question(1, Team.A, 2, "basket")]) == Votes(wins_a=1), "a basket beats clicks"


def test_a_client_that_asks_and_clicks_again_and_again_counts_once() -> None:
    asked = [question(1, Team.A, 1, "click") for _ in range(50)] + [
        question(1, Team.A, 2),
        question(2, Team.B, 3, "click"),
    ]
    assert votes(asked) == Votes(wins_b=1)


def test_pairs_alike_tie_and_pairs_without_any_choice_say_nothing() -> None:
    assert votes([question(1, Team.A, 1, "click"), question(2, Team.B, 2, "click")]) == Votes(ties=1)
    assert votes([question(1, Team.A, 1), question(2, Team.B, 2, "impression")]) == Votes()


def test_what_has_no_pair_or_belongs_elsewhere_has_no_vote() -> None:
    assert votes([question(n, Team.A, n, "click") for n in range(5)]) == Votes()
    asked = [
        question(1, Team.A, 1, "click", experiment=4),
        question(None, Team.A, 1, "click"),
        question(2, Team.B, 2, "click"),
    ]
    assert votes(asked) == Votes()


def _shop(runs: int, lift: float) -> list[str]:
    """Thirty questions a day of very different kinds, each asked by 1 to 30 browsers; arm B helps by `lift`."""
    ends = []
    for run in range(runs):
        dice = random.Random(run)
        chances = [dice.betavariate(1, 3) for _ in range(30)]
        total, end = Votes(), ""
        for day in range(28):
            asked = []
            for words, chance in enumerate(chances):
                of = arm(b"simulation", f"{run} {words}", day)
                there = min(1.0, chance * (1 + lift * (of is Team.B)))
                asked += [
                    question(words, of, client, *(["click"] if dice.random() < there else []))
                    for client in range(1 + 29 // (1 + words))
                ]
            cast = arm_votes(asked, 3, dice)
            total = Votes(total.wins_a + cast.wins_a, total.wins_b + cast.wins_b, total.ties + cast.ties)
            if e_value(total) >= STOP_AT:
                end = "b" if total.wins_b > total.wins_a else "a"
                break
        ends.append(end)
    return ends


def test_without_a_difference_it_seldom_alarms_however_much_questions_differ() -> None:
    ends = _shop(60, 0.0)
    assert sum(bool(end) for end in ends) <= 0.05 * 60 + 2


def test_rules_that_help_much_are_found() -> None:
    ends = _shop(10, 1.0)
    assert ends.count("b") >= 8
    assert "a" not in ends


# --- From the command to the day that is sealed --------------------------------------------------


def test_a_variant_is_tried_and_its_days_are_counted(log) -> None:
    out = io.StringIO()
    call_command("visual_search", "interleave", "start", "summer rules", rules=True, stdout=out)
    assert "B is summer rules, half of the questions of each day, 28 days at most" in out.getvalue()
    trial = running.Experiment.objects.get()
    rewriter = ArmsRewriter()
    told = {Team.A: 0, Team.B: 0}
    for n in range(160):
        id = uuid4()
        after = rewriter.rewrite(Query(words=f"word {n}", pages_of=str(id)), FOREVER)
        told[teams.read([f"arms:{after.note}"]).arm] += 1
        answer = replace(page(id, ["1"]), notes=(f"arms:{after.note}",))
        log.buffer.question(Query(words=f"word {n}"), answer, material=material(n), opted_out=False)
        if after.query.variants:
            log.buffer.event(id, "click", "1", position=1, opted_out=False)
    log.finish_day()
    day = ExperimentDay.objects.get()
    assert (day.answers, day.control_answers) == (told[Team.B], told[Team.A])
    assert (day.wins_a, day.wins_b, day.ties) == (0, min(told.values()), 0)
    trial.refresh_from_db()
    assert trial.outcome == Outcome.B


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"b": " "}, "it is the name of a variant, of 1 to 60 characters"),
        ({"b": "x" * 61}, "it is the name of a variant"),
        ({"b": "x", "a": "y"}, "a is 'y'; arm A is the shop as it is"),
    ],
)
def test_names_of_variants(rankings, given, problem) -> None:
    with pytest.raises(running.CannotBeTried, match=problem):
        running.start(kind=Kind.ARMS, **given)


def test_the_secret_is_the_shops() -> None:
    assert len(secret()) == 32
