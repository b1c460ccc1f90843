"""The shopper's pages without JavaScript, the staff's pages, and who may do what."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.features.customer_service.desk import MAIL
from tests.features.shoppers import shopper
from tests.search.shop import draw, photo_of
from visual_search.features.customer_service import cases, ledger, photos
from visual_search.features.customer_service.kinds import CaseState, HelpState, What
from visual_search.features.customer_service.models import CasePhoto, HelpArticle, ServiceCase
from visual_search.signals import staff_looked

URL = "/admin/visual_search_customer_service"


def text_of(response) -> str:
    return response.content.decode()


def ask(client: Client, words: str, **more: object):
    return client.post("/help/answer/", {"words": words, **more})


def fields_of(text: str) -> dict[str, str]:
    """The hidden fields of the form that hands over."""
    form = text[text.index("/help/hand-over/") :]
    return dict(re.findall(r'<input type="hidden" name="(\w+)"(?: value="([^"]*)")?', form))


def client_of(*permissions: str) -> Client:
    user = User.objects.create_user("ann", password="x", is_staff=True)
    own = Permission.objects.filter(content_type__app_label="visual_search_customer_service", codename__in=permissions)
    user.user_permissions.set(own)
    client = Client()
    client.force_login(user)
    return client


def test_help_is_reached_from_the_footer_and_from_a_product(desk, client) -> None:
    assert 'href="/help/"' in text_of(client.get("/"))
    product = desk.shop.products["CHR-RED-01"]
    assert f'href="/help/?product={product.pk}"' in text_of(client.get(product.get_absolute_url()))
    page = text_of(client.get(f"/help/?product={product.pk}"))
    assert "Red chair" in page
    assert text_of(client.get("/help/?product=nonsense%00")).count("Help with a product")


def test_from_a_question_to_a_person_in_two_taps(desk, client) -> None:
    page = text_of(ask(client, "one leg wobbles", product=desk.shop.id("CHR-RED-01")))
    assert "Tighten the screws." in page
    assert "Fits well" in page
    # The first tap opens the form, which knows all but the address; the second one sends it.
    given = {**fields_of(page), "words": "one leg wobbles", "email": MAIL}
    response = client.post("/help/hand-over/", given)
    case = ServiceCase.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/help/case/{case.token}/")
    assert (case.words, case.email, case.product) == ("one leg wobbles", MAIL, "Red chair (CHR-RED-01)")
    assert case.shown == [desk.articles["one leg wobbles"].pk]
    shown = text_of(client.get(response["Location"]))
    assert f"Case {case.pk}" in shown
    assert MAIL not in shown
    assert "one leg" not in shown


def test_nothing_close_opens_the_form(desk, client) -> None:
    page = text_of(ask(client, "when does my parcel arrive"))
    assert "Nothing close was found" in page
    assert '<details class="vs-help-person" open>' in page
    page = text_of(ask(client, "one leg wobbles", product=desk.shop.id("CHR-RED-01")))
    assert '<details class="vs-help-person">' in page


def test_danger_is_said_first_and_nothing_else_is_shown(desk, client) -> None:
    page = text_of(ask(client, "one leg wobbles and it smells of gas", product=desk.shop.id("CHR-RED-01")))
    assert "open the windows" in page
    assert "Tighten" not in page
    assert '<details class="vs-help-person" open>' in page


def test_did_this_help(desk, client) -> None:
    article = desk.articles["one leg wobbles"]
    sent = {
        "words": "one leg wobbles",
        "product": desk.shop.id("CHR-RED-01"),
        "shown": f"{article.pk}",
    }
    assert "Thank you" in text_of(client.post("/help/helped/", {**sent, "yes": article.pk}))
    page = text_of(client.post("/help/helped/", {**sent, "no": article.pk}))
    assert "Send to a person" in page
    assert "one leg wobbles" in page
    article.refresh_from_db()
    assert (article.helped, article.not_helped) == (1, 1)
    for wrong in ("", "x", "99999", "9" * 30, "1\x00"):
        assert client.post("/help/helped/", {**sent, "yes": wrong}).status_code == 404


def test_a_photo_finds_the_product_and_goes_along_only_with_a_tick(desk, client) -> None:
    photo = SimpleUploadedFile("chair.jpg", photo_of("chair", "red"), "image/jpeg")
    page = text_of(ask(client, "one leg wobbles", photo=photo))
    assert "Your photo shows:" in page
    given = {**fields_of(page), "words": "one leg wobbles", "email": MAIL}
    assert given["kept"]
    client.post("/help/hand-over/", given)
    assert not CasePhoto.objects.exists()
    client.post("/help/hand-over/", {**given, "send_photo": "on"})
    kept = photos.opened(CasePhoto.objects.get())
    assert kept is not None
    assert kept.startswith(b"\xff\xd8")


def test_another_product_of_the_photo_is_a_tap_away(desk, client) -> None:
    photo = SimpleUploadedFile("chair.jpg", photo_of("chair", "red"), "image/jpeg")
    page = text_of(ask(client, "the seat squeaks", photo=photo))
    token = re.search(r'name="photo_token" value="([^"]+)"', page)
    assert token is not None
    page = text_of(ask(client, "the seat squeaks", photo_token=token[1], product=desk.shop.id("CHR-BLU-02")))
    assert "Blue chair" in page
    assert "the seat squeaks" in page


def test_a_shopper_takes_the_photo_back(counter, client) -> None:
    case = counter.case(photo=photos.kept(draw("chair", "red")))
    address = f"/help/case/{case.token}/"
    assert "Delete my photo now" in text_of(client.get(address))
    client.post(f"{address}photo/")
    assert not CasePhoto.objects.exists()
    assert "Delete my photo now" not in text_of(client.get(address))
    assert client.get("/help/case/00000000-0000-0000-0000-000000000000/").status_code == 404


def test_a_question_that_can_not_be_read_is_said_in_words(desk, client) -> None:
    for sent, said in (
        ({}, "Write what is wrong"),
        ({"words": "  \x00 "}, "Write what is wrong"),
        ({"words": "leg", "photo_token": "nonsense"}, "Add the photo again"),
        ({"words": "leg", "photo": SimpleUploadedFile("a.jpg", b"no picture", "image/jpeg")}, "a.jpg"),
    ):
        response = client.post("/help/answer/", sent)
        assert response.status_code in (400, 415)
        assert said in text_of(response)


def test_a_form_that_can_not_be_sent_stays_filled_and_opens_no_case(counter, client) -> None:
    for wrong in (
        {"email": "nobody"},
        {"email": f"{MAIL}\r\nBcc: x@example.org"},
        {"words": ""},
        {"words": "x" * 5_000},
        {"shown": "1,2;drop"},
        {"shown": ",".join(map(str, range(40)))},
        {"send_photo": "on"},
        {"send_photo": "on", "kept": "!!!"},
        {"send_photo": "on", "kept": "AAAA"},
    ):
        given = {"words": "my words", "email": MAIL, "product": "", "shown": "", **wrong}
        response = client.post("/help/hand-over/", given)
        assert response.status_code == 400, wrong
        assert 'role="alert"' in text_of(response), wrong
        assert not ServiceCase.objects.exists(), wrong


def test_forms_need_their_token_and_are_limited(counter, settings) -> None:
    strict = Client(enforce_csrf_checks=True)
    for page in ("answer", "helped", "hand-over"):
        assert strict.post(f"/help/{page}/", {"words": "x"}).status_code == 403
        assert strict.get(f"/help/{page}/").status_code in (403, 405)
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "PROXIES": 0, "LIMITS": {"write": "30/min"}}
    given = {"words": "my words", "email": MAIL}
    statuses = [shopper(113).post("/help/hand-over/", given).status_code for _ in range(3)]
    assert statuses == [302, 302, 429]


def test_pages_are_kept_by_no_cache(desk, client) -> None:
    for response in (client.get("/help/"), ask(client, "one leg wobbles")):
        assert "no-store" in response["Cache-Control"]


def test_pages_come_in_the_language_of_the_address(desk, client) -> None:
    page = text_of(
        client.post("/de/help/answer/", {"words": "ein Bein wackelt", "product": desk.shop.id("CHR-RED-01")})
    )
    assert '<h2 id="answer-1" lang="de">ein Bein wackelt</h2>' in page


# --- Staff --------------------------------------------------------------------------------------


def test_staff_answer_solve_and_draft(desk, admin_client) -> None:
    case = desk.case("the seat is <b>loose</b>", product=desk.shop.id("CHR-RED-01"))
    heard = []
    staff_looked.connect(listen := lambda actor, action, **named: heard.append(action), weak=False)
    page = text_of(admin_client.get(f"{URL}/servicecase/{case.pk}/change/"))
    staff_looked.disconnect(listen)
    assert heard == ["view service case"]
    assert "the seat is &lt;b&gt;loose&lt;/b&gt;" in page
    answer = f"{URL}/servicecase/{case.pk}/answer/"
    assert "Write a reply first." in text_of(admin_client.post(answer, {"text": " "}, follow=True))
    admin_client.post(answer, {"text": "Turn the screw."})
    case.refresh_from_db()
    assert case.state == CaseState.ANSWERED
    admin_client.post(answer, {"state": "solved"})
    user = User.objects.get(username="admin")
    admin_client.post(answer, {"assign": "1", "colleague": user.pk})
    case.refresh_from_db()
    assert (case.state, case.assigned) == (CaseState.SOLVED, user)
    page = text_of(admin_client.post(f"{URL}/servicecase/{case.pk}/draft/", follow=True))
    assert "This is a draft." in page
    article = HelpArticle.objects.latest("pk")
    admin_client.post(f"{URL}/helparticle/{article.pk}/publish/", {"state": "published"})
    article.refresh_from_db()
    assert article.state == HelpState.PUBLISHED
    assert "published" in text_of(admin_client.get(f"{URL}/helparticle/{article.pk}/change/"))
    assert ledger.verify() == ""


def test_a_photo_is_opened_for_those_who_may_and_each_look_is_noted(counter) -> None:
    data = photos.kept(draw("chair", "red"))
    case = counter.case(photo=data)
    address = f"{URL}/servicecase/{case.pk}/photo/"
    reader = client_of("view_servicecase", "answer_servicecase")
    assert reader.get(address).status_code == 403
    assert "which you may not see" in text_of(reader.get(f"{URL}/servicecase/{case.pk}/change/"))
    User.objects.all().delete()
    viewer = client_of("view_servicecase", "view_casephoto_open")
    response = viewer.get(address)
    assert (response.status_code, response.content) == (200, data)
    assert "no-store" in response["Cache-Control"]
    assert ledger.events(case)[-1].what == What.PHOTO_SEEN


@pytest.mark.parametrize(
    ("page", "needed"),
    [
        ("servicecase/{case}/answer/", ("view_servicecase", "answer_servicecase")),
        ("servicecase/{case}/draft/", ("view_servicecase", "add_helparticle")),
        ("helparticle/{article}/publish/", ("publish_helparticle",)),
    ],
)
def test_each_click_needs_its_permission(desk, page, needed) -> None:
    case, article = desk.case(), desk.articles["one leg wobbles"]
    address = f"{URL}/{page.format(case=case.pk, article=article.pk)}"
    assert Client().post(address, {"state": "closed"}).status_code == 302  # to the page that signs in
    other = client_of("view_servicecase", "view_helparticle", "change_helparticle")
    assert other.post(address, {"state": "withdrawn"}).status_code == 403
    User.objects.all().delete()
    assert client_of(*needed).post(address, {"state": "withdrawn"}).status_code == 302


def test_lists_and_the_ledger_are_reached(desk, admin_client) -> None:
    desk.case("smoke comes out")
    assert "Visual search: customer service" in text_of(admin_client.get("/admin/"))
    for name, expected in (
        ("servicecase", "fire or smoke"),
        ("helparticle", "one leg wobbles"),
        ("dangerwords", "mains voltage"),
        ("serviceevent", "The chain is whole."),
    ):
        assert expected in text_of(admin_client.get(f"{URL}/{name}/"))


def test_an_article_that_can_not_stand_so_is_refused(desk, admin_client) -> None:
    for given, said in (
        ({"item": "NO-SUCH-1"}, "There is no product"),
        ({"item": "CHR-RED-01", "category": "Home"}, "for a product or for a category"),
        ({"codes": "E-15"}, "Name it"),
        ({"texts-0-language": "german"}, "is no language"),
    ):
        assert said in text_of(admin_client.post(f"{URL}/helparticle/add/", article_form(**given)))
        assert HelpArticle.objects.count() == len(desk.articles)


def test_the_owner_writes_an_article(desk, admin_client) -> None:
    picture = SimpleUploadedFile("part.jpg", photo_of("lamp", "brass"), "image/jpeg")
    given = article_form(
        item="LMP-BRS-04", **{"pictures-TOTAL_FORMS": "1", "pictures-0-file": picture, "pictures-0-position": "0"}
    )
    assert admin_client.post(f"{URL}/helparticle/add/", given).status_code == 302
    article = HelpArticle.objects.latest("pk")
    assert (article.object_id, article.state) == (desk.shop.id("LMP-BRS-04"), HelpState.DRAFT)
    assert article.pictures.count() == 1
    wrong = SimpleUploadedFile("part.jpg", b"<svg onload=alert(1)>", "image/jpeg")
    given = article_form(**{"pictures-TOTAL_FORMS": "1", "pictures-0-file": wrong, "pictures-0-position": "0"})
    assert admin_client.post(f"{URL}/helparticle/add/", given).status_code == 200


def article_form(**given: object) -> dict[str, object]:
    management = {f"{name}-{part}": "0" for name in ("texts", "pictures") for part in ("TOTAL_FORMS", "INITIAL_FORMS")}
    text = {"texts-0-language": "en", "texts-0-title": "shade is loose", "texts-0-body": "Turn it."}
    return {
        "kind": "fault",
        "item": "",
        "category": "",
        "codes": "",
        **management,
        "texts-TOTAL_FORMS": "1",
        **text,
        **given,
    }


def test_a_case_can_not_be_changed_by_hand(counter, admin_client) -> None:
    case = counter.case()
    admin_client.post(f"{URL}/servicecase/{case.pk}/change/", {"state": "closed", "words": "other"})
    admin_client.post(f"{URL}/servicecase/{case.pk}/delete/", {"post": "yes"})
    case.refresh_from_db()
    assert (case.state, case.words) == (CaseState.NEW, "my chair is odd")
    assert cases.ServiceCase.objects.count() == 1
