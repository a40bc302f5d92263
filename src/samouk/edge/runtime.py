"""The only door to onnxruntime: one quiet thread on the CPU, and its telemetry switched off before it is loaded."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnxruntime

NO_TELEMETRY = "ORT_DISABLE_TELEMETRY"
"""Without it onnxruntime writes a device id under the user's home and looks up a collecting server,
even with ``DO_NOT_TRACK``. It is read once, when the library is loaded; no call later has its effect."""


def session(model: str | bytes) -> onnxruntime.InferenceSession:
    """A model ready to run on one thread, so that its host keeps the others.

    Args:
        model: path of an ONNX file, or its bytes.

    Raises:
        Exception: the model does not load; the runtime has a class of its own for each reason, without a common root.
    """
    os.environ[NO_TELEMETRY] = "1"
    import onnxruntime

    # For a host that had loaded the library before us; some builds lack it.
    getattr(onnxruntime, "disable_telemetry_events", lambda: None)()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what fails is told once, by us
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
