"""Lets the threads of a process share few heaps: glibc gives each thread its own, which grows large by running networks."""

from __future__ import annotations

import ctypes
import os
import platform

_M_ARENA_MAX = -8  # the parameter's number in mallopt(3)
# Heaps of a process. With the offline encoder, the reader and the detector, two take 130 MB less than one for each thread.
MOST_HEAPS = 2


def keep_few() -> None:
    """Let all threads of this process share a few heaps. Does nothing where MALLOC_ARENA_MAX is set, or without glibc."""
    if "MALLOC_ARENA_MAX" in os.environ or platform.libc_ver()[0] != "glibc":
        return
    ctypes.CDLL(None).mallopt(_M_ARENA_MAX, MOST_HEAPS)
