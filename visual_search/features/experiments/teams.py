"""The teams of an answer's hits as a short note, which the log keeps in the row's closed box until the day is sealed.

A hit has two letters: 11 bits of a hash of its id, and its team. Of 80 hits, one in 26 shares its letters with another; where
their teams differ, neither has one. So a note leads to no product without the answer that it belongs to.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from visual_search.features.experiments.drafting import Drafted, Team

HOOK = "interleave"  # the name of the rescorer, which stands before its note
ARMS = "arms"  # that of the rewriter
MOST_HITS = 80  # of an answer: so many fit into the 200 characters that are kept of a note
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_BITS = 11
_CONTROL = "control"
_ARM = "arm-"  # and "a" or "b": an odd number of letters, as the control has, so that neither is read as teams
_NOTE = re.compile(rf"(?:{HOOK}|{ARMS}):(\d{{1,12}})\.([\w-]{{4}})\.((?:[\w-]{{2}})*|{_CONTROL}|{_ARM}[ab])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Noted:
    """What a note says. `answer`: equal for all pages of one answer. `teams`: by the letters of a hit. `control`: the answer
    was kept out of the experiment by chance, so that there is something to compare with. `arm`: of which of two arms it is whole.
    """

    experiment: int
    answer: str
    teams: Mapping[int, Team]
    control: bool = False
    arm: Team | None = None

    def team(self, object_id: str) -> Team | None:
        """The team of this hit; None for one that has none, or isn't in the note."""
        return self.teams.get(_hash(object_id))


def note(experiment: int, seed: str, drafted: Drafted, *, first: int) -> str:
    """The note of an answer. `first`: the place from which on hits are noted; those before stand on earlier pages."""
    noted = [id for id in drafted.order[first:] if id in drafted.teams][:MOST_HITS]
    return f"{experiment}.{_of_answer(seed)}.{''.join(_letters(id, drafted.teams[id]) for id in noted)}"


def control(experiment: int, seed: str) -> str:
    """The note of an answer that shows the shop's ranking alone, to compare with."""
    return f"{experiment}.{_of_answer(seed)}.{_CONTROL}"


def arm(experiment: int, seed: str, of: Team) -> str:
    """The note of an answer that is wholly of one arm."""
    return f"{experiment}.{_of_answer(seed)}.{_ARM}{of}"


def read(notes: Iterable[str]) -> Noted | None:
    """What the notes of an answer say of an experiment; None where they say nothing of one."""
    for text in notes:
        if match := _NOTE.fullmatch(text):
            experiment, answer, said = int(match[1]), match[2], match[3]
            if said == _CONTROL:
                return Noted(experiment, answer, {}, control=True)
            if said.startswith(_ARM) and len(said) % 2:
                return Noted(experiment, answer, {}, arm=Team(said[-1]))
            return Noted(experiment, answer, _teams(said))
    return None


def _teams(letters: str) -> dict[int, Team]:
    teams: dict[int, Team] = {}
    doubtful = set()
    for place in range(0, len(letters), 2):
        value = _LETTERS.index(letters[place]) << 6 | _LETTERS.index(letters[place + 1])
        code, team = value >> 1, Team.B if value & 1 else Team.A
        if teams.setdefault(code, team) is not team:
            doubtful.add(code)
    return {code: team for code, team in teams.items() if code not in doubtful}


def _letters(object_id: str, team: Team) -> str:
    value = _hash(object_id) << 1 | (team is Team.B)
    return _LETTERS[value >> 6] + _LETTERS[value & 63]


def _hash(object_id: str) -> int:
    digest = hashlib.sha256(object_id.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:2], "big") >> 16 - _BITS


def _of_answer(seed: str) -> str:
    digest = hashlib.sha256(f"answer|{seed}".encode()).digest()
    return "".join(_LETTERS[byte & 63] for byte in digest[:4])
