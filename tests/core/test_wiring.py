"""Settings become one engine and one encoder a process; a mistake is named with its mend."""

from __future__ import annotations

import os
import threading

import pytest

from multilingual.languages import LANGUAGES
from tests.core.conftest import GADGETS
from visual_search import wiring
from visual_search.errors import ConfigurationError

pytestmark = pytest.mark.usefixtures("unsaved_shop")


def test_each_part_is_built_once():
    assert wiring.engine() is wiring.engine()
    assert wiring.encoder() is wiring.encoder()


def test_threads_get_the_same_part():
    found = []
    threads = [threading.Thread(target=lambda: found.append(wiring.encoder())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(part) for part in found}) == 1


def test_changed_settings_build_anew_and_close_the_old_engine(unsaved_shop, monkeypatch):
    old, closed = wiring.engine(), []
    monkeypatch.setattr(old, "close", lambda: closed.append(old), raising=False)
    unsaved_shop.use(options={"flavour": "b"})
    assert wiring.engine() is not old
    assert closed == [old]
    assert wiring.encoder().card.id == "thumbnail-b"


def test_a_forked_child_builds_its_own():
    parent = id(wiring.engine())
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover
        # Nothing but an answer through the pipe: the child must not run pytest's clean-up.
        answer = b"own" if not wiring._built and id(wiring.engine()) != parent else b"inherited"
        os.write(writer, answer)
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 20) == b"own"
    os.close(reader)
    os.close(writer)
    assert id(wiring.engine()) == parent


def test_the_schema_joins_encoder_source_and_languages(unsaved_shop):
    schema = wiring.schema(GADGETS)
    assert [space.name for space in schema.spaces] == ["image", "text"]
    assert [field.name for field in schema.facets] == ["category", "maker", "tags", "price"]
    assert {"en", "de", "zh", "ja", "th"} <= set(schema.languages) <= set(LANGUAGES)
    unsaved_shop.use(QUERY_LANGUAGES=["en", "fr"])
    assert wiring.schema(GADGETS).languages == ("en", "fr")


def test_a_collection_without_a_source_is_a_mistake():
    with pytest.raises(ConfigurationError, match="No source is registered for collection 'nothing'"):
        wiring.schema("nothing")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("dotted.path", "must be a dictionary with the dotted path of a class"),
        ({"OPTIONS": {}}, "must be a dictionary with the dotted path of a class"),
        ({"BACKEND": "tests.shop.nowhere.Engine"}, "'tests.shop.nowhere.Engine', which can't be imported"),
        ({"BACKEND": "tests.shop.doubles.Nothing"}, "can't be imported"),
        ({"BACKEND": "tests.shop.doubles.POISON"}, "isn't a class"),
        ({"BACKEND": "tests.shop.doubles.BreakableEngine"}, "missing a required argument: 'folder'"),
        (
            {"BACKEND": "tests.shop.doubles.BreakableEngine", "OPTIONS": {"foldr": "x"}},
            "no option 'foldr' .did you mean 'folder'.*Its options: folder, exact_below",
        ),
        ({"BACKEND": "tests.shop.doubles.BreakableEngine", "OPTIONS": []}, None),
        ({"BACKEND": "tests.shop.doubles.BreakableEngine", "OPTIONS": ["x"]}, "must be a dictionary"),
        ({"BACKEND": "tests.shop.doubles.BreakableEngine", "folder": "x"}, r"unknown keys \['folder'\]"),
        ({"BACKEND": "tests.shop.doubles.ThumbnailEncoder"}, "lacks abilities, close, .*upsert"),
    ],
)
def test_a_wrong_engine_is_named_with_its_mend(settings, value, message):
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, "ENGINE": value}
    with pytest.raises(ConfigurationError, match=message):
        wiring.engine()
