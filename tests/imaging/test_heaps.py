"""Threads share a few heaps, so that a process that serves photos stays small."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from visual_search.imaging import heaps

ASK = """
import ctypes, threading
from visual_search.imaging import heaps
heaps.keep_few()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
gate = threading.Barrier(8)
def work():
    gate.wait()
    [libc.malloc(5000) for _ in range(50)]
    gate.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc.malloc_stats()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives each thread a heap")
@pytest.mark.parametrize(("setting", "few"), [({}, True), ({"MALLOC_ARENA_MAX": "16"}, False)])
def test_threads_share_a_few_heaps_unless_the_owner_says_otherwise(setting, few) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"} | setting
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stderr.count("Arena ") <= heaps.MOST_HEAPS) is few
