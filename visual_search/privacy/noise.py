"""Makes counts safe to publish: exact discrete Laplace noise, and a threshold where the keys themselves are secret.

Unit of privacy: one client on one day, who counts for at most `per_client` keys. `Release` is for keys that only shoppers
know (what they typed), `PublicKeys` for keys that everybody knows (what the shop sells). What both cost: `ledger.py`.
No floating point touches a random draw: rounding has broken published mechanisms (Mironov, CCS 2012).
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal, localcontext
from fractions import Fraction
from typing import TypeVar

from visual_search.privacy.ledger import Cost

Key = TypeVar("Key")
Below = Callable[[int], int]  # a uniform draw from 0 .. n-1

_DIGITS = 60  # of decimal arithmetic for a threshold, far more than its rounding needs


def discrete_laplace(scale: Fraction, *, below: Below = secrets.randbelow) -> int:
    """An integer X with P(X = x) proportional to exp(-|x| / scale), exactly.

    Algorithm 2 of Canonne, Kamath and Steinke, "The discrete Gaussian for differential privacy" (2020).
    """
    if scale <= 0:
        raise ValueError(f"The scale is {scale}; it must be above 0.")
    t, s = scale.numerator, scale.denominator
    while True:
        # A geometric draw with rate 1/t, in two parts: its remainder below t and its multiple of t ...
        remainder = below(t)
        if not _bernoulli_exp(Fraction(remainder, t), below):
            continue
        multiple = 0
        while _bernoulli_exp(Fraction(1), below):
            multiple += 1
        # ... thinned to rate s/t, then given a sign; a second zero is drawn again, else 0 would come twice as often.
        magnitude = (remainder + t * multiple) // s
        negative = below(2) == 1
        if not (negative and magnitude == 0):
            return -magnitude if negative else magnitude


def _bernoulli_exp(gamma: Fraction, below: Below) -> bool:
    """True with probability exp(-gamma), for 0 <= gamma <= 1 (von Neumann's alternating series)."""
    n = 1
    while below(gamma.denominator * n) < gamma.numerator:
        n += 1
    return n % 2 == 1


@dataclass(frozen=True, slots=True)
class Release:
    """The parameters of one public list of counts.

    The list is (epsilon, delta)-differentially private for one client-day: it shows c + X for a query counted c times,
    where X is discrete Laplace of scale per_client / epsilon, and only if c >= readable_from and c + X >= `threshold`.
    """

    epsilon: Fraction = Fraction(1)
    delta: Fraction = Fraction(1, 10**6)
    per_client: int = 3  # distinct queries that one client-day may add to
    readable_from: int = 1  # contributions below which the text is unreadable (thresholds.py)

    def __post_init__(self) -> None:
        if self.epsilon <= 0 or not 0 < self.delta < 1 or self.per_client < 1 or self.readable_from < 1:
            raise ValueError(f"{self} is no release: epsilon > 0, 0 < delta < 1, both counts at least 1.")

    @property
    def scale(self) -> Fraction:
        return self.per_client / self.epsilon

    @property
    def cost(self) -> Cost:
        return Cost(self.epsilon, self.delta)

    @property
    def threshold(self) -> int:
        """The least T that keeps delta.

        One contribution more may make a query appear: from c = readable_from - 1, where it is never shown, to
        c = readable_from, where it is shown if X >= T - readable_from. That tail is P(X >= m) = e^(-m/s) / (1 + e^(-1/s)),
        and a client-day has per_client such chances. Solved with 60 digits.
        """
        with localcontext() as context:
            context.prec, context.rounding = _DIGITS, ROUND_UP
            step = (Decimal(-1) * _decimal(1 / self.scale)).exp()
            least = Decimal(1) - (Decimal(1) - _decimal(self.delta)) ** (Decimal(1) / self.per_client)
            # The first guess from the closed form, then walked to the exact place.
            m = max(1, math.floor(-(least * (1 + step)).ln() * _decimal(self.scale)) - 1)
            while step**m / (1 + step) > least:
                m += 1
        return m + self.readable_from

    def apply(self, counts: Mapping[Key, int], *, below: Below = secrets.randbelow) -> dict[Key, int]:
        """The noisy counts that may be shown. Call it once for each set of data: fresh noise averages out."""
        shown, scale, threshold = {}, self.scale, self.threshold
        for key, count in counts.items():
            # Drawn for each key, shown or not, so that time tells nothing.
            noisy = count + discrete_laplace(scale, below=below)
            if count >= self.readable_from and noisy >= threshold:
                shown[key] = noisy
        return shown


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """The parameters of one public list over keys that everybody knows, such as the shop's categories.

    The list is epsilon-differentially private for one client-day: it shows c + X for each key, also for one that nobody
    asked about. Which keys are listed tells nothing of any client, so there is no threshold and no delta.
    """

    epsilon: Fraction = Fraction(1, 2)
    per_client: int = 3  # distinct keys that one client-day may add to

    def __post_init__(self) -> None:
        if self.epsilon <= 0 or self.per_client < 1:
            raise ValueError(f"{self} is no release: epsilon > 0, and per_client at least 1.")

    @property
    def scale(self) -> Fraction:
        return self.per_client / self.epsilon

    @property
    def cost(self) -> Cost:
        return Cost(self.epsilon)

    def apply(
        self, counts: Mapping[Key, int], keys: Iterable[Key], *, below: Below = secrets.randbelow
    ) -> dict[Key, int]:
        """The noisy count of each key, which may be below 0. `keys` must not be made of the counts: a key that is counted
        and not listed is left out, for its name would tell that somebody asked for it. Call it once for each set of data.
        """
        return {key: counts.get(key, 0) + discrete_laplace(self.scale, below=below) for key in dict.fromkeys(keys)}


def bounded(contributions: Sequence[Key], limit: int, *, below: Below = secrets.randbelow) -> list[Key]:
    """At most `limit` different ones, chosen at random: what one client-day may add to the counts."""
    left = list(dict.fromkeys(contributions))
    chosen: list[Key] = []
    while left and len(chosen) < limit:
        chosen.append(left.pop(below(len(left))))
    return chosen


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
