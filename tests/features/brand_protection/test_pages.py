"""The admin's pages: who may do what, what they show, and that each change is noted."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile

import pytest
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.features.brand_protection.market import GENUINE, OTHERS, data_of, kept
from visual_search.features.brand_protection import cases
from visual_search.features.brand_protection.kinds import State
from visual_search.features.brand_protection.models import Brand, BrandCase, GenuinePicture, Listing
from visual_search.signals import staff_looked

URL = "/admin/visual_search_brand_protection"


def client_of(*permissions: str) -> Client:
    user = User.objects.create_user("ann", email="ann@acme.example", password="x", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="visual_search_brand_protection", codename__in=permissions)
    )
    client = Client()
    client.force_login(user)
    return client


def page(case: BrandCase, rest: str = "change/") -> str:
    return f"{URL}/brandcase/{case.pk}/{rest}"


def test_a_case_shows_evidence_and_what_matches(market, admin_client) -> None:
    case = market.copy(title="Cheap chair", seller="Bargain Barn")
    text = admin_client.get(page(case)).content.decode()
    for expected in ("Cheap chair", "Bargain Barn", "copied picture", GENUINE[0], case.evidence_sha256, "mirrored"):
        assert expected in text
    match = case.matches.first()
    for number in (0, match.pk):
        response = admin_client.get(page(case, f"picture/{number}/"))
        assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
        assert "no-store" in response["Cache-Control"]
    assert admin_client.get(page(case, "picture/999999/")).status_code == 404


def test_lists_and_home_are_reached(market, admin_client) -> None:
    market.copy(title="Cheap chair")
    assert "Visual search: brand watch" in admin_client.get("/admin/").content.decode()
    for name, expected in (
        ("brandcase", "Cheap chair"),
        ("listing", "Look at what waits"),
        ("brand", "Acme"),
        ("caseevent", "The chain is whole."),
    ):
        response = admin_client.get(f"{URL}/{name}/")
        assert response.status_code == 200
        assert expected in response.content.decode()


def test_each_look_and_each_export_is_told(market, admin_client) -> None:
    told = []
    case = market.copy()

    def heard(**said):
        told.append(said["action"])

    staff_looked.connect(heard)
    admin_client.get(page(case))
    admin_client.get(page(case, "export/"))
    staff_looked.disconnect(heard)
    assert told == ["view brand case", "export brand case"]


def test_who_may_only_look_may_neither_decide_nor_send_nor_export(market) -> None:
    case, client = market.copy(), client_of("view_brandcase")
    text = client.get(page(case)).content.decode()
    assert "not decide them" in text
    assert "Write a notice" not in text
    assert client.post(page(case, "decide/"), {"state": "settled"}).status_code == 403
    for rest in ("notice/", "export/"):
        assert client.get(page(case, rest)).status_code == 403
    assert client.get(f"{URL}/listing/take/").status_code == 403
    assert client.post(f"{URL}/listing/look/").status_code == 403
    assert BrandCase.objects.get().state == State.NEW


def test_who_has_no_permission_sees_nothing(market) -> None:
    case, client = market.copy(), client_of()
    for rest in ("change/", "picture/0/"):
        assert client.get(page(case, rest)).status_code == 403


def test_a_decision_is_noted_with_who_and_why(market) -> None:
    case, client = market.copy(), client_of("view_brandcase", "decide_brandcase")
    response = client.post(page(case, "decide/"), {"state": "settled", "reason": "they took it down"}, follow=True)
    assert "they took it down" in response.content.decode()
    last = cases.events(case)[-1]
    assert last.actor.endswith(" ann")
    assert last.facts == {"from": "new", "to": "settled", "reason": "they took it down"}
    client.post(page(case, "decide/"), {"undo": "1"})
    assert BrandCase.objects.get().state == State.NEW
    response = client.post(page(case, "decide/"), {"undo": "1", "state": ""}, follow=True)
    assert BrandCase.objects.get().state == State.SETTLED
    response = client.post(page(case, "decide/"), {"state": "guilty"}, follow=True)
    assert "no status" in response.content.decode()
    assert client.get(page(case, "decide/")).status_code == 405


def test_a_case_is_given_to_whoever_may_decide(market) -> None:
    case, client = market.copy(), client_of("view_brandcase", "decide_brandcase")
    ann, other = User.objects.get(username="ann"), User.objects.create_user("eve", is_staff=True)
    client.post(page(case, "decide/"), {"assign": "1", "colleague": ann.pk})
    assert BrandCase.objects.get().assigned == ann
    response = client.post(page(case, "decide/"), {"assign": "1", "colleague": other.pk}, follow=True)
    assert "may not decide" in response.content.decode()
    assert BrandCase.objects.get().assigned == ann


def test_a_notice_is_a_draft_until_the_click(market) -> None:
    case, client = market.copy(), client_of("view_brandcase", "notify_seller")
    draft = client.get(page(case, "notice/?language=en"))
    assert draft.status_code == 200
    assert mail.outbox == []
    given = draft.context["form"].initial
    response = client.post(page(case, "notice/"), {**given, "recipient": "no mail"})
    assert response.status_code == 422
    response = client.post(page(case, "notice/"), {**given, "body": "Take it down!", "recipient": "s@m.example"})
    assert response.status_code == 422
    assert "The text lacks" in response.content.decode()
    assert mail.outbox == []
    assert client.post(page(case, "notice/"), {**given, "recipient": "s@m.example"}).status_code == 302
    assert len(mail.outbox) == 1
    assert BrandCase.objects.get().state == State.SENT


def test_an_export_holds_pictures_hashes_and_times(market) -> None:
    case, client = market.copy(), client_of("view_brandcase", "export_evidence")
    cases.move(case, State.WATCHED, "user 1 bob", "<b>why</b>")
    archive = zipfile.ZipFile(io.BytesIO(client.get(page(case, "export/")).content))
    names = {"case.json", "events.json", "case.html", "listing.jpg", "genuine-1.jpg", "match-1.jpg", "SHA256SUMS"}
    assert set(archive.namelist()) == names
    for line in archive.read("SHA256SUMS").decode().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(archive.read(name)).hexdigest() == digest
    told, events = (json.loads(archive.read(name)) for name in ("case.json", "events.json"))
    assert hashlib.sha256(archive.read("listing.jpg")).hexdigest() == told["listing"]["sha256"]
    assert [entry["what"] for entry in events] == ["opened", "status"]
    assert "<b>why" not in archive.read("case.html").decode()


def test_a_listing_is_typed_in_and_looked_at(market, admin_client) -> None:
    given = {
        "url": "https://m.example/7",
        "seller": "Barn",
        "title": "Chair",
        "price": "5",
        "currency": "eur",
        "picture": SimpleUploadedFile("a.jpg", data_of(GENUINE[0]), "image/jpeg"),
    }
    response = admin_client.post(f"{URL}/listing/take/", given, follow=True)
    assert "1 new listings" in response.content.decode()
    case = BrandCase.objects.get()
    assert (case.listing.title, case.listing.currency) == ("Chair", "EUR")
    for files in ({}, {"archive": SimpleUploadedFile("a.zip", b"PK")}):
        assert admin_client.post(f"{URL}/listing/take/", files).status_code == 422
    market.offer(data_of(OTHERS[0]))
    response = admin_client.post(f"{URL}/listing/look/", follow=True)
    assert "1 listings were looked at" in response.content.decode()
    assert not Listing.objects.filter(checked_at=None).exists()


def brand_form(**given: object) -> dict[str, object]:
    return {
        "name": "Bolt",
        "active": "on",
        "least_sure": "0.5",
        "pictures-TOTAL_FORMS": "1",
        "pictures-INITIAL_FORMS": "0",
        "pictures-0-kind": "picture",
        **given,
    }


def test_a_brand_is_written_with_its_first_picture(db, fresh_files, admin_client) -> None:
    picture = SimpleUploadedFile("b.jpg", data_of(GENUINE[2]), "image/jpeg")
    response = admin_client.post(
        f"{URL}/brand/add/", brand_form(**{"pictures-0-file": picture, "pictures-0-item": "B"})
    )
    assert response.status_code == 302
    row = GenuinePicture.objects.get(brand__name="Bolt")
    assert kept(row.file) == data_of(GENUINE[2])
    assert row.keypoints
    assert row.vector
    again = admin_client.get(f"{URL}/brand/{row.brand_id}/change/")
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"recipients": "ann@acme.example\nno mail"}, "“no mail” is no mail address."),
        ({"webhook_url": "http://hooks.example/"}, "must begin with https://"),
        ({"price_floor": "5"}, "needs a currency"),
        ({"collection": "nowhere"}, "No source is registered"),
        ({"least_sure": "0.2"}, "least_sure"),
        ({"pictures-0-file": SimpleUploadedFile("b.jpg", b"no picture"), "pictures-0-item": "B"}, "picture"),
    ],
)
def test_what_may_not_stand_in_a_brand_is_said(db, fresh_files, admin_client, given, said) -> None:
    response = admin_client.post(f"{URL}/brand/add/", brand_form(**given))
    assert response.status_code == 200
    assert said in response.content.decode().replace("&#x27;", "'")
    assert not Brand.objects.exists()
