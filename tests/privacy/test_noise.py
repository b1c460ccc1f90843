"""Promise P4, attacked: public counts are (epsilon, delta)-differentially private for one client-day."""

import math
import random
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_search.privacy.noise import PublicKeys, Release, bounded, discrete_laplace

FAR = 400  # noise beyond this has a probability below 1e-50 at the scales used here


def probability(x: int, scale: float) -> float:
    """P(X = x) in closed form, as the paper gives it: not how the code draws it."""
    return math.tanh(1 / (2 * scale)) * math.exp(-abs(x) / scale)


def outcomes(count: int, release: Release, threshold: int) -> dict[int | None, float]:
    """The distribution of what is shown for one query; None is 'not shown'."""
    scale = float(release.scale)
    if count < release.readable_from:
        return {None: 1.0}
    shown: dict[int | None, float] = {
        count + x: probability(x, scale) for x in range(-FAR, FAR) if count + x >= threshold
    }
    shown[None] = sum(probability(x, scale) for x in range(-FAR, threshold - count))
    return shown


def worst_delta(release: Release, threshold: int, epsilon: float) -> float:
    """The greatest hockey-stick divergence over neighbouring counts, in both directions."""
    worst = 0.0
    for count in range(threshold + 40):
        one, two = outcomes(count, release, threshold), outcomes(count + 1, release, threshold)
        for p, q in ((one, two), (two, one)):
            worst = max(worst, sum(max(0.0, p[o] - math.exp(epsilon) * q.get(o, 0.0)) for o in p))
    return worst


RELEASES = [
    Release(),
    Release(per_client=1),
    Release(delta=Fraction(1, 20)),
    Release(epsilon=Fraction(1, 2), delta=Fraction(1, 1000), per_client=2),
    Release(readable_from=10),
    Release(readable_from=29),
]


@pytest.mark.parametrize("release", RELEASES, ids=str)
def test_the_threshold_is_exactly_the_least_that_keeps_the_promise(release: Release) -> None:
    """Per query the loss is epsilon / per_client and 1 - (1 - delta)^(1 / per_client); one less must break it."""
    epsilon = float(release.epsilon) / release.per_client
    delta = 1 - (1 - float(release.delta)) ** (1 / release.per_client)
    assert worst_delta(release, release.threshold, epsilon) <= delta * (1 + 1e-9)
    assert worst_delta(release, release.threshold - 1, epsilon) > delta


@pytest.mark.parametrize(
    ("per_client", "epsilon", "readable_from", "threshold"),
    [(3, 1, 1, 45), (3, 2, 1, 23), (5, 1, 1, 76), (10, 1, 1, 156), (3, 1, 10, 54), (3, 1, 29, 73)],
)
def test_thresholds_by_hand(per_client: int, epsilon: int, readable_from: int, threshold: int) -> None:
    release = Release(epsilon=Fraction(epsilon), per_client=per_client, readable_from=readable_from)
    assert release.threshold == threshold


def test_ignoring_that_text_is_unreadable_below_k_would_break_the_promise() -> None:
    """Nobody shown at 9 contributions, shown at 10: with the threshold of readable text that is far above delta."""
    release = Release(readable_from=10)
    assert worst_delta(release, Release().threshold, 1 / 3) > 10 * float(release.delta) / release.per_client


@pytest.mark.parametrize("scale", [Fraction(3), Fraction(3, 2), Fraction(1, 2), Fraction(7, 3)], ids=str)
def test_the_sampler_draws_the_exact_distribution(scale: Fraction) -> None:
    """Chi-square over 15 bins and the tails; seeded, so it is the same each time."""
    below, draws = random.Random(17).randrange, 20_000
    found: dict[int, int] = {}
    for _ in range(draws):
        x = max(-8, min(8, discrete_laplace(scale, below=below)))
        found[x] = found.get(x, 0) + 1
    chi2 = 0.0
    for x in range(-8, 9):
        expected = draws * probability(x, float(scale))
        if abs(x) == 8:
            expected = draws * sum(probability(y, float(scale)) for y in range(8, FAR))
        if expected > 5:
            chi2 += (found.get(x, 0) - expected) ** 2 / expected
    assert chi2 < 45  # 16 degrees of freedom: P(more) < 1.4e-4


def test_the_default_source_of_chance_is_the_operating_systems() -> None:
    random.seed(0)
    one = [discrete_laplace(Fraction(50)) for _ in range(20)]
    random.seed(0)
    assert one != [discrete_laplace(Fraction(50)) for _ in range(20)]


def test_a_release_with_and_without_one_client_can_not_be_told_apart() -> None:
    """Monte Carlo at a delta that can be measured: three queries that only one client typed."""
    release = Release(delta=Fraction(1, 10))
    below, runs = random.Random(5).randrange, 4_000
    lonely = {"my address": 1, "my name": 1, "my number": 1}
    leaks = sum(bool(release.apply(lonely, below=below)) for _ in range(runs))
    # Without the client nothing can show; so P(anything shows) is bounded by delta itself. Four standard errors.
    assert leaks / runs <= 0.1 + 4 * math.sqrt(0.1 * 0.9 / runs)
    assert leaks / runs > 0.02  # else the threshold wastes what the shop could learn
    assert release.apply({}, below=below) == {}


def test_common_queries_are_shown_near_their_count() -> None:
    shown = Release().apply({"shoes": 1000, "rare": 2}, below=random.Random(3).randrange)
    assert shown.keys() == {"shoes"}
    assert abs(shown["shoes"] - 1000) < 40


def test_unreadable_text_is_never_shown_whatever_the_noise() -> None:
    release = Release(delta=Fraction(999, 1000), readable_from=10)
    below = random.Random(1).randrange
    assert not any(release.apply({"secret": 9}, below=below) for _ in range(300))


@given(st.lists(st.integers(0, 9), max_size=20), st.integers(1, 5))
def test_a_client_day_adds_to_few_different_queries(typed: list[int], limit: int) -> None:
    chosen = bounded(typed, limit)
    assert len(chosen) == min(limit, len(set(typed)))
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) <= set(typed)


def test_the_choice_among_many_is_fair() -> None:
    below = random.Random(9).randrange
    counts = [0] * 6
    for _ in range(6000):
        for query in bounded(range(6), 2, below=below):
            counts[query] += 1
    assert all(abs(count - 2000) < 200 for count in counts)  # five standard errors


@pytest.mark.parametrize(
    "wrong", [{"epsilon": Fraction(0)}, {"delta": Fraction(1)}, {"per_client": 0}, {"readable_from": 0}], ids=str
)
def test_parameters_that_promise_nothing_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match="is no release"):
        Release(**wrong)


# --- Public keys --------------------------------------------------------------------------------


def test_each_public_key_is_shown_and_no_other() -> None:
    """A key that is shown because somebody asked for it would tell that somebody did."""
    shown = PublicKeys().apply({"chairs": 900, "sold nowhere": 900}, ["chairs", "lamps", "chairs"])
    assert shown.keys() == {"chairs", "lamps"}
    assert abs(shown["chairs"] - 900) < 6 * 40  # noise beyond 40 scales has a probability below 1e-17
    assert abs(shown["lamps"]) < 6 * 40


def test_counts_of_public_keys_are_as_noisy_as_was_promised() -> None:
    below, draws = random.Random(11).randrange, 20_000
    shown = PublicKeys().apply(dict.fromkeys(range(draws), 5), range(draws), below=below)
    spread = Counter(abs(value - 5) for value in shown.values())
    for magnitude in range(12):
        expected = draws * probability(magnitude, 6) * (1 if magnitude == 0 else 2)
        assert abs(spread[magnitude] - expected) < 5 * math.sqrt(expected)
    assert sum(value < 0 for value in shown.values()) > 0, "An unbiased count may lie below 0."


@pytest.mark.parametrize("wrong", [{"epsilon": Fraction(0)}, {"per_client": 0}], ids=str)
def test_public_keys_that_promise_nothing_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match="is no release"):
        PublicKeys(**wrong)


def test_what_a_release_costs_is_told_to_the_ledger() -> None:
    release, keys = Release(), PublicKeys()
    assert (release.cost.epsilon, release.cost.delta) == (release.epsilon, release.delta)
    assert (keys.cost.epsilon, keys.cost.delta) == (Fraction(1, 2), 0)
