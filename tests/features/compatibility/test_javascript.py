"""InstantSearch with the real clients of npm, over the network: what its widgets show, and how many requests they send."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.javascript import installed, run

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def clients() -> Path:
    return installed(HERE, ["shopper.mjs"])


def walk(clients: Path, which: str, address: str) -> dict[str, Any]:
    return json.loads(run(clients, "node", "shopper.mjs", which, address))


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
