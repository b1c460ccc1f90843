"""Run inside the Oscar shop, in a process that serves: change after change, and how long until a search shows it.

Prints one JSON object: for each change how it is noticed ("signal", "announced" or "deep") and the seconds after its commit.
"""

import io
import json
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from oscar.apps.catalogue.models import Category, Product, ProductImage
from oscar.apps.dashboard.catalogue.forms import CategoryForm
from oscar.apps.partner.models import Partner, StockRecord

from visual_search.models import IndexEntry
from visual_search.signals import objects_changed

shopper = Client(SERVER_NAME="localhost")
more = sorted(Path("more").glob("*.jpg"))
seen_after = {}


def answer(**question):
    if "filters" in question:
        question["filters"] = json.dumps(question["filters"])
    photo = question.get("image")
    if photo:
        with photo.open("rb") as file:
            response = shopper.post("/api/v1/search", {**question, "image": file, "read": "false", "page_size": 50})
    else:
        response = shopper.post("/api/v1/search", {**question, "page_size": 50})
    assert response.status_code == 200, response.content
    return response.json()


def hits(**question):
    return answer(**question)["hits"]


def found(**question):
    return [hit["id"] for hit in hits(**question)]


def first(id, **question):
    return found(**question)[:1] == [str(id)]


def shown_by(image, photo):
    """Whether the photo finds a product by just this picture, before all others."""
    return any(hit["picture"] == str(image.pk) for hit in hits(image=photo)[:1])


def until(is_seen, name):
    """Seconds from now to the beginning of the first search that shows it."""
    start = asked = time.monotonic()
    while not is_seen():
        assert asked - start < 60, f"{name}: no search shows it"
        time.sleep(0.05)
        asked = time.monotonic()
    return round(asked - start, 2)


def settled():
    return not IndexEntry.objects.due().exists() and not IndexEntry.objects.exclude(state="indexed").exists()


def change(name, do, is_seen):
    """A change that the shop's own code makes is noticed by itself."""
    assert not is_seen(), f"{name}: seen before it was done"
    with transaction.atomic():
        do()
    seen_after[name] = ["signal", until(is_seen, name)]
    until(settled, name)


def silent(name, do, is_seen, announced=None, at_once=lambda: True):
    """Django tells nobody of this one: it is announced by the shop, or found by a deep reconcile."""
    assert not is_seen(), f"{name}: seen before it was done"
    with transaction.atomic():
        do()
    assert settled(), f"{name}: it was noted"
    assert not is_seen(), f"{name}: seen without a note"
    assert at_once(), f"{name}: what shoppers see is stale"
    if announced:
        objects_changed.send(announced[0], ids=announced[1])
        seen_after[name] = ["announced", until(is_seen, name)]
    else:
        start = time.monotonic()
        with redirect_stdout(io.StringIO()):
            call_command("visual_search", "reconcile", "--deep")
        assert is_seen(), f"{name}: a deep reconcile didn't find it"
        seen_after[name] = ["deep", round(time.monotonic() - start, 2)]
    until(settled, name)


def setting(row, **values):
    for field, value in values.items():
        setattr(row, field, value)
    row.save()


hits(q="warm up")
parent = Product.objects.filter(structure=Product.PARENT).order_by("pk").first()
children = list(parent.children.order_by("pk"))
records = list(StockRecord.objects.filter(product__parent=parent).order_by("pk"))
single, other, third = Product.objects.filter(structure=Product.STANDALONE, is_public=True).order_by("pk")[:3]
elsewhere = Product.objects.filter(structure=Product.STANDALONE, is_public=True).order_by("pk").last()
room = parent.categories.get()

# --- Prices and stock ---
change(
    "price of a variant",
    lambda: setting(records[-1], price=777),
    lambda: found(filters={"price": {"gte": 700}}) == [str(parent.pk)],
)
assert hits(filters={"price": {"gte": 700}})[0]["price"] == "777.00 GBP"
change(
    "price of a product without variants",
    lambda: setting(single.stockrecords.get(), price=888),
    lambda: found(filters={"price": {"gte": 800}}) == [str(single.pk)],
)
change(
    "last pieces of all variants ordered (`allocate`)",
    lambda: [record.allocate(5) for record in records],
    lambda: str(parent.pk) not in found(filters={"in_stock": True}),
)
change(
    "a variant back in stock",
    lambda: setting(records[1], num_in_stock=20),
    lambda: str(parent.pk) in found(filters={"in_stock": True}),
)

# --- Pictures ---
image = ProductImage(product=single, display_order=7)
change(
    "picture added",
    lambda: image.original.save("added.jpg", ContentFile(more[0].read_bytes())),
    lambda: shown_by(image, more[0]),
)
change(
    "picture replaced by another file",
    lambda: image.original.save("changed.jpg", ContentFile(more[1].read_bytes())),
    lambda: shown_by(image, more[1]),
)
assert not shown_by(image, more[0])
of_child = ProductImage(product=children[0])
change(
    "picture of a variant added",
    lambda: of_child.original.save("variant.jpg", ContentFile(more[2].read_bytes())),
    lambda: shown_by(of_child, more[2]),
)
change(
    "picture moved to another product",
    lambda: setting(ProductImage.objects.get(pk=of_child.pk), product=other),
    lambda: first(other.pk, image=more[2]),
)
removed = str(image.pk)
change("picture removed", image.delete, lambda: all(hit["picture"] != removed for hit in hits(image=more[1])))

# --- Words and categories ---
change(
    "title and description",
    lambda: setting(third, title="Quincunx", description="<p>of&nbsp;zebrawood</p>"),
    lambda: first(third.pk, q="quincunx") and first(third.pk, q="zebrawood"),
)
change(
    "code of a variant",
    lambda: setting(children[1], upc="4006381333931"),
    lambda: first(parent.pk, q="4006381333931"),
)
home = Category.objects.get(depth=1)
change(
    "category renamed, above the products' own",
    lambda: setting(home, name="House"),
    lambda: str(parent.pk) in found(filters={"category": [f"House > {room.name}"]}),
)
attic = Category.add_root(name="Attic")


def move_in_dashboard():
    node = Category.objects.get(pk=room.pk)
    values = {"name": node.name, "slug": node.slug, "is_public": "on"}
    values |= {"treebeard_position": "first-child", "treebeard_ref_node": attic.pk}
    form = CategoryForm(values, instance=node)
    assert form.is_valid(), form.errors
    form.save()


change(
    "category moved in the dashboard",
    move_in_dashboard,
    lambda: str(parent.pk) in found(filters={"category": [f"Attic > {room.name}"]}),
)
change(
    "product put into one more category",
    lambda: elsewhere.categories.add(attic),
    lambda: str(elsewhere.pk) in found(filters={"category": ["Attic"]}),
)
change(
    "category hidden",
    lambda: setting(Category.objects.get(pk=attic.pk), is_public=False),
    lambda: found(filters={"category": ["Attic"]}) == [],
)
change(
    "category shown",
    lambda: setting(Category.objects.get(pk=attic.pk), is_public=True),
    lambda: str(parent.pk) in found(filters={"category": ["Attic"]}),
)
change(
    "category deleted",
    lambda: Category.objects.get(pk=attic.pk).delete(),
    lambda: found(filters={"category": ["Attic"]}) == [],
)

# --- What is there ---
change("product unpublished", lambda: setting(third, is_public=False), lambda: str(third.pk) not in found(q="quincunx"))
change("product published", lambda: setting(third, is_public=True), lambda: first(third.pk, q="quincunx"))
change(
    "variant unpublished",
    lambda: setting(children[1], is_public=False),
    lambda: not first(parent.pk, q="4006381333931"),
)
new = Product(upc="NEW-1", title="Astrolabe", product_class=single.product_class)


def bring():
    new.save()
    partner = Partner.objects.get()
    StockRecord.objects.create(product=new, partner=partner, partner_sku="N", price=5, num_in_stock=1)
    ProductImage(product=new).original.save("new.jpg", ContentFile(more[3].read_bytes()))


change("product added, with a picture", bring, lambda: first(new.pk, q="astrolabe") and first(new.pk, image=more[3]))
gone = str(new.pk)
change("product deleted", new.delete, lambda: gone not in found(image=more[3]))
gone = str(parent.pk)
change(
    "`queryset.delete()` of a variant's stock record",
    StockRecord.objects.filter(pk=records[-1].pk).delete,
    lambda: found(filters={"price": {"gte": 700, "lte": 800}}) == [],
)

# --- Without signals ---
mine = Product.objects.filter(pk=other.pk)
silent(
    "`queryset.update()` of a title", lambda: mine.update(title="Theodolite"), lambda: first(other.pk, q="theodolite")
)
silent(
    "`queryset.update()` of a title, announced by `objects_changed`",
    lambda: mine.update(title="Sextant"),
    lambda: first(other.pk, q="sextant"),
    announced=(Product, [other.pk]),
)
record = other.stockrecords.get()
record.price = 999
silent(
    "`bulk_update()` of prices",
    lambda: StockRecord.objects.bulk_update([record], ["price"]),
    lambda: found(filters={"price": {"gte": 900}}) == [str(other.pk)],
)
record.price = 1999
silent(
    "`bulk_update()` of prices, announced by `objects_changed`",
    lambda: StockRecord.objects.bulk_update([record], ["price"]),
    lambda: found(filters={"price": {"gte": 1900}}) == [str(other.pk)],
    announced=(StockRecord, [record.pk]),
)
dear = {"price": {"gte": 1900}}
silent(
    "`queryset.update()` of `is_public`",
    lambda: mine.update(is_public=False),
    lambda: answer(filters=dear)["total"]["value"] == 0,
    at_once=lambda: found(filters=dear) == [],  # a hit is read from the database before it is shown
)
tree = Category.objects.get(pk=home.pk).get_children().first()
names = Product.objects.filter(categories=tree, is_public=True).exclude(pk=other.pk)
silent(
    "category moved by treebeard's `move()` alone",
    lambda: tree.move(Category.add_root(name="Cellar"), "first-child"),
    lambda: sorted(found(filters={"category": [f"Cellar > {tree.name}"]})) == sorted(str(item.pk) for item in names),
)
sys.stdout.write(json.dumps(seen_after))
