"""Visual search for Django shops."""

import os

# From 1.32 on, onnxruntime reports its use to its maker, with an identifier of the machine, unless this stands there before it
# is loaded. A shop that wants that sets it to 0.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
