"""Articles from a file, and the subcommands."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from tests.search.shop import photo_of
from visual_search.errors import BadInput
from visual_search.features.customer_service import importing
from visual_search.features.customer_service.checks import check_customer_service, check_that_somebody_is_told
from visual_search.features.customer_service.kinds import HelpState
from visual_search.features.customer_service.models import HelpArticle

TEXTS = {"en": {"title": "handle is loose", "also_said": ["knob turns"], "body": "Turn it."}}
OTHER = {"en": {"title": "lid is loose", "body": "Close it."}}


def written(tmp_path, *articles: object):
    (tmp_path / "part.jpg").write_bytes(photo_of("mug", "black"))
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    file = tmp_path / "help.json"
    file.write_text(json.dumps(list(articles)))
    return file


def test_twice_changes_nothing(desk, tmp_path) -> None:
    given = {"item": "MUG-BLK-05", "codes": ["E1"], "pictures": [{"file": "part.jpg", "alt": "A mug"}], "texts": TEXTS}
    file = written(tmp_path, given)
    assert importing.take(file, publish=True, examples=True) == importing.Taken(1, 0)
    assert importing.take(file, publish=True, examples=True) == importing.Taken(0, 1)
    article = HelpArticle.objects.latest("pk")
    assert (article.state, article.is_example, article.pictures.count()) == (HelpState.PUBLISHED, True, 1)
    desk.index()
    assert desk.titles("knob turns", "MUG-BLK-05") == ["handle is loose"]


def test_a_wrong_article_is_named_and_nothing_is_taken(desk, tmp_path) -> None:
    before = HelpArticle.objects.count()
    for wrong, said in (
        ({"item": "NO-SUCH"}, "Article 2: There is no product"),
        ({"kind": "joke"}, "must be fault or guide"),
        ({"nonsense": 1}, "nonsense"),
        ({"texts": {}}, "no texts"),
        ({"texts": {"!": {"title": "a", "body": "b"}}}, "is no language"),
        ({"texts": {"en": {"title": "a"}}}, "must have title and body"),
        ({"pictures": ["part.jpg"]}, "a picture must be like"),
        ({"pictures": [{"file": "gone.jpg"}]}, "gone.jpg"),
        ({"pictures": [{"file": "broken.jpg"}]}, "broken.jpg"),
    ):
        with pytest.raises(BadInput, match=said):
            importing.take(written(tmp_path, {"texts": TEXTS}, {"texts": OTHER, **wrong}))
        assert HelpArticle.objects.count() == before


def test_the_subcommands(desk, tmp_path, capsys) -> None:
    call_command("visual_search", "import_help_articles", str(written(tmp_path, {"texts": TEXTS})))
    assert HelpArticle.objects.latest("pk").state == HelpState.DRAFT
    call_command("visual_search", "tell_help_desk")
    call_command("visual_search", "tidy_service")
    assert capsys.readouterr().out.splitlines() == [
        "1 articles are new, 0 were there already.",
        "0 messages were sent.",
        "0 photos were destroyed, and 0 cases lost what was personal.",
    ]
    (tmp_path / "help.json").write_text("{")
    with pytest.raises(CommandError, match="JSON"):
        call_command("visual_search", "import_help_articles", str(tmp_path / "help.json"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"NONSENSE": 1}, "NONSENSE"),
        ({"RECIPIENTS": "desk@shop.example"}, "RECIPIENTS"),
        ({"RECIPIENTS": ["nobody"]}, "nobody"),
        ({"PHOTO_DAYS": 0}, "PHOTO_DAYS"),
        ({"SITE": 5}, "SITE"),
        ({"LIKELY": 2}, "LIKELY"),
        ({"CLOSE": True}, "CLOSE"),
        ({"WEBHOOK_URL": "http://desk.example"}, "https://"),
        ({"INSECURE_WEBHOOKS": "yes"}, "INSECURE_WEBHOOKS"),
    ],
)
def test_a_wrong_setting_is_named(settings, wrong, said) -> None:
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "CUSTOMER_SERVICE": wrong}
    (problem,) = check_customer_service()
    assert problem.id == "visual_search.E174"
    assert said in problem.msg


def test_a_shop_that_tells_nobody_is_warned_when_it_goes_live(settings) -> None:
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "CUSTOMER_SERVICE": {}}
    assert [problem.id for problem in check_that_somebody_is_told()] == ["visual_search.W174"]
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "CUSTOMER_SERVICE": {"RECIPIENTS": ["desk@shop.example"]}}
    assert check_that_somebody_is_told() == []
