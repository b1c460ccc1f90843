"""What the wheel holds."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

from tests.package.conftest import ROOMS, tracked


def test_the_wheel_holds_every_file_of_the_package_and_no_other(wheel: Path) -> None:
    inside = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = {name for name in tracked() if name.startswith(tuple(f"{room}/" for room in ROOMS))}
    assert sorted(wanted - inside) == []
    assert sorted(inside - wanted) == []
    assert len([name for name in wanted if not name.endswith(".py")]) > 30
