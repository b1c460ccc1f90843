"""A case from proposal to settlement: the machine opens it, a person decides, and each change can be taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import transaction

from visual_search.errors import BadInput, said
from visual_search.features.brand_protection import ledger
from visual_search.features.brand_protection.kinds import Finding, State, What
from visual_search.features.brand_protection.models import Brand, BrandCase, CaseEvent, FalseAlarm, Listing, Match


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that speaks for a case, before it is stored; fields as `Match` has them. `hash`: of the genuine picture."""

    kind: Finding
    score: float
    genuine: int | None = None
    hash: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    matrix: Sequence[Sequence[float]] | None = None
    lines: Sequence[Sequence[float]] | None = None


def known_strangers(listing: Listing) -> set[tuple[int, str]]:
    """Brands and genuine pictures of which a person said that this listing's picture doesn't show them."""
    rows = FalseAlarm.objects.filter(listing_sha256=listing.sha256)
    return set(rows.values_list("brand_id", "genuine_hash"))


@transaction.atomic
def propose(brand: Brand, listing: Listing, evidence: Sequence[Evidence], picture: bytes) -> tuple[BrandCase, bool]:
    """Open a case with this evidence, or add what is new to the one that there is; returns whether it was opened.

    The picture is copied, because a listing may change or vanish. A case that a person has closed stays closed.
    """
    sureness = max(one.score for one in evidence)
    case, opened = BrandCase.objects.get_or_create(brand=brand, listing=listing, defaults={"sureness": sureness})
    if not opened and case.evidence_sha256 == listing.sha256 and case.state in (State.SETTLED, State.FALSE):
        return case, False
    before = {(match.kind, match.genuine_id) for match in case.matches.all()} if not opened else set()
    Match.objects.filter(case=case).delete()
    Match.objects.bulk_create(
        [
            Match(
                case=case,
                kind=one.kind,
                genuine_id=one.genuine,
                score=one.score,
                facts=dict(one.facts),
                matrix=one.matrix,
                lines=one.lines,
            )
            for one in evidence
        ]
    )
    changed = opened or case.evidence_sha256 != listing.sha256
    if changed:
        case.evidence.save(f"{listing.sha256[:32]}.jpg", ContentFile(picture), save=False)
        case.evidence_sha256 = listing.sha256
    case.sureness = sureness
    case.save()
    found = [{"kind": str(one.kind), "sureness": round(one.score, 3), "genuine": one.genuine} for one in evidence]
    facts = {"brand": brand.name, "listing": listing.url or listing.key, "sha256": listing.sha256, "found": found}
    if opened:
        ledger.note(ledger.SYSTEM, case.pk, What.OPENED, facts)
    elif changed or {(one.kind, one.genuine) for one in evidence} - before:
        ledger.note(ledger.SYSTEM, case.pk, What.FOUND, facts)
    return case, opened


@transaction.atomic
def move(case: BrandCase, state: str, actor: str, reason: str = "") -> None:
    """Give the case another status. A false alarm is learned: none of these pictures is proposed for this listing again.

    Raises BadInput for a status that there isn't, and where it has that status already.
    """
    case = BrandCase.objects.select_for_update().get(pk=case.pk)
    if state not in State.values:
        raise BadInput(said("There is no status '%(state)s'.", state=state), field="state")
    if state == case.state:
        raise BadInput(said("The case has this status already."), field="state")
    before = case.state
    case.state, case.reason = state, reason[:300]
    case.save()
    if state == State.FALSE:
        hashes = {
            match.genuine.content_hash if match.genuine else "" for match in case.matches.select_related("genuine")
        }
        FalseAlarm.objects.bulk_create(
            [FalseAlarm(brand=case.brand, listing_sha256=case.evidence_sha256, genuine_hash=one) for one in hashes],
            ignore_conflicts=True,
        )
    elif before == State.FALSE:
        FalseAlarm.objects.filter(brand=case.brand, listing_sha256=case.evidence_sha256).delete()
    ledger.note(actor, case.pk, What.MOVED, {"from": before, "to": state, "reason": case.reason})


@transaction.atomic
def assign(case: BrandCase, user: User | None, actor: str) -> None:
    """Give the case to a colleague, or to nobody."""
    before = case.assigned.get_username() if case.assigned else ""
    after = user.get_username() if user else ""
    if before == after:
        return
    case.assigned = user
    case.save(update_fields=["assigned", "changed_at"])
    ledger.note(actor, case.pk, What.ASSIGNED, {"from": before, "to": after})


def undo(case: BrandCase, actor: str) -> str:
    """Take the last change of status back, as a change of its own; returns the status that holds again. Raises BadInput."""
    case.refresh_from_db()
    last = CaseEvent.objects.filter(case=case.pk, what=What.MOVED).order_by("-number").first()
    if last is None or last.facts["to"] != case.state:
        raise BadInput(said("Nobody has changed the status of this case, so nothing can be undone."))
    move(case, last.facts["from"], actor, str(said("undone")))
    return str(last.facts["from"])


def events(case: BrandCase) -> list[CaseEvent]:
    """What happened to the case, oldest first."""
    return list(CaseEvent.objects.filter(case=case.pk).order_by("number"))
