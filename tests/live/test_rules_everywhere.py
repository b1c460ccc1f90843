"""A rule that one process saves holds in another within two seconds, without a rebuild and without a restart."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps

from tests.live.shop import ROOT, Shop

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(
        not apps.is_installed("visual_search.features.merchandising"), reason="merchandising isn't installed"
    ),
]

ASKING = """
import time
import django; django.setup()
from visual_search.features.merchandising import current
print(len(current.compiled().matcher), flush=True)
while not len(current.compiled().matcher):
    time.sleep(0.02)
print(time.time(), flush=True)
"""
SAVING = """
import time
from visual_search.features.merchandising.models import Rule
Rule.objects.create(name="a rule", collection="products")
print(time.time())
"""


def test_a_change_holds_in_another_process_within_two_seconds(shop: Shop, tmp_path: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", ASKING], cwd=ROOT, env=shop.environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "0"
        saved = float(shop.run(SAVING))
        seen = float(other.stdout.readline())
    finally:
        other.kill()
        other.communicate(timeout=10)
    assert seen - saved <= 2
