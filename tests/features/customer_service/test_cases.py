"""A case from the click to the end: its photo, its ledger, what is told, what becomes an article, and what is forgotten."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from tests.features.customer_service.desk import MAIL
from tests.search.shop import draw
from visual_search.errors import BadInput
from visual_search.features.customer_service import articles, cases, ledger, photos, telling, tidying
from visual_search.features.customer_service.kinds import CaseState, HelpState, What
from visual_search.features.customer_service.models import CasePhoto, ServiceCase, ServiceEvent
from visual_search.models import Turn

ANN = "user 7 ann"


@pytest.fixture
def photo() -> bytes:
    return photos.kept(draw("chair", "red"))


def test_a_case_keeps_what_is_known(counter) -> None:
    case = counter.case(product=counter.shop.id("CHR-RED-01"), shown=[5, 8])
    assert case.product == "Red chair (CHR-RED-01)"
    assert case.shown == [5, 8]
    assert case.danger == ""
    assert counter.case("smoke comes out").danger == "fire"


def test_the_ledger_is_whole_and_names_no_shopper(counter, photo) -> None:
    case = counter.case("Jane Doe here, call 0170 1234567", photo=photo)
    cases.reply(case, "Dear Jane", ANN)
    cases.move(case, CaseState.SOLVED, ANN)
    told = [(entry.what, entry.actor) for entry in ledger.events(case)]
    assert told == [("opened", "shopper"), ("reply", ANN), ("status", ANN), ("status", ANN)]
    assert ledger.verify() == ""
    written = json.dumps(list(ServiceEvent.objects.values()), default=str)
    assert not any(word in written for word in ("Jane", MAIL, "0170"))
    ServiceEvent.objects.filter(what=What.REPLIED).update(actor="user 8 bob")
    assert "changed" in ledger.verify()


@pytest.mark.django_db(transaction=True)
def test_a_photo_is_closed_with_a_key_that_is_not_in_the_database(counter, photo) -> None:
    case = counter.case(photo=photo)
    row = CasePhoto.objects.get(case=case)
    assert photo not in bytes(row.closed)
    assert photos.opened(row) == photo
    (key,) = (counter.folder / "keys").iterdir()
    assert row.key in key.name
    kept = bytes(row.closed), row.key
    photos.destroy(row, "shopper")
    assert list((counter.folder / "keys").iterdir()) == []
    # A copy of the row, such as in a backup, opens no more.
    old = CasePhoto(case=case, closed=kept[0], key=kept[1], until=timezone.now() + timedelta(days=1))
    assert photos.opened(old) is None


def test_a_shop_without_a_folder_for_keys_takes_no_photo(counter, photo) -> None:
    counter.use(KEY_FOLDER="")
    with pytest.raises(BadInput, match="takes no photos"):
        counter.case(photo=photo)
    assert not ServiceCase.objects.exists()


def test_a_folder_that_takes_no_key_is_said_in_words_and_opens_no_case(counter, photo, caplog) -> None:
    (counter.folder / "keys").write_text("no folder")
    with pytest.raises(BadInput, match="Take out the tick"):
        counter.case(photo=photo)
    assert not ServiceCase.objects.exists()
    assert "No photo can be kept" in caplog.text


def test_a_photo_that_another_process_deleted_is_noted_once(counter, photo) -> None:
    case = counter.case(photo=photo)
    for row in [CasePhoto.objects.get(case=case) for _ in range(2)]:
        photos.destroy(row, ledger.SYSTEM)
    assert [entry.what for entry in ledger.events(case)].count(What.PHOTO_GONE) == 1


def test_the_time_of_a_photo_ends(counter, photo) -> None:
    counter.use(PHOTO_DAYS=3)
    case = counter.case(photo=photo)
    assert tidying.tidy() == (0, 0)
    CasePhoto.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert photos.opened(CasePhoto.objects.get()) is None
    assert tidying.tidy() == (1, 0)
    assert not CasePhoto.objects.exists()
    assert ledger.events(case)[-1].what == What.PHOTO_GONE


def test_old_closed_cases_lose_what_is_personal(counter, photo) -> None:
    case, open_one = counter.case(photo=photo), counter.case()
    cases.reply(case, "Dear Jane", ANN)
    cases.move(case, CaseState.CLOSED, ANN)
    ServiceCase.objects.update(changed_at=timezone.now() - timedelta(days=181))
    assert tidying.tidy() == (0, 1)
    case.refresh_from_db()
    assert (case.words, case.email, case.replies.count(), hasattr(case, "photo")) == ("", "", 0, False)
    open_one.refresh_from_db()
    assert open_one.email == MAIL
    with pytest.raises(BadInput, match="nobody can be written to"):
        cases.reply(case, "Hello", ANN)


def test_a_wrong_status_is_refused(counter) -> None:
    for state, said in (("new", "already"), ("nonsense", "nonsense")):
        with pytest.raises(BadInput, match=said):
            cases.move(counter.case(), state, ANN)


# --- Telling ------------------------------------------------------------------------------------


def test_the_help_desk_gets_a_mail_and_answers_the_shopper(counter) -> None:
    counter.use(SITE="https://shop.example")
    case = counter.case("sparks at the plug", product=counter.shop.id("LMP-BRS-04"))
    assert telling.tell() == 1
    (sent,) = mail.outbox
    assert (sent.to, sent.reply_to) == (["desk@shop.example"], [MAIL])
    assert sent.subject == f"Danger – Case {case.pk}: Brass lamp (LMP-BRS-04)"
    html = sent.alternatives[0][0]
    for text in (sent.body, html):
        assert "sparks at the plug" in text
        assert f"https://shop.example/admin/visual_search_customer_service/servicecase/{case.pk}/change/" in text
    assert telling.tell() == 0
    cases.reply(case, "Please pull the plug.", ANN)
    assert telling.tell() == 1
    assert mail.outbox[1].to == [MAIL]
    assert "Please pull the plug." in mail.outbox[1].body


def test_html_of_a_shopper_stays_text(counter) -> None:
    counter.case("<script>alert(1)</script>\r\nBcc: everybody@example.org")
    telling.tell()
    assert "<script>" not in mail.outbox[0].alternatives[0][0]
    assert mail.outbox[0].bcc == []


def test_what_can_not_be_sent_is_tried_again(counter, monkeypatch, caplog) -> None:
    case = counter.case()
    monkeypatch.setattr(telling.EmailMultiAlternatives, "send", _refuse)
    assert telling.tell() == 0
    case.refresh_from_db()
    assert case.mailed_at is None
    assert telling.waits()
    assert MAIL not in caplog.text
    monkeypatch.undo()
    assert telling.tell() == 1
    assert not telling.waits()


def _refuse(self) -> None:
    raise OSError(f"mailbox of {MAIL} is away")


def test_two_processes_send_nothing_twice(counter) -> None:
    counter.case()
    assert Turn.objects.all().take("tell the help desk", "another process", timedelta(minutes=5))
    assert telling.tell() == 0
    assert mail.outbox == []


def test_a_program_is_told_as_standard_webhooks_say(counter) -> None:
    heard: list[tuple[dict, bytes]] = []
    answers = [500, 204]

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answers[len(heard) - 1])
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_port}/hook"
        counter.use(RECIPIENTS=[], WEBHOOK_URL=address, INSECURE_WEBHOOKS=True)
        case = counter.case("leg is off", product=counter.shop.id("CHR-RED-01"))
        assert telling.tell() == 0  # The first try is answered with 500.
        assert telling.tell() == 1
    finally:
        server.shutdown()
        server.server_close()
    (first, _), (headers, body) = heard
    assert first["webhook-id"] == headers["webhook-id"] == f"service_case_{case.pk}"
    key = base64.b64decode(telling.secret().removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    told = json.loads(body)
    assert told["type"] == "service_case.opened"
    assert told["data"]["words"] == "leg is off"
    case.refresh_from_db()
    assert case.posted_at is not None


# --- A solved case becomes an article ------------------------------------------------------------


def test_a_solved_case_becomes_a_draft_without_what_is_personal(desk) -> None:
    case = desk.case(f"Armrest rattles loudly, mail me {MAIL}", product=desk.shop.id("CHR-RED-01"))
    with pytest.raises(BadInput, match="solved"):
        articles.drafted(case, ANN)
    cases.reply(case, f"Turn the screw. I wrote to {MAIL}.", ANN)
    cases.move(case, CaseState.SOLVED, ANN)
    case.refresh_from_db()
    article = articles.drafted(case, ANN)
    text = article.texts.get()
    assert (article.state, article.object_id) == (HelpState.DRAFT, desk.shop.id("CHR-RED-01"))
    assert "Turn the screw." in text.body
    assert MAIL not in text.title + text.also_said + text.body
    desk.index()
    assert text.title not in desk.titles("armrest rattles loudly, mail me", "CHR-RED-01")  # A person reads it first.
    assert [entry.what for entry in ledger.events(article)] == [What.DRAFTED]
    articles.move(article, HelpState.PUBLISHED, ANN)
    desk.index()
    assert text.title in desk.titles("armrest rattles loudly, mail me", "CHR-RED-01")
