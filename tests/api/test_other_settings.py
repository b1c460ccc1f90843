"""Search answers alike whatever a shop says in REST_FRAMEWORK, and the shop's own API stays as the shop wants it.

REST framework reads most of that setting when its classes are made, so the shop is a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.throttling import AnonRateThrottle

from tests.api.test_openapi import ADDRESSES, OF_FEATURES
from tests.api.test_search import problem
from tests.search.shop import photo_of

ROOT = Path(__file__).resolve().parents[2]
ASK = """
import io, json
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.test import Client
from catalog.models import Product, ProductImage, ProductText
from tests.search.shop import draw, photo_of, to_bytes
from visual_search.access import query_ids

for sku, title, shape, colour in [("R", "Red chair é", "chair", "red"), ("G", "Green sofa", "sofa", "green")]:
    product = Product.objects.create(sku=sku, state="published", stock=1, category="Home")
    ProductText.objects.create(product=product, language="en", title=title)
    ProductImage.objects.create(product=product, file=ContentFile(to_bytes(draw(shape, colour)), name=f"{sku}.png"))

def photo():
    return io.BytesIO(photo_of("sofa", "green"))

answers = {}
for who in ("nobody", "shopper"):
    client = Client(SERVER_NAME="localhost", enforce_csrf_checks=True, raise_request_exception=False)
    if who == "shopper":
        client.force_login(User.objects.create_user("shopper"))
    search = "/api/v1/search"
    event = {"query_id": query_ids.new(), "action_name": "click", "object_id": "1"}
    asked = {
        "photo": lambda: client.post(search, {"image": photo()}),
        "json": lambda: client.post(search, {"q": "red chair"}, "application/json"),
        "address": lambda: client.get(search, {"q": "red chair"}),
        "again": lambda: client.get(search, {"q": "red chair"}),
        "suggest": lambda: client.get("/api/v1/suggest", {"q": "red ch"}),
        "similar": lambda: client.get("/api/v1/products/1/similar"),
        "health": lambda: client.get("/api/v1/health"),
        "document": lambda: client.get("/api/v1/openapi.json"),
        "events": lambda: client.post("/api/v1/events", {"events": [event]}, "application/json"),
        "typo": lambda: client.post(search, {"qq": "x"}, "application/json"),
        "nan": lambda: client.post(search, '{"q_weight": NaN}', "application/json"),
        "method": lambda: client.delete(search),
        "options": lambda: client.options(search),
        "nowhere": lambda: client.get("/api/v1/nowhere"),
        "own": lambda: client.get("/own/"),
        "own document": lambda: client.get("/own/openapi.json"),
    }
    for name, ask in asked.items():
        response = ask()
        body = response.content.decode()
        answers[f"{who}: {name}"] = [response.status_code, response.get("Content-Type", ""), body]
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, str]]:
    folder = tmp_path_factory.mktemp("hostile")
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.api.hostile_settings", "VAR_DIR": str(folder), "TEST_VAR_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return {name: tuple(answer) for name, answer in json.loads(done.stdout.splitlines()[-1]).items()}


@pytest.mark.parametrize("who", ["nobody", "shopper"])
class TestHostileSettings:
    def answer(self, answers, who: str, name: str, status: int, kind: str = "application/json") -> Any:
        found, content_type, body = answers[f"{who}: {name}"]
        assert (found, content_type) == (status, kind), body[:500]
        return json.loads(body) if body else None

    def test_a_photo_is_uploaded_and_answered_in_json(self, answers, who) -> None:
        assert [hit["sku"] for hit in self.answer(answers, who, "photo", 200)["hits"]][:1] == ["G"]

    @pytest.mark.parametrize("name", ["json", "address", "again"])
    def test_words(self, answers, who, name) -> None:
        assert self.answer(answers, who, name, 200)["hits"][0]["title"] == "Red chair é"
        body = answers[f"{who}: {name}"][2]
        assert "é" in body  # neither escaped nor spaced out
        assert '": ' not in body

    @pytest.mark.parametrize("name", ["suggest", "similar", "health", "document", "options"])
    def test_what_else_is_asked(self, answers, who, name) -> None:
        assert self.answer(answers, who, name, 200)

    def test_events_need_no_token(self, answers, who) -> None:
        assert answers[f"{who}: events"][0] == 204

    @pytest.mark.parametrize(
        ("name", "status", "code"),
        [
            ("typo", 400, "unknown_parameter"),
            ("nan", 400, "parse_error"),
            ("method", 405, "method_not_allowed"),
            ("nowhere", 404, "not_found"),
        ],
    )
    def test_errors_are_problem_details(self, answers, who, name, status, code) -> None:
        assert self.answer(answers, who, name, status, "application/problem+json")["code"] == code

    def test_the_document_is_ours(self, answers, who) -> None:
        found = self.answer(answers, who, "document", 200)
        assert found["info"]["title"] == "Visual search"
        assert "servers" not in found
        assert set(found["paths"]) == {f"/api/v1/{name}" for name in (*ADDRESSES, *OF_FEATURES)}
        assert {"SearchAnswer", "MultipartSearchRequest"} <= set(found["components"]["schemas"])

    def test_the_shop_s_own_api_keeps_its_own_errors(self, answers, who) -> None:
        assert self.answer(answers, who, "own", 400) == {"ours": "ParseError"}

    def test_the_shop_s_own_document_is_the_shop_s(self, answers, who) -> None:
        found = self.answer(answers, who, "own document", 200, "application/vnd.oai.openapi+json")
        assert found["info"] == {"title": "The shop's own API", "version": "0.7"}
        assert list(found["paths"]) == ["/OWN/"]


class OneAnHour(AnonRateThrottle):
    rate = "1/hour"


def test_a_shop_may_throttle_search(shop, client) -> None:
    shop.use(API_THROTTLES=["tests.api.test_other_settings.OneAnHour"])
    cache.clear()
    assert client.get("/api/v1/search", {"q": "chair"}).status_code == 200
    refused = client.post("/api/v1/search", {"image": photo_of("chair", "red")})
    problem(refused, 429, code="throttled")
    assert 0 < int(refused["Retry-After"]) <= 3601
    assert [client.get(f"/api/v1/{name}").status_code for name in ("health", "openapi.json")] == [200, 200]
    cache.clear()
