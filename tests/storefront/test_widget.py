"""The tag `{% search_widget %}` and the hash of its script. What the script does: tests/browser/test_widget.py."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import unescape
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.template import Context, Template
from django.utils.translation import override

from visual_search.errors import ConfigurationError
from visual_search.storefront.integrity import integrity

SCRIPT = "visual_search/widget.js"


def rendered(source: str) -> str:
    return Template("{% load visual_search %}" + source).render(Context())


def test_the_script_comes_once_with_the_hash_of_its_file() -> None:
    page = rendered("{% search_widget %}{% search_widget collection='articles' basket=True %}")
    expected = base64.b64encode(hashlib.sha384(Path(finders.find(SCRIPT)).read_bytes()).digest()).decode()
    assert re.findall(r'<script type="module" src="([^"]+)"\s+integrity="([^"]+)" crossorigin="anonymous">', page) == [
        (f"/static/{SCRIPT}", f"sha384-{expected}")
    ]
    assert page.count("<visual-search ") == 2
    assert 'collection="articles" basket>' in page
    assert 'api="/api/v1/"' in page


def test_a_changed_file_has_another_hash_at_once(tmp_path, settings) -> None:
    file = tmp_path / SCRIPT
    file.parent.mkdir()
    file.write_text("// ours\n")
    settings.STATICFILES_DIRS = [tmp_path]
    finders.get_finder.cache_clear()
    try:
        before = integrity(SCRIPT)
        file.write_text("// ours, changed\n")
        assert integrity(SCRIPT) not in (before, "")
        assert integrity("visual_search/none.js") == ""
    finally:
        settings.STATICFILES_DIRS = []
        finders.get_finder.cache_clear()


def test_its_words_are_those_of_the_page() -> None:
    def words(language: str) -> dict[str, str]:
        with override(language):
            return json.loads(unescape(re.search(r'texts="([^"]*)"', rendered("{% search_widget %}"))[1]))

    assert words("en")["photo"] == "Search by image"
    assert words("de")["photo"] != "Search by image"
    script = Path(finders.find(SCRIPT)).read_text()
    assert set(re.findall(r"\b(?:text|this\.texts)\.(\w+)", script)) == set(words("en"))


def test_a_shop_without_the_api_is_told_what_is_missing(settings) -> None:
    settings.ROOT_URLCONF = "tests.storefront.urls_without_api"
    with pytest.raises(ConfigurationError, match=r"include 'visual_search\.api\.urls'"):
        rendered("{% search_widget %}")
