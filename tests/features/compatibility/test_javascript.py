"""InstantSearch with the real clients of npm, over the network: what its widgets show, and how many requests they send."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.live.conftest import absent

HERE = Path(__file__).resolve().parent
CLIENTS = HERE.parents[2] / "var/clients"
OURS = ("package.json", "package-lock.json", "shopper.mjs")


@pytest.fixture(scope="module")
def clients() -> Path:
    """A folder with the clients; a change of what is pinned installs them anew."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm aren't here, so no JavaScript client can be asked")
    pinned = sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = CLIENTS / pinned
    folder.mkdir(parents=True, exist_ok=True)
    for name in OURS:
        shutil.copy(HERE / name, folder / name)
    if not (folder / "installed").exists():
        options = ("--ignore-scripts", "--no-audit", "--no-fund")
        done = subprocess.run(
            ["npm", "ci", *options], cwd=folder, capture_output=True, text=True, timeout=300, check=False
        )
        if done.returncode:
            absent(f"npm can't install the JavaScript clients: {done.stderr.strip()[-300:]}")
        (folder / "installed").touch()
    return folder


def walk(clients: Path, which: str, address: str) -> dict[str, Any]:
    done = subprocess.run(
        ["node", "shopper.mjs", which, address],
        cwd=clients,
        env={name: value for name, value in os.environ.items() if "proxy" not in name.lower()},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return json.loads(done.stdout)


CHAIRS = {"CHR-RED-01", "CHR-BLU-02"}


@pytest.mark.parametrize("which", ["algolia", "searchkit"])
def test_the_widgets_of_instantsearch_show_the_shop(clients, served, live_server, which) -> None:
    said = walk(clients, which, live_server.url)
    start = said["start"]
    assert (start["sent"], start["total"], start["pages"], len(start["skus"])) == ([1], 7, 2, 4)
    assert start["brands"] == {"Plain": 5, "Nordic": 2}
    assert start["categories"] == {"Home": 5, "Gifts": 1, "Kitchen": 1}
    assert start["prices"] == {"min": 9, "max": 499}
    assert start["unsupported"] == []
    assert len({*start["skus"], *said["second page"]["skus"]}) == 7

    assert said["words"]["skus"][:2] in (["CHR-RED-01", "CHR-BLU-02"], ["CHR-BLU-02", "CHR-RED-01"])
    assert said["words"]["marked"].endswith("<mark>chair</mark>")

    # The facet that a choice was made in is counted without it, by a request of its own.
    assert said["brand"]["sent"] == [2]
    assert set(said["brand"]["skus"]) == CHAIRS
    assert said["brand"]["brands"] == {"Plain": 5, "Nordic": 2}
    assert said["brand"]["colours"] == {"blue": 1, "red": 1}
    both = said["brand and colour"]
    assert (both["sent"], both["skus"]) == ([3], ["CHR-RED-01"])
    assert (both["brands"], both["colours"]) == ({"Nordic": 1}, {"blue": 1, "red": 1})

    category = said["category"]
    assert set(category["skus"]) == CHAIRS | {"SOF-GRN-03"}
    assert category["beside"] == {"Home": 5, "Gifts": 1, "Kitchen": 1}
    assert category["inside"] == {"Light": [1, False], "Seating": [3, True], "Tables": [1, False]}
    assert said["no category"]["total"] == 7

    assert set(said["price"]["skus"]) == CHAIRS
    assert (said["any price"]["total"], said["in stock"]["total"], said["or not"]["total"]) == (7, 6, 7)
    assert said["cheapest"]["skus"] == ["MUG-BLK-05", "GFT-CRD-07", "CHR-RED-01", "CHR-BLU-02"]
    assert said["dearest"]["skus"] == ["SOF-GRN-03", "TAB-BRN-06", "LMP-BRS-04", "CHR-BLU-02"]
    if which == "algolia":
        assert said["values"] == [
            {"value": "black", "highlighted": "<em>black</em>", "count": 1},
            {"value": "blue", "highlighted": "<em>blue</em>", "count": 1},
        ]
        assert said["several"] == [["MUG-BLK-05", ["typoTolerance"]], ["CHR-RED-01", []]]
        name, status, message = said["refused"]
        assert (name, status) == ("ApiError", 404)
        assert "There is no index 'nothing' here" in message
