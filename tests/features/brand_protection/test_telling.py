"""The brand's own people are told: one mail a day, a mail at once, a webhook. A seller is told by a click alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core import mail
from django.core.management import call_command

from tests.features.brand_protection.market import GENUINE
from visual_search import webhooks
from visual_search.errors import BadInput
from visual_search.features.brand_protection import cases, notices, telling
from visual_search.features.brand_protection.kinds import State, What
from visual_search.features.brand_protection.models import BrandCase, CaseEvent, Notice

SIGNED = notices.Signed("Ann Ray", "ann@acme.example")


def test_one_mail_a_day_holds_all_new_cases(market) -> None:
    market.brand.recipients = "ann@acme.example\nbob@acme.example"
    market.brand.save()
    market.copy(title="First")
    market.copy(GENUINE[1], title="Second")
    assert telling.tell_at_once() == 0
    call_command("visual_search", "tell_brands", verbosity=0)
    assert [message.to for message in mail.outbox] == [["ann@acme.example"], ["bob@acme.example"]]
    assert mail.outbox[0].subject == "Acme: 2 new cases"
    assert "First" in mail.outbox[0].body
    assert "Second" in mail.outbox[0].body
    assert "mirrored" not in mail.outbox[0].to
    assert telling.tell() == 0
    assert CaseEvent.objects.filter(what=What.TOLD).count() == 2


def test_who_wants_it_at_once_gets_it_at_once(market) -> None:
    market.brand.recipients, market.brand.at_once, market.brand.language = "ann@acme.example", True, "de"
    market.brand.save()
    market.copy()
    assert telling.tell_at_once() == 1
    assert len(mail.outbox) == 1


def test_a_mail_that_fails_is_tried_again(market, monkeypatch) -> None:
    market.brand.recipients = "ann@acme.example"
    market.brand.save()
    market.copy()

    def refused(message, fail_silently=False):
        raise OSError("no server")

    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMultiAlternatives.send", refused)
        assert telling.tell() == 0
    assert telling.tell() == 1


class _Receiver(BaseHTTPRequestHandler):
    got: list[tuple[dict[str, str], bytes]] = []
    status = 204

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *args) -> None:
        pass


@pytest.fixture
def receiver():
    _Receiver.got, _Receiver.status = [], 204
    server = HTTPServer(("127.0.0.1", 0), _Receiver)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook?a=1"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_webhook_is_signed_as_standard_webhooks_say(market, settings, receiver) -> None:
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "BRAND_PROTECTION": {"INSECURE_WEBHOOKS": True}}
    market.brand.webhook_url = receiver
    market.brand.save()
    case = market.copy()
    _Receiver.status = 500
    assert telling.tell_at_once() == 0
    _Receiver.status = 204
    assert telling.tell_at_once() == 1
    assert telling.tell_at_once() == 0
    (first, _), (headers, body) = _Receiver.got
    assert first["webhook-id"] == headers["webhook-id"] == f"case_{case.pk}"
    secret = webhooks.secret_of(settings.SECRET_KEY, telling.receiver(market.brand))
    # By hand, as a receiver does it.
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(expected).decode()}"
    told = json.loads(body)
    assert (told["type"], told["data"]["case"]) == ("brand_case.opened", case.pk)
    assert told["data"]["listing"]["sha256"] == case.evidence_sha256


def test_the_signature_is_that_of_the_specifications_example() -> None:
    made = webhooks.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://hooks.example/x", "93.184.216.34"),
        ("https://hooks.example/x", "10.0.0.1"),
        ("https://hooks.example/x", "127.0.0.1"),
        ("https:///x", "93.184.216.34"),
    ],
)
def test_a_webhook_goes_to_the_public_internet_by_https_alone(url, address) -> None:
    with pytest.raises(BadInput, match="webhook"):
        webhooks.send(url, b"{}", id="x", secret="whsec_", resolve=lambda host, port: [address])


def test_a_notice_is_sent_by_a_click_and_says_what_the_law_wants(market) -> None:
    case = market.copy(title="Chair")
    subject, body = notices.draft(case, "en", SIGNED)
    for expected in (
        case.listing.url,
        "Ann Ray",
        "ann@acme.example",
        "good faith",
        case.evidence_sha256,
        "copied picture",
    ):
        assert expected in body
    notices.send(
        case, language="en", recipient="seller@m.example", subject=subject, body=body, signed=SIGNED, actor="user 1 ann"
    )
    assert mail.outbox[0].to == ["seller@m.example"]
    assert mail.outbox[0].reply_to == ["ann@acme.example"]
    assert BrandCase.objects.get().state == State.SENT
    assert [entry.what for entry in cases.events(case)][-2:] == [What.SENT, What.MOVED]


@pytest.mark.parametrize("lacking", ["url", "name", "mail"])
def test_a_notice_without_address_or_name_is_not_sent(market, lacking) -> None:
    case = market.copy()
    subject, body = notices.draft(case, "en", SIGNED)
    body = body.replace({"url": case.listing.url, "name": SIGNED.name, "mail": SIGNED.mail}[lacking], "")
    with pytest.raises(BadInput, match="The text lacks"):
        notices.send(
            case, language="en", recipient="s@m.example", subject=subject, body=body, signed=SIGNED, actor="user 1 ann"
        )
    assert not Notice.objects.exists()
    assert mail.outbox == []
    assert BrandCase.objects.get().state == State.NEW


def test_a_case_alone_sends_nothing_to_anybody(market) -> None:
    market.copy()
    telling.tell()
    assert mail.outbox == []
