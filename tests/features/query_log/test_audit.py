"""The audit log shows any later change, and what must stand in it does."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from tests.features.query_log.shop import material
from visual_search.features.query_log import audit, erasure
from visual_search.features.query_log.models import AuditEntry


@pytest.fixture
def chain(shop) -> list[AuditEntry]:
    return [audit.append("system", "test", number=n, note="ünï") for n in range(6)]


def test_a_chain_that_nobody_touched_is_whole(chain, capsys) -> None:
    assert audit.verify() == audit.Verdict(6, chain[-1].hash)
    call_command("visual_search", "verify_audit", head=chain[2].hash)
    assert f"6 entries, all as they were written. Head: {chain[-1].hash}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "change", [{"actor": "nobody"}, {"action": "x"}, {"at": "2020"}, {"facts": {"number": 9}}], ids=str
)
def test_a_changed_entry_shows(chain, change) -> None:
    AuditEntry.objects.filter(number=3).update(**change)
    assert audit.verify().problem == "Entry 3 was changed."


def test_an_entry_that_was_changed_and_hashed_anew_shows(chain) -> None:
    entry = chain[2]
    entry.actor = "nobody"
    AuditEntry.objects.filter(number=3).update(actor="nobody", hash=audit.digest(entry))
    assert audit.verify().problem == "Entry 4 doesn't follow entry 3."


def test_an_entry_that_was_taken_out_shows(chain) -> None:
    AuditEntry.objects.filter(number=4).delete()
    assert audit.verify().problem == "Entries between 3 and 5 are missing."


def test_a_forged_beginning_shows(chain) -> None:
    entry = chain[0]
    entry.previous = "1" * 64
    AuditEntry.objects.filter(number=1).update(previous=entry.previous, hash=audit.digest(entry))
    assert audit.verify().problem == "Entry 1 doesn't begin the chain."


def test_a_cut_end_shows_against_a_head_that_was_noted(chain) -> None:
    AuditEntry.objects.filter(number__gt=3).delete()
    assert audit.verify().problem == ""
    assert "cut off" in audit.verify(head=chain[-1].hash).problem
    with pytest.raises(CommandError, match="cut off"):
        call_command("visual_search", "verify_audit", head=chain[-1].hash)


def test_what_is_no_head_is_no_sign_of_a_cut(chain) -> None:
    with pytest.raises(CommandError, match="--head is 'abc'; it must be the 64 characters"):
        call_command("visual_search", "verify_audit", head="abc")


def test_what_has_lived_its_time_goes_and_the_rest_stays_whole(shop) -> None:
    audit.append("system", "old")
    shop.later(days=401)
    audit.append("system", "new")
    from visual_search.features.query_log import sealing

    sealing.expire()
    assert [entry.action for entry in AuditEntry.objects.all()] == ["new"]
    assert audit.verify().problem == ""


def test_sealing_stands_in_it_without_what_was_seen_and_erasing_does_not(shop) -> None:
    for client in range(4):
        shop.ask("canarytext", client=client)
    shop.buffer.flush()
    erasure.erase_client(material(0))
    shop.finish_day()
    actions = list(AuditEntry.objects.order_by("number").values_list("action", flat=True))
    assert actions == ["seal day", "destroy key"]
    assert "canary" not in repr(list(AuditEntry.objects.values()))
    assert audit.verify().problem == ""
