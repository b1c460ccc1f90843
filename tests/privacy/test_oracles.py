"""Promise P4, checked by others: OpenDP and Google's dp-accounting judge the mechanism of `visual_search.privacy.noise`."""

from __future__ import annotations

import math
import sys
from fractions import Fraction

import opendp.prelude as dp
import pytest
from absl.logging import get_absl_handler
from dp_accounting.pld import privacy_loss_distribution as losses

from visual_search.privacy.noise import PublicKeys, Release

# absl, which dp-accounting imports, keeps what is stderr then, and closes it when logging is configured anew: it would be pytest's.
get_absl_handler().python_handler.setStream(sys.__stderr__)
RELEASES = [
    Release(),
    Release(per_client=1),
    Release(epsilon=Fraction(1, 2), delta=Fraction(1, 10**5), per_client=2),
    Release(epsilon=Fraction(2), delta=Fraction(1, 10**8), per_client=5),
]
FAR = 2_000


@pytest.fixture(autouse=True)
def _contributed() -> None:
    dp.enable_features("contrib")


def log_probability(x: int, scale: float) -> float:
    return math.log(math.tanh(1 / (2 * scale))) - abs(x) / scale


@pytest.mark.parametrize("terms", [*RELEASES, PublicKeys(), PublicKeys(Fraction(1, 4), 7)], ids=str)
def test_opendp_gives_the_noise_the_epsilon_that_is_promised(terms) -> None:
    """A client-day moves `per_client` counts by 1 each, so the vector of counts moves by that much in L1."""
    space = dp.vector_domain(dp.atom_domain(T=int)), dp.l1_distance(T=int)
    noise = dp.m.make_laplace(*space, scale=float(terms.scale))
    assert noise.map(terms.per_client) == pytest.approx(float(terms.epsilon), rel=1e-12)
    assert noise.map(terms.per_client + 1) > float(terms.epsilon)


@pytest.mark.parametrize("release", RELEASES, ids=str)
def test_opendp_gives_the_threshold_the_delta_that_is_promised(release: Release) -> None:
    """OpenDP 0.16 claims for a threshold the delta that the next one has (its issue 2922): P(1 + X > T) for what is shown at
    1 + X >= T. So its claim for one less is the truth about ours, and its claim for two less must break the promise.
    """
    space = dp.map_domain(dp.atom_domain(T=str), dp.atom_domain(T=int))
    metric = dp.l01inf_distance(dp.absolute_distance(T=int))

    def claimed(threshold: int) -> float:
        made = dp.m.make_laplace_threshold(space, metric, scale=float(release.scale), threshold=threshold)
        epsilon, delta = made.map((release.per_client, release.per_client, 1))
        assert epsilon == pytest.approx(float(release.epsilon))
        return delta

    assert claimed(release.threshold - 1) <= float(release.delta) < claimed(release.threshold - 2)


@pytest.mark.parametrize("terms", [Release(), PublicKeys()], ids=str)
def test_dp_accounting_composes_the_keys_of_a_client_day_to_the_promised_epsilon(terms) -> None:
    one_key = losses.from_discrete_laplace_mechanism(float(1 / terms.scale))
    together = one_key.self_compose(terms.per_client)
    epsilon = float(terms.epsilon)
    assert together.get_epsilon_for_delta(0) == pytest.approx(epsilon, abs=1e-3)
    assert together.get_delta_for_epsilon(epsilon * 1.001) < 1e-9
    assert together.get_delta_for_epsilon(epsilon * 0.9) > 1e-4, "a smaller epsilon would be a false promise"


@pytest.mark.parametrize("release", [*RELEASES, Release(readable_from=29)], ids=str)
def test_dp_accounting_judges_a_whole_list_of_texts(release: Release) -> None:
    """The outcomes of one text that a client-day alone makes readable, with and without it, composed over its texts."""
    scale, low = float(release.scale), release.readable_from
    shown = {x: log_probability(x - low, scale) for x in range(release.threshold, FAR)}
    hidden = math.log1p(-sum(map(math.exp, shown.values())))
    with_client, without = {**shown, -1: hidden}, {-1: 0.0}
    text = losses.from_two_probability_mass_functions(without, with_client)
    epsilon, delta = float(release.epsilon), float(release.delta)
    assert text.self_compose(release.per_client).get_delta_for_epsilon(epsilon) <= delta * 1.001

    lower = {x: log_probability(x - low, scale) for x in range(release.threshold - 1, FAR)}
    too_low = losses.from_two_probability_mass_functions(
        without, {**lower, -1: math.log1p(-sum(map(math.exp, lower.values())))}
    )
    assert too_low.self_compose(release.per_client).get_delta_for_epsilon(epsilon) > delta


def test_a_windows_lists_compose_to_its_cap() -> None:
    parts = [(Release(), 3), (PublicKeys(), 3), (PublicKeys(), 3)]
    together = losses.identity()
    for terms, keys in parts:
        together = together.compose(losses.from_discrete_laplace_mechanism(float(1 / terms.scale)).self_compose(keys))
    assert together.get_epsilon_for_delta(0) == pytest.approx(2, abs=5e-3)
