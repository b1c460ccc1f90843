"""An article from draft to withdrawal, and a solved case that becomes a draft without what is personal in it."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from multilingual.languages import base_code
from visual_search.content import objects
from visual_search.errors import BadInput, said
from visual_search.features.customer_service import ledger, scopes
from visual_search.features.customer_service.kinds import CaseState, HelpState, What
from visual_search.features.customer_service.models import HelpArticle, HelpText, ServiceCase
from visual_search.privacy import pii

_TITLE = 120  # characters of a draft's title, which a person rewrites


@transaction.atomic
def move(article: HelpArticle, state: str, actor: str) -> None:
    """Publish, withdraw, or take back. Raises BadInput for a status that there isn't, and for an article without a text."""
    article = HelpArticle.objects.select_for_update().get(pk=article.pk)
    if state not in HelpState.values:
        raise BadInput(said("There is no status '%(state)s'.", state=state[:40]), field="state")
    if state == article.state:
        raise BadInput(said("The article has this status already."), field="state")
    if state == HelpState.PUBLISHED and not article.texts.exists():
        raise BadInput(said("An article without a text can't be published. Write one first."), field="state")
    before, article.state = article.state, state
    article.save(update_fields=["state", "changed_at"])
    ledger.note(actor, article, What.MOVED, {"from": before, "to": state})


@transaction.atomic
def drafted(case: ServiceCase, actor: str) -> HelpArticle:
    """A draft of a solved case: what was written and replied, without mail addresses, phones, names of streets and the like.

    Names of people have no form by which they could be found, so a person reads the draft before it is published. Raises
    BadInput for a case that isn't solved, and for one without a reply.
    """
    replies = list(case.replies.order_by("pk"))
    if case.state != CaseState.SOLVED or not replies:
        raise BadInput(said("Only a solved case with a reply becomes an article."), field="state")
    product = scopes.product(case.object_id, case.language, case.collection)
    article = HelpArticle.objects.create(
        item=(product and product.sku) or case.object_id, collection=case.collection, object_id=case.object_id
    )
    words = masked(case.words)
    HelpText.objects.create(
        article=article,
        language=base_code(case.language) or "en",
        title=" ".join(words.split())[:_TITLE],
        also_said=words,
        body="\n\n".join(masked(reply.text) for reply in replies),
    )
    ledger.note(actor, case, What.DRAFTED, {"article": article.pk})
    ledger.note(actor, article, What.DRAFTED, {"case": case.pk})
    return article


def masked(text: str) -> str:
    """The text without what has a personal form."""
    return pii.scrub(text).text


def resolve(article: HelpArticle, collection: str) -> None:
    """Find the product that the owner named. Raises BadInput where there is none."""
    article.collection = article.object_id = ""
    if not article.item:
        return
    article.object_id = objects.id_of(collection, article.item)
    if not article.object_id:
        raise BadInput(
            said("There is no product '%(item)s'. Write its article number or another code.", item=article.item[:60]),
            field="item",
        )
    article.collection = collection


def note_help(article: HelpArticle, helped: bool) -> None:
    """Somebody said whether the article helped; who it was is not kept."""
    name = "helped" if helped else "not_helped"
    HelpArticle.objects.filter(pk=article.pk).update(**{name: F(name) + 1})
