"""The lexicon grows with saves and is counted anew by a rebuild."""

from __future__ import annotations

from tests.core.conftest import GADGETS, shop  # noqa: F401
from tests.shop.models import Gadget
from visual_search import rebuilding, wiring
from visual_search.content import lexicon
from visual_search.models import Word
from visual_search.types import Document, Text


def kept(**more) -> dict[tuple[str, str], tuple[int, bool]]:
    rows = Word.objects.filter(collection=GADGETS, **more)
    return {(row.language, row.word): (row.objects_having, row.titled) for row in rows}


def test_a_save_brings_its_words(shop):  # noqa: F811
    shop.add("Brass lamp", description="<b>very</b> bright", name_de="Messinglampe")
    shop.index()
    assert kept() == {
        ("en", "brass"): (1, True), ("en", "lamp"): (1, True), ("en", "very"): (1, False), ("en", "bright"): (1, False),
        ("de", "messinglampe"): (1, True),
    }  # fmt: skip
    assert lexicon.of(GADGETS).knows("messinglampe")
    assert lexicon.of(GADGETS).meant("brsas") == "brass"
    assert lexicon.of(GADGETS).meant("brihgt") is None, "Nobody's title has it."


def test_a_word_of_a_description_becomes_one_of_a_title(shop):  # noqa: F811
    shop.add("Lamp", description="bright")
    shop.index()
    shop.add("Bright lamp")
    shop.index()
    assert kept(word="bright") == {("en", "bright"): (1, True)}


def test_what_is_known_is_written_once(shop, django_assert_num_queries):  # noqa: F811
    """A word that titles have from now on is known as such at once: the next save with it has nothing to write."""
    shop.add("Lamp", description="bright")
    shop.index()
    shop.add("Bright lamp")
    shop.index()
    assert lexicon.of(GADGETS).meant("brihgt") == "bright"
    texts = {"en": Text("Bright lamp", "bright")}
    document = Document("x", 1, texts=texts, vectors={}, facets={}, codes=())
    with django_assert_num_queries(0):
        lexicon.note(GADGETS, [document], wiring.schema(GADGETS))


def test_a_rebuild_counts_anew_and_forgets_what_is_gone(shop):  # noqa: F811
    gadgets = [shop.add("Brass lamp"), shop.add("Green lamp"), shop.add("Sofa")]
    shop.index()
    Gadget.objects.filter(pk=gadgets[2].pk).delete()
    rebuilding.rebuild(GADGETS)
    assert kept() == {("en", "brass"): (1, True), ("en", "green"): (1, True), ("en", "lamp"): (2, True)}
    assert not lexicon.of(GADGETS).knows("sofa")


def test_what_another_process_adds_is_seen_after_a_while(shop, monkeypatch):  # noqa: F811
    shop.add("Lamp")
    shop.index()
    assert lexicon.of(GADGETS).knows("lamp")
    Word.objects.create(collection=GADGETS, language="en", word="sofa", titled=True)
    assert not lexicon.of(GADGETS).knows("sofa")
    monkeypatch.setattr(lexicon, "LOOK_SECONDS", 0)
    assert lexicon.of(GADGETS).knows("sofa")


def test_words_that_are_known_are_not_written_again(shop, django_assert_num_queries):  # noqa: F811
    shop.add("Brass lamp")
    shop.index()
    before = list(Word.objects.values_list("pk", flat=True))
    shop.add("Brass lamp")
    shop.index()
    assert list(Word.objects.values_list("pk", flat=True)) == before


def test_a_row_that_becomes_visible_after_a_greater_key_is_not_lost(shop, monkeypatch):  # noqa: F811
    monkeypatch.setattr(lexicon, "LOOK_SECONDS", 0.0)
    first = Word.objects.create(collection=GADGETS, language="en", word="sextant", titled=True)
    Word.objects.create(collection=GADGETS, language="en", word="compass", titled=True)
    pk = first.pk
    first.delete()  # Another process has the key, and its transaction hasn't ended.
    assert lexicon.of(GADGETS).knows("compass")
    assert not lexicon.of(GADGETS).knows("sextant")
    Word.objects.create(pk=pk, collection=GADGETS, language="en", word="sextant", titled=True)
    assert lexicon.of(GADGETS).knows("sextant")
