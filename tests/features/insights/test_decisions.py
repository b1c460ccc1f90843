"""Lists of what goes wrong: what stands in them, what doesn't, and the remedies beside each row."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from django.urls import reverse

from catalog.models import Product, State
from tests.features.insights.scripted import counts_of
from visual_search import remedies
from visual_search.features.insights.decisions import Listed, lists
from visual_search.features.insights.figures import last_span
from visual_search.features.insights.folding import fold
from visual_search.features.insights.models import CatalogueCheck, NotSold, Purchase
from visual_search.remedies import Remedy, Trouble
from visual_search.types import Found, SealedEvent, SealedQuestion, SeenThing

DAY = 20_412
DECISIONS = "/admin/visual_search_insights/foldedday/decisions/"


def asked(
    text: str | None = None, *, found: Found = Found.MANY, clients: int = 10, language: str = "en", **more
) -> list[SealedQuestion]:
    """This question of so many browsers."""
    return [
        SealedQuestion(uuid4(), client, None, text, "products", language, "text", found, **more)
        for client in range(clients)
    ]


def shown(*questions: SealedQuestion) -> dict[str, Listed]:
    fold(DAY, questions, counts_of(questions))
    return {listed.sheet.name: listed for listed in lists(last_span(7), None)}


def rows(listed: Listed) -> list[list]:
    return [list(row) for row in listed.sheet.rows]


def remedies_of(listed: Listed, row: int = 0) -> list[str]:
    return [offer.name for offer in listed.remedies[row]]


@pytest.mark.django_db
class TestNothingFound:
    def test_words_that_mostly_find_nothing(self) -> None:
        questions = asked("sofa bed", found=Found.NOTHING) + asked("canapé", found=Found.NOTHING_CLOSE, language="fr")
        questions += asked("lamp") + asked("lamp", found=Found.NOTHING, clients=9)
        listed = shown(*questions)["nothing_found"]
        assert rows(listed) == [["canapé", "fr", 10, 10, ""], ["sofa bed", "en", 10, 10, ""]]
        assert remedies_of(listed) == ["not_sold", "purchase"]
        assert "words=canap%C3%A9" in listed.remedies[0][0].url

    def test_words_stand_there_once_with_the_language_of_most_of_them(self) -> None:
        fold(DAY - 1, asked("sofa bed", found=Found.NOTHING, language="de", clients=11), {})
        fold(DAY - 2, asked("sofa bed", found=Found.NOTHING, language="fr", clients=12), {})
        listed = shown(*asked("sofa bed", found=Found.NOTHING, language="de", clients=4))["nothing_found"]
        assert rows(listed) == [["sofa bed", "de", 27, 27, ""]]

    def test_hidden_words_are_in_no_list(self) -> None:
        assert rows(shown(*asked(None, found=Found.NOTHING))["nothing_found"]) == []

    def test_what_is_decided_leaves_the_list_or_says_so(self) -> None:
        NotSold.objects.create(words="sofa bed")
        Purchase.objects.create(words="hammock")
        listed = shown(*asked("sofa bed", found=Found.NOTHING), *asked("hammock", found=Found.NOTHING))
        assert rows(listed["nothing_found"]) == [["hammock", "en", 10, 10, "on the purchase list"]]

    def test_a_remedy_of_another_feature_stands_there_too(self, monkeypatch) -> None:
        monkeypatch.setattr(remedies, "_remedies", dict(remedies._remedies))
        remedies.register(
            Remedy("synonym", "Synonym", frozenset({Trouble.NOTHING_FOUND}), lambda case: f"/rules/?words={case.words}")
        )
        listed = shown(*asked("sofa bed", found=Found.NOTHING))["nothing_found"]
        assert remedies_of(listed) == ["not_sold", "purchase", "synonym"]
        assert listed.remedies[0][2].url == "/rules/?words=sofa bed"


@pytest.mark.django_db
def test_things_in_photos_that_the_shop_does_not_have() -> None:
    vase = asked(found=Found.NOTHING_CLOSE, clients=6, seen=(SeenThing("vase", False),))
    chair = asked(clients=7, seen=(SeenThing("chair", True), SeenThing("kite", None)))
    listed = shown(*vase, *chair)["nothing_close"]
    assert rows(listed) == [["vase", 6, 6, ""]]
    assert "words=vase" in listed.remedies[0][0].url
    NotSold.objects.create(words="vase")
    assert rows({each.sheet.name: each for each in lists(last_span(7), None)}["nothing_close"]) == []


def seen(id: str, place: int, *, clicked: bool = False) -> tuple[SealedEvent, ...]:
    return (SealedEvent("impression", id, place), *((SealedEvent("click", id, place),) if clicked else ()))


@pytest.mark.django_db
class TestObjects:
    @pytest.fixture
    def products(self) -> list[Product]:
        made = [Product(sku=f"S{number}", category="Home", state=State.PUBLISHED, stock=1) for number in range(3)]
        return list(Product.objects.bulk_create(made))

    def test_one_that_is_shown_and_never_clicked(self, products) -> None:
        liked, ignored, rare = (str(each.pk) for each in products)
        questions = asked("desk", clients=40, events=seen(liked, 1, clicked=True) + seen(ignored, 2))
        questions += asked(clients=5, events=seen(rare, 1))
        listed = shown(*questions)["not_clicked"]
        # Half of what is seen is clicked, so five without a click are no chance either; four would be few browsers.
        assert [(case.object_id, case.words) for case in listed.cases] == [(ignored, ""), (ignored, "desk")]
        assert rows(listed)[0][2] == 40
        assert remedies_of(listed) == ["object"]
        assert listed.remedies[0][0].url == reverse("admin:catalog_product_change", args=[ignored])

    def test_one_that_is_clicked_far_down(self, products) -> None:
        deep, high, _ = (str(each.pk) for each in products)
        questions = asked("desk", events=seen(deep, 14, clicked=True) + seen(high, 2, clicked=True))
        listed = shown(*questions)["clicked_deep"]
        assert [(case.object_id, case.words) for case in listed.cases] == [(deep, ""), (deep, "desk")]
        assert rows(listed)[1][1:] == ["desk", 10, 10]

    def test_one_that_is_on_top_and_sold_out(self, products) -> None:
        gone, there, below = (str(each.pk) for each in products)
        Product.objects.filter(pk__in=[gone, below]).update(stock=0)
        questions = asked(hits=(there, gone, "8", below))
        listed = shown(*questions)["sold_out"]
        assert [case.object_id for case in listed.cases] == [gone]
        assert rows(listed)[0][2] == 10

    def test_one_that_is_gone_is_named_by_its_id(self) -> None:
        questions = asked(events=seen("77", 14, clicked=True))
        assert rows(shown(*questions)["clicked_deep"])[0][0] == "77"


@pytest.mark.django_db
def test_languages_that_are_asked_in_and_have_no_texts() -> None:
    CatalogueCheck.objects.create(collection="products", objects_read=20, languages={"en": 20, "de": 5})
    questions = asked(language="en") + asked(language="de", clients=7) + asked(language="pl", clients=6)
    listed = shown(*questions)["languages_without_texts"]
    assert rows(listed) == [["de", 7, 15, 20], ["pl", 6, 20, 20]]


@pytest.mark.django_db
def test_a_remedy_opens_the_form_filled_in_and_leads_back(admin_client, django_user_model) -> None:
    listed = shown(*asked("sofa bed", found=Found.NOTHING))["nothing_found"]
    form = admin_client.get(listed.remedies[0][0].url)
    assert 'value="sofa bed"' in form.content.decode()
    assert not NotSold.objects.exists()
    saved = admin_client.post(
        listed.remedies[0][0].url, {"collection": "products", "words": "sofa bed", "language": "en", "note": ""}
    )
    assert saved["Location"] == DECISIONS
    row = NotSold.objects.get()
    assert (row.words, row.decided_by.username) == ("sofa bed", "admin")
    admin_client.get(DECISIONS)  # says once what was saved
    assert "sofa bed" not in admin_client.get(DECISIONS).content.decode()
    file = admin_client.get("/admin/visual_search_insights/foldedday/file/nothing_found.csv")
    assert "sofa bed" not in file.content.decode()


@pytest.mark.django_db
def test_who_may_not_add_is_offered_nothing_to_add(client, django_user_model) -> None:
    from django.contrib.auth.models import Permission  # Its app is ready by now.

    fold(DAY, asked("sofa bed", found=Found.NOTHING), {})
    clerk = django_user_model.objects.create_user("clerk", password="x", is_staff=True)
    client.force_login(clerk)
    assert client.get(DECISIONS).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="view_foldedday"))
    text = client.get(DECISIONS).content.decode()
    assert "sofa bed" in text
    assert "notsold/add" not in text.partition('id="content-main"')[2]


def test_the_scripted_questions_are_of_one_kind() -> None:
    one, two = asked("a", clients=2)
    assert replace(one, query_id=two.query_id, client=1) == two
