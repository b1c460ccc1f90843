"""Articles from a JSON file: a list of objects, each with its texts by language, what it holds for, and its pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction

from multilingual.languages import base_code
from visual_search import registry
from visual_search.errors import BadInput, said
from visual_search.features.customer_service import articles, ledger
from visual_search.features.customer_service.kinds import HelpKind, HelpState
from visual_search.features.customer_service.models import HelpArticle, HelpPicture, HelpText
from visual_search.querying import uploads

_KNOWN = {"kind", "item", "category", "codes", "to_a_person", "pictures", "texts"}
_OF_TEXT = {"title", "also_said", "body"}


@dataclass(frozen=True, slots=True)
class Taken:
    new: int
    same: int


def take(file: Path, *, publish: bool = False, examples: bool = False) -> Taken:
    """Take the articles in, all or none. One that holds for the same and has the same title in a language is there already.

    Raises BadInput, which names the article and the mend, and as the engine does where products are looked up.
    """
    try:
        listed = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise BadInput(
            said("%(file)s can't be read as JSON: %(problem)s", file=file, problem=str(problem))
        ) from problem
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise BadInput(said("%(file)s must hold a list of objects, one an article.", file=file))
    new = 0
    with transaction.atomic():
        for number, given in enumerate(listed, 1):
            try:
                new += _take(given, file.parent, publish=publish, examples=examples)
            except BadInput as problem:
                raise BadInput(
                    said("Article %(number)s: %(problem)s", number=number, problem=problem.args[0]), field=problem.field
                ) from problem
    return Taken(new, len(listed) - new)


def _take(given: Mapping[str, Any], folder: Path, *, publish: bool, examples: bool) -> bool:
    if unknown := sorted(set(given) - _KNOWN):
        raise BadInput(
            said(
                "it has the unknown field '%(name)s'; known: %(known)s.",
                name=unknown[0],
                known=", ".join(sorted(_KNOWN)),
            )
        )
    texts = _texts(given.get("texts"))
    kind = given.get("kind", HelpKind.FAULT)
    if kind not in HelpKind.values:
        raise BadInput(said("kind is '%(kind)s'; it must be fault or guide.", kind=str(kind)[:40]))
    article = HelpArticle(
        kind=kind,
        item=str(given.get("item") or ""),
        category=str(given.get("category") or ""),
        codes="\n".join(map(str, given.get("codes") or ())),
        to_a_person=bool(given.get("to_a_person")),
        is_example=examples,
    )
    articles.resolve(article, registry.default())
    titles = [text.title for text in texts]
    there = HelpArticle.objects.filter(
        object_id=article.object_id, category=article.category, texts__title__in=titles
    ).exists()
    if there:
        return False
    article.save()
    for text in texts:
        text.article = article
    HelpText.objects.bulk_create(texts)
    for position, picture in enumerate(given.get("pictures") or ()):
        _add_picture(article, picture, folder, position)
    if publish:
        articles.move(article, HelpState.PUBLISHED, ledger.SYSTEM)
    return True


def _texts(given: object) -> list[HelpText]:
    if not isinstance(given, Mapping) or not given:
        raise BadInput(said('it has no texts; write them as {"en": {"title": "...", "body": "..."}}.'))
    made = []
    for language, text in given.items():
        if base_code(language) is None:
            raise BadInput(said("'%(language)s' is no language; write it as de or pt-br.", language=str(language)[:40]))
        if not isinstance(text, Mapping) or set(text) - _OF_TEXT or not text.get("title") or not text.get("body"):
            raise BadInput(
                said("its text in '%(language)s' must have title and body, and may have also_said.", language=language)
            )
        said_also = text.get("also_said") or []
        made.append(
            HelpText(
                language=str(language)[:10],
                title=str(text["title"])[:200],
                also_said="\n".join(map(str, said_also)),
                body=str(text["body"]),
            )
        )
    return made


def _add_picture(article: HelpArticle, given: object, folder: Path, position: int) -> None:
    if not isinstance(given, Mapping) or not isinstance(given.get("file"), str):
        raise BadInput(said('a picture must be like {"file": "images/a.jpg", "alt": "what it shows"}.'))
    try:
        data = (folder / given["file"]).read_bytes()
    except OSError as problem:
        raise BadInput(said("its picture '%(file)s' can't be read.", file=given["file"][:100])) from problem
    uploads.photo(data, name=given["file"])
    picture = HelpPicture(article=article, alt=str(given.get("alt") or "")[:200], position=position)
    picture.file.save(Path(given["file"]).name, ContentFile(data), save=True)
