"""A help desk for tests: articles of the tiny shop, indexed for real, and shoppers who ask."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile

from tests.search.shop import Shop, draw, to_bytes
from visual_search import indexing, wiring
from visual_search.features.customer_service import articles, cases
from visual_search.features.customer_service.answering import Answered, Asked, ask
from visual_search.features.customer_service.kinds import HelpState
from visual_search.features.customer_service.models import (
    DangerWords,
    HelpArticle,
    HelpPicture,
    HelpText,
    ServiceCase,
)
from visual_search.features.customer_service.search import COLLECTION
from visual_search.types import QueryPicture

MAIL = "jane@shopper.example"


def fill_dangers() -> None:
    """The words that a shop begins with. A test with transactions of its own empties the tables that a migration filled."""
    words = import_module("visual_search.features.customer_service.migrations.0002_words_of_danger")._WORDS
    for kind, languages in words.items():
        for language, (lines, unless, advice) in languages.items():
            DangerWords.objects.update_or_create(
                kind=kind, language=language, defaults={"words": lines, "unless": unless, "advice": advice}
            )


class Desk:
    def __init__(self, shop: Shop, settings: Any, folder: Path) -> None:
        self.shop, self.settings, self.folder = shop, settings, folder
        self.articles: dict[str, HelpArticle] = {}

    def use(self, **options: Any) -> None:
        """The shop with these options of the customer service."""
        given = {
            "KEY_FOLDER": str(self.folder / "keys"),
            "RECIPIENTS": ["desk@shop.example"],
            "LIKELY": 0.4,
            "CLOSE": 0.5,
            **options,
        }
        self.settings.VISUAL_SEARCH = {**self.settings.VISUAL_SEARCH, "CUSTOMER_SERVICE": given}

    def add(
        self, title: str, *, german: str = "", body: str = "Do this.", picture: Any = None, **fields: Any
    ) -> HelpArticle:
        article = HelpArticle(**fields)
        articles.resolve(article, "products")
        article.save()
        HelpText.objects.create(article=article, language="en", title=title, body=body)
        if german:
            HelpText.objects.create(article=article, language="de", title=german, body="Tun Sie das.")
        if picture is not None:
            HelpPicture.objects.create(article=article, file=ContentFile(to_bytes(picture), "part.png"), alt="The part")
        articles.move(article, HelpState.PUBLISHED, "system")
        article.refresh_from_db()
        self.articles[title] = article
        return article

    def fill(self) -> None:
        self.add(
            "one leg wobbles",
            german="ein Bein wackelt",
            body="Tighten the screws.",
            item="CHR-RED-01",
            codes="E-15\nH2",
        )
        self.add("the seat squeaks", category="Home > Seating", picture=draw("chair", "red"))
        self.add("light flickers", item="LMP-BRS-04", codes="E-15")
        self.add("a part is missing", kind="guide")
        self.index()

    def index(self) -> None:
        outcome = indexing.index_pending(COLLECTION)
        assert not outcome.failed, outcome
        wiring.engine().refresh(COLLECTION)

    def ask(self, words: str = "", sku: str = "", language: str = "en", photo: Any = None) -> Answered:
        picture = None if photo is None else QueryPicture(image=photo)
        return ask(Asked(words, picture, self.shop.id(sku) if sku else "", language))

    def titles(self, *args: Any, **named: Any) -> list[str]:
        return [answer.text.title for answer in self.ask(*args, **named).answers]

    def case(self, words: str = "my chair is odd", **named: Any) -> ServiceCase:
        return cases.open_case(cases.HandedOver(words, MAIL, **named))
