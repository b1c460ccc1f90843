"""What changes in related rows is in the index after `index_pending()`, whatever way leads from them to the objects."""

from __future__ import annotations

import logging

import pytest
from django.core import serializers
from django.core.management import call_command
from django.db import transaction

from tests.shop.models import (
    Badge,
    Brand,
    Campaign,
    GoldLabel,
    Item,
    Label,
    Line,
    Place,
    Remark,
    RenamedLabel,
    Review,
    Sentence,
    SpecialItem,
)
from visual_search import indexing, receivers, registry, wiring
from visual_search.models import IndexEntry, State
from visual_search.registry import Source
from visual_search.signals import objects_changed
from visual_search.types import Card, EngineQuery, Text, WordsLeg


def named_items(remark):
    return remark.items.split()


def words_of(item) -> list[str]:
    """Everything that any related row says of an item."""
    labels = Label.objects.filter(item__in=[item, *item.variants.all()])
    return [
        item.line.brand.name if item.line else "",
        *labels.values_list("words", flat=True),
        *Sentence.objects.filter(label__in=labels).values_list("words", flat=True),
        *(badge.name for badge in item.badges.all()),
        *Campaign.objects.filter(badges__items=item).values_list("name", flat=True),
        *Campaign.objects.filter(items=item).values_list("name", flat=True),
        *(f"carat{gold.carat}" for gold in GoldLabel.objects.filter(item=item)),
        *item.reviews.values_list("words", flat=True),
        *(remark.words for remark in Remark.objects.all() if str(item.pk) in remark.items.split()),
    ]


class Items(Source):
    model = Item
    collection = "items"
    watch = {
        Sentence: ["label__item__parent", "label__item"],
        RenamedLabel: ("item", "item__parent"),
        GoldLabel: "item",
        Brand: "lines__items",
        Badge: "items",
        Campaign: ["badges__items", "items"],
        Remark: named_items,
        Review: "item",
    }

    def texts(self, item):
        return {"en": Text(item.name, " ".join(words_of(item)))}

    def card(self, item, language=None):
        return Card(id=str(item.pk), sku="", title=item.name, url="/")


class Specials(Items):
    """A source of a child model."""

    model = SpecialItem
    collection = "specials"
    watch = {}


class Harness:
    def only(self, source: type[Source]) -> None:
        """This is the one registered source."""
        registry._sources.clear()
        registry.register(source)
        receivers.connect()

    def item(self, name="thing", **fields) -> Item:
        return Item.objects.create(name=name, **fields)

    def settle(self) -> None:
        assert indexing.index_pending().failed == 0

    def noted(self, collection="items") -> list[int]:
        pending = IndexEntry.objects.filter(collection=collection, state=State.PENDING)
        return sorted(int(id) for id in pending.values_list("object_id", flat=True))

    def found(self, word: str, collection="items") -> list[int]:
        """Ids of the objects that the index finds by this word, once what is pending is done."""
        self.settle()
        answer = wiring.engine().search(collection, EngineQuery((WordsLeg("words", word, ("en",), 10),)))
        return sorted(int(hit.id) for hit in answer.legs[0].hits)


@pytest.fixture
def watched(unsaved_shop, monkeypatch):
    monkeypatch.setattr(registry, "_sources", {"items": Items(), "specials": Specials()})
    receivers.connect()
    yield Harness()
    monkeypatch.undo()
    receivers.connect()


@pytest.fixture
def items(watched, db):
    return watched


@pytest.mark.usefixtures("items")
class TestPaths:
    def test_three_steps(self, items):
        parent = items.item("parent")
        child = items.item("child", parent=parent)
        items.item("other")
        sentence = Sentence.objects.create(label=Label.objects.create(item=child), words="amber")
        assert items.found("amber") == [parent.pk, child.pk]
        sentence.words = "cobalt"
        sentence.save()
        assert items.noted() == [parent.pk, child.pk]
        assert items.found("cobalt") == [parent.pk, child.pk]
        assert items.found("amber") == []
        sentence.delete()
        assert items.found("cobalt") == []

    def test_a_row_that_moves_changes_both_ends(self, items):
        first, second = items.item("first"), items.item("second")
        labels = [Label.objects.create(item=item) for item in (first, second)]
        sentence = Sentence.objects.create(label=labels[0], words="amber")
        assert items.found("amber") == [first.pk]
        sentence.label = labels[1]
        sentence.save()
        assert items.noted() == [first.pk, second.pk]
        assert items.found("amber") == [second.pk]

    def test_a_move_at_the_second_step_changes_both_ends(self, items):
        first, second = items.item("first"), items.item("second")
        child = items.item("child", parent=first)
        Sentence.objects.create(label=Label.objects.create(item=child), words="amber")
        assert items.found("amber") == [first.pk, child.pk]
        child.parent = second
        child.save()
        assert items.noted() == [first.pk, second.pk, child.pk]
        assert items.found("amber") == [second.pk, child.pk]

    @pytest.mark.parametrize("fields", [["label"], ["label_id"]])
    def test_a_move_of_named_columns(self, items, fields):
        first, second = items.item("first"), items.item("second")
        sentence = Sentence.objects.create(label=Label.objects.create(item=first), words="amber")
        items.settle()
        sentence.label = Label.objects.create(item=second)
        items.settle()
        sentence.save(update_fields=fields)
        assert items.noted() == [first.pk, second.pk]

    def test_a_reverse_path(self, items):
        brand = Brand.objects.create(name="Acme")
        item = items.item(line=Line.objects.create(brand=brand))
        assert items.found("Acme") == [item.pk]
        brand.name = "Zenith"
        brand.save()
        assert items.noted() == [item.pk]
        assert items.found("Zenith") == [item.pk]

    def test_a_row_in_the_middle_of_a_reverse_path_that_moves(self, items):
        acme, zenith = Brand.objects.create(name="Acme"), Brand.objects.create(name="Zenith")
        line = Line.objects.create(brand=acme)
        item = items.item(line=line)
        assert items.found("Acme") == [item.pk]
        line.save()
        assert items.noted() == []
        line.brand = zenith
        line.save()
        assert items.found("Zenith") == [item.pk]

    def test_a_row_in_the_middle_that_is_deleted(self, items):
        item = items.item(line=Line.objects.create(brand=Brand.objects.create(name="Acme")))
        assert items.found("Acme") == [item.pk]
        item.line.delete()
        assert items.found("Acme") == []

    def test_a_row_with_the_key_of_a_stored_one_replaces_it(self, items):
        first, second = items.item("first"), items.item("second")
        labels = [Label.objects.create(item=item) for item in (first, second)]
        old = Sentence.objects.create(label=labels[0], words="amber")
        assert items.found("amber") == [first.pk]
        Sentence(pk=old.pk, label=labels[1], words="amber").save()
        assert items.found("amber") == [second.pk]

    def test_a_generic_relation(self, items):
        first, second = items.item("first"), items.item("second")
        review = Review.objects.create(about=first, words="amber")
        assert items.found("amber") == [first.pk]
        review.about = second
        review.save()
        assert items.noted() == [first.pk, second.pk]
        assert items.found("amber") == [second.pk]
        review.about = Brand.objects.create(pk=second.pk, name="Acme")
        review.save()
        assert items.found("amber") == []

    def test_the_middle_of_a_path_that_only_repeats_itself_notes_nothing(self, items):
        child = items.item("child", parent=items.item("parent"))
        items.settle()
        child.save()
        assert items.noted() == [child.pk]


@pytest.mark.usefixtures("items")
class TestCost:
    """Queries of one save inside a transaction; the save itself and the note's own UPDATE are among them."""

    def test_the_row_says_the_id(self, items, django_assert_num_queries):
        class Plain(Items):
            watch = {Label: "item"}

        items.only(Plain)
        label = Label(item=items.item())
        with django_assert_num_queries(2), transaction.atomic(savepoint=False):
            label.save()

    def test_a_path_costs_one_query(self, items, django_assert_num_queries):
        class Deep(Items):
            watch = {Sentence: "label__item"}

        items.only(Deep)
        sentence = Sentence.objects.create(label=Label.objects.create(item=items.item()), words="amber")
        with django_assert_num_queries(3), transaction.atomic(savepoint=False):
            sentence.save()
        # A new row: INSERT, the way, the note.
        with django_assert_num_queries(3), transaction.atomic(savepoint=False):
            Sentence.objects.create(label=sentence.label, words="cobalt")

    def test_a_model_that_nobody_watches_costs_nothing(self, items, django_assert_num_queries):
        class Alone(Items):
            watch = {}

        items.only(Alone)
        brand = Brand.objects.create(name="Acme")
        with django_assert_num_queries(1), transaction.atomic(savepoint=False):
            brand.save()


@pytest.mark.usefixtures("items")
class TestManyToMany:
    @pytest.fixture
    def rows(self, items):
        item, badge, other = items.item(), Badge.objects.create(name="fair"), Badge.objects.create(name="round")
        campaign = Campaign.objects.create(name="spring")
        badge.items.add(item)
        badge.campaigns.add(campaign)
        other.items.add(items.item("other"))
        items.settle()
        return item, badge, other, campaign

    def test_a_row_two_relations_away(self, items, rows):
        item, _, _, campaign = rows
        assert items.found("spring") == [item.pk]
        campaign.name = "autumn"
        campaign.save()
        assert items.found("autumn") == [item.pk]

    @pytest.mark.parametrize(
        "change",
        [
            lambda item, badge, campaign: badge.campaigns.remove(campaign),
            lambda item, badge, campaign: badge.campaigns.clear(),
            lambda item, badge, campaign: badge.campaigns.set([]),
            lambda item, badge, campaign: campaign.badges.remove(badge),
            lambda item, badge, campaign: campaign.badges.clear(),
            lambda item, badge, campaign: campaign.badges.set([]),
            lambda item, badge, campaign: badge.items.remove(item),
            lambda item, badge, campaign: badge.items.clear(),
            lambda item, badge, campaign: item.badges.set([]),
            lambda item, badge, campaign: item.badges.clear(),
            lambda item, badge, campaign: badge.delete(),
            lambda item, badge, campaign: campaign.delete(),
        ],
    )
    def test_a_pair_that_goes(self, items, rows, change):
        item, badge, _, campaign = rows
        change(item, badge, campaign)
        assert items.noted() == [item.pk]
        assert items.found("spring") == []

    @pytest.mark.parametrize(
        "change",
        [
            lambda other, campaign: other.campaigns.add(campaign),
            lambda other, campaign: campaign.badges.add(other),
            lambda other, campaign: campaign.badges.set([other]),
        ],
    )
    def test_a_pair_that_comes(self, items, rows, change):
        _, _, other, campaign = rows
        change(other, campaign)
        assert other.items.get().pk in items.found("spring")

    def test_a_relation_with_a_model_of_its_own(self, items):
        first, second = items.item("first"), items.item("second")
        campaign = Campaign.objects.create(name="spring")
        place = Place.objects.create(campaign=campaign, item=first)
        assert items.found("spring") == [first.pk]
        place.item = second
        place.save()
        assert items.found("spring") == [second.pk]
        place.delete()
        assert items.found("spring") == []
        campaign.items.add(first)
        assert items.found("spring") == [first.pk]
        first.campaigns.clear()
        assert items.found("spring") == []


@pytest.mark.usefixtures("items")
class TestFunctions:
    def test_a_function_names_the_objects(self, items):
        first, second = items.item("first"), items.item("second")
        remark = Remark.objects.create(items=f"{first.pk}", words="amber")
        assert items.found("amber") == [first.pk]
        remark.items = f"{second.pk}"
        remark.save()
        assert items.noted() == [first.pk, second.pk]
        assert items.found("amber") == [second.pk]
        remark.delete()
        assert items.found("amber") == []

    def test_one_that_fails_is_logged_and_the_row_is_saved(self, items, monkeypatch, caplog):
        class Failing(Items):
            watch = {Remark: lambda remark: [1 / 0]}

        items.only(Failing)
        with caplog.at_level(logging.ERROR):
            remark = Remark.objects.create()
        assert Remark.objects.filter(pk=remark.pk).exists()
        assert "Failing.watch has a function that failed" in caplog.text

    def test_it_may_give_objects(self, items):
        class Objects(Items):
            watch = {Remark: lambda remark: Item.objects.filter(name=remark.words)}

        items.only(Objects)
        item = items.item("amber")
        items.settle()
        Remark.objects.create(words="amber")
        assert items.noted() == [item.pk]


@pytest.mark.usefixtures("items")
class TestInheritance:
    def test_the_parents_row_of_an_object_is_saved(self, items):
        special = SpecialItem.objects.create(name="amber")
        plain = items.item("plain")
        assert items.found("amber", "specials") == [special.pk]
        Item.objects.get(pk=special.pk).save()
        plain.save()
        assert items.noted("specials") == [special.pk]
        row = Item.objects.get(pk=special.pk)
        row.name = "cobalt"
        row.save()
        assert items.found("cobalt", "specials") == [special.pk]
        row.delete()
        assert items.found("cobalt", "specials") == []
        assert not IndexEntry.objects.filter(collection="specials", object_id=str(plain.pk)).exists()

    def test_a_parents_row_of_a_watched_model_moves(self, items):
        class Golden(Items):
            watch = {GoldLabel: "item"}

        items.only(Golden)
        first, second = items.item("first"), items.item("second")
        gold = GoldLabel.objects.create(item=first, carat=24)
        Label.objects.create(item=second)
        assert items.found("carat24") == [first.pk]
        row = Label.objects.get(pk=gold.pk)
        row.item = second
        row.save()
        assert items.found("carat24") == [second.pk]
        Label.objects.create(item=second)
        assert items.noted() == []

    def test_a_proxy_stands_for_its_model_and_back(self, items):
        item = items.item()
        label = Label.objects.create(item=item, words="amber")
        assert items.found("amber") == [item.pk]
        renamed = RenamedLabel.objects.get(pk=label.pk)
        renamed.words = "cobalt"
        renamed.save()
        assert items.found("cobalt") == [item.pk]
        label.refresh_from_db()
        label.words = "denim"
        label.save()
        assert items.found("denim") == [item.pk]


@pytest.mark.usefixtures("items")
class TestDeletes:
    def test_a_cascade_reaches_a_watched_model(self, items):
        parent = items.item("parent")
        child = items.item("child", parent=parent)
        Sentence.objects.create(label=Label.objects.create(item=child), words="amber")
        assert items.found("amber") == [parent.pk, child.pk]
        Label.objects.all().delete()
        assert items.found("amber") == []

    def test_a_cascade_over_several_models(self, items):
        brand = Brand.objects.create(name="Acme")
        item = items.item(line=Line.objects.create(brand=brand))
        assert items.found("Acme") == [item.pk]
        Brand.objects.filter(pk=brand.pk).delete()
        assert items.found("Acme") == []

    def test_the_object_goes_with_all_that_belongs_to_it(self, items):
        item = items.item("amber")
        Sentence.objects.create(label=Label.objects.create(item=item), words="amber")
        pk = item.pk
        items.settle()
        item.delete()
        assert items.noted() == [pk]
        assert items.found("amber") == []


@pytest.mark.usefixtures("items")
class TestFixtures:
    def test_loaddata_is_noted(self, items, tmp_path):
        first, second = items.item("first"), items.item("second")
        label = Label.objects.create(item=first, words="amber")
        special = SpecialItem.objects.create(name="denim")
        assert items.found("amber") == [first.pk]
        label.item = second
        rows = [label, Item(pk=second.pk, name="cobalt"), *SpecialItem.objects.all()]
        path = tmp_path / "rows.json"
        path.write_text(serializers.serialize("json", rows))
        call_command("loaddata", path, verbosity=0)
        assert items.noted() == [first.pk, second.pk, special.pk]
        assert items.noted("specials") == [special.pk]
        assert items.found("amber") == [second.pk]
        assert items.found("cobalt") == [second.pk]

    def test_rows_may_stand_in_any_order(self, items, tmp_path):
        parent = items.item("parent")
        items.settle()
        item, label = Item(pk=700, name="child", parent=parent), Label(pk=7, item_id=700)
        path = tmp_path / "rows.json"
        path.write_text(serializers.serialize("json", [Sentence(pk=7, label_id=7, words="amber"), label, item]))
        call_command("loaddata", path, verbosity=0)
        assert items.found("amber") == [parent.pk, 700]


@pytest.mark.usefixtures("items")
class TestWithoutSignals:
    def test_announced_rows_lead_to_their_objects(self, items):
        parent = items.item("parent")
        child = items.item("child", parent=parent)
        label = Label.objects.create(item=child)
        remark = Remark.objects.create(items=str(child.pk))
        items.settle()
        (sentence,) = Sentence.objects.bulk_create([Sentence(label=label, words="amber")])
        assert items.noted() == []
        objects_changed.send(Sentence, ids=[sentence.pk])
        assert items.found("amber") == [parent.pk, child.pk]
        Remark.objects.update(words="cobalt")
        objects_changed.send(Remark, ids=[remark.pk])
        assert items.found("cobalt") == [child.pk]


class Elsewhere:
    """A router that keeps items in another database than the outbox."""

    def db_for_read(self, model, **hints):
        return "other" if model in {Item, SpecialItem, Label} else None

    db_for_write = db_for_read


class TestAnotherDatabase:
    @pytest.fixture
    def remote(self, watched, settings, transactional_db):
        class Few(Items):
            watch = {Label: "item"}

            def texts(self, item):
                return {"en": Text(item.name, " ".join(item.labels.values_list("words", flat=True)))}

        settings.DATABASE_ROUTERS = ["tests.core.test_watching.Elsewhere"]
        watched.only(Few)
        return watched

    @pytest.mark.django_db(transaction=True, databases=["default", "other"])
    def test_a_change_is_indexed_after_its_own_transaction(self, remote):
        item = remote.item("amber")
        assert remote.found("amber") == [item.pk]
        with transaction.atomic(using="other"):
            item.name = "cobalt"
            item.save()
            # A worker that looks now would see what was there before, and settle the entry for good.
            assert indexing.index_pending().indexed == 0
        assert remote.found("cobalt") == [item.pk]
        with transaction.atomic(using="other"):
            Label.objects.create(item=item, words="denim")
            assert indexing.index_pending().indexed == 0
        assert remote.found("denim") == [item.pk]
        with transaction.atomic(using="other"):
            item.delete()
            assert indexing.index_pending().indexed == 0
        assert remote.found("cobalt") == []

    @pytest.mark.django_db(transaction=True, databases=["default", "other"])
    def test_a_process_killed_between_the_two_commits_leaves_a_note(self, remote):
        item = remote.item("amber")
        remote.settle()
        with transaction.atomic(using="other"):
            item.name = "cobalt"
            item.save()
            transaction.get_connection("other").run_on_commit.clear()
        entry = IndexEntry.objects.get(collection="items", object_id=str(item.pk))
        assert entry.state == State.PENDING
        assert entry.next_attempt_at > entry.updated_at
        IndexEntry.objects.update(next_attempt_at=None)
        assert remote.found("cobalt") == [item.pk]

    @pytest.mark.django_db(transaction=True, databases=["default", "other"])
    def test_a_rollback_there_changes_nothing(self, remote):
        item = remote.item("amber")
        remote.settle()
        with transaction.atomic(using="other"):
            item.name = "cobalt"
            item.save()
            transaction.set_rollback(True, using="other")
        IndexEntry.objects.update(next_attempt_at=None)
        assert remote.found("amber") == [item.pk]
