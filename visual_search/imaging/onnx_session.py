"""Opens a network that lies in a file, the same for encoders and detectors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from visual_search.errors import EncoderUnavailable

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def open_session(path: Path, threads: int, *, what: str, mend: str) -> InferenceSession:
    """The network in `path`, ready to run. Raises EncoderUnavailable.

    `what` begins its message and says what can't be loaded; `mend` ends it and says what the owner can do.
    """
    try:
        from onnxruntime import InferenceSession, SessionOptions  # noqa: PLC0415 - 60 MB that settings don't need.
    except ImportError as problem:
        raise EncoderUnavailable("onnxruntime is missing. Install it: pip install onnxruntime") from problem

    options = SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # The arena would keep the largest batch ever seen; without it a process stays small between batches.
    options.enable_cpu_mem_arena = False
    try:
        return InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    # onnxruntime's errors share no base class but Exception.
    except Exception as problem:
        raise EncoderUnavailable(f"{what} '{path}' can't be loaded ({type(problem).__name__}). {mend}") from problem
