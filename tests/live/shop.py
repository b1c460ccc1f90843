"""Processes of one shop, by environment variables alone: commands, a worker, beat, a web server, and savers."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

STATES = """
import json
from collections import Counter
from visual_search.models import IndexEntry
print(json.dumps(Counter(IndexEntry.objects.values_list("state", flat=True))))
"""
COMPARE = """
from catalog.models import Product
from visual_search import wiring
from visual_search.models import IndexEntry
wiring.engine().refresh("products")
index = {item.id: item.version for item in wiring.engine().versions("products")}
database = {entry.object_id: entry.version for entry in IndexEntry.objects.filter(deleted=False)}
assert index == database, (len(index), len(database))
assert set(index) == {str(pk) for pk in Product.objects.published().values_list("pk", flat=True)}
print("equal", len(index))
"""


class Shop:
    """Processes of one shop with its own database, broker queue, index prefix and folder."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.workers: list[subprocess.Popen[bytes]] = []

    def manage(self, *words: str, timeout: float = 180) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stdout[-1500:]}{done.stderr[-3000:]}"
        return done.stdout

    def run(self, code: str, *arguments: str) -> str:
        prelude = "import django; django.setup()\n"
        done = subprocess.run(
            [sys.executable, "-c", prelude + code, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-3000:]
        return done.stdout

    def start_worker(self) -> subprocess.Popen[bytes]:
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "config", "worker", "--pool", "solo", "--loglevel", "WARNING", "--without-mingle", "--without-gossip"],
            cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.workers.append(worker)
        return worker

    def wait_until(self, holds: Callable[[], bool], what: str, seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, (
                f"{what} didn't come true within {seconds:.0f} s; entries: {self.run(STATES)}"
            )
            time.sleep(1)

    def all_indexed(self, count: int) -> bool:
        return self.run(STATES).strip() == f'{{"indexed": {count}}}'

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """A process of this shop that runs until it is killed, or `stop`."""
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=self.environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.workers.append(process)
        return process

    def start_beat(self, folder: Path) -> subprocess.Popen[bytes]:
        schedule = str(folder / "beat")
        return self.start("-m", "celery", "-A", "config", "beat", "--schedule", schedule, "--pidfile", "")

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait(20)

    def stop(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
            worker.wait(10)
