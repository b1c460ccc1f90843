"""Clients over the network: the one that is an example in the docs, and one that a generator makes of openapi.json."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.javascript import CLIENTS
from tests.live.conftest import absent
from tests.search.shop import Shop, photo_of
from visual_search import wiring

EXAMPLE = Path(__file__).resolve().parents[2] / "docs/examples/client.py"


@pytest.fixture
def address(settings, tmp_path, transactional_db, live_server, _intact) -> Iterator[str]:
    """Where the API of a shop with seven products is served."""
    settings.MEDIA_ROOT = tmp_path / "media"
    shop = Shop(settings, tmp_path)
    shop.use(PAGE_SIZE=4)
    shop.fill()
    yield f"{live_server.url}/api/v1"
    wiring.reset()


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = spec_from_file_location("example_client", EXAMPLE)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # Dataclasses look for their module there.
    spec.loader.exec_module(module)
    return module


def test_the_example_is_short() -> None:
    assert len(EXAMPLE.read_text().splitlines()) <= 100


def test_the_example_searches_by_a_photo_and_goes_on_with_its_token(example, address) -> None:
    shop = example.Shop(address)
    found = shop.search(photo=photo_of("chair", "red"), words="chair", price={"lte": 100})
    best = found.hits[0]
    assert (best.sku, best.title, best.price, best.grade) == ("CHR-RED-01", "Red chair", "€49.00", "same item")
    assert all(hit.sku != "SOF-GRN-03" for hit in found.hits)  # 499 EUR
    assert found.facets["brand"]["Nordic"] == 2
    assert (found.warnings, found.degraded) == ((), ())
    again = shop.search(photo_token=found.photo_token, words="chair", lang="de", brand=["Nordic"])
    assert {hit.title for hit in again.hits} == {"Roter Stuhl", "Blauer Stuhl"}
    assert again.query_id != found.query_id
    first, second = (shop.search(photo_token=found.photo_token, page=page) for page in (1, 2))
    assert (first.total, len(first.hits), len(second.hits)) == (6, 4, 2)


def test_the_example_names_what_was_refused(example, address) -> None:
    with pytest.raises(example.Refused, match="colours") as refused:
        example.Shop(address).search(words="chair", colours=["red"])
    assert (refused.value.status, refused.value.code, refused.value.field) == (400, "bad_input", "colours")
    with pytest.raises(example.Refused) as refused:
        example.Shop(address).search(photo=b"no picture")
    assert (refused.value.status, refused.value.code, refused.value.field) == (415, "not_a_picture", "image")


ASK = """
import io, json, sys
from visual_search_client import Client
from visual_search_client.api.default import health, search, search_words
from visual_search_client.models import MultipartSearchRequest, Problem
from visual_search_client.types import File

address, photo = sys.argv[1:]
client = Client(address)
image = File(payload=io.BytesIO(open(photo, "rb").read()), file_name="photo.jpg", mime_type="image/jpeg")
found = search.sync(client=client, body=MultipartSearchRequest(image=image, filters=json.dumps({"price": {"lte": 100}})))
refused = search_words.sync(client=client, filters="colour")  # An order that the shop lacks is none of the types.
assert isinstance(refused, Problem), refused
print(json.dumps({
    "sku": found.hits[0].sku, "grade": found.hits[0].grade, "token": bool(found.photo_token),
    "refused": [refused.status, refused.code], "documents": health.sync(client=client).documents.to_dict(),
}))
"""


# It wants an older typer than the models of `neural` are tested with, so it has an environment of its own.
GENERATOR = "openapi-python-client==0.29.0"


@pytest.fixture(scope="module")
def generator() -> Path:
    """The Python of an environment with the generator, which is made once for each version of it and of Python."""
    name = f"{GENERATOR.replace('==', '-')}-py{sys.version_info.major}.{sys.version_info.minor}"
    folder = CLIENTS / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (folder / "installed").exists():
        venv.create(folder, with_pip=False, clear=True, symlinks=os.name != "nt")
        pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check", "install", "--quiet")
        done = subprocess.run([*pip, GENERATOR], capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            absent(f"pip can't install {GENERATOR}: {done.stderr.strip()[-300:]}")
        (folder / "installed").touch()
    return python


@pytest.mark.slow
def test_a_generated_client_uploads_a_photo(address, client, generator, tmp_path) -> None:
    (tmp_path / "openapi.json").write_bytes(client.get("/api/v1/openapi.json").content)
    (tmp_path / "config.json").write_text(json.dumps({"post_hooks": []}))
    (tmp_path / "photo.jpg").write_bytes(photo_of("mug", "black"))
    run(generator, "-m", "openapi_python_client", "generate", "--path", "openapi.json", "--output-path", "client", "--config", "config.json", "--fail-on-warning", cwd=tmp_path)  # fmt: skip
    # openapi-python-client 0.29 forgets an import where a request may have bodies of several kinds.
    operation = tmp_path / "client/visual_search_client/api/default/search.py"
    http = "from http import HTTPStatus\n"
    operation.write_text(operation.read_text().replace(http, f"{http}from ...types import Unset\n", 1))
    said = run(generator, "-c", ASK, address.removesuffix("/api/v1"), "photo.jpg", cwd=tmp_path)
    assert json.loads(said) == {
        "sku": "MUG-BLK-05",
        "grade": "same item",
        "token": True,
        "refused": [400, "bad_input"],
        "documents": {"products": 7},
    }


def run(python: Path, *words: Any, cwd: Path) -> str:
    paths = [str(cwd / "client"), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [python, *map(str, words)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout
