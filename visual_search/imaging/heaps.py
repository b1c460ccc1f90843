"""Few heaps: glibc gives every thread a heap of its own, and networks leave each of them large."""

from __future__ import annotations

import ctypes
import os
import platform

_M_ARENA_MAX = -8  # mallopt(3)
HEAPS = 2  # of a process with the offline encoder, the reader and the detector, 130 MB less than with one a thread


def keep_few() -> None:
    """Let all threads of this process share a few heaps. Does nothing where MALLOC_ARENA_MAX is set, or without glibc."""
    if "MALLOC_ARENA_MAX" in os.environ or platform.libc_ver()[0] != "glibc":
        return
    ctypes.CDLL(None).mallopt(_M_ARENA_MAX, HEAPS)
