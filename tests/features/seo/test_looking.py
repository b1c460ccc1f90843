"""What is missing, thin or doubled is named, what is as it should be isn't, and texts are shown once they are confirmed."""

from __future__ import annotations

import io

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.test import Client
from PIL import Image

from catalog.models import Product, ProductImage, ProductText, State
from visual_search import registry
from visual_search.content import readings
from visual_search.features.seo import alternatives, looking
from visual_search.features.seo.models import PagesCheck, PictureText
from visual_search.imaging import copies
from visual_search.models import PictureSight, ShownPicture

PAGE = "/admin/visual_search_seo/pagescheck/"
TEXTS = "/admin/visual_search_seo/picturetext/"
LONG = "A chair of solid oak with four turned legs, oiled by hand."

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def product(sku: str, title: str = "", *, description: str = LONG, pictures: int = 1, wide: int = 800, **more) -> str:
    made = Product.objects.bulk_create([Product(sku=sku, state=State.PUBLISHED, **more)])[0]
    if title:
        ProductText.objects.create(product=made, language="en", title=title, description=description)
    ProductImage.objects.bulk_create(
        [
            ProductImage(product=made, position=place, file=f"{sku}-{place}.jpg", width=wide, height=wide)
            for place in range(pictures)
        ]
    )
    return str(made.pk)


def found(check: PagesCheck) -> dict[str, list[str]]:
    return {name: each["ids"] for name, each in check.findings.items()}


def test_each_finding_names_its_products(settings) -> None:
    settings.LANGUAGES = [("en", "English")]
    product("A", "Oak chair")
    thin = product("B", "Steel desk", description="Grey.")
    bare = product("C", "Lamp", pictures=0)
    silent = product("D", wide=300)
    large = product("E", "Wardrobe " * 9, wide=4000)
    assert found(looking.look("products")) == {
        "thin": [thin, silent],
        "no_picture": [bare],
        "untitled": [silent],
        "small": [silent],
        "huge": [large],
        "long_title": [large],
    }


def test_a_title_is_missing_in_any_language_of_the_pages(settings) -> None:
    settings.LANGUAGES = [("en", "English"), ("pt-br", "Português")]
    half, whole = product("A", "Chair"), product("B", "Table")
    ProductText.objects.create(product_id=whole, language="pt", title="Mesa")
    assert found(looking.look("products"))["untitled"] == [half]


def test_doubled_titles_are_those_of_two_things_and_not_of_one_in_two_colours() -> None:
    head = product("A", "Oak chair")
    product("B", "Oak  CHAIR", parent_id=int(head))
    assert "doubled" not in found(looking.look("products"))
    other = product("C", "oak chair")
    assert found(looking.look("products"))["doubled"] == [head, other]


def shown_as(object_id: str, content: str, image: Image.Image | None = None) -> None:
    ShownPicture.objects.create(
        collection="products", object_id=object_id, picture_id=f"{object_id}-{content}", content_hash=content
    )
    if image is not None:
        PictureSight.objects.get_or_create(
            content_hash=content, maker=readings.maker(), defaults={"thumbnail": copies.thumbnail(image)}
        )


def picture(seed: int) -> Image.Image:
    """Spots of light and colour, unlike those of any other seed."""
    image = Image.new("RGB", (400, 400), "white")
    for n in range(12):
        at = (seed * 97 + n * 61) % 340, (seed * 53 + n * n * 29) % 340
        image.paste(((n * 40) % 256, (seed * 70) % 256, (n * 90) % 256), (*at, at[0] + 60, at[1] + 60))
    return image


def test_pictures_that_show_the_same_are_found_at_another_size_and_in_another_compression() -> None:
    one, other, third, fourth = (product(sku, f"Thing {sku}") for sku in "ABCD")
    buffer = io.BytesIO()
    picture(1).resize((250, 250), Image.Resampling.LANCZOS).save(buffer, "JPEG", quality=60)
    shown_as(one, "a", picture(1))
    shown_as(other, "b", Image.open(buffer).convert("RGB"))
    shown_as(third, "c", picture(2))
    shown_as(fourth, "d", picture(3))
    assert found(looking.look("products"))["alike"] == [one, other]


def test_the_same_file_is_found_without_a_reader_and_a_family_may_share_it() -> None:
    head = product("A", "Chair")
    variant, stranger = product("B", "Red chair", parent_id=int(head)), product("C", "Stool")
    shown_as(head, "same")
    shown_as(variant, "same")
    assert "alike" not in found(looking.look("products"))
    shown_as(stranger, "same")
    assert found(looking.look("products"))["alike"] == [head, variant, stranger]


# --- Texts in place of pictures


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("Oak chair",), "Oak chair"),
        (("Oak chair", "brown"), "Oak chair, brown"),
        (("Brown chair", "brown"), "Brown chair"),
        (("Oak chair", "", "view", 2), "Oak chair, another view, picture 2"),
        (("Oak chair", "", "main", 3), "Oak chair, picture 3"),
        (("Oak chair", "", "scene", 1), "Oak chair, in a scene"),
    ],
)
def test_a_proposal_says_title_colour_and_view(words: tuple, text: str) -> None:
    assert alternatives.proposal(*words) == text


def test_a_proposal_is_no_longer_than_what_anybody_listens_to() -> None:
    assert len(alternatives.proposal("long " * 60, "red")) <= alternatives.LONGEST


def test_texts_are_proposed_in_each_language_and_a_confirmed_one_stays(client: Client) -> None:
    id = product("A", "Chair", colour="red", pictures=2)
    ProductText.objects.create(product_id=id, language="de", title="Stuhl")
    image = ProductImage.objects.filter(product=id).order_by("position")[0]
    assert looking.propose("products") == 2 * 8
    row = PictureText.objects.get(picture_id=str(image.pk), language="de")
    assert row.text == "Stuhl, rot"
    assert "Stuhl, rot" in client.get("/de/p/A/").content.decode()

    owner = get_user_model().objects.create_superuser("owner", password="x")
    client.force_login(owner)
    assert client.post(f"{TEXTS}{row.pk}/change/", {"text": "Roter Stuhl am Fenster"}).status_code == 302
    row.refresh_from_db()
    assert (row.confirmed_by, row.confirmed_at is not None) == (owner, True)
    assert 'alt="Roter Stuhl am Fenster"' in client.get("/de/p/A/").content.decode()
    assert "Roter Stuhl" not in client.get("/en/p/A/").content.decode()

    ProductText.objects.filter(product_id=id, language="de").update(title="Sessel")
    looking.propose("products")
    assert PictureText.objects.get(pk=row.pk).text == "Roter Stuhl am Fenster"
    assert PictureText.objects.filter(language="de", text__startswith="Sessel, rot").count() == 1
    assert PictureText.objects.count() == 16


def test_a_proposal_counts_for_nothing_until_it_is_confirmed(client: Client) -> None:
    id = product("A", "Chair")
    looking.propose("products")
    PictureText.objects.update(text="Wrong")
    assert "Wrong" not in client.get("/en/p/A/").content.decode()
    assert found(looking.look("products"))["unconfirmed"] == [id]
    Product.objects.filter(pk=id).update(state=State.ARCHIVED)
    assert "unconfirmed" not in found(looking.look("products"))


def test_an_object_that_the_source_cannot_describe_costs_the_others_nothing(owner: Client, monkeypatch) -> None:
    broken, whole = product("A", "Chair"), product("B", "Table")
    source = type(registry.source("products"))

    def failing(method):
        def read(self, obj, *more):
            if obj.sku == "A":
                raise ValueError("it has no words")
            return method(self, obj, *more)

        return read

    for name in ("card", "texts"):
        monkeypatch.setattr(source, name, failing(getattr(source, name)))
    assert owner.post(PAGE, {"propose": ""}).status_code == 302
    assert set(PictureText.objects.values_list("object_id", flat=True)) == {whole}
    assert found(PagesCheck.objects.get())["unread"] == [broken]
    assert owner.get(PAGE).status_code == 200


# --- The pages of staff


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(get_user_model().objects.create_superuser("owner", password="x"))
    return client


def test_the_page_looks_and_links_to_the_products(owner: Client) -> None:
    assert "Nobody has looked through the pages yet" in owner.get(PAGE).content.decode()
    id = product("A", "Chair", pictures=0)
    assert owner.post(PAGE, {"look": ""}).status_code == 302
    page = owner.get(PAGE).content.decode()
    assert f"/admin/catalog/product/{id}/change/" in page
    assert PagesCheck.objects.get().objects_read == 1


def test_the_page_proposes_and_texts_are_confirmed_together(owner: Client) -> None:
    product("A", "Chair")
    owner.post(PAGE, {"propose": ""})
    rows = PictureText.objects.filter(confirmed_at__isnull=True)
    assert rows.count() == 8
    listed = owner.get(f"{TEXTS}?confirmed_at__isempty=1").content.decode()
    assert "A-0.jpg" in listed
    chosen = list(rows.values_list("pk", flat=True)[:3])
    owner.post(TEXTS, {"action": "confirm", "_selected_action": chosen})
    assert rows.count() == 5


def test_staff_may_only_do_what_they_were_allowed(client: Client) -> None:
    user = get_user_model().objects.create_user("jo", password="x", is_staff=True)
    client.force_login(user)
    assert client.get(PAGE).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_pagescheck"))
    assert client.get(PAGE).status_code == 200
    assert client.post(PAGE, {"propose": ""}).status_code == 403


def test_the_command_prints_what_it_found_and_refuses_an_unknown_collection() -> None:
    product("A", "Chair", pictures=0)
    said = io.StringIO()
    call_command("visual_search", "check_seo", propose=True, stdout=said)
    assert "products: 1 pages" in said.getvalue()
    assert "no_picture: 1" in said.getvalue()
    with pytest.raises(CommandError, match="--collection is 'shoes'; those with pages are: products"):
        call_command("visual_search", "check_seo", collection="shoes")
