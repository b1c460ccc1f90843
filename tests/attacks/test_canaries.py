"""Promise P1, attacked from outside: secrets are sent through every door of a real server, and looked for in all that it keeps.

Database, its write-ahead log and shared memory, index, media, every log at DEBUG, temporary files (deleted ones that are
still open among them), standard output.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.attacks import canaries
from tests.attacks.canaries import SEEN, files_under, sweep
from tests.attacks.server import a_shop_in, python, send_everything, serving

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Attacked:
    folder: Path
    environment: dict[str, str]
    said: dict[str, Any]
    while_serving: dict[str, bytes]
    afterwards: dict[str, bytes]


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Attacked:
    folder = tmp_path_factory.mktemp("attacked")
    environment, output = a_shop_in(folder), folder / "output.log"
    written = [folder / "var", folder / "tmp", folder / "home"]
    with serving(environment, output) as address:
        said = send_everything(address, questions=60)
        while_serving = files_under(*written) | open_files(folder)
    afterwards = files_under(*written) | {"output": output.read_bytes()}
    return Attacked(folder, environment, said, while_serving, afterwards)


def open_files(folder: Path) -> dict[str, bytes]:
    """Files under this folder that some process holds open, though they may have no name any more."""
    found = {}
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(folder) in str(link.readlink()):
                found[f"{link} -> {link.readlink()}"] = link.read_bytes()
        except OSError:
            continue  # It was closed meanwhile, or isn't ours.
    return found


def test_the_sweep_finds_what_is_there(attacked: Attacked) -> None:
    """The control: each form of each secret, and a word that the shop does keep, in the database, the index and the log."""
    assert canaries.proof_of_the_sweep() == []
    hits = "\n".join(sweep(attacked.afterwards, ["controlproduct"]))
    for place in ("shop.sqlite3: ", "/search/", "debug.log: "):
        assert place in hits
    assert b"visual_search_query_log_loggedquery" in attacked.afterwards[str(attacked.folder / "var/logs/debug.log")]
    assert any(name.endswith("-wal") for name in attacked.while_serving)
    # The word in the photo was really read.
    assert SEEN.lower() in attacked.said["seen"]["text"].lower().replace(" ", "")


def test_rows_were_written(attacked: Attacked) -> None:
    count = "import django; django.setup()\nfrom visual_search.features.query_log.models import LoggedQuery as L; print(L.objects.count())"
    assert int(python(attacked.environment, "-c", count)) >= 60


def test_no_secret_is_kept_while_the_server_runs(attacked: Attacked) -> None:
    assert sweep(named(attacked.while_serving)) == []


def test_no_secret_is_kept_when_it_has_ended(attacked: Attacked) -> None:
    assert sweep(attacked.afterwards) == []


def test_no_library_leaves_anything_of_its_own(attacked: Attacked) -> None:
    """No temporary file, and nothing in the home folder: onnxruntime would keep what it reports to its maker there."""
    assert files_under(attacked.folder / "tmp", attacked.folder / "home") == {}


def named(places: dict[str, bytes]) -> dict[str, bytes]:
    """Without what is open under the same name: it was read by its name."""
    return {
        name: data for name, data in places.items() if " -> " not in name or name.partition(" -> ")[2] not in places
    }
