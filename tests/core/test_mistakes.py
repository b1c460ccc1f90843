"""The mistakes of a first installation: each is named with its mend, and both stand word for word in the page about them."""

from __future__ import annotations

import copy
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks

from tests.shop.models import Gadget, Maker
from visual_search import checks, registry
from visual_search.errors import ConfigurationError
from visual_search.registry import Source, register

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/how-to/when-something-is-wrong.md").read_text()
Said = list[tuple[str, str]]


class Shop:
    """A shop in which one thing is made wrong."""

    def __init__(self, settings: Any, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.settings, self.monkeypatch, self.folder = settings, monkeypatch, folder

    def search(self, **values: Any) -> None:
        self.settings.VISUAL_SEARCH = {**self.settings.VISUAL_SEARCH, **values}

    def without_app(self, name: str) -> None:
        self.settings.INSTALLED_APPS = [app for app in self.settings.INSTALLED_APPS if app != name]

    def base(self, source: str) -> None:
        (self.folder / "shop").mkdir()
        (self.folder / "shop/base.html").write_text(source)
        templates = copy.deepcopy(self.settings.TEMPLATES)
        templates[0]["DIRS"] = [self.folder]
        self.settings.TEMPLATES = templates
        self.search(BASE_TEMPLATE="shop/base.html")

    def sources(self, *sources: type[Source]) -> None:
        self.monkeypatch.setattr(registry, "_sources", {source.collection: source() for source in sources})

    def said(self) -> Said:
        return [(message.msg, message.hint or "") for message in run_checks(tags=["visual_search"])]


def things(name: str = "Things", **more: Any) -> type[Source]:
    texts = {"texts": lambda self, thing: {}, "card": lambda self, thing, language=None: None}
    return type(name, (Source,), {"__module__": "shop.search", "model": Gadget, **texts, **more})


def no_app_dirs(shop: Shop) -> None:
    templates = copy.deepcopy(shop.settings.TEMPLATES)
    templates[0]["APP_DIRS"] = False
    shop.settings.TEMPLATES = templates


def not_registered(shop: Shop) -> None:
    shop.sources()
    shop.monkeypatch.setattr(checks, "described", lambda: [things()])


def nothing_described(shop: Shop) -> None:
    shop.sources()
    shop.monkeypatch.setattr(checks, "described", list)


def rest_framework(shop: Shop) -> None:
    shop.settings.REST_FRAMEWORK = {"EXCEPTION_HANDLER": "visual_search.api.problems.exception_handler"}


PERSONAL = "visual_search.features.personalisation"
# Without it the check of rules has a word, too.
RULES = {"BACKEND": "visual_search.features.merchandising.rescorer.MerchandisingRescorer"}
FEEDBACK = {"BACKEND": "visual_search.features.implicit_feedback.rescorer.FeedbackRescorer"}
# What a reader finds in the page -> how it comes about.
MISTAKES: dict[str, Callable[[Shop], None]] = {
    "VISUAL_SEARCH has no setting 'BASE_TEMPLTE'.": lambda shop: shop.search(BASE_TEMPLTE="shop/base.html"),
    "VISUAL_SEARCH['BASE_TEMPLATE'] is 'shop/bse.html', but there is no template 'shop/bse.html'.": (
        lambda shop: shop.search(BASE_TEMPLATE="shop/bse.html")
    ),
    "VISUAL_SEARCH['BASE_TEMPLATE'] is 'shop/base.html', which has no block 'content', so results would be shown nowhere.": (
        lambda shop: shop.base("{% block main %}{% endblock %}")
    ),
    "Django doesn't find the templates of search.": no_app_dirs,
    "The REST API has no address, so nothing is suggested while typing.": (
        lambda shop: setattr(shop.settings, "ROOT_URLCONF", "tests.core.urls_without_api")
    ),
    "The results page has no address, so no search box can be shown.": (
        lambda shop: setattr(shop.settings, "ROOT_URLCONF", "tests.core.urls_without_pages")
    ),
    "Django serves no static files, so search's pages have neither style nor scripts.": (
        lambda shop: shop.without_app("django.contrib.staticfiles")
    ),
    f"VISUAL_SEARCH names '{PERSONAL}.rescorer.PersonalRescorer', but its app isn't installed.": (
        lambda shop: (
            shop.search(
                RESCORERS=[RULES, FEEDBACK, {"BACKEND": f"{PERSONAL}.rescorer.PersonalRescorer"}],
                EXPERIMENT_RANKINGS={},
                BASE_TEMPLATE="bases/bare.html",
            ),
            shop.without_app(PERSONAL),
        )
    ),
    "VISUAL_SEARCH['EXPERIMENT_RANKINGS'] names rankings, but no question would see them.": (
        lambda shop: shop.search(RESCORERS=[RULES, FEEDBACK])
    ),
    "Looks and choices of products are counted, but no order uses them.": (
        lambda shop: shop.search(RESCORERS=[RULES], EXPERIMENT_RANKINGS={})
    ),
    "VISUAL_SEARCH['ENGINE']['OPTIONS']['folder'] is '/dev/null/search', but '/dev/null' is a file.": (
        lambda shop: shop.search(
            ENGINE={**shop.settings.VISUAL_SEARCH["ENGINE"], "OPTIONS": {"folder": "/dev/null/search"}}
        )
    ),
    "VISUAL_SEARCH['ENCODER']['OPTIONS']['cache'] is '/dev/null/encoders', but '/dev/null' is a file.": (
        lambda shop: shop.search(
            ENCODER={**shop.settings.VISUAL_SEARCH["ENCODER"], "OPTIONS": {"cache": "/dev/null/encoders"}}
        )
    ),
    "REST_FRAMEWORK['EXCEPTION_HANDLER'] is the one of search, which rewrites the errors of your own API.": rest_framework,
    "VISUAL_SEARCH['API_THROTTLES'] names 'shop.limits.Limit', which can't be imported.": (
        lambda shop: shop.search(API_THROTTLES=["shop.limits.Limit"])
    ),
    "No source is registered, so there is nothing to search.": nothing_described,
    "shop.search.Things isn't registered, so there is nothing to search.": not_registered,
    "shop.search.Things has 'picture', which search doesn't use.": (
        lambda shop: shop.sources(things(picture=lambda self, thing: ()))
    ),
    "shop.search.Things has 'facet', which search doesn't use.": (
        lambda shop: shop.sources(things(facet=lambda self, thing: {}))
    ),
    "shop.search.Things has 'get_queryset', which search doesn't use.": (
        lambda shop: shop.sources(things(get_queryset=lambda self: ()))
    ),
    "shop.search.Things.card_queryset(None) gives list.": (
        lambda shop: shop.sources(things(card_queryset=lambda self, language: []))
    ),
    "shop.search.Things.card_queryset(None) raises AttributeError: 'Things' object has no attribute 'things'.": (
        lambda shop: shop.sources(things(card_queryset=lambda self, language: self.things.all()))
    ),
    "shop.search.Things gives neither pictures nor texts nor codes, so its objects can't be found.": (
        lambda shop: shop.sources(
            type("Things", (Source,), {"__module__": "shop.search", "model": Gadget, "card": lambda self, thing, language=None: None})
        )
    ),
}  # fmt: skip
IN_PLACE: dict[str, tuple[type[Source], ...]] = {
    "shop.search.More describes Gadget, but shop.search.Things already does. A model has one source: put both into one "
    "class, or remove @register from one of them.": (things(), things("More", collection="more")),
    "shop.search.Makers registers collection 'products', but shop.search.Things already did, for Gadget. Give one of them "
    "another, such as: collection = 'makers'.": (things(), things("Makers", model=Maker)),
    "shop.search.Empty doesn't say which model it describes. Write in it: model = YourModel.": (
        type("Empty", (Source,), {"__module__": "shop.search"}),
    ),
}  # fmt: skip


@pytest.fixture
def shop(settings, monkeypatch, tmp_path) -> Shop:
    return Shop(settings, monkeypatch, tmp_path)


def rows() -> dict[str, str]:
    """What the page's tables say: message -> mend."""
    found = re.findall(r"^\| `(.+?)` \| (.+?) \|$", PAGE, flags=re.M)
    return {message.replace("Thing,", "Gadget,"): mend.replace("`", "") for message, mend in found}


def test_a_shop_without_mistakes(shop) -> None:
    assert shop.said() == []


@pytest.mark.parametrize("message", MISTAKES)
def test_a_mistake_is_named_with_its_mend(shop, message) -> None:
    MISTAKES[message](shop)
    said = dict(shop.said())
    assert list(said) == [message]
    assert rows()[message] == said[message]


@pytest.mark.parametrize("message", IN_PLACE)
def test_a_mistake_that_is_named_where_it_is_made(monkeypatch, message) -> None:
    monkeypatch.setattr(registry, "_sources", {})
    *good, wrong = IN_PLACE[message]
    for source in good:
        register(source)
    with pytest.raises(ConfigurationError) as problem:
        register(wrong)
    assert str(problem.value) == message
    assert f"{message}`" in PAGE.replace("describes Thing,", "describes Gadget,").replace("for Thing.", "for Gadget.")


@pytest.mark.parametrize(
    "own",
    [
        {"pictures": lambda self, thing: (), "picture": lambda self, thing: ()},  # A helper beside the real one.
        {"_picture": lambda self, thing: ()},
        {"first_photo": lambda self, thing: ()},
    ],
)
def test_a_helper_of_the_shop_s_own_is_no_mistake(shop, own) -> None:
    shop.sources(things(**own))
    assert shop.said() == []


@pytest.mark.parametrize(
    ("source", "sound"),
    [
        ("{% block content %}{% endblock %}", True),
        ("{% block main %}{% block content %}{% endblock %}{% endblock %}", True),
        ("{% extends 'bases/bare.html' %}", True),
        ("{% extends 'bases/bare.html' %}{% block title %}{% endblock %}", True),
        ("{% extends 'admin/base_site.html' %}", True),
        ("{% extends chosen %}", True),  # Nobody knows before a page is shown.
        ("{% include 'bases/bare.html' %}", False),  # A block in an included file can't be filled.
        ("", False),
    ],
)
def test_a_base_template_has_a_place_for_results(shop, source, sound) -> None:
    shop.base(source)
    assert (shop.said() == []) == sound


def test_a_base_template_that_cannot_be_read(shop) -> None:
    shop.base("{% block content %}")
    ((message, _),) = shop.said()
    assert "is 'shop/base.html', which can't be read: Unclosed tag" in message


def test_the_page_names_no_other_message() -> None:
    assert set(rows()) <= {*MISTAKES, *FEATURES}


FEATURES = {
    "Clients of other services have no address here, though the app that answers them is installed.",
    "The page of what a device remembers has no address, so {% memory_script %} can't be shown.",
    "The query log has no address, so nobody can send events or take back what was noted.",
}


def test_features_without_their_addresses(shop) -> None:
    shop.search(QUERY_LOG={"KEY_FOLDER": shop.folder / "keys"})
    shop.settings.ROOT_URLCONF = "tests.core.urls_without_features"
    said = dict(shop.said())
    assert set(said) == FEATURES
    assert {message: rows()[message] for message in FEATURES} == said


WITHOUT_THE_APP = """
import django
from django.conf import settings
settings.configure(INSTALLED_APPS=["django.contrib.contenttypes"], DATABASES={}, ROOT_URLCONF="visual_search.storefront.urls")
django.setup()
from django.core.management import call_command
call_command("check")
"""


def test_search_itself_is_no_app() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_APP],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = done.stderr.strip().splitlines()[-1]
    assert "isn't in an application in INSTALLED_APPS." in said
    assert "isn't in an application in INSTALLED_APPS.`" in PAGE
