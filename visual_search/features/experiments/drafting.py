"""Team-draft interleaving: two rankings of the same hits become one list, in which each hit below the shared head has a team.

After Radlinski, Kurup and Joachims, "How does clickthrough data reflect retrieval quality?" (2008). In each round a coin says
which ranking picks first; each then picks its best hit that is still free. A shopper who likes both rankings alike picks from
both teams alike, whatever they look at first.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import takewhile

from visual_search.privacy.pseudonyms import keyed_hash


class Team(StrEnum):
    """Whose pick a hit is. A is the ranking that the shop has, B the other one."""

    A = "a"
    B = "b"


@dataclass(frozen=True, slots=True)
class Drafted:
    """All ids in the order that is shown, and the team of each below the head that both rankings share."""

    order: tuple[str, ...]
    teams: Mapping[str, Team] = field(default_factory=dict)


def draft(a: Sequence[str], b: Sequence[str], coins: Iterator[bool]) -> Drafted:
    """The two rankings as one. Both hold the same ids, each once. ValueError otherwise."""
    if len(a) != len(b) or set(a) != set(b) or len(set(a)) < len(a):
        raise ValueError("The two rankings must hold the same hits, each once.")
    head = [one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=True))]
    order, teams, taken = list(head), dict[str, Team](), set(head)
    free = {Team.A: _untaken(a, taken), Team.B: _untaken(b, taken)}
    while len(order) < len(a):
        for team in (Team.A, Team.B) if next(coins) else (Team.B, Team.A):
            pick = next(free[team], None)
            if pick is not None:
                taken.add(pick)
                order.append(pick)
                teams[pick] = team
    return Drafted(tuple(order), teams)


def _untaken(ranking: Iterable[str], taken: set[str]) -> Iterator[str]:
    return (id for id in ranking if id not in taken)


def coins(key: bytes, seed: str) -> Iterator[bool]:
    """Fair coins without end, the same for one seed; without the key nobody can foretell them."""
    number = 0
    while True:
        block = hmac.new(keyed_hash(key, "coins", seed), number.to_bytes(8, "big"), hashlib.sha256).digest()
        for byte in block:
            for bit in range(8):
                yield bool(byte >> bit & 1)
        number += 1


def arm(key: bytes, question: str, day: int) -> Team:
    """The arm of all answers to this question on this day; another day throws another coin."""
    return Team.B if keyed_hash(key, "arm", question, str(day))[0] & 1 else Team.A


def takes_part(key: bytes, seed: str, share: float) -> bool:
    """Whether this answer is among the share (0 to 1) of answers that are tried out."""
    return int.from_bytes(keyed_hash(key, "share", seed)[:8], "big") < share * 2**64
