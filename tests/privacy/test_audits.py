"""Promise P4, attacked from outside: many releases of neighbouring data, and faults that the attack must notice."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import pytest

from tests.privacy.auditing import least_epsilon
from visual_search.privacy.noise import PublicKeys, Release, bounded, discrete_laplace

RUNS = 4_000
TYPED = ["my address", "my name", "my number", "my doctor", "my lawyer", "my bank", "my church", "my party"]
PUBLIC = ["chairs", "lamps", "tables", "beds", "rugs", "pots", "pans", "mugs"]
# Values at which few runs can tell a fault: noise of scale 1 or 2, and a delta that can be seen.
TEXTS = Release(epsilon=Fraction(1), delta=Fraction(1, 10), per_client=2)
KEYS = PublicKeys(epsilon=Fraction(1), per_client=2)

Below = Callable[[int], int]


@dataclass(frozen=True)
class Texts:
    """The way of a client-day's texts into a list; a fault takes the place of one step."""

    release: Release = TEXTS
    limit: Callable[[Sequence[str], Below], Sequence[str]] = lambda typed, below: bounded(
        typed, TEXTS.per_client, below=below
    )

    def shown(self, *, client: bool, below: Below) -> int:
        """How many texts are shown that only this client typed."""
        counts = dict.fromkeys(self.limit(TYPED, below), 1) if client else {}
        return len(self.release.apply(counts, below=below))


@dataclass(frozen=True)
class Keys:
    """The same for public keys: what is seen is the sum over the keys that the client asked about."""

    apply: Callable[[dict[str, int], Below], dict[str, int]] = lambda counts, below: KEYS.apply(
        counts, PUBLIC, below=below
    )
    limit: Callable[[Sequence[str], Below], Sequence[str]] = lambda asked, below: asked[: KEYS.per_client]

    def shown(self, *, client: bool, below: Below) -> int | None:
        counts = dict.fromkeys(self.limit(PUBLIC, below), 1) if client else {}
        shown = self.apply(counts, below)
        if not {"chairs", "lamps"} <= shown.keys():
            return None
        return sum(shown.values()) if len(counts) > KEYS.per_client else shown["chairs"] + shown["lamps"]


def _found(part: Texts | Keys, *, delta: float, seed: int = 7) -> float:
    below = random.Random(seed).randrange
    return least_epsilon(
        lambda: part.shown(client=True, below=below),
        lambda: part.shown(client=False, below=below),
        delta=delta,
        runs=RUNS,
    )


def test_a_list_of_texts_keeps_its_promise() -> None:
    assert _found(Texts(), delta=0.1) <= 1


def test_a_list_over_public_keys_keeps_its_promise_and_wastes_little_of_it() -> None:
    found = _found(Keys(), delta=0.0)
    assert 0.25 < found <= 1, "An attack that finds nothing of what is given away would find no fault either."


@dataclass(frozen=True)
class Lower(Release):
    """A threshold that is too low."""

    less: int = 1

    @property
    def threshold(self) -> int:
        return Release(self.epsilon, self.delta, self.per_client, self.readable_from).threshold - self.less


TEXT_FAULTS = {
    "one text more than was promised": Texts(limit=lambda typed, below: bounded(typed, 4, below=below)),
    "no bound on a client's texts": Texts(limit=lambda typed, below: typed),
    "a threshold two too low": Texts(release=Lower(TEXTS.epsilon, TEXTS.delta, TEXTS.per_client, less=2)),
    "the threshold of all texts for readable ones": Texts(
        release=Release(TEXTS.epsilon, Fraction(4, 10), TEXTS.per_client)
    ),
}


@pytest.mark.parametrize("fault", TEXT_FAULTS.values(), ids=TEXT_FAULTS)
def test_a_fault_in_a_list_of_texts_is_noticed(fault: Texts) -> None:
    assert _found(fault, delta=0.1) > 1


def _with_noise(noise: Callable[[Below], int]) -> Callable[[dict[str, int], Below], dict[str, int]]:
    return lambda counts, below: {key: counts.get(key, 0) + noise(below) for key in PUBLIC}


def _once(counts: dict[str, int], below: Below) -> dict[str, int]:
    """One draw for all keys: their differences have no noise."""
    noise = discrete_laplace(KEYS.scale, below=below)
    return {key: counts.get(key, 0) + noise * (-1 if key == "lamps" else 1) for key in PUBLIC}


def _asked_alone(counts: dict[str, int], below: Below) -> dict[str, int]:
    """Only keys that somebody asked about: whether one is listed tells it."""
    return KEYS.apply(counts, counts, below=below)


KEY_FAULTS = {
    "no noise": Keys(apply=_with_noise(lambda below: 0)),
    "noise of half the scale": Keys(apply=_with_noise(lambda below: discrete_laplace(KEYS.scale / 2, below=below))),
    "noise on one side": Keys(apply=_with_noise(lambda below: abs(discrete_laplace(KEYS.scale, below=below)))),
    "one draw for all keys": Keys(apply=_once),
    "only keys that were asked about": Keys(apply=_asked_alone),
    "counts cut at 0 before the noise is added to what is left": Keys(
        apply=lambda counts, below: {
            key: value for key, value in KEYS.apply(counts, PUBLIC, below=below).items() if counts.get(key) or value > 2
        }
    ),
    "no bound on a client's keys": Keys(limit=lambda asked, below: asked),
}


@pytest.mark.parametrize("fault", KEY_FAULTS.values(), ids=KEY_FAULTS)
def test_a_fault_in_a_list_over_public_keys_is_noticed(fault: Keys) -> None:
    assert _found(fault, delta=0.0) > 1
