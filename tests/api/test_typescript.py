"""A TypeScript client made of the OpenAPI document: it compiles strictly, uploads a photo and reads the answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.javascript import installed, run
from tests.search.shop import Shop, _intact, photo_of  # noqa: F401
from visual_search import wiring


@pytest.fixture
def served(settings, tmp_path, transactional_db, live_server, _intact) -> Iterator[str]:  # noqa: F811
    """The address of a shop with seven products."""
    settings.MEDIA_ROOT = tmp_path / "media"
    shop = Shop(settings, tmp_path)
    shop.use()
    shop.fill()
    yield live_server.url
    wiring.reset()


def test_a_generated_client_uploads_a_photo(served: str, tmp_path: Path) -> None:
    folder = installed(Path(__file__).parent / "typescript", ["tsconfig.json", "upload.ts"])
    address = f"{served}/api/v1/openapi.json"
    bins = folder / "node_modules/.bin"
    run(folder, str(bins / "openapi-typescript"), address, "--output", "schema.d.ts", "--default-non-nullable=false")
    run(folder, str(bins / "tsc"))
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(photo_of("chair", "red"))
    said = json.loads(run(folder, "node", "built/upload.js", served, str(photo)))
    assert said["photo"][:2] == ["CHR-RED-01", "CHR-BLU-02"]
    assert len(said["photo"]) == 3
    assert said["again"] == "CHR-BLU-02"
    assert said["words"] == ["Green sofa"]
    assert said["wrong"] == [400, "page"]
    assert said["groups"][0] == "products"
