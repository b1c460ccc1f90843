"""The owner's links between products: from a table, and one by one in the admin."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from visual_search.errors import BadInput
from visual_search.features.recommendations import linking
from visual_search.features.recommendations.models import Build, CuratedLink, Part
from visual_search.features.recommendations.slots import Asked, Slot, SlotKind, Source

pytestmark = pytest.mark.django_db
DEMO = Path(__file__).resolve().parents[3] / "catalog" / "demo"
ADDRESS = "/admin/visual_search_recommendations/curatedlink/"


def table(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def links(shop) -> set[tuple[str, str, str, int, bool]]:
    sku = {str(product.pk): code for code, product in shop.products.items()}
    rows = CuratedLink.objects.values_list("item", "other", "kind", "position", "pinned")
    return {(sku[item], sku[other], *rest) for item, other, *rest in rows}


def test_a_table_is_kept_and_may_be_read_again(furnished) -> None:
    shop = furnished
    data = table(
        "item,other,kind,position,pinned", "sofa-red,lamp-red,,,", f"{shop.id('sofa-red')},MUG-BLUE,similar,3,yes"
    )
    taken = linking.take("products", data)
    assert (taken.new, taken.faults) == (2, [])
    kept = {("sofa-red", "lamp-red", "goes_with", 0, False), ("sofa-red", "mug-blue", "similar", 3, True)}
    assert links(shop) == kept
    assert linking.take("products", data).same == 2
    assert linking.take("products", table("Other,Item,Position", "lamp-red,sofa-red,7")).changed == 1
    assert ("sofa-red", "lamp-red", "goes_with", 7, False) in links(shop)


def test_a_line_with_a_mistake_is_left_out_and_named(furnished) -> None:
    taken = linking.take(
        "products",
        table(
            "item,other,kind,position,pinned", "nosuch,lamp-red,,,", "sofa-red,,,,", "sofa-red,sofa-red,,,",
            "sofa-red,lamp-red,beside,,", "sofa-red,lamp-red,,-1,", "sofa-red,lamp-red,,,maybe", "", "sofa-red,mug-red",
        ),
    )  # fmt: skip
    assert taken.new == 1
    assert taken.faults == [
        "line 2: there is no product 'nosuch' in the index",
        "line 3: it names no two products",
        "line 4: 'sofa-red' is linked with itself",
        "line 5: kind is 'beside'; it must be one of together, goes_with, similar",
        "line 6: position is '-1'; 0 to 1000 are allowed",
        "line 7: pinned is 'maybe'; it must be 1 or 0",
    ]


def test_what_is_no_table_is_refused(furnished) -> None:
    with pytest.raises(BadInput, match="it must name item,other,kind,position,pinned"):
        linking.take("products", table("item,others"))


def test_the_command_says_what_it_took(furnished, tmp_path, capsys) -> None:
    file = tmp_path / "links.csv"
    file.write_bytes(table("item,other", "sofa-red,lamp-red", "sofa-red,gone"))
    call_command("visual_search", "import_links", str(file))
    said = capsys.readouterr()
    assert said.out.strip() == "1 new, 0 changed, 0 as before."
    assert "line 3: there is no product 'gone'" in said.err
    with pytest.raises(CommandError, match="No such file"):
        call_command("visual_search", "import_links", str(tmp_path / "none.csv"))


def test_what_is_linked_is_offered(furnished) -> None:
    from visual_search.features.recommendations.offering import offer  # After the shop's settings stand.

    linking.take(
        "products", table("item,other", *(f"sofa-red,{other}" for other in ("lamp-red", "mug-blue", "chair-red")))
    )
    slot = Slot("goes_with", SlotKind.GOES_WITH, (furnished.id("sofa-red"),))
    [shelf] = offer(Asked("products", (slot,))).shelves
    assert [item.source for item in shelf.items] == [Source.CURATED] * 3
    assert {item.reason for item in shelf.items} == {"Goes with Red sofa"}


def test_the_demo_s_links_name_the_demo_s_products() -> None:
    products, rows = (
        list(csv.DictReader((DEMO / name).read_text(encoding="utf-8").splitlines()))
        for name in ("products.csv", "links.csv")
    )
    known = {row["sku"] for row in products}
    assert len({row["item"] for row in rows}) == 77
    assert {row["item"] for row in rows} | {row["other"] for row in rows} <= known
    assert len({(row["item"], row["other"]) for row in rows}) == len(rows)


def test_the_owner_links_by_article_number(furnished, admin_client) -> None:
    shop = furnished
    form = {"collection": "products", "item": "sofa-red", "other": "lamp-red", "kind": "goes_with", "position": "0"}
    assert admin_client.post(f"{ADDRESS}add/", form).status_code == 302
    assert links(shop) == {("sofa-red", "lamp-red", "goes_with", 0, False)}
    listed = admin_client.get(ADDRESS).content.decode()
    assert "Red sofa" in listed
    assert "Red lamp" in listed
    wrong = admin_client.post(f"{ADDRESS}add/", form | {"other": "nosuch"}).content.decode()
    assert "There is no product “nosuch” in the index." in wrong
    wrong = admin_client.post(f"{ADDRESS}add/", form | {"other": "sofa-red"}).content.decode()
    assert "be linked with itself" in wrong
    assert CuratedLink.objects.count() == 1


def test_staff_see_which_lists_there_are_and_change_none(furnished, admin_client) -> None:
    made = Build.objects.create(collection="products", part=Part.POPULAR, model="popularity", live=True)
    address = "/admin/visual_search_recommendations/build/"
    assert "best sellers" in admin_client.get(address).content.decode()
    assert admin_client.get(f"{address}add/").status_code == 403
    assert admin_client.post(f"{address}{made.pk}/delete/", {"post": "yes"}).status_code == 403
